"""The simulated distributor: what its documentation claims is in the frames it gives.

Expected values are rates and shares written down here, summed over the accounts' own truth; a mean may be
off by four standard errors. Seeds are fixed.
"""

import numpy as np
import pandas as pd
import pytest

from patron.errors import PatronError
from patron.ledger import load_actions, load_customers, load_events, load_ledger
from patron.simulation import simulate_distributor

N, START, ERRORS = 6000, pd.Timestamp("2021-01-04"), 4.0
NEVER = pd.Timestamp("2200-01-01")
SEASON = np.array([0.80, 0.85, 1.00, 1.00, 1.05, 1.00, 0.80, 0.75, 1.15, 1.25, 1.35, 1.00])
UPSET = ["dissatisfied", "delivery", "price"]
LATE_TOWNS = ["Leeds", "Bath", "Ely", "Perth"]
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def made():
    """Enough accounts for shares to be seen."""
    return simulate_distributor(N, seed=11)


@pytest.fixture(scope="module")
def end(made):
    return pd.Timestamp(made.as_of)


@pytest.fixture(scope="module")
def truth(made, end):
    """One row per account, with what the customer file says, and when it was last there."""
    known = made.customers.drop_duplicates("customer_id").set_index("customer_id")
    truth = made.truth.set_index("customer_id").join(known[["town", "industry", "size", "owner"]])
    truth["left_by_end"] = truth["left_on"] < end
    truth["there_until"] = truth["left_on"].fillna(end).clip(upper=end)
    return truth


@pytest.fixture(scope="module")
def sales(made):
    """Lines sold, without what came back."""
    return made.orders[made.orders["quantity"] > 0]


def busy_days(begin, until):
    """Days between two days, each counted with the index of its month."""
    days = pd.date_range(START, periods=2000)
    run = np.append(0.0, np.cumsum(SEASON[days.month - 1]))
    return run[(until - START).dt.days] - run[(begin - START).dt.days]


def test_frames_hold_what_they_say(made, end):
    """Columns, keys, days: from the first one to the day before the end, orders on working days."""
    orders = made.orders
    assert list(orders) == [
        "customer_id", "ordered_at", "order_id", "product_id", "category", "quantity", "amount", "cost",
    ]  # fmt: skip
    assert orders["ordered_at"].between(START, end - DAY).all()
    sold = orders[orders["quantity"] > 0]
    assert (sold["ordered_at"].dt.day_of_week < 5).all()
    assert orders["ordered_at"].is_monotonic_increasing
    assert (sold.groupby("order_id")[["customer_id", "ordered_at"]].nunique() == 1).all(axis=None)
    assert made.customers["customer_id"].is_unique
    assert set(orders["customer_id"]) == set(made.truth["customer_id"])
    assert made.truth["customer_id"].str.fullmatch(r"SIM-\d{4}").all()
    for name in ("events", "actions"):
        assert getattr(made, name)["happened_at"].between(START, end - DAY).all()
        assert set(getattr(made, name)["customer_id"]) <= set(made.truth["customer_id"])
    assert end.day_name() == "Monday"


def test_the_readers_of_the_ledger_take_everything(made):
    """No row is set aside, nothing is missing."""
    small = simulate_distributor(80, seed=5, language="zh")
    ledger = load_ledger(small.orders, as_of=small.as_of, currency=small.currency)
    assert (ledger.report.rows_in, ledger.report.set_aside) == (len(small.orders), {})
    for reader, frame in ((load_customers, small.customers), (load_events, small.events),
                          (load_actions, small.actions)):  # fmt: skip
        read = reader(frame)
        assert len(read) == len(frame)
        assert read.attrs["set_aside"] == {}


def test_the_same_seed_gives_the_same_distributor():
    """And another one another."""
    one, again, other = (simulate_distributor(40, seed=seed) for seed in (3, 3, 4))
    for name in ("orders", "customers", "events", "actions", "truth"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(again, name))
        assert not getattr(one, name).equals(getattr(other, name))


