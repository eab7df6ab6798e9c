"""Who takes part: counted in disjoint windows, with the thresholds on either side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from patron.churn import Panel
from patron.churn.ladder import LEARNED, Ladder, ladder_of, sample_size

HORIZON = 60


def panel_with(churners: dict[int, int], customers: int = 200) -> Panel:
    """Snapshot day -> how many of its customers churn."""
    day = np.repeat(np.array(list(churners), dtype=np.int64), customers)
    churned = np.concatenate([np.arange(customers) < count for count in churners.values()]).astype(np.int64)
    who = np.array([f"K-{i}" for i in range(customers)] * len(churners), dtype=object)
    return Panel(pd.DataFrame({"side": np.zeros(len(day))}), churned, who, day)


def ladder(panel: Panel, wanted: str = "auto", columns: tuple[str, ...] = ("side",)) -> Ladder:
    """Decide at sixty days."""
    return ladder_of(panel, HORIZON, wanted, columns)


def test_the_sample_is_counted_in_disjoint_windows_only() -> None:
    """From the newest back: 120, 60, 0; what churned at 30 and 90 is in those windows already."""
    found = sample_size(panel_with({0: 1, 30: 150, 60: 2, 90: 150, 120: 4}), HORIZON)
    assert found == (3, 200, 7)


def test_the_rarer_kind_may_be_those_who_stay() -> None:
    """Of 200 each, all but 3 churn twice."""
    assert sample_size(panel_with({0: 197, 60: 197}), HORIZON).rarer == 6


def test_a_finer_grid_of_snapshots_adds_no_evidence() -> None:
    """Sixteen snapshots instead of four: the same windows, the same outcomes."""
    coarse = panel_with(dict.fromkeys(range(0, 240, 60), 10))
    fine = panel_with(dict.fromkeys([*range(0, 180, 15), 180], 10))
    assert sample_size(fine, HORIZON) == sample_size(coarse, HORIZON)
    assert ladder(fine) == ladder(coarse)


@pytest.mark.parametrize(
    ("each", "learned"),
    [
        ((33, 33, 34), LEARNED),
        ((33, 33, 33), ("logistic",)),
        ((6, 7, 7), ("logistic",)),
        ((6, 6, 7), ()),
    ],
    ids=["100", "99", "20", "19"],
)
def test_outcomes_of_the_rarer_kind_decide(each: tuple[int, int, int], learned: tuple[str, ...]) -> None:
    """A hundred for the trees and the averages, twenty for the regression."""
    found = ladder(panel_with(dict(zip((0, 60, 120), each, strict=True))))
    assert found.learned == learned
    assert (found.too_little is None) is (learned == LEARNED)


@pytest.mark.parametrize(("customers", "trees"), [(50, True), (49, False)])
def test_fifty_customers_are_enough(customers: int, trees: bool) -> None:
    """Eight windows of them, so that outcomes are no question."""
    found = ladder(panel_with(dict.fromkeys(range(0, 480, 60), 20), customers=customers))
    assert ("lightgbm" in found.learned) is trees


def test_two_windows_are_too_few_however_many_churn() -> None:
    """And all three numbers are said, with what would be enough."""
    found = ladder(panel_with({0: 90, 60: 90}))
    assert found.learned == ("logistic",)
    assert found.too_little is not None
    assert "2 disjoint window(s), 200 customers and 180 outcomes" in found.too_little
    assert "too little for LightGBM (it needs 3, 50 and 100)" in found.too_little


def test_sixty_accounts_of_whom_one_in_five_churns_get_the_regression() -> None:
    """Two years of quarters: enough customers and windows, 84 outcomes in them: no trees."""
    found = ladder_of(panel_with(dict.fromkeys(range(0, 630, 30), 12), customers=60), 90, "auto", ["side"])
    assert found.size == (7, 60, 84)
    assert found.learned == ("logistic",)


def test_sixty_accounts_of_whom_few_leave_get_no_learned_model() -> None:
    """Two a quarter over two years."""
    found = ladder_of(panel_with(dict.fromkeys(range(0, 630, 30), 2), customers=60), 90, "auto", ["side"])
    assert found.size.rarer == 14
    assert found.learned == ()


@pytest.mark.parametrize(
    ("wanted", "learned"),
    [
        ("lightgbm", LEARNED),
        ("average", LEARNED),
        ("logistic", ("logistic",)),
        ("rule", ()),
        ("btyd", ()),
    ],
)
def test_what_is_asked_for_takes_part_whatever_the_size(wanted: str, learned: tuple[str, ...]) -> None:
    """One small snapshot."""
    assert ladder(panel_with({0: 3}, customers=9), wanted).learned == learned


@pytest.mark.parametrize("outcome", [0, 200])
@pytest.mark.parametrize("wanted", ["auto", "lightgbm", "logistic"])
def test_one_outcome_leaves_nothing_to_learn(wanted: str, outcome: int) -> None:
    """Not even on request."""
    found = ladder(panel_with({0: outcome, 60: outcome, 120: outcome}), wanted)
    assert found.learned == ()
    assert found.too_little is not None
    assert "same outcome" in found.too_little


def test_without_a_column_nothing_is_learned(panel_of: Callable[..., Panel]) -> None:
    """A config may name a group that this ledger cannot fill."""
    found = ladder(panel_of(list(range(0, 240, 30))), columns=())
    assert found.learned == ()
    assert found.too_little is not None
    assert "features" in found.too_little
