"""Exact sums over the rows.

In: coded rows and lines. Out: integers, per reason, day and month. Not here: currency units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from patron.ledger._as_of import DayCount
from patron.ledger._check import LINE, is_excluded, is_readable
from patron.ledger._options import Rules

_BREAK = "\x1f"
EXAMPLE_PARTS = (
    *("customer_id", "order_id", "day", "date_state", "date_text"),
    *("amount_minor", "amount_state", "amount_text"),
)


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


def _records(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    return list(frame.collect().iter_rows(named=True))


def count_days(booked: nw.LazyFrame[Any], rules: Rules) -> list[DayCount]:
    """Count the readable rows and the orders of each day, in order."""
    excluded = is_excluded(rules, booked.collect_schema().names())
    readable = booked.filter(is_readable()).with_columns(
        nw.when((nw.col("amount_minor") > 0) & ~excluded)
        .then(nw.lit(1))
        .otherwise(nw.lit(0))
        .alias("is_order")
    )
    days = _records(readable.group_by("day").agg(nw.len().alias("rows"), nw.col("is_order").sum()))
    return sorted(
        (DayCount(int(d["day"]), int(d["rows"]), int(d["is_order"])) for d in days), key=lambda d: d.day
    )


def total_codes(coded: nw.LazyFrame[Any]) -> dict[int, CodeTotal]:
    """Add up rows and money of each code."""
    counted = coded.with_columns(
        nw.when(nw.col("turned")).then(nw.lit(1)).otherwise(nw.lit(0)).alias("turned")
    )
    rows = counted.group_by("code").agg(
        nw.len().alias("rows"), nw.col("amount_minor").sum(), nw.col("turned").sum()
    )
    return {
        int(r["code"]): CodeTotal(int(r["rows"]), int(r["amount_minor"]), int(r["turned"]))
        for r in _records(rows)
    }


def code_examples(coded: nw.LazyFrame[Any]) -> dict[int, dict[str, str]]:
    """Return one row of each code but lines.

    The first by its text, so that every engine names the same one.
    """
    found = _records(
        coded.filter(nw.col("code") != LINE)
        .with_columns(_example(coded))
        .group_by("code")
        .agg(nw.col("example").min())
    )
    return {int(r["code"]): split_example(r["example"]) for r in found}


def _example(frame: nw.LazyFrame[Any]) -> nw.Expr:
    there = frame.collect_schema().names()
    parts = [nw.col(n).cast(nw.String).fill_null("") if n in there else nw.lit("") for n in EXAMPLE_PARTS]
    return nw.concat_str(*parts, separator=_BREAK).alias("example")


def split_example(text: str) -> dict[str, str]:
    """Take an example apart again."""
    return dict(zip(EXAMPLE_PARTS, text.split(_BREAK), strict=False))


def copy_example(folded: nw.LazyFrame[Any]) -> dict[str, str]:
    """Return one line that had copies."""
    found = _records(
        folded.filter(nw.col("copies") > 1).with_columns(_example(folded)).select(nw.col("example").min())
    )
    return split_example(found[0]["example"])


def total_lines(folded: nw.LazyFrame[Any]) -> LineTotals:
    """Add up the used lines."""
    extra = nw.col("copies") - 1
    float_id = nw.when(nw.col("customer_id").str.ends_with(".0")).then(nw.lit(1)).otherwise(nw.lit(0))
    summed = folded.with_columns(
        extra.alias("extra"),
        (extra * nw.col("amount_minor")).alias("extra_amount"),
        float_id.alias("float_id"),
    ).select(
        nw.len().alias("rows"),
        nw.col("amount_minor").sum().alias("amount"),
        nw.col("amount_rest").sum().alias("rest"),
        nw.col("day").min().alias("first_day"),
        nw.col("day").max().alias("last_day"),
        nw.col("customer_id").n_unique().alias("customers"),
        nw.col("extra").sum().alias("copies"),
        nw.col("extra_amount").sum().alias("copies_amount"),
        nw.col("float_id").sum().alias("float_ids"),
    )
    return LineTotals(**{name: int(value) for name, value in _records(summed)[0].items()})


def total_months(folded: nw.LazyFrame[Any]) -> dict[int, int]:
    """Return net minor units per month (since 1970), in order."""
    found = _records(folded.group_by("month").agg(nw.col("amount_minor").sum()))
    return {int(r["month"]): int(r["amount_minor"]) for r in sorted(found, key=lambda r: int(r["month"]))}


def count_without_cost(folded: nw.LazyFrame[Any]) -> int:
    """Count the sold lines whose cost is not known."""
    bare = folded.filter((nw.col("amount_minor") > 0) & nw.col("cost_minor").is_null())
    [row] = _records(bare.select(nw.len().alias("lines")))
    return int(row["lines"])


def count_orders(folded: nw.LazyFrame[Any]) -> tuple[int, Mapping[int, int]]:
    """Count distinct orders with a positive line: in all, and per month."""
    purchase_day = nw.concat_str(nw.col("customer_id"), nw.col("day").cast(nw.String), separator=_BREAK)
    has_id = "order_id" in folded.collect_schema()
    order = nw.coalesce(nw.col("order_id"), purchase_day) if has_id else purchase_day
    orders = folded.filter(nw.col("amount_minor") > 0).select(order.alias("order"), "month")
    months = _records(orders.group_by("month").agg(nw.col("order").n_unique()))
    total = _records(orders.select(nw.col("order").n_unique()))[0]["order"]
    return int(total), {int(r["month"]): int(r["order"]) for r in months}
