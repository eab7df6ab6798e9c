"""How far two definitions agree: on outcomes, and on whom to call.

In:  outcomes of the same customers, or two rankings. Out: plain numbers, None where nothing can be said.
Not here: where they come from (`evaluation.label_audit`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from patron.metrics import spearman

#: A tenth of fewer customers is a coincidence.
_FEWEST_CUSTOMERS = 20


def agreement(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    """Compare two outcomes of the same customers.

    Parameters
    ----------
    first, second : numpy.ndarray of int, shape (n,)
        0 or 1.

    Returns
    -------
    dict
        ``n``, ``share_equal``, and ``kappa``: what is left of the agreement after chance (Cohen 1960), None
        where chance alone agrees on everybody.

    References
    ----------
    Cohen, J. (1960), "A coefficient of agreement for nominal scales", Educational and Psychological
    Measurement 20(1), 37-46.

    Examples
    --------
    >>> agreement(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]))
    {'n': 4, 'share_equal': 0.75, 'kappa': 0.5}
    """
    n = len(first)
    if n == 0:
        return {"n": 0, "share_equal": None, "kappa": None}
    equal, (a, b) = float((first == second).mean()), (float(first.mean()), float(second.mean()))
    by_chance = a * b + (1 - a) * (1 - b)
    kappa = (equal - by_chance) / (1 - by_chance) if by_chance < 1 else None
    return {"n": n, "share_equal": equal, "kappa": kappa}


def likeness(risk: pd.Series, chosen: pd.Series | None) -> dict[str, Any]:
    """Compare two rankings on the customers that both hold.

    Parameters
    ----------
    risk, chosen : pandas.Series
        Scores that rise with the risk, indexed by customer; no `chosen`, no comparison.

    Returns
    -------
    dict
        ``n_common``, ``spearman`` (rank correlation) and ``top_decile_overlap`` (share of the riskiest tenth
        by one that is in the riskiest tenth by the other).
    """
    nothing = {"n_common": 0, "spearman": None, "top_decile_overlap": None}
    if chosen is None:
        return nothing
    both = pd.DataFrame({"risk": risk, "chosen": chosen}).dropna().sort_index()
    if len(both) < _FEWEST_CUSTOMERS:
        return nothing | {"n_common": len(both)}
    top = len(both) // 10
    riskiest = [set(both[name].nlargest(top).index) for name in both]
    return {
        "n_common": len(both),
        "spearman": spearman(both["chosen"].to_numpy(), both["risk"].to_numpy()),
        "top_decile_overlap": len(riskiest[0] & riskiest[1]) / top,
    }
