"""What a treatment changed: the difference of two randomised groups, with an interval.

In:  an outcome per account and who was assigned to treatment; optionally the strata of the draw, the groups
     that were assigned together, and what was known of each account before.
Out: `Effect`.
Not here: which outcome (`outcomes`), save rates (`save_rates`), the draw (`assign`).

Each arm gets its own least-squares line on the centred columns known before (Lin 2013, Annals of Applied
Statistics 7: the interacted form, never worse than none in a large test); the effect is the difference of the
two lines at the mean of all accounts. The error is robust to unequal spread and summed by group (HC2, and
CR2 for the one contrast), with Satterthwaite's degrees of freedom (Bell and McCaffrey 2002) per arm. Without
columns and groups this is Welch's test to the last digit. The accounts stand for further ones like them: that
the mean of the columns would be another one in another draw is part of the error.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from patron.errors import NotEnoughData, PatronError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEARLY_ONE = 1 - 1e-9
_NOTHING = 1e-12


class Effect(NamedTuple):
    """Treated less control, per account, in the units of the outcome.

    Parameters
    ----------
    estimate, standard_error, low, high : float
        Low and high bound the effect at the level asked for; NaN where the outcome does not vary at all.
    p_value : float
        Two-sided, of no difference.
    n_treated, n_control : int
        Accounts.
    mean_treated, mean_control : float
        Plain means of the two arms; their difference is the estimate only where nothing is adjusted.
    degrees_of_freedom : float
        Of the t distribution behind the interval.
    method : str
        What was done, in words.
    variance_reduction : float or None
        1 - variance of the estimate / variance without the covariate; None without a covariate.
    """

    estimate: float
    standard_error: float
    low: float
    high: float
    p_value: float
    n_treated: int
    n_control: int
    mean_treated: float
    mean_control: float
    degrees_of_freedom: float
    method: str
    variance_reduction: float | None


class _Arm(NamedTuple):
    """One arm's line: its height at the mean of all accounts, and how sure that is."""

    height: float
    slopes: Floats
    variance: float
    degrees: float
    slope_scores: Floats  # one row per group


def difference_in_means(
    y: ArrayLike,
    treated: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    covariate: ArrayLike | None = None,
    alpha: float = 0.05,
) -> Effect:
    """Compare treated with control accounts.

    Parameters
    ----------
    y : array of n
        The outcome, 0 and 1 or any finite number.
    treated : array of n
        True or 1 where the account was assigned to treatment.
    strata : array of n, optional
        Stratum of the draw. One with fewer than two groups in an arm is pooled with the other small ones.
    groups : array of n, optional
        Accounts that were assigned together; each account by itself when None.
    covariate : array of n or n x k, optional
        Finite numbers known before the draw, e.g. the margin of the year before (CUPED). One that does not
        vary is left out.
    alpha : float
        1 - level of the interval.

    Returns
    -------
    Effect

    Raises
    ------
    PatronError
        Where shapes differ, numbers are missing, or a group is in both arms.
    NotEnoughData
        With fewer than two groups in an arm, or too few for the columns.

    Examples
    --------
    >>> effect = difference_in_means([3.0, 5.0, 4.0, 1.0, 2.0, 3.0], [1, 1, 1, 0, 0, 0])
    >>> effect.estimate, round(effect.low, 2), round(effect.high, 2)
    (2.0, -0.27, 4.27)
    """
    outcome, chosen = _checked(y, treated)
    group = np.arange(len(outcome)) if groups is None else _codes(groups, len(outcome), "groups")
    _check_arms(group, chosen)
    dummies = _dummies(strata, group, chosen)
    known = _covariates(covariate, len(outcome))
    wide = _compare(outcome, chosen, group, np.hstack([dummies, known]), alpha)
    reduction = None
    if covariate is not None:
        plain = _compare(outcome, chosen, group, dummies, alpha).standard_error
        reduction = 1.0 - (wide.standard_error / plain) ** 2 if plain > 0 else 0.0
    words = _method(strata is not None, groups is not None, covariate is not None)
    return wide._replace(variance_reduction=reduction, method=words)


def _compare(y: Floats, treated: NDArray[np.bool_], group: Ints, columns: Floats, alpha: float) -> Effect:
    centred = columns - columns.mean(axis=0)
    one, zero = (_arm(y[arm], centred[arm], group[arm]) for arm in (treated, ~treated))
    variance = one.variance + zero.variance
    parts = one.variance**2 / one.degrees + zero.variance**2 / zero.degrees
    degrees = variance**2 / parts if parts > 0 else float("nan")
    error = float(np.sqrt(variance + _of_the_mean(one, zero, centred, group)))
    estimate = one.height - zero.height
    if error > 0:
        half = error * float(stdtrit(degrees, 1 - alpha / 2))
        p_value = float(2 * stdtr(degrees, -abs(estimate) / error))
    else:
        half, p_value = float("nan"), 1.0
    return Effect(
        estimate,
        error,
        estimate - half,
        estimate + half,
        p_value,
        int(treated.sum()),
        int((~treated).sum()),
        float(y[treated].mean()),
        float(y[~treated].mean()),
        float(degrees),
        "",
        None,
    )


