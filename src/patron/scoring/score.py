"""Assemble the score row (CONTRACT: score schema version 1) from a trained model and the customer tables.

A row depends on the customer's own rows, `as_of` and the model; every average it is compared with is stored
in the model.
"""

from __future__ import annotations

import json

import narwhals as nw
import numpy as np
import pandas as pd

from patron.clv import LedgerView, customer_value, value_at_risk
from patron.columns import SCHEMA_VERSION, SCORE_COLUMNS
from patron.features import build_features
from patron.playbook import Playbook
from patron.scoring.parts import ScoringParts
from patron.scoring.reasons import reason_columns
from patron.scoring.texts import note_text, reason_text
from patron.segments import assign_segments, expected_gap_days, margins_of, net_ratios_of
from patron.snapshots import CustomerTables, day_of, history_before


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
        `columns.SCORE_COLUMNS`, ordered by ``customer_id``.
    """
    segments = assign_segments(tables, as_of_day, parts.segments)
    rows = segments.set_index("customer_id", drop=False).rename_axis(None)
    if len(rows):
        scores = _of_buyers(parts, tables, rows, as_of_day)
    else:
        scores = pd.DataFrame(index=rows.index, columns=list(SCORE_COLUMNS), dtype=object)
    scores = scores.reindex(scores.index.append(_without_purchase(tables, as_of_day, scores.index)))
    return _complete(scores, parts, as_of_day, model, data_through_day)


def _of_buyers(
    parts: ScoringParts, tables: CustomerTables, rows: pd.DataFrame, as_of_day: int
) -> pd.DataFrame:
    """Score the customers with a purchase day."""
    scores = pd.DataFrame(index=rows.index)
    scores["status"] = status_of(rows, as_of_day, parts.settings.active_days)
    scores = scores.join([_money(parts, tables, rows, as_of_day), _ledger_facts(parts, rows)])
    scores.loc[scores["status"] == "lapsed", "next_order_expected_on"] = None
    scores = scores.join(_churn(parts, tables, scores, as_of_day))
    scores["value_at_risk"] = value_at_risk(
        scores["churn_probability"].to_numpy(float), scores["clv_if_kept"], scores["clv_if_silent"]
    )
    scores["action"] = parts.playbook.actions(scores, parts.settings.language)
    scores["note"] = _notes(parts, scores, as_of_day)
    return scores


def status_of(inputs: pd.DataFrame, as_of_day: int, active_days: int) -> np.ndarray:
    """Return lapsed, new or scored for customers with a purchase day.

    Parameters
    ----------
    inputs : pandas.DataFrame, shape (n, ...)
        With ``last_day`` and ``purchase_days``.
    as_of_day : int
        Days since 1970-01-01.
    active_days : int
        Silent for longer is lapsed.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
    """
    lapsed = as_of_day - inputs["last_day"].to_numpy() > active_days
    return np.where(lapsed, "lapsed", np.where(inputs["purchase_days"].to_numpy() < 2, "new", "scored"))


def _money(parts: ScoringParts, tables: CustomerTables, rows: pd.DataFrame, as_of_day: int) -> pd.DataFrame:
    """Value of each customer; refunds and costs turn order value into margin."""
    history = history_before(tables, as_of_day)
    summary = LedgerView(tables, as_of_day, parts.recipe.minor_digits).summary(parts.clv.by)
    settings = parts.settings
    margin = margins_of(rows, history.attributes, settings.margin, settings.base_margin)
    margin = margin * net_ratios_of(rows, settings.net_ratio)
    value = customer_value(
        parts.clv,
        summary,
        horizon_months=settings.clv_horizon_months,
        churn_horizon_days=settings.churn_horizon_days,
        margin=margin,
        annual_discount_rate=settings.annual_discount_rate,
    )
    return value.drop(columns="no_order_probability").set_axis(summary["customer_id"].to_numpy(), axis=0)


def _ledger_facts(parts: ScoringParts, rows: pd.DataFrame) -> pd.DataFrame:
    unit = 10**parts.recipe.minor_digits
    gap = expected_gap_days(
        rows["gaps"].to_numpy(), rows["gap_median"].to_numpy(), parts.segments.base_gap_median
    )
    next_day = rows["last_day"].to_numpy() + np.maximum(np.round(gap), 1)
    before = rows["revenue_year_before"].to_numpy()
    change = np.where(before > 0, rows["revenue_year"].to_numpy() / np.where(before > 0, before, 1.0), np.nan)
    return pd.DataFrame(
        {
            "tier": rows["tier"],
            "value_tier": rows["value_tier"],
            "lifecycle_stage": rows["lifecycle_stage"],
            "next_order_expected_on": [day_of(int(day)) for day in next_day],
            "last_order_on": [day_of(int(day)) for day in rows["last_day"]],
            "orders_last_12_months": rows["orders_year"],
            "revenue_last_12_months": rows["revenue_year"] / unit,
            "revenue_change_ratio": change,
        },
        index=rows.index,
    )


def _churn(parts: ScoringParts, tables: CustomerTables, scores: pd.DataFrame, as_of_day: int) -> pd.DataFrame:
    """Probability and risk of the customers who are still active, reasons for the lapsed as well."""
    features = build_features(history_before(tables, as_of_day), parts.recipe, purchases=parts.purchases)
    features = features.set_index("customer_id").reindex(scores.index)
    lapsed = (scores["status"] == "lapsed").to_numpy()
    probability = parts.churn.probability(features)
    risk = np.where(lapsed, "high", parts.thresholds.levels(probability))
    contributions = parts.churn.contributions(features).set_axis(scores.index, axis=0)
    reasons = reason_columns(
        features, contributions, risk, parts.peers, parts.settings.language, parts.recipe.attributes
    )
    return reasons.assign(
        churn_probability=np.where(lapsed, np.nan, probability),
        churn_risk=pd.Series(risk, index=scores.index).mask(lapsed),
    )


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
    codes = [
        status if status in ("excluded", "lapsed") else "not_due" if str(note).startswith("not_due") else None
        for status, note in zip(scores["status"], scores["note"], strict=True)
    ]
    said["note"] = [
        None if code is None else note_text(code, language, active_days=active_days) for code in codes
    ]
    return said


def _notes(parts: ScoringParts, scores: pd.DataFrame, as_of_day: int) -> list[str | None]:
    settings = parts.settings
    horizon_end = day_of(as_of_day + settings.churn_horizon_days)
    lapsed = note_text("lapsed", settings.language, active_days=settings.active_days)
    not_due = note_text("not_due", settings.language)
    return [
        lapsed if status == "lapsed" else not_due if expected >= horizon_end else None
        for status, expected in zip(scores["status"], scores["next_order_expected_on"], strict=True)
    ]


def _without_purchase(tables: CustomerTables, as_of_day: int, known: pd.Index) -> pd.Index:
    days = history_before(tables, as_of_day).days
    everybody = days.select(nw.col("customer_id")).unique().collect().to_pandas()["customer_id"].astype(str)
    return pd.Index(sorted(set(everybody) - set(known)), dtype=object)


def _complete(
    scores: pd.DataFrame, parts: ScoringParts, as_of_day: int, model: str, data_through_day: int
) -> pd.DataFrame:
    """Add the columns that are the same in every row, in the order and with the types of the contract."""
    settings = parts.settings
    scores = scores.sort_index()
    scores["customer_id"] = scores.index.astype(str)
    excluded = scores["status"].isna()
    scores["status"] = scores["status"].where(~excluded, "excluded")
    scores["note"] = scores["note"].where(~excluded, note_text("excluded", settings.language))
    same: dict[str, object] = {
        "as_of": day_of(as_of_day),
        "model": model,
        "schema_version": SCHEMA_VERSION,
        "data_through": day_of(data_through_day),
        "churn_horizon_days": settings.churn_horizon_days,
        "clv_horizon_months": settings.clv_horizon_months,
        "currency": settings.currency,
    }
    for name, value in same.items():
        scores[name] = pd.Series([value] * len(scores), index=scores.index, dtype=object)
    return _typed(scores[list(SCORE_COLUMNS)].reset_index(drop=True))


def _typed(scores: pd.DataFrame) -> pd.DataFrame:
    """Give every column the type of the contract; counts may be missing, so they are nullable integers."""
    for name, column in SCORE_COLUMNS.items():
        if column.kind == "float":
            scores[name] = scores[name].astype(np.float64)
        elif column.kind == "int":
            scores[name] = scores[name].astype("Int64")
        else:
            scores[name] = scores[name].astype(object).where(scores[name].notna(), None)
    return scores
