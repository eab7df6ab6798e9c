"""A second opinion on the user's own customers: the same fit and the same predictions by ``lifetimes``.

In: a purchase summary and a fitted model. Out: the largest relative differences, each with what explains it.
Not here: reading the ledger, printing (``workflows``, ``cli``); the parts (``_verification_fits``,
``_verification_regular``, ``_lifetimes_predictions``).

What ``predict`` returns is compared with lifetimes at the same parameters, on the same calendar and with the
same discounting: it must agree. So must the parameters, found with the same prior. Only then each choice in
which patron differs (calendar, prior, purchase process) is changed alone, between two sides that have both
been verified or are both lifetimes' own, so that nothing else can hide behind it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._choice import title_of
from patron.clv._comparison import (
    SAME_OPTIMUM,
    Comparison,
    by_choice,
    difference,
    explained,
    same_formula,
)
from patron.clv._lifetimes_predictions import lifetimes_clv, lifetimes_predictions
from patron.clv._summary import read_summary
from patron.clv._verification_fits import regular_optimum, same_optimum
from patron.clv._verification_regular import regular_predictions, silence_chance, still_there
from patron.clv.estimator import CLVModel
from patron.clv.value import customer_value
from patron.errors import NotEnoughData, PatronError

Floats = NDArray[np.float64]
Predictions = dict[str, Floats]

__all__ = ["Comparison", "verify_model"]

_PREDICTIONS = ("alive_probability", "expected_orders", "expected_order_value", "clv")
_BY_CHOICE = ("alive_probability", "expected_orders", "clv")
_MOST_CUSTOMERS = 5_000
_FEW_CUSTOMERS = 120  # for what is slow
_SILENCE_DAYS = 90
_WEEKS_PER_MONTH = 30.4375 / 7.0  # not ``_months``'s: a mistake there must not reach both sides
# a ratio of likelihoods says 1 - P to 13 digits: of smaller probabilities too few are left
_LEAST_ALIVE, _LEAST_SILENT = 1e-3, 1e-5


class _Ahead(NamedTuple):
    """The customers whose predictions are compared, and the terms."""

    some: pd.DataFrame
    months: int
    annual_discount_rate: float

    @property
    def terms(self) -> dict[str, Any]:
        """Months and rate."""
        return {"months": self.months, "annual_discount_rate": self.annual_discount_rate}

    def predicted(self, model: CLVModel, customers: pd.DataFrame | None = None) -> Predictions:
        """Take the columns of the public ``predict``."""
        table = model.predict(
            self.some if customers is None else customers,
            self.months * _WEEKS_PER_MONTH,
            annual_discount_rate=self.annual_discount_rate,
        )
        return {name: table[name].to_numpy() for name in _PREDICTIONS}

    def by_lifetimes(self, model: CLVModel, customers: pd.DataFrame | None = None) -> Predictions:
        """Ask lifetimes at a model's parameters; MBG/CNBD-k as if k were 1."""
        rows = read_summary(self.some if customers is None else customers)
        name = "mbgnbd" if model.purchases_ == "mbgcnbd" else model.purchases_
        return lifetimes_predictions(name, model.params_, rows, **self.terms)


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
        As in ``CLVModel.fit``; predictions are compared on 5,000 rows at even distances.
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
    ahead = _Ahead(_evenly(summary, _MOST_CUSTOMERS), horizon_months, annual_discount_rate)
    common = "mbgnbd" if model.purchases_ == "mbgcnbd" else model.purchases_
    mine = model if model.purchases_ == common else CLVModel(common, prior=model.prior).fit(summary)
    found = _verified(summary, mine, ahead)
    if mine is not model:
        found += _regular(summary, model, mine, ahead, found)
    found.append(_calendar(mine, ahead))
    found += _score_and_predict(model, ahead)
    if model.prior:
        found += _prior(summary, mine, ahead, found[:1])
    if common != "bgnbd":
        plain = CLVModel("bgnbd", prior=model.prior).fit(summary)
        found += _verified(summary, plain, ahead)
        found += _process(model, plain, ahead, found)
    return found


def _verified(summary: pd.DataFrame, ours: CLVModel, ahead: _Ahead) -> list[Comparison]:
    """Compare what must agree: the fits, the formulas at our parameters, and the predictions of both fits."""
    theirs = CLVModel(ours.purchases_, backend="lifetimes", prior=ours.prior).fit(summary)
    title = title_of(ours.purchases_, ours.params_)
    predicted, fitted = ahead.predicted(ours), ahead.by_lifetimes(theirs)
    between = f"{title} at our parameters: what predict returns and lifetimes' formulas"
    found = [
        same_optimum(summary, ours, theirs),
        *same_formula(predicted, ahead.by_lifetimes(ours), between),
    ]
    between, near = f"{title}: our fit and predictions and lifetimes' fit and predictions", explained(found)
    for name in _BY_CHOICE:
        off, total, without = difference(predicted[name], fitted[name])
        reason = "nothing to explain: both parts agree, as above" if off <= SAME_OPTIMUM else None
        if reason is None and near:
            reason = "the same formulas at parameters that differ a little, as above"
        found.append(Comparison(name, between, off, total, reason, without))
    return found


