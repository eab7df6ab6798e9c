"""Exact sums over the rows.

In: coded rows and lines. Out: integers, per reason, day and month. Not here: currency units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import narwhals as nw

from patron.ledger._as_of import DayCount, as_date
from patron.ledger._check import LATER, LINE, code_of

_BREAK = "\x1f"
EXAMPLE_PARTS = (
    *("customer_id", "order_id", "day", "date_state", "date_text"),
    *("amount_minor", "amount_state", "amount_text"),
)


class RowTotal(NamedTuple):
    """Rows and minor units of one day and code.

    ``turned`` rows were made negative, ``positive`` ones have an amount above zero, ``float_ids`` look like
    123.0, ``without_cost`` are positive and have no cost.
    """

    day: int
    code: int
    rows: int
    amount: int
    turned: int
    positive: int
    rest: int
    float_ids: int
    without_cost: int


@dataclass(frozen=True)
class CodeTotal:
    """Rows and minor units of one code; ``turned`` rows were made negative."""

    rows: int
    amount: int
    turned: int


@dataclass(frozen=True)
class LineTotals:
    """Sums over the used lines; ``copies`` were dropped, ``float_ids`` look like 123.0."""

    rows: int
    amount: int
    rest: int
    first_day: int
    last_day: int
    customers: int
    copies: int
    copies_amount: int
    float_ids: int


@dataclass(frozen=True)
class LedgerSums:
    """Everything a report says about the used lines; months count from 1970.

    ``copy`` is one line that had copies, ``without_cost`` counts sold lines (None without the column).
    """

    columns: tuple[str, ...]
    lines: LineTotals
    orders: int
    month_orders: Mapping[int, int]
    month_amounts: Mapping[int, int]
    copy: Mapping[str, str]
    without_cost: int | None


class Counted(NamedTuple):
    """Distinct customers; distinct orders with a positive line: in all, and by month since 1970."""

    customers: int
    orders: int
    month_orders: Mapping[int, int]


def sum_ledger(
    lines: nw.LazyFrame[Any], left_out: nw.LazyFrame[Any] | None, totals: Sequence[RowTotal]
) -> LedgerSums:
    """Add up the used lines, their orders and months.

    Parameters
    ----------
    lines : nw.LazyFrame
        One of each.
    left_out : nw.LazyFrame or None
        Copies of lines (`_copies.one_of_each`).
    totals : sequence of RowTotal
        Of the lines and their copies.
    """
    columns = tuple(lines.collect_schema().names())
    copies = [] if left_out is None else row_totals(left_out.with_columns(code=nw.lit(LINE)), "copies")
    [row] = _records(lines.select(nw.col("customer_id").n_unique()))
    counted = Counted(int(row["customer_id"]), *count_orders(lines))
    copy = copy_example(left_out) if left_out is not None and copies else {}
    return add_up(columns, totals, copies, counted, copy)


def add_up(
    columns: Sequence[str],
    totals: Sequence[RowTotal],
    copies: Sequence[RowTotal],
    counted: Counted,
    copy: Mapping[str, str],
) -> LedgerSums:
    """Put the sums over lines and the copies among them together."""
    bare = sum(t.without_cost for t in totals) - sum(t.without_cost for t in copies)
    return LedgerSums(
        tuple(columns),
        _sum_totals(totals, copies, counted.customers),
        counted.orders,
        counted.month_orders,
        _month_amounts(totals, copies),
        copy,
        bare if "cost_minor" in columns else None,
    )


def _sum_totals(totals: Sequence[RowTotal], copies: Sequence[RowTotal], customers: int) -> LineTotals:
    rows, amount = sum(t.rows for t in copies), sum(t.amount for t in copies)
    return LineTotals(
        rows=sum(t.rows for t in totals) - rows,
        amount=sum(t.amount for t in totals) - amount,
        rest=sum(t.rest for t in totals) - sum(t.rest for t in copies),
        first_day=min(t.day for t in totals),
        last_day=max(t.day for t in totals),
        customers=customers,
        copies=rows,
        copies_amount=amount,
        float_ids=sum(t.float_ids for t in totals) - sum(t.float_ids for t in copies),
    )


def _month_amounts(totals: Sequence[RowTotal], copies: Sequence[RowTotal]) -> dict[int, int]:
    months: dict[int, int] = {}
    for sign, part in ((1, totals), (-1, copies)):
        for total in part:
            day = as_date(total.day)
            month = (day.year - 1970) * 12 + day.month - 1
            months[month] = months.get(month, 0) + sign * total.amount
    return dict(sorted(months.items()))


def _records(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    return list(frame.collect().iter_rows(named=True))


def row_totals(coded: nw.LazyFrame[Any], copies: str | None = None) -> list[RowTotal]:
    """Add up the rows of each day and code, in one pass; a row stands for as many as `copies` says."""
    rows = nw.lit(1) if copies is None else nw.col(copies)
    amount, customer = nw.col("amount_minor"), nw.col("customer_id")
    positive = amount > 0
    bare = positive & nw.col("cost_minor").is_null() if "cost_minor" in coded.collect_schema() else None
    counts = {
        "turned": nw.col("turned"),
        "positive": positive,
        "float_ids": customer.str.ends_with(".0"),
        "without_cost": bare,
    }
    columns = {"rows": rows, "amount": amount * rows, "rest": nw.col("amount_rest") * rows}
    columns |= {
        name: nw.lit(0) if test is None else nw.when(test).then(rows).otherwise(nw.lit(0))
        for name, test in counts.items()
    }
    prepared = coded.select("day", "code", *(column.alias(f"_{name}") for name, column in columns.items()))
    summed = prepared.group_by("day", "code").agg(*(nw.col(f"_{name}").sum().alias(name) for name in columns))
    return sorted(RowTotal(**{name: int(value) for name, value in row.items()}) for row in _records(summed))


def cut_totals(totals: Iterable[RowTotal], as_of_day: int) -> list[RowTotal]:
    """Give readable rows at or after a day the code of those that wait."""
    readable = {LINE, code_of("excluded"), code_of("refund_ignored")}
    return [t._replace(code=LATER) if t.code in readable and t.day >= as_of_day else t for t in totals]


def count_days(totals: Iterable[RowTotal]) -> list[DayCount]:
    """Count the readable rows and the orders of each day, in order."""
    counts: dict[int, tuple[int, int]] = {}
    for total in totals:
        if total.code in (LINE, code_of("excluded"), code_of("refund_ignored")):
            rows, orders = counts.get(total.day, (0, 0))
            counts[total.day] = rows + total.rows, orders + (total.positive if total.code == LINE else 0)
    return [DayCount(day, *counts[day]) for day in sorted(counts)]


def total_codes(totals: Iterable[RowTotal]) -> dict[int, CodeTotal]:
    """Add up rows and money of each code."""
    codes: dict[int, CodeTotal] = {}
    for t in totals:
        before = codes.get(t.code, CodeTotal(0, 0, 0))
        codes[t.code] = CodeTotal(before.rows + t.rows, before.amount + t.amount, before.turned + t.turned)
    return codes


def code_examples(coded: nw.LazyFrame[Any], codes: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return one row of each code that was found and is neither a line nor later.

    The first by its text, so that every engine names the same one.
    """
    wanted = sorted(set(codes) - {LINE, LATER})
    if not wanted:
        return {}
    found = _records(
        coded.filter(nw.col("code").is_in(wanted))
        .with_columns(_example(coded))
        .group_by("code")
        .agg(nw.col("example").min())
    )
    return {int(r["code"]): split_example(r["example"]) for r in found}


