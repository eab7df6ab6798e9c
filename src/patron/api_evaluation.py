"""What data scientists call: `patron.panel`, a training table; `patron.backtest`, our dates for their model.

In:  order lines. Out: features with what happened afterwards; figures on past dates.
Not here: training and registering a model (`workflows.train`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from patron.errors import PatronError, saying_what_to_install
from patron.evaluation import (
    Backtest,
    BacktestTerms,
    CallTerms,
    ChurnLabel,
    ChurnRecipe,
    StageLimits,
    ValueTerms,
    fit_purchase_models,
    matured_days,
    recipe_panel,
    run_backtest,
)
from patron.features import DEFAULT_GROUPS, FEATURE_GROUPS, FeatureRecipe, items_read_by
from patron.features.attributes import attribute_vocabularies, known_attributes
from patron.features.events import known_event_kinds
from patron.ledger import at_hand, load_ledger, materialise
from patron.snapshots import CustomerMerge, CustomerTables, customer_tables, day_of, to_day, with_first_days

Cutoffs = int | Sequence[str | date]


class _Opened(NamedTuple):
    """A ledger as tables: `first_day` and `as_of_day` (exclusive), `minor_digits`, `currency`."""

    tables: CustomerTables
    first_day: int
    as_of_day: int
    minor_digits: int
    currency: str | None


@saying_what_to_install()
def panel(
    orders: Any,
    cutoffs: Cutoffs = 12,
    *,
    horizon_days: int = 90,
    active_days: int = 180,
    label: str = "silence",
    every_days: int = 30,
    groups: Sequence[str] = DEFAULT_GROUPS,
    as_of: str | date = "latest",
    customers: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    merges: Sequence[CustomerMerge] = (),
    attributes: Sequence[str] = (),
    **reading: Any,
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Make the training table: what was known of each active customer on past days, and what came after.

    Parameters
    ----------
    orders : pandas or Polars frame, or a path
        Order lines.
    cutoffs : int or sequence of dates
        How many past days (the newest whose outcome is known, `every_days` apart), or which.
    horizon_days : int
        How far ahead the outcome looks.
    active_days : int
        Customers silent for longer have lapsed and are left out.
    label : str
        ``silence``, ``rhythm`` or ``decline``.
    every_days : int
        Distance between two days.
    groups : sequence of str
        Groups of features; those that the naive rules read are added.
    as_of : str or date
        Nothing of this day or later is used.
    customers, events : pandas.DataFrame, optional
        Of `ledger.load_customers` and `ledger.load_events`.
    merges : sequence of CustomerMerge
        Customers that were given a new id.
    attributes : sequence of str
        Columns of `customers` that become features.
    **reading
        As in `ledger.load_ledger`: ``columns``, ``duplicates``, ``currency`` and so on.

    Returns
    -------
    X : pandas.DataFrame, shape (n, n_features)
        Features; missing where unknown.
    y : numpy.ndarray of int, shape (n,)
        1 for customers who churned.
    keys : pandas.DataFrame, shape (n, 2)
        ``customer_id`` and ``as_of`` (date) of each row, ordered by day, then customer.

    Raises
    ------
    NotEnoughData
        If no past day has an outcome that is known.
    LedgerError
        If the orders cannot be used.

    Examples
    --------
    >>> from patron import simulate_ledger
    >>> orders = simulate_ledger(customers=40, seed=1).orders
    >>> X, y, keys = panel(orders, cutoffs=2, horizon_days=60, groups=("rfm",))
    >>> len(X) == len(y) == len(keys), keys["as_of"].nunique()
    (True, 2)
    """
    base = _open(orders, as_of, customers, events, merges, groups, reading)
    recipe = _recipe(base, ChurnLabel(label, horizon_days, active_days), groups, attributes, every_days)
    wanted = _wanted_days(cutoffs)
    days = matured_days(base.tables, base.as_of_day, base.first_day, recipe, wanted)
    purchases = fit_purchase_models(base.tables, days, minor_digits=base.minor_digits)
    made = recipe_panel(base.tables, days, recipe, purchases)
    as_of_dates = [day_of(int(day)) for day in made.as_of_day]
    return made.features, made.churned, pd.DataFrame({"customer_id": made.customer_id, "as_of": as_of_dates})


