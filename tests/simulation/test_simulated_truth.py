"""Simulated customers follow the models they are named after: rates, leaving, orders, gaps, values, calendar.

Expected values come from scipy and from sums and integrals written down here. Seeds are fixed;
a test of fit fails below p = 0.001, a mean beyond four standard errors.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

from patron.simulation import DEFAULTS, Fading, SeasonalRate, simulate_ledger, simulate_summary

N, WEEKS, AHEAD = 20_000, 60.0, 40.0
PROCESSES = {
    "bgnbd": {"r": 0.8, "alpha": 5.0, "a": 0.7, "b": 3.0},
    "mbgnbd": {"r": 1.3, "alpha": 6.0, "a": 0.6, "b": 3.0},
    "mbgcnbd": {"k": 3, "r": 2.0, "alpha": 2.5, "a": 0.5, "b": 4.0},
    "paretonbd": {"r": 0.9, "alpha": 4.0, "s": 0.7, "beta": 20.0},
}
SEASON = SeasonalRate((0.4, 0.7, 0.9, 1.0, 1.2, 1.3, 0.5, 0.3, 1.2, 1.4, 1.6, 1.5))
FITS, ERRORS = 1e-3, 4.0


@pytest.fixture(scope="module", params=PROCESSES, ids=list(PROCESSES))
def cohort(request):
    """A process, its letters, and a summary of customers who all begin at the start."""
    name, params = request.param, PROCESSES[request.param]
    return name, params, simulate_summary(
        N, weeks=WEEKS, purchases=name, params=params, arrival="cohort", holdout_weeks=AHEAD, seed=12
    )  # fmt: skip


def check_distribution(sample, distribution):
    """Mean, variance and the whole shape."""
    mean, variance, _, excess = (float(v) for v in distribution.stats(moments="mvsk"))
    n = len(sample)
    assert abs(np.mean(sample) - mean) < ERRORS * np.sqrt(variance / n)
    assert abs(np.var(sample) - variance) < ERRORS * variance * np.sqrt((excess + 2) / n)
    assert stats.kstest(sample, distribution.cdf).pvalue > FITS


def test_order_rates_are_gamma(cohort):
    """Orders per week times k is Gamma(r, alpha)."""
    _, letters, base = cohort
    rate = base["order_rate_per_week"] * letters.get("k", 1)
    check_distribution(rate, stats.gamma(letters["r"], scale=1 / letters["alpha"]))


def test_chances_of_leaving_are_beta_or_gamma(cohort):
    """p is Beta(a, b); the Pareto/NBD's mu is Gamma(s, beta)."""
    name, letters, base = cohort
    if name == "paretonbd":
        truth = stats.gamma(letters["s"], scale=1 / letters["beta"])
    else:
        truth = stats.beta(letters["a"], letters["b"])
    check_distribution(base["leaving_chance"], truth)


def test_rate_and_leaving_are_independent(cohort):
    """As every one of the models assumes."""
    _, _, base = cohort
    assert stats.spearmanr(base["order_rate_per_week"], base["leaving_chance"]).pvalue > FITS


def no_fewer_orders(name, letters, weeks):
    """P(at least n repeat orders) for n = 0 to 600, from a first order so many weeks ago."""
    n = np.arange(601)
    k, r, alpha = letters.get("k", 1), letters["r"], letters["alpha"]
    if name != "paretonbd":
        # independent: as many orders fit into the time; the customer stays for as many
        before = np.maximum(n - 1, 0) if name == "bgnbd" else n
        a, b = letters["a"], letters["b"]
        stays = np.exp(special.betaln(a, b + before) - special.betaln(a, b))
        return stats.nbinom.sf(k * n - 1, r, alpha / (alpha + weeks)) * stays
    s, beta = letters["s"], letters["beta"]

    def fits(time):
        return stats.nbinom.sf(n - 1, r, alpha / (alpha + time))

    dies, _ = integrate.quad_vec(
        lambda time: fits(time) * s / beta * (beta / (beta + time)) ** (s + 1), 0, weeks, epsabs=1e-10
    )
    return dies + (beta / (beta + weeks)) ** s * fits(weeks)


def check_counts(counts, tail):
    """Chi-square of the numbers of orders, cells of at least 20 customers expected."""
    expected = -np.diff(tail) * len(counts)
    cells = int(np.argmax(expected < 20))
    assert cells > 10
    expected = np.append(expected[:cells], tail[cells] * len(counts))
    observed = np.bincount(np.minimum(counts, cells), minlength=cells + 1)
    assert stats.chisquare(observed, expected).pvalue > FITS


