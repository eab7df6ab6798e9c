"""A second opinion on the user's own customers: the same fit and the same predictions by ``lifetimes``.

In: a purchase summary. Out: the largest relative differences, each with what explains it.
Not here: reading the ledger, printing (``workflows``, ``cli``).

Differences come from three choices, so each comparison changes one thing only: the prior (off in
lifetimes), the month (4.345 weeks discounted at their end in lifetimes; 30.4375 days discounted in the
middle here), and the purchase process. Where no choice differs, the numbers must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._choice import title_of
from patron.clv._lifetimes_predictions import WEEKS_PER_MONTH, lifetimes_predictions
from patron.clv._months import WEEKS_PER_MONTH as OUR_WEEKS_PER_MONTH
from patron.clv._summary import read_summary
from patron.clv.estimator import CLVModel
from patron.clv.processes import PROCESSES
from patron.errors import PatronError

Floats = NDArray[np.float64]

_PREDICTIONS = ("alive_probability", "expected_orders", "expected_order_value", "clv")
_SAME_FORMULA = 1e-8
_SAME_OPTIMUM = 1e-3
_LEVEL = 1e-9  # of the largest value: below it a relative difference says nothing
_MOST_CUSTOMERS = 20_000


@dataclass(frozen=True)
class Comparison:
    """One line of the verification.

    Parameters
    ----------
    quantity : str
        What is compared.
    between : str
        Which two numbers.
    largest_relative_difference : float
        Over parameters or customers.
    total_difference : float or None
        Of the sums over customers, relative.
    explained_by : str or None
        In words; None where nothing does.
    customers_without : int
        For how many lifetimes gave no number.
    """

    quantity: str
    between: str
    largest_relative_difference: float
    total_difference: float | None
    explained_by: str | None
    customers_without: int = 0


def verify_model(
    summary: pd.DataFrame,
    model: CLVModel,
    *,
    horizon_months: int = 12,
    annual_discount_rate: float = 0.0,
) -> list[Comparison]:
    """Refit the customers with lifetimes and compare.

    Parameters
    ----------
    summary : DataFrame, n rows
        As in ``CLVModel.fit``; predictions are compared on the first 20,000.
    model : CLVModel
        Fitted on the same summary.
    horizon_months : int
        How far ahead.
    annual_discount_rate : float
        Yearly rate.

    Returns
    -------
    list of Comparison
        First what must agree, then what each choice changes.

    Raises
    ------
    PatronError
        When lifetimes cannot be imported; ``NotEnoughData`` when it finds no parameters.
    """
    if model.by is not None:
        raise PatronError("segments cannot be verified: lifetimes has none", "verify the model without by")
    common = model.purchases_ if model.purchases_ in ("bgnbd", "paretonbd") else "mbgnbd"
    theirs = CLVModel(common, backend="lifetimes", prior=False).fit(summary)
    some = summary.iloc[:_MOST_CUSTOMERS]
    found = []
    if common != "paretonbd":
        ours = CLVModel(common, prior=False).fit(summary)
        found.append(_parameters(ours, theirs))
    found += _formulas(theirs, some, horizon_months, annual_discount_rate)
    found.append(_months(theirs, some, horizon_months, annual_discount_rate))
    return found + _choices(summary, some, model, common, theirs, horizon_months, annual_discount_rate)


def _parameters(ours: CLVModel, theirs: CLVModel) -> Comparison:
    """Compare two searches for the same maximum."""
    off = max(abs(ours.params_[name] / value - 1.0) for name, value in theirs.params_.items())
    lead = sum(
        float(ours.diagnostics_[key]) - float(theirs.diagnostics_[key])
        for key in ("log_likelihood", "log_likelihood_order_values")
    )
    reason = None
    if off <= _SAME_OPTIMUM:
        reason = "nothing to explain: the same optimum"
    elif lead >= -1e-6:
        reason = f"lifetimes stopped before the top (its log-likelihood is {lead:.2g} lower)"
    between = f"{PROCESSES[ours.purchases_].title} and Gamma-Gamma without prior, both fits"
    return Comparison("parameters", between, off, None, reason)


def _formulas(
    model: CLVModel, summary: pd.DataFrame, months: int, annual_discount_rate: float
) -> list[Comparison]:
    """Compare the formulas at lifetimes' parameters and with lifetimes' months."""
    rows = read_summary(summary)
    theirs = lifetimes_predictions(
        model.purchases_, model.params_, rows, months=months, annual_discount_rate=annual_discount_rate
    )
    ours = {
        "alive_probability": model.alive_probability(summary),
        "expected_orders": model.expected_orders(summary, months * WEEKS_PER_MONTH),
        "expected_order_value": model.expected_order_value(summary),
        "clv": _clv_as_lifetimes(model, summary, months, annual_discount_rate),
    }
    found = []
    for name in _PREDICTIONS:
        off, total, without = _difference(ours[name], theirs[name])
        reason = "nothing to explain: the same formula" if off <= _SAME_FORMULA else None
        if reason is None and name == "expected_order_value":
            off, total, reason = _without_single_buyers(rows.history.repeat_orders, ours[name], theirs[name])
        found.append(Comparison(name, "both formulas at the same parameters", off, total, reason, without))
    return found


def _without_single_buyers(count: Floats, ours: Floats, theirs: Floats) -> tuple[float, float, str | None]:
    off, total, _ = _difference(ours[count > 0], theirs[count > 0])
    return off, total, "nothing to explain: the same formula" if off <= _SAME_FORMULA else None


def _clv_as_lifetimes(
    model: CLVModel, summary: pd.DataFrame, months: int, annual_discount_rate: float
) -> Floats:
    """Our CLV on lifetimes' calendar: months of 4.345 weeks, discounted at their end."""
    total, before = np.zeros(len(summary)), np.zeros(len(summary))
    for month in range(1, months + 1):
        until = model.expected_orders(summary, month * WEEKS_PER_MONTH)
        total += (until - before) * (1.0 + annual_discount_rate) ** (-month / 12.0)
        before = until
    return total * model.expected_order_value(summary)


