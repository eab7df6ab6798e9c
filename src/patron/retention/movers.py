"""Who went up, who fell, who came back: single customers whose tier changed between two days.

In:  two frames of one row per customer.
Out: one row per customer who moved, the largest change of revenue first.
Not here: the matrix, and how the two days are made comparable (`retention.migration`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from patron.retention.migration import ABSENT, side_by_side

#: What a move is called.
DIRECTIONS = ("up", "down", "to_at_risk", "won_back", "new")
_LADDER = {"standard": 0, "potential": 1, "high_value": 2}


def movers(
    then: pd.DataFrame, now: pd.DataFrame, *, renamed: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """List the customers whose tier is another one than before, and those who are new.

    Parameters
    ----------
    then, now : pandas.DataFrame
        As in `migration`.
    renamed : mapping, optional
        Old id -> new id of customers re-keyed in between (`snapshots.merge_customers`).

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``tier_then`` (``absent`` for a new customer), ``tier_now``, ``direction`` (``new``:
        not a customer then; ``to_at_risk``; ``won_back``: from at risk to any other; ``up`` and ``down``
        between standard, potential and high value), ``revenue_then``, ``revenue_now`` (currency, last 365
        days before each day), ``revenue_change``; the largest change first, whichever its sign, ties by
        customer. Customers who are only in `then` are counted by `migration` and not listed.

    Raises
    ------
    PatronError
        As in `migration`.

    Examples
    --------
    >>> then = pd.DataFrame({"customer_id": ["a", "b"], "tier": ["high_value", "standard"],
    ...                      "revenue_last_12_months": [900.0, 80.0]})
    >>> movers(then, then.assign(tier=["at_risk", "standard"]))[["customer_id", "direction"]].values.tolist()
    [['a', 'to_at_risk']]
    """
    both = side_by_side(then, now, "tier", renamed)
    before, after = both["tier_then"], both["tier_now"]
    has_moved = (before != after) & (after != ABSENT)
    is_up = after.map(_LADDER) > before.map(_LADDER)
    direction = np.select(
        [before == ABSENT, after == "at_risk", before == "at_risk", is_up],
        ["new", "to_at_risk", "won_back", "up"],
        "down",
    )
    # rounded, so that 0.1 + 0.2 - 0.3 of one currency unit is no change of money
    change = (both["revenue_now"] - both["revenue_then"]).round(9)
    rows = both.assign(direction=direction, revenue_change=change)[has_moved]
    rows = rows.assign(size=rows["revenue_change"].abs())
    rows = rows.sort_values(["size", "customer_id"], ascending=[False, True], ignore_index=True)
    columns = ["customer_id", "tier_then", "tier_now", "direction"]
    return rows[[*columns, "revenue_then", "revenue_now", "revenue_change"]]