def test_numbers_of_orders_follow_the_model(cohort):
    """P(X = n) by as_of and by the end of the holdout, n = 0 included."""
    name, letters, base = cohort
    check_counts(base["repeat_orders"].to_numpy(), no_fewer_orders(name, letters, WEEKS))
    everything = (base["repeat_orders"] + base["orders_ahead"]).to_numpy()
    check_counts(everything, no_fewer_orders(name, letters, WEEKS + AHEAD))


@pytest.mark.parametrize("name", PROCESSES)
def test_customers_who_begin_later_have_less_time(name):
    """First orders spread over the first half: P(X = n) is the mean over their times of observation."""
    base = simulate_summary(
        N, weeks=WEEKS, purchases=name, params=PROCESSES[name], holdout_weeks=AHEAD, seed=18
    )
    places, weights = np.polynomial.legendre.leggauss(16)
    for counts, ahead in (
        (base["repeat_orders"], 0.0),
        (base["repeat_orders"] + base["orders_ahead"], AHEAD),
    ):
        tails = [no_fewer_orders(name, PROCESSES[name], WEEKS * (3 + p) / 4 + ahead) for p in places]
        check_counts(counts.to_numpy(), weights / 2 @ np.array(tails))


def test_no_repeat_order_has_the_closed_form_of_mbg_nbd():
    """The customer leaves after the first order, or stays and is slow."""
    letters = PROCESSES["mbgnbd"]
    a, b, slow = letters["a"], letters["b"], (letters["alpha"] / (letters["alpha"] + WEEKS)) ** letters["r"]
    want = a / (a + b) + b / (a + b) * slow
    base = simulate_summary(N, weeks=WEEKS, params=letters, arrival="cohort", seed=5)
    assert abs((base["repeat_orders"] == 0).mean() - want) < ERRORS * np.sqrt(want * (1 - want) / N)
    assert 1 - no_fewer_orders("mbgnbd", letters, WEEKS)[1] == pytest.approx(want, rel=1e-12)


def share_alive(name, letters, weeks):
    if name == "paretonbd":
        return (letters["beta"] / (letters["beta"] + weeks)) ** letters["s"]
    k, a, b, events = letters.get("k", 1), letters["a"], letters["b"], np.arange(20_000)
    chance = stats.nbinom.pmf(events, letters["r"], letters["alpha"] / (letters["alpha"] + weeks))
    stays = events // k + (name != "bgnbd")
    return float(chance @ np.exp(special.betaln(a, b + stays) - special.betaln(a, b)))


def test_the_share_still_alive_is_the_model_s(cohort):
    """And nobody who has left orders any more."""
    name, letters, base = cohort
    want = share_alive(name, letters, WEEKS)
    assert 0.1 < want < 0.9
    assert abs(base["is_alive"].mean() - want) < ERRORS * np.sqrt(want * (1 - want) / N)
    assert (base.loc[~base["is_alive"], ["orders_ahead", "value_ahead"]] == 0).all(axis=None)
    assert (base.loc[base["is_alive"], "orders_ahead"] > 0).mean() > 0.5


@pytest.mark.parametrize("name", ["bgnbd", "mbgnbd"])
def test_what_the_living_order_next_follows_from_their_truth(name):
    """E[orders in t | alive, lambda, p] = (1 - exp(-lambda p t)) / p: the future is not known to the past."""
    base = simulate_summary(
        N, weeks=WEEKS, purchases=name, params=PROCESSES[name], holdout_weeks=AHEAD, seed=6
    )
    alive = base[base["is_alive"]]
    rate, leaving = alive["order_rate_per_week"], alive["leaving_chance"]
    surprise = alive["orders_ahead"] - -np.expm1(-rate * leaving * AHEAD) / leaving
    early, long_ago = alive["weeks_observed"] > 45, alive["weeks_first_to_last_order"] < 20
    for group in (early, long_ago, rate > rate.median()):
        some = surprise[group]
        assert len(some) > 1500
        assert abs(some.mean()) < ERRORS * some.std() / np.sqrt(len(some))


def exact_orders(**arguments):
    """An exact ledger and its orders in weeks since the start, with the truth of the customer beside each."""
    ledger = simulate_ledger(arrival="cohort", exact=True, **arguments)
    orders = ledger.orders.merge(ledger.truth, on="customer_id")
    first = ledger.truth["first_order_on"].min()
    orders["week"] = (orders["ordered_at"] - first).dt.total_seconds() / 604_800
    orders["gap"] = orders.groupby("customer_id")["week"].diff()
    orders["number"] = orders.groupby("customer_id").cumcount()
    return ledger, orders


