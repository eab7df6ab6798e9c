"""How good predicted values are: their size, their order and their total.

In:  actual and predicted money per customer; ties allowed, row order irrelevant.
Out: one number, or None where it is not defined (nothing was earned, all predictions are equal).
Not here: probabilities (`ranking`, `calibration`), intervals (`bootstrap`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from patron.errors import NotEnoughData
from patron.metrics._checks import Floats, actual_and_predicted
from patron.metrics._tally import sums_up_to, top_decile_size


def mae(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Mean absolute error.

    Parameters
    ----------
    actual, predicted : array of float, shape (n_customers,)
        Currency.

    Returns
    -------
    float
        Currency. Rewards predicting medians: read it beside `gini` and `bias`.

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is not finite.
    """
    return float(np.abs(_errors(actual, predicted)).mean())


def rmse(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Root of the mean squared error.

    Parameters
    ----------
    actual, predicted : array of float, shape (n_customers,)
        Currency.

    Returns
    -------
    float
        Currency.

    Raises
    ------
    PatronError
        If there are no rows, lengths differ, or a value is not finite.
    """
    return float(np.sqrt((_errors(actual, predicted) ** 2).mean()))


def bias(actual: ArrayLike, predicted: ArrayLike) -> float | None:
    """Error of the total: (predicted - actual) / actual.

    Parameters
    ----------
    actual, predicted : array of float, shape (n_customers,)
        Currency.

    Returns
    -------
    float or None
        Ratio; -0.1 means that a tenth of the money was not foreseen. None unless the actual total is
        positive.

    Raises
    ------
    PatronError
        If lengths differ or a value is not finite.

    Examples
    --------
    >>> bias([100.0, 0.0], [60.0, 30.0])
    -0.1
    """
    values, predictions = actual_and_predicted(actual, predicted)
    total = float(values.sum())
    return (float(predictions.sum()) - total) / total if total > 0 else None


def gini(actual: ArrayLike, predicted: ArrayLike) -> float | None:
    """How much of the concentration of value the predicted order finds: Gini by predicted / by actual order.

    Parameters
    ----------
    actual, predicted : array of float, shape (n_customers,)
        Currency; only the order of `predicted` matters, equal predictions are shared evenly.

    Returns
    -------
    float or None
        1 for the perfect order, 0 for chance, -1 for the reverse. None if all actual values are equal.

    Raises
    ------
    PatronError
        If lengths differ or a value is not finite.

    References
    ----------
    Frees, Meyers & Cummings (2011), "Summarizing Insurance Scores Using a Gini Index".

    Examples
    --------
    >>> gini([10.0, 0.0, 0.0], [3.0, 2.0, 1.0]), gini([10.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    (1.0, 0.0)
    """
    values, predictions = actual_and_predicted(actual, predicted)
    if not len(values) or values.min() == values.max():
        return None
    return _area(values, predictions) / _area(values, values)


def spearman(actual: ArrayLike, predicted: ArrayLike) -> float | None:
    """Spearman's rank correlation, ties at their mean rank.

    Parameters
    ----------
    actual, predicted : array of float, shape (n_customers,)
        Currency; only the orders matter.

    Returns
    -------
    float or None
        -1 to 1. None if either side is constant.

    Raises
    ------
    PatronError
        If lengths differ or a value is not finite.
    """
    values, predictions = actual_and_predicted(actual, predicted)
    from scipy.stats import rankdata  # at use: slow to import, and scoring does without

    a, b = (rankdata(side) - (len(side) + 1) / 2 for side in (values, predictions))
    spread = float((a * a).sum()) * float((b * b).sum())
    return float((a * b).sum()) / spread**0.5 if spread > 0 else None


def top_decile_share(actual: ArrayLike, predicted: ArrayLike) -> float | None:
    """Share of the actual total that the tenth of the customers predicted highest brought.

    Parameters
    ----------
    actual, predicted : array of float, shape (n_customers,)
        Currency; equal predictions at the edge of the tenth are shared evenly.

    Returns
    -------
    float or None
        Ratio. None unless the actual total is positive.

    Raises
    ------
    PatronError
        If lengths differ or a value is not finite.
    """
    values, predictions = actual_and_predicted(actual, predicted)
    total = float(values.sum())
    if total <= 0:
        return None
    sums, rows = _per_prediction(values, predictions)
    top = sums_up_to(sums[::-1], rows[::-1], np.array([top_decile_size(len(values))]))[0]
    return float(top) / total


def _errors(actual: ArrayLike, predicted: ArrayLike) -> Floats:
    values, predictions = actual_and_predicted(actual, predicted)
    if not len(values):
        raise NotEnoughData("no customers to measure: the arrays are empty.")
    return predictions - values


def _area(values: Floats, ranking: Floats) -> float:
    """Area between the concentration curve and the diagonal, up to a factor that cancels in the ratio."""
    # The mean rank of a tie stands for all of its customers, which averages over their possible orders.
    from scipy.stats import rankdata  # at use, as above

    return float(((rankdata(ranking) - (len(values) + 1) / 2) * values).sum())


def _per_prediction(
    values: Floats, predictions: Floats
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Sum of actual values and number of customers per distinct prediction, ascending."""
    _, starts, rows = np.unique(predictions, return_index=True, return_counts=True)
    return np.add.reduceat(values, starts), rows.astype(np.int64)
