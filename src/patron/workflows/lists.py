"""The week's lists from what a config names: the ledger and its neighbours, scores, earlier lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from patron.actions import (
    Beside,
    CallTerms,
    Monday,
    accounts_won,
    day_of_scores,
    monday,
    owner_by_customer,
    read_earlier_lists,
    sister_notes,
)
from patron.config import Config
from patron.model import PatronModel
from patron.playbook import Playbook, load_playbook
from patron.scoring import in_language
from patron.segments import segment_inputs
from patron.snapshots import history_before, merge_customers, to_day
from patron.workflows.base import Base
from patron.workflows.campaigns import (
    campaigns_of,
    held_out,
    measured_rates,
    newest_read,
    to_call,
    uplift_rates,
)


def lists_folder(config: Config) -> Path:
    """Return where the worklists of a config lie, and what they remember."""
    return config.output_folder / "worklists"


def playbook_of(config: Config) -> Playbook:
    """Return the playbook that a config names today, not the one a model was trained with.

    Raises
    ------
    ConfigError
        With all problems of the file at once.
    """
    return load_playbook(None if config.playbook is None else config.path(config.playbook))


def lists_of(
    config: Config,
    base: Base,
    model: PatronModel,
    scores: pd.DataFrame,
    *,
    language: str,
    stopped: pd.DataFrame | None,
    per_owner: int | None = None,
) -> tuple[Monday, dict[str, str]]:
    """Make the lists from what is at hand; nothing is written.

    Parameters
    ----------
    config : Config
        Terms of a call and playbook; earlier lists below its output folder are remembered.
    base : Base
        Ledger, tables and action log, opened for the day of the scores or a later one.
    model : PatronModel
        What scored.
    scores : pandas.DataFrame
        Score rows of one day.
    language : str
        ``en`` or ``zh``.
    stopped : pandas.DataFrame or None
        What accounts stopped buying, where that list has passed its trial (`stopped_products`).
    per_owner : int, optional
        Instead of the config's capacity.

    Returns
    -------
    lists : Monday
    owners : dict
        Customer -> owner.
    """
    settings, parts, playbook = config.worklist, model.parts, playbook_of(config)
    as_of = day_of_scores(scores)
    campaigns = campaigns_of(config)
    read = newest_read(campaigns, as_of)
    by_customer = None if read is None else uplift_rates(config, read, base, model, scores)
    terms = CallTerms(
        save_rate=settings.save_rate,
        cost=settings.cost,
        capacity=per_owner or settings.capacity,
        cooldown_days=settings.cooldown_days,
        measured=None if read is None else measured_rates(read, settings.save_rate, by_customer),
    )
    said = in_language(scores, playbook, language, active_days=parts.settings.active_days)
    said = said.assign(churn_label=parts.settings.label)  # risks of different labels are not compared
    beside = replace(_beside(config, base, said, as_of, language), stopped=stopped, playbook=playbook)
    merges = base.tables.merges
    beside = replace(
        beside, held_out=held_out(campaigns, as_of, merges), campaigns=to_call(campaigns, as_of, merges)
    )
    digits = base.ledger.minor_digits
    won = accounts_won(base.actions, base.tables, to_day(as_of), minor_digits=digits)
    found = monday(said, terms, beside, won, is_simulated=config.simulated)
    return found, owner_by_customer(beside.attributes)


def _beside(config: Config, base: Base, scores: pd.DataFrame, as_of: date, language: str) -> Beside:
    """Gather what the ledger and its neighbours knew before the day."""
    tables, day, digits = base.tables, to_day(as_of), base.ledger.minor_digits
    history = history_before(tables, day)
    names = merge_customers(tables.merges, day)
    year = segment_inputs(history).set_index("customer_id")["revenue_year_before"]
    return Beside(
        attributes=history.attributes,
        revenue_before=year / 10**digits,
        sisters=sister_notes(scores, history.attributes, language=language, renamed=names),
        log=base.actions,
        previous=read_earlier_lists(lists_folder(config), as_of),
        merges=tables.merges,
        language=language,
    )
