"""Judge the value forecast: expected against actual orders and money on days that were held out.

In:  the customer tables, the end of what is known, how money is counted.
Out: metrics of every entrant on the newest days, which of them ships and why, and pictures of the model.
Not here: the forecasts (`value_entrants`), the choice (`value_choice`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from patron.clv import CLVModel, LedgerView
from patron.clv.calibration import holdout_calibration
from patron.clv.pictures import alive_grid, frequency_classes, order_value_shares
from patron.clv.tracking import tracking
from patron.evaluation.grade import ValueGrade, clv_grade
from patron.evaluation.value_case import (
    CaseForecasts,
    ValueCase,
    collect_case,
    evaluation_days,
    forecast_case,
)
from patron.evaluation.value_choice import ValueChoice
from patron.evaluation.value_frames import ForecastRecipe, ValueTerms
from patron.features import FEATURE_GROUPS, FeatureRecipe
from patron.metrics import value_metrics
from patron.snapshots import CustomerTables

__all__ = ["JudgedValue", "ValueTerms", "evaluation_days", "fit_value_model", "judge_value"]


class JudgedValue(NamedTuple):
    """What the held-out period says.

    Parameters
    ----------
    entrants : dict
        Entrant -> metrics: the ``clv`` block of ``evaluation.json``.
    holdout : dict
        The ``clv_holdout`` block: days, purchase model, expected against actual by decile, in total, week by
        week and by frequency; what the model says about silence and order values; its warnings.
    grade : ValueGrade
        Of the entrant that ships against last year's revenue.
    choice : ValueChoice
        Which entrant ships, chosen on windows that end before this period.
    case : ValueCase
        What all of this was learned from.
    forecasts : CaseForecasts
        What each entrant expected of each customer.
    """

    entrants: dict[str, dict[str, float | None]]
    holdout: dict[str, Any]
    grade: ValueGrade
    choice: ValueChoice
    case: ValueCase
    forecasts: CaseForecasts


def judge_value(
    tables: CustomerTables,
    as_of_day: int,
    first_day: int,
    terms: ValueTerms,
    recipe: ForecastRecipe | None = None,
) -> JudgedValue | None:
    """Fit before a held-out period, predict it, and compare with what happened.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables; nothing at or after ``as_of_day`` is used.
    as_of_day, first_day : int
        End of what is known, and first order day (days since 1970-01-01). To judge the days after some cut,
        give the cut plus their number.
    terms : ValueTerms
        How money is counted.
    recipe : ForecastRecipe, optional
        Features of the challenger; those of the order days when None.

    Returns
    -------
    JudgedValue or None
        None where the orders before the held-out period are too few for a fit.
    """
    recipe = recipe or default_recipe(terms)
    case = collect_case(tables, as_of_day, first_day, terms, recipe)
    found = forecast_case(case, terms, recipe)
    if found is None:
        return None
    entrants = metrics_of_case(case, found)
    kind = found.choice.kind
    holdout = _holdout(case, found) | {
        "tracking": tracking(found.model, tables, case.reported.day, as_of_day)
    }
    grade = clv_grade(entrants[kind], entrants["last_year"])
    return JudgedValue(entrants, holdout, grade, found.choice, case, found)


def metrics_of_case(case: ValueCase, found: CaseForecasts) -> dict[str, dict[str, float | None]]:
    """Compare every forecast of a case with what came; the chosen one has an interval too.

    Returns
    -------
    dict
        Entrant -> metrics of `metrics.value_metrics`.
    """
    actual = case.reported.value
    return {
        name: value_metrics(_known(actual), values, *found.interval.get(name, (None, None)))
        for name, values in found.predicted.items()
    }


def fit_value_model(
    tables: CustomerTables, as_of_day: int, terms: ValueTerms
) -> tuple[CLVModel, pd.DataFrame]:
    """Fit the purchase model of the value forecast on the orders before a day.

    Returns
    -------
    CLVModel, DataFrame
        The model and the purchase summary it was fitted on.

    Raises
    ------
    NotEnoughData
        When there are too few orders.
    """
    view = LedgerView(tables, as_of_day, terms.minor_digits)
    summary = view.summary(terms.by)
    model = CLVModel(purchases=terms.purchases, backend=terms.backend, by=terms.by)
    return model.fit(summary, evidence=view.evidence()), summary


def default_recipe(terms: ValueTerms) -> ForecastRecipe:
    """Return the features that need nothing beside the order days."""
    groups = tuple(group for group in FEATURE_GROUPS if group not in ("breadth", "attributes", "events"))
    return ForecastRecipe(FeatureRecipe(90, minor_digits=terms.minor_digits, groups=groups))


def _holdout(case: ValueCase, found: CaseForecasts) -> dict[str, Any]:
    """Describe the period by the entrant that ships; orders and silence by the purchase model."""
    frame, weeks = case.reported, case.value_days / 7
    orders = found.model.expected_orders(frame.summary, weeks)
    actual, came = _known(frame.value), _known(frame.orders)
    expected = found.predicted[found.choice.kind]
    total = found.model.predict_total(frame.summary, horizon_weeks=weeks, margin=frame.earned)
    if found.choice.kind != "btyd" and total.expected > 0:
        # the purchase model's range, moved in proportion like every customer's
        factor = float(expected.sum()) / total.expected
        total = total._replace(
            expected=float(expected.sum()), low=total.low * factor, high=total.high * factor
        )
    return {
        "evaluation_days": case.value_days,
        "entrant": found.choice.kind,
        "purchases": found.model.purchases_,
        "deciles": _deciles(expected, actual, came, orders),
        "total": {**total._asdict(), "actual": float(actual.sum())},
        "warnings": found.model.diagnostics_["warnings"],
        "frequency_classes": frequency_classes(frame.summary["repeat_orders"], orders, came),
        "alive_grid": alive_grid(found.model, frame.summary),
        "order_values": order_value_shares(found.model, frame.summary),
    }


def _known(values: np.ndarray | None) -> np.ndarray:
    return np.empty(0) if values is None else values


def _deciles(
    expected: np.ndarray, actual: np.ndarray, came: np.ndarray, orders: np.ndarray
) -> list[dict[str, float]]:
    value = holdout_calibration(expected, actual)
    # the same groups, by value, so that a row of the table is one group of customers
    edges = np.cumsum([int(row["n"]) for row in value])[:-1]
    groups = np.split(np.argsort(expected, kind="stable"), edges)
    return [
        {
            "n": int(row["n"]),
            "expected_value": float(row["expected_sum"]),
            "actual_value": float(row["actual_sum"]),
            "expected_orders": float(orders[group].sum()),
            "actual_orders": float(came[group].sum()),
        }
        for row, group in zip(value, groups, strict=True)
    ]
