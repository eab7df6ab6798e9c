"""Rows for fitting, in an order of their own.

In: statistics per customer, in whatever order the frame had. Out: the same rows in an order that depends on
nothing but themselves, equal histories joined. Not here: reading frames (``_summary``), fitting.

The last bits of a sum of floats depend on the order of its terms; sorted rows make the fitted parameters
independent of the frame's order. Sorting must cost less than the fit: whole days are packed into an integer.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Keys = NDArray[np.unsignedinteger]

_DAYS_PER_WEEK = 7.0
_OFF_GRID = 1e-6  # days; weeks are days / 7, rounded
_IRRATIONAL = tuple(math.sqrt(n) for n in (2, 3, 5, 7, 11))  # so that different rows mix to different numbers
_FRACTION_BITS = 32  # of sums of log gaps, as in the ledger's customer-day table


class FitRows(NamedTuple):
    """What the purchase processes are fitted to.

    Parameters
    ----------
    count, span, observed : ndarray, shape (n,)
        Repeat orders (x); weeks from first to last order (t_x); weeks observed (T).
    weight : ndarray, shape (n,)
        How many customers a row stands for.
    log_gaps : ndarray, shape (n,), or None
        Sum of the logs of the gaps between a customer's orders, in weeks; of joined rows their mean.
    """

    count: Floats  # type: ignore[assignment]  # a tuple counts, too
    span: Floats
    observed: Floats
    weight: Floats
    log_gaps: Floats | None = None

    @property
    def customers(self) -> float:
        """How many customers the rows stand for."""
        return float(self.weight.sum())


def in_own_order(rows: FitRows) -> FitRows:
    """Sort the rows by their own values; on a grid of whole days join equal histories.

    Parameters
    ----------
    rows : FitRows
        At least one, in any order.

    Returns
    -------
    FitRows

    Examples
    --------
    >>> import numpy as np
    >>> two, one = np.array([2.0, 0.0, 2.0]), np.ones(3)
    >>> joined = in_own_order(FitRows(two, two, one + 3, one))
    >>> joined.count.tolist(), joined.weight.tolist()
    ([0.0, 2.0], [1.0, 2.0])
    """
    packed = _packed(rows) if bool((rows.weight == 1.0).all()) else None
    if packed is None:
        return _by_value(rows)
    key, day_bits = packed
    if rows.log_gaps is None:
        key.sort()
        return _unpacked(key, day_bits, None)
    order = np.argsort(key)  # the order of equal keys does not matter: integers are added
    return _unpacked(key[order], day_bits, rows.log_gaps[order])


def spend_in_own_order(count: Floats, value: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Sort repeat customers by number of orders, then by mean order value.

    Parameters
    ----------
    count, value, weight : ndarray, shape (n,)
        Repeat orders, their mean value (currency units), how many customers a row stands for.

    Returns
    -------
    tuple of ndarray, shape (n,)
        The same three.
    """
    few = count.size > 0 and float(count.max()) <= np.iinfo(np.uint16).max
    if not (few and bool((weight == 1.0).all())):
        order = np.lexsort((weight, value, count))
        return count[order], value[order], weight[order]
    small = count.astype(np.uint16)
    # 16-bit numbers are sorted by radix; then the values of each number of orders by themselves
    value = value[np.argsort(small, kind="stable")]
    copies = np.bincount(small)
    ends = np.cumsum(copies)
    for end in np.flatnonzero(copies).tolist():
        value[ends[end] - copies[end] : ends[end]].sort()
    return np.repeat(np.arange(copies.size, dtype=np.float64), copies), value, weight


def _packed(rows: FitRows) -> tuple[Keys, int] | None:
    """One integer per history, and the bits of a day in it; None where it does not fit or days are broken."""
    days = [_whole(weeks * _DAYS_PER_WEEK) for weeks in (rows.observed, rows.span)]
    observed, span = days
    if observed is None or span is None:
        return None
    day_bits = int(max(observed.max(), span.max())).bit_length()
    bits = int(rows.count.max()).bit_length() + 2 * day_bits
    if bits > 64 or min(observed.min(), span.min()) < 0:
        return None
    small = np.dtype(np.uint32 if bits <= 32 else np.uint64)  # half the bits sort in half the time
    key: Keys = rows.count.astype(small)
    for part in (observed, span):
        np.left_shift(key, small.type(day_bits), out=key)
        np.bitwise_or(key, part.astype(small), out=key)
    return key, day_bits


def _whole(days: Floats) -> Floats | None:
    whole = np.rint(days)
    days -= whole
    return whole if float(days.max()) < _OFF_GRID and float(days.min()) > -_OFF_GRID else None


def _unpacked(key: Keys, day_bits: int, log_gaps: Floats | None) -> FitRows:
    """Take sorted keys apart, each once, with its number of rows as weight."""
    new = np.ones(key.size, dtype=np.bool_)
    np.not_equal(key[1:], key[:-1], out=new[1:])
    start = np.flatnonzero(new)
    weight = np.diff(start, append=key.size).astype(np.float64)
    joined, bits = key[start], key.dtype.type(day_bits)
    mask = key.dtype.type(2**day_bits - 1)
    observed, span = ((part & mask).astype(np.float64) / _DAYS_PER_WEEK for part in (joined >> bits, joined))
    count = (joined >> bits >> bits).astype(np.float64)
    means = None if log_gaps is None else _run_means(log_gaps, start, weight)
    return FitRows(count, span, observed, weight, means)


def _run_means(values: Floats, start: NDArray[np.intp], weight: Floats) -> Floats:
    """Means of runs, from sums of integers: their order within a run is not known."""
    largest = float(np.abs(values).max()) * values.size + 1.0
    bits = min(_FRACTION_BITS, 62 - math.ceil(math.log2(largest)))
    whole = np.rint(np.ldexp(values, bits)).astype(np.int64)
    means: Floats = np.ldexp(np.add.reduceat(whole, start).astype(np.float64) / weight, -bits)
    return means


def _by_value(rows: FitRows) -> FitRows:
    """Sort by one number mixed of all columns: much faster than by several columns."""
    columns = [column for column in rows if column is not None and np.ptp(column) > 0.0]
    mixed = np.zeros_like(rows.count)
    for column, factor in zip(columns, _IRRATIONAL, strict=False):
        mixed += column * factor
    order = np.argsort(mixed)
    mixed = mixed[order]
    same = np.flatnonzero(mixed[1:] == mixed[:-1])
    below, above = order[same], order[same + 1]
    if any(bool((column[below] != column[above]).any()) for column in columns):
        order = np.lexsort(columns)  # two different rows mixed to the same number
    return FitRows(*(None if column is None else column[order] for column in rows))  # type: ignore[arg-type]
