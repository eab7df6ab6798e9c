"""Every engine against plain Python that shares no code with the package."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from typing import Any

import pandas as pd
import pytest

from patron.ledger import Ledger, load_ledger

COLUMNS = ("customer_id", "order_id", "ordered_at", "amount", "product_id", "quantity", "cost")
CUSTOMERS = [
    "007",
    "7",
    " 7 ",
    "\u30007\u00a0",
    "",
    "NULL",
    "o'brien",
    '"; drop table x; --',
    "客户一",
    "12345.0",
]
DATES = {  # text -> wall time, None = unreadable, "" = nothing there
    "2011-01-02": dt.datetime(2011, 1, 2),
    " 2011-01-02 10:11:12 ": dt.datetime(2011, 1, 2, 10, 11, 12),
    "2011-01-02T10:11:12.5": dt.datetime(2011, 1, 2, 10, 11, 12, 500000),
    "2011/3/2": dt.datetime(2011, 3, 2),
    "2011年3月2日": dt.datetime(2011, 3, 2),
    "20110302": dt.datetime(2011, 3, 2),
    "2 Mar 2011": dt.datetime(2011, 3, 2),
    "March 2, 2011 12:30 AM": dt.datetime(2011, 3, 2, 0, 30),
    "02.03.2011 3:04 pm": dt.datetime(2011, 3, 2, 15, 4),
    "25/03/2011": dt.datetime(2011, 3, 25),
    "2011-06-30T23:30:00-08:00": dt.datetime(2011, 6, 30, 23, 30),
    "1969-12-31 23:59": dt.datetime(1969, 12, 31, 23, 59),
    "9999-12-31": dt.datetime(9999, 12, 31),
    "2011-02-30": None,
    "2011-02-28 24:00": None,
    "2011-01-02 13:30 PM": None,
    "0000-00-00": None,
    "soon": None,
    "": "",
    "NULL": "",
}
AMOUNTS = {  # text -> minor units, None = unreadable, "inf" = not finite, "" = nothing there
    "1": 100, "1.5": 150, "-2.25": -225, "0.125": 12, "0.375": 38, "(12.50)": -1250, "12.50-": -1250,
    "\u22125": -500, "1e3": 100000, ".5": 50, "5.": 500, "+7": 700, "0": 0, " 3 ": 300, "1e300": "inf",
    "-Infinity": "inf", "1e17": "inf", "nan": "", "": "", "abc": None, "12,50": None, "£5": None, "--5": None,
    "5-5": None,
}  # fmt: skip
AS_OF = dt.date(2012, 1, 1)


def rows_of_text(count: int, seed: int) -> pd.DataFrame:
    draw = random.Random(seed)
    return pd.DataFrame(
        [
            (
                draw.choice(CUSTOMERS),
                draw.choice(["C1", "C2", "1", "2", "49", ""]),
                draw.choice(list(DATES)),
                draw.choice(list(AMOUNTS)),
                draw.choice(["P1", "POST", " POST", ""]),
                draw.choice(["1", "2.5", "-0", "many", ""]),
                draw.choice(["0.5", "bad", ""]),
            )
            for _ in range(count)
        ],
        columns=list(COLUMNS),
    )


def plain(text: str) -> str | None:
    text = text.strip(" \u3000\u00a0")
    return None if text in ("", "NULL") else text


def oracle(frame: pd.DataFrame) -> tuple[Counter[str], dict[str, int], Counter[tuple[Any, ...]]]:
    """Return rows and minor units per outcome, and the used lines, by loops over the meanings above."""
    rows: Counter[str] = Counter()
    money: dict[str, int] = defaultdict(int)
    seen: set[tuple[Any, ...]] = set()
    lines: Counter[tuple[Any, ...]] = Counter()
    for raw in frame.itertuples(index=False):
        customer, order, product = plain(raw.customer_id), plain(raw.order_id), plain(raw.product_id)
        when, amount = DATES[raw.ordered_at], AMOUNTS[raw.amount]
        quantity = {"1": 1.0, "2.5": 2.5, "-0": 0.0}.get(raw.quantity)
        cost = {"0.5": 50}.get(raw.cost)
        booked = amount if isinstance(amount, int) else 0
        turned = bool(order and order.startswith("C") and booked > 0)
        booked = -booked if turned else booked
        # goods that come back bring their cost back
        cost = -cost if cost is not None and booked < 0 else cost
        key = (customer, when, booked, raw.amount.strip() if raw.amount in ("0.125", "0.375") else "", turned)
        key += (order, product, quantity, cost)
        if customer is None:
            outcome = "no_customer"
        elif when == "":
            outcome = "no_date"
        elif when is None:
            outcome = "unreadable_date"
        elif amount == "":
            outcome = "no_amount"
        elif amount is None:
            outcome = "unreadable_amount"
        elif amount == "inf":
            outcome = "not_finite_amount"
        elif when.date() >= AS_OF:
            outcome = "later"
        elif product == "POST" or (order or "").startswith("4"):
            outcome = "excluded"
        elif key in seen:
            outcome = "duplicate"
        else:
            seen.add(key)
            outcome = "used"
            lines[(customer, (when.date() - dt.date(1970, 1, 1)).days, booked, booked < 0, *key[5:])] += 1
        rows[outcome] += 1
        money[outcome] += booked
    return rows, money, lines


def used_lines(ledger: Ledger) -> Counter[tuple[Any, ...]]:
    names = [
        "customer_id",
        "day",
        "amount_minor",
        "is_refund",
        "order_id",
        "product_id",
        "quantity",
        "cost_minor",
    ]
    cells = ledger.lines.select(*names).collect().to_pandas().astype(object)
    return Counter(cells.where(cells.notna(), None).itertuples(index=False, name=None))


def load(source: object) -> Ledger:
    return load_ledger(
        source,
        refund_prefix="C",
        exclude_product_ids=["POST"],
        exclude_order_id_prefixes=["4"],
        as_of=AS_OF,
    )


def test_lines_and_counts_equal_the_loops_on_every_engine(offer: Any, kind: str) -> None:
    """Lines, rows and money of every outcome are those of the plain loops."""
    frame = rows_of_text(1500, seed=5)
    rows, money, lines = oracle(frame)
    ledger = load(offer(frame, kind))
    report = ledger.report
    assert used_lines(ledger) == lines
    assert {r: s.rows for r, s in report.set_aside.items()} == {
        r: n for r, n in rows.items() if r not in ("used", "later")
    }
    assert (report.rows_used, report.later) == (rows["used"], rows["later"])
    assert {r: round(s.amount * 100) for r, s in report.set_aside.items()} == {
        r: money[r] for r in report.set_aside
    }
    assert round(report.amount_used * 100) == money["used"]


def test_reports_are_the_same_on_every_engine(offer: Any, kind: str) -> None:
    """The whole report, examples and warnings included, equals the one of a pandas frame."""
    frame = rows_of_text(400, seed=6)
    assert load(offer(frame, kind)).report.to_dict() == load(frame).report.to_dict()


@pytest.mark.parametrize("small_kind", ["pandas", "polars", "csv"])
def test_order_of_rows_does_not_matter(offer: Any, small_kind: str) -> None:
    """Shuffled rows give the same lines and the same report."""
    frame = rows_of_text(400, seed=7)
    shuffled = frame.sample(frac=1, random_state=1, ignore_index=True)
    one, other = load(frame), load(offer(shuffled, small_kind))
    assert used_lines(one) == used_lines(other)
    assert one.report.to_dict() == other.report.to_dict()


def test_money_and_rows_add_up(offer: Any, kind: str) -> None:
    """In = used + set aside + later, for rows and for money."""
    report = load(offer(rows_of_text(600, seed=8), kind)).report
    aside = report.set_aside.values()
    assert report.rows_in == 600 == report.rows_used + report.later + sum(s.rows for s in aside)
    parts = report.amount_used + report.amount_later + sum(s.amount for s in aside)
    assert report.amount_in == pytest.approx(parts, abs=1e-6)


def test_line_types_are_the_promised_ones(offer: Any, kind: str) -> None:
    """The layout of the lines does not depend on the engine."""
    schema = load(offer(rows_of_text(300, seed=9), kind)).lines.collect_schema()
    assert {name: str(kind) for name, kind in schema.items()} == {
        "customer_id": "String", "day": "Int32", "amount_minor": "Int64", "is_refund": "Boolean",
        "order_id": "String",
        "product_id": "String", "quantity": "Float64", "cost_minor": "Int64",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind_of_source", "engine"),
    [
        ("pandas", "unknown"),  # arrays, for which narwhals has no name
        ("polars", "polars"),
        ("arrow", "unknown"),
        ("parquet", "duckdb"),
        ("csv", "duckdb"),
        ("xlsx", "unknown"),
    ],
)
def test_lines_stay_on_their_engine(offer: Any, kind_of_source: str, engine: str) -> None:
    """Polars in, Polars out; files in, DuckDB out; the rest on arrays."""
    ledger = load(offer(rows_of_text(200, seed=10), kind_of_source))
    assert ledger.lines.implementation.value == engine
