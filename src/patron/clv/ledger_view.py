"""A ledger where a purchase summary is wanted.

In: order lines and a day. Out: the customer tables and the day as a number. Not here: fitting, predicting.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from patron.clv.evidence import Evidence, evidence_from
from patron.errors import PatronError
from patron.snapshots import CustomerTables, customer_tables, history_before, purchase_summary, to_day


class LedgerView(NamedTuple):
    """A ledger cut at a day.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Days since 1970-01-01.
    minor_digits : int
        Decimals of the currency.
    """

    tables: CustomerTables
    as_of_day: int
    minor_digits: int

    def summary(self, by: str | None = None) -> pd.DataFrame:
        """Summarise purchases before the day, with the attribute that tells segments apart."""
        history = history_before(self.tables, self.as_of_day)
        return with_segment(purchase_summary(history, minor_digits=self.minor_digits), history.attributes, by)

    def evidence(self) -> Evidence | None:
        """Hold out the last part."""
        return evidence_from(self.tables, self.as_of_day, minor_digits=self.minor_digits)


def view_ledger(orders: Any, as_of: str | date, reading: dict[str, Any]) -> LedgerView:
    """Read order lines and cut them at a day; see ``ledger.load_ledger`` for what can be read."""
    # imported here: predicting from a summary does without the ledger's engine
    from patron.ledger import at_hand, load_ledger, materialise

    unknown = sorted(set(reading) - set(inspect.signature(load_ledger).parameters))
    if unknown:
        raise PatronError(f"order lines cannot be read with {', '.join(unknown)}")
    ledger = load_ledger(orders, as_of=as_of, **reading)
    tables = customer_tables(ledger.lines, keep=materialise, settle=at_hand, items=())
    return LedgerView(tables, to_day(ledger.as_of), ledger.minor_digits)


def with_segment(summary: pd.DataFrame, attributes: pd.DataFrame | None, by: str | None) -> pd.DataFrame:
    """Join one attribute to a purchase summary; missing where a customer has none.

    Parameters
    ----------
    summary : DataFrame, n rows
        With ``customer_id``.
    attributes : DataFrame or None
        One row per customer, with ``customer_id`` and the attribute.
    by : str or None
        Name of the attribute; nothing is joined when None.

    Raises
    ------
    PatronError
        When there is no such attribute.
    """
    if by is None:
        return summary
    if attributes is None or by not in attributes.columns:
        raise PatronError(
            f"order lines alone do not tell the {by} of a customer",
            f"give a purchase summary with the column {by}, or a config that names ledger.customers",
        )
    known = attributes.drop_duplicates("customer_id").set_index("customer_id")[by]
    return summary.assign(**{by: known.reindex(summary["customer_id"]).to_numpy()})


def is_ledger(data: Any, as_of: str | date, reading: Mapping[str, Any]) -> bool:
    """Whether these are order lines: a path, a foreign frame, or a pandas frame that holds orders."""
    if isinstance(data, str) or hasattr(data, "__fspath__"):
        return True
    columns = list(getattr(data, "columns", ["repeat_orders"]))
    if "repeat_orders" in columns:
        return False
    foreign = not isinstance(data, pd.DataFrame)
    return foreign or "ordered_at" in columns or bool(reading) or as_of != "latest"