def day_examples(coded: nw.LazyFrame[Any]) -> list[tuple[int, int, str]]:
    """Return day, code and the first row, by its text, of the rows of each; not taken apart."""
    found = coded.with_columns(_example(coded)).group_by("day", "code").agg(nw.col("example").min())
    return sorted((int(r["day"]), int(r["code"]), str(r["example"])) for r in _records(found))


def _example(frame: nw.LazyFrame[Any]) -> nw.Expr:
    there = frame.collect_schema().names()
    parts = [nw.col(n).cast(nw.String).fill_null("") if n in there else nw.lit("") for n in EXAMPLE_PARTS]
    return nw.concat_str(*parts, separator=_BREAK).alias("example")


def split_example(text: str) -> dict[str, str]:
    """Take an example apart again."""
    return dict(zip(EXAMPLE_PARTS, text.split(_BREAK), strict=False))


def copy_example(left_out: nw.LazyFrame[Any]) -> dict[str, str]:
    """Return one line that had copies."""
    found = _records(left_out.with_columns(_example(left_out)).select(nw.col("example").min()))
    return split_example(found[0]["example"])


def order_key(columns: Sequence[str]) -> nw.Expr:
    """Return what tells orders apart: the order id, without one the customer's purchase day."""
    purchase_day = nw.concat_str(nw.col("customer_id"), nw.col("day").cast(nw.String), separator=_BREAK)
    return nw.coalesce(nw.col("order_id"), purchase_day) if "order_id" in columns else purchase_day


def count_orders(lines: nw.LazyFrame[Any]) -> tuple[int, Mapping[int, int]]:
    """Count distinct orders with a positive line: in all, and per month."""
    order = order_key(lines.collect_schema().names())
    orders = lines.filter(nw.col("amount_minor") > 0).select(order.alias("order"), "month")
    spans = orders.group_by("order").agg(
        nw.col("month").min().alias("first"), nw.col("month").max().alias("last")
    )
    counted = [
        (int(r["first"]), int(r["last"]), int(r["orders"]))
        for r in _records(spans.group_by("first", "last").agg(nw.len().alias("orders")))
    ]
    months: dict[int, int] = {}
    for first, last, number in counted:
        for month in {first, last} if last - first < 2 else ():
            months[month] = months.get(month, 0) + number
    if any(last - first >= 2 for first, last, _ in counted):  # rare: which months lie between is not known
        wide = spans.filter(nw.col("last") - nw.col("first") >= 2)
        among = orders.join(wide.select("order"), on="order", how="semi")
        for r in _records(among.group_by("month").agg(nw.col("order").n_unique())):
            months[int(r["month"])] = months.get(int(r["month"]), 0) + int(r["order"])
    return sum(number for _, _, number in counted), months