@saying_what_to_install()
def backtest(
    orders: Any,
    *,
    horizon_days: int = 90,
    entrants: Mapping[str, Any] | None = None,
    cutoffs: Cutoffs = 4,
    active_days: int = 180,
    label: str = "silence",
    model: str = "auto",
    every_days: int = 30,
    max_count: int = 24,
    groups: Sequence[str] = DEFAULT_GROUPS,
    value: bool = True,
    horizon_months: int = 12,
    margin: float = 1.0,
    annual_discount_rate: float = 0.1,
    save_rate: float = 0.2,
    cost: float = 0.0,
    top_k: int | None = None,
    as_of: str | date = "latest",
    customers: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    merges: Sequence[CustomerMerge] = (),
    attributes: Sequence[str] = (),
    n_jobs: int = -1,
    seed: int = 7,
    progress: Callable[[str], None] = lambda _step: None,
    **reading: Any,
) -> Backtest:
    """Run patron, its naive rules and your own classifiers on the same past dates.

    Parameters
    ----------
    orders : pandas or Polars frame, or a path
        Order lines.
    horizon_days : int
        How far ahead churn looks.
    entrants : mapping of str to classifier, optional
        Your own scikit-learn classifiers. Each is cloned, fitted on the rows whose outcome was known on a
        date (`panel`) and predicts the customers of that date; features may be missing (NaN).
    cutoffs : int or sequence of dates
        How many past dates (the newest whose outcome is known, with windows that do not overlap), or which.
    active_days, label, groups
        As in `panel`.
    model : str
        ``churn.model`` of a config: what patron itself enters with.
    every_days, max_count : int
        Distance between the snapshots that are learned from, in days, and how many at most.
    value : bool
        Whether patron's value forecast is judged too; it takes most of the time.
    horizon_months, margin, annual_discount_rate
        How value is counted, as under ``clv`` in a config.
    save_rate, cost : float
        Share of customers about to leave whom a call keeps; what a call costs, currency.
    top_k : int, optional
        Calls on each date; a tenth of the customers when None.
    as_of, customers, events, merges, attributes, **reading
        As in `panel`.
    n_jobs : int
        Processes, -1 for one per core. Changes no result.
    seed : int
        Of everything drawn.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Backtest
        With `verdict`, `table`, `to_dict()`; a notebook shows it as a table.

    Raises
    ------
    NotEnoughData
        If the log is too short for one date.
    PatronError
        If an entrant has a taken name, is no classifier, or fails.
    """
    base = _open(orders, as_of, customers, events, merges, groups, reading)
    churn_label = ChurnLabel(label, horizon_days, active_days)
    recipe = _recipe(base, churn_label, groups, attributes, every_days, max_count, model, seed)
    money = ValueTerms(
        purchases="auto",
        backend="native",
        by=None,
        horizon_months=horizon_months,
        margin=margin,
        has_cost="cost" in base.tables.days.collect_schema().names(),
        minor_digits=base.minor_digits,
    )
    terms = BacktestTerms(
        churn=recipe,
        value=money,
        limits=StageLimits(active_days, 90, 365),
        annual_discount_rate=annual_discount_rate,
        currency=base.currency,
        calls=CallTerms(save_rate, cost, top_k),
        by=tuple(attributes),
        entrants=dict(entrants or {}),
        workers=n_jobs,
        with_value=value,
    )
    wanted = _wanted_days(cutoffs)
    return run_backtest(base.tables, base.as_of_day, base.first_day, terms, cutoffs=wanted, progress=progress)


def _wanted_days(cutoffs: Cutoffs) -> int | list[int]:
    """Return how many days, or which; numpy's integers count as integers."""
    if isinstance(cutoffs, (int, np.integer)):
        return int(cutoffs)
    return [to_day(day) for day in cutoffs]


def _open(
    orders: Any,
    as_of: str | date,
    customers: pd.DataFrame | None,
    events: pd.DataFrame | None,
    merges: Sequence[CustomerMerge],
    groups: Sequence[str],
    reading: dict[str, Any],
) -> _Opened:
    unknown = sorted(set(reading) - set(inspect.signature(load_ledger).parameters))
    if unknown:
        raise PatronError(f"there is no argument {', '.join(unknown)}; lines are read as in load_ledger.")
    ledger = load_ledger(orders, as_of=as_of, **reading)
    tables = customer_tables(
        ledger.lines,
        keep=materialise,
        settle=at_hand,
        items=items_read_by(_known_groups(groups)),
        attributes=customers,
        events=events,
        merges=tuple(merges),
    )
    tables = with_first_days(tables, keep=materialise, settle=at_hand)
    first = ledger.report.first_day or ledger.as_of
    return _Opened(tables, to_day(first), to_day(ledger.as_of), ledger.minor_digits, ledger.currency)


def _recipe(
    base: _Opened,
    label: ChurnLabel,
    groups: Sequence[str],
    attributes: Sequence[str],
    every_days: int,
    max_count: int = 24,
    model: str = "auto",
    seed: int = 7,
) -> ChurnRecipe:
    tables, day = base.tables, base.as_of_day
    features = FeatureRecipe(
        horizon_days=label.horizon_days,
        minor_digits=base.minor_digits,
        groups=_known_groups(groups),
        attributes=attribute_vocabularies(known_attributes(tables.attributes, day), attributes),
        event_kinds=known_event_kinds(tables.events, day),
        kinds_of_items=tables.kinds_of_items,
    )
    return ChurnRecipe(
        features=features,
        label=label,
        every_days=every_days,
        max_count=max_count,
        wanted=model,
        seed=seed,
    )


def _known_groups(groups: Sequence[str]) -> tuple[str, ...]:
    """Return the groups in their order, refusing those that do not exist."""
    unknown = sorted(set(groups) - set(FEATURE_GROUPS))
    if unknown or isinstance(groups, str):
        wrong = groups if isinstance(groups, str) else ", ".join(unknown)
        raise PatronError(
            f"there is no group of features {wrong!r}; use some of {', '.join(FEATURE_GROUPS)}."
        )
    return tuple(group for group in FEATURE_GROUPS if group in groups)
