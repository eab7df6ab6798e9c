"""Whether fitted parameters are where the likelihood is highest, judged by functions that did not fit them.

In: a purchase summary and fitted models. Out: ``Comparison``. Not here: predictions (``verification``).

Two opinions: lifetimes' fit of the same customers with the same prior; and one Newton step on lifetimes' own
likelihood times the prior as ``CLVModel`` documents it, which says how far the top is from given parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._choice import title_of
from patron.clv._comparison import SAME_OPTIMUM, Comparison
from patron.clv._differences import with_differences
from patron.clv._lifetimes_predictions import (
    lifetimes_orders_log_likelihood,
    lifetimes_values_log_likelihood,
)
from patron.clv._summary import PurchaseRows, read_summary
from patron.clv._verification_regular import regular_log_likelihood
from patron.clv.estimator import CLVModel

Floats = NDArray[np.float64]
LogLikelihood = Callable[[Mapping[str, float]], float]

# the prior as documented, written down again on purpose: a mistake in the engine must not reach both sides
_PRIOR_SD = 3.0
_CENTRES = {"r": 1.0, "alpha": 1.0, "a": 1.0, "b": float(np.e), "s": 1.0, "beta": 1.0}  # weeks: of the mean
_SPEND_CENTRES = {"p": 2.0, "q": 3.0, "v": 1.0}  # v: of the mean order value
_ROUNDING = 1e-6  # of a log-likelihood


class _Objective(NamedTuple):
    """What is maximised over some of the parameters.

    Parameters
    ----------
    log_likelihood : callable
        Of parameters by letter.
    centres : dict
        Of the prior, by letter.
    sd : float or None
        The prior's, of each log; None without a prior.
    """

    log_likelihood: LogLikelihood
    centres: dict[str, float]
    sd: float | None

    def at(self, params: Mapping[str, float]) -> float:
        """Log-likelihood plus the log of the prior, but for a constant."""
        if self.sd is None:
            return self.log_likelihood(params)
        logs = [np.log(params[name] / centre) for name, centre in self.centres.items()]
        return self.log_likelihood(params) - 0.5 * float(np.square(logs).sum()) / self.sd**2

    def step(self, params: Mapping[str, float]) -> float:
        """Largest move in the log of a parameter that one Newton step makes; infinite where it has none."""

        def objective(logs: Floats) -> float:
            return self.at({**params, **dict(zip(self.centres, np.exp(logs).tolist(), strict=True))})

        at = with_differences(objective)(np.log([params[name] for name in self.centres]))
        try:
            np.linalg.cholesky(-at.hessian)
        except np.linalg.LinAlgError:
            return float("inf")
        return float(np.abs(np.linalg.solve(-at.hessian, at.gradient)).max())


def same_optimum(summary: pd.DataFrame, ours: CLVModel, theirs: CLVModel) -> Comparison:
    """Compare our search for a maximum with lifetimes', and look how far from ours lifetimes' maximum is.

    Parameters
    ----------
    summary : DataFrame, n rows
        What both were fitted to.
    ours, theirs : CLVModel
        Fitted with the same process and prior, the second one by lifetimes.
    """
    objectives = _objectives(summary, ours)
    apart = {name: abs(ours.params_[name] / value - 1.0) for name, value in theirs.params_.items()}
    off, judged = max(apart.values()), {name for each in objectives for name in each.centres}
    unjudged = max((far for name, far in apart.items() if name not in judged), default=0.0)
    lead = min((each.at(ours.params_) - each.at(theirs.params_) for each in objectives), default=0.0)
    top = max((each.step(ours.params_) for each in objectives), default=0.0)
    reason = None
    if top <= SAME_OPTIMUM and off <= SAME_OPTIMUM:
        reason = "nothing to explain: the maximum of lifetimes' likelihood is there, too"
    elif max(top, unjudged) <= SAME_OPTIMUM and lead >= -_ROUNDING:
        reason = (
            f"lifetimes stopped before the top: by its own likelihood ours are no less likely ({lead:+.2g})"
        )
    prior = "with the prior" if ours.prior else "without prior"
    title = title_of(ours.purchases_, ours.params_)
    between = f"parameters of {title} and Gamma-Gamma {prior}: our fit and lifetimes'"
    return Comparison("parameters", between, off, None, reason)


def regular_optimum(summary: pd.DataFrame, model: CLVModel) -> Comparison:
    """Look how far the maximum of the MBG/CNBD-k likelihood, written out a second time, is from a fit."""
    off = max((each.step(model.params_) for each in _objectives(summary, model)), default=float("inf"))
    title = title_of(model.purchases_, model.params_)
    reason = "nothing to explain: the likelihood written out a second time is highest there"
    between = f"parameters of {title}, which lifetimes has not: our fit and the top of its likelihood"
    return Comparison("parameters", between, off, None, reason if off <= SAME_OPTIMUM else None)


def _objectives(summary: pd.DataFrame, model: CLVModel) -> list[_Objective]:
    """Order times and order values; what the fit itself could not leave free is left out."""
    rows = read_summary(summary)
    sd = _PRIOR_SD if model.prior else None
    return [
        each
        for name, each in (
            ("order_times", _of_orders(rows, model, sd)),
            ("order_values", _of_values(rows, sd)),
        )
        if not _tied(model, name) and np.isfinite(each.at(model.params_))
    ]


def _of_orders(rows: PurchaseRows, model: CLVModel, sd: float | None) -> _Objective:
    name, k = model.purchases_, float(model.params_.get("k", 1))
    letters = ("r", "alpha", "s", "beta") if name == "paretonbd" else ("r", "alpha", "a", "b")
    weeks = float(rows.history.observed.mean()) / k
    centres = {each: _CENTRES[each] * (weeks if each in ("alpha", "beta") else 1.0) for each in letters}
    if name == "mbgcnbd":
        return _Objective(lambda params: regular_log_likelihood(params, rows.history), centres, sd)
    return _Objective(lambda params: lifetimes_orders_log_likelihood(name, params, rows), centres, sd)


def _of_values(rows: PurchaseRows, sd: float | None) -> _Objective:
    worth = (rows.history.repeat_orders > 0) & (rows.value > 0)
    count, value = rows.history.repeat_orders[worth], rows.value[worth]
    centres = _SPEND_CENTRES | {"v": float(value.mean())}
    return _Objective(lambda params: lifetimes_values_log_likelihood(params, count, value), centres, sd)


def _tied(model: CLVModel, block: str) -> bool:
    """Whether the fit held parameters to a line: the mean order value to the observed one."""
    known: Mapping[str, Any] = model.covariance_.get(block, {})
    return bool(known) and known["of_logs"] is None