def _months(model: CLVModel, summary: pd.DataFrame, months: int, annual_discount_rate: float) -> Comparison:
    ours = model.clv(summary, months * OUR_WEEKS_PER_MONTH, annual_discount_rate=annual_discount_rate)
    off, total, _ = _difference(ours, _clv_as_lifetimes(model, summary, months, annual_discount_rate))
    reason = (
        "month length: 30.4375 days discounted in the middle here, "
        "4.345 weeks discounted at their end in lifetimes"
    )
    return Comparison("clv", "our calendar and lifetimes' at the same parameters", off, total, reason)


def _choices(
    summary: pd.DataFrame,
    some: pd.DataFrame,
    model: CLVModel,
    common: str,
    theirs: CLVModel,
    months: int,
    annual_discount_rate: float,
) -> list[Comparison]:
    """Compare the model as configured with what the other choices would give."""
    weeks = months * OUR_WEEKS_PER_MONTH

    def predictions(fitted: CLVModel) -> dict[str, Floats]:
        return {
            "alive_probability": fitted.alive_probability(some),
            "expected_orders": fitted.expected_orders(some, weeks),
            "clv": fitted.clv(some, weeks, annual_discount_rate=annual_discount_rate),
        }

    title, found = title_of(model.purchases_, model.params_), []
    customers = f"{len(summary):,} customers"
    if model.purchases_ == common:
        prior = f"prior: it weighs as much as one of {customers}"
        reason = prior if model.prior else "the two fits, see above"
        between = f"{title} as configured and by lifetimes"
        found += _lines(predictions(model), predictions(theirs), between, reason)
    if common != "bgnbd":
        plain = CLVModel("bgnbd", backend="lifetimes", prior=False).fit(summary)
        reason = (
            f"{title} against BG/NBD: under BG/NBD nobody can leave before the second order, "
            "so every one-time buyer is alive"
        )
        if model.purchases_ == "mbgcnbd":
            reason += "; regular gaps, which lifetimes does not know"
        between = f"{title} as configured and BG/NBD by lifetimes"
        found += _lines(predictions(model), predictions(plain), between, reason)
    return found


def _lines(
    ours: Mapping[str, Floats], theirs: Mapping[str, Floats], between: str, reason: str
) -> list[Comparison]:
    found = []
    for name, values in ours.items():
        off, total, without = _difference(values, theirs[name])
        found.append(Comparison(name, between, off, total, reason, without))
    return found


def _difference(ours: Floats, theirs: Floats) -> tuple[float, float, int]:
    """Compute the largest relative difference, that of the totals, and how many have none to compare with."""
    known = np.isfinite(theirs)
    if not known.any():
        return float("inf"), float("inf"), int(known.size)
    mine, other = ours[known], theirs[known]
    level = np.maximum(np.abs(other), _LEVEL * float(np.abs(other).max()))
    off = np.abs(mine - other) / np.where(level > 0.0, level, 1.0)
    total = float(other.sum())
    return (
        float(off.max()),
        abs(float(mine.sum()) - total) / abs(total) if total else 0.0,
        int((~known).sum()),
    )
