"""What a reader should know about a fit before believing it.

In: fits, rows, a held-out period. Out: a JSON-able dict; its ``warnings`` are words for people.
Not here: fitting, choosing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.clv._choice import Trial, mean_error_of_repeating, repeats_better, title_of, told
from patron.clv._season import season_of
from patron.clv._summary import PurchaseRows
from patron.clv.evidence import Evidence
from patron.clv.native.attempts import FitResult
from patron.clv.native.climbing import PRIOR_SD

Floats = NDArray[np.float64]

_CORRELATED = 0.3
_FEW_REPEATERS = 30
_REGULAR_GAIN = (
    0.05  # log-likelihood per customer that regular gaps must gain before BG/NBD's are called wrong
)


def diagnostics_of(
    rows: PurchaseRows,
    weight: Floats,
    candidates: Mapping[str, FitResult],
    failures: Mapping[str, list[str]],
    trials: Mapping[str, Trial],
    chosen: str,
    why: str,
    spend: FitResult,
    evidence: Evidence | None,
    *,
    backend: str,
    prior: bool,
) -> dict[str, Any]:
    """Collect everything; see ``docs/model_format.md`` for the keys."""
    orders = candidates[chosen]
    facts = _facts(rows, weight)
    season = season_of(np.empty(0) if evidence is None else evidence.orders_by_month)
    found = {
        "backend": backend,
        "prior": prior,
        "chosen": chosen,
        "chosen_because": why,
        "candidates": {
            name: _told(fit) | {"held_out": told(trials.get(name))} for name, fit in candidates.items()
        },
        "candidates_failed": dict(failures),
        "held_out_days": None if evidence is None else evidence.days,
        "held_out_error_of_repeating": None if evidence is None else mean_error_of_repeating(evidence),
        "order_values": _told(spend),
        "log_likelihood": orders.log_likelihood,
        "log_likelihood_order_values": spend.log_likelihood,
        "season": season,
    }
    warnings = _warnings(orders, spend, facts, prior)
    warnings += _misfits(chosen, candidates, trials.get(chosen), evidence, facts)
    if season["warning"]:
        warnings.append(season["warning"])
    return facts | found | {"warnings": warnings}


def not_identified(fit: FitResult) -> list[str]:
    """Say what the customers leave open, so that the prior (or a limit) decides it."""
    if fit.information is None:
        return []
    information = np.array(fit.information)
    weak = _weak_directions(information)
    letters = [name for name in fit.params if name != "k"]
    found = []
    for name, pair, words in (
        ("dropout", ("a", "b"), _dropout_words(fit.params)),
        (
            "the spread of order rates",
            ("r", "alpha"),
            "r and alpha -> infinity: customers order at the same rate",
        ),
        (
            "the spread of death rates",
            ("s", "beta"),
            "s and beta -> infinity: customers leave at the same rate",
        ),
        ("the spread of order values", ("p", "q", "v"), "p, q or v runs off: customers spend alike"),
    ):
        where = [letters.index(letter) for letter in pair if letter in letters]
        if len(where) == len(pair) and any((vector[where] ** 2).sum() > 0.5 for vector in weak):
            found.append(f"{name} is not identified: {words}")
    return found


def standard_errors(fit: FitResult) -> dict[str, float] | None:
    """Compute standard errors of the parameters from those of their logs (delta method)."""
    if fit.covariance is None:
        return None
    letters = [name for name in fit.params if name != "k"]
    spread = np.sqrt(np.diag(np.array(fit.covariance)))
    return {name: float(fit.params[name] * sd) for name, sd in zip(letters, spread, strict=True)}


def _weak_directions(information: Floats) -> list[Floats]:
    """Directions of the logs in which the data say less than a weak prior."""
    values, vectors = np.linalg.eigh(information)
    return [vectors[:, i] for i in range(values.size) if values[i] < 1.0 / PRIOR_SD**2]


def _dropout_words(params: Mapping[str, float]) -> str:
    if "a" not in params:
        return ""
    if params["a"] / (params["a"] + params["b"]) < 0.01:
        return "a / (a + b) -> 0: hardly anybody seems to leave"
    return "a + b -> infinity: customers leave with the same chance after every order"


def _told(fit: FitResult) -> dict[str, Any]:
    by_k = fit.log_likelihood_by_k
    return {
        "log_likelihood": fit.log_likelihood,
        "log_likelihood_by_k": None if by_k is None else {str(k): value for k, value in by_k.items()},
        "params": fit.params,
        "standard_errors": standard_errors(fit),
        "converged": True,
        "gradient_norm": fit.gradient_norm,
        "steps": fit.steps,
        "attempts": list(fit.attempts),
        "at_boundary": fit.at_boundary,
        "not_identified": not_identified(fit),
    }


def _facts(rows: PurchaseRows, weight: Floats) -> dict[str, Any]:
    count, value = rows.history.repeat_orders, rows.value
    repeated, worth = count > 0, (count > 0) & (value > 0)
    customers = math.fsum(weight)
    return {
        "customers": _whole(customers),
        "repeat_customers": _whole(math.fsum(weight[repeated])),
        "repeat_customers_with_value": _whole(math.fsum(weight[worth])),
        "one_time_share": math.fsum(weight[~repeated]) / customers,
        "correlation_orders_value": _correlation(count[worth], value[worth], weight[worth]),
    }


def _whole(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _correlation(left: Floats, right: Floats, weight: Floats) -> float | None:
    """Pearson's r by exact sums, so that the order of the rows does not matter."""
    total = math.fsum(weight)
    x = left - math.fsum(weight * left) / total
    y = right - math.fsum(weight * right) / total
    scale = math.sqrt(math.fsum(weight * x * x) * math.fsum(weight * y * y))
    # a spread that is rounding error is no spread
    if not (np.ptp(left) > 0 and np.ptp(right) > 0 and scale > 0):
        return None
    return math.fsum(weight * x * y) / scale


