"""NPS, kinds of churn and intervals: by hand, by simulation, and against the segments' own limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from synthetic_ledger import Line, number, tables_of

from patron.metrics import promoter_groups, wilson_interval
from patron.retention import retention_metrics
from patron.retention.kinds_of_churn import _limits_when_lost
from patron.retention.ledger_days import ledger_days
from patron.retention.shares import promoter_interval
from patron.snapshots import CustomerMerge, CustomerTables, RhythmRule, history_before, own_limits

START, END = number("2024-01-01"), number("2025-01-01")


def events(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Customer, kind, value, day it happened, and optionally: day it was known, respondent."""
    return pd.DataFrame(
        [
            (c, kind, value, number(day), number(rest[0] if rest and rest[0] else day), *rest[1:])
            for c, kind, value, day, *rest in [(*r, *(None,) * (6 - len(r))) for r in rows]
        ],
        columns=["customer_id", "kind", "value", "happened_day", "known_day", "respondent"],
    ).astype({"value": float})


def measured(lines: list[Line], said: pd.DataFrame, active_days: int = 400, **more: Any) -> dict[str, Any]:
    how = {k: more.pop(k) for k in ("nps_scale", "kinds") if k in more}
    tables = tables_of(lines, events=said, **more)
    row = retention_metrics(tables, END, periods=[(START, END)], active_days=active_days, **how).iloc[0]
    return {str(k): v for k, v in row.items()}


BASE = [Line(c, number("2023-12-01"), 1000) for c in "abcdef"]


def test_nps_by_hand() -> None:
    """Promoters: a, b's buyer; passive: c; detractors: b's boss, d. Two answers are impossible."""
    said = events(
        ("a", "nps", 3, "2024-02-01"),
        ("a", "nps", 9, "2024-05-01"),  # the latest counts
        ("b", "nps", 10, "2024-03-01", None, "buyer"),
        ("b", "nps", 0, "2024-03-01", None, "boss"),
        ("c", "nps", 7, "2024-11-30"),
        ("c", "nps", 1, "2024-12-30", "2025-01-01"),  # known too late
        ("d", "nps", 6, "2024-06-01"),
        ("d", "nps", 8, "2024-06-01"),  # the lower one of a day
        ("e", "nps", 10, "2023-12-31"),  # more than 365 days old (a leap year)
        ("e", "nps", 11, "2024-07-01"),
        ("f", "nps", np.nan, "2024-07-01"),
        ("f", "csat", 5, "2024-07-01"),
        ("nobody", "nps", 10, "2024-07-01"),
    )
    row = measured(BASE, said)
    assert [row[f"nps_{n}"] for n in ("promoters", "detractors", "answers", "impossible")] == [2, 2, 5, 2]
    assert row["nps"] == 0.0
    assert row["nps_low"] == pytest.approx(-row["nps_high"])


def test_a_merged_customer_answers_once() -> None:
    """The answer under the old id is replaced by the one under the new id."""
    said = events(
        ("a", "nps", 2, "2024-02-01", None, "a"), ("b", "nps", 9, "2024-08-01", None, "b"),
        ("c", "nps", 9, "2024-08-01", None, "c"))  # fmt: skip
    row = measured(BASE, said, merges=(CustomerMerge("a", "b", number("2024-05-01")),))
    assert [row["nps_answers"], row["nps_promoters"], row["nps"]] == [2, 2, 100.0]


@pytest.mark.parametrize(
    ("scale", "promoters", "detractors"),
    [((0, 10), {9, 10}, set(range(7))), ((1, 10), {9, 10}, set(range(1, 7))), ((1, 5), {5}, {1, 2, 3}),
     ((1, 7), {7}, {1, 2, 3, 4}), ((0, 100), set(range(86, 101)), set(range(65)))],
)  # fmt: skip
def test_other_scales(scale: tuple[int, int], promoters: set[int], detractors: set[int]) -> None:
    """In proportion; on 1 to 10 as everybody does it."""
    answers = np.arange(scale[0], scale[1] + 1)
    groups = promoter_groups(answers, scale)
    assert set(answers[groups == 1]) == promoters
    assert set(answers[groups == -1]) == detractors


@pytest.mark.parametrize(("shares", "n"), [((0.5, 0.2), 40), ((0.7, 0.05), 25), ((0.1, 0.6), 200)])
def test_the_nps_interval_covers(shares: tuple[float, float], n: int) -> None:
    """Of answers drawn with known shares, about 95 % of intervals hold the truth."""
    p, d = shares
    drawn = np.random.default_rng(5).multinomial(n, [p, d, 1 - p - d], size=4000).astype(float)
    low, high = promoter_interval(drawn[:, 0], drawn[:, 1], np.full(4000, float(n)))
    covered = ((low <= 100 * (p - d)) & (100 * (p - d) <= high)).mean()
    assert 0.935 <= covered <= 0.975


