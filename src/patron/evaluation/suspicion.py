"""Attributes that know too much: a customer table written later often tells who had left by then."""

from __future__ import annotations

import numpy as np

from patron.churn import Panel
from patron.metrics import auc

#: An honest attribute (industry, size, country) alone rarely ranks churn better than this.
_SUSPICIOUS_AUC = 0.75


def suspicious_attributes(panel: Panel) -> list[str]:
    """Name the attributes that predict the label suspiciously well on their own.

    Parameters
    ----------
    panel : Panel
        Training rows with ``attribute_...`` features.

    Returns
    -------
    list of str
        One warning each, in words.
    """
    warnings = []
    for name in (c for c in panel.features if str(c).startswith("attribute_")):
        ranking = _alone(panel.features[name].to_numpy(dtype=np.float64), panel.churned)
        if ranking is not None and ranking >= _SUSPICIOUS_AUC:
            column = str(name).removeprefix("attribute_")
            warnings.append(
                f"the attribute {column} alone predicts churn with an AUC of {ranking:.2f}: "
                "was it written after the fact? Give it a valid_from date, "
                "or take it out of features.attributes"
            )
    return warnings


def _alone(values: np.ndarray, churned: np.ndarray) -> float | None:
    """Rank by the churn rate of each tenth (or each code) of the values; missing is a group of its own."""
    edges = (
        np.unique(np.nanquantile(values, np.linspace(0, 1, 11)))
        if not np.isnan(values).all()
        else np.empty(0)
    )
    group = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values))
    sizes, lost = np.bincount(group), np.bincount(group, weights=churned)
    rate = lost / np.maximum(sizes, 1)
    return auc(churned, rate[group])
