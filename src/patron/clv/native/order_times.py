"""The native engine: purchase processes fitted by maximum likelihood with a weak prior, in numpy and scipy.

In: rows in their own order (``rows``). Out: ``FitResult``. Not here: order values (``order_values``),
predictions, the choice between processes.

``prior=True`` adds a normal density on the logs of the parameters: sd 3 (a factor of 20 either way) around
r = 1, alpha = mean weeks observed, a = 1, b = e, or around parameters to shrink towards, with the weight of
one observation in all. ``prior=False`` is plain maximum likelihood; where the likelihood has no maximum it is
an error that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from patron.clv.native.attempts import Attempt, FitResult, first_that_works
from patron.clv.native.climbing import PRIOR_SD, Prior, climb, even_sample, is_flat, told
from patron.clv.native.likelihoods import purchases_likelihood
from patron.clv.native.limits import purchase_limit
from patron.clv.native.newton import Objective
from patron.clv.native.order_values import fit_spend
from patron.clv.native.rows import FitRows
from patron.errors import NotEnoughData, PatronError

__all__ = ["fit_purchases", "fit_spend"]

Floats = NDArray[np.float64]

_PROCESSES = ("bgnbd", "mbgnbd", "mbgcnbd")
_LARGEST_K = 20
_LETTERS = ("r", "alpha", "a", "b")
_CENTRE = (1.0, 1.0, 1.0, float(np.e))  # r, alpha over mean weeks observed, a, b
_STARTS = (
    (1.0, 1.0, 3.0),
    (0.5, 0.5, 2.0),
    (3.0, 1.0, 10.0),
    (0.01, 0.3, 0.8),
)  # r, a, b; alpha gives the observed pace
_REACH = float(np.log(1e6))  # either way


def fit_purchases(
    purchases: str,
    rows: FitRows,
    *,
    prior: bool,
    towards: Mapping[str, float] | None = None,
    sd: float = PRIOR_SD,
) -> FitResult:
    """Fit a purchase process.

    Parameters
    ----------
    purchases : str
        ``bgnbd``, ``mbgnbd`` or ``mbgcnbd``; the last takes the k up to 20 of the highest likelihood.
    rows : FitRows
        In their own order, see ``in_own_order``; weeks.
    prior : bool
        Add the prior; without it, plain maximum likelihood.
    towards : mapping of str to float, optional
        Parameters at the prior's centre: those of all customers, for a segment's. Its k is kept, too.
    sd : float
        The prior's standard deviation, in logs.

    Returns
    -------
    FitResult

    Raises
    ------
    PatronError
        For an unknown process, and for ``mbgcnbd`` without sums of log gaps.
    NotEnoughData
        When no parameters are found, with the reasons.
    """
    if purchases not in _PROCESSES:
        raise PatronError(
            f"purchases {purchases!r} cannot be fitted by the native engine",
            f"choose one of {', '.join(map(repr, _PROCESSES))}",
        )
    fit = _Fit(purchases, rows, prior, towards, sd)
    if purchases != "mbgcnbd":
        return fit.at(1)
    if rows.log_gaps is None:
        raise PatronError(
            "MBG/CNBD-k needs the column sum_log_gap_weeks: it tells how regularly customers order",
            "make the summary with patron.purchase_summary(orders, as_of=...), or choose 'mbgnbd'",
        )
    if towards is not None and "k" in towards:
        k = int(towards["k"])
        found = fit.at(k)
        return replace(found, log_likelihood_by_k={k: found.log_likelihood})
    return _best_k(fit)


def _best_k(fit: _Fit) -> FitResult:
    """Go up k = 1, 2, 3, ... until the log-likelihood has fallen twice in a row; keep the highest."""
    found: dict[int, FitResult] = {}
    falls, last = 0, None
    for k in range(1, _LARGEST_K + 1):
        try:
            found[k] = this = fit.at(k, last)
        except NotEnoughData:
            if not found:
                raise
            break
        falls = falls + 1 if last is not None and this.log_likelihood < last.log_likelihood else 0
        last = this
        if falls == 2:
            break
    best = max(found, key=lambda k: (found[k].log_likelihood, -k))
    return replace(found[best], log_likelihood_by_k={k: one.log_likelihood for k, one in found.items()})


class _Fit:
    """One process on the same rows, at one k or several."""

    def __init__(
        self,
        purchases: str,
        rows: FitRows,
        prior: bool,
        towards: Mapping[str, float] | None,
        sd: float,
    ) -> None:
        self.purchases, self.rows, self.prior, self.towards, self.sd = purchases, rows, prior, towards, sd
        self.customers = rows.customers
        self.mean_weeks = float((rows.weight * rows.observed).sum()) / self.customers
        self.pace = max(float((rows.weight * rows.count).sum()) / self.customers, 0.1)
        sample = even_sample(rows.weight)
        self.sample = None if sample is None else _taken(rows, sample)

    def at(self, k: int, before: FitResult | None = None) -> FitResult:
        """Fit at one k, starting from the fit at another where there is one."""
        scale = np.log([1.0, self.mean_weeks / k, 1.0, 1.0])  # lambda counts events, every k-th an order
        centre = np.log(_CENTRE) + scale if self.towards is None else _logs(self.towards, k)
        density = Prior(centre, self.sd if self.prior else None)
        likelihood = self._likelihood(self.rows, k)
        sampled = None if self.sample is None else self._likelihood(self.sample, k)

        def fit(start: Floats) -> FitResult:
            reach = (scale - _REACH, scale + _REACH)
            found = climb(density, likelihood, sampled, start, reach, self.customers)
            params = dict(zip(_LETTERS, np.exp(found.point).tolist(), strict=True))
            limit = purchase_limit(params | {"alpha": k * params["alpha"]}, self.mean_weeks)
            if self.purchases == "mbgcnbd":
                params["k"] = k
            result = told(found, density, params, self.customers, limit)
            if not self.prior and limit is not None and (bool(found.held.any()) or is_flat(result)):
                raise ArithmeticError(f"{limit}, where the likelihood rises for ever")
            return result

        starts = [np.log([r, r / self.pace, a, b]) + scale for r, a, b in _STARTS]
        if self.towards is not None:
            starts.insert(0, centre)
        if before is not None:
            starts.insert(0, _logs(before.params, k))
        return self._first(fit, starts)

    def _likelihood(self, rows: FitRows, k: int) -> Objective:
        return purchases_likelihood(rows, modified=self.purchases != "bgnbd", k=k)

    def _first(self, fit: Callable[[Floats], FitResult], starts: list[Floats]) -> FitResult:
        method = "maximum likelihood with a weak prior" if self.prior else "maximum likelihood"
        attempts: list[Attempt] = [
            (f"{method} from start {i}", lambda s=s: fit(s))  # type: ignore[misc]
            for i, s in enumerate(starts, start=1)
        ]
        remedy = "" if self.prior else ", or fit with prior=True"
        return first_that_works(self.purchases, attempts, f"give more customers or a longer history{remedy}")


def _taken(rows: FitRows, sample: NDArray[np.intp]) -> FitRows:
    gaps = None if rows.log_gaps is None else rows.log_gaps[sample]
    columns = (rows.count[sample], rows.span[sample], rows.observed[sample])
    return FitRows(*columns, np.full(sample.size, rows.customers / sample.size), gaps)


def _logs(params: Mapping[str, float], k: int) -> Floats:
    """Return the logs of r, alpha, a, b; for another k, alpha such that the order rate is the same."""
    scale = params.get("k", 1) / k
    return np.log([params["r"], params["alpha"] * scale, params["a"], params["b"]])
