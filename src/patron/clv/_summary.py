"""Purchase summaries that can be trusted.

In: a frame with one row per customer. Out: plain float arrays, or one error that lists every problem.
Not here: making the summary from orders (``snapshots``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.errors import PatronError

Floats = NDArray[np.float64]

SUMMARY_COLUMNS = (
    "repeat_orders",
    "weeks_first_to_last_order",
    "weeks_observed",
    "mean_repeat_order_value",
)
_ROUNDING = 1e-9  # weeks by which a span may exceed the weeks observed: days / 7 rounds


@dataclass(frozen=True)
class PurchaseRows:
    """The summary as arrays of shape (n,), in the frame's order.

    Parameters
    ----------
    repeat_orders, span, observed, value : ndarray, shape (n,)
        Repeat orders; weeks from first to last order; weeks observed; mean value of the repeat orders.
    index : pandas.Index
        The frame's index.
    customer_id : tuple of hashable or None
        Ids where the frame has them.
    """

    repeat_orders: Floats
    span: Floats
    observed: Floats
    value: Floats
    index: pd.Index
    customer_id: tuple[Hashable, ...] | None

    @property
    def history(self) -> tuple[Floats, Floats, Floats]:
        """The three statistics of the purchase process."""
        return self.repeat_orders, self.span, self.observed

    def seeds(self) -> Iterator[int]:
        """One 128-bit seed per row: from the customer's id, without ids from the row's values."""
        for row in range(len(self.index)):
            yield int.from_bytes(hashlib.blake2b(self._identity(row), digest_size=16).digest(), "little")

    def _identity(self, row: int) -> bytes:
        if self.customer_id is not None:
            return str(self.customer_id[row]).encode()
        numbers = (self.repeat_orders, self.span, self.observed, self.value)
        return np.array([column[row] for column in numbers], dtype="<f8").tobytes()


def read_summary(summary: pd.DataFrame) -> PurchaseRows:
    """Check a purchase summary and take it apart.

    Raises
    ------
    PatronError
        With every problem at once.
    """
    if not isinstance(summary, pd.DataFrame):
        raise PatronError(
            f"a purchase summary is a pandas DataFrame, not a {type(summary).__name__}",
            "make one with patron.purchase_summary(orders, as_of=...)",
        )
    missing = [name for name in SUMMARY_COLUMNS if name not in summary.columns]
    if missing:
        raise PatronError(
            f"the purchase summary lacks {', '.join(missing)}; it has {', '.join(map(str, summary.columns))}",
            "make one with patron.purchase_summary(orders, as_of=...)",
        )
    if summary.empty:
        raise PatronError("the purchase summary is empty: there is no customer in it")
    problems: list[str] = []
    columns = [_numbers(summary, name, problems) for name in SUMMARY_COLUMNS]
    if not problems:
        problems = _problems(summary, *columns)
    problems += _id_problems(summary)
    if problems:
        raise PatronError(problems, "mend these rows, or leave them out, and try again")
    ids = tuple(summary["customer_id"]) if "customer_id" in summary.columns else None
    count, span, observed, value = columns
    return PurchaseRows(count, span, observed, value, summary.index, ids)


def _numbers(summary: pd.DataFrame, name: str, problems: list[str]) -> Floats:
    try:
        numbers = summary[name].to_numpy(dtype=np.float64, na_value=np.nan).copy()
    except (TypeError, ValueError):
        problems.append(f"{name} is not numeric (dtype {summary[name].dtype})")
        return np.zeros(len(summary))
    bad = ~np.isfinite(numbers)
    if bad.any():
        problems.append(_words(summary, bad, f"{name} missing or infinite"))
    return numbers


def _problems(
    summary: pd.DataFrame, count: Floats, span: Floats, observed: Floats, value: Floats
) -> list[str]:
    checks = (
        (count < 0, "repeat_orders negative"),
        (count != np.floor(count), "repeat_orders not a whole number"),
        (span < 0, "weeks_first_to_last_order negative"),
        (observed < 0, "weeks_observed negative"),
        (value < 0, "mean_repeat_order_value negative"),
        (span > observed + _ROUNDING, "weeks_first_to_last_order longer than weeks_observed"),
        ((count == 0) & (span > 0), "weeks_first_to_last_order above 0 without repeat orders"),
        ((count == 0) & (value > 0), "mean_repeat_order_value above 0 without repeat orders"),
    )
    return [_words(summary, bad, words) for bad, words in checks if bad.any()]


def _id_problems(summary: pd.DataFrame) -> list[str]:
    if "customer_id" not in summary.columns:
        return []
    bad = summary["customer_id"].isna().to_numpy(dtype=bool)
    return [_words(summary, bad, "customer_id missing")] if bad.any() else []


def _words(summary: pd.DataFrame, bad: NDArray[np.bool_], what: str) -> str:
    first = int(np.flatnonzero(bad)[0])
    named = "customer_id" in summary.columns and pd.notna(summary["customer_id"].iloc[first])
    who = f"customer {summary['customer_id'].iloc[first]}" if named else f"row {summary.index[first]!r}"
    rows = int(bad.sum())
    return f"{what} in {rows} row{'s' if rows > 1 else ''}, for instance {who}"
