"""What a fit returns, and several ways to fit a model, taken in order until one works.

In: named attempts. Out: the first result, with a record of what was tried. Not here: any fitting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from patron.errors import NotEnoughData

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class FitResult:
    """Fitted parameters of one model.

    Parameters
    ----------
    params : dict of str to float
        By the literature's letters; time in weeks, money in currency units; ``k`` is an int.
    log_likelihood : float
        Of the data at these parameters, without any prior.
    attempts : tuple of str
        What was tried, in order, in words; the last one succeeded.
    prior_used : bool
        True where a prior had a say.
    at_boundary : str or None
        In words, where a parameter ran off to a limit.
    gradient_norm : float or None
        Largest absolute slope of what was maximised in the logs of the parameters, per customer.
    steps : int
        Newton steps on all rows.
    covariance : tuple of tuple of float, or None
        Of the logs of the parameters, in the order of ``params`` without ``k``: the inverse of minus the
        Hessian of what was maximised; None where that is not positive definite.
    information : tuple of tuple of float, or None
        Minus the Hessian of the log-likelihood alone, to tell what the prior decides.
    log_likelihood_by_k : dict of int to float, or None
        Of the data, at each k that was tried.
    """

    params: dict[str, float]
    log_likelihood: float
    attempts: tuple[str, ...]
    prior_used: bool = False
    at_boundary: str | None = None
    gradient_norm: float | None = None
    steps: int = 0
    covariance: Matrix | None = None
    information: Matrix | None = None
    log_likelihood_by_k: dict[int, float] | None = None


Attempt = tuple[str, Callable[[], FitResult]]


def first_that_works(what: str, attempts: Sequence[Attempt], advice: str) -> FitResult:
    """Take the first attempt that succeeds.

    Parameters
    ----------
    what : str
        What is fitted, for messages.
    attempts : sequence of (str, function)
        Each by its name; one that raises ArithmeticError or ValueError has failed.
    advice : str
        What to do when all fail.

    Returns
    -------
    FitResult

    Raises
    ------
    NotEnoughData
        When no attempt succeeds, with the reasons.

    Examples
    --------
    >>> good = FitResult({"r": 1.0}, -5.0, ())
    >>> first_that_works("r", [("one", lambda: 1 / 0), ("two", lambda: good)], "").attempts
    ('one: division by zero', 'two')
    """
    tried: list[str] = []
    reasons: list[str] = []
    for name, attempt in attempts:
        try:
            return replace(attempt(), attempts=(*tried, name))
        except (ArithmeticError, ValueError) as error:  # ConvergenceError and LinAlgError are ValueErrors
            reasons.append(_reason(error))
            tried.append(f"{name}: {reasons[-1]}")
    raise NotEnoughData(
        f"the parameters of {what} cannot be found in these customers, in {len(reasons)} attempts: "
        + "; ".join(dict.fromkeys(reasons)),
        advice,
    )


def _reason(error: Exception) -> str:
    kind = type(error).__name__
    known = {"ConvergenceError": "did not converge", "LinAlgError": "the optimum is flat"}
    return known.get(kind, str(error) or kind)
