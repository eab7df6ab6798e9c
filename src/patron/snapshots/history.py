"""What was known before a day, and what came after it: the only two ways to cut time.

A `History` holds nothing at or after its `as_of_day`, and feature builders receive nothing else, so a
feature cannot see the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.snapshots.aggregate import Aggregate, aggregate, count, total
from patron.snapshots.customer_days import CustomerTables, first_days_of, with_gaps
from patron.snapshots.merges import CustomerMerge, merge_customers, rename

#: Kinds of events whose value, the satisfaction, is given when they close.
VALUED_AT_CLOSING = ("ticket", "complaint")
#: Before any day of a ledger.
_LONG_AGO = -(10**9)


@dataclass(frozen=True)
class History:
    """Everything strictly before `as_of_day`; the tables are those of `CustomerTables`.

    Parameters
    ----------
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is inside.
    days : narwhals.LazyFrame
        The customer-day table.
    products, categories : narwhals.LazyFrame or None
        Items bought, by customer and day, with their ``spend`` (minor units).
    attributes : pandas.DataFrame or None
        One row per customer, as valid on that day. A customer with a new id has the row of the new id, else
        that of its latest old id.
    events : pandas.DataFrame or None
        Events known by then; ``closed_day`` is missing for those still open then, and so is the value of a
        ticket or complaint, which is given when it closes.
    first_days : mapping
        Kind of items -> ``customer_id``, ``item`` and the ``first_day`` on which the customer bought it.
    """

    as_of_day: int
    days: nw.LazyFrame[Any]
    products: nw.LazyFrame[Any] | None
    categories: nw.LazyFrame[Any] | None
    attributes: pd.DataFrame | None
    events: pd.DataFrame | None
    first_days: Mapping[str, nw.LazyFrame[Any]] = field(default_factory=dict)


def history_before(tables: CustomerTables, as_of_day: int) -> History:
    """Return what was known before the start of a day.

    Parameters
    ----------
    tables : CustomerTables
        All days.
    as_of_day : int
        Days since 1970-01-01, exclusive.

    Returns
    -------
    History
    """
    names = merge_customers(tables.merges, as_of_day)
    known = nw.col("day") < as_of_day
    days = tables.days.filter(known)
    items = {kind: _items(table.filter(known), names) for kind, table in tables.items.items()}
    return History(
        as_of_day=as_of_day,
        days=_merged(days, names) if names else days,
        products=items.get("products"),
        categories=items.get("categories"),
        attributes=_renamed(_valid_before(tables.attributes, as_of_day), names, tables.merges),
        events=None if tables.events is None else _events_before(tables.events, as_of_day, names),
        first_days={
            kind: _first_days(tables.first_days[kind], as_of_day, names)
            if kind in tables.first_days
            else first_days_of(table)
            for kind, table in items.items()
        },
    )


def under_newest_ids(tables: CustomerTables, as_of_day: int) -> CustomerTables:
    """Return tables in which the merges known before a day hold on every day, and no other does.

    Two days can then be compared: a customer has the id of the later day, and its whole history, on both.
    Which ids are one customer is all that is learned from the later day.

    Parameters
    ----------
    tables : CustomerTables
        All days.
    as_of_day : int
        Days since 1970-01-01, exclusive.

    Returns
    -------
    CustomerTables
        The same ones where there are no merges.
    """
    if not tables.merges:
        return tables
    known = [merge for merge in tables.merges if merge.effective_day < as_of_day]
    return replace(tables, merges=tuple(merge._replace(effective_day=_LONG_AGO) for merge in known))


def purchase_days_between(tables: CustomerTables, start_day: int, end_day: int) -> pd.DataFrame:
    """Return what each customer bought in ``[start_day, end_day)``: the outcome of a snapshot.

    Parameters
    ----------
    tables : CustomerTables
        All days.
    start_day, end_day : int
        Days since 1970-01-01.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``purchase_days`` (days with an order), ``first_day`` (the first of them, missing
        without), ``net_spend`` (minor units, spend less refunds) and, with costs, ``net_margin``; customers
        without any row in the window are absent.
    """
    window = tables.days.filter((nw.col("day") >= start_day) & (nw.col("day") < end_day))
    has_cost = "cost" in window.collect_schema().names()
    is_purchase, day = nw.col("orders") > 0, nw.col("day").cast(nw.Float64)
    first_day = Aggregate(nw.when(is_purchase).then(day).otherwise(nw.lit(None, dtype=nw.Float64)), "min")
    sums = {"purchase_days": count(is_purchase), "first_day": first_day}
    sums |= {"spend": total("spend"), "refund": total("refund")}
    if has_cost:
        sums["cost"] = total("cost")
    frame = aggregate(window, ["customer_id"], sums).collect().to_pandas()
    frame["net_spend"] = frame["spend"] - frame["refund"]
    if has_cost:
        frame["net_margin"] = frame["net_spend"] - frame["cost"]
    money = ["net_spend", "net_margin"] if has_cost else ["net_spend"]
    columns = ["customer_id", "purchase_days", "first_day", *money]
    totals = _under_every_id(frame[columns], merge_customers(tables.merges, end_day))
    return totals.sort_values("customer_id", ignore_index=True)


def _merged(days: nw.LazyFrame[Any], names: dict[str, str]) -> nw.LazyFrame[Any]:
    """Add up the days of joined customers and look at their gaps anew."""
    counts = [
        c for c in days.collect_schema().names() if c not in ("customer_id", "day", "gap_days", "log_gap")
    ]
    return with_gaps(aggregate(rename(days, names), ["customer_id", "day"], {c: total(c) for c in counts}))


def _events_before(events: pd.DataFrame, as_of_day: int, names: dict[str, str]) -> pd.DataFrame:
    known = events[events["known_day"] < as_of_day]
    customer = known["customer_id"].replace(names)
    if "closed_day" in known:
        open_then = known["closed_day"] >= as_of_day
        valued_at_closing = open_then & known["kind"].isin(VALUED_AT_CLOSING)
        known = known.assign(
            closed_day=known["closed_day"].mask(open_then), value=known["value"].mask(valued_at_closing)
        )
    if "respondent" in known:
        # a customer that answered for itself has the new id, too
        itself = known["respondent"] == known["customer_id"]
        known = known.assign(respondent=known["respondent"].where(~itself, customer))
    return known.assign(customer_id=customer)


def _items(items: nw.LazyFrame[Any], names: dict[str, str]) -> nw.LazyFrame[Any]:
    keys = ["customer_id", "day", "item"]
    return aggregate(rename(items, names), keys, {"spend": total("spend")}) if names else items


def _first_days(kept: nw.LazyFrame[Any], as_of_day: int, names: dict[str, str]) -> nw.LazyFrame[Any]:
    known = kept.filter(nw.col("first_day") < as_of_day)
    keys = ["customer_id", "item"]
    earliest = {"first_day": Aggregate(nw.col("first_day"), "min")}
    return aggregate(rename(known, names), keys, earliest) if names else known


def _under_every_id(totals: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Give an old id the outcome of its new id: being re-keyed is not leaving."""
    if not names:
        return totals
    how = {str(name): "min" if name == "first_day" else "sum" for name in totals.columns[1:]}
    joined = (
        totals.assign(customer_id=totals["customer_id"].replace(names))
        .groupby("customer_id", as_index=False)
        .agg(how)
    )
    aliases = pd.DataFrame({"alias": list(names), "customer_id": list(names.values())})
    copies = (
        aliases.merge(joined, on="customer_id")
        .drop(columns="customer_id")
        .rename(columns={"alias": "customer_id"})
    )
    return pd.concat([joined, copies], ignore_index=True)


