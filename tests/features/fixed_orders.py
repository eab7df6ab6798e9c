"""About 300 raw order lines, written by hand in shapes: all that engines are known to see differently.

In: nothing. Out: orders as a user brings them, how they are to be read, customers with a new id.
Not here: what comes of them.

Times are moments in UTC, read in Berlin: some belong to another day there, some lie in the hours that the
clock skips or repeats. Same-day orders, ties to the microsecond, leap days, empty cells, ids in other
scripts, zero and negative amounts, refunds of all kinds, cancellations, amounts near the limit of exact
sums, a customer with one order and one with refunds only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from patron.snapshots import CustomerMerge, to_day

#: Keywords of `load_ledger`.
READING: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "refund_prefix": "C",
    "exclude_product_ids": ["POST"],
    "as_of": "2024-03-01",
}
MERGES = (
    CustomerMerge("old-1", "new-1", to_day("2023-06-01")),
    CustomerMerge("new-1", "steady", to_day("2023-12-01")),
    CustomerMerge("never-seen", "one-order", to_day("2023-12-01")),
)


class Order(NamedTuple):
    """A raw line; `at` is UTC."""

    customer_id: str | None
    at: str
    amount: float | None
    order_id: str | None = None
    product_id: str | None = None
    category: str | None = None
    cost: float | None = None


def fixed_orders() -> pd.DataFrame:
    """Return the lines with moments in UTC (``ordered_at``, microseconds); texts and numbers have gaps."""
    rows = [*_steady(), *_calendar(), *_ties(), *_refunds(), *_odd(), *_large(), *_many()]
    frame = pd.DataFrame(rows, columns=list(Order._fields)).rename(columns={"at": "ordered_at"})
    texts = dict.fromkeys(("customer_id", "order_id", "product_id", "category"), "str")
    types = texts | dict.fromkeys(("amount", "cost"), "float64")
    moments = pd.to_datetime(frame["ordered_at"], format="ISO8601", utc=True).dt.as_unit("us")
    return frame.astype(types).assign(ordered_at=moments)


def _steady() -> Iterator[Order]:
    """A clock, one that slows down, one that was re-keyed in the middle of it."""
    for k, day in enumerate(pd.date_range("2021-01-04", "2024-02-26", freq="28D")):
        yield Order("steady", f"{day.date()}T09:00Z", 100.10, f"s{k}", f"p{k % 5}", f"c{k % 2}", 60.05)
    day = pd.Timestamp("2021-03-01")
    for k in range(14):
        yield Order("slower", f"{day.date()}T10:00Z", 10.0 + 3 * k, f"l{k}", f"p{k}", "c1", 5.0 + k)
        day += pd.Timedelta(days=7 + 9 * k)
    for k, day in enumerate(pd.date_range("2022-01-10", "2023-05-20", freq="31D")):
        yield Order("old-1", f"{day.date()}T11:00Z", 55.55, f"o{k}", "p0", "c0", 30.0)
    for k, day in enumerate(pd.date_range("2023-05-20", "2024-01-15", freq="17D")):
        yield Order("new-1", f"{day.date()}T11:00Z", 44.44, f"n{k}", f"p{k % 3}", "c0", None)


def _calendar() -> Iterator[Order]:
    """Moments around midnight, the two changes of the clock, leap days, the turn of a year."""
    moments = (
        "2020-02-28T22:59:59.999999Z", "2020-02-28T23:00:00Z", "2020-02-29T12:00Z", "2020-02-29T23:30Z",
        "2021-02-28T23:30Z", "2021-12-31T22:59Z", "2021-12-31T23:01Z", "2022-03-27T00:59:59Z",
        "2022-03-27T01:00Z", "2022-06-30T21:59:59Z", "2022-06-30T22:00Z", "2022-10-30T00:30Z",
        "2022-10-30T01:30Z", "2022-10-29T22:00Z", "2023-03-25T23:00Z", "2023-03-26T21:59Z",
        "2023-03-26T22:00Z", "2023-10-28T21:59Z", "2023-10-28T22:00Z", "2023-10-29T22:59Z",
        "2024-02-28T23:00Z", "2024-02-29T22:59:59.999999Z", "2024-02-29T23:00Z", "2024-03-05T08:00Z",
    )  # fmt: skip
    for k, moment in enumerate(moments):
        yield Order("calendar", moment, 20.0 + k, f"k{k}", f"p{k % 7}", f"c{k % 3}", 10.0)
    for year in (2016, 2020, 2024):
        yield Order("leapling", f"{year}-02-29T12:00Z", 29.02, f"f{year}", "p-leap", "c-leap", 14.51)
    yield Order("one-order", "2023-07-01T12:00Z", 0.01, "u1", "p1", "c1", 0.01)


def _ties() -> Iterator[Order]:
    """Several orders of one moment, equal lines of one order, true copies, the same gaps throughout."""
    for k in range(12):
        at = f"2023-0{1 + k % 6}-15T12:00:00.000001Z"
        yield Order("ties", at, 50.0, f"t{k}", "p1", "c1", 25.0)
        yield Order("ties", at, 50.0, f"t{k}", "p2", "c1", 25.0)
        yield Order("ties", at, 50.0, f"t{k}", "p2", "c1", 25.0)
    for k in range(12):
        yield Order("same-gaps", f"2023-{1 + k:02d}-01T12:00Z", 75.0, f"g{k}", "p3", "c2", None)
        yield Order("twin-gaps", f"2023-{1 + k:02d}-01T12:00Z", 75.0, f"h{k}", "p3", "c2", None)


def _refunds() -> Iterator[Order]:
    """Cancelled on the day, a part of two, later, more than was bought, by the prefix, without an order."""
    for k in range(6):
        day = f"2023-{2 * k + 1:02d}-10T0"
        yield Order("returns", f"{day}8:00Z", 200.0 + k, f"r{k}", "p1", "c1", 100.0)
        yield Order("returns", f"{day}9:00Z", 200.0 + k, f"q{k}", "p2", "c2", 100.0)
        yield Order("returns", f"{day}9:30Z", -(200.0 + k), f"Cr{k}", "p1", "c1", -100.0)
        yield Order("returns", f"2023-{2 * k + 2:02d}-12T08:00Z", -50.5, f"Cq{k}", "p2", "c2", -25.0)
    for k in range(4):
        day = f"2023-0{k + 2}-20T0"
        yield Order("cancels", f"{day}8:00Z", 70.0, f"x{k}", "p5", "c5", 35.0)
        yield Order("cancels", f"{day}9:00Z", 70.0, f"Cx{k}", "p5", "c5", 35.0)  # booked by its prefix
    yield Order("cancels", "2023-09-20T08:00Z", 70.0, "x9", "p6", "c5", 35.0)
    yield Order("only-refunds", "2023-05-05T08:00Z", -12.0, "Cz1", "p1", "c1", None)
    yield Order("only-cancelled", "2023-05-06T08:00Z", 90.0, "z2", "p1", "c1", None)
    yield Order("only-cancelled", "2023-05-06T09:00Z", -90.0, "Cz2", "p1", "c1", None)
    yield Order("more-back", "2023-04-01T08:00Z", 10.0, "m1", "p1", "c1", 5.0)
    yield Order("more-back", "2023-04-09T08:00Z", -35.0, "Cm2", "p1", "c1", None)


def _odd() -> Iterator[Order]:
    """Other scripts, padded and look-alike ids, zero amounts, empty cells, rows that cannot be used."""
    names = (
        "Ærøskøbing",
        "東京商事",
        "münchen",
        "mu\u0308nchen",
        "0007",
        "7",
        "7 ",
        "🏭-42",
        "O'Brien",
        'a;b"c',
        "é",
    )
    for k, name in enumerate(names):
        for month in range(1, 6):
            item = f"π{(k + month) % 4}" if month % 2 else None
            at = f"2023-{month + k % 7:02d}-{k + 3:02d}T12:00Z"
            yield Order(name, at, 9.99 * month, f"{k}-{month}", item, None if k % 2 else "Größe", None)
    yield Order("zero", "2023-01-05T12:00Z", 0.0, "v1", "p1", "c1", 3.0)
    yield Order("zero", "2023-02-05T12:00Z", 12.0, "v2", "p1", "c1", 3.0)
    yield Order("zero", "2023-02-05T13:00Z", 0.0, "v3", "gift", "c9", 3.0)
    yield Order("no-orders-named", "2023-02-05T12:00Z", 12.0)
    yield Order("no-orders-named", "2023-02-05T13:00Z", 13.0)
    yield Order("no-orders-named", "2023-08-05T13:00Z", 13.0)
    yield Order(None, "2023-02-05T12:00Z", 12.0, "w1")
    yield Order("steady", "2023-02-05T12:00Z", None, "w2", "p1", "c1", 1.0)
    yield Order("steady", "2023-02-06T12:00Z", 4.9, "w3", "POST", "c1", 1.0)  # excluded: no sale
    yield Order("in-the-future", "2024-04-01T12:00Z", 5.0, "w4", "p1", "c1", 1.0)


def _large() -> Iterator[Order]:
    """Large amounts that differ by a cent, and a customer near 2^53 cents in all."""
    for k in range(5):
        yield Order(
            "large", f"2023-{2 * k + 1:02d}-03T12:00Z", 12_345_678.90 + k / 100, f"b{k}", "p1", "c1", 9e6
        )
    for k in range(2):
        yield Order(
            "largest", f"2023-0{k + 3}-03T12:00Z", 45_035_996_273_704.0 + k, f"B{k}", "p1", "c1", None
        )


def _many() -> Iterator[Order]:
    """Customers with one to twenty orders in steps of primes, so that no two have the same rhythm."""
    for k in range(7):
        for n in range(1 + 2 * k):
            day = pd.Timestamp("2022-05-02") + pd.Timedelta(days=(n * (11 + 6 * k)) % 640)
            amount = round(17.17 * (k + 1) + 3.3 * ((n * 7) % 5), 2)
            item, kind = f"p{(n * k) % 11}", f"c{(n * k) % 4}"
            yield Order(f"many-{k}", f"{day.date()}T15:00Z", amount, f"y{k}-{n}", item, kind, amount / 2)