def _arm(y: Floats, columns: Floats, group: Ints) -> _Arm:
    """Fit one arm: the intercept is its mean outcome at the mean of all accounts."""
    design = np.column_stack([np.ones(len(y)), columns])
    if len(y) <= design.shape[1]:
        raise NotEnoughData(
            f"an arm of {len(y)} accounts cannot carry {columns.shape[1]} columns.",
            "Leave the covariate or the strata out, or wait for a larger campaign.",
        )
    q, r = np.linalg.qr(design)
    influence = np.linalg.solve(r, q.T)  # row j: how coefficient j answers to each outcome
    coefficients = influence @ y
    residual = y - design @ coefficients
    names, code = np.unique(group, return_inverse=True)
    size, weight = len(names), influence[0]
    own = np.bincount(code, weight**2, size)
    projected = np.column_stack([np.bincount(code, q[:, j] * weight, size) for j in range(q.shape[1])])
    # the share of a group's own error that the fit swallows, along the one contrast (singles: its leverage)
    swallowed = np.minimum((projected**2).sum(axis=1) / own, _NEARLY_ONE)
    scale = 1.0 / np.sqrt(1.0 - swallowed)
    scores = np.column_stack([np.bincount(code, row * residual, size) * scale for row in influence])
    own, projected = own * scale**2, projected * scale[:, None]
    spread = (own**2).sum() - 2 * (own * (projected**2).sum(axis=1)).sum()
    spread += ((projected.T @ projected) ** 2).sum()
    if spread <= _NOTHING * own.sum() ** 2:
        raise NotEnoughData(
            f"an arm of {len(y)} accounts is fitted exactly: nothing is left to judge errors by."
        )
    degrees = (own - (projected**2).sum(axis=1)).sum() ** 2 / spread
    variance = float((scores[:, 0] ** 2).sum())
    return _Arm(float(coefficients[0]), coefficients[1:], variance, float(degrees), scores[:, 1:])


def _of_the_mean(one: _Arm, zero: _Arm, centred: Floats, group: Ints) -> float:
    """Return the error of the mean of the columns where the slopes differ, less what is only their noise."""
    if not centred.shape[1]:
        return 0.0
    code = np.unique(group, return_inverse=True)[1]
    sums = np.column_stack([np.bincount(code, column) for column in centred.T]) / len(centred)
    products = sums.T @ sums
    noise = sum((arm.slope_scores.T @ arm.slope_scores * products).sum() for arm in (one, zero))
    return max(0.0, float(((sums @ (one.slopes - zero.slopes)) ** 2).sum() - noise))


def _checked(y: ArrayLike, treated: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    outcome, given = np.asarray(y, dtype=np.float64), np.asarray(treated)
    problems = []
    if outcome.ndim != 1 or outcome.shape != given.shape:
        problems.append(f"one outcome and one arm per account are needed: {outcome.shape}, {given.shape}.")
    if missing := int((~np.isfinite(outcome)).sum()):
        problems.append(f"outcomes must be finite numbers: {missing} of {outcome.size} are not.")
    if not np.isin(given, (0, 1)).all():
        problems.append("treated must be true or false (1 or 0) for every account.")
    if problems:
        raise PatronError(problems)
    return outcome, given.astype(bool)


def _codes(values: ArrayLike, rows: int, name: str) -> Ints:
    given = np.asarray(values)
    if given.shape != (rows,):
        raise PatronError(f"{name} must hold one value per account: {given.shape} for {rows} accounts.")
    return np.unique(given, return_inverse=True)[1].astype(np.int64)


def _check_arms(group: Ints, treated: NDArray[np.bool_]) -> None:
    one, zero = np.unique(group[treated]), np.unique(group[~treated])
    if both := len(np.intersect1d(one, zero)):
        raise PatronError(f"{both} groups have accounts in both arms; a group is assigned as a whole.")
    if min(len(one), len(zero)) < 2:
        raise NotEnoughData(
            f"{len(one)} treated and {len(zero)} control groups: an interval needs two of each.",
            "Design the campaign with more accounts.",
        )


def _dummies(strata: ArrayLike | None, group: Ints, treated: NDArray[np.bool_]) -> Floats:
    """One column per stratum but the last; small strata are one, and join the largest if still small."""
    if strata is None:
        return np.empty((len(group), 0))
    code = _codes(strata, len(group), "strata")
    rest = int(code.max()) + 1
    code = np.where(_is_small(code, group, treated)[code], rest, code)
    small = _is_small(code, group, treated)
    code = np.where(small[code], np.bincount(code[~small[code]]).argmax() if not small.all() else 0, code)
    present = np.flatnonzero(np.bincount(code))
    return np.asarray(code[:, None] == present[None, :-1], dtype=np.float64)


def _is_small(code: Ints, group: Ints, treated: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each stratum whether an arm has fewer than two groups in it."""
    groups = int(group.max()) + 1
    kept = np.unique((2 * code + treated) * groups + group) // groups
    count = np.bincount(kept, minlength=2 * (int(code.max()) + 1))
    return np.asarray(count.reshape(-1, 2).min(axis=1) < 2)


def _covariates(covariate: ArrayLike | None, rows: int) -> Floats:
    if covariate is None:
        return np.empty((rows, 0))
    given = np.asarray(covariate, dtype=np.float64)
    columns = given[:, None] if given.ndim == 1 else given
    if len(columns) != rows or not np.isfinite(columns).all():
        raise PatronError(f"a covariate needs one finite number per account ({len(columns)} for {rows}).")
    varying = columns[:, np.ptp(columns, axis=0) > 0]
    return np.asarray(varying / (varying.std(axis=0) if varying.size else 1.0))


def _method(stratified: bool, grouped: bool, adjusted: bool) -> str:
    parts = ["difference in means"]
    parts += ["post-stratified"] if stratified else []
    parts += ["adjusted by what was known before (CUPED, interacted)"] if adjusted else []
    error = (
        "robust error by buying group" if grouped else "Welch" if len(parts) == 1 else "robust error (HC2)"
    )
    return ", ".join([*parts, error])
