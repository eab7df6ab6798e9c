"""Promoters, passives and detractors (Net Promoter Score): one rule for every scale.

In:  answers and the scale they were asked on.
Out: 1, 0 or -1 per answer.
Not here: whose answer counts on a day (`snapshots.latest_answers`).
"""

from __future__ import annotations

import numpy as np

from patron.errors import PatronError

#: Cut points as shares of the scale, halfway between 8 and 9 and between 6 and 7 on a scale of 0 to 10.
_PROMOTER_FROM, _DETRACTOR_UP_TO = 0.85, 0.65


def scale_problems(scale: tuple[float, float]) -> list[str]:
    """Say what is wrong with a scale, nothing if it is one.

    Parameters
    ----------
    scale : (float, float)
        Lowest and highest answer.

    Returns
    -------
    list of str

    Examples
    --------
    >>> scale_problems((0, 10)), scale_problems((10, 0))
    ([], ['nps_scale is 10 to 0; it must be the lowest and then the highest answer, e.g. (0, 10).'])
    """
    low, high = scale
    if np.isfinite([low, high]).all() and low < high:
        return []
    return [f"nps_scale is {low} to {high}; it must be the lowest and then the highest answer, e.g. (0, 10)."]


def promoter_groups(value: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """Tell promoters, passives and detractors apart.

    On 0 to 10: promoters answer 9 or 10, detractors 0 to 6. On another scale the same shares of it count:
    above 85 % of the way up, and below 65 %; on 1 to 5 that is 5 and 1 to 3, on 1 to 10 it is 9 to 10 and 1
    to 6.

    Parameters
    ----------
    value : ndarray, shape (n,)
        Answers.
    scale : (float, float)
        Lowest and highest answer.

    Returns
    -------
    ndarray, shape (n,)
        1 promoter, 0 passive, -1 detractor; missing for an answer outside the scale.

    Raises
    ------
    PatronError
        If the scale does not go up.

    References
    ----------
    Reichheld (2003), "The one number you need to grow", Harvard Business Review.

    Examples
    --------
    >>> promoter_groups(np.array([10.0, 9, 8, 7, 6, 0, 11]), (0, 10))
    array([ 1.,  1.,  0.,  0., -1., -1., nan])
    >>> promoter_groups(np.array([5.0, 4, 3, 1]), (1, 5))
    array([ 1.,  0., -1., -1.])
    """
    problems = scale_problems(scale)
    if problems:
        raise PatronError(problems)
    low, high = scale
    place = (np.asarray(value, dtype=np.float64) - low) / (high - low)
    group = np.where(place > _PROMOTER_FROM, 1.0, np.where(place < _DETRACTOR_UP_TO, -1.0, 0.0))
    return np.where((place >= 0) & (place <= 1), group, np.nan)