def _warnings(orders: FitResult, spend: FitResult, facts: Mapping[str, Any], prior: bool) -> list[str]:
    found = []
    for what, fit in (("order times", orders), ("order values", spend)):
        decides = "; a weak prior decides" if prior else ""
        found += [f"{what}: {words}{decides}" for words in not_identified(fit)]
        if fit.covariance is None and len(fit.attempts) > 1:
            refused = fit.attempts[0].partition(": ")[2]
            found.append(
                f"{what}: {refused}; the mean is tied to the observed one instead, "
                "and its uncertainty is in no interval: set aside or cap the few huge orders"
            )
        if fit.at_boundary:
            found.append(f"{what}: {fit.at_boundary}; predictions lean on very little")
    correlation = facts["correlation_orders_value"]
    if correlation is not None and abs(correlation) > _CORRELATED:
        found.append(
            f"number of orders and order value are correlated ({correlation:.2f}); "
            "the model takes them to be independent"
        )
    if facts["repeat_customers"] < _FEW_REPEATERS:
        found.append(
            f"only {facts['repeat_customers']} customers have repeat orders: the parameters are uncertain"
        )
    return found


def _misfits(
    chosen: str,
    candidates: Mapping[str, FitResult],
    trial: Trial | None,
    evidence: Evidence | None,
    facts: Mapping[str, Any],
) -> list[str]:
    """Say so where this base is not one for these models."""
    found = []
    title = title_of(chosen, candidates[chosen].params)
    if trial is not None and evidence is not None and repeats_better(trial, evidence):
        found.append(
            f"this base is not for {title}: the orders of the {evidence.days} days before, repeated, "
            f"foresaw the {evidence.days} days held out better (mean error "
            f"{mean_error_of_repeating(evidence):.2f} orders against "
            f"{trial.figures['mean_absolute_error']:.2f})"
        )
    regular, plain = candidates.get("mbgcnbd"), candidates.get("mbgnbd")
    if regular is not None and plain is not None and chosen != "mbgcnbd" and regular.params["k"] > 1:
        gain = regular.log_likelihood - plain.log_likelihood
        if gain > _REGULAR_GAIN * facts["customers"]:
            found.append(
                f"orders come at regular gaps (k = {int(regular.params['k'])}), which {title} does not know; "
                f"{title_of('mbgcnbd', regular.params)} does, and foresees orders no better"
            )
    return found
