"""Purchase summaries that can be trusted.

In: a frame with one row per customer. Out: plain float arrays, or one error that lists every problem.
Not here: making the summary from orders (``snapshots``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patron.clv.processes.histories import Histories
from patron.errors import PatronError

Floats = NDArray[np.float64]

SUMMARY_COLUMNS = (
    "repeat_orders",
    "weeks_first_to_last_order",
    "weeks_observed",
    "mean_repeat_order_value",
)
_LOG_ROUNDING = 1e-6  # per gap: sums of logs are kept as integers
_MOST_MONEY = 1e15
_ROUNDING = 1e-9  # weeks by which a span may exceed the weeks observed: days / 7 rounds


@dataclass(frozen=True)
class PurchaseRows:
    """The summary as arrays of shape (n,), in the frame's order.

    Parameters
    ----------
    history : Histories
        Repeat orders, weeks from first to last order, weeks observed.
    value : ndarray
        Mean value of the repeat orders.
    log_gaps : ndarray or None
        Sum of the logs of the gaps in weeks, where the frame has it.
    index : pandas.Index
        The frame's index.
    customer_id : ndarray of object or None
        Ids where the frame has them.
    segment : ndarray of object or None
        The attribute by which customers are told apart, as text; None where it is missing.
    """

    history: Histories
    value: Floats
    log_gaps: Floats | None
    index: pd.Index
    customer_id: NDArray[Any] | None
    segment: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.index)

    def take(self, where: NDArray[np.intp]) -> PurchaseRows:
        """Pick some of the rows."""
        return PurchaseRows(
            Histories(*(column[where] for column in self.history)),
            self.value[where],
            None if self.log_gaps is None else self.log_gaps[where],
            self.index[where],
            None if self.customer_id is None else self.customer_id[where],
            None if self.segment is None else self.segment[where],
        )

    def seeds(self) -> Iterator[int]:
        """One 128-bit seed per row: from the customer's id, without ids from the row's values."""
        for row in range(len(self.index)):
            yield int.from_bytes(hashlib.blake2b(self._identity(row), digest_size=16).digest(), "little")

    def _identity(self, row: int) -> bytes:
        if self.customer_id is not None:
            return str(self.customer_id[row]).encode()
        numbers = (*self.history, self.value)
        return np.array([column[row] for column in numbers], dtype="<f8").tobytes()


def read_summary(summary: pd.DataFrame | PurchaseRows, by: str | None = None) -> PurchaseRows:
    """Check a purchase summary and take it apart.

    Parameters
    ----------
    summary : DataFrame, n rows
        See ``CLVModel.fit``. Rows that were read before are taken as they are.
    by : str, optional
        Column that tells segments apart.

    Raises
    ------
    PatronError
        With every problem at once.
    """
    if isinstance(summary, PurchaseRows):
        return summary
    if not (by is None or isinstance(by, str)):
        raise PatronError(f"by must name one column, not {by!r}")
    if not isinstance(summary, pd.DataFrame) and hasattr(summary, "to_pandas"):
        summary = summary.to_pandas()  # Polars, Arrow
    if not isinstance(summary, pd.DataFrame):
        raise PatronError(
            f"a purchase summary is a pandas DataFrame, not a {type(summary).__name__}",
            "make one with patron.purchase_summary(orders, as_of=...)",
        )
    wanted = SUMMARY_COLUMNS if by is None else (*SUMMARY_COLUMNS, by)
    missing = [name for name in wanted if name not in summary.columns]
    if missing:
        raise PatronError(
            f"the purchase summary lacks {', '.join(missing)}; it has {', '.join(map(str, summary.columns))}",
            "make one with patron.purchase_summary(orders, as_of=...)",
        )
    if summary.empty:
        raise PatronError("the purchase summary is empty: there is no customer in it")
    problems: list[str] = []
    columns = [_numbers(summary, name, problems) for name in SUMMARY_COLUMNS]
    log_gaps = _numbers(summary, "sum_log_gap_weeks", problems) if "sum_log_gap_weeks" in summary else None
    if not problems:
        problems = _problems(summary, *columns)
    if not problems and log_gaps is not None:
        problems = _gap_problems(summary, columns[0], columns[1], log_gaps)
    problems += _id_problems(summary)
    if problems:
        raise PatronError(problems, "mend these rows, or leave them out, and try again")
    ids = summary["customer_id"].to_numpy(dtype=object) if "customer_id" in summary.columns else None
    segment = None if by is None else segment_texts(summary[by])
    count, span, observed, value = columns
    return PurchaseRows(Histories(count, span, observed), value, log_gaps, summary.index, ids, segment)


def purchase_rows(
    columns: Mapping[str, Floats], customer_id: NDArray[Any], segment: NDArray[Any] | None = None
) -> PurchaseRows:
    """Make rows of arrays that have been checked.

    Parameters
    ----------
    columns : mapping
        `SUMMARY_COLUMNS` and ``sum_log_gap_weeks``, shape (n,) each.
    customer_id : ndarray of object, shape (n,)
        Ids.
    segment : ndarray, shape (n,), optional
        The attribute that tells customers apart.

    Returns
    -------
    PurchaseRows
    """
    *history, value = (columns[name] for name in SUMMARY_COLUMNS)
    return PurchaseRows(
        Histories(*history),
        value,
        columns["sum_log_gap_weeks"],
        pd.RangeIndex(len(value)),
        customer_id,
        None if segment is None else segment_texts(pd.Series(segment)),
    )


def segment_texts(values: pd.Series) -> NDArray[Any]:
    """Segment of each customer as text, None where it is missing."""
    return np.array([_segment_text(value) for value in values], dtype=object)


def _segment_text(value: Any) -> str | None:
    """Write 1 and 1.0 alike: a column of whole numbers with one missing is a column of floats."""
    if pd.isna(value):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _numbers(summary: pd.DataFrame, name: str, problems: list[str]) -> Floats:
    column = summary[name]
    try:
        # plain floats are looked at where they lie: nothing here changes them
        plain = column.dtype == np.float64
        numbers = column.to_numpy() if plain else column.to_numpy(dtype=np.float64, na_value=np.nan)
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
        (value > _MOST_MONEY, f"mean_repeat_order_value above {_MOST_MONEY:.0e}"),
        (span > observed + _ROUNDING, "weeks_first_to_last_order longer than weeks_observed"),
        ((count == 0) & (span > 0), "weeks_first_to_last_order above 0 without repeat orders"),
        ((count == 0) & (value > 0), "mean_repeat_order_value above 0 without repeat orders"),
    )
    return [_words(summary, bad, words) for bad, words in checks if bad.any()]


def _gap_problems(summary: pd.DataFrame, count: Floats, span: Floats, log_gaps: Floats) -> list[str]:
    """Check the logs of gaps: x gaps that add up to t_x reach x log(t_x / x) at most, all being equal."""
    repeated = count > 0
    with np.errstate(divide="ignore"):
        most = count * np.log(np.where(repeated, span, 1.0) / np.maximum(count, 1.0))
    checks = (
        (~repeated & (log_gaps != 0.0), "sum_log_gap_weeks not 0 without repeat orders"),
        (
            repeated & (log_gaps > most + _LOG_ROUNDING * (1.0 + count)),
            "sum_log_gap_weeks larger than gaps within weeks_first_to_last_order allow (are they in days?)",
        ),
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


def check_weights(sample_weight: ArrayLike | None, rows: int) -> Floats:
    """Read case weights, all ones when there are none.

    Raises
    ------
    PatronError
        When they are not positive numbers, one per row.
    """
    if sample_weight is None:
        return np.ones(rows)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (rows,):
        raise PatronError(f"sample_weight must hold {rows} numbers, one per row, not shape {weight.shape}")
    bad = ~(np.isfinite(weight) & (weight > 0.0))
    if bad.any():
        raise PatronError(
            f"sample_weight must be positive; {int(bad.sum())} are not, for instance {weight[bad][0]}",
            "leave out the rows that stand for nobody",
        )
    return weight


def check_times(weeks: ArrayLike) -> Floats:
    """Read times since a customer's first order, shape (k,), weeks.

    Raises
    ------
    PatronError
        When they are not finite numbers of 0 or more.
    """
    times = np.atleast_1d(np.asarray(weeks, dtype=np.float64))
    if not (np.isfinite(times) & (times >= 0.0)).all():
        raise PatronError("weeks must be finite numbers of 0 or more")
    return times
