"""Whether sums of money stay exact: beyond 2^53 minor units they would not, and that is an error.

In:  order lines. Out: nothing, or an error that names a customer.
Not here: single amounts (the ledger sets aside those beyond the same limit).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from patron.errors import LedgerError
from patron.snapshots.aggregate import Aggregate, aggregate
from patron.snapshots.merges import CustomerMerge, merge_customers, rename

#: Whole numbers up to here are exact in a float64, and so are all sums of a customer's money.
LARGEST_MINOR = 2**53
_FOR_EVER = 2**31 - 1


def check_amounts(lines: nw.LazyFrame[Any], merges: Sequence[CustomerMerge] = ()) -> None:
    """Refuse lines of which some customer's money cannot be summed exactly.

    Parameters
    ----------
    lines : narwhals.LazyFrame
        ``customer_id``, ``amount_minor`` and optionally ``cost_minor``.
    merges : sequence of CustomerMerge
        Customers whose sums are added up.

    Raises
    ------
    LedgerError
        If amounts or costs of a customer, signs aside, come to more than `LARGEST_MINOR`.
    """
    columns = {"amount_minor", "cost_minor"} & set(lines.collect_schema().names())
    # in floats, which do not wrap around
    sizes = {name: nw.col(name).abs().cast(nw.Float64) for name in sorted(columns)}
    totals = lines.select(**{name: size.sum() for name, size in sizes.items()}).collect().to_pandas()
    if not (totals.to_numpy(dtype=float) > LARGEST_MINOR).any():
        return
    each = aggregate(
        rename(lines, names) if (names := merge_customers(merges, _FOR_EVER)) else lines,
        ["customer_id"],
        {name: Aggregate(size, "float_sum") for name, size in sizes.items()},
    )
    for name in sizes:
        beyond = each.filter(nw.col(name) > LARGEST_MINOR).collect().to_pandas()
        if len(beyond):
            raise LedgerError(_too_much(name, dict(zip(beyond["customer_id"], beyond[name], strict=True))))


def _too_much(name: str, beyond: Mapping[str, float]) -> str:
    customer = min(beyond)
    return (
        f"{name.removesuffix('_minor')}: the lines of {len(beyond):,} customers come to more than "
        f"{LARGEST_MINOR:,} of the currency's smallest units, beyond which sums are not exact, e.g. "
        f"'{customer}' with {beyond[customer]:.4g}. Check the column and the currency, or bring amounts in "
        "thousands."
    )
