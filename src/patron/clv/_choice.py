"""Which purchase process: by likelihood, by what it foresaw of a held-out period, and in words.

In: fitted candidates, and a ledger's last part where there is one. Out: a name, the reason, the figures.
Not here: fitting (``_fitting``).

MBG/NBD is the first candidate. MBG/CNBD-k takes its place where regular gaps make the order times more likely
by more than the price of its one more parameter (half the log of the number of customers, as in BIC) and
foresee the held-out orders better: a model that takes gaps for regular is quick to give up a customer who is
late, and must show that this is right here. BG/NBD is fitted for comparison only: it takes every customer
without a repeat order to be alive for ever, whatever it fits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.clv._months import DAYS_PER_WEEK
from patron.clv._summary import PurchaseRows, read_summary
from patron.clv.evidence import Evidence
from patron.clv.native.attempts import FitResult
from patron.clv.processes import PROCESSES, PurchaseProcess, expected_orders, process_from
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]

Refit = Callable[[str, PurchaseRows], FitResult]

_Z95 = 1.959963984540054
#: Fewer orders than this are counted as so many: a few customers who were thought gone and came back must not
#: decide alone. With it AdventureWorks takes regular gaps and Online Retail II does not, at four dates each.
_LEAST_EXPECTED = 0.05


class Trial(NamedTuple):
    """One process on the held-out period.

    Parameters
    ----------
    expected : ndarray, shape (m,)
        Orders it expected of each customer.
    figures : dict
        ``expected_orders``, ``actual_orders`` (totals), ``mean_absolute_error``, ``mean_deviance`` (Poisson).
    """

    expected: Floats
    figures: dict[str, float]


def title_of(purchases: str, params: Mapping[str, float]) -> str:
    """Name of a process for people, k filled in."""
    title = PROCESSES[purchases].title
    return title.replace("-k", f"-{int(params['k'])}") if "k" in params else title


def hold_out(
    candidates: Mapping[str, FitResult], evidence: Evidence | None, refit: Refit
) -> dict[str, Trial]:
    """Fit each candidate before the held-out period and let it foresee that."""
    if evidence is None:
        return {}
    rows, trials = read_summary(evidence.earlier), {}
    for name in candidates:
        try:
            params = refit(name, rows).params
        except NotEnoughData:
            continue
        trials[name] = _trial(process_from(name, params), rows, evidence)
    return trials


def choose(
    candidates: Mapping[str, FitResult],
    trials: Mapping[str, Trial],
    evidence: Evidence | None,
    customers: float,
) -> tuple[str, str]:
    """Return the name of the best candidate and why it was taken."""
    if "mbgnbd" not in candidates:
        rest = [name for name in ("mbgcnbd", "bgnbd") if name in candidates]
        return rest[0], f"{PROCESSES['mbgnbd'].title} could not be fitted"
    notes = _about_bgnbd(candidates)
    regular = candidates.get("mbgcnbd")
    if regular is None:
        return "mbgnbd", "MBG/NBD: how regular the gaps between orders are was not tried; " + notes
    if regular.params["k"] == 1:
        return (
            "mbgnbd",
            "MBG/NBD: the gaps between orders are no more regular than by chance (k = 1); " + notes,
        )
    title = title_of("mbgcnbd", regular.params)
    lead = regular.log_likelihood - candidates["mbgnbd"].log_likelihood
    price = 0.5 * math.log(max(customers, 2.0))
    if lead <= price:
        return (
            "mbgnbd",
            f"MBG/NBD: {title} fits the order times hardly better (log-likelihood {lead:+.1f}); {notes}",
        )
    if "mbgcnbd" not in trials or "mbgnbd" not in trials or evidence is None:
        return "mbgcnbd", (
            f"{title}: it fits the order times better than MBG/NBD (log-likelihood {lead:+.1f}); "
            f"no period was held out; {notes}"
        )
    return _by_trial(title, lead, trials, evidence, notes)


def _by_trial(
    title: str, lead: float, trials: Mapping[str, Trial], evidence: Evidence, notes: str
) -> tuple[str, str]:
    regular, plain = (trials[name].figures["mean_deviance"] for name in ("mbgcnbd", "mbgnbd"))
    fits = f"fits the order times better than MBG/NBD (log-likelihood {lead:+.1f})"
    figures = f"mean deviance of the {evidence.days} days held out {regular:.3f} against {plain:.3f}"
    if regular >= plain:
        return "mbgnbd", f"MBG/NBD: {title} {fits} but does not foresee orders better ({figures}); {notes}"
    return "mbgcnbd", f"{title}: it {fits} and foresees orders better ({figures}); {notes}"


def repeats_better(trial: Trial, evidence: Evidence) -> bool:
    """Whether the orders of as many days before, repeated, come nearer to what happened; 95 % sure."""
    actual = evidence.orders_ahead
    return _paired_low(np.abs(trial.expected - actual) - np.abs(evidence.orders_before - actual)) > 0.0


def mean_error_of_repeating(evidence: Evidence) -> float:
    """Mean absolute error of repeating the orders of as many days before."""
    return float(np.abs(evidence.orders_before - evidence.orders_ahead).mean())


def told(trial: Trial | None) -> dict[str, Any] | None:
    """Figures of a trial, JSON-able."""
    return None if trial is None else trial.figures


def _about_bgnbd(candidates: Mapping[str, FitResult]) -> str:
    if "bgnbd" not in candidates:
        return "BG/NBD could not be fitted"
    lead = candidates["bgnbd"].log_likelihood - candidates["mbgnbd"].log_likelihood
    return (
        "BG/NBD is not considered, as it takes every customer without a repeat order to be alive for ever "
        f"(its log-likelihood: {lead:+.1f} against MBG/NBD)"
    )


def _trial(process: PurchaseProcess, rows: PurchaseRows, evidence: Evidence) -> Trial:
    expected = expected_orders(process, rows.history, evidence.days / DAYS_PER_WEEK)
    actual = evidence.orders_ahead
    figures = {
        "expected_orders": float(expected.sum()),
        "actual_orders": float(actual.sum()),
        "mean_absolute_error": float(np.abs(expected - actual).mean()),
        "mean_deviance": float(_deviance(actual, expected).mean()),
    }
    return Trial(expected, figures)


def _deviance(actual: Floats, expected: Floats) -> Floats:
    """Poisson deviance of each customer: twice the log-likelihood lost against a perfect forecast."""
    mean = np.maximum(expected, _LEAST_EXPECTED)
    gain = np.where(actual > 0, actual * np.log(np.maximum(actual, 1.0) / mean), 0.0)
    return np.asarray(2.0 * (gain - (actual - mean)))


def _paired_low(difference: Floats) -> float:
    """Lower end of the 95 % interval of a mean difference between customers."""
    if difference.size < 2:
        return -math.inf
    return float(difference.mean() - _Z95 * difference.std(ddof=1) / math.sqrt(difference.size))
