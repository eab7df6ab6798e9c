"""Orders as CSV, corrupted in twenty named ways, with what must be said about every one of them.

In:  a number of records and the share that is corrupted.
Out: the bytes of a file; the line, reason and text of each row that cannot be used.
Not here: the loader. What is expected is written down while the file is made.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

HEADER = "order_id,customer_id,ordered_at,amount,product_id,note"
#: For `load_ledger`: what makes the last two ways rows that are set aside.
RULES = {"exclude_product_ids": ["POSTAGE"], "refunds": "ignore"}
_START = date(2022, 1, 1)


class Order(NamedTuple):
    """The fields of a clean record, as text."""

    order_id: str
    customer_id: str
    ordered_at: str
    amount: str
    product_id: str
    note: str

    def text(self, **changed: str) -> str:
        """Write the record with some fields changed."""
        return ",".join(self._replace(**changed))


class Row(NamedTuple):
    """A row that cannot be used."""

    line: int
    reason: str
    raw: str


class Corrupted(NamedTuple):
    """A file; its records, corrupted ones included; those set aside, in order."""

    data: bytes
    records: int
    rows: list[Row]

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each reason."""
        return dict(Counter(row.reason for row in self.rows))


#: Way -> the reason it is set aside for, and what becomes of the record.
WAYS: dict[str, tuple[str, Callable[[Order], str | bytes]]] = {
    "missing field": ("unreadable_line", lambda o: ",".join(o[:5])),
    "extra field": ("unreadable_line", lambda o: o.text() + ",7"),
    "unclosed quote": ("unreadable_line", lambda o: o.text(note='"as agreed')),
    "text after a quote": ("unreadable_line", lambda o: o.text(note='"as" agreed')),
    "NUL byte": ("unreadable_line", lambda o: o.text(note="a\0b")),
    "not UTF-8": ("unreadable_line", lambda o: o.text(note="M\xfcller").encode("latin-1")),
    "line of blanks": ("unreadable_line", lambda _: "   "),
    "no customer": ("no_customer", lambda o: o.text(customer_id="")),
    "blank customer": ("no_customer", lambda o: o.text(customer_id="  ")),
    "no date": ("no_date", lambda o: o.text(ordered_at="")),
    "month 13": ("unreadable_date", lambda o: o.text(ordered_at="2024-13-01")),
    "31 February": ("unreadable_date", lambda o: o.text(ordered_at="31.02.2024")),
    "header again": ("unreadable_date", lambda _: HEADER),
    "no amount": ("no_amount", lambda o: o.text(amount="")),
    "text amount": ("unreadable_amount", lambda o: o.text(amount="abc")),
    "two points": ("unreadable_amount", lambda o: o.text(amount="1.2.3")),
    "overflow": ("not_finite_amount", lambda o: o.text(amount="1e999")),
    "copy of a line": ("duplicate", lambda o: o.text()),
    "postage": ("excluded", lambda o: o.text(product_id="POSTAGE")),
    "refund": ("refund_ignored", lambda o: o.text(amount="-" + o.amount)),
}


def corrupted(
    records: int,
    share: float = 0.05,
    *,
    ways: Sequence[str] = tuple(WAYS),
    seed: int = 1,
    line_end: str = "\n",
) -> Corrupted:
    """Write clean records and corrupted ones, which are this share of all; the ways take turns.

    Some clean records have quotes, separators and line ends in their note, and there are empty lines.
    """
    chance = random.Random(seed)
    every = round(1 / share) - 1 if share else records + 1
    lines: list[bytes] = [HEADER.encode()]
    rows: list[Row] = []
    line, total = 2, records
    for i in range(records):
        order = _order(f"N{seed}-{i}", chance, line_end)
        lines.append(order.text().encode())
        line += 1 + order.note.count(line_end)
        if i % 997 == 0:
            lines.append(b"")
            line += 1
        if i % every == every - 1:
            reason, change = WAYS[ways[len(rows) % len(ways)]]
            other = order._replace(order_id=f"X{seed}-{i}", note="")
            new = change(order if reason == "duplicate" else other)
            raw = new if isinstance(new, bytes) else new.encode()
            rows.append(Row(line, reason, _shown(raw)))
            lines.append(raw)
            line, total = line + 1 + (order.note.count(line_end) if reason == "duplicate" else 0), total + 1
    return Corrupted(line_end.encode().join([*lines, b""]), total, rows)


def _order(order_id: str, chance: random.Random, line_end: str) -> Order:
    notes = (
        "",
        "",
        "",
        "",
        "Straßé",
        '"a, b"',
        '"say ""so"""',
        f'"two{line_end}lines"',
        'half 1/2"',
    )
    day = _START + timedelta(days=chance.randrange(700))
    amount = f"{chance.randrange(1, 99_999) / 100:.2f}"
    customer = f"C{chance.randrange(900):04d}"
    return Order(
        order_id, customer, day.isoformat(), amount, f"P{chance.randrange(99)}", chance.choice(notes)
    )


def _shown(raw: bytes) -> str:
    r"""Return the text of a record in the file: what is no text is written like ``\xfc``."""
    if b"\0" not in raw and b"\xfc" not in raw:
        return raw.decode()
    return "".join(f"\\x{byte:02x}" if byte in (0, 0xFC) else chr(byte) for byte in raw)
