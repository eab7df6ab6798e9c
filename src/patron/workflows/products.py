"""Product lists, each with its trial: one that was no better than the simple rule on past dates is not shown.

Not here: how they are made and tried (`actions`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import pandas as pd

from patron.actions import peers_also_buy, peers_trial, stopped_categories, stopped_trial
from patron.errors import NotEnoughData
from patron.model import PatronModel
from patron.reports import Trialled
from patron.segments import margins_of, segment_inputs
from patron.snapshots import RhythmRule, history_before, to_day
from patron.workflows.base import Base

Found = TypeVar("Found")
#: Items suggested to a customer; as many are tried on the past.
SUGGESTIONS = 3


def products_of(base: Base, model: PatronModel, as_of: date, language: str) -> dict[str, Trialled | None]:
    """Make both product lists.

    Parameters
    ----------
    base : Base
        Ledger and tables.
    model : PatronModel
        What scored.
    as_of : date
        Nothing of this day or later is looked at.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    dict
        ``stopped`` and ``peers``; None where the ledger names no items or holds too little.
    """
    return {
        "stopped": stopped_products(base, model, as_of, language),
        "peers": _peer_products(base, model, as_of, language),
    }


def stopped_products(base: Base, model: PatronModel, as_of: date, language: str) -> Trialled | None:
    """Make the list of what accounts stopped buying.

    Parameters
    ----------
    base, model, as_of, language
        As in `products_of`.

    Returns
    -------
    Trialled or None
    """
    tables, day, digits = base.tables, to_day(as_of), base.ledger.minor_digits
    how: dict[str, Any] = {
        "active_days": model.parts.settings.active_days,
        "rule": _rule(model.parts.recipe.rhythm),
    }
    return _trialled(
        lambda: stopped_trial(tables, day, **how),
        lambda: stopped_categories(tables, day, **how, minor_digits=digits),
        language,
    )


def _rule(own: RhythmRule | None) -> RhythmRule:
    """Return the quantile and bounds of the model; past days are tried with the base's gap of their own."""
    return RhythmRule() if own is None else replace(own, base_gap_days=None)


def _peer_products(base: Base, model: PatronModel, as_of: date, language: str) -> Trialled | None:
    tables, day, digits = base.tables, to_day(as_of), base.ledger.minor_digits

    def found() -> pd.DataFrame:
        margin = margins_before(base, model, day)
        rows = peers_also_buy(tables, day, top=SUGGESTIONS, margin=margin, minor_digits=digits)
        return rows.sort_values(
            ["expected_margin", "customer_id", "item"], ascending=[False, True, True], ignore_index=True
        )

    return _trialled(lambda: peers_trial(tables, day, top=SUGGESTIONS), found, language)


def margins_before(base: Base, model: PatronModel, day: int) -> pd.Series[float]:
    """Return margin / revenue of each customer, as it is for the scores.

    Parameters
    ----------
    base : Base
        With costs per line or ``margin`` in the customer file where there are any.
    model : PatronModel
        With the margin to fall back on.
    day : int
        Days since 1970-01-01; nothing of this day or later is looked at.

    Returns
    -------
    pandas.Series
        By customer id, for customers with an order.
    """
    history, settings = history_before(base.tables, day), model.parts.settings
    inputs = segment_inputs(history)
    share = margins_of(inputs, history.attributes, settings.margin, settings.base_margin)
    return pd.Series(share, index=inputs["customer_id"].to_numpy())


def shown_rows(found: Trialled | None) -> pd.DataFrame | None:
    """Return the rows of a list that has passed its trial, None of any other."""
    return found.rows if found is not None and found.is_shown else None


def _trialled(trial: Callable[[], Any], rows: Callable[[], pd.DataFrame], language: str) -> Trialled | None:
    """Make a list where its trial speaks for it; else keep the sentence that says why there is none."""
    tried = unless_too_little(trial)
    if tried is None:
        return None
    found = rows() if tried.is_shown else pd.DataFrame()
    return Trialled(found, tried.sentence(language), is_shown=tried.is_shown)


def unless_too_little(make: Callable[[], Found]) -> Found | None:
    """Make something; None where the data are too few for it."""
    try:
        return make()
    except NotEnoughData:
        return None
