"""The numbers behind the pictures of a value model, against counts by hand, quadrature and closed forms."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import beta

from patron.clv import CLVModel
from patron.clv.pictures import alive_grid, frequency_classes, order_value_shares
from patron.clv.tracking import tracking
from patron.errors import NotEnoughData, PatronError
from patron.ledger import load_ledger, materialise
from patron.snapshots import customer_tables, to_day

R, ALPHA, A, B, P, Q, V = 0.9, 5.0, 0.8, 3.1, 4.0, 3.0, 60.0
MODEL = CLVModel.from_params("mbgnbd", {"r": R, "alpha": ALPHA, "a": A, "b": B, "p": P, "q": Q, "v": V})
ORDERS = [
    ("ann", "2021-01-04"), ("ann", "2021-01-14"), ("ann", "2021-02-01"), ("ann", "2021-03-20"),
    ("bob", "2021-01-10"), ("bob", "2021-03-02"),
    ("cid", "2021-02-28"), ("cid", "2021-02-28"),
    ("dot", "2021-03-01"), ("dot", "2021-03-02"),  # first seen on the day of the cut: in neither curve
]  # fmt: skip
CUT, END = "2021-03-01", "2021-04-01"


def tables_of(orders):
    frame = pd.DataFrame(
        [(*order, 10.0) for order in orders], columns=["customer_id", "ordered_at", "amount"]
    )
    return customer_tables(load_ledger(frame, as_of="2030-01-01", duplicates="keep").lines, keep=materialise)


def repeat_orders_by_quadrature(weeks):
    """E over p ~ Beta(a, b), lambda ~ Gamma(r, alpha) of (1 - p) (1 - exp(-lambda p t)) / p."""
    leaving = beta(A, B)
    return quad(
        lambda p: leaving.pdf(p) * (1 - p) / p * (1 - (ALPHA / (ALPHA + p * weeks)) ** R), 0, 1, limit=200
    )[0]


@pytest.fixture(scope="module")
def tracked():
    return tracking(MODEL, tables_of(ORDERS), to_day(CUT), to_day(END))


def test_actual_is_a_count_of_repeat_days(tracked):
    """By hand: two orders of one day are one purchase day, the first day is no repeat."""
    first = to_day("2021-01-04")
    repeats = ["2021-01-14", "2021-02-01", "2021-03-02", "2021-03-20"]
    expected = [sum(to_day(day) < first + days for day in repeats) for days in tracked["days"]]
    assert tracked["actual"] == expected
    assert tracked["customers"] == 3
    assert tracked["held_out"]["actual"] == 2


def test_expected_is_the_sum_over_customers_by_quadrature(tracked):
    """Each customer known by then is seen to the day before, as in the purchase summary."""
    start = to_day("2021-01-04")
    firsts = [to_day(day) for day in ("2021-01-04", "2021-01-10", "2021-02-28")]
    for days, told in zip(tracked["days"], tracked["expected"], strict=True):
        seen = [(start + days - 1 - first) / 7 for first in firsts if first < start + days]
        # written with six digits
        assert told == pytest.approx(sum(map(repeat_orders_by_quadrature, seen)), rel=5e-6, abs=1e-12)
    at = dict(zip(tracked["days"], tracked["expected"], strict=True))
    gain = at[to_day(END) - start] - at[to_day(CUT) - start]
    assert tracked["held_out"]["expected"] == pytest.approx(gain, rel=1e-4)


def test_weeks_run_from_the_cut_to_both_ends(tracked):
    """The cut is one of the points, so that the held-out part begins there."""
    assert tracked["days"] == [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 87]
    assert (tracked["first_day"], tracked["cut"], tracked["as_of"]) == ("2021-01-04", CUT, END)


def test_many_years_stay_small():
    """Twenty years in at most 262 points, the ends and the cut among them."""
    found = tracking(
        MODEL, tables_of([*ORDERS, ("old", "2001-01-01"), ("old", "2001-06-01")]), to_day(CUT), to_day(END)
    )
    assert len(found["days"]) <= 262
    assert {0, to_day(CUT) - to_day("2001-01-01"), to_day(END) - to_day("2001-01-01")} <= set(found["days"])
    assert found["actual"][-1] == 5


def test_the_order_of_the_lines_does_not_matter(tracked):
    """To the bit."""
    assert tracking(MODEL, tables_of(ORDERS[::-1]), to_day(CUT), to_day(END)) == tracked


def test_tracking_refuses_what_holds_nothing():
    """Nobody known before the cut; a cut after the end."""
    with pytest.raises(NotEnoughData, match="nobody ordered before 2021-01-04"):
        tracking(MODEL, tables_of(ORDERS), to_day("2021-01-04"), to_day(END))
    with pytest.raises(PatronError, match="must lie before the end"):
        tracking(MODEL, tables_of(ORDERS), to_day(END), to_day(END))


def test_frequency_classes_by_hand():
    """0, 1, .. 7+; classes without customers are left out."""
    before = [0, 0, 1, 1, 1, 6, 7, 30]
    expected = [0.1, 0.2, 0.5, 0.6, 0.7, 2.0, 3.0, 9.0]
    actual = [0, 1, 0, 0, 3, 2, 1, 12]
    rows = frequency_classes(before, expected, actual)
    assert [(row["at_least"], row["at_most"], row["n"]) for row in rows] == [
        (0, 0, 2), (1, 1, 3), (6, 6, 1), (7, None, 2),
    ]  # fmt: skip
    assert [row["expected_orders"] for row in rows] == pytest.approx([0.15, 0.6, 2.0, 6.0], rel=1e-15)
    assert [row["actual_orders"] for row in rows] == pytest.approx([0.5, 1.0, 2.0, 6.5], rel=1e-15)


def test_frequent_buyers_get_wide_classes():
    """More than a third with seven or more: classes that double; nobody is lost."""
    before = np.arange(200)
    rows = frequency_classes(before, before * 0.1, before * 0.2)
    assert [(row["at_least"], row["at_most"]) for row in rows] == [
        (0, 0), (1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 63), (64, None),
    ]  # fmt: skip
    assert sum(row["n"] for row in rows) == 200
    total = sum(row["n"] * row["expected_orders"] for row in rows)
    assert total == pytest.approx(before.sum() * 0.1, rel=1e-12)


def test_frequency_classes_refuse_arrays_that_do_not_fit():
    """Of one length, and not empty."""
    with pytest.raises(PatronError, match="must be of one length and not empty"):
        frequency_classes([1, 2], [1.0], [1.0])
    with pytest.raises(PatronError, match="must be of one length and not empty"):
        frequency_classes([], [], [])


def summary_of(repeats, weeks=30.0, value=50.0):
    repeats = np.asarray(repeats, dtype=float)
    return pd.DataFrame(
        {
            "repeat_orders": repeats,
            "weeks_first_to_last_order": np.where(repeats > 0, weeks / 2, 0.0),
            "weeks_observed": weeks,
            "mean_repeat_order_value": np.where(repeats > 0, value, 0.0),
        }
    )


def test_the_chance_of_being_alive_is_the_papers():
    """P(alive) of the MBG/NBD in closed form, in every cell; None where the orders do not fit in."""
    grid = alive_grid(MODEL, summary_of([0, 1, 2, 3, 12, 12], weeks=30.2))
    assert grid["weeks_observed"] == 30
    assert grid["orders"] == [2, 3, 4, 5, 7, 9, 13]
    assert grid["weeks_of_silence"] == list(range(0, 30, 3))
    for orders, line in zip(grid["orders"], grid["alive_probability"], strict=True):
        for silence, told in zip(grid["weeks_of_silence"], line, strict=True):
            x, ratio = orders - 1, (ALPHA + 30) / (ALPHA + 30 - silence)
            assert told == pytest.approx(1 / (1 + A / (B + x) * ratio ** (R + x)), abs=5.1e-5)


def test_the_turning_point_is_where_the_chance_is_one_half():
    """Closed form: silence = T - (alpha + T) (a / (b + x))^(1 / (r + x)) + alpha, up to a day."""
    grid = alive_grid(MODEL, summary_of([1, 2, 4, 8, 8, 8]))
    for orders, told in zip(grid["orders"], grid["weeks_until_half"], strict=True):
        x = orders - 1
        exact = ALPHA + 30 - (ALPHA + 30) * (A / (B + x)) ** (1 / (R + x))
        assert 0 <= told - exact <= 1 / 7 + 0.005


def test_cells_without_room_for_the_orders_are_empty():
    """Twelve repeat orders need twelve days before the silence begins."""
    grid = alive_grid(MODEL, summary_of([12], weeks=3.0))
    last = dict(zip(grid["orders"], grid["alive_probability"], strict=True))[13]
    assert grid["weeks_of_silence"] == [0, 1, 2]
    assert [share is None for share in last] == [False, False, True]


@pytest.mark.parametrize("most", [1, 16, 40, 300, 5000])
def test_never_more_than_eight_rows_and_thirteen_columns(most):
    """From two orders up to what hardly anybody exceeds."""
    grid = alive_grid(MODEL, summary_of([most] * 3, weeks=1000.0))
    assert grid["orders"][0] == 2
    assert most / 4 <= grid["orders"][-1] - 1 <= most
    assert len(grid["orders"]) <= 8
    assert len(grid["weeks_of_silence"]) <= 13


def test_segments_do_not_stand_in_the_way():
    """A model with parameters by industry draws the whole base's."""
    model = CLVModel.from_params("mbgnbd", MODEL.params_, by="industry")
    base = summary_of([1, 2, 3]).assign(industry="paper")
    assert alive_grid(model, base) == alive_grid(MODEL, base)


