"""Judge the value forecast: expected against actual orders and money on days that were held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from patron.clv import CLVModel, LedgerView, held_out_days, holdout_calibration
from patron.clv.pictures import alive_grid, frequency_classes, order_value_shares
from patron.clv.tracking import tracking
from patron.errors import NotEnoughData
from patron.evaluation.grade import ValueGrade, clv_grade
from patron.metrics import value_metrics
from patron.segments import base_ratios, margins_of, net_ratios_of, segment_inputs
from patron.snapshots import CustomerTables, history_before, purchase_days_between

_DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True)
class ValueTerms:
    """How money is counted.

    Parameters
    ----------
    purchases, backend : str
        Of ``clv`` in the config.
    by : str or None
        Attribute with parameters of its own, of ``clv`` in the config.
    horizon_months : int
        H.
    margin : float
        Where neither lines nor customers tell.
    has_cost : bool
        Whether order lines carry costs.
    minor_digits : int
        Decimals of the currency.
    """

    purchases: str
    backend: str
    by: str | None
    horizon_months: int
    margin: float
    has_cost: bool
    minor_digits: int


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
        Of the BTYD model against last year's revenue.
    """

    entrants: dict[str, dict[str, float | None]]
    holdout: dict[str, Any]
    grade: ValueGrade


def judge_value(
    tables: CustomerTables, as_of_day: int, first_day: int, terms: ValueTerms
) -> JudgedValue | None:
    """Fit before a held-out period, predict it, and compare with what happened.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    as_of_day, first_day : int
        End of what is known, and first order day (days since 1970-01-01).
    terms : ValueTerms
        How money is counted.

    Returns
    -------
    JudgedValue or None
        None where the orders before the held-out period are too few for a fit.
    """
    days = evaluation_days(as_of_day - first_day, terms.horizon_months)
    cut = as_of_day - days
    history = history_before(tables, cut)
    try:
        model, summary = fit_value_model(tables, cut, terms)
    except NotEnoughData:
        return None
    inputs = segment_inputs(history)
    net_ratio, base_margin = base_ratios(inputs)
    margin = margins_of(inputs, history.attributes, terms.margin, base_margin if terms.has_cost else None)
    earned = margin * net_ratios_of(inputs, net_ratio)
    predicted = model.predict(summary, horizon_weeks=days / 7, margin=earned)
    total = model.predict_total(summary, horizon_weeks=days / 7, margin=earned)
    actual = _actual(tables, cut, as_of_day, summary["customer_id"], margin, terms)
    naive = _naive(inputs, margin, days, min(365, cut - first_day), terms.minor_digits)
    expected = predicted["clv"].to_numpy()
    entrants = {
        "btyd": value_metrics(actual["value"], expected, predicted["clv_low"], predicted["clv_high"]),
        **{name: value_metrics(actual["value"], values) for name, values in naive.items()},
    }
    orders = predicted["expected_orders"].to_numpy()
    holdout = {
        "evaluation_days": days,
        "purchases": model.purchases_,
        "deciles": _deciles(expected, actual, orders),
        "total": {**total._asdict(), "actual": float(actual["value"].sum())},
        "warnings": model.diagnostics_["warnings"],
        "tracking": tracking(model, tables, cut, as_of_day),
        "frequency_classes": frequency_classes(summary["repeat_orders"], orders, actual["orders"]),
        "alive_grid": alive_grid(model, summary),
        "order_values": order_value_shares(model, summary),
    }
    return JudgedValue(entrants, holdout, clv_grade(entrants["btyd"], entrants["last_year"]))


def fit_value_model(
    tables: CustomerTables, as_of_day: int, terms: ValueTerms
) -> tuple[CLVModel, pd.DataFrame]:
    """Fit the value model on the orders before a day.

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


def evaluation_days(span_days: int, horizon_months: int) -> int:
    """Return how many days are held out: at most H, a third of the span, and 180.

    Examples
    --------
    >>> evaluation_days(span_days=648, horizon_months=12)
    180
    """
    return max(1, min(int(horizon_months * _DAYS_PER_MONTH), held_out_days(span_days)))


def _actual(
    tables: CustomerTables, start: int, end: int, customer: pd.Series, margin: np.ndarray, terms: ValueTerms
) -> dict[str, np.ndarray]:
    outcome = purchase_days_between(tables, start, end).set_index("customer_id").reindex(customer).fillna(0)
    unit = 10**terms.minor_digits
    if terms.has_cost:
        value = outcome["net_margin"].to_numpy(dtype=np.float64) / unit
    else:
        value = outcome["net_spend"].to_numpy(dtype=np.float64) / unit * margin
    return {"value": value, "orders": outcome["purchase_days"].to_numpy(dtype=np.float64)}


def _naive(
    inputs: pd.DataFrame, margin: np.ndarray, days: int, seen_days: int, minor_digits: int
) -> dict[str, np.ndarray]:
    """Last year again, scaled to the period; and the same mean for everybody."""
    last_year = inputs["revenue_year"].to_numpy() / 10**minor_digits * margin * days / max(seen_days, 1)
    last_year = np.maximum(last_year, 0.0)
    return {"last_year": last_year, "mean": np.full(len(last_year), last_year.mean())}


def _deciles(
    expected: np.ndarray, actual: dict[str, np.ndarray], orders: np.ndarray
) -> list[dict[str, float]]:
    value = holdout_calibration(expected, actual["value"])
    # the same groups, by value, so that a row of the table is one group of customers
    edges = np.cumsum([int(row["n"]) for row in value])[:-1]
    groups = np.split(np.argsort(expected, kind="stable"), edges)
    return [
        {
            "n": int(row["n"]),
            "expected_value": float(row["expected_sum"]),
            "actual_value": float(row["actual_sum"]),
            "expected_orders": float(orders[group].sum()),
            "actual_orders": float(actual["orders"][group].sum()),
        }
        for row, group in zip(value, groups, strict=True)
    ]