def test_languages_differ_in_words_and_currency_only():
    """The same orders on the same days, nine yuan for a pound; no Latin letter is left in the words."""
    english, chinese = (simulate_distributor(60, seed=2, language=tongue) for tongue in ("en", "zh"))
    same = ["customer_id", "ordered_at", "order_id", "product_id", "quantity"]
    pd.testing.assert_frame_equal(english.orders[same], chinese.orders[same])
    assert (chinese.orders["amount"] - 9 * english.orders["amount"]).abs().max() < 0.051
    assert (english.currency, chinese.currency) == ("GBP", "CNY")
    same = ["customer_id", "happened_at", "kind", "value", "closed_at"]
    pd.testing.assert_frame_equal(english.events[same], chinese.events[same])
    words = [chinese.customers[c] for c in ("name", "industry", "size", "country", "town", "owner")]
    words += [chinese.orders["category"], chinese.events["topic"], chinese.actions["action"]]
    assert not pd.concat(words).dropna().str.contains("[A-Za-z]").any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fifth_of_the_customers_brings_four_fifths(seed):
    """Revenue is heavy-tailed, but no single account rules."""
    orders = simulate_distributor(2000, seed=seed).orders
    revenue = orders.groupby("customer_id")["amount"].sum().sort_values(ascending=False)
    assert 0.75 < revenue.iloc[:400].sum() / revenue.sum() < 0.86
    assert revenue.iloc[0] / revenue.sum() < 0.10


def test_orders_come_in_the_own_rhythm(sales, truth):
    """As many as renewal theory expects: span / gap + (cv^2 + 1) / 2 with the first, in seasonal time."""
    steady = truth[truth["fades_from"].isna()]
    gap = steady["usual_gap_days"]
    span = busy_days(steady["first_order_on"], steady["there_until"])
    cv2 = 1 / np.select([gap < 20, gap < 60, gap < 200], [6.0, 8.0, 10.0], 60.0)
    number = sales.groupby("customer_id")["order_id"].nunique().reindex(steady.index)
    for kind in ((0, 20), (20, 60), (60, 200)):
        some = gap.between(*kind) & (span / gap >= 5)
        expected = (span / gap + (cv2 + 1) / 2)[some]
        error = np.sqrt((cv2 * span / gap)[some].sum())
        assert some.sum() > 100
        assert abs(number[some].sum() - expected.sum()) < ERRORS * error + 0.002 * expected.sum()
    yearly = gap > 300
    assert 0.05 < yearly.mean() < 0.15


def test_months_follow_the_season(sales, truth):
    """Weekly and monthly buyers who stay from the beginning: the share of each month of the year."""
    stays = (truth["first_order_on"] < "2021-02-15") & ~truth["left_by_end"] & truth["fades_from"].isna()
    often = truth.index[stays & (truth["usual_gap_days"] < 60)]
    days = sales[sales["customer_id"].isin(often)].drop_duplicates("order_id")["ordered_at"]
    days = days[days.between("2022-01-01", "2023-12-31")]
    share = days.dt.month.value_counts(normalize=True).sort_index()
    year = pd.date_range("2022-01-01", "2023-12-31")
    expected = pd.Series(SEASON[year.month - 1]).groupby(year.month).sum()
    assert len(often) > 500
    assert (share / (expected / expected.sum()) - 1).abs().max() < 0.06


def test_accounts_leave_at_the_rate_of_their_size(truth, end):
    """Exponential lifetimes; one-time buyers and the late region apart."""
    plain = truth[(truth["leaves_because"] != "onboarding") & ~truth["town"].isin(LATE_TOWNS)]
    years = (end - plain["first_order_on"]).dt.days / 365.25
    for size, rate in {"small": 0.17, "medium": 0.12, "large": 0.07}.items():
        some = plain["size"] == size
        chance = 1 - np.exp(-rate * years[some])
        error = np.sqrt((chance * (1 - chance)).sum())
        assert abs(plain.loc[some, "left_by_end"].sum() - chance.sum()) < ERRORS * error
        assert (plain.loc[some, "leaving_per_year"] == rate).all()


def test_some_new_ones_order_once(sales, truth):
    """15 % of the 40 % who come within the time."""
    once = truth.index[truth["leaves_because"] == "onboarding"]
    assert abs(len(once) - 0.06 * N) < ERRORS * np.sqrt(N * 0.06 * 0.94)
    assert (sales[sales["customer_id"].isin(once)].groupby("customer_id")["order_id"].nunique() == 1).all()


def test_nobody_orders_after_leaving(sales, truth):
    """The truth is true."""
    last = sales.groupby("customer_id")["ordered_at"].max()
    assert (last <= truth["left_on"].reindex(last.index).fillna(NEVER)).all()
    first = sales.groupby("customer_id")["ordered_at"].min()
    assert ((truth["first_order_on"] - first).dt.days.between(0, 2)).all()


def test_a_late_warehouse_drives_a_fifth_of_its_region_away(truth, end):
    """Of those who were there when it began."""
    late = START + 0.55 * (end - START)
    there = truth["town"].isin(LATE_TOWNS) & (truth["first_order_on"] < late)
    there &= truth["left_on"].isna() | (truth["left_on"] > late)
    gone = (truth.loc[there, "leaves_because"] == "delivery").sum()
    n = there.sum()
    assert abs(gone - 0.2 * n) < ERRORS * np.sqrt(n * 0.16)
    assert not (truth.loc[~truth["town"].isin(LATE_TOWNS), "leaves_because"] == "delivery").any()


