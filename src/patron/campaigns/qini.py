"""Does a ranking find the accounts that a treatment changes: Qini and uplift curves, deciles.

In:  outcome, arm and score per account of a randomised campaign; the score was not fitted on these outcomes.
Out: curves, areas in units of the outcome per account, the effect in each tenth.
Not here: where a score comes from, and whether one ranking beats another (`uplift`).

Accounts are taken from the highest score down; accounts with one score come in together, so that no result
depends on the order of the rows. The Qini curve is Radcliffe's (2007, Direct Marketing Analytics Journal):
outcomes of the treated so far, less those of control scaled to as many accounts. It needs arms that were
drawn with the same share everywhere. With no control account so far nothing is taken off, with none in an arm
its mean counts as 0: conventions of scikit-uplift, whose curves these are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patron.campaigns.effects import difference_in_means
from patron.errors import NotEnoughData, PatronError

Floats = NDArray[np.float64]

DECILES = 10


class Curve(NamedTuple):
    """What is gained by treating the first so many accounts.

    Parameters
    ----------
    accounts : ndarray of int
        Accounts taken, from 0 to all.
    gain : ndarray of float
        In units of the outcome, from 0.
    """

    accounts: NDArray[np.int64]
    gain: Floats


class Ranked(NamedTuple):
    """One ranking, ready to be summed: the order and the last place of each tie."""

    order: NDArray[np.int64]
    ends: NDArray[np.int64]


def ranked(score: ArrayLike) -> Ranked:
    """Order accounts by falling score.

    Parameters
    ----------
    score : array of n
        Finite.

    Returns
    -------
    Ranked
    """
    values = np.asarray(score, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    return Ranked(order, ends)


def qini_curve(y: ArrayLike, treated: ArrayLike, score: ArrayLike) -> Curve:
    """Return the outcomes that treatment added among the treated of the first so many accounts.

    Parameters
    ----------
    y : array of n
        The outcome, higher is better: 1 for retained, or money.
    treated : array of n
        True or 1 where the account was assigned to treatment.
    score : array of n
        Highest first.

    Returns
    -------
    Curve
        One point per distinct score.

    Raises
    ------
    PatronError
        If lengths differ or a number is missing.
    NotEnoughData
        If an arm is empty.

    Examples
    --------
    >>> qini_curve([1, 0, 0, 1], [1, 0, 1, 0], [0.9, 0.9, 0.1, 0.1])
    Curve(accounts=array([0, 2, 4]), gain=array([0., 1., 0.]))
    """
    outcome, chosen, values = _checked(y, treated, score)
    by = ranked(values)
    n, n_treated, sum_treated, sum_control = _sums(outcome, chosen, by)
    gain = sum_treated - sum_control * _over(n_treated, n - n_treated)
    return Curve(np.append(0, by.ends + 1), np.append(0.0, gain))


def uplift_curve(y: ArrayLike, treated: ArrayLike, score: ArrayLike) -> Curve:
    """Return the difference in means among the first so many accounts, times their number.

    Parameters
    ----------
    y, treated, score
        As in `qini_curve`.

    Returns
    -------
    Curve
    """
    outcome, chosen, values = _checked(y, treated, score)
    by = ranked(values)
    n, n_treated, sum_treated, sum_control = _sums(outcome, chosen, by)
    gain = (_over(sum_treated, n_treated) - _over(sum_control, n - n_treated)) * n
    return Curve(np.append(0, by.ends + 1), np.append(0.0, gain))


def qini_coefficient(y: ArrayLike, treated: ArrayLike, score: ArrayLike) -> float:
    """Return the area between the Qini curve and the line of a random order.

    Both axes as shares, of the accounts and of the treated: what a ranking gains over calling at random, per
    treated account, on average over all depths of the list. 0 for a random order. Divided by the area of
    the perfect order (a score of 1 for retained in treatment, -1 in control, else 0) it is scikit-uplift's
    ``qini_auc_score``; money has no perfect order, so that is not done here.

    Parameters
    ----------
    y, treated, score
        As in `qini_curve`.

    Returns
    -------
    float
        In units of the outcome per treated account.

    Examples
    --------
    >>> qini_coefficient([1, 0, 0, 1], [1, 0, 1, 0], [0.9, 0.9, 0.1, 0.1])
    0.25
    """
    outcome, chosen, values = _checked(y, treated, score)
    return float(qini_areas(outcome, chosen, ranked(values), np.ones((1, len(outcome))))[0])


def qini_areas(y: Floats, treated: NDArray[np.bool_], by: Ranked, weights: Floats) -> Floats:
    """Return `qini_coefficient` of several weightings of the same accounts, shape (draws,).

    Parameters
    ----------
    y, treated : array of n
        As in `qini_curve`, checked.
    by : Ranked
        Of the score.
    weights : ndarray, shape (draws, n)
        How often each account counts; both arms above 0 in each draw.

    Returns
    -------
    ndarray
    """
    n, n_treated, sum_treated, sum_control = _sums(y, treated, by, weights)
    gain = sum_treated - sum_control * _over(n_treated, n - n_treated)
    share = n / n[:, -1:]
    steps = np.diff(share, axis=1, prepend=0.0)
    under = (steps * (gain + np.hstack([np.zeros((len(gain), 1)), gain[:, :-1]])) / 2).sum(axis=1)
    return np.asarray((under - gain[:, -1] / 2) / n_treated[:, -1])


def auuc(y: ArrayLike, treated: ArrayLike, score: ArrayLike) -> float:
    """Return the area under the uplift curve, both axes per account.

    The half of the average effect is what a random order has.

    Parameters
    ----------
    y, treated, score
        As in `qini_curve`.

    Returns
    -------
    float
        In units of the outcome per account.

    Examples
    --------
    >>> auuc([1, 0, 0, 1], [1, 0, 1, 0], [0.9, 0.9, 0.1, 0.1])
    0.25
    """
    curve = uplift_curve(y, treated, score)
    return float(np.trapezoid(curve.gain, curve.accounts) / curve.accounts[-1] ** 2)


def uplift_by_decile(
    y: ArrayLike, treated: ArrayLike, score: ArrayLike, *, groups: ArrayLike | None = None
) -> pd.DataFrame:
    """Compare the arms in each tenth of a ranking.

    Parameters
    ----------
    y, treated, score
        As in `qini_curve`.
    groups : array of n, optional
        Accounts that were assigned together.

    Returns
    -------
    DataFrame
        ``decile`` (1 the highest scores; accounts with one score are in one tenth), ``n_treated``,
        ``n_control``, ``mean_treated``, ``mean_control``, ``uplift`` with its 95 % interval ``low`` and
        ``high`` (`difference_in_means`); NaN where an arm has fewer than two groups, or nothing varies.
    """
    outcome, chosen, values = _checked(y, treated, score)
    place = pd.Series(-values).rank(method="average").to_numpy()  # 1 .. n, of ties the middle
    tenth = np.floor((place - 0.5) / len(place) * DECILES).astype(int) + 1
    group = np.arange(len(outcome)) if groups is None else np.asarray(groups)
    rows = [
        {"decile": int(number), **_tenth(outcome[own], chosen[own], group[own])}
        for number in np.unique(tenth)
        for own in [tenth == number]
    ]
    return pd.DataFrame(rows)


def _tenth(y: Floats, treated: NDArray[np.bool_], group: NDArray[np.generic]) -> dict[str, float]:
    n, m = int(treated.sum()), int((~treated).sum())
    means = (float(y[arm].mean()) if size else float("nan") for arm, size in ((treated, n), (~treated, m)))
    found = dict(zip(("mean_treated", "mean_control"), means, strict=True))
    low = high = float("nan")
    if min(len(np.unique(group[treated])), len(np.unique(group[~treated]))) >= 2:
        effect = difference_in_means(y, treated, groups=group)
        low, high = effect.low, effect.high
    uplift = found["mean_treated"] - found["mean_control"]
    return {"n_treated": n, "n_control": m, **found, "uplift": uplift, "low": low, "high": high}


def _sums(
    y: Floats, treated: NDArray[np.bool_], by: Ranked, weights: Floats | None = None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return accounts, treated ones, and both arms' outcomes up to the end of each tie."""
    weight = np.ones(len(y)) if weights is None else weights[..., by.order]
    arm, value = treated[by.order], y[by.order]
    parts = (weight, weight * arm, weight * (arm * value), weight * (~arm * value))
    n, n_treated, sum_treated, sum_control = (np.cumsum(part, axis=-1)[..., by.ends] for part in parts)
    return n, n_treated, sum_treated, sum_control


def _over(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


def _checked(y: ArrayLike, treated: ArrayLike, score: ArrayLike) -> tuple[Floats, NDArray[np.bool_], Floats]:
    outcome, values = np.asarray(y, dtype=np.float64), np.asarray(score, dtype=np.float64)
    arm = np.asarray(treated, dtype=np.float64)
    if not outcome.shape == arm.shape == values.shape or outcome.ndim != 1:
        raise PatronError("outcome, arm and score need one value per account each.")
    if not (np.isfinite(outcome).all() and np.isfinite(values).all() and np.isin(arm, (0, 1)).all()):
        raise PatronError("outcome and score must be finite numbers, the arm 0 or 1.")
    if not 0 < arm.sum() < len(arm):
        raise NotEnoughData("a ranking is judged by two arms, and one is empty.")
    return outcome, arm == 1, values
