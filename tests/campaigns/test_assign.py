"""The draw: whole groups, balanced strata, the same for the same seed, uniform over draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr

from patron.campaigns import assign, detectable, difference_in_means
from patron.campaigns.assign import draw_arms
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
    """200 accounts that leave with 30 %: two binomial shares, 1.96 + .84 errors apart, within 3 errors."""
    rows = accounts(200).assign(churn_probability=0.3, group_id=[f"{i}" for i in range(200)])
    design = assign(rows, treated_share=0.5, seed=1)
    found = detectable(design, [1.0], treated_share=0.5, window_share=0.25, draws=500, seed=2)["sizes"]
    for place, size in ((1, 200), (2, 400)):
        expected = brentq(lambda d, n=size: shown_by(d, n) - 0.8, 0.01, 0.3)
        assert found[place]["accounts"] == size
        assert found[place]["retention"] == pytest.approx(expected, rel=0.07)
        assert found[place]["retention_save_rate"] == pytest.approx(expected / 0.3, rel=0.07)


def shown_by(difference: float, accounts: int) -> float:
    """Power of a comparison of two shares, one of them .3."""
    lower = 0.3 - difference
    error = np.sqrt(2 * (0.3 * 0.7 + lower * (1 - lower)) / accounts)
    return float(ndtr(difference / error - 1.959964))


@pytest.mark.slow
def test_the_promise_is_kept() -> None:
    """Campaigns with the save rate that was promised: 80 % find it, within three binomial errors of both."""
    base = accounts(120).assign(
        churn_probability=np.linspace(0.2, 0.8, 120),
        margin_before=np.geomspace(10, 1e5, 120),
        group_id=[f"{i}" for i in range(120)],
    )
    design = assign(base, treated_share=0.5, seed=1)
    row = detectable(design, [1.0], treated_share=0.5, window_share=0.25, draws=500, seed=2)["sizes"][1]
    rng, found = np.random.default_rng(3), 0
    for seed in range(400):
        drawn = assign(base, treated_share=0.5, seed=seed)
        treated = drawn["arm"].eq("treatment").to_numpy()
        lowered = drawn["churn_probability"].to_numpy() * np.where(treated, 1 - row["retention_save_rate"], 1)
        stayed = (rng.random(120) >= lowered).astype(float)
        known = np.log1p(drawn["margin_before"].to_numpy())
        effect = difference_in_means(stayed, treated, strata=drawn["stratum"], covariate=known)
        found += not effect.low <= 0 <= effect.high
    assert found / 400 == pytest.approx(0.8, abs=3 * np.sqrt(0.16 * (1 / 400 + 1 / 500)))