def test_fading_comes_before_many_departures(sales, truth):
    """Longer gaps (55 % of the orders), and fewer categories at the end."""
    fades = truth[truth["left_by_end"] & truth["fades_from"].notna() & (truth["usual_gap_days"] < 60)]
    orders = sales.groupby(["customer_id", "order_id"], as_index=False).agg(
        day=("ordered_at", "min"), categories=("category", "nunique")
    )
    orders = orders.join(fades, on="customer_id", how="inner")
    while_fading = orders["day"] >= orders["fades_from"]
    before = busy_days(fades["first_order_on"], fades["fades_from"])
    during = busy_days(fades["fades_from"], fades["left_on"])
    expected = 0.55 * (during / fades["usual_gap_days"]).sum()
    assert abs(while_fading.sum() / expected - 1) < 0.05
    assert abs((~while_fading).sum() / (before / fades["usual_gap_days"]).sum() - 1) < 0.12
    span = fades["left_on"] - fades["fades_from"]
    end_of_it = orders["day"] >= orders["left_on"] - orders["customer_id"].map(span / 3)
    assert orders.loc[end_of_it, "categories"].mean() < 0.8 * orders.loc[~while_fading, "categories"].mean()


def test_some_give_up_a_category(sales, truth):
    """15 % of the accounts with more than one; they bought it before and never again."""
    stopped = truth[truth["stopped_category"].notna()]
    assert 0.10 < len(stopped) / N < 0.16
    rows = sales.join(stopped[["stopped_category", "stopped_category_on"]], on="customer_id", how="inner")
    rows = rows[rows["category"] == rows["stopped_category"]]
    assert (rows["ordered_at"] <= rows["stopped_category_on"]).all()
    assert rows["customer_id"].nunique() > 0.6 * len(stopped)


def test_complaints_come_before_some_departures(made, truth, end):
    """0.15 a year, 5 more in the last half year of those who leave upset."""
    complaints = made.events[made.events["kind"] == "complaint"].join(truth, on="customer_id")
    upset = truth["leaves_because"].isin(UPSET)
    angry_from = (truth["left_on"] - 182 * DAY).where(upset).fillna(NEVER)
    angry_from = angry_from.clip(lower=truth["first_order_on"]).clip(upper=truth["there_until"])
    angry_years = (truth["there_until"] - angry_from).dt.days.sum() / 365.25
    calm_years = (angry_from - truth["first_order_on"]).dt.days.sum() / 365.25
    angry = complaints["happened_at"] >= complaints["customer_id"].map(angry_from)
    for number, expected in ((angry.sum(), 5.15 * angry_years), ((~angry).sum(), 0.15 * calm_years)):
        assert abs(number - expected) < ERRORS * np.sqrt(expected)


def test_the_odds_of_leaving_are_higher_after_a_complaint(made, truth, end):
    """A quarter before the end: the odds ratio and its 95 % limit (Woolf 1955)."""
    day = end - 90 * DAY
    there = truth[(truth["first_order_on"] < day) & ~(truth["left_on"] < day)]
    complaints = made.events[made.events["kind"] == "complaint"]
    recent = complaints[complaints["happened_at"].between(day - 180 * DAY, day - DAY)]
    complained = there.index.isin(recent["customer_id"])
    cells = pd.crosstab(complained, there["left_by_end"]).to_numpy()
    log_odds = np.log(cells[1, 1] * cells[0, 0] / (cells[1, 0] * cells[0, 1]))
    assert log_odds - 1.96 * np.sqrt((1 / cells).sum()) > np.log(3)
    assert cells[0, 1] > cells[1, 1]  # most leave without a word


def test_scores_fall_before_upset_customers_leave(made, truth):
    """About four points of ten, a little less because of the ends of the scale; known when answered."""
    nps = made.events[made.events["kind"] == "nps"].join(truth, on="customer_id")
    assert nps["value"].between(0, 10).all()
    late = nps["leaves_because"].isin(UPSET) & (nps["happened_at"] >= nps["left_on"] - 180 * DAY)
    calm = nps["left_on"].isna()
    drop = nps.loc[calm, "value"].mean() - nps.loc[late, "value"].mean()
    assert 3.3 < drop < 4.2
    assert nps["respondent"].notna().all()


