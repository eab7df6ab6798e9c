"""What a customer brings over its life: LTV, CLV and the return on what winning it cost.

In:  the customer tables, a lifespan, margins and costs where they are known.
Out: `LifetimeValue`, averages over all customers.
Not here: the value of single customers in the next months (`patron.clv`), which is a forecast; this is the
simple formula people quote.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.retention.ledger_days import NOT_YET, LedgerDays, ledger_days
from patron.retention.lifespan import YEAR, Lifespan, lifetimes
from patron.snapshots import CustomerTables, history_before


@dataclass(frozen=True)
class LifetimeValue:
    """Averages per customer, in currency units.

    Parameters
    ----------
    average_order_value : float
        Revenue / orders, refunds taken off.
    orders_per_year : float
        Orders per year as a customer, the silence before a loss included.
    lifespan_years : float
        Restricted mean.
    ltv : float
        Revenue: average order value x orders per year x years.
    margin : float
        Margin / revenue.
    annual_service_cost, acquisition_cost : float or None
        Mean over the customers where it is known.
    clv : float
        Profit: ``ltv`` x margin, less service and acquisition cost where known.
    return_on_acquisition : float or None
        ``clv`` / acquisition cost, i.e. (profit before acquisition - acquisition cost) / acquisition cost:
        the cost is taken off once. None without a cost above zero.
    """

    average_order_value: float
    orders_per_year: float
    lifespan_years: float
    ltv: float
    margin: float
    annual_service_cost: float | None
    acquisition_cost: float | None
    clv: float
    return_on_acquisition: float | None


def lifetime_value(
    tables: CustomerTables,
    as_of_day: int,
    span: Lifespan,
    *,
    active_days: int,
    margin: float = 1.0,
    minor_digits: int = 2,
) -> LifetimeValue:
    """Return what the average customer brings.

    Parameters
    ----------
    tables : CustomerTables
        With costs per line or attributes (``margin``, ``acquisition_cost``, ``annual_service_cost``) where
        there are any.
    as_of_day : int
        Days since 1970-01-01; nothing at or after it counts.
    span : Lifespan
        Of the same ledger and day.
    active_days : int
        As for the lifespan.
    margin : float
        Margin / revenue where neither lines nor attributes tell.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    LifetimeValue

    Raises
    ------
    NotEnoughData
        If nobody ordered.
    """
    days = ledger_days(tables, as_of_day)
    total = days.before(as_of_day)
    orders, revenue = int(total.orders.sum()), total.revenue.sum() / 10**minor_digits
    years = lifetimes(days, active_days)[0].sum() / YEAR
    order_value, per_year = float(revenue / orders), float(orders / years)
    ltv = order_value * per_year * span.mean_years
    attributes = history_before(tables, as_of_day).attributes
    own = None if attributes is None else _of_customers(days, attributes)
    share = _margin(tables, as_of_day, days, own, margin)
    acquisition, service = (_mean(own, name) for name in ("acquisition_cost", "annual_service_cost"))
    profit = ltv * share - (service or 0.0) * span.mean_years
    clv = profit - (acquisition or 0.0)
    return LifetimeValue(
        average_order_value=order_value,
        orders_per_year=per_year,
        lifespan_years=span.mean_years,
        ltv=ltv,
        margin=share,
        annual_service_cost=service,
        acquisition_cost=acquisition,
        clv=clv,
        return_on_acquisition=clv / acquisition if acquisition else None,
    )


def _of_customers(days: LedgerDays, attributes: pd.DataFrame) -> pd.DataFrame:
    """Return the attributes of the customers who ordered, in the ledger's order."""
    bought = days.customer_id[days.first_purchase_day != NOT_YET]
    return attributes.drop_duplicates("customer_id", keep="last").set_index("customer_id").reindex(bought)


def _margin(
    tables: CustomerTables, as_of_day: int, days: LedgerDays, own: pd.DataFrame | None, default: float
) -> float:
    """Return margin / revenue over all customers: from order lines, else attributes, else the setting."""
    history = history_before(tables, as_of_day).days
    bought = days.first_purchase_day != NOT_YET
    revenue = days.before(as_of_day).revenue[bought].astype(np.float64)
    sold = float(revenue.sum())
    if sold <= 0:
        return default
    if "cost" in history.collect_schema().names():
        cost = int(history.select("cost").collect().to_pandas()["cost"].sum())
        return 1.0 - cost / float(days.before(as_of_day).revenue.sum())
    if own is None or "margin" not in own:
        return default
    known = own["margin"].astype(np.float64).fillna(default).to_numpy()
    return float((known * revenue).sum() / sold)


def _mean(own: pd.DataFrame | None, name: str) -> float | None:
    if own is None or name not in own:
        return None
    known = own[name].astype(np.float64).dropna()
    return float(known.mean()) if len(known) else None