def density(z, x):
    """Fader & Hardie (2013), equation (1a)."""
    log = -betaln(P * x, Q) + Q * np.log(V) + (P * x - 1) * np.log(z) + P * x * np.log(x)
    return np.exp(log - (P * x + Q) * np.log(V + x * z))


def test_expected_shares_are_the_density_over_each_bin():
    """By quadrature, averaged over the customers' numbers of orders; actual by hand."""
    random = np.random.default_rng(3)
    base = summary_of(random.choice([0, 1, 2, 7], 300))
    values = V * random.gamma(P, size=300) / random.gamma(Q, size=300)
    base["mean_repeat_order_value"] = np.where(base["repeat_orders"] > 0, values, 0.0)
    found = order_value_shares(MODEL, base)
    repeats = base[base["repeat_orders"] > 0]
    assert found["customers"] == len(repeats)
    bins = zip(found["edges"], found["edges"][1:], found["expected"], found["actual"], strict=False)
    for low, high, expected, actual in bins:
        of_x = {x: quad(density, low, high, args=(x,))[0] for x in (1, 2, 7)}
        assert expected == pytest.approx(repeats["repeat_orders"].map(of_x).mean(), rel=2e-5)
        inside = repeats["mean_repeat_order_value"].between(low, high, inclusive="left")
        assert actual == pytest.approx(inside.mean(), abs=1e-6)
    assert 0.99 <= sum(found["actual"]) <= 1.0
    assert 8 <= len(found["actual"]) <= 40


