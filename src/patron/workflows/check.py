"""`patron check`: what the ledger holds, what was set aside and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from patron.config import Config
from patron.features.attributes import attribute_vocabularies
from patron.ledger import LedgerReport, check_hierarchy
from patron.playbook import Playbook
from patron.snapshots import CustomerTables, merge_customers, probable_rekeys
from patron.workflows.actions import about_log
from patron.workflows.base import Base, open_base
from patron.workflows.lists import playbook_of

_FOR_EVER = 10**9


def check(config: Config) -> LedgerReport:
    """Read everything a config names and report on it.

    Parameters
    ----------
    config : Config
        The whole config.

    Returns
    -------
    LedgerReport
        Rows in = rows used + set aside + later; the warnings speak of customers, events, actions and the
        playbook as well.

    Raises
    ------
    PatronError
        If the ledger cannot be read, or the playbook has problems: all of them.
    """
    playbook = playbook_of(config)
    return check_base(config, open_base(config, items=()), playbook)


def check_base(config: Config, base: Base, playbook: Playbook) -> LedgerReport:
    """Report on what was read.

    Parameters
    ----------
    config : Config
        The whole config.
    base : Base
        Its orders and what else it names.
    playbook : Playbook
        Its actions.

    Returns
    -------
    LedgerReport

    Raises
    ------
    PatronError
        As `check`.
    """
    # what a training would refuse is refused here, too, before anybody waits for one
    merge_customers(base.tables.merges, _FOR_EVER)
    attribute_vocabularies(base.tables.attributes, config.features.attributes)
    more = [
        *(f"playbook: {warning}" for warning in playbook.warnings),
        *_about_attributes(config, base.tables),
        *_about_parents(base.tables),
        *_about_rows(base.tables),
        *_about_ids(base.tables),
        *about_log(config, base.actions),
    ]
    return replace(base.ledger.report, warnings=[*base.ledger.report.warnings, *more])


def _about_attributes(config: Config, tables: CustomerTables) -> Iterator[str]:
    table, wanted = tables.attributes, config.features.attributes
    if table is not None and wanted and "valid_from_day" not in table:
        yield (
            f"the customer attributes {', '.join(wanted)} are assumed constant: the file has no valid_from, "
            "so a value that changed later would tell the model what it could not know"
        )


def _about_parents(tables: CustomerTables) -> Iterator[str]:
    if tables.attributes is not None:
        yield from check_hierarchy(tables.attributes).problems


def _about_rows(tables: CustomerTables) -> Iterator[str]:
    for what, table in (("customers", tables.attributes), ("events", tables.events)):
        counts = {} if table is None else table.attrs.get("set_aside", {})
        if counts:
            reasons = ", ".join(f"{rows} {reason}" for reason, rows in counts.items())
            yield f"{what}: rows or values set aside: {reasons}"


def _about_ids(tables: CustomerTables) -> Iterator[str]:
    known = {merge.old_id for merge in tables.merges}
    pairs = [(old, new) for old, new in probable_rekeys(tables.days) if old not in known]
    if pairs:
        old, new = pairs[0]
        yield (
            f"{len(pairs)} customers look re-keyed, e.g. '{old}' ends before '{new}' starts; "
            "if they are the same, list them in ledger.customer_merges"
        )