def _valid_before(attributes: pd.DataFrame | None, as_of_day: int) -> pd.DataFrame | None:
    if attributes is None or "valid_from_day" not in attributes:
        return attributes
    known = attributes[attributes["valid_from_day"] < as_of_day].sort_values(
        ["customer_id", "valid_from_day"]
    )
    return known.drop_duplicates("customer_id", keep="last").drop(columns="valid_from_day")


def _renamed(
    attributes: pd.DataFrame | None, names: dict[str, str], merges: Sequence[CustomerMerge]
) -> pd.DataFrame | None:
    """Give joined customers one row: the new id's own, else that of the old id that was in use last."""
    if attributes is None or not names:
        return attributes
    attributes = attributes.reset_index(drop=True)
    until = {merge.old_id: merge.effective_day for merge in sorted(merges) if merge.old_id in names}
    customer = attributes["customer_id"].astype(object)
    newest = customer.map(lambda name: names.get(name, name))
    used_until = customer.map(until).where(newest != customer, np.inf).astype(np.float64)
    order = pd.DataFrame({"newest": newest, "used_until": used_until, "id": customer})
    order = order.sort_values(["newest", "used_until", "id"], kind="stable")
    kept = order.drop_duplicates("newest", keep="last").index
    newest = newest.astype(attributes["customer_id"].dtype)
    return attributes.assign(customer_id=newest).loc[kept].reset_index(drop=True)
