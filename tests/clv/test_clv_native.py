"""The native engine: published figures, lifetimes, hard cases, the prior, regularity, order of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from patron.clv import native
from patron.clv._lifetimes import lifetimes_module, untouched
from patron.clv.native.likelihoods import purchases_likelihood
from patron.clv.native.newton import Derivatives, maximise
from patron.clv.native.order_values import _restricted
from patron.clv.native.rows import FitRows, in_own_order, spend_in_own_order
from patron.clv.native.spend_likelihood import spend_likelihood
from patron.errors import NotEnoughData, PatronError

COLUMNS = ["repeat_orders", "weeks_first_to_last_order", "weeks_observed"]


def order_rows(summary, log_gaps=None):
    history = (summary[column].to_numpy(float) for column in COLUMNS)
    return in_own_order(FitRows(*history, np.ones(len(summary)), log_gaps))


def spend_rows(summary):
    repeat = summary[(summary["repeat_orders"] > 0) & (summary["mean_repeat_order_value"] > 0)]
    columns = (repeat[c].to_numpy(float) for c in ("repeat_orders", "mean_repeat_order_value"))
    return spend_in_own_order(*columns, np.ones(len(repeat)))


def regular_base(k, n, seed=0, grid=False):
    """Customers whose gaps are Erlang(k): order by order; MBG dropout; with sums of log gaps."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        events, leaving = random.gamma(3.0, k / 12.0), random.beta(0.8, 6.0)
        observed, clock, count, log_gaps = random.uniform(26, 104), 0.0, 0, 0.0
        last = 0.0
        observed = math.floor(observed * 7) / 7 if grid else observed
        while random.random() > leaving:
            gap = random.gamma(k) / events
            if grid:
                gap = math.ceil(gap * 7) / 7
            clock += gap
            if clock > observed:
                break
            count, last, log_gaps = count + 1, clock, log_gaps + math.log(gap)
        rows.append((count, last, observed, 1.0, log_gaps))
    return FitRows(*np.array(rows).T)


@pytest.fixture(scope="module")
def regular():
    return in_own_order(regular_base(2, 1500, seed=5))


# published figures and the peer


