"""The ledger in windows of four weeks that end on a day, and what is usual for it.

In:  customer tables, lines. Out: figures by window, window 0 the newest.
Not here: what they say about the data (`data_checks`).
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from patron.snapshots import Aggregate, CustomerTables, aggregate, count, total

WINDOW_DAYS = 28
#: The window of the same weeks of the year before.
SAME_WEEKS = 13
MOST_WINDOWS = SAME_WEEKS + 1


def by_window(tables: CustomerTables, day: int) -> pd.DataFrame:
    """Add up the windows before a day.

    Parameters
    ----------
    tables : CustomerTables
        Of all customers.
    day : int
        Only days before it.

    Returns
    -------
    pandas.DataFrame
        Index ``window`` (0: the newest): ``orders``, ``buyers``, ``first_buyers`` (whose first order ever
        lies in it), ``spend`` (minor units). Windows that the ledger covers whole, `MOST_WINDOWS` at most.
    """
    known = tables.days.filter((nw.col("day") < day) & (nw.col("orders") > 0))
    daily = (
        aggregate(known, ["day"], {"orders": total("orders"), "spend": total("spend")}).collect().to_pandas()
    )
    if daily.empty:
        return pd.DataFrame(columns=["orders", "buyers", "first_buyers", "spend"], dtype=float)
    windows = min(MOST_WINDOWS, (day - int(daily["day"].min())) // WINDOW_DAYS)
    recent = _with_window(known, day).filter(nw.col("window") < windows)
    first = aggregate(known, ["customer_id"], {"day": Aggregate(nw.col("day"), "min")})
    found = pd.DataFrame(index=pd.RangeIndex(windows, name="window"))
    daily["window"] = (day - 1 - daily["day"]) // WINDOW_DAYS
    sums = daily.groupby("window")[["orders", "spend"]].sum()
    found["orders"], found["spend"] = sums["orders"], sums["spend"]
    for name, table in (
        ("buyers", aggregate(recent, ["window", "customer_id"], {"rows": total(nw.lit(1))})),
        ("first_buyers", _with_window(first, day)),
    ):
        counts = aggregate(table, ["window"], {"n": total(nw.lit(1))}).collect().to_pandas()
        found[name] = counts.set_index("window")["n"].reindex(found.index)
    return found.fillna(0).astype(float)


def quiet_runs(tables: CustomerTables, day: int) -> pd.DataFrame:
    """Find the runs of days without any order before a day.

    Parameters
    ----------
    tables : CustomerTables
        Of all customers.
    day : int
        Only days before it.

    Returns
    -------
    pandas.DataFrame
        ``start`` (its first day), ``days`` (how many), oldest first; the last one may reach up to the day.
    """
    known = tables.days.filter((nw.col("day") < day) & (nw.col("orders") > 0))
    found = known.select("day").unique().collect().to_pandas()
    ordered = np.append(np.sort(found["day"].to_numpy(dtype=np.int64)), day)
    lengths = np.diff(ordered) - 1
    is_run = lengths > 0
    return pd.DataFrame({"start": ordered[:-1][is_run] + 1, "days": lengths[is_run]})


def prices_by_window(lines: nw.LazyFrame[Any], day: int) -> pd.DataFrame | None:
    """Average the price of each product in each window.

    Parameters
    ----------
    lines : narwhals.LazyFrame
        Of the ledger.
    day : int
        Only days before it.

    Returns
    -------
    pandas.DataFrame or None
        Rows are products, columns windows; missing where a product sold in fewer than three lines. None where
        lines have no product or no quantity.
    """
    columns = lines.collect_schema().names()
    if "product_id" not in columns or "quantity" not in columns:
        return None
    sold = (nw.col("amount_minor") > 0) & (nw.col("quantity") > 0) & ~nw.col("is_refund")
    recent = _with_window(lines.filter((nw.col("day") < day) & sold), day).filter(
        nw.col("window") < MOST_WINDOWS
    )
    # whole thousandths: their sum does not depend on the order of the rows
    pieces = (nw.col("quantity") * 1000).round(0).cast(nw.Int64)
    sums = {
        "amount": total("amount_minor"),
        "pieces": total(pieces),
        "lines": count(nw.col("amount_minor") > 0),
    }
    found = aggregate(recent, ["product_id", "window"], sums).collect().to_pandas()
    found = found[(found["lines"] >= 3) & (found["pieces"] > 0)]
    price = found.assign(price=found["amount"] / found["pieces"])
    return price.pivot(index="product_id", columns="window", values="price").sort_index()


def items_by_window(items: nw.LazyFrame[Any], day: int) -> pd.DataFrame:
    """Add up what each item sold for in each window; rows are items, columns windows, 0 without sale."""
    recent = _with_window(items.filter(nw.col("day") < day), day).filter(nw.col("window") < MOST_WINDOWS)
    found = aggregate(recent, ["item", "window"], {"spend": total("spend")}).collect().to_pandas()
    return found.pivot(index="item", columns="window", values="spend").fillna(0.0).sort_index()


def beyond_usual(values: np.ndarray, *, least_spread: float) -> float:
    """Return how many spreads the newest value lies from the usual one: (x - median) / (1.4826 MAD).

    Parameters
    ----------
    values : numpy.ndarray of float
        The newest first.
    least_spread : float
        The spread is at least this: the MAD of a dozen values may be small by chance.

    Returns
    -------
    float

    Examples
    --------
    >>> beyond_usual(np.array([9.0, 1.0, 2.0, 3.0]), least_spread=0.5).round(2).item()
    4.72
    """
    past = values[1:]
    usual = np.median(past)
    spread = max(1.4826 * float(np.median(np.abs(past - usual))), least_spread)
    return np.float64((values[0] - usual) / spread)


def _with_window(table: nw.LazyFrame[Any], day: int) -> nw.LazyFrame[Any]:
    return table.with_columns(window=(nw.lit(day - 1) - nw.col("day")).cast(nw.Int64) // WINDOW_DAYS)
