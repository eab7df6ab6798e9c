"""The settings of the block `ledger`: where the orders are and how they are to be read.

In:  nothing; this is the definition.
Out: frozen sections.
Not here: the other blocks (`schema`), and reading orders (`patron.ledger`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from patron.config import _rules
from patron.config._section import Section, Texts, block, setting

Encoding = Annotated[str, AfterValidator(_rules.encoding)]
Separator = Annotated[str, AfterValidator(_rules.one_character)]
IsoCurrency = Annotated[str, AfterValidator(_rules.iso_currency)]
Timezone = Annotated[str, AfterValidator(_rules.timezone)]


class SqlSource(Section):
    """Orders from a database."""

    sql: str = setting(..., "query that gives one row per order line", min_length=1)
    url: str = setting(
        ...,
        "postgresql:// or duckdb:///file; ${VARIABLE} is taken from the environment when it is opened",
        min_length=1,
    )


class Columns(Section):
    """Which column of the file is which of ours; one that is not named is looked for under our name."""

    customer_id: str = setting("customer_id", "who ordered")
    ordered_at: str = setting("ordered_at", "when")
    amount: str = setting("amount", "value of the line", unit="currency")
    order_id: str | None = setting("order_id", "order or invoice number; null leaves it out")
    product_id: str | None = setting("product_id", "what was ordered; null leaves it out")
    category: str | None = setting("category", "the product's category; null leaves it out")
    quantity: str | None = setting("quantity", "how many; null leaves it out", unit="pieces")
    cost: str | None = setting("cost", "cost of the line; null leaves it out", unit="currency")
    currency: str | None = setting("currency", "ISO code of the line's currency; null leaves it out")

    @model_validator(mode="after")
    def _each_column_once(self) -> Columns:
        _rules.each_column_once(self.mapping)
        return self

    @property
    def mapping(self) -> dict[str, str | None]:
        """The columns named in the config, ours to theirs; None for one to leave out."""
        return {
            ours: getattr(self, ours) for ours in type(self).model_fields if ours in self.model_fields_set
        }


class Csv(Section):
    """How CSV files are written."""

    encoding: Encoding = setting("utf-8", "character encoding, e.g. utf-8, gb18030")
    separator: Separator = setting(",", "the character between columns")
    decimal: Literal[".", ","] = setting(".", "the decimal mark")
    thousands: Separator | None = setting(None, "the mark between thousands, if there is one")
    date_format: Annotated[str, Field(min_length=1)] | None = setting(
        None, "how dates are written, e.g. %d.%m.%Y; null finds out"
    )

    @model_validator(mode="after")
    def _marks_differ(self) -> Csv:
        if self.separator == self.decimal:
            raise ValueError(f"separator and decimal are both '{self.decimal}'; one of them is wrong")
        return self


class Exclude(Section):
    """Lines that are not sales: postage, fees, adjustments."""

    product_ids: Texts = setting((), "product ids that are not sales")
    order_id_prefixes: Texts = setting((), "beginnings of order ids that are not sales")


class Ledger(Section):
    """Where the orders are and how they are to be read."""

    transactions: str | SqlSource = setting(
        ..., "orders: .parquet, .csv, .csv.gz, .xlsx, .duckdb, a folder of files, or {sql, url}"
    )
    columns: Columns = block(Columns, "our column names to theirs")
    csv: Csv = block(Csv, "how CSV files are written")
    customers: str | None = setting(None, "file of customers: customer_id, then any attributes")
    events: str | None = setting(
        None, "file of events: customer_id, happened_at, kind, value, known_at, topic, closed_at, respondent"
    )
    actions: str | None = setting(
        None, "file of what was done: customer_id, happened_at, owner, action, outcome, reason, snoozed_until"
    )
    customer_merges: str | None = setting(None, "file of re-keyed customers: old_id, new_id, effective_on")
    currency: IsoCurrency | None = setting(None, "ISO code of all amounts; null means two decimals")
    timezone: Timezone | None = setting(None, "business time zone; null takes times as they stand")
    refunds: Literal["net", "ignore"] = setting(
        "net", "net books refunds on their own day; ignore drops them"
    )
    refund_prefix: Annotated[str, Field(min_length=1)] | None = setting(
        None, "beginning of the order ids of refunds"
    )
    exclude: Exclude = block(Exclude, "lines that are not sales")
    duplicates: Literal["drop", "keep"] = setting("drop", "what to do with lines that repeat another one")
    store: Annotated[str, Field(min_length=1)] | None = setting(
        None, "folder for customer days, so that only new orders are read; null reads all of them every time"
    )