def test_tickets_close_later_than_they_open(made, end):
    """What closes after the end is still open; how satisfied somebody was is known at the closing."""
    events = made.events
    handled = events[events["kind"].isin(["ticket", "complaint"])]
    closed = handled.dropna(subset="closed_at")
    assert (closed["closed_at"] > closed["happened_at"]).all()
    assert (closed["closed_at"] < end).all()
    assert 0.01 < handled["closed_at"].isna().mean() < 0.06
    csat = events[events["kind"] == "csat"]
    tickets = closed[["customer_id", "happened_at", "closed_at"]].rename(columns={"closed_at": "known_at"})
    assert len(csat.merge(tickets, on=["customer_id", "happened_at", "known_at"])) >= len(csat)
    assert csat["value"].isin([1, 2, 3, 4, 5]).all()


def test_a_few_lines_come_back(made, sales):
    """2 % of the lines, within four weeks, never more than was bought; an order of its own."""
    back = made.orders[made.orders["quantity"] < 0]
    assert abs(len(back) / (0.02 * len(sales)) - 1) < 0.05
    assert (back["amount"] < 0).all()
    assert (back["cost"] < 0).all()
    assert back["order_id"].str.startswith("CN-").all()
    both = back.merge(sales, on=["customer_id", "product_id"], suffixes=("", "_sold"))
    wait = (both["ordered_at"] - both["ordered_at_sold"]).dt.days
    fits = both[(wait >= 2) & (wait < 28) & (both["quantity_sold"] >= -both["quantity"])]
    assert fits["order_id"].nunique() == len(back)


def test_industries_buy_what_they_need(sales, truth):
    """Clinics disinfect, hardly any engineer packs food."""
    bought = sales[["customer_id", "category"]].drop_duplicates().join(truth["industry"], on="customer_id")
    bought["size"] = 1
    often = truth.index[truth["usual_gap_days"] < 60]
    counts = bought[bought["customer_id"].isin(often)].groupby(["industry", "category"]).size()
    accounts = truth.loc[often, "industry"].value_counts()
    assert counts["Health care", "Disinfectants"] / accounts["Health care"] > 0.9
    assert counts["Engineering", "Hand tools"] / accounts["Engineering"] > 0.9
    assert counts["Engineering", "Food packaging"] / accounts["Engineering"] < 0.08
    assert (sales["amount"] > sales["cost"]).all()


def test_calls_are_logged_by_the_owner_and_change_nothing(made, sales, truth):
    """Whoever ordered after a call really did, within a fortnight."""
    log = made.actions
    assert (log["owner"] == log["customer_id"].map(truth["owner"])).all()
    assert set(log["outcome"]) == {"reached", "ordered", "dismissed", "lost", "none"}
    assert log["reason"].notna().equals(log["outcome"].isin(["dismissed", "lost"]))
    ordered = log[log["outcome"] == "ordered"].merge(sales, on="customer_id")
    wait = (ordered["ordered_at"] - ordered["happened_at"]).dt.days
    soon = ordered[wait.between(0, 14)]
    told = log[log["outcome"] == "ordered"]
    assert len(told) > 100
    assert len(soon.drop_duplicates(["customer_id", "happened_at"])) == len(told)
    snoozed = log.dropna(subset="snoozed_until")
    assert (snoozed["snoozed_until"] > snoozed["happened_at"]).all()
    closed = truth.index[(truth["leaves_because"] == "closed") & truth["left_by_end"]]
    dismissed = log[log["customer_id"].isin(closed) & (log["outcome"] == "dismissed")]
    assert (dismissed["reason"] == "site closed").any()


def test_sites_belong_to_groups_of_three_kinds(made, sales):
    """The head orders itself, has a row and orders nothing, or is only named; one site is two steps down."""
    customers = made.customers.set_index("customer_id")
    parents = customers["parent_id"].dropna()
    buyers = set(sales["customer_id"])
    offices = set(customers.index) - buyers
    assert offices
    assert parents.isin(buyers).any()
    assert parents.isin(offices).any()
    assert (~parents.isin(customers.index)).any()
    assert parents.isin(parents.index).any()
    sites = customers[customers["parent_id"].notna()]
    assert (sites.dropna(subset="owner").groupby("parent_id")["owner"].nunique() <= 1).all()
    assert 0.02 < customers["owner"].isna().mean() < 0.06


@pytest.mark.parametrize("accounts", [1, 2, 5])
def test_a_handful_of_accounts_is_enough(accounts):
    """Nothing breaks where there is hardly anybody."""
    small = simulate_distributor(accounts, years=1, seed=4)
    assert small.orders["customer_id"].nunique() == accounts
    assert len(small.truth) == accounts


def test_everything_wrong_is_said_at_once():
    """One message for all arguments."""
    with pytest.raises(PatronError) as caught:
        simulate_distributor(0, years=99, start="soon", language="fr", seed=-1)
    told = " ".join(caught.value.problems)
    assert [w for w in ("accounts", "years", "start", "language", "seed") if w not in told] == []
