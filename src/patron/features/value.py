"""Size of an order: mean, spread, largest, refunds."""

from __future__ import annotations

import narwhals as nw

from patron.features.daygroup import IS_PURCHASE, Aggregates, DayGroup, Expressions, ratio
from patron.snapshots import Aggregate, total

#: Up to 2^53 minor units a customer (`snapshots.amounts`), no sum of such products leaves 64 bits.
_LIMB = 10**7


def _sums(_as_of_day: int, _horizon_days: int) -> Aggregates:
    # squares of minor units overflow 64 bits; squares and products of two limbs do not, and stay exact
    high, low = nw.col("spend") // _LIMB, nw.col("spend") % _LIMB
    return {
        "spend_sum": total("spend", IS_PURCHASE),
        "spend_high": total(high),
        "spend_low": total(low),
        "high_high": total(high * high),
        "high_low": total(high * low),
        "low_low": total(low * low),
        "spend_largest": Aggregate(nw.col("spend"), "max"),
        "refund_sum": total("refund"),
    }


def _features(_as_of_day: int, _horizon_days: int) -> Expressions:
    # spend is 0 on every other day, so the sums above are those over purchase days
    variance = (
        _covariance("high_high", "spend_high", "spend_high") * _LIMB * _LIMB
        + _covariance("high_low", "spend_high", "spend_low") * 2 * _LIMB
        + _covariance("low_low", "spend_low", "spend_low")
    )
    spread = nw.max_horizontal(variance, nw.lit(0.0)).sqrt()
    return {
        "mean_order_value": ratio("spend_sum", "purchase_days"),
        "largest_order_value": nw.col("spend_largest").cast(nw.Float64),
        "order_value_spread_ratio": ratio(spread, "spend_sum"),
        "refund_ratio": ratio("refund_sum", "spend_sum"),
    }


def _covariance(products: str, first: str, second: str) -> nw.Expr:
    """Return n^2 times a covariance, from sums."""
    n, products_sum = nw.col("purchase_days").cast(nw.Float64), nw.col(products).cast(nw.Float64)
    return n * products_sum - nw.col(first).cast(nw.Float64) * nw.col(second).cast(nw.Float64)


VALUE = DayGroup(_sums, _features, borrows=("purchase_days",))
