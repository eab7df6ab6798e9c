"""Several ways to fit a model, taken in order until one works.

In: named attempts. Out: the first good result, with a record of what was tried. Not here: any fitting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from patron.errors import NotEnoughData


@dataclass(frozen=True)
class FitResult:
    """Fitted parameters of one model.

    Parameters
    ----------
    params : dict of str to float
        By the literature's letters; time in weeks, money in currency units.
    log_likelihood : float
        Of the data at these parameters, without any prior.
    attempts : tuple of str
        What was tried, in order, in words; the last one succeeded.
    prior_used : bool
        True where plain maximum likelihood did not do.
    at_boundary : str or None
        In words, where a parameter ran off to a limit.
    """

    params: dict[str, float]
    log_likelihood: float
    attempts: tuple[str, ...]
    prior_used: bool = False
    at_boundary: str | None = None


Attempt = tuple[str, Callable[[], FitResult]]


def first_that_works(what: str, plain: list[Attempt], shrunk: list[Attempt]) -> FitResult:
    """Take the first attempt that succeeds away from the limits of the parameters.

    Parameters
    ----------
    what : str
        What is fitted, for messages.
    plain, shrunk : list of (str, function)
        Attempts by plain maximum likelihood; attempts with a prior, empty where none is allowed.

    Returns
    -------
    FitResult
        At a limit only where nothing better was found.

    Raises
    ------
    NotEnoughData
        When no attempt succeeds, with the reasons.
    """
    tried: list[str] = []
    reasons: list[str] = []
    at_limit: FitResult | None = None
    for name, attempt in plain + shrunk:
        if at_limit is not None and shrunk and name in dict(plain):
            continue  # other starts find the same limit
        try:
            result = attempt()
        except (ArithmeticError, ValueError) as error:  # ConvergenceError and LinAlgError are ValueErrors
            tried.append(f"{name}: {_reason(error)}")
            reasons.append(_reason(error))
            continue
        result = replace(result, attempts=(*tried, name))
        if result.at_boundary is None:
            return result
        tried.append(f"{name}: {result.at_boundary}")
        at_limit = result if at_limit is None or result.prior_used else at_limit
    if at_limit is not None:
        return at_limit
    advice = "give more customers or a longer history" + ("" if shrunk else ", or fit with prior=True")
    raise NotEnoughData(
        f"the parameters of {what} cannot be found in these customers, in {len(reasons)} attempts: "
        + "; ".join(dict.fromkeys(reasons)),
        advice,
    )


def _reason(error: Exception) -> str:
    kind = type(error).__name__
    known = {"ConvergenceError": "did not converge", "LinAlgError": "the optimum is flat"}
    return known.get(kind, str(error) or kind)
