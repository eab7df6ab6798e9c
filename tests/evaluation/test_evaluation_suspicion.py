"""Attributes that were written after the fact."""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.churn import Panel
from patron.evaluation import suspicious_attributes


def panel_with(attribute: np.ndarray, churned: np.ndarray) -> Panel:
    features = pd.DataFrame(
        {"days_since_last_order": np.arange(len(churned), dtype=float), "attribute_seen": attribute}
    )
    ids = np.array([str(i) for i in range(len(churned))], dtype=object)
    return Panel(features, churned, ids, np.zeros(len(churned), dtype=np.int64))


def test_an_attribute_that_tells_who_left_is_named() -> None:
    """Missing for those who left: the table was made later."""
    churned = np.tile([0, 1], 100)
    [warning] = suspicious_attributes(panel_with(np.where(churned == 1, np.nan, 5.0), churned))
    assert "the attribute seen alone predicts churn with an AUC of 1.00" in warning


def test_an_attribute_that_tells_nothing_is_not() -> None:
    """Independent of the outcome."""
    random = np.random.default_rng(1)
    churned = random.integers(0, 2, 4000)
    assert suspicious_attributes(panel_with(random.integers(0, 5, 4000).astype(float), churned)) == []
