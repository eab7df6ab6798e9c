"""What tiers and stages are made of, on one day: silence, the last year, the same half-year last year."""

from __future__ import annotations

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
    has_cost = "cost" in history.days.collect_schema().names()
    sums = _sums(history.as_of_day, has_cost)
    table = aggregate(history.days, ["customer_id"], sums).filter(nw.col("purchase_days") > 0)
    frame = table.collect().to_pandas().sort_values("customer_id", ignore_index=True)
    numbers = frame.columns.drop("customer_id")
    frame[numbers] = frame[numbers].astype(np.float64)
    return frame.assign(customer_id=frame["customer_id"].astype(str))


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


def _sums(day: int, has_cost: bool) -> dict[str, Aggregate]:
    is_purchase = nw.col("orders") > 0
    purchase_day = (
        nw.when(is_purchase).then(nw.col("day").cast(nw.Float64)).otherwise(nw.lit(None, dtype=nw.Float64))
    )
    revenue = nw.col("spend") - nw.col("refund")
    margin = revenue - nw.col("cost") if has_cost else revenue
    last_year = nw.col("day") >= day - _YEAR
    year_before = (nw.col("day") >= day - 2 * _YEAR) & (nw.col("day") < day - _YEAR)
    half_last_year = (nw.col("day") >= day - _YEAR - _HALF_YEAR) & (nw.col("day") < day - _YEAR)
    return {
        "first_day": Aggregate(purchase_day, "min"),
        "last_day": Aggregate(purchase_day, "max"),
        "purchase_days": count(is_purchase),
        "gaps": Aggregate(nw.col("gap_days"), "count"),
        "gap_median": Aggregate(nw.col("gap_days"), "median"),
        "gap_q90": quantile("gap_days", 0.9),
        "orders_year": total("orders", last_year),
        "purchase_days_year": count(is_purchase & last_year),
        "revenue_year": total(revenue, last_year),
        "revenue_year_before": total(revenue, year_before),
        "margin_half": total(margin, nw.col("day") >= day - _HALF_YEAR),
        "margin_half_last_year": total(margin, half_last_year),
        "margin_earlier": total(margin, nw.col("day") < day - _HALF_YEAR),
        "spend_ever": total("spend"),
        "refund_ever": total("refund"),
        "margin_ever": total(margin),
    }
