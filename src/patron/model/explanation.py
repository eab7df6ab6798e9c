"""Why one customer is on the list: every driver of the forecast, in numbers and in a paragraph to read aloud.

In:  a trained model's parts, the customer tables, a customer.
Out: an `Explanation`.
Not here: reading orders (`model.patron_model`), the sentences (`_paragraph`, `scoring.texts`).
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from patron.errors import ModelError
from patron.features import build_features
from patron.model._paragraph import paragraph
from patron.scoring import ScoringParts, explained_drivers
from patron.snapshots import CustomerTables, history_before, to_day

#: Columns of `Explanation.drivers`.
DRIVER_COLUMNS = (
    "driver", "name", "effect_log_odds", "effect_points", "now", "past",
    "peers_low", "peers_medium", "peers_high", "text", "values",
)  # fmt: skip
_TABLE_HEADS = {
    "en": ("Driver", "Points", "This customer", "Its own past", "Low risk", "Medium risk", "High risk"),
    "zh": ("因素", "影响（百分点）", "该客户", "自身过往", "低风险客户", "中风险客户", "高风险客户"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Why a customer's churn probability is what it is.

    Parameters
    ----------
    customer_id : str
        The customer, under its newest id.
    as_of : datetime.date
        Nothing of this day or later was looked at.
    model, language : str
        What scored, and ``en`` or ``zh``.
    status : str
        scored, new, lapsed or excluded.
    churn_probability : float or None
        As in the score row; None where there is no forecast.
    churn_risk : str or None
        low, medium or high.
    base_log_odds, log_odds : float or None
        Where the model starts (its average customer at that time of the year), and where it arrives: the
        sum of `base_log_odds` and all effects, before calibration. A rule that ranks by days counts in its
        own unit, not in log-odds.
    base_probability : float or None
        The calibrated probability at the start.
    drivers : pandas.DataFrame
        One row per driver, the strongest first: ``driver``, ``name``, ``effect_log_odds``, ``effect_points``
        (percentage points that the probability would lack without this driver: an approximation, they do not
        add up), ``now``, ``past``, ``peers_low``, ``peers_medium``, ``peers_high`` (the typical number of
        customers at that risk), ``text`` and ``values`` (a dict, as in ``reason_1_values``).
    text : str
        A paragraph to read aloud.

    Examples
    --------
    >>> from datetime import date
    >>> none = Explanation("7", date(2024, 1, 1), "m", "en", "excluded", None, None, None, None, None,
    ...                    pd.DataFrame(columns=list(DRIVER_COLUMNS)), "Nothing to forecast.")
    >>> print(none)
    Nothing to forecast.
    """

    customer_id: str
    as_of: date
    model: str
    language: str
    status: str
    churn_probability: float | None
    churn_risk: str | None
    base_log_odds: float | None
    base_probability: float | None
    log_odds: float | None
    drivers: pd.DataFrame
    text: str

    def __str__(self) -> str:
        """Return the paragraph."""
        return self.text

    def __repr__(self) -> str:
        """Return whose explanation it is, and the paragraph."""
        return f"<Explanation of customer {self.customer_id!r} as of {self.as_of}: {self.text}>"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able data; null where something is missing."""
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        return facts | {"as_of": self.as_of.isoformat(), "drivers": self.drivers.to_dict("records")}

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{html.escape(head)}</th>" for head in _TABLE_HEADS[self.language])
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(row)) + "</tr>"
            for row in self.drivers.to_dict("records")
        )
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<div><p>{html.escape(self.text)}</p>{table}</div>"


def explain_customer(
    parts: ScoringParts, tables: CustomerTables, row: Mapping[str, Any], label: object
) -> Explanation:
    """Explain one scored customer.

    Parameters
    ----------
    parts : ScoringParts
        The trained model, in the language that is wanted.
    tables : CustomerTables
        Holding the customer; other customers in them change nothing.
    row : mapping
        The customer's score row.
    label : str or mapping
        What counts as churn, in words; by language.

    Returns
    -------
    Explanation
    """
    language = parts.settings.language
    start = arrived = base = None
    drivers = pd.DataFrame(columns=list(DRIVER_COLUMNS), dtype=object)
    if row["status"] != "excluded":
        day = to_day(row["as_of"])
        features, contributions, arrived = _evidence(parts, tables, str(row["customer_id"]), day)
        start = arrived - float(contributions.to_numpy().sum())
        base = _probability(parts, start)
        drivers = _drivers(parts, features, contributions, arrived)
    probability = row["churn_probability"]
    known = probability is not None and not math.isnan(probability)
    return Explanation(
        customer_id=str(row["customer_id"]),
        as_of=row["as_of"],
        model=str(row["model"]),
        language=language,
        status=str(row["status"]),
        churn_probability=float(probability) if known else None,
        churn_risk=row["churn_risk"],
        base_log_odds=start,
        base_probability=base,
        log_odds=arrived,
        drivers=drivers,
        text=paragraph(row, drivers, base if known else None, label, language),
    )


def importance_table(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return what the churn model looks at (`PatronModel.importance`), from ``evaluation.json``.

    Raises
    ------
    ModelError
        If the model was trained before this was measured.
    """
    found = evaluation.get("churn_importance")
    if found is None:
        raise ModelError("This model does not hold the importance of its features. Train it again.")
    columns = ["driver", "driver_share", "feature", "feature_share"]
    rows = [
        (entry["driver"], entry["share"], feature["name"], feature["share"])
        for entry in found
        for feature in entry["features"]
    ]
    return pd.DataFrame(rows, columns=columns)


def _evidence(
    parts: ScoringParts, tables: CustomerTables, customer_id: str, as_of_day: int
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Return the customer's features, what each adds to the score, and the score before calibration."""
    built = build_features(history_before(tables, as_of_day), parts.recipe, purchases=parts.purchases)
    features = built[built["customer_id"] == customer_id].drop(columns="customer_id").reset_index(drop=True)
    score = parts.churn.scorer.score(features) + parts.churn.season.at(as_of_day)
    return features, parts.churn.contributions(features).reset_index(drop=True), float(score[0])


def _drivers(
    parts: ScoringParts, features: pd.DataFrame, contributions: pd.DataFrame, arrived: float
) -> pd.DataFrame:
    """Return the table of drivers, the strongest first."""
    found = explained_drivers(parts, features, contributions)
    effects = found["effect_log_odds"].to_numpy(dtype=np.float64)
    full = _probability(parts, arrived)
    points = [100 * (full - _probability(parts, arrived - effect)) for effect in effects]
    order = np.argsort(-np.abs(effects), kind="stable")
    return found.assign(effect_points=points)[list(DRIVER_COLUMNS)].iloc[order].reset_index(drop=True)


def _probability(parts: ScoringParts, score: float) -> float:
    return float(parts.churn.calibrator.probability(np.array([score]))[0])


def _cells(row: Mapping[Any, Any]) -> list[str]:
    points = f"{row['effect_points']:+.0f}".replace("-", "−")
    words = [row[name] or "" for name in ("now", "past", "peers_low", "peers_medium", "peers_high")]
    return [str(row["name"]), points, *map(str, words)]
