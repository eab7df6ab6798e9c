"""The win-back list: customers who have lapsed, ranked by what they would be worth once they order again.

In:  scores and what stands beside them, the terms of a call.
Out: one row per account in rank order, or one row per candidate with the reason why it is left off.
Not here: customers who are still active (`worklist`).

A lapsed customer has no churn probability and no value at risk: it has left already. Its place in the list is
``clv_if_kept``, the margin expected within the CLV horizon given that it orders again. How likely it comes
back is not in that figure, and no save rate is applied to it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.actions.accounts import NOTHING, Beside, accounts, day_of_scores, deadlines
from patron.actions.columns import WORKLIST_COLUMNS, WorklistColumn
from patron.actions.recall import with_memory
from patron.actions.worklist import NO_GAIN, NO_VALUE, USUAL_TERMS, CallTerms, listed, within_capacity

_VALUE = WorklistColumn("money", "Value once it orders again (margin)", "再次下单后的价值（毛利）", 14)
_WITHOUT = ("risk_x_value_low", "risk_x_value_high", "value_at_risk", "churn_probability", "churn_risk")

#: The worklist's columns without those that a lapsed customer cannot have, ``clv_if_kept`` in place of risk x
#: value.
WIN_BACK_COLUMNS: dict[str, WorklistColumn] = {
    ("clv_if_kept" if name == "risk_x_value" else name): (_VALUE if name == "risk_x_value" else column)
    for name, column in WORKLIST_COLUMNS.items()
    if name not in _WITHOUT
}


def win_back_list(
    scores: pd.DataFrame, terms: CallTerms = USUAL_TERMS, beside: Beside = NOTHING
) -> pd.DataFrame:
    """Make the ranked list of lapsed customers to win back.

    Parameters
    ----------
    scores : pandas.DataFrame, shape (n, ...)
        Score rows of one day.
    terms : CallTerms
        Capacity, per owner and beside that of the worklist; cost: a customer that would not earn it is left
        off.
    beside : Beside
        As for `worklist`.

    Returns
    -------
    pandas.DataFrame
        `WIN_BACK_COLUMNS` in rank order; ``attrs["left_off"]`` as in `worklist`.

    Examples
    --------
    >>> scores = pd.DataFrame({"customer_id": ["07", "08"], "as_of": "2024-07-01",
    ...     "status": ["lapsed", "scored"], "clv_if_kept": [100.0, 400.0], "value_tier": "potential"})
    >>> win_back_list(scores)[["customer_id", "clv_if_kept"]].values.tolist()
    [['07', 100.0]]
    """
    return listed_win_back(judged_win_back(scores, terms, beside))


def listed_win_back(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the accounts on the list out of `judged_win_back`."""
    return listed(judged, WIN_BACK_COLUMNS)


def judged_win_back(
    scores: pd.DataFrame, terms: CallTerms = USUAL_TERMS, beside: Beside = NOTHING
) -> pd.DataFrame:
    """Judge every lapsed customer; one without a ``clv_if_kept`` is left off as ``no_value``.

    Parameters
    ----------
    scores, terms, beside
        As in `win_back_list`.

    Returns
    -------
    pandas.DataFrame
        Every candidate once, as in `judged_calls`. Nobody is "not due": the usual day has passed long ago.
    """
    if "clv_if_kept" not in scores or scores.empty:
        return _nobody()
    rows = accounts(scores[scores["status"] == "lapsed"], beside)
    if rows.empty:
        return _nobody()
    as_of = day_of_scores(scores)
    due_on = [as_of] * len(rows)
    values = pd.to_numeric(rows["clv_if_kept"]).to_numpy(dtype=np.float64, na_value=np.nan)
    rows = rows.assign(
        due_on=due_on,
        deadline_on=deadlines(due_on, rows["within_days"].to_numpy()),
        clv_if_kept=np.round(values, 2),
    )
    rows = with_memory(rows, beside, as_of, terms.cooldown_days)
    off = rows["left_off"].where(rows["left_off"].notna(), None)
    off = off.mask(off.isna() & rows["clv_if_kept"].isna(), NO_VALUE)
    off = off.mask(off.isna() & ~(rows["clv_if_kept"] > terms.cost), NO_GAIN)
    return within_capacity(rows.assign(left_off=off), "clv_if_kept", terms.capacity)


def _nobody() -> pd.DataFrame:
    names = (*WIN_BACK_COLUMNS, "left_off", "left_off_detail")
    return pd.DataFrame({name: [] for name in names}, dtype=object)
