"""Whether what a user's function returned is one row of numbers per customer.

In:  whatever a function returned.
Out: a frame of float64 columns, or every problem in words.
Not here: calling the function (`custom`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def numbers_of(made: Any, known: set[str]) -> tuple[pd.DataFrame, list[str]]:
    """Look at a function's result.

    Parameters
    ----------
    made : object
        What it returned.
    known : set of str
        Customers in the history that it was given.

    Returns
    -------
    frame : pandas.DataFrame
        ``customer_id`` (sorted) and float64 columns in the function's order; of no use with problems.
    problems : list of str
        All that is wrong, in words.
    """
    shaped, problems = _shaped(made)
    if not problems:
        problems = _about_customers(shaped, known) + _about_columns(shaped)
    return (shaped, problems) if problems else (_as_numbers(shaped), [])


def _shaped(made: Any) -> tuple[pd.DataFrame, list[str]]:
    """Bring customer_id to the front; say what keeps the result from being a frame of customers."""
    if not isinstance(made, pd.DataFrame):
        what = "nothing (None)" if made is None else f"a {type(made).__name__}"
        more = " Add .reset_index() to the Series." if isinstance(made, pd.Series) else ""
        must = "it must return a pandas DataFrame with customer_id and columns of numbers"
        return pd.DataFrame(), [f"it returned {what}; {must}.{more}"]
    if "customer_id" not in made and made.index.name == "customer_id":
        made = made.reset_index()
    names = list(made.columns)
    others = [name for name in names if name != "customer_id"]
    if "customer_id" not in names:
        return made, [f"customer_id is missing; it returned {listed(names)}"]
    if not others:
        return made, ["it returned customer_id and nothing else; add a column of numbers"]
    odd = [name for name in others if not (isinstance(name, str) and name.isidentifier() and len(name) <= 60)]
    if odd:
        return made, [f"{odd[0]!r} cannot name a column; use letters, digits and '_', at most 60"]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return made, [f"{listed(twice)} is returned more than once"]
    return made[["customer_id", *others]], []


def _about_customers(made: pd.DataFrame, known: set[str]) -> list[str]:
    ids, problems = made["customer_id"], []
    if ids.isna().any():
        problems.append(f"{int(ids.isna().sum()):,} rows have no customer_id")
    twice = ids[ids.duplicated()].dropna()
    if len(twice):
        problems.append(
            f"{twice.nunique():,} customers have more than one row, e.g. {twice.iloc[0]!r}; return one each"
        )
    strange = [i for i in ids.dropna().unique() if i not in known]
    if strange:
        problems.append(
            f"{len(strange):,} customers are not in the history, e.g. {strange[0]!r}; "
            "return customer_id as it was given"
        )
    return problems


def _about_columns(made: pd.DataFrame) -> list[str]:
    problems = []
    for name in list(made)[1:]:
        column = made[name]
        numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column)
        if not numeric:
            advice = "; use .dt.days" if column.dtype.kind == "m" else "; make it a number"
            problems.append(f"the column {name} holds {column.dtype}, not numbers{advice}")
            continue
        infinite = np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
        if infinite.any():
            who = made["customer_id"][infinite].iloc[0]
            problems.append(
                f"the column {name} is infinite for {int(infinite.sum()):,} customers, e.g. {who!r} "
                "(divided by 0?); leave it missing"
            )
    return problems


def _as_numbers(made: pd.DataFrame) -> pd.DataFrame:
    columns = {
        name: made[name].to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # no negative zero
        for name in list(made)[1:]
    }
    frame = pd.DataFrame({"customer_id": made["customer_id"].astype(str).to_numpy(), **columns})
    return frame.sort_values("customer_id", ignore_index=True)


def listed(names: Sequence[Any]) -> str:
    """Write names one after the other."""
    return ", ".join(str(name) for name in names) or "no column"