def test_wilson_against_scipy() -> None:
    """Also at the ends."""
    for part, whole in ((0, 5), (5, 5), (1, 3), (37, 200)):
        low, high = wilson_interval(np.array([float(part)]), np.array([float(whole)]))
        oracle = binomtest(part, whole).proportion_ci(method="wilson")
        assert (low[0], high[0]) == pytest.approx((oracle.low, oracle.high), abs=1e-12)


def monthly(name: str, first: str, last: str, step: int = 30) -> list[Line]:
    days = range(number(first), number(last) + 1, step)
    return [Line(name, day, 1000, False, f"{name}{day}") for day in days]


#: Active at the start of 2024; all but one were lost within the year, at 120 days of silence.
LEAVERS = [
    *monthly("content", "2023-01-05", "2024-06-05"),
    *monthly("complained", "2023-01-05", "2024-06-05"),
    *monthly("detractor", "2023-01-05", "2024-06-05"),
    *monthly("unhappy", "2023-01-05", "2024-06-05"),
    *monthly("returned", "2023-01-05", "2024-06-05"),
    Line("returned", number("2024-06-20"), -4000, True, "C1"),
    *monthly("tried", "2023-11-05", "2024-01-05"),
    *[Line("rare", number("2024-07-10") - 200 * k, 1000) for k in range(19)],
    *monthly("stays", "2023-01-05", "2024-12-20"),
]
SAID = events(
    ("complained", "complaint", np.nan, "2024-07-15"),
    ("detractor", "nps", 4, "2024-03-01"),
    ("detractor", "nps", 9, "2024-02-01"),
    ("unhappy", "csat", 2, "2024-06-30"),
    ("content", "complaint", np.nan, "2023-05-01"),  # long before
    ("content", "complaint", np.nan, "2024-07-01", "2024-12-01"),  # known when it was gone
    ("content", "nps", 8, "2024-05-01"),
    ("content", "csat", 3, "2024-05-01"),
    ("stays", "complaint", np.nan, "2024-07-01"),
)


def test_kinds_of_churn_by_hand() -> None:
    """Four dissatisfied, one who only tried, one late for its own rhythm, one who orders every 200 days."""
    row = measured(LEAVERS, SAID, active_days=120)
    kinds = ("dissatisfaction", "onboarding", "rhythm", "other")
    assert row["customers_lost"] == 7
    assert [row[f"lost_{k}"] for k in kinds] == [4, 1, 1, 1]


def test_dissatisfaction_comes_first() -> None:
    """A customer who only tried and complained."""
    said = events(("tried", "complaint", np.nan, "2024-02-06"))
    row = measured(LEAVERS, said, active_days=120)
    assert (row["lost_dissatisfaction"], row["lost_onboarding"]) == (2, 0)  # and the returns


@pytest.mark.parametrize("day", ["2023-03-01", "2024-05-01"])
def test_own_limits_are_those_of_the_segments(plain_tables: CustomerTables, day: str) -> None:
    """One definition of lateness, by another route: as if everybody were lost on the first of a month."""
    as_of = number(day)
    days = ledger_days(plain_tables, number("2024-06-30"))
    expected = own_limits(history_before(plain_tables, as_of), RhythmRule()).set_index("customer_id")
    lost = np.isin(days.customer_id, expected.index.to_numpy(object))
    lost_day = np.full(len(lost), as_of)
    found = pd.Series(_limits_when_lost(days, lost, lost_day, as_of, RhythmRule()), index=days.customer_id)
    assert found[expected.index].to_numpy() == pytest.approx(expected["limit_days"].to_numpy())
    assert np.isinf(found[~lost]).all()


def test_kinds_of_churn_do_not_depend_on_how_the_calendar_is_cut() -> None:
    """Accounts that order every 200 days are lost in spring; the base is slow then, fast by the year's end.

    In spring its gap is 90 days (of those still ordering) to 200, so limits are at least 134 days: not late
    after 121. By the end of the year it is 5 days, which would make the limit 31.
    """
    lines = []
    for k in range(8):
        lines += [Line(f"slow{k}", number("2023-11-05") + 5 * k - 200 * n, 1000) for n in range(4)]
        turn = number("2024-02-01")
        days = (*range(number("2022-06-01"), turn, 90), *range(turn, END, 5))
        lines += [Line(f"base{k}", day, 1000) for day in days]
    counted = ["customers_lost", "lost_other", "lost_rhythm"]
    for every in ("month", "quarter", "year"):
        table = retention_metrics(tables_of(lines), END, every=every, active_days=120, start_day=START)
        assert table[counted].sum().tolist() == [8, 8, 0], every
