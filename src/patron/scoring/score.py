"""The score row (CONTRACT: score schema version 1): a function of a ledger row and the model alone.

In:  rows of `ledger_rows`, the parts of a trained model.
Out: one frame of `columns.SCORE_COLUMNS`; arrays until then.
Not here: queries (`ledger_rows`), checking rows that come from elsewhere (`read_rows`).

Every average a customer is compared with is stored in the model, so that a row stands alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from patron.clv import customer_margins, net_ratios, value_at_risk, value_of_rows
from patron.columns import SCHEMA_VERSION, SCORE_COLUMNS
from patron.playbook import Playbook
from patron.scoring._numbers import factorized, significant
from patron.scoring.forecasts import by_shipped_forecast
from patron.scoring.ledger_rows import ledger_rows
from patron.scoring.parts import ScoreSettings, ScoringParts
from patron.scoring.read_rows import Rows, rows_of
from patron.scoring.reasons import reason_arrays
from patron.scoring.row_columns import LIMIT
from patron.scoring.standing import note_codes, standing_of, status_of
from patron.scoring.texts import note_in_language, note_text, reason_text
from patron.segments import expected_gap_days
from patron.snapshots import CustomerTables, day_of

Columns = dict[str, np.ndarray]
_DIGITS = 10
_OF_KIND = {
    "float": [name for name, column in SCORE_COLUMNS.items() if column.kind == "float"],
    "int": [name for name, column in SCORE_COLUMNS.items() if column.kind == "int"],
    "other": [name for name, column in SCORE_COLUMNS.items() if column.kind not in ("float", "int")],
}
#: Where each column of the contract stands when the kinds stand one after the other.
_BY_KIND = [*_OF_KIND["other"], *_OF_KIND["float"], *_OF_KIND["int"]]
_IN_ORDER = [_BY_KIND.index(name) for name in SCORE_COLUMNS]


def score_customers(
    parts: ScoringParts, tables: CustomerTables, as_of_day: int, *, model: str, data_through_day: int
) -> pd.DataFrame:
    """Score every customer known before `as_of`.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.
    tables : CustomerTables
        The customer-day tables.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    model : str
        ``name/version`` or the folder's name, for the column of that name.
    data_through_day : int
        Last day before `as_of` in the whole ledger.

    Returns
    -------
    pandas.DataFrame
        `columns.SCORE_COLUMNS`, ordered by ``customer_id``; floats are not rounded.
    """
    frame = ledger_rows(parts, tables, as_of_day, data_through_day=data_through_day)
    if len(frame) == 0:
        return no_scores()
    return score_rows(parts, rows_of(frame, parts), model=model, language=parts.settings.language)


def no_scores() -> pd.DataFrame:
    """Return scores of nobody."""
    return _frame({name: np.empty(0, dtype=object) for name in SCORE_COLUMNS}, 0, rounded=False)


def score_rows(
    parts: ScoringParts, rows: Rows, *, model: str, language: str, rounded: bool = False
) -> pd.DataFrame:
    """Score customers whose ledger rows are known.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.
    rows : Rows
        Of `read_rows`.
    model : str
        For the column of that name.
    language : str
        ``en`` or ``zh``, for reasons, actions and notes.
    rounded : bool
        Whether to round floats to 10 significant digits, as they are written.

    Returns
    -------
    pandas.DataFrame
        `columns.SCORE_COLUMNS`, in the order of the rows.
    """
    everybody, settings = len(rows.customer_id), parts.settings
    columns: Columns = {"status": np.full(everybody, "excluded", dtype=object)}
    columns["note"] = np.full(everybody, note_text("excluded", language), dtype=object)
    if len(rows.place):
        for name, values in _of_buyers(parts, rows, language).items():
            columns[name] = _spread(values, rows.place, everybody, columns.get(name))
    through, known = factorized(rows.data_through)
    same: dict[str, Any] = {
        "as_of": day_of(rows.as_of_day),
        "model": model,
        "schema_version": SCHEMA_VERSION,
        "churn_horizon_days": settings.churn_horizon_days,
        "clv_horizon_months": settings.clv_horizon_months,
        "currency": settings.currency,
    }
    columns |= {name: np.full(everybody, value, dtype=object) for name, value in same.items()}
    columns["data_through"] = _objects([date.fromisoformat(text) for text in known])[through]
    columns["customer_id"] = rows.customer_id
    return _frame(columns, everybody, rounded=rounded)


def _of_buyers(parts: ScoringParts, rows: Rows, language: str) -> Columns:
    """Score the customers with a purchase day."""
    settings, day = parts.settings, rows.as_of_day
    standing = standing_of(settings, day, rows.first_day, rows.last_day, rows.numbers.get(LIMIT))
    status = status_of(rows.last_day, rows.numbers["purchase_days_ever"], day, standing.limit_days)
    lapsed = status == "lapsed"
    columns = {"status": status, **_money(parts, rows, standing.window_days), **_ledger_facts(parts, rows)}
    late = columns["next_order_expected_on"] >= day + settings.churn_horizon_days
    columns["next_order_expected_on"] = _dates(np.where(lapsed, np.nan, columns["next_order_expected_on"]))
    columns["last_order_on"] = _dates(rows.last_day)
    found, shares = parts.churn.explained(rows.features, day)
    probability = np.where(standing.is_at_risk, found, 0.0)
    risk = np.where(lapsed, "high", parts.thresholds.levels(probability))
    # no reasons for a risk that is not told, nor for one that the label rules out
    told = (standing.is_told & standing.is_at_risk) | lapsed
    names = parts.churn.columns
    columns |= reason_arrays(rows.features, names, shares, risk, told, parts.shown_with, language)
    columns["churn_probability"] = np.where(standing.is_told, probability, np.nan)
    columns["churn_risk"] = _where_told(standing.is_told, risk)
    columns["value_at_risk"] = _value_at_risk(settings, columns)
    columns["action"] = parts.playbook.actions_of(columns, len(rows.place), language)
    codes, known = factorized(note_codes(settings, status, standing, late).astype(object))
    facts = {"active_days": settings.active_days}
    texts = [note_text(str(code), language, **facts) if code else None for code in known]
    columns["note"] = _objects(texts)[codes]
    return columns


def _value_at_risk(settings: ScoreSettings, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Money lost by churning: the customer's, or with the label `decline` that of what it no longer buys."""
    probability = columns["churn_probability"]
    if settings.decline_share is not None:
        return np.asarray(probability * (1 - settings.decline_share) * columns["clv"])
    return value_at_risk(probability, columns["clv_if_kept"], columns["clv_if_silent"])


