"""A letter for a model: what it adds to the rule anybody could have written down.

In:  outcomes and probabilities of the model and of every naive rule on the same customers of the newest
     window; for values, the metrics of both.
Out: A, B or C with the numbers behind it and a sentence to print.
Not here: whether a model replaces another (`gate`), and the windows themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from numpy.typing import ArrayLike

from patron.errors import PatronError
from patron.metrics import Paired, is_calibrated, log_losses, paired_loss_interval

#: A total foreseen within 15 % is near enough to plan with.
TOLERATED_BIAS = 0.15


class Grade(NamedTuple):
    """The judgement of a churn model.

    Parameters
    ----------
    letter : str
        ``A``: better than the best naive rule beyond chance, and calibrated. ``B``: better on average.
        ``C``: the rest.
    best_baseline : str
        Name of the naive rule with the lowest log-loss on these customers.
    log_loss_difference : float
        Model minus that rule, nats per customer; below 0 the model is better.
    low, high : float
        95 % interval of the difference, paired by customer.
    calibrated : bool
        Whether the probabilities mean what they say.
    sentence : str
        The judgement in words.
    """

    letter: str
    best_baseline: str
    log_loss_difference: float
    low: float
    high: float
    calibrated: bool
    sentence: str


class ValueGrade(NamedTuple):
    """The judgement of a value model.

    Parameters
    ----------
    letter : str
        ``A``: lower MAE and higher Gini than last year's spend carried forward, and a bias of at most 15 %.
        ``B``: better in MAE or in Gini. ``C``: the rest.
    better_mae, better_gini : bool
        Against last year's spend; False where either is not defined.
    bias : float or None
        Error of the total as a ratio.
    sentence : str
        The judgement in words.
    """

    letter: str
    better_mae: bool
    better_gini: bool
    bias: float | None
    sentence: str


def churn_grade(
    y: ArrayLike, model: ArrayLike, baselines: Mapping[str, ArrayLike], *, seed: int = 0
) -> Grade:
    """Grade a churn model against the naive rules on the same customers.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    model : array of float, shape (n_customers,)
        The model's churn probabilities.
    baselines : mapping of str to array of float, shape (n_customers,)
        Probabilities of each naive rule. The strictest of them counts, chosen with hindsight.
    seed : int
        Seed of the bootstrap and of the calibration test.

    Returns
    -------
    Grade
        Letter, numbers and sentence.

    Raises
    ------
    PatronError
        If there is no baseline, or arrays do not fit together.

    Examples
    --------
    >>> y = [1, 0] * 100
    >>> churn_grade(y, [0.9, 0.1] * 100, {"average": [0.5] * 200}).letter
    'B'
    """
    if not baselines:
        raise PatronError("a grade needs at least one naive rule to compare with; `baselines` is empty.")
    losses = {name: log_losses(y, p) for name, p in baselines.items()}
    best = min(sorted(losses), key=lambda name: float(losses[name].mean()))
    paired = paired_loss_interval(log_losses(y, model), losses[best], seed=seed)
    calibrated = is_calibrated(y, model, seed=seed)
    letter = _churn_letter(paired, calibrated)
    sentence = _churn_sentence(letter, best, paired, calibrated, len(losses[best]))
    return Grade(letter, best, paired.difference, paired.low, paired.high, calibrated, sentence)


def clv_grade(model: Mapping[str, float | None], last_year: Mapping[str, float | None]) -> ValueGrade:
    """Grade a value model against last year's spend carried forward, on the same customers.

    MAE alone rewards predicting medians, so size (MAE), order (Gini) and total (bias) must agree for an A.

    Parameters
    ----------
    model, last_year : mapping
        What `patron.metrics.value_metrics` gives for either; ``mae``, ``gini`` and ``bias`` are read.

    Returns
    -------
    ValueGrade
        Letter, reasons and sentence.

    Examples
    --------
    >>> clv_grade({"mae": 9, "gini": 0.8, "bias": 0.1}, {"mae": 10, "gini": 0.7, "bias": 0.5}).letter
    'A'
    """
    better_mae = _less(model["mae"], last_year["mae"])
    better_gini = _less(last_year["gini"], model["gini"])
    bias = model["bias"]
    fits_total = bias is not None and abs(bias) <= TOLERATED_BIAS
    letter = "A" if better_mae and better_gini and fits_total else "B" if better_mae or better_gini else "C"
    return ValueGrade(
        letter, better_mae, better_gini, bias, _value_sentence(letter, better_mae, better_gini, bias)
    )


def _churn_letter(paired: Paired, calibrated: bool) -> str:
    if paired.high < 0 and calibrated:
        return "A"
    return "B" if paired.difference < 0 else "C"


def _churn_sentence(letter: str, best: str, paired: Paired, calibrated: bool, n: int) -> str:
    verdict = {
        "A": "the model is better than the best naive rule",
        "B": "the model is better on average than the best naive rule",
        "C": "the model is no better than the best naive rule",
    }[letter]
    if (paired.difference, paired.low, paired.high) == (0, 0, 0):
        verdict = "nothing beats this naive rule, so it ships itself"
    numbers = f"log-loss {paired.difference:+.4f} [{paired.low:+.4f}, {paired.high:+.4f}] on {n:,} customers"
    doubt = " but chance could explain the difference;" if letter == "B" and paired.high >= 0 else ""
    truth = "its probabilities can be taken at their word" if calibrated else "its probabilities are off"
    return f"Grade {letter}: {verdict} ({best}): {numbers};{doubt} {truth}."


def _value_sentence(letter: str, better_mae: bool, better_gini: bool, bias: float | None) -> str:
    size = "smaller errors" if better_mae else "no smaller errors"
    order = "a better order" if better_gini else "no better order"
    total = "the total cannot be compared" if bias is None else f"the total is {bias:+.0%} off"
    return f"Grade {letter}: {size} and {order} of customers than last year's spend carried forward; {total}."


def _less(a: float | None, b: float | None) -> bool:
    return a is not None and b is not None and a < b