def _regular(
    summary: pd.DataFrame, model: CLVModel, mine: CLVModel, ahead: _Ahead, verified: list[Comparison]
) -> list[Comparison]:
    """Compare MBG/CNBD-k with MBG/NBD at k = 1 and with plain sums at its own k; then say what k changes."""
    title = title_of("mbgcnbd", model.params_)
    at_one = CLVModel.from_params("mbgcnbd", mine.params_ | {"k": 1})
    between = f"the code of {title} at k = 1: what predict returns and lifetimes' MBG/NBD formulas"
    found = same_formula(ahead.predicted(at_one), ahead.by_lifetimes(mine), between)
    found.append(regular_optimum(summary, model))
    found += _plain_sums(model, title, ahead)
    reason = "regular gaps, which lifetimes does not know: a customer who is late is sooner given up"
    between = f"regular gaps: {title} and MBG/NBD, both ours and verified above"
    ours, others = (_only(ahead.predicted(each)) for each in (model, mine))
    return found + by_choice(ours, others, between, reason, [*verified, *found])


def _plain_sums(model: CLVModel, title: str, ahead: _Ahead) -> list[Comparison]:
    """Compare the predictions for a few customers with the model's formulas written out."""
    ordered = ahead.some.sort_values(["repeat_orders", "weeks_observed"], kind="stable")
    few = _evenly(ordered, _FEW_CUSTOMERS)
    alive = still_there(model.params_, read_summary(few).history) >= _LEAST_ALIVE
    few = few[alive] if alive.any() else few
    history, weeks = read_summary(few).history, _SILENCE_DAYS / 7.0
    sums = regular_predictions(model.params_, history, **ahead.terms)
    worth = ahead.by_lifetimes(model, few)["expected_order_value"]
    silent = silence_chance(model.params_, history, np.full(len(few), weeks))
    written_out = {
        "alive_probability": sums["alive_probability"],
        "expected_orders": sums["expected_orders"],
        "expected_order_value": worth,
        "clv": sums["discounted_orders"] * worth,
        "no_order_probability": np.maximum(silent, _LEAST_SILENT),
    }
    ours = ahead.predicted(model, few)
    silent = model.no_order_probability(few, weeks)
    ours["no_order_probability"] = np.maximum(silent, _LEAST_SILENT)
    between = f"{title} for {len(few)} customers: what predict returns and the formulas written out"
    return same_formula(ours, written_out, between)


def _calendar(mine: CLVModel, ahead: _Ahead) -> Comparison:
    """Say what lifetimes' calendar changes: both numbers are lifetimes', so nothing of ours can be in it."""
    here = ahead.by_lifetimes(mine)["clv"]
    there = lifetimes_clv(mine.purchases_, mine.params_, read_summary(ahead.some), **ahead.terms)
    known = np.isfinite(here)
    off, total, without = difference(here[known], there[known])
    without += int((~known).sum())
    reason = (
        "month length: 30.4375 days discounted in the middle here, "
        "4.345 weeks discounted at their end in lifetimes"
    )
    return Comparison(
        "clv",
        "calendar: CLV with months as here and as in lifetimes, both by lifetimes",
        off,
        total,
        reason,
        without,
    )


def _score_and_predict(model: CLVModel, ahead: _Ahead) -> list[Comparison]:
    """Compare what ``patron score`` writes with what ``predict`` returns, on some of the customers."""
    some = _evenly(ahead.some, 10 * _FEW_CUSTOMERS)
    table = customer_value(
        model,
        some,
        horizon_months=ahead.months,
        churn_horizon_days=_SILENCE_DAYS,
        annual_discount_rate=ahead.annual_discount_rate,
    )
    written = {name: table[name].to_numpy() for name in _PREDICTIONS}
    reason = "nothing to explain: the same numbers"
    return same_formula(
        written,
        ahead.predicted(model, some),
        "the model as configured: what score writes and what predict returns",
        reason,
    )


def _prior(
    summary: pd.DataFrame, mine: CLVModel, ahead: _Ahead, verified: list[Comparison]
) -> list[Comparison]:
    """Say what the prior changes, by lifetimes' formulas; nothing where it alone gives a maximum."""
    free = CLVModel(mine.purchases_, backend="lifetimes", prior=False)
    try:
        free.fit(summary)
    except NotEnoughData:
        return []
    reason = f"the prior, which weighs as much as one of {len(summary):,} customers"
    bound, loose = (_only(ahead.by_lifetimes(each)) for each in (mine, free))
    title = title_of(mine.purchases_, mine.params_)
    between = (
        f"prior: {title} with it, verified above, and without, fitted by lifetimes; both by its formulas"
    )
    return by_choice(bound, loose, between, reason, verified)


def _process(model: CLVModel, plain: CLVModel, ahead: _Ahead, verified: list[Comparison]) -> list[Comparison]:
    title = title_of(model.purchases_, model.params_)
    reason = (
        f"{title} against BG/NBD: under BG/NBD nobody can leave before the second order, "
        "so every one-time buyer is alive"
    )
    between = f"purchase process: {title} and BG/NBD, both ours and verified above"
    ours, others = (_only(ahead.predicted(each)) for each in (model, plain))
    return by_choice(ours, others, between, reason, verified)


def _only(predictions: Predictions) -> Predictions:
    return {name: predictions[name] for name in _BY_CHOICE}


def _evenly(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """Pick at most so many rows at even distances, the first and the last among them."""
    if len(frame) <= most:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, most).round().astype(np.intp)]
