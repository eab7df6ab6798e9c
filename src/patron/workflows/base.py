"""Open what a config names: the ledger and the customer tables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.actions import unknown_customers
from patron.config import Config
from patron.errors import PatronError
from patron.ledger import (
    Ledger,
    SqlQuery,
    at_hand,
    load_actions,
    load_customers,
    load_events,
    load_ledger,
    load_merges,
    materialise,
)
from patron.snapshots import KINDS_OF_ITEMS, CustomerMerge, CustomerTables, customer_tables, with_first_days
from patron.store import StoredLedger, StoreUpdate, read_store, reading_of, update_store


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
    if config.ledger.store is not None:
        return _from_store(config, as_of=as_of, items=()).ledger
    aside = _set_aside_path(config)
    return load_ledger(
        order_source(config), as_of=as_of or config.as_of, set_aside=aside, **_how_to_read(config)
    )


def set_aside_file(config: Config) -> Path | None:
    """Return the file of the rows that the last reading of the orders set aside.

    Parameters
    ----------
    config : Config
        With ``output``.

    Returns
    -------
    Path or None
        None where no row was.
    """
    path = _set_aside_path(config)
    return path if path.is_file() else None


def _set_aside_path(config: Config) -> Path:
    return config.path(config.output) / "set_aside.csv"


def bring_store_up_to_date(config: Config, *, rebuild: bool = False, verify: bool = False) -> StoreUpdate:
    """Bring the store of a config up to date with its orders.

    Parameters
    ----------
    config : Config
        With ``ledger.store``.
    rebuild, verify : bool
        As in `store.update_store`.

    Returns
    -------
    StoreUpdate

    Raises
    ------
    PatronError
        If the config names no store, or it cannot be brought up to date.
    """
    if config.ledger.store is None:
        raise PatronError(
            "the config names no store; say ledger: {store: store}, a folder of its own beside the config"
        )
    folder, reading = config.path(config.ledger.store), reading_of(**_how_to_read(config))
    return update_store(order_source(config), folder, reading, rebuild=rebuild, verify=verify)


def _from_store(
    config: Config, *, as_of: date | None = None, items: Collection[str], **beside: Any
) -> StoredLedger:
    """Bring the store up to date and read it."""
    bring_store_up_to_date(config)
    folder, reading = config.path(str(config.ledger.store)), reading_of(**_how_to_read(config))
    day, aside = as_of or config.as_of, _set_aside_path(config)
    return read_store(folder, reading, as_of=day, items=items, set_aside=aside, **beside)


def _how_to_read(config: Config) -> dict[str, Any]:
    """Return the arguments of `load_ledger` that say how rows are read."""
    return {
        "columns": config.ledger.columns.mapping,
        "csv": config.ledger.csv.model_dump(),
        "memory_limit": config.engine.memory_limit,
        "threads": config.engine.threads,
        **reading_rules(config),
    }


def order_source(config: Config) -> Path | SqlQuery:
    """Return what `load_ledger` is to open.

    Parameters
    ----------
    config : Config
        With ``ledger.transactions``.

    Returns
    -------
    Path or SqlQuery
    """
    written = config.ledger.transactions
    if isinstance(written, str):
        return config.path(written)
    return SqlQuery(written.sql, written.url, config.folder)


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


def open_base(config: Config, *, items: Collection[str] = KINDS_OF_ITEMS) -> Base:
    """Read the orders and what else the config names, and build the customer tables.

    Parameters
    ----------
    config : Config
        The whole config.
    items : collection of str
        Which tables of items are needed (`snapshots.customer_tables`).

    Returns
    -------
    Base
    """
    if config.ledger.store is not None:
        stored = _from_store(config, items=items, **beside_orders(config))
        return Base(*stored, _actions(config, stored.tables))
    ledger = open_ledger(config)
    tables = customer_tables(
        ledger.lines, keep=materialise, settle=at_hand, items=items, **beside_orders(config)
    )
    return Base(ledger, tables, _actions(config, tables))


def open_base_for_snapshots(config: Config, *, items: Collection[str]) -> Base:
    """Open the base where many days are looked at: what each of them would find anew is kept.

    Parameters
    ----------
    config : Config
        The whole config.
    items : collection of str
        As in `open_base`.

    Returns
    -------
    Base
    """
    base = open_base(config, items=items)
    return replace(base, tables=with_first_days(base.tables, keep=materialise, settle=at_hand))


def beside_orders(config: Config) -> dict[str, Any]:
    """Read the attributes, events and merges that a config names, as `customer_tables` takes them."""
    csv = config.ledger.csv.model_dump()
    customers, events, merges = (
        None if name is None else read(config.path(name), csv=csv)
        for name, read in (
            (config.ledger.customers, load_customers),
            (config.ledger.events, load_events),
            (config.ledger.customer_merges, load_merges),
        )
    )
    rows = () if merges is None else merges.itertuples(index=False)
    return {
        "attributes": customers,
        "events": events,
        "merges": tuple(CustomerMerge(*row) for row in rows),
    }


def _actions(config: Config, tables: CustomerTables) -> pd.DataFrame | None:
    """Read the action log that the config names, and look for customers that nobody knows."""
    if config.ledger.actions is None:
        return None
    log = load_actions(config.path(config.ledger.actions), csv=config.ledger.csv.model_dump())
    known = tables.days.select("customer_id").unique().collect().to_pandas()
    log.attrs["unknown_customers"] = unknown_customers(log, known["customer_id"])
    return log
