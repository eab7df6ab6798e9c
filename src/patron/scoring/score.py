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
from patron.scoring.forecasts import by_shipped_forecast
from patron.scoring.parts import ScoreSettings, ScoringParts
from patron.scoring.reasons import reason_columns
from patron.scoring.standing import Standing, note_codes, standing_of, status_of
from patron.scoring.texts import note_in_language, note_text, reason_text
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
    standing = standing_of(parts.settings, parts.recipe, history_before(tables, as_of_day), rows)
    scores["status"] = status_of(rows, as_of_day, standing.limit_days)
    money = _money(parts, tables, rows, as_of_day, standing.window_days)
    scores = scores.join([money, _ledger_facts(parts, rows)])
    late = scores["next_order_expected_on"] >= day_of(as_of_day + parts.settings.churn_horizon_days)
    scores.loc[scores["status"] == "lapsed", "next_order_expected_on"] = None
    scores = scores.join(_churn(parts, tables, scores, standing, as_of_day))
    scores["value_at_risk"] = _value_at_risk(parts.settings, scores)
    scores["action"] = parts.playbook.actions(scores, parts.settings.language)
    codes = note_codes(parts.settings, scores["status"].to_numpy(), standing, late.to_numpy(bool))
    facts = {"active_days": parts.settings.active_days}
    scores["note"] = [note_text(code, parts.settings.language, **facts) if code else None for code in codes]
    return scores


def _value_at_risk(settings: ScoreSettings, scores: pd.DataFrame) -> np.ndarray:
    """Money lost by churning: the customer's, or with the label `decline` that of what it no longer buys."""
    probability = scores["churn_probability"].to_numpy(float)
    if settings.decline_share is not None:
        return np.asarray(probability * (1 - settings.decline_share) * scores["clv"].to_numpy(float))
    return value_at_risk(probability, scores["clv_if_kept"], scores["clv_if_silent"])


def _money(
    parts: ScoringParts,
    tables: CustomerTables,
    rows: pd.DataFrame,
    as_of_day: int,
    window_days: int | np.ndarray,
) -> pd.DataFrame:
    """Value of each customer; refunds and costs turn order value into margin."""
    history = history_before(tables, as_of_day)
    summary = LedgerView(tables, as_of_day, parts.recipe.minor_digits).summary(parts.clv.by)
    settings = parts.settings
    margin = margins_of(rows, history.attributes, settings.margin, settings.base_margin)
    earned = margin * net_ratios_of(rows, settings.net_ratio)
    value = customer_value(
        parts.clv,
        summary,
        horizon_months=settings.clv_horizon_months,
        churn_horizon_days=window_days,
        margin=earned,
        annual_discount_rate=settings.annual_discount_rate,
    )
    year = rows["revenue_year"].to_numpy(dtype=np.float64)
    value = by_shipped_forecast(
        parts, history, summary, value, revenue_year=year, margin=margin, earned=earned
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


def _churn(
    parts: ScoringParts, tables: CustomerTables, scores: pd.DataFrame, standing: Standing, as_of_day: int
) -> pd.DataFrame:
    """Probability and risk of the customers of whom it can be told, reasons for the lapsed as well."""
    features = build_features(history_before(tables, as_of_day), parts.recipe, purchases=parts.purchases)
    features = features.set_index("customer_id").reindex(scores.index)
    lapsed = (scores["status"] == "lapsed").to_numpy()
    probability = np.where(standing.is_at_risk, parts.churn.probability(features, as_of_day), 0.0)
    risk = np.where(lapsed, "high", parts.thresholds.levels(probability))
    contributions = parts.churn.contributions(features).set_axis(scores.index, axis=0)
    reasons = reason_columns(
        features,
        contributions,
        risk,
        parts.peers,
        parts.settings.language,
        parts.recipe.attributes,
        peers_by_risk=parts.peers_by_risk,
        currency=parts.settings.currency,
    )
    # none for a risk that is not told, nor for one that the label rules out
    reasons.loc[~((standing.is_told & standing.is_at_risk) | lapsed)] = None
    return reasons.assign(
        churn_probability=np.where(standing.is_told, probability, np.nan),
        churn_risk=pd.Series(risk, index=scores.index).where(standing.is_told),
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
    said["note"] = [note_in_language(note, language, active_days=active_days) for note in scores["note"]]
    return said


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
