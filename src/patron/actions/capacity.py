"""Who fits on the list: the best of each owner, as many as the owner can call.

In:  one expected gain per customer, the owner, how many an owner can call.
Out: rank within the owner, and whether that is within capacity.
Not here: what the gain is (`worklist`, `win_back`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def ranked_within_owner(customers: pd.DataFrame, gain: str) -> pd.DataFrame:
    """Sort customers by what they are worth calling for, and number them for each owner.

    Gains of customers do not depend on each other and every call takes one place, so the largest gains of
    each owner have the largest possible sum.

    Parameters
    ----------
    customers : pandas.DataFrame, shape (n, ...)
        With ``customer_id``, ``owner`` (None: nobody's, a list of its own) and the column `gain`.
    gain : str
        Column to rank by, largest first; ties by ``customer_id``.

    Returns
    -------
    pandas.DataFrame, shape (n, ...)
        Sorted, with ``owner_rank`` from 1.

    Examples
    --------
    >>> base = pd.DataFrame({"customer_id": list("bac"), "owner": ["X", "X", None], "gain": [5.0, 5, 9]})
    >>> ranked_within_owner(base, "gain")[["customer_id", "owner_rank"]].values.tolist()
    [['c', 1], ['a', 1], ['b', 2]]
    """
    key = customers[gain].to_numpy(dtype=np.float64)
    ids = customers["customer_id"].astype(str).to_numpy(dtype=object)
    order = sorted(range(len(customers)), key=lambda i: (-key[i], ids[i]))
    ranked = customers.iloc[order].reset_index(drop=True)
    return ranked.assign(owner_rank=ranked.groupby("owner", dropna=False).cumcount().astype("int64") + 1)