def test_published_parameters_of_bgnbd(cdnow):
    """Fader, Hardie & Lee (2005), table 2, without the prior."""
    fit = native.fit_purchases("bgnbd", order_rows(cdnow), prior=False)
    published = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    assert fit.params == pytest.approx(published, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(-9582.429, abs=1e-3)
    assert fit.gradient_norm < 1e-8


def test_published_parameters_of_gamma_gamma(cdnow):
    """Fader & Hardie (2013), without the prior."""
    fit = native.fit_spend(*spend_rows(cdnow), prior=False)
    assert fit.params == pytest.approx({"p": 6.2488, "q": 3.7446, "v": 15.4478}, rel=2e-3)
    assert fit.log_likelihood == pytest.approx(-4055.92, abs=5e-3)


@pytest.mark.parametrize("purchases", ["bgnbd", "mbgnbd"])
def test_no_worse_than_lifetimes(purchases, cdnow):
    """Both engines end at one optimum, and the native one is not below."""
    lifetimes, history = lifetimes_module(), [cdnow[column].to_numpy(float) for column in COLUMNS]
    with untouched():
        name = {"bgnbd": "BetaGeoFitter", "mbgnbd": "ModifiedBetaGeoFitter"}[purchases]
        fitter = getattr(lifetimes, name)().fit(*history)
        other = {letter: float(fitter.params_[letter]) for letter in ("r", "alpha", "a", "b")}
        theirs = -fitter._negative_log_likelihood(
            np.log(list(other.values())), *history, np.ones(len(cdnow)), 0.0
        ) * len(cdnow)
    ours = native.fit_purchases(purchases, order_rows(cdnow), prior=False)
    assert ours.params == pytest.approx(other, rel=2e-4)
    assert theirs - 1e-8 <= ours.log_likelihood <= theirs + 1e-3


# the prior


def test_the_prior_hardly_moves_cdnow(cdnow):
    """The weight of one customer in 2,357: order times' parameters by less than .3 %, the mean value, too."""
    plain, weak = (native.fit_purchases("bgnbd", order_rows(cdnow), prior=prior) for prior in (False, True))
    assert weak.params == pytest.approx(plain.params, rel=3e-3)
    assert (plain.prior_used, weak.prior_used) == (False, True)
    means = [
        fit["p"] * fit["v"] / (fit["q"] - 1.0)
        for fit in (native.fit_spend(*spend_rows(cdnow), prior=p).params for p in (False, True))
    ]
    assert means[1] == pytest.approx(means[0], rel=3e-3)


def test_the_prior_is_where_it_is_said_to_be(cdnow):
    """At the optimum the likelihood's slope is (log parameter - centre) / sd^2; by differences of the fit."""
    rows = order_rows(cdnow)
    fit = native.fit_purchases("mbgnbd", rows, prior=True)
    logs = np.log(list(fit.params.values()))
    mean_weeks = cdnow["weeks_observed"].mean()
    off = (logs - np.log([1.0, mean_weeks, 1.0, math.e])) / 9.0
    slope = purchases_likelihood(rows, modified=True)(logs).gradient
    np.testing.assert_allclose(slope, off, atol=1e-5)


@pytest.mark.parametrize("purchases", ["bgnbd", "mbgnbd"])
def test_the_log_likelihood_told_is_without_the_prior(purchases, cdnow):
    """It is the likelihood's value at the parameters, and a little below the plain maximum."""
    rows = order_rows(cdnow)
    plain, weak = (native.fit_purchases(purchases, rows, prior=prior) for prior in (False, True))
    at = purchases_likelihood(rows, modified=purchases == "mbgnbd")(np.log(list(weak.params.values())))
    assert weak.log_likelihood == pytest.approx(at.value, abs=1e-8)
    assert 0.0 < plain.log_likelihood - weak.log_likelihood < 0.01


def test_a_tight_prior_keeps_a_segment_at_the_base(cdnow):
    """Shrunk with sd .001 a tenth of the base has the pooled parameters; with sd 100 its own."""
    pooled = native.fit_purchases("mbgnbd", order_rows(cdnow), prior=True).params
    part = order_rows(cdnow.iloc[::10])
    tight, loose = (
        native.fit_purchases("mbgnbd", part, prior=True, towards=pooled, sd=sd).params for sd in (1e-3, 100.0)
    )
    own = native.fit_purchases("mbgnbd", part, prior=False).params
    assert tight == pytest.approx(pooled, rel=1e-3)
    assert loose == pytest.approx(own, rel=1e-2)
    assert own != pytest.approx(pooled, rel=2e-2)


def test_covariance_and_information(cdnow):
    """Covariance is the inverse of information plus the prior's 1/9; standard errors as in lifetimes."""
    fit = native.fit_purchases("bgnbd", order_rows(cdnow), prior=True)
    whole = np.array(fit.information) + np.eye(4) / 9.0
    np.testing.assert_allclose(whole @ np.array(fit.covariance), np.eye(4), atol=1e-9)
    with untouched():
        fitter = lifetimes_module().BetaGeoFitter().fit(*(cdnow[c].to_numpy(float) for c in COLUMNS))
        theirs = (fitter.standard_errors_ / fitter.params_).to_numpy()
    plain = native.fit_purchases("bgnbd", order_rows(cdnow), prior=False)
    np.testing.assert_allclose(np.sqrt(np.diag(plain.covariance)), theirs, rtol=1e-3)


# rows


def test_the_order_of_rows_does_not_matter(cdnow):
    """Shuffled rows give the same bits: on a grid of days and off it, with log gaps, with weights, values."""
    random = np.random.default_rng(3)
    order = random.permutation(len(cdnow))
    base = FitRows(*(cdnow[c].to_numpy(float) for c in COLUMNS), np.ones(len(cdnow)))
    gaps = np.where(base.count > 0, base.count * 0.3 + random.normal(size=len(cdnow)), 0.0)
    off = base._replace(observed=base.observed + random.uniform(0, 1e-2, len(cdnow)))
    weighted = base._replace(weight=random.integers(1, 4, len(cdnow)) / 2)
    for rows in (base, base._replace(log_gaps=gaps), off, weighted, off._replace(log_gaps=gaps)):
        shuffled = FitRows(*(None if column is None else column[order] for column in rows))
        purchases = "mbgnbd" if rows.log_gaps is None else "mbgcnbd"
        fits = [native.fit_purchases(purchases, in_own_order(some), prior=True) for some in (rows, shuffled)]
        assert fits[0] == fits[1]
    assert native.fit_spend(*spend_rows(cdnow), prior=True) == native.fit_spend(
        *spend_rows(cdnow.iloc[order]), prior=True
    )


def test_rows_joined_or_not_give_the_same_fit():
    """Equal histories joined, with the mean of their log gaps, are fitted like single rows."""
    once = regular_base(2, 400, seed=9, grid=True)
    rows = FitRows(*(np.tile(column, 2) for column in once))
    rows = rows._replace(log_gaps=rows.log_gaps - 0.1 * (rows.count > 1) * np.repeat([0.0, 1.0], 400))
    joined = in_own_order(rows)
    assert joined.count.size <= 400
    assert joined.weight.sum() == 800
    np.testing.assert_allclose((joined.weight * joined.log_gaps).sum(), rows.log_gaps.sum(), rtol=1e-9)
    for purchases in ("mbgnbd", "mbgcnbd"):
        one, other = (native.fit_purchases(purchases, some, prior=True) for some in (joined, rows))
        assert one.params == pytest.approx(other.params, rel=1e-7)
        assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-9)


