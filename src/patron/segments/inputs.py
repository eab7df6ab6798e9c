"""What tiers and stages are made of, on one day: silence, the last year, the same half-year last year."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from patron.clv import customer_margins, net_ratios
from patron.snapshots import Aggregate, History, aggregate, count, quantile, total

_YEAR = 365
_HALF_YEAR = 180


def segment_inputs(history: History) -> pd.DataFrame:
    """Summarise each customer's days before `as_of`.

    Parameters
    ----------
    history : History
        What was known before ``as_of``.

    Returns
    -------
    pandas.DataFrame
        Sorted by ``customer_id``, customers with a purchase day only: ``first_day``, ``last_day``,
        ``purchase_days``, ``gaps``, ``gap_median``, ``gap_q90`` (days; missing without a gap), and in the
        last 365 days ``orders_year``, ``purchase_days_year``, ``revenue_year`` (minor units, spend less
        refunds), ``revenue_year_before``; ``margin_half``, ``margin_half_last_year``, ``margin_earlier``
        (minor units: last 180 days, the same window a year before, everything before the last 180 days), and
        ``spend_ever``, ``refund_ever``, ``margin_ever``.
    """
    return inputs_on_days(history, [history.as_of_day])[0]


def inputs_on_days(
    history: History, days: Sequence[int], *, gap_quantile: float | None = None
) -> list[pd.DataFrame]:
    """Summarise each customer's days before several days, in one query.

    Parameters
    ----------
    history : History
        What was known before the last of the days, under the names of that day.
    days : sequence of int
        Days since 1970-01-01, ascending, none after the history's own.
    gap_quantile : float, optional
        Adds ``own_gap``, this quantile of the customer's gaps (days; missing without a gap).

    Returns
    -------
    list of pandas.DataFrame
        One per day, each as of `segment_inputs` on what was known before that day.
    """
    has_cost = "cost" in history.days.collect_schema().names()
    sums: dict[str, Aggregate] = {}
    for place, day in enumerate(days):
        of_day = _sums(day, has_cost, gap_quantile, is_cut=day >= history.as_of_day)
        sums |= {f"{place}_{name}": wanted for name, wanted in of_day.items()}
    table = aggregate(history.days, ["customer_id"], sums).collect().to_pandas()
    table = table.sort_values("customer_id", ignore_index=True)
    names = _sums(0, has_cost, gap_quantile, is_cut=True)
    numbers = {name: table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in sums}
    customer, found = table["customer_id"].astype(str), []
    for place in range(len(days)):
        bought = numbers[f"{place}_purchase_days"] > 0
        columns = {name: numbers[f"{place}_{name}"][bought] for name in names}
        found.append(pd.DataFrame({"customer_id": customer[bought].array, **columns}))
    return found


def base_ratios(inputs: pd.DataFrame) -> tuple[float, float]:
    """Return what is left of order value after refunds, and of revenue after costs, over all customers.

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        Of `segment_inputs`.

    Returns
    -------
    net_ratio, margin_ratio : float
        Both within 0 to 1; the second is 1 in a ledger without costs.
    """
    spend = float(inputs["spend_ever"].sum())
    revenue = spend - float(inputs["refund_ever"].sum())
    if spend <= 0 or revenue <= 0:
        return 0.0, 1.0
    return revenue / spend, float(np.clip(inputs["margin_ever"].sum() / revenue, 0.0, 1.0))


def margins_of(
    inputs: pd.DataFrame, attributes: pd.DataFrame | None, default: float, base_margin: float | None
) -> np.ndarray:
    """Return each customer's margin / revenue (`clv.customer_margins`).

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        Of `segment_inputs`.
    attributes : pandas.DataFrame or None
        With ``margin`` where customers have their own.
    default : float
        ``clv.margin`` of the config.
    base_margin : float or None
        Of `base_ratios`, where order lines carry costs.

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    known = np.full(len(inputs), np.nan)
    if attributes is not None and "margin" in attributes:
        own = attributes.set_index("customer_id")["margin"].astype(np.float64)
        known = own.reindex(inputs["customer_id"]).to_numpy()
    return customer_margins(
        default=default,
        base_margin=base_margin,
        known=known,
        revenue=(inputs["spend_ever"] - inputs["refund_ever"]).to_numpy(),
        margin=inputs["margin_ever"].to_numpy(),
        purchase_days=inputs["purchase_days"].to_numpy(),
    )


def net_ratios_of(inputs: pd.DataFrame, base_ratio: float) -> np.ndarray:
    """Return what is left of each customer's order value after refunds (`clv.net_ratios`).

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        Of `segment_inputs`.
    base_ratio : float
        Of `base_ratios`.

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    return net_ratios(
        base_ratio=base_ratio,
        spend=inputs["spend_ever"].to_numpy(),
        refund=inputs["refund_ever"].to_numpy(),
        purchase_days=inputs["purchase_days"].to_numpy(),
    )


def _sums(day: int, has_cost: bool, gap_quantile: float | None, *, is_cut: bool) -> dict[str, Aggregate]:
    """Sum up what lies before a day; `is_cut` where nothing else is in the table."""
    known = None if is_cut else nw.col("day") < day
    is_purchase = _and(nw.col("orders") > 0, known)
    nothing = nw.lit(None, dtype=nw.Float64)
    purchase_day = nw.when(is_purchase).then(nw.col("day").cast(nw.Float64)).otherwise(nothing)
    gap = nw.col("gap_days") if known is None else nw.when(known).then(nw.col("gap_days")).otherwise(nothing)
    revenue = nw.col("spend") - nw.col("refund")
    margin = revenue - nw.col("cost") if has_cost else revenue
    last_year = _and(nw.col("day") >= day - _YEAR, known)
    year_before = (nw.col("day") >= day - 2 * _YEAR) & (nw.col("day") < day - _YEAR)
    half_last_year = (nw.col("day") >= day - _YEAR - _HALF_YEAR) & (nw.col("day") < day - _YEAR)
    sums = {
        "first_day": Aggregate(purchase_day, "min"),
        "last_day": Aggregate(purchase_day, "max"),
        "purchase_days": count(is_purchase),
        "gaps": Aggregate(gap, "count"),
        "gap_median": Aggregate(gap, "median"),
        "gap_q90": quantile(gap, 0.9),
        "orders_year": total("orders", last_year),
        "purchase_days_year": count(is_purchase & last_year),
        "revenue_year": total(revenue, last_year),
        "revenue_year_before": total(revenue, year_before),
        "margin_half": total(margin, _and(nw.col("day") >= day - _HALF_YEAR, known)),
        "margin_half_last_year": total(margin, half_last_year),
        "margin_earlier": total(margin, nw.col("day") < day - _HALF_YEAR),
        "spend_ever": total("spend", known),
        "refund_ever": total("refund", known),
        "margin_ever": total(margin, known),
    }
    return sums if gap_quantile is None else sums | {"own_gap": quantile(gap, gap_quantile)}


def _and(condition: nw.Expr, known: nw.Expr | None) -> nw.Expr:
    return condition if known is None else condition & known
