"""Label `rhythm`: limits by hand, the bounds of its window, who is judged, and an oracle on every engine."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from plain_days import plain_days
from synthetic_ledger import ENGINES, Line, number, tables_of

from patron.labels import ChurnLabel, label_customers
from patron.snapshots import CustomerMerge, RhythmRule, history_before, limit_days, own_limits

AS_OF = 1000


def buys(customer: str, *days: int) -> list[Line]:
    return [Line(customer, day, 500, False, f"{customer}-{day}") for day in days]


def judged(
    rows: Sequence[Line], label: ChurnLabel, merges: tuple[CustomerMerge, ...] = ()
) -> dict[str, tuple[int, float]]:
    tables = tables_of(rows, merges=merges)
    frame = label_customers(label, history_before(tables, AS_OF), tables)
    return {c: (y, w) for c, y, w in frame.itertuples(index=False, name=None)}


def always(days: float, horizon: int = 30) -> ChurnLabel:
    """A label under which every customer has the same limit."""
    return ChurnLabel("rhythm", horizon, 1, min_days=days, max_days=days)


def test_limits_are_shrunk_to_the_median_customer() -> None:
    """Own gaps of 20 and 80, three each, base 50: the geometric means with it."""
    rows = [*buys("a", 900, 920, 940, 960), *buys("b", 740, 820, 900, 980), *buys("once", 990)]
    known = own_limits(history_before(tables_of(rows), AS_OF), RhythmRule()).set_index("customer_id")
    assert known["silence_days"].to_dict() == {"a": 40, "b": 20, "once": 10}
    found = known["limit_days"].to_dict()
    assert found == pytest.approx({"a": math.sqrt(20 * 50), "b": math.sqrt(80 * 50), "once": 50.0}, rel=1e-9)


def test_the_base_is_who_bought_within_a_year() -> None:
    """A customer silent for 366 days has no say in what is usual; its own limit is shrunk all the same."""
    rows = [*buys("gone", 233, 433, 633, 634), *buys("a", 900, 940, 980)]
    history = history_before(tables_of(rows), AS_OF)
    assert RhythmRule().fitted(history).base_gap_days == 40
    alone = history_before(tables_of(buys("gone", 234, 434, 634)), AS_OF)
    assert RhythmRule().fitted(alone).base_gap_days == 200


def test_a_base_without_gaps_falls_back_to_three_months() -> None:
    """Every customer bought once."""
    history = history_before(tables_of(buys("a", 990)), AS_OF)
    assert RhythmRule().fitted(history).base_gap_days == 3 * 30.4375


def test_a_stored_base_gap_makes_a_row_stand_alone() -> None:
    """The same customer beside others and alone."""
    rows = [*buys("a", 900, 920, 940, 960), *buys("b", 740, 820, 900, 980)]
    rule = RhythmRule().fitted(history_before(tables_of(rows), AS_OF))
    both, alone = (own_limits(history_before(tables_of(r), AS_OF), rule) for r in (rows, rows[:4]))
    assert both[both["customer_id"] == "a"].to_numpy().tolist() == alone.to_numpy().tolist()


def test_limits_that_are_whole_days_are_whole_numbers() -> None:
    """Logarithms and back must not put a customer on the other side of its limit."""
    days = np.arange(31.0, 400.0)
    assert limit_days(np.full(days.size, 5.0), days, 1.0).min() == 30
    found = [limit_days(np.array([7.0]), np.array([d]), d)[0] for d in days.tolist()]
    assert found == days.tolist()


@pytest.mark.parametrize(
    ("orders_after", "churned"),
    [((), 1), ((1000,), 0), ((1019,), 0), ((1020,), 0), ((1021,), 1), ((1021, 1010), 0)],
)
def test_the_window_ends_with_the_day_of_the_limit(orders_after: tuple[int, ...], churned: int) -> None:
    """Last order on day 980, limit 40 days: an order on day 1020 is not late, on 1021 it is."""
    assert judged(buys("a", 980, *orders_after), always(40)) == {"a": (churned, 20.0)}


@pytest.mark.parametrize(("last", "window"), [(960, 0.0), (959, None), (989, 29.0), (990, None), (999, None)])
def test_who_is_judged(last: int, window: float | None) -> None:
    """Limit 40, horizon 30: silent for 11 to 40 days; past the limit has lapsed, sooner is not at risk."""
    found = judged(buys("a", last), always(40))
    assert found == ({} if window is None else {"a": (1, window)})


def test_a_limit_between_two_days() -> None:
    """Silent for 20.5 days is unusual: an order after 20 days is on time, after 21 it is late."""
    assert judged(buys("a", 990, 1010), always(20.5)) == {"a": (0, 10.5)}
    assert judged(buys("a", 990, 1011), always(20.5)) == {"a": (1, 10.5)}


def test_money_back_is_no_order() -> None:
    """Neither a refund nor an order that is cancelled on its day saves a customer."""
    refund = Line("a", 1005, -500, True, "C1")
    same_day = [*buys("a", 1006), Line("a", 1006, -500, True, "C2")]
    assert judged([*buys("a", 980), refund, *same_day], always(40)) == {"a": (1, 20.0)}


def test_a_re_keyed_customer_orders_under_its_new_id() -> None:
    """In time, and too late."""
    merges = (CustomerMerge("a", "b", 1003),)
    assert judged([*buys("a", 980), *buys("b", 1010)], always(40), merges)["a"] == (0, 20.0)
    assert judged([*buys("a", 980), *buys("b", 1021)], always(40), merges)["a"] == (1, 20.0)


def plain_outcomes(rows: list[Line], day: int, horizon: int, quantile: float) -> dict[str, tuple[int, float]]:
    """Write the label down a second time, in plain Python."""
    days: dict[str, list[int]] = defaultdict(list)
    for row in plain_days(rows):
        if row[2] > 0:
            days[row[0]].append(row[1])
    past = {c: [d for d in found if d < day] for c, found in days.items()}
    gaps = {c: [b - a for a, b in pairwise(d)] for c, d in past.items() if d}
    own = {c: float(np.quantile(g, quantile)) for c, g in gaps.items() if g}
    base = float(np.median([q for c, q in own.items() if past[c][-1] >= day - 365]))
    result = {}
    for c, g in gaps.items():
        logs = (len(g) * math.log(own.get(c, 1.0)) + 3 * math.log(base)) / (len(g) + 3)
        limit = min(max(math.exp(logs), 25), 120)
        end = past[c][-1] + limit
        if day <= end < day + horizon:
            came = any(day <= d <= end + 1e-9 for d in days[c])
            result[c] = (int(not came), end - day)
    return result


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_equal_the_plain_oracle(engine: str, ledger_rows: list[Line]) -> None:
    """Every customer of the synthetic ledger, on every engine, with other settings than the defaults."""
    day = number("2024-01-15")
    label = ChurnLabel("rhythm", 60, 180, quantile=0.8, min_days=25, max_days=120)
    tables = tables_of(ledger_rows, engine=engine)
    frame = label_customers(label, history_before(tables, day), tables)
    expected = plain_outcomes(ledger_rows, day, 60, 0.8)
    assert frame["customer_id"].tolist() == sorted(expected)
    assert frame["churned"].tolist() == [expected[c][0] for c in frame["customer_id"]]
    windows = [expected[c][1] for c in frame["customer_id"]]
    np.testing.assert_allclose(frame["window_days"].to_numpy(), windows, atol=1e-6)
    assert 0.1 < frame["churned"].mean() < 0.9
    assert pd.api.types.is_integer_dtype(frame["churned"])
