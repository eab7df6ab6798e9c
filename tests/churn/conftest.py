"""Panels whose true chance of churn is known: drawn from a formula, not from a ledger."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from patron.churn import Panel

MakePanel = Callable[..., Panel]


def make_panel(days: list[int], customers: int = 400, seed: int = 3, *, hidden: float = 0.0) -> Panel:
    """Silence and frequency drive churn; `hidden` weighs an interaction that no naive rule can see."""
    rng = np.random.default_rng(seed)
    n = len(days) * customers
    silence, often = rng.integers(1, 180, n).astype(float), rng.integers(1, 30, n).astype(float)
    spend, gap = often * rng.lognormal(4, 0.5, n), rng.integers(5, 90, n).astype(float)
    side, fade = rng.normal(size=n), rng.normal(size=n)
    gap[rng.random(n) < 0.1] = np.nan
    odds = np.log1p(silence) - 1.2 * np.log1p(often) - 1.5 + hidden * np.sign(side * fade)
    features = pd.DataFrame(
        {
            "days_since_last_order": silence,
            "purchase_days_last_365_days": often,
            "spend_last_365_days": spend,
            "median_gap_days": gap,
            "silence_to_median_gap_ratio": silence / gap,
            "no_order_probability": expit(odds / 2 + rng.normal(size=n)),
            "side": side,
            "fade": fade,
        }
    )
    customer = np.array([f"K-{i:04d}" for i in range(customers)] * len(days), dtype=object)
    churned = (rng.random(n) < expit(odds)).astype(np.int64)
    return Panel(features, churned, customer, np.repeat(np.array(days, dtype=np.int64), customers))


@pytest.fixture(scope="session")
def panel() -> Panel:
    """Eight monthly snapshots; trees can learn more than any rule."""
    return make_panel(list(range(0, 240, 30)), hidden=1.5)


@pytest.fixture(scope="session")
def simple_panel() -> Panel:
    """Eight monthly snapshots; nothing to learn beyond recency and frequency."""
    return make_panel(list(range(0, 240, 30)), seed=5)


@pytest.fixture
def panel_of() -> MakePanel:
    """Return the maker itself."""
    return make_panel
