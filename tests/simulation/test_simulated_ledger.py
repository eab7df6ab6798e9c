"""Simulated ledgers as tables: fixed by the seed, a prefix of larger ones, at one with the summaries."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

import patron
from patron.simulation import Fading, SeasonalRate, simulate_ledger, simulate_summary
from patron.simulation._everyone import Lines
from patron.simulation._frames import DAYS, SECONDS, orders_frame
from patron.simulation.world import checked_world

SEASON = SeasonalRate((0.6, 0.8, 1.0, 1.0, 1.1, 1.1, 0.8, 0.6, 1.2, 1.3, 1.3, 1.2))
WORLDS = {
    "bgnbd": {"purchases": "bgnbd"},
    "mbgnbd": {"purchases": "mbgnbd"},
    "mbgcnbd": {"purchases": "mbgcnbd", "params": {"k": 4, "alpha": 1.2}},
    "paretonbd": {"purchases": "paretonbd"},
    "all at once": {"season": SEASON, "fading": Fading(0.4), "purchases": "mbgcnbd"},
}
ORDERS = ["customer_id", "ordered_at", "amount", "order_id"]
TRUTH = [
    "customer_id", "first_order_on", "order_rate_per_week", "leaving_chance", "left_on", "mean_order_value",
    "fades_from",
]  # fmt: skip
PLAIN = list(WORLDS)[:4]


@pytest.mark.parametrize("world", WORLDS.values(), ids=list(WORLDS))
def test_the_same_seed_gives_the_same_ledger(world):
    """To the bit; another seed gives another one."""
    one, two = (simulate_ledger(300, holdout_weeks=26, seed=5, **world) for _ in "ab")
    assert_frame_equal(one.orders, two.orders, check_exact=True)
    assert_frame_equal(one.truth, two.truth, check_exact=True)
    other = simulate_ledger(300, holdout_weeks=26, seed=6, **world)
    assert not one.truth["order_rate_per_week"].isin(other.truth["order_rate_per_week"]).any()
    assert (one.as_of, one.ends_on) == (date(2024, 1, 1), date(2024, 7, 1))


@pytest.mark.parametrize("world", WORLDS.values(), ids=list(WORLDS))
@pytest.mark.parametrize(("few", "many"), [(7, 300), (4200, 8300)])
def test_more_customers_do_not_change_the_first_ones(world, few, many):
    """To the bit, order ids included, across the blocks in which customers are drawn."""
    small, large = (simulate_ledger(n, weeks=26, holdout_weeks=13, seed=2, **world) for n in (few, many))
    first = large.orders["customer_id"].isin(small.truth["customer_id"])
    assert small.truth["customer_id"].nunique() == few
    assert_frame_equal(small.orders, large.orders[first].reset_index(drop=True), check_exact=True)
    assert_frame_equal(small.truth, large.truth.head(few), check_exact=True)


@pytest.mark.parametrize("name", PLAIN)
def test_more_customers_do_not_change_the_first_rows_of_a_summary(name):
    """To the bit."""
    small, large = (simulate_summary(n, weeks=26, seed=2, **WORLDS[name]) for n in (4200, 8300))
    assert_frame_equal(small, large.head(4200), check_exact=True)


@pytest.mark.parametrize("world", WORLDS.values(), ids=list(WORLDS))
def test_the_past_does_not_depend_on_the_holdout(world):
    """What a model may see at as_of is the same, to the bit, however far one looks ahead."""
    short, long = (simulate_ledger(2000, holdout_weeks=h, seed=4, **world) for h in (0, 60))
    as_of = pd.Timestamp(short.as_of)
    assert short.ends_on == short.as_of == long.as_of
    past = long.orders[long.orders["ordered_at"] < as_of].reset_index(drop=True)
    assert len(long.orders) > 1.2 * len(past)
    assert_frame_equal(short.orders, past, check_exact=True)
    for column in ("left_on", "fades_from"):
        known = long.truth[column].where(long.truth[column] < as_of)
        assert_series_equal(short.truth[column], known)
    rest = [name for name in TRUTH if name not in ("left_on", "fades_from")]
    assert_frame_equal(short.truth[rest], long.truth[rest], check_exact=True)


@pytest.mark.parametrize("exact", [False, True])
def test_the_tables_are_what_they_say(exact):
    """Columns, types, order of rows, whole cents, days or seconds inside the window."""
    ledger = simulate_ledger(
        1500, weeks=65, start="2020-02-12", holdout_weeks=20 / 7, exact=exact, fading=Fading(0.5), seed=1
    )
    orders, truth = ledger.orders, ledger.truth
    assert list(orders) == ORDERS
    assert list(truth) == TRUTH
    assert truth["customer_id"].tolist() == [f"C{n:05d}" for n in range(1, 1501)]
    assert orders["order_id"].is_unique
    assert_frame_equal(orders, orders.sort_values(["customer_id", "ordered_at"], kind="stable"))
    assert (orders["amount"] >= 0.01).all()
    assert orders["amount"].map(lambda value: value == float(f"{value:.2f}")).all()
    midnight = orders["ordered_at"] == orders["ordered_at"].dt.normalize()
    assert midnight.mean() < 0.01 if exact else midnight.all()
    assert (orders["ordered_at"] == orders["ordered_at"].dt.floor("s")).all()
    assert (ledger.as_of, ledger.ends_on) == (date(2021, 5, 12), date(2021, 6, 1))
    assert orders["ordered_at"].min() >= pd.Timestamp("2020-02-12")
    assert pd.Timestamp("2021-05-25") < orders["ordered_at"].max() < pd.Timestamp("2021-06-01")
    first = orders.groupby("customer_id")["ordered_at"].min().dt.normalize()
    assert first.tolist() == truth["first_order_on"].tolist()
    last = orders.groupby("customer_id")["ordered_at"].max().dt.normalize()
    left = truth.set_index("customer_id")["left_on"].dropna()
    assert (left >= last[left.index]).all()
    unfaded = truth.set_index("customer_id")["fades_from"].isna()
    assert left[unfaded].equals(last[left.index][unfaded].rename("left_on"))


@pytest.mark.parametrize("name", PLAIN)
def test_a_summary_shows_the_customers_of_the_exact_ledger(name):
    """Counts are equal; times to the second, money to the cent."""
    arguments = {**WORLDS[name], "weeks": 70, "seed": 3, "holdout_weeks": 30}
    base = simulate_summary(5000, **arguments).set_index("customer_id")
    ledger = simulate_ledger(5000, exact=True, **arguments)
    orders = ledger.orders.assign(past=ledger.orders["ordered_at"] < pd.Timestamp(ledger.as_of))
    past, ahead = (orders[orders["past"] == side].groupby("customer_id") for side in (True, False))
    assert base["repeat_orders"].equals((past.size() - 1).rename("repeat_orders"))
    number = ahead.size().reindex(base.index, fill_value=0)
    assert base["orders_ahead"].equals(number.rename("orders_ahead"))
    first, last = past["ordered_at"].min(), past["ordered_at"].max()
    week = pd.Timedelta(weeks=1)
    second = 1.01 / 604_800
    np.testing.assert_allclose(base["weeks_first_to_last_order"], (last - first) / week, atol=second)
    np.testing.assert_allclose(
        base["weeks_observed"], (pd.Timestamp(ledger.as_of) - first) / week, atol=second
    )
    np.testing.assert_allclose(
        base["value_ahead"], ahead["amount"].sum().reindex(base.index, fill_value=0), atol=0.006 * 500
    )
    repeats = orders[orders["past"] & (orders.groupby("customer_id").cumcount() > 0)].groupby("customer_id")
    mean = repeats["amount"].mean().reindex(base.index, fill_value=0)
    np.testing.assert_allclose(base["mean_repeat_order_value"], mean, atol=0.0051)
    alive = ledger.alive_at(ledger.as_of)
    assert_series_equal(alive, base["is_alive"], check_index_type=False)
    truth = ledger.truth.set_index("customer_id")[["order_rate_per_week", "leaving_chance"]]
    assert_frame_equal(base[list(truth)], truth, check_exact=True, check_index_type=False)
    check_log_gaps(base, orders[orders["past"]])


def check_log_gaps(base, past):
    """Sums of the logarithms of the gaps, where no gap is so short that seconds matter."""
    gaps = past.groupby("customer_id")["ordered_at"].diff().dt.total_seconds() / 604_800
    log = np.log(gaps.where(gaps > 0)).groupby(past["customer_id"])
    shortest = gaps.groupby(past["customer_id"]).min()
    clear = shortest.index[shortest > 0.01]
    assert len(clear) > 2000
    want = log.sum()[clear]
    error = 1 / 604_800 / 0.01 * base["repeat_orders"][clear]
    assert ((base["sum_log_gap_weeks"][clear] - want).abs() < error).all()
    assert (base["sum_log_gap_weeks"][base["repeat_orders"] == 0] == 0).all()


@pytest.mark.parametrize("world", WORLDS.values(), ids=list(WORLDS))
def test_patron_summarises_the_ledger_as_pandas_does(world):
    """Purchase days before as_of, merged by day here, against `patron.purchase_summary`."""
    ledger = simulate_ledger(
        400, holdout_weeks=20, seed=8, **{**world, "params": {**world.get("params", {}), "r": 4.0}}
    )
    got = patron.purchase_summary(ledger.orders, as_of=ledger.as_of).set_index("customer_id")
    as_of = pd.Timestamp(ledger.as_of)
    past = ledger.orders[ledger.orders["ordered_at"] < as_of]
    days = past.groupby(["customer_id", "ordered_at"], as_index=False)["amount"].sum()
    assert len(days) < len(past) < len(ledger.orders)  # some orders share a day, some come later
    days["gap"] = days.groupby("customer_id")["ordered_at"].diff().dt.days
    one = days.groupby("customer_id")
    first, last = one["ordered_at"].min(), one["ordered_at"].max()
    repeats = days.dropna(subset="gap")
    log_gaps = np.log(repeats["gap"] / 7).groupby(repeats["customer_id"]).sum()
    value = repeats.groupby("customer_id")["amount"].mean()
    want = pd.DataFrame(
        {
            "repeat_orders": one.size() - 1,
            "weeks_first_to_last_order": (last - first).dt.days / 7,
            "weeks_observed": ((as_of - first).dt.days - 1) / 7,
            "mean_repeat_order_value": value.reindex(first.index, fill_value=0.0),
            "sum_log_gap_weeks": log_gaps.reindex(first.index, fill_value=0.0),
        }
    )
    assert_frame_equal(got[list(want)], want, rtol=1e-8, atol=1e-6, check_dtype=False, check_index_type=False)
    assert list(ledger.alive_at(ledger.as_of).index) == list(got.index)


@pytest.mark.parametrize(("ticks", "earlier"), [(DAYS, "1D"), (SECONDS, "1s")])
def test_the_last_moment_before_as_of_is_the_past(ticks, earlier):
    """The float below 100 / 7 weeks times 7 rounds to 100 days, which is as_of; likewise at the end."""
    world = checked_world(1, 100 / 7, 100 / 7, "mbgnbd", None, "spread", 0, [])
    week = np.array([np.nextafter(100 / 7, 0), 100 / 7, np.nextafter(200 / 7, 0)])
    assert week[0] * ticks == 100 * ticks / 7
    lines = Lines(np.zeros(3, np.int64), week, np.ones(3))
    moments = orders_frame(world, lines, ["C00001"], date(2022, 1, 3), ticks)["ordered_at"]
    as_of, end = pd.Timestamp("2022-04-13"), pd.Timestamp("2022-07-22")
    assert moments.tolist() == [as_of - pd.Timedelta(earlier), as_of, end - pd.Timedelta(earlier)]


def test_alive_follows_the_truth():
    """A customer is there from the day after its first order up to the start of the day after it has left."""
    ledger = simulate_ledger(500, weeks=52, holdout_weeks=10, seed=7)
    day = date(2022, 9, 1)
    alive = ledger.alive_at(day)
    truth = ledger.truth.set_index("customer_id")
    begun = truth[truth["first_order_on"].dt.date < day]
    want = [pd.isna(left) or left.date() >= day for left in begun["left_on"]]
    assert alive.index.tolist() == begun.index.tolist()
    assert alive.tolist() == want
    assert 0 < sum(want) < len(want)
    gone = truth["left_on"].dropna()
    name, left = gone.index[0], gone.iloc[0]
    began = truth.loc[name, "first_order_on"]
    assert began <= left
    assert not ledger.alive_at(left.date() + pd.Timedelta(days=1))[name]
    assert name not in ledger.alive_at(began.date())
    assert_series_equal(alive, ledger.alive_at("2022-09-01"))
    assert len(ledger.alive_at(ledger.ends_on)) == 500


@pytest.mark.parametrize("day", [date(2023, 3, 14), "2023-03-14", "soon", None, pd.NaT])
def test_alive_after_the_end_is_not_known(day):
    """The simulation ends on 2023-03-13; a day that is none is refused with the same words."""
    ledger = simulate_ledger(5, weeks=52, holdout_weeks=10)
    assert ledger.ends_on == date(2023, 3, 13)
    with pytest.raises(patron.PatronError, match="day must be a date up to 2023-03-13"):
        ledger.alive_at(day)