def earned_shares(parts: ScoringParts, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return margin / revenue, and margin / order value after refunds, of each customer.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.
    rows : Rows, n rows
        Of `read_rows`.

    Returns
    -------
    margin, earned : numpy.ndarray, shape (n,)
    """
    settings, numbers = parts.settings, rows.numbers
    spend, refund, bought = numbers["spend_ever"], numbers["refund_ever"], numbers["purchase_days_ever"]
    margin = customer_margins(
        default=settings.margin,
        base_margin=settings.base_margin,
        known=numbers["own_margin_ratio"],
        revenue=spend - refund,
        margin=numbers["margin_ever"],
        purchase_days=bought,
    )
    kept = net_ratios(base_ratio=settings.net_ratio, spend=spend, refund=refund, purchase_days=bought)
    return margin, margin * kept


def _money(parts: ScoringParts, rows: Rows, window_days: int | np.ndarray) -> Columns:
    """Value of each customer; refunds and costs turn order value into margin."""
    settings = parts.settings
    margin, earned = earned_shares(parts, rows)
    value = value_of_rows(
        parts.clv,
        rows.purchases,
        horizon_months=settings.clv_horizon_months,
        churn_horizon_days=window_days,
        margin=earned,
        annual_discount_rate=settings.annual_discount_rate,
    )
    months = settings.clv_horizon_months
    found = by_shipped_forecast(parts, rows, value, margin=margin, earned=earned, horizon_months=months)
    return {name: values for name, values in found.items() if name in SCORE_COLUMNS}


def _ledger_facts(parts: ScoringParts, rows: Rows) -> Columns:
    unit, numbers = 10**parts.recipe.minor_digits, rows.numbers
    gap = expected_gap_days(numbers["gaps"], numbers["gap_median_days"], parts.segments.base_gap_median)
    before, year = numbers["revenue_year_before"], numbers["revenue_year"]
    change = np.where(before > 0, year / np.where(before > 0, before, 1.0), np.nan)
    return {
        **rows.readings,
        "next_order_expected_on": rows.last_day + np.maximum(np.round(gap), 1),
        "orders_last_12_months": numbers["orders_year"],
        "revenue_last_12_months": year / unit,
        "revenue_change_ratio": change,
    }


def in_language(scores: pd.DataFrame, playbook: Playbook, language: str, *, active_days: int) -> pd.DataFrame:
    """Say reasons, actions and notes of scored rows in another language, from their codes and values.

    Parameters
    ----------
    scores : pandas.DataFrame
        Score rows.
    playbook : Playbook
        Of the model that scored them.
    language : str
        ``en`` or ``zh``.
    active_days : int
        Of the model that scored them.

    Returns
    -------
    pandas.DataFrame
        A copy.
    """
    said = scores.copy()
    for rank in (1, 2, 3):
        pairs = zip(scores[f"reason_{rank}_code"], scores[f"reason_{rank}_values"], strict=True)
        said[f"reason_{rank}"] = [
            reason_text(code, json.loads(values), language) if isinstance(code, str) else None
            for code, values in pairs
        ]
    said["action"] = playbook.actions(scores, language)
    said["note"] = [note_in_language(note, language, active_days=active_days) for note in scores["note"]]
    return said


def _where_told(is_told: np.ndarray, texts: np.ndarray) -> np.ndarray:
    found = texts.astype(object)
    found[~is_told] = None
    return found


def _dates(days: np.ndarray) -> np.ndarray:
    """Days since 1970-01-01 -> dates, None where missing; each day is made once."""
    codes, known = factorized(days)
    return np.asarray(_objects([*(day_of(int(day)) for day in known), None])[codes])


def _objects(values: list[Any]) -> np.ndarray:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _spread(values: np.ndarray, place: np.ndarray, rows: int, rest: np.ndarray | None) -> np.ndarray:
    """Put the buyers' values at their places among all customers; the others have theirs, or nothing."""
    if len(values) == rows:
        return values
    nothing = np.nan if values.dtype == np.float64 else None
    whole = np.full(rows, nothing, dtype=values.dtype if nothing is not None else object)
    if rest is not None:
        whole[:] = rest
    whole[place] = values
    return whole


def _frame(columns: Mapping[str, np.ndarray], rows: int, *, rounded: bool) -> pd.DataFrame:
    """Give every column the type of the contract; counts may be missing, so they are nullable integers."""
    floats = np.full((rows, len(_OF_KIND["float"])), np.nan)
    for place, name in enumerate(_OF_KIND["float"]):
        if name in columns:
            floats[:, place] = columns[name]
    objects = np.full((rows, len(_OF_KIND["other"])), None, dtype=object)
    for place, name in enumerate(_OF_KIND["other"]):
        if name in columns:
            objects[:, place] = columns[name]
    counts = [_counts(columns.get(name), rows) for name in _OF_KIND["int"]]
    numbers = pd.DataFrame(significant(floats, _DIGITS) if rounded else floats)
    tables = [pd.DataFrame(objects, dtype=object), numbers, pd.DataFrame(dict(enumerate(counts)))]
    found = pd.concat(tables, axis=1, ignore_index=True).take(_IN_ORDER, axis=1)
    return found.set_axis(_names(), axis=1)


@cache
def _names() -> pd.Index:
    # not made on import: pandas keeps texts with pyarrow where it is there
    return pd.Index(list(SCORE_COLUMNS))


def _counts(values: np.ndarray | None, rows: int) -> pd.arrays.IntegerArray:
    numbers = np.full(rows, np.nan) if values is None else values.astype(np.float64)
    absent = np.isnan(numbers)
    return pd.arrays.IntegerArray(np.where(absent, 0, numbers).astype(np.int64), absent)