@pytest.mark.parametrize("k", [1, 2, 6])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_gaps_between_orders_are_erlang(k, number):
    """Each gap given the customer's rate, cut where the window ends, is Erlang(k, lambda)."""
    # r = k: were rates and gaps drawn from one stream they would be the same numbers
    letters = {"k": k, "r": float(k), "alpha": 5.0, "a": 0.5, "b": 9.0}
    _, orders = exact_orders(customers=6000, weeks=52, purchases="mbgcnbd", params=letters, seed=21)
    rows = orders[orders["number"] == number]
    rate = rows["order_rate_per_week"] * k
    longest = 52 - (rows["week"] - rows["gap"])
    place = stats.gamma.cdf(rows["gap"] * rate, k) / stats.gamma.cdf(longest * rate, k)
    assert len(rows) > 2000
    assert stats.kstest(place, "uniform").pvalue > FITS
    assert stats.spearmanr(place, rate).pvalue > FITS


def test_pareto_customers_die_at_their_own_rate():
    """Time of death given mu, cut where the ledger ends, is exponential; it has nothing to do with orders."""
    ledger = simulate_ledger(
        8000, weeks=60, holdout_weeks=44, purchases="paretonbd", arrival="cohort", seed=8
    )
    gone = ledger.truth.dropna(subset="left_on")
    begun = gone["first_order_on"]
    place = [
        stats.expon.cdf(((gone["left_on"] - begun).dt.days + part) / 7 * gone["leaving_chance"])
        for part in (0, 1)
    ]
    # the day of death is known, not the moment: anywhere on it
    where = place[0] + np.random.default_rng(0).random(len(gone)) * (place[1] - place[0])
    where /= stats.expon.cdf(104 * gone["leaving_chance"])
    assert len(gone) > 3000
    assert stats.kstest(where, "uniform").pvalue > FITS
    assert stats.spearmanr(where, gone["order_rate_per_week"]).pvalue > FITS


SPEND = {"p": 3.0, "q": 12.0, "v": 500.0}


def test_mean_order_values_are_inverse_gamma():
    """p / nu with nu ~ Gamma(q, v): scipy's invgamma(q) times p v; the mean is p v / (q - 1)."""
    truth = simulate_ledger(N, params=SPEND, seed=2).truth
    check_distribution(truth["mean_order_value"], stats.invgamma(SPEND["q"], scale=SPEND["p"] * SPEND["v"]))


def test_order_values_are_gamma_around_the_customer_s_mean():
    """First and later orders alike, Gamma(p) around the mean."""
    _, orders = exact_orders(customers=3000, params=SPEND, seed=2)
    p = SPEND["p"]
    for rows in (orders[orders["number"] == 0], orders[orders["number"] > 0]):
        place = stats.gamma.cdf(rows["amount"], p, scale=rows["mean_order_value"] / p)
        assert len(rows) >= 3000
        assert stats.kstest(place, "uniform").pvalue > FITS


def test_the_value_ahead_is_a_sum_of_order_values():
    """Of n orders: Gamma(n p) around n means."""
    base = simulate_summary(N, params=SPEND, seed=4)
    mean = simulate_ledger(N, params=SPEND, seed=4).truth["mean_order_value"]
    some, p = base["orders_ahead"] > 0, SPEND["p"]
    place = stats.gamma.cdf(base["value_ahead"][some], p * base["orders_ahead"][some], scale=mean[some] / p)
    assert some.sum() > 5000
    assert stats.kstest(place, "uniform").pvalue > FITS
    assert (base["value_ahead"][~some] == 0).all()


def test_first_orders_are_spread_over_the_first_half():
    """Evenly; or all at once."""
    spread = simulate_summary(N, weeks=WEEKS, seed=3)["weeks_observed"]
    assert stats.kstest(WEEKS - spread, stats.uniform(0, WEEKS / 2).cdf).pvalue > FITS
    assert (simulate_summary(100, weeks=WEEKS, arrival="cohort")["weeks_observed"] == WEEKS).all()


def test_orders_follow_the_season():
    """Of customers who stay, orders fall on months as index times days, over the turn of two years."""
    stay = {"r": 5.0, "alpha": 10.0, "a": 1e-3, "b": 1e3}
    ledger = simulate_ledger(
        400, weeks=107, start="2023-05-17", params=stay, arrival="cohort", season=SEASON, exact=True, seed=1
    )
    repeat = ledger.orders[ledger.orders["order_id"].str.endswith("-0001") == False]  # noqa: E712
    month = repeat["ordered_at"].dt.to_period("M").value_counts().sort_index()
    days = pd.date_range("2023-05-17", periods=107 * 7).to_series()
    weight = days.dt.month.map(dict(enumerate(SEASON.index, 1))).groupby(days.dt.to_period("M")).sum()
    assert len(month) == len(weight) == 26
    assert stats.chisquare(month, weight / weight.sum() * month.sum()).pvalue > FITS


