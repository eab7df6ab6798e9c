"""The draw: whole groups, balanced strata, the same for the same seed, uniform over draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patron.campaigns import assign, detectable
from patron.campaigns.assign import draw_arms
from patron.campaigns.power import power_of
from patron.errors import NotEnoughData, PatronError


def accounts(n: int = 120, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    ids = [f"{i:03d}" for i in range(n)]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "group_id": [f"{i - i % 3 if i < 30 else i:03d}" for i in range(n)],
            "tier": rng.choice(["at_risk", "standard"], n),
            "lifecycle_stage": rng.choice(["mature", "declining", "new"], n, p=[0.5, 0.48, 0.02]),
            "value_at_risk": rng.lognormal(5, 1.5, n),
            "churn_probability": rng.uniform(0.1, 0.7, n),
            "margin_before": rng.lognormal(7, 1.2, n),
        }
    )


def test_groups_stay_together_and_strata_are_balanced() -> None:
    """Treated groups of a stratum are within one of the share; nobody is lost."""
    rows = assign(accounts(), treated_share=0.5, seed=7)
    assert sorted(rows["customer_id"]) == sorted(accounts()["customer_id"])
    assert rows.groupby("group_id")["arm"].nunique().max() == 1
    groups = rows.drop_duplicates("group_id")
    shares = groups.groupby("stratum")["arm"].agg(treated=lambda arm: arm.eq("treatment").sum(), n="size")
    assert ((shares["treated"] - shares["n"] / 2).abs() <= 1).all()
    assert abs(groups["arm"].eq("treatment").sum() - len(groups) / 2) <= 1
    assert shares["n"].sum() == len(groups)


def test_the_order_of_the_rows_leaves_no_trace() -> None:
    """Shuffled rows, same arms; another seed, others."""
    rows = assign(accounts(), treated_share=0.3, seed=7)
    shuffled = assign(accounts().sample(frac=1, random_state=1), treated_share=0.3, seed=7)
    pd.testing.assert_frame_equal(rows, shuffled)
    assert not rows["arm"].equals(assign(accounts(), treated_share=0.3, seed=8)["arm"])


def test_every_group_has_the_same_chance() -> None:
    """Over 4,000 draws each is treated as often as the share says, within four standard errors."""
    stratum, rng = np.repeat([0, 1, 2], [5, 8, 4]), np.random.default_rng(3)
    often = sum(draw_arms(stratum, 0.4, rng).astype(int) for _ in range(4000)) / 4000
    assert np.abs(often - 0.4).max() < 4 * np.sqrt(0.4 * 0.6 / 4000)


def test_what_cannot_be_drawn_is_refused() -> None:
    """Nobody for an arm, an account twice, two accounts."""
    with pytest.raises(PatronError, match="leaves nobody for an arm"):
        assign(accounts(), treated_share=1.0, seed=1)
    with pytest.raises(PatronError, match="stands twice"):
        assign(pd.concat([accounts(5), accounts(5)]), treated_share=0.5, seed=1)
    with pytest.raises(NotEnoughData, match="two of each at least"):
        assign(accounts(2), treated_share=0.5, seed=1)


def test_detectable_is_what_the_textbook_says_for_equal_accounts() -> None:
    """400 accounts that leave with 30 %: (1.96 + .84) x sqrt(2 x .3 x .7 / 200), within a twentieth."""
    rows = accounts(400).assign(churn_probability=0.3, group_id=[f"{i}" for i in range(400)])
    design = assign(rows, treated_share=0.5, seed=1)
    found = detectable(design, [1.0], treated_share=0.5, window_share=0.25, draws=1000, seed=2)
    expected = (1.959964 + 0.841621) * np.sqrt(2 * 0.3 * 0.7 / 200)
    assert found["sizes"][1]["accounts"] == 400
    assert found["sizes"][1]["retention"] == pytest.approx(expected, rel=0.05)
    assert found["sizes"][3]["retention"] == pytest.approx(expected / 2, rel=0.05)


def test_power_is_the_share_that_is_found() -> None:
    """A difference of 2.8 errors is found four times in five, none once in twenty."""
    draw = np.random.default_rng(4).normal(size=40_000)
    ones, many = np.ones(40_000), np.full(40_000, 1e6)
    assert power_of(draw, ones, many, 2.8016, 0.05) == pytest.approx(0.8, abs=0.01)
    assert power_of(draw, ones, many, 0.0, 0.05) == pytest.approx(0.05, abs=0.005)
