"""From purchase rows to parameters: which backend, which purchase process, and what to tell the reader.

In: checked rows. Out: parameters and diagnostics. Not here: the fitting itself (``native``,
``_lifetimes``), the choice between processes (``_choice``), the wording of what is wrong
(``_diagnostics``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patron.clv import _lifetimes, native
from patron.clv._choice import Trial, choose, hold_out
from patron.clv._diagnostics import diagnostics_of
from patron.clv._summary import PurchaseRows
from patron.clv.evidence import Evidence
from patron.clv.native.attempts import FitResult
from patron.clv.native.rows import FitRows, in_own_order, spend_in_own_order
from patron.clv.processes import PROCESSES
from patron.errors import NotEnoughData, PatronError

Floats = NDArray[np.float64]

BACKENDS: dict[str, ModuleType] = {"native": native, "lifetimes": _lifetimes}
#: What each backend can fit, in the order in which ``auto`` looks at them.
_CAN_FIT = {
    "native": ("mbgnbd", "mbgcnbd", "bgnbd"),
    "lifetimes": ("mbgnbd", "bgnbd", "paretonbd"),
}
_AUTO = ("mbgnbd", "mbgcnbd", "bgnbd")
_FEWEST_CUSTOMERS = 10
_FEWEST_REPEATERS = 3


@dataclass(frozen=True)
class Fitted:
    """Outcome of a fit.

    Parameters
    ----------
    purchases : str
        Name of the purchase process.
    orders, spend : FitResult
        The purchase process and the order values.
    diagnostics : dict
        JSON-able.
    """

    purchases: str
    orders: FitResult
    spend: FitResult
    diagnostics: dict[str, Any]


def fit_models(
    rows: PurchaseRows,
    weight: Floats,
    *,
    purchases: str,
    backend: str,
    prior: bool,
    evidence: Evidence | None = None,
) -> Fitted:
    """Fit the purchase process and the order values.

    Parameters
    ----------
    rows : PurchaseRows
        The customers.
    weight : ndarray, shape (n,)
        How many customers each row stands for.
    purchases, backend, prior
        As in ``CLVModel``.
    evidence : Evidence, optional
        Helps ``auto`` to choose.

    Raises
    ------
    PatronError
        For an unknown backend or process, or one that the backend cannot fit.
    NotEnoughData
        When the customers are too few or no parameters are found.
    """
    _check_choices(purchases, backend)
    check_enough(rows, weight)

    def fit(name: str, some: PurchaseRows, some_weight: Floats | None = None) -> FitResult:
        fitted: FitResult = BACKENDS[backend].fit_purchases(name, order_rows(some, some_weight), prior=prior)
        return fitted

    names = _names(purchases, backend, rows)
    candidates, failures = _candidates(names, lambda name: fit(name, rows, weight))
    trials: dict[str, Trial] = {}
    chosen, why = next(iter(candidates)), "asked for"
    if purchases == "auto":
        trials = hold_out(candidates, evidence, fit)
        chosen, why = choose(candidates, trials, evidence, float(weight.sum()))
    elif evidence is not None:
        trials = hold_out(candidates, evidence, fit)
    spend = fit_order_values(rows, weight, backend=backend, prior=prior)
    diagnostics = diagnostics_of(
        rows, weight, candidates, failures, trials, chosen, why, spend, evidence, backend=backend, prior=prior
    )
    return Fitted(chosen, candidates[chosen], spend, diagnostics)


def fit_order_values(rows: PurchaseRows, weight: Floats, *, backend: str, prior: bool) -> FitResult:
    """Fit the Gamma-Gamma model to the customers it can learn from."""
    fitted: FitResult = BACKENDS[backend].fit_spend(*spend_rows(rows, weight), prior=prior)
    return fitted


def order_rows(rows: PurchaseRows, weight: Floats | None = None) -> FitRows:
    """Histories in an order of their own, so that the parameters do not depend on the frame's."""
    ones = np.ones(len(rows)) if weight is None else weight
    return in_own_order(FitRows(*rows.history, ones, rows.log_gaps))


def spend_rows(rows: PurchaseRows, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Repeat orders, mean value and weight of the customers with repeat orders of positive value."""
    count = rows.history.repeat_orders
    worth = (count > 0) & (rows.value > 0)
    return spend_in_own_order(count[worth], rows.value[worth], weight[worth])


def check_enough(rows: PurchaseRows, weight: Floats) -> None:
    """Refuse to fit next to nothing, with what is missing."""
    problems = []
    customers, observed = float(weight.sum()), rows.history.observed
    if customers < _FEWEST_CUSTOMERS:
        problems.append(f"{customers:.0f} customers; at least {_FEWEST_CUSTOMERS} are needed")
    valued = float(weight[(rows.history.repeat_orders > 0) & (rows.value > 0)].sum())
    if valued < _FEWEST_REPEATERS:
        problems.append(
            f"{valued:.0f} customers with repeat orders of positive value; "
            f"at least {_FEWEST_REPEATERS} are needed"
        )
    if not observed.max() > 0:
        problems.append("no customer was observed for more than a day")
    if problems:
        raise NotEnoughData(problems, "give a longer history or more customers")


def _names(purchases: str, backend: str, rows: PurchaseRows) -> tuple[str, ...]:
    if purchases != "auto":
        return (purchases,)
    usable = set(_CAN_FIT[backend]) - (set() if rows.log_gaps is not None else {"mbgcnbd"})
    return tuple(name for name in _AUTO if name in usable)


def _candidates(names: Iterable[str], fit: Any) -> tuple[dict[str, FitResult], dict[str, list[str]]]:
    """Fit each process; only where none can be fitted is it an error."""
    found: dict[str, FitResult] = {}
    failed: dict[str, NotEnoughData] = {}
    for name in names:
        try:
            found[name] = fit(name)
        except NotEnoughData as error:
            failed[name] = error
    if not found:
        problems = [problem for error in failed.values() for problem in error.problems]
        raise NotEnoughData(problems, next(iter(failed.values())).next_step)
    return found, {name: error.problems for name, error in failed.items()}


def _check_choices(purchases: str, backend: str) -> None:
    problems = [
        f"{name} must be text, not {given!r}"
        for name, given in (("backend", backend), ("purchases", purchases))
        if not isinstance(given, str)
    ]
    if problems:
        raise PatronError(problems)
    if backend not in BACKENDS:
        problems.append(f"backend {backend!r} does not exist; there is {_listed(BACKENDS)}")
    if purchases not in ("auto", *PROCESSES):
        problems.append(f"purchases {purchases!r} does not exist; there is {_listed(('auto', *PROCESSES))}")
    if not problems and purchases != "auto" and purchases not in _CAN_FIT[backend]:
        other = next(name for name, able in _CAN_FIT.items() if purchases in able)
        problems.append(
            f"the {backend} backend cannot fit {PROCESSES[purchases].title}; backend={other!r} can"
        )
    if problems:
        raise PatronError(problems)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
