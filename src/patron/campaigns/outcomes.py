"""What the accounts of a campaign did in its window, and in the year before it.

In:  the customer tables and the ids that were assigned.
Out: one row per id, in the order given.
Not here: who was assigned what (`files`), any comparison (`effects`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patron.snapshots import CustomerTables, history_before, purchase_days_between


def campaign_outcomes(
    tables: CustomerTables,
    customer_ids: Sequence[str],
    *,
    start_day: int,
    window_days: int,
    covariate_days: int,
    margin: float = 1.0,
    minor_digits: int = 2,
) -> pd.DataFrame:
    """Return outcome and pre-period of every id.

    An id that was re-keyed since has the orders of its new id. Refunds count on their own day. Margin is that
    of the order lines where they carry costs, else net revenue x the customer's margin as known on
    ``start_day``, else x ``margin``.

    Parameters
    ----------
    tables : CustomerTables
        All days.
    customer_ids : sequence of str
        Assigned ids.
    start_day : int
        First day of the window, days since 1970-01-01.
    window_days, covariate_days : int
        Days after and before it.
    margin : float
        Margin / revenue where nothing else tells.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    DataFrame
        ``customer_id``, ``retained`` (a purchase day in the window), ``margin``, ``margin_before`` (currency
        units), ``is_known`` (any row in the ledger before the window's end).
    """
    end_day, unit = start_day + window_days, 10**minor_digits
    ids = pd.Index(customer_ids)
    before = purchase_days_between(tables, start_day - covariate_days, start_day).set_index("customer_id")
    window = purchase_days_between(tables, start_day, end_day).set_index("customer_id")
    attributes = history_before(tables, start_day).attributes
    ratio = _ratios(attributes, ids, margin)
    first_day = -(10**6)
    known = purchase_days_between(tables, first_day, end_day)["customer_id"]
    return pd.DataFrame(
        {
            "customer_id": list(customer_ids),
            "retained": window["purchase_days"].reindex(ids).fillna(0).gt(0).to_numpy(),
            "margin": _margin(window, ids, ratio) / unit,
            "margin_before": _margin(before, ids, ratio) / unit,
            "is_known": ids.isin(known),
        }
    )


def _margin(found: pd.DataFrame, ids: pd.Index, ratio: np.ndarray) -> np.ndarray:
    """Return the net margin in minor units; 0 for ids without a row."""
    has_cost = "net_margin" in found
    money = found["net_margin" if has_cost else "net_spend"].reindex(ids).fillna(0).to_numpy(dtype=np.float64)
    return money if has_cost else money * ratio


def _ratios(attributes: pd.DataFrame | None, ids: pd.Index, default: float) -> np.ndarray:
    if attributes is None or "margin" not in attributes:
        return np.full(len(ids), default)
    own = attributes.drop_duplicates("customer_id", keep="last").set_index("customer_id")["margin"]
    return own.reindex(ids).astype(np.float64).fillna(default).to_numpy()