def test_rows_keep_their_values():
    """In their own order there are the same customers, on the grid and off it."""
    random = np.random.default_rng(1)
    count = random.integers(0, 3, 500).astype(float)
    for observed in (random.integers(5, 9, 500) / 7, random.uniform(5, 9, 500)):
        rows = in_own_order(FitRows(count, observed / 1.0, observed, np.ones(500)))
        repeats = rows.weight.astype(int)
        found = sorted(zip(np.repeat(rows.count, repeats), np.repeat(rows.observed, repeats), strict=True))
        assert found == sorted(zip(count, observed, strict=True))


def test_rows_that_mix_to_one_number_are_told_apart():
    """Where the sort's mixed number is the same for different rows, the columns decide."""
    tiny = np.where(np.arange(40) % 2 == 0, 1e-17, 3e-17)  # lost beside the other columns
    rows = FitRows(5.0 + np.arange(40) // 20, np.full(40, math.pi), np.full(40, 9.1), tiny)
    order = np.random.default_rng(0).permutation(40)
    shuffled = FitRows(*(column[order] for column in rows[:4]))
    for one, other in zip(in_own_order(rows)[:4], in_own_order(shuffled)[:4], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_large_base_is_climbed_like_a_small_one():
    """100,000 customers, climbed on a sample first: at the end the slope of all is the prior's."""
    random, n = np.random.default_rng(8), 100_000
    observed = random.uniform(26, 104, n)
    pace, leaving = random.gamma(1.5, 1 / 6, n), random.beta(0.8, 4, n)
    count, span, here = np.zeros(n), np.zeros(n), np.arange(n)
    while here.size:
        here = here[random.random(here.size) > leaving[here]]
        clock = span[here] + random.exponential(1 / pace[here])
        in_time = clock <= observed[here]
        here = here[in_time]
        span[here], count[here] = clock[in_time], count[here] + 1
    rows = in_own_order(FitRows(count, span, observed, np.ones(n)))
    large = native.fit_purchases("mbgnbd", rows, prior=True)
    logs = np.log(list(large.params.values()))
    parts = [FitRows(*(column[i::5] for column in rows[:4])) for i in range(5)]
    slope = sum(purchases_likelihood(part, modified=True)(logs).gradient for part in parts)
    pull = (logs - np.log([1.0, observed.mean(), 1.0, math.e])) / 9.0
    np.testing.assert_allclose(slope, pull, atol=1e-8 * n)
    assert large.steps <= 3
    truth = {"r": 1.5, "alpha": 6.0, "a": 0.8, "b": 4.0}
    assert large.params == pytest.approx(truth, rel=0.05)


# hard cases


def hard_case(name, random):
    n = 300
    observed, value = random.uniform(50, 100, n), None
    if name == "daily buyers":
        count = np.floor(observed * 6.9)
    elif name == "up to 501 orders in 501 days":
        observed = np.full(n, 501.0 / 7)
        count = np.minimum(random.integers(1, 502, n), 501.0).astype(float)
    elif name == "five repeat buyers of a thousand":
        observed = random.uniform(25, 50, 1000)
        count = np.where(np.arange(1000) < 5, 2.0, 0.0)
    elif name in ("nobody leaves", "one heavy tail"):
        count = random.poisson(random.gamma(2, 0.25, n) * observed).astype(float)
        if name == "one heavy tail":
            value = 100.0 * (random.pareto(0.7, n) + 0.01)
    elif name == "all alive":
        observed = np.full(n, 52.0)
        count = random.poisson(10.0, n) + 1.0
    else:  # clockwork: everybody alike
        count, observed = np.full(n, 26.0), np.full(n, 105.0)
        value = np.full(n, 250.0)
    value = random.gamma(4, 20, len(count)) if value is None else value
    share = 1.0 if name == "all alive" else count / (count + 1)
    span = np.where(count > 0, observed * share, 0.0)
    repeat = count > 0
    order = (count, span, observed, np.ones(len(count)))
    return in_own_order(FitRows(*order)), spend_in_own_order(
        count[repeat], value[repeat], np.ones(repeat.sum())
    )


HARD = (
    "daily buyers",
    "up to 501 orders in 501 days",
    "five repeat buyers of a thousand",
    "nobody leaves",
    "one heavy tail",
    "all alive",
    "clockwork",
)


def survive(name, purchases, seed):
    rows, spend = hard_case(name, np.random.default_rng(seed))
    fits = [native.fit_purchases(purchases, rows, prior=True), native.fit_spend(*spend, prior=True)]
    for fit in fits:
        assert all(0.0 < value < math.inf for value in fit.params.values())
        assert math.isfinite(fit.log_likelihood)
    assert fits[0].covariance is not None
    assert fits[0].gradient_norm < 1e-6
    assert fits[1].params["q"] > 1.0


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", HARD)
def test_survives_seventy_hard_cases(name, seed):
    """Bases on which lifetimes needs several starts, or none helps: finite parameters at a maximum."""
    survive(name, "bgnbd", seed)
    survive(name, "mbgnbd", seed)


def test_without_the_prior_no_maximum_is_an_error():
    """Where nobody ever leaves, the likelihood rises for ever: said, with what to do."""
    rows, _ = hard_case("all alive", np.random.default_rng(0))
    with pytest.raises(NotEnoughData, match="rises for ever") as caught:
        native.fit_purchases("bgnbd", rows, prior=False)
    assert "prior=True" in caught.value.next_step


def test_a_heavy_tail_is_refused_without_the_prior():
    """Where q is at most 1 the mean order value is infinite: said, with what to do."""
    _, spend = hard_case("one heavy tail", np.random.default_rng(1))
    with pytest.raises(
        NotEnoughData, match="not above 1, so the mean order value would be infinite"
    ) as caught:
        native.fit_spend(*spend, prior=False)
    assert "cap the few huge orders, or fit with prior=True" in caught.value.next_step


def test_a_heavy_tail_has_the_observed_mean_with_the_prior():
    """With the prior the population's mean is tied to the observed one, and that is said."""
    _, spend = hard_case("one heavy tail", np.random.default_rng(1))
    fit = native.fit_spend(*spend, prior=True)
    assert fit.params["p"] * fit.params["v"] / (fit.params["q"] - 1.0) == pytest.approx(
        spend[1].mean(), rel=1e-9
    )
    assert "tied to the observed mean" in fit.attempts[-1]
    assert "not above 1" in fit.attempts[0]
    assert fit.covariance is None


def test_order_values_all_alike():
    """A flat fee: every customer is expected to pay it, and the limit is told."""
    _, spend = hard_case("clockwork", np.random.default_rng(0))
    fit = native.fit_spend(*spend, prior=True)
    assert fit.params["p"] * fit.params["v"] / (fit.params["q"] - 1.0) == pytest.approx(250.0, rel=1e-9)
    assert "hardly differ" in fit.at_boundary


def test_derivatives_with_the_mean_tied():
    """In log p and log (q - 1), the mean held at 1, gradient and Hessian equal differences."""
    _, (count, value, weight) = hard_case("nobody leaves", np.random.default_rng(2))
    tied = _restricted(spend_likelihood(count, value / value.mean(), weight))
    point, width = np.array([0.7, 0.4]), 1e-5
    steps = np.eye(2) * width
    slopes = [(tied(point + s).value - tied(point - s).value) / (2 * width) for s in steps]
    bends = [(tied(point + s).gradient - tied(point - s).gradient) / (2 * width) for s in steps]
    np.testing.assert_allclose(tied(point).gradient, slopes, rtol=1e-6)
    np.testing.assert_allclose(tied(point).hessian, bends, rtol=1e-6)


def test_a_climb_without_end_is_an_error():
    """A function that rises for ever has no maximum to report."""
    slope = lambda x: Derivatives(float(x[0]), np.array([1.0]), np.array([[0.0]]))  # noqa: E731
    with pytest.raises(ArithmeticError, match="no maximum within reach"):
        maximise(slope, np.array([0.0]))


def test_a_climb_ends_at_the_end_of_its_reach():
    """Held at the end in one coordinate, the other goes to its maximum: of -(x-3)^2 - (x-y)^2 with x <= 1."""

    def hill(at):
        x, y = at
        gradient = np.array([-2 * (x - 3) - 2 * (x - y), 2 * (x - y)])
        return Derivatives(-((x - 3) ** 2) - (x - y) ** 2, gradient, np.array([[-4.0, 2.0], [2.0, -2.0]]))

    climb = maximise(hill, np.array([-4.0, 5.0]), (np.array([-5.0, -5.0]), np.array([1.0, 9.0])))
    assert climb.point == pytest.approx([1.0, 1.0], abs=1e-6)
    assert climb.held.tolist() == [True, False]


# regularity


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_regularity_is_recovered(k):
    """From 1,200 customers with Erlang(k) gaps, k exactly, and the order rate within 10 %."""
    fit = native.fit_purchases("mbgcnbd", in_own_order(regular_base(k, 1200, seed=k)), prior=True)
    assert fit.params["k"] == k
    assert isinstance(fit.params["k"], int)
    assert fit.params["r"] / fit.params["alpha"] / k == pytest.approx(3.0 / 12.0, rel=0.1)
    assert max(fit.log_likelihood_by_k, key=fit.log_likelihood_by_k.get) == k
    assert set(fit.log_likelihood_by_k) == set(range(1, k + 3))


def test_k_of_one_is_mbgnbd():
    """Held at k = 1, MBG/CNBD-k has the bits of MBG/NBD."""
    rows = in_own_order(regular_base(1, 300, seed=3))
    towards = {"r": 1.0, "alpha": 60.0, "a": 1.0, "b": 3.0}
    regular = native.fit_purchases("mbgcnbd", rows, prior=True, towards=towards | {"k": 1})
    plain = native.fit_purchases("mbgnbd", rows, prior=True, towards=towards)
    assert regular.params == plain.params | {"k": 1}
    assert regular.log_likelihood == plain.log_likelihood


def test_a_segment_keeps_the_regularity_of_the_base(regular):
    """Shrunk towards parameters with a k, that k is kept and nothing else is tried."""
    towards = {"r": 3.0, "alpha": 4.0, "a": 0.8, "b": 6.0, "k": 3}
    fit = native.fit_purchases("mbgcnbd", regular, prior=True, towards=towards, sd=0.5)
    assert (fit.params["k"], list(fit.log_likelihood_by_k)) == (3, [3])


def test_towards_a_process_without_k_means_its_order_rate(regular):
    """Drawn to MBG/NBD's parameters, alpha x k (of events) is what alpha (of orders) is there."""
    towards = {"r": 3.0, "alpha": 12.0, "a": 0.8, "b": 6.0}
    fit = native.fit_purchases("mbgcnbd", regular, prior=True, towards=towards, sd=1e-3)
    assert fit.params["k"] > 1
    assert fit.params["alpha"] * fit.params["k"] == pytest.approx(12.0, rel=1e-2)


def test_regularity_needs_the_gaps(regular):
    """Without the sums of log gaps k cannot be known; the error names the column."""
    with pytest.raises(PatronError, match="sum_log_gap_weeks"):
        native.fit_purchases("mbgcnbd", regular._replace(log_gaps=None), prior=True)


def test_an_unknown_process_is_refused(regular):
    """The error lists what there is."""
    with pytest.raises(PatronError, match="'abacus' cannot be fitted"):
        native.fit_purchases("abacus", regular, prior=True)
