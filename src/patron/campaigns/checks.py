"""Was the campaign carried out as drawn: sample ratio and balance.

In:  the accounts of a campaign with what was known of them before.
Out: the sample-ratio test, one row of balance per column.
Not here: any effect.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from patron.campaigns.effects import difference_in_means

#: Below this p-value the arms are not the ones that were drawn (Fabijan and others 2019, KDD).
MISMATCH_P = 0.001
#: Columns of the assignment that were known before the draw.
KNOWN_BEFORE = ("churn_probability", "value_at_risk", "clv", "margin_before")


class SampleRatio(NamedTuple):
    """Are the arms as large as they should be: exact binomial test, two-sided."""

    p_value: float
    is_mismatch: bool


class Balance(NamedTuple):
    """One column known before: the difference in pooled standard deviations, and its p-value."""

    column: str
    standardised_difference: float
    p_value: float


def sample_ratio(n_treated: int, n_control: int, treated_share: float) -> SampleRatio:
    """Test the sizes of the arms against the share that was planned.

    Parameters
    ----------
    n_treated, n_control : int
        What was assigned independently: groups.
    treated_share : float
        Planned, between 0 and 1.

    Returns
    -------
    SampleRatio

    Examples
    --------
    >>> sample_ratio(505, 495, 0.5).is_mismatch, sample_ratio(600, 400, 0.5).is_mismatch
    (False, True)
    """
    if n_treated + n_control == 0:
        return SampleRatio(1.0, False)
    p_value = float(binomtest(n_treated, n_treated + n_control, treated_share).pvalue)
    return SampleRatio(p_value, p_value < MISMATCH_P)


def balance(accounts: pd.DataFrame) -> list[Balance]:
    """Compare the arms in what was known before.

    Parameters
    ----------
    accounts : DataFrame
        ``arm``, ``group_id`` and any of `KNOWN_BEFORE`; rows without a value are left out of that column.

    Returns
    -------
    list of Balance
        Columns that vary and have two groups in each arm.
    """
    rows = []
    for column in (name for name in KNOWN_BEFORE if name in accounts):
        known = accounts[accounts[column].notna()]
        treated = known["arm"].eq("treatment").to_numpy()
        groups = known["group_id"].to_numpy()
        if min(len(np.unique(groups[treated])), len(np.unique(groups[~treated]))) < 2:
            continue
        values = known[column].to_numpy(dtype=float)
        spread = float(np.sqrt((values[treated].var(ddof=1) + values[~treated].var(ddof=1)) / 2))
        if spread > 0:
            effect = difference_in_means(values, treated, groups=groups)
            rows.append(Balance(column, effect.estimate / spread, effect.p_value))
    return rows
