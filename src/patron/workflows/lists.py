"""The week's lists from what a config names: the ledger and its neighbours, scores, earlier lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from patron.actions import (
    Beside,
    CallTerms,
    Monday,
    accounts_won,
    monday,
    owner_by_customer,
    read_earlier_lists,
    sister_notes,
    stopped_categories,
)
from patron.config import Config
from patron.model import PatronModel
from patron.scoring import in_language
from patron.segments import segment_inputs
from patron.snapshots import history_before, merge_customers, to_day
from patron.workflows.base import Base


def lists_folder(config: Config) -> Path:
    """Return where the worklists of a config lie, and what they remember."""
    return config.output_folder / "worklists"


def day_of_scores(scores: pd.DataFrame) -> date:
    """Return the one ``as_of`` of a scores table."""
    return date.fromisoformat(str(scores["as_of"].iloc[0])[:10])


def lists_of(
    config: Config,
    base: Base,
    model: PatronModel,
    scores: pd.DataFrame,
    *,
    language: str,
    per_owner: int | None = None,
) -> tuple[Monday, dict[str, str]]:
    """Make the lists from what is at hand; nothing is written.

    Parameters
    ----------
    config : Config
        Terms of a call; earlier lists below its output folder are remembered.
    base : Base
        Ledger, tables and action log, opened for the day of the scores or a later one.
    model : PatronModel
        What scored.
    scores : pandas.DataFrame
        Score rows of one day.
    language : str
        ``en`` or ``zh``.
    per_owner : int, optional
        Instead of the config's capacity.

    Returns
    -------
    lists : Monday
    owners : dict
        Customer -> owner.
    """
    settings, parts = config.worklist, model.parts
    as_of = day_of_scores(scores)
    terms = CallTerms(
        save_rate=settings.save_rate,
        cost=settings.cost,
        capacity=per_owner or settings.capacity,
        cooldown_days=settings.cooldown_days,
    )
    said = in_language(scores, parts.playbook, language, active_days=parts.settings.active_days)
    beside = _beside(config, base, model, said, as_of, language)
    digits = base.ledger.minor_digits
    won = accounts_won(base.actions, base.tables, to_day(as_of), minor_digits=digits)
    found = monday(said, terms, beside, won, is_simulated=config.simulated)
    return found, owner_by_customer(beside.attributes)


def _beside(
    config: Config, base: Base, model: PatronModel, scores: pd.DataFrame, as_of: date, language: str
) -> Beside:
    """Gather what the ledger and its neighbours knew before the day."""
    tables, day, digits = base.tables, to_day(as_of), base.ledger.minor_digits
    history = history_before(tables, day)
    names = merge_customers(tables.merges, day)
    attributes = _under_new_ids(history.attributes, names)
    year = segment_inputs(history).set_index("customer_id")["revenue_year_before"]
    stopped = None
    if tables.kinds_of_items:
        active_days = model.parts.settings.active_days
        stopped = stopped_categories(tables, day, active_days=active_days, minor_digits=digits)
    return Beside(
        attributes=attributes,
        revenue_before=year / 10**digits,
        stopped=stopped,
        sisters=sister_notes(scores, attributes, language=language, renamed=names),
        log=base.actions,
        previous=read_earlier_lists(lists_folder(config), as_of),
        merges=tables.merges,
        playbook=model.parts.playbook,
        language=language,
    )


def _under_new_ids(attributes: pd.DataFrame | None, names: Mapping[str, str]) -> pd.DataFrame | None:
    """Give re-keyed customers their new id; a row that the new id has of its own comes first."""
    if attributes is None or not names:
        return attributes
    ids = attributes["customer_id"].map(lambda old: names.get(old, old))
    moved = attributes.assign(customer_id=ids, is_old=ids != attributes["customer_id"])
    moved = moved.sort_values(["customer_id", "is_old"], kind="stable").drop_duplicates("customer_id")
    return moved.drop(columns="is_old").reset_index(drop=True)
