"""Open what a config names: the ledger and the customer tables."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from patron.actions import unknown_customers
from patron.config import Config
from patron.ledger import (
    Ledger,
    at_hand,
    load_actions,
    load_customers,
    load_events,
    load_ledger,
    load_merges,
    materialise,
)
from patron.snapshots import CustomerMerge, CustomerTables, customer_tables


@dataclass(frozen=True)
class Base:
    """A checked ledger and its customer tables.

    Parameters
    ----------
    ledger : Ledger
        With its report.
    tables : CustomerTables
        By customer and day.
    actions : pandas.DataFrame or None
        The action log (`ledger.load_actions`), which no feature sees; ``attrs["unknown_customers"]`` lists
        the customers that the ledger does not know.
    """

    ledger: Ledger
    tables: CustomerTables
    actions: pd.DataFrame | None = None


def open_ledger(config: Config, *, as_of: date | None = None) -> Ledger:
    """Read and check the orders of a config.

    Parameters
    ----------
    config : Config
        With ``ledger``, ``as_of``, ``engine``.
    as_of : date, optional
        Instead of the config's.

    Returns
    -------
    Ledger
    """
    source = config.ledger
    return load_ledger(
        config.path(str(source.transactions)),
        columns=source.columns.mapping,
        csv=source.csv.model_dump(),
        as_of=as_of or config.as_of,
        memory_limit=config.engine.memory_limit,
        threads=config.engine.threads,
        **reading_rules(config),
    )


def reading_rules(config: Config) -> dict[str, Any]:
    """Return how lines are read, whatever file they stand in: stored in the model for later scoring."""
    source = config.ledger
    return {
        "currency": source.currency,
        "timezone": source.timezone,
        "refunds": source.refunds,
        "refund_prefix": source.refund_prefix,
        "exclude_product_ids": list(source.exclude.product_ids),
        "exclude_order_id_prefixes": list(source.exclude.order_id_prefixes),
        "duplicates": source.duplicates,
    }


def open_base(config: Config) -> Base:
    """Read the orders and what else the config names, and build the customer tables.

    Parameters
    ----------
    config : Config
        The whole config.

    Returns
    -------
    Base
    """
    csv = config.ledger.csv.model_dump()
    ledger = open_ledger(config)
    customers, events, merges = (
        None if name is None else read(config.path(name), csv=csv)
        for name, read in (
            (config.ledger.customers, load_customers),
            (config.ledger.events, load_events),
            (config.ledger.customer_merges, load_merges),
        )
    )
    tables = customer_tables(
        ledger.lines,
        keep=materialise,
        settle=at_hand,
        attributes=customers,
        events=events,
        merges=() if merges is None else tuple(CustomerMerge(*row) for row in merges.itertuples(index=False)),
    )
    return Base(ledger, tables, _actions(config, tables))


def _actions(config: Config, tables: CustomerTables) -> pd.DataFrame | None:
    """Read the action log that the config names, and look for customers that nobody knows."""
    if config.ledger.actions is None:
        return None
    log = load_actions(config.path(config.ledger.actions), csv=config.ledger.csv.model_dump())
    known = tables.days.select("customer_id").unique().collect().to_pandas()
    log.attrs["unknown_customers"] = unknown_customers(log, known["customer_id"])
    return log


def data_digest(tables: CustomerTables) -> str:
    """Return a SHA-256 of the customer-day table: the same orders in any row order give the same digest.

    Parameters
    ----------
    tables : CustomerTables
        By customer and day.

    Returns
    -------
    str
        64 hex digits.
    """
    frame = tables.days.collect().to_pandas().sort_values(["customer_id", "day"], ignore_index=True)
    columns = [c for c in ("day", "orders", "lines", "spend", "refund", "cost") if c in frame]
    numbers = np.ascontiguousarray(frame[columns].to_numpy(dtype=np.int64))
    customers = pd.util.hash_pandas_object(frame["customer_id"].astype(object), index=False).to_numpy()
    return hashlib.sha256(customers.tobytes() + numbers.tobytes()).hexdigest()
