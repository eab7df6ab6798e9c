"""From purchase rows to parameters: which backend, which purchase process, and what to tell the reader.

In: checked rows. Out: parameters and diagnostics. Not here: the fitting itself (``_native``, ``_lifetimes``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.clv import _lifetimes, _native
from patron.clv._attempts import FitResult
from patron.clv._summary import PurchaseRows
from patron.errors import NotEnoughData, PatronError

Floats = NDArray[np.float64]

PROCESSES = ("bgnbd", "mbgnbd")
BACKENDS = {"native": _native, "lifetimes": _lifetimes}
NAMES = {"bgnbd": "BG/NBD", "mbgnbd": "MBG/NBD"}
_FEWEST_CUSTOMERS = 10
_FEWEST_REPEATERS = 3


@dataclass(frozen=True)
class Fitted:
    """Outcome of a fit.

    Parameters
    ----------
    purchases : str
        ``bgnbd`` or ``mbgnbd``.
    params : dict of str to float
        r, alpha, a, b, p, q, v.
    diagnostics : dict
        JSON-able.
    """

    purchases: str
    params: dict[str, float]
    diagnostics: dict[str, Any]


def fit_models(rows: PurchaseRows, *, purchases: str, backend: str, prior: bool) -> Fitted:
    """Fit the purchase process and the order values.

    Raises
    ------
    PatronError
        For an unknown backend or process.
    NotEnoughData
        When the customers are too few or no parameters are found.
    """
    _check_choices(purchases, backend)
    count, span, observed, value = _sorted(rows)
    _check_enough(count, observed, value)
    names = PROCESSES if purchases == "auto" else (purchases,)
    candidates, failures = _candidates(names, backend, (count, span, observed), prior)
    chosen, why = _choose(candidates, purchases)
    worth = (count > 0) & (value > 0)
    spend = BACKENDS[backend].fit_spend(count[worth], value[worth], prior=prior)
    facts = _facts(count, value, worth)
    diagnostics = facts | {
        "backend": backend,
        "prior": prior,
        "log_likelihood": candidates[chosen].log_likelihood,
        "log_likelihood_order_values": spend.log_likelihood,
        "candidates": {name: _told(fit) for name, fit in candidates.items()},
        "candidates_failed": failures,
        "chosen": chosen,
        "chosen_because": why,
        "order_values": _told(spend),
        "warnings": _warnings(candidates[chosen], spend, facts),
    }
    return Fitted(chosen, candidates[chosen].params | spend.params, diagnostics)


def _candidates(
    names: tuple[str, ...], backend: str, history: tuple[Floats, Floats, Floats], prior: bool
) -> tuple[dict[str, FitResult], dict[str, list[str]]]:
    """Fit each process; only where none can be fitted is it an error."""
    found: dict[str, FitResult] = {}
    failed: dict[str, NotEnoughData] = {}
    for name in names:
        try:
            found[name] = BACKENDS[backend].fit_purchases(name, *history, prior=prior)
        except NotEnoughData as error:
            failed[name] = error
    if not found:
        problems = [problem for error in failed.values() for problem in error.problems]
        raise NotEnoughData(problems, failed[names[0]].next_step)
    return found, {name: error.problems for name, error in failed.items()}


def _check_choices(purchases: str, backend: str) -> None:
    problems = []
    if backend not in BACKENDS:
        problems.append(f"backend {backend!r} does not exist in this version; there is {_listed(BACKENDS)}")
    if purchases not in ("auto", *PROCESSES):
        problems.append(
            f"purchases {purchases!r} does not exist in this version; there is "
            f"{_listed(('auto', *PROCESSES))}"
        )
    if problems:
        raise PatronError(problems)


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in names)


def _sorted(rows: PurchaseRows) -> tuple[Floats, Floats, Floats, Floats]:
    """Rows in an order of their own, so that the parameters do not depend on the frame's."""
    order = np.lexsort((rows.value, rows.observed, rows.span, rows.repeat_orders))
    return rows.repeat_orders[order], rows.span[order], rows.observed[order], rows.value[order]


def _check_enough(count: Floats, observed: Floats, value: Floats) -> None:
    problems = []
    if count.size < _FEWEST_CUSTOMERS:
        problems.append(f"{count.size} customers; at least {_FEWEST_CUSTOMERS} are needed")
    valued = int(((count > 0) & (value > 0)).sum())
    if valued < _FEWEST_REPEATERS:
        problems.append(
            f"{valued} customers with repeat orders of positive value; "
            f"at least {_FEWEST_REPEATERS} are needed"
        )
    if not observed.max() > 0:
        problems.append("no customer was observed for more than a day")
    if problems:
        raise NotEnoughData(problems, "give a longer history or more customers")


def _choose(candidates: dict[str, FitResult], purchases: str) -> tuple[str, str]:
    if purchases != "auto":
        return purchases, "asked for"
    if len(candidates) == 1:
        only = next(iter(candidates))
        return only, f"{NAMES[only]} is the only one that could be fitted"
    lead = candidates["bgnbd"].log_likelihood - candidates["mbgnbd"].log_likelihood
    side = f"{lead:.1f} higher" if lead > 0 else f"{-lead:.1f} lower"
    return "mbgnbd", (
        "BG/NBD takes every customer without a repeat order to be alive for ever, whatever it fits "
        f"(its log-likelihood is {side})"
    )


def _told(fit: FitResult) -> dict[str, Any]:
    return {
        "log_likelihood": fit.log_likelihood,
        "params": fit.params,
        "attempts": list(fit.attempts),
        "retries": len(fit.attempts) - 1,
        "prior_used": fit.prior_used,
        "at_boundary": fit.at_boundary,
    }


def _facts(count: Floats, value: Floats, worth: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "customers": int(count.size),
        "repeat_customers": int((count > 0).sum()),
        "repeat_customers_with_value": int(worth.sum()),
        "one_time_share": float((count == 0).sum() / count.size),
        "correlation_orders_value": _correlation(count[worth], value[worth]),
    }


def _correlation(left: Floats, right: Floats) -> float | None:
    """Pearson's r by plain sums: numpy's goes through a matrix product, whose bits depend on the threads."""
    x, y = left - left.sum() / left.size, right - right.sum() / right.size
    scale = math.sqrt(float((x * x).sum()) * float((y * y).sum()))
    # a spread that is rounding error is no spread
    return float((x * y).sum()) / scale if np.ptp(left) > 0 and np.ptp(right) > 0 and scale > 0 else None


def _warnings(purchases: FitResult, spend: FitResult, facts: dict[str, Any]) -> list[str]:
    found = []
    for what, fit in (("order times", purchases), ("order values", spend)):
        if fit.prior_used:
            found.append(f"{what}: plain maximum likelihood did not do, a weak prior was used")
        if fit.at_boundary:
            found.append(f"{what}: {fit.at_boundary}; predictions lean on very little")
    correlation = facts["correlation_orders_value"]
    if correlation is not None and abs(correlation) > 0.3:
        found.append(
            f"number of orders and order value are correlated ({correlation:.2f}); "
            "the model takes them to be independent"
        )
    if facts["repeat_customers"] < 30:
        found.append(
            f"only {facts['repeat_customers']} customers have repeat orders: the parameters are uncertain"
        )
    return found