def test_the_largest_gap_is_that_of_the_cumulative_shares():
    """Everybody spends the same: on one side of the edges there is nobody, on the other everybody."""
    found = order_value_shares(MODEL, summary_of([2] * 50, value=100.0))
    below = [quad(density, 0, edge, args=(2,))[0] for edge in found["edges"]]
    gaps = [abs((edge > 100.0) - share) for edge, share in zip(found["edges"], below, strict=True)]
    assert found["largest_gap"] == pytest.approx(max(gaps), rel=1e-5)


def test_without_repeat_orders_there_is_nothing_to_show():
    """None, not a picture of nobody."""
    assert order_value_shares(MODEL, summary_of([0, 0])) is None


def test_all_of_it_is_json_without_customers(tracked):
    """Plain numbers: what is written reads back, and no id is in it."""
    base = summary_of([1, 2, 3, 9]).assign(customer_id=["ann", "bob", "cid", "dot"])
    parts = {
        "tracking": tracked,
        "classes": frequency_classes(base["repeat_orders"], [0.1] * 4, [0] * 4),
        "grid": alive_grid(MODEL, base),
        "values": order_value_shares(MODEL, base),
    }
    written = json.dumps(parts, allow_nan=False)
    assert json.loads(written) == parts
    assert len(written) < 6000
    assert [name for name in base["customer_id"] if name in written] == []


def test_rows_in_another_order_give_the_same_bits(cdnow):
    """Sums are exact, or of whole numbers."""
    model = CLVModel(purchases="mbgnbd").fit(cdnow)
    mixed = cdnow.sample(frac=1, random_state=1)
    expected = pd.Series(model.expected_orders(cdnow, 39), cdnow.index)
    ahead = expected.round()
    assert order_value_shares(model, mixed) == order_value_shares(model, cdnow)
    assert alive_grid(model, mixed) == alive_grid(model, cdnow)
    one, two = (
        frequency_classes(rows["repeat_orders"], expected[rows.index], ahead[rows.index])
        for rows in (cdnow, mixed)
    )
    assert one == two