def test_a_season_keeps_the_truth_and_the_values():
    """Only the times change; and a season without seasons changes nothing."""
    plain, seasonal = simulate_ledger(500, seed=9), simulate_ledger(500, season=SEASON, seed=9)
    same = ["customer_id", "first_order_on", "order_rate_per_week", "leaving_chance", "mean_order_value"]
    pd.testing.assert_frame_equal(plain.truth[same], seasonal.truth[same])
    even = simulate_ledger(500, season=SeasonalRate((1.0,) * 12), seed=9)
    pd.testing.assert_frame_equal(plain.orders, even.orders)
    assert abs(len(seasonal.orders) / len(plain.orders) - 1) < 0.1
    assert not plain.orders["ordered_at"].equals(seasonal.orders["ordered_at"])


def tails(fading, k=1, season=None):
    """Customers who fade: the moment they begin, to the second, and the orders that fading adds."""
    arguments = {
        "customers": 4000, "weeks": 104, "purchases": "mbgcnbd", "season": season, "seed": 33,
        "params": {"k": k, "r": 2.0, "alpha": 4.0 / k, "a": 0.6, "b": 5.0},
    }  # fmt: skip
    _, before = exact_orders(**arguments)
    ledger, after = exact_orders(fading=fading, **arguments)
    faders = ledger.truth.dropna(subset="fades_from").set_index("customer_id")
    faders["begins"] = before.groupby("customer_id")["week"].max()
    more = after.merge(before[["customer_id", "ordered_at", "amount"]], how="left", indicator=True)
    return faders, more[more["_merge"] == "left_only"], before, after


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("season", [None, SEASON], ids=["even", "season"])
def test_a_fading_rate_halves_with_every_half_life(k, season):
    """Orders while fading, against the integral of season times decay, event by event."""
    faders, more, _, _ = tails(Fading(share=0.5, half_life_weeks=10), k, season)
    steps = np.arange(0, 104, 1 / 14)
    month = (pd.Timestamp("2022-01-03") + pd.to_timedelta(steps * 7, unit="D")).month
    speed = np.array(season.index)[month - 1] if season else np.ones(steps.size)
    after = steps - faders["begins"].to_numpy()[:, None]
    decay = np.where((after >= 0) & (after < 30), 0.5 ** (np.maximum(after, 0) / 10), 0.0)
    events = (decay * speed).sum(axis=1) / 14 * faders["order_rate_per_week"].to_numpy() * k
    counts = np.arange(600)
    chance = stats.poisson.pmf(counts, events[:, None])
    mean = chance @ (counts // k)
    spread = chance @ (counts // k) ** 2 - mean**2
    assert len(more) > 500
    # the grid of half days is good for a share of 0.5 / 14 weeks x ln 2 / 10 of the sum
    assert abs(len(more) - mean.sum()) < ERRORS * np.sqrt(spread.sum()) + 0.005 * mean.sum()


def test_a_fading_value_halves_with_every_half_life():
    """Orders go on as ever, each Gamma(p) around the faded mean."""
    faders, more, _, _ = tails(Fading(share=0.5, half_life_weeks=6, of="value"))
    p = DEFAULTS["mbgcnbd"]["p"]
    after = more["week"] - more["customer_id"].map(faders["begins"])
    assert after.between(0, 18).all()
    place = stats.gamma.cdf(more["amount"], p, scale=more["mean_order_value"] * 0.5 ** (after / 6) / p)
    assert len(more) > 1500
    assert stats.kstest(place, "uniform").pvalue > FITS
    room = np.minimum(18, 104 - faders["begins"])
    want = (faders["order_rate_per_week"] * room).sum()
    assert abs(len(more) - want) < ERRORS * np.sqrt(want)


def test_fading_only_adds_orders_and_says_when():
    """Half of the leavers fade; everything else stays, and the fading ones leave three half-lives later."""
    faders, more, before, after = tails(Fading(share=0.5, half_life_weeks=10))
    columns = ["customer_id", "ordered_at", "amount"]
    assert len(after) == len(before) + len(more)
    assert len(before.merge(after[columns], on=columns)) == len(before)
    plain = simulate_ledger(4000, fading=None, seed=33)
    faded = simulate_ledger(4000, fading=Fading(share=0.5, half_life_weeks=10), seed=33)
    left = plain.truth["left_on"]
    fades = faded.truth["fades_from"]
    leavers = left.notna().sum()
    assert abs(fades.notna().sum() - leavers / 2) < ERRORS * np.sqrt(leavers / 4)
    assert fades.dropna().equals(left[fades.notna()].rename("fades_from"))
    assert faded.truth["left_on"][fades.isna()].equals(left[fades.isna()])
    done = fades + pd.Timedelta(weeks=30)
    inside = fades.notna() & (done < pd.Timestamp(faded.as_of))
    assert faded.truth["left_on"][inside].equals(done[inside].rename("left_on"))
    assert faded.truth["left_on"][fades.notna() & ~inside].isna().all()
    assert set(more["customer_id"]) <= set(faders.index)
