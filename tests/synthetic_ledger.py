"""A small B2B ledger with everything that goes wrong in one, as plain rows; the same rows on any engine.

In: a seed. Out: rows, canonical lines (as `ledger.load_ledger` gives them), raw orders.
Not here: expected values.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl

from patron.arrays import array_frame
from patron.ledger import materialise
from patron.snapshots import CustomerMerge, CustomerTables, customer_tables

FIRST = date(2022, 1, 3)
DAYS = 910
ENGINES = ("arrays", "pandas", "polars", "duckdb")


def number(when: date | str) -> int:
    """Days since 1970-01-01, written anew here so that the code under test is not its own oracle."""
    return (pd.Timestamp(when) - pd.Timestamp("1970-01-01")).days


class Line(NamedTuple):
    """One order line in canonical form."""

    customer_id: str
    day: int
    amount_minor: int
    is_refund: bool = False
    order_id: str | None = None
    product_id: str | None = None
    category: str | None = None
    cost_minor: int | None = None


def synthetic_rows(seed: int = 11, customers: int = 150) -> list[Line]:
    """Make the rows: own rhythms, late starters, leavers, refunds of all kinds, zero amounts, empty cells."""
    random_ = random.Random(seed)
    rows: list[Line] = []
    for k in range(customers):
        rows += _customer(f"{k:04d}", random_)
    start = number(FIRST)
    rows += [  # nobody of these three has a purchase day
        Line("only-cancelled", start + 40, 5000, False, "x1", "p01", "c1", 2000),
        Line("only-cancelled", start + 40, -5000, True, "Cx1", "p01", "c1", -2000),
        Line("only-refund", start + 41, -700, True, "Cx2"),
        Line("only-zero", start + 42, 0, False, "x3", "p02", "c2", 0),
    ]
    return rows


def _customer(name: str, random_: random.Random) -> list[Line]:
    rows: list[Line] = []
    gap, size = random_.choice([7, 14, 30, 45, 90, 180]), random_.choice([800, 12_000, 95_000])
    day = random_.randrange(0, DAYS - 60)
    end = DAYS if random_.random() < 0.6 else day + random_.randrange(1, DAYS)
    count = 0
    while day < min(end, DAYS):
        count += 1
        rows += _day(name, number(FIRST) + day, f"{name}-{count}", size, random_)
        day += max(1, round(random_.gammavariate(4, gap / 4)))
    return rows


def _day(name: str, day: int, order: str, size: int, random_: random.Random) -> list[Line]:
    rows = [_line(name, day, order, size, random_) for _ in range(random_.choice([1, 1, 2, 4]))]
    value, luck = sum(r.amount_minor for r in rows), random_.random()
    refund = Line(name, day, -value, True, "C" + order, rows[0].product_id, rows[0].category)
    if luck < 0.05:  # cancelled on the day
        return [*rows, refund]
    if luck < 0.10:  # part of it comes back later
        return [*rows, refund._replace(day=day + random_.randrange(1, 40), amount_minor=-(value // 3) or -1)]
    if luck < 0.13:  # all of it comes back later
        return [*rows, refund._replace(day=day + random_.randrange(1, 40))]
    if luck < 0.17:  # a second order of the same value, one of the two cancelled
        return [*rows, *(r._replace(order_id=order + "b") for r in rows), refund]
    if luck < 0.20:
        return [*rows, Line(name, day, 0, False, order + "free", "p99", "c9", 10)]
    if luck < 0.24:
        return [r._replace(order_id=None) for r in rows]
    return rows


def _line(name: str, day: int, order: str, size: int, random_: random.Random) -> Line:
    product = random_.randrange(60)
    amount = random_.randrange(size // 4, 2 * size)
    cost = None if random_.random() < 0.1 else int(amount * 0.6)
    unnamed = random_.random() < 0.05
    return Line(
        name,
        day,
        amount,
        False,
        order,
        None if unnamed else f"p{product:02d}",
        None if unnamed else f"c{product % 7}",
        cost,
    )


def lines_frame(rows: Iterable[Line], columns: Sequence[str] = Line._fields) -> pd.DataFrame:
    """Return canonical lines with the dtypes of `ledger.load_ledger`."""
    frame = pd.DataFrame(list(rows), columns=list(Line._fields))
    types: dict[str, Any] = {
        "day": "int32",
        "amount_minor": "int64",
        "is_refund": "bool",
        "cost_minor": "Int64",
    }
    types |= dict.fromkeys(("customer_id", "order_id", "product_id", "category"), "str")
    return frame.astype({name: types[name] for name in Line._fields})[list(columns)]


def raw_orders(rows: Iterable[Line]) -> pd.DataFrame:
    """Return the same rows as a user would bring them: dates, amounts in currency units, no refund flag."""
    frame = lines_frame(rows)
    days = pd.to_datetime(frame["day"].astype("int64"), unit="D") + pd.Timedelta(hours=9)
    money = {
        "amount": frame["amount_minor"] / 100,
        "cost": frame["cost_minor"].astype("Float64").to_numpy("float64", na_value=float("nan")) / 100,
    }
    names = ["customer_id", "order_id", "product_id", "category"]
    return frame[names].assign(ordered_at=days, **money)


def on_engine(frame: pd.DataFrame, engine: str) -> nw.LazyFrame[Any]:
    """Put a pandas frame on an engine."""
    if engine == "arrays":
        return array_frame(frame)
    if engine == "pandas":
        return nw.from_native(frame).lazy()
    if engine == "polars":
        return nw.from_native(pl.from_pandas(frame)).lazy()
    connection = duckdb.connect(config={"threads": 2})
    connection.register("given", pl.from_pandas(frame).to_arrow())
    connection.execute("CREATE TABLE lines AS SELECT * FROM given")
    return nw.from_native(connection.table("lines")).lazy()


def tables_of(
    rows: Iterable[Line], *, engine: str = "pandas", columns: Sequence[str] = Line._fields, **beside: Any
) -> CustomerTables:
    """Build the customer tables of rows on an engine; attributes, events and merges are passed on."""
    lines = on_engine(lines_frame(rows, columns), engine)
    return customer_tables(lines, keep=materialise, **beside)


def synthetic_attributes() -> pd.DataFrame:
    """Industry and size, some of which changed over time (``valid_from_day``)."""
    random_ = random.Random(5)
    records = []
    for k in range(150):
        for year in (0, 365, 700)[: random_.choice([1, 1, 2, 3])]:
            industry = random_.choice(["retail", "hotel", "care", None])
            records.append((f"{k:04d}", industry, random_.randrange(1, 500), number(FIRST) - 30 + year))
    return pd.DataFrame(records, columns=["customer_id", "industry", "size", "valid_from_day"])


def synthetic_events() -> pd.DataFrame:
    """Survey scores and tickets, known up to three weeks after they happened."""
    random_ = random.Random(6)
    records = []
    for _ in range(900):
        happened = number(FIRST) + random_.randrange(DAYS)
        kind = random_.choice(["nps", "ticket"])
        value = float(random_.randrange(11)) if kind == "nps" or random_.random() < 0.5 else float("nan")
        records.append(
            (f"{random_.randrange(160):04d}", kind, value, happened, happened + random_.choice([0, 0, 3, 21]))
        )
    return pd.DataFrame(records, columns=["customer_id", "kind", "value", "happened_day", "known_day"])


def synthetic_merges() -> tuple[CustomerMerge, ...]:
    """Two plain re-keyings and a chain of two."""
    day = number(FIRST)
    return (
        CustomerMerge("0003", "0004", day + 500),
        CustomerMerge("0010", "new-1", day + 600),
        CustomerMerge("0020", "0021", day + 300),
        CustomerMerge("0021", "0022", day + 700),
    )
