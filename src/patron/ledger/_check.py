"""Which rows are lines: one definition, in narwhals, for every engine.

In: the typed frame. Out: a code per row; the kept lines.

Not here: reading values (``_eager``, ``_duckdb``), adding up (``_totals``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import narwhals as nw

from patron.ledger._options import Rules
from patron.ledger.report import REASONS

#: A row's code: 0 a line, 1.. its place in ``REASONS``, ``LATER`` a good row at or after as_of.
LINE, LATER = 0, 100
_OPTIONAL = ("order_id", "product_id", "category", "quantity", "cost_minor")
_LINE_COLUMNS = ("customer_id", "day", "amount_minor", "is_refund", *_OPTIONAL)


def code_of(reason: str) -> int:
    """Return the code of a reason."""
    return REASONS.index(reason) + 1


def book_refunds(frame: nw.LazyFrame[Any], rules: Rules) -> nw.LazyFrame[Any]:
    """Make lines of prefixed orders negative; a line is a refund when what is booked is negative."""
    amount, rest = nw.col("amount_minor"), nw.col("amount_rest")
    if rules.refund_prefix and "order_id" in frame.collect_schema():
        turned = _starts_with((rules.refund_prefix,)) & (amount > 0)
    else:
        turned = amount != amount
    frame = frame.with_columns(turned.alias("turned"))
    sign = nw.when(nw.col("turned")).then(nw.lit(-1)).otherwise(nw.lit(1))
    booked = frame.with_columns(
        (amount * sign).cast(nw.Int64).alias("amount_minor"),
        (rest * sign).cast(nw.Int64).alias("amount_rest"),
    ).with_columns((nw.col("amount_minor") < 0).alias("is_refund"))
    return _with_returned_cost(booked) if "cost_minor" in booked.collect_schema() else booked


def _with_returned_cost(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Take a refund's cost back, too, whichever sign the source gives it: the goods are in stock again."""
    cost = nw.col("cost_minor")
    return frame.with_columns(cost_minor=nw.when(nw.col("is_refund")).then(-cost.abs()).otherwise(cost))


def is_readable() -> nw.Expr:
    """Test that customer, date and amount are there."""
    return ~nw.col("customer_id").is_null() & (nw.col("date_state") == 0) & (nw.col("amount_state") == 0)


def is_excluded(rules: Rules, columns: Sequence[str]) -> nw.Expr:
    """Test for postage, fees and other things that are no sale."""
    never = nw.col("day") != nw.col("day")
    by_product = (
        nw.col("product_id").fill_null("").is_in(list(rules.exclude_product_ids))
        if rules.exclude_product_ids and "product_id" in columns
        else never
    )
    by_order = (
        _starts_with(rules.exclude_order_id_prefixes)
        if rules.exclude_order_id_prefixes and "order_id" in columns
        else never
    )
    return by_product | by_order


def _starts_with(prefixes: Sequence[str]) -> nw.Expr:
    order_id = nw.col("order_id").fill_null("")
    return reduce(lambda a, b: a | b, [order_id.str.starts_with(prefix) for prefix in prefixes])


def with_codes(frame: nw.LazyFrame[Any], rules: Rules, as_of_day: int) -> nw.LazyFrame[Any]:
    """Add ``code``: the first reason that applies. Duplicates are found later, among the lines."""
    date_state, amount_state = nw.col("date_state"), nw.col("amount_state")
    tests = [
        (code_of("no_customer"), nw.col("customer_id").is_null()),
        (code_of("no_date"), date_state == 1),
        (code_of("unreadable_date"), date_state == 2),
        (code_of("no_amount"), amount_state == 1),
        (code_of("unreadable_amount"), amount_state == 2),
        (code_of("not_finite_amount"), amount_state == 3),
        (LATER, nw.col("day") >= as_of_day),
        (code_of("excluded"), is_excluded(rules, frame.collect_schema().names())),
    ]
    if rules.refunds == "ignore":
        tests.append((code_of("refund_ignored"), nw.col("is_refund")))
    code: Any = nw.lit(LINE)
    for value, test in reversed(tests):
        code = nw.when(test).then(nw.lit(value)).otherwise(code)
    return frame.with_columns(code.alias("code"))


def fold_duplicates(coded: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the lines with ``copies``: how many identical rows each stands for.

    Identical means: equal in every mapped column. Grouping keeps one of each whatever the order of the rows.
    """
    lines = coded.filter(nw.col("code") == LINE)
    return lines.group_by(what_is_compared(coded)).agg(
        nw.col("day").max(), nw.col("month").max(), nw.col("is_refund").max(), nw.len().alias("copies")
    )


def what_is_compared(coded: nw.LazyFrame[Any]) -> list[str]:
    """Return the columns in which copies of a row are equal: all that is mapped, as it was read."""
    there = [name for name in _OPTIONAL if name in coded.collect_schema()]
    return ["customer_id", "time_us", "amount_minor", "amount_rest", "turned", *there]


def line_columns(folded: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the lines in the layout the rest of the house reads."""
    there = [name for name in _LINE_COLUMNS if name in folded.collect_schema()]
    return folded.select(*there)
