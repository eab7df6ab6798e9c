"""Customer tables as one stream of rows, and back.

In:  customer tables on Spark; batches of a stream ordered by customer.
Out: the stream; tables of whole customers.
Not here: scoring.

A customer's days, products and categories stand in one frame under its newest id, told apart by ``kind``, so
that one shuffle brings everything about a customer to one place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw
import pandas as pd

from patron.arrays import array_frame
from patron.snapshots import CustomerMerge, CustomerTables, merge_customers

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: The customer's newest id, by which the stream is divided and ordered.
NEWEST = "newest_id"
_ITEM = ("customer_id", "day", "item", "spend")
#: Columns of the days that are whole numbers; 0 in the rows of items, since a gap would make them floats.
_WHOLE = ("orders", "lines", "spend", "refund", "cost")
_GAPS = ("gap_days", "log_gap")


class Beside(NamedTuple):
    """What travels to every executor beside the stream.

    Parameters
    ----------
    kinds : tuple of str
        Which tables there are: ``days``, ``products``, ``categories``.
    attributes, events, merges
        As in `CustomerTables`.
    names : mapping
        Old id -> newest id, by the merges known before the day.
    """

    kinds: tuple[str, ...]
    attributes: pd.DataFrame | None
    events: pd.DataFrame | None
    merges: tuple[CustomerMerge, ...]
    names: Mapping[str, str]

    @classmethod
    def of(cls, tables: CustomerTables, as_of_day: int) -> Beside:
        """Take all but the orders off the tables."""
        names = merge_customers(tables.merges, as_of_day)
        kinds = ("days", *tables.kinds_of_items)
        return cls(kinds, tables.attributes, tables.events, tables.merges, names)


def stream_of(tables: CustomerTables, beside: Beside, as_of_day: int) -> DataFrame:
    """Put everything before a day below one another, with the newest id of each customer.

    Parameters
    ----------
    tables : CustomerTables
        On Spark.
    beside : Beside
        Which tables there are, and who has which id.
    as_of_day : int
        Days since 1970-01-01, exclusive.

    Returns
    -------
    pyspark.sql.DataFrame
        ``newest_id``, ``kind``, and the columns of the tables.
    """
    whole = [name for name in _WHOLE if name in tables.days.collect_schema()]
    nothing = {
        **{name: nw.lit(0, dtype=nw.Int64) for name in whole},
        **{name: nw.lit(None, dtype=nw.Float64) for name in _GAPS},
        "item": nw.lit(None, dtype=nw.String),
    }
    columns = ["customer_id", "day", "item", *whole, *_GAPS]
    parts: list[nw.LazyFrame[Any]] = []
    for kind in beside.kinds:
        table = getattr(tables, kind).filter(nw.col("day") < as_of_day)
        there = set(table.collect_schema().names())
        filled = table.with_columns(**{n: value for n, value in nothing.items() if n not in there})
        parts.append(filled.select(nw.lit(kind).alias("kind"), *columns))
    stream: DataFrame = _with_newest(nw.concat(parts, how="vertical"), beside.names).to_native()
    return stream


def _with_newest(stream: nw.LazyFrame[Any], names: Mapping[str, str]) -> nw.LazyFrame[Any]:
    customer = nw.col("customer_id")
    if not names:
        return stream.with_columns(customer.alias(NEWEST))
    session = stream.to_native().sparkSession
    known = session.createDataFrame(list(names.items()), f"customer_id string, {NEWEST} string")
    # a left join by a small frame, which Spark sends to every executor
    joined = stream.join(nw.from_native(known), on="customer_id", how="left")
    return joined.with_columns(nw.coalesce(nw.col(NEWEST), customer).alias(NEWEST))


def whole_customers(batches: Iterable[pd.DataFrame], rows: int) -> Iterator[pd.DataFrame]:
    """Cut a stream ordered by customer into groups that hold all rows of each of their customers.

    Parameters
    ----------
    batches : iterable of pandas.DataFrame
        With ``newest_id``.
    rows : int
        A group is given out once it has this many rows, and one more customer has begun.

    Yields
    ------
    pandas.DataFrame
    """
    waiting: list[pd.DataFrame] = []
    for batch in batches:
        if batch.empty:
            continue
        waiting.append(batch)
        if sum(map(len, waiting)) < rows:
            continue
        held = pd.concat(waiting, ignore_index=True)
        begun = int((held[NEWEST] == held[NEWEST].iloc[-1]).to_numpy().argmax())
        if begun:
            yield held.iloc[:begun]
        waiting = [held.iloc[begun:]]
    if waiting:
        yield pd.concat(waiting, ignore_index=True)


def tables_of_rows(rows: pd.DataFrame, beside: Beside) -> CustomerTables:
    """Make customer tables on arrays from rows of the stream.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of whole customers.
    beside : Beside
        What is known of all customers but their orders.

    Returns
    -------
    CustomerTables
    """
    of_kind = dict(tuple(rows.groupby("kind", sort=False)))
    days = ["customer_id", "day", *(name for name in (*_WHOLE, *_GAPS) if name in rows)]
    tables: dict[str, Any] = {
        kind: array_frame(of_kind.get(kind, rows.iloc[:0])[days if kind == "days" else list(_ITEM)])
        for kind in beside.kinds
    }
    newest = set(rows[NEWEST])
    return CustomerTables(
        **tables,
        attributes=_of_customers(beside.attributes, beside.names, newest),
        events=_of_customers(beside.events, beside.names, newest),
        merges=beside.merges,
    )


def _of_customers(
    frame: pd.DataFrame | None, names: Mapping[str, str], newest: Collection[str]
) -> pd.DataFrame | None:
    if frame is None:
        return None
    customer = frame["customer_id"].astype(object)
    return frame[customer.map(lambda name: names.get(name, name)).isin(newest)]
