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

from dataclasses import dataclass
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
    """One arm's line before any outcome is seen: all that depends on the columns only. Rows by group."""

    rows: Ints
    starts: Ints  # of each group, among the rows
    design: Floats
    influence: Floats  # row j: how coefficient j answers to each outcome
    scale: Floats  # of each group's score
    degrees: float

    def line(self, y: Floats) -> tuple[Floats, Floats]:
        """Return the coefficients, the first the height at the mean of all accounts; each group's scores."""
        own = y[self.rows]
        coefficients = self.influence @ own
        residual = own - self.design @ coefficients
        return coefficients, np.add.reduceat(self.influence * residual, self.starts, axis=1) * self.scale


@dataclass(frozen=True)
class Comparison:
    """Two arms made ready once, for as many outcomes as there are (`compare`)."""

    treated: NDArray[np.bool_]
    one: _Arm
    zero: _Arm
    sums: Floats  # of the columns by group, / n: how their mean would vary
    products: Floats
    method: str
    without_covariate: tuple[ArrayLike | None, ArrayLike | None] | None  # strata and groups; None: has none

    def effect(self, y: Floats, alpha: float) -> Effect:
        """Return the effect on one outcome.

        Parameters
        ----------
        y : numpy.ndarray, shape (n,)
            Finite.
        alpha : float
            1 - level of the interval.

        Returns
        -------
        Effect
        """
        effect = self._bare(y, alpha)
        if self.without_covariate is None:
            return effect
        strata, groups = self.without_covariate
        error = compare(self.treated, strata=strata, groups=groups).effect(y, alpha).standard_error
        saved = 1.0 - (effect.standard_error / error) ** 2 if error > 0 else 0.0
        return effect._replace(variance_reduction=saved)

    def excludes_zero(self, y: Floats, alpha: float) -> bool:
        """Say whether the interval of the effect leaves zero out."""
        effect = self._bare(y, alpha)
        return effect.low > 0 or effect.high < 0

    def _bare(self, y: Floats, alpha: float) -> Effect:
        (first, scores), (second, others) = self.one.line(y), self.zero.line(y)
        variances = float(scores[0] @ scores[0]), float(others[0] @ others[0])
        variance = sum(variances)
        parts = variances[0] ** 2 / self.one.degrees + variances[1] ** 2 / self.zero.degrees
        degrees = variance**2 / parts if parts > 0 else float("nan")
        error = float(np.sqrt(variance + self._of_the_mean(first - second, scores, others)))
        # what is left of an outcome that does not vary is rounding, and no error to judge by
        error = error if error > _NOTHING * float(np.abs(y).max()) else 0.0
        estimate = float(first[0] - second[0])
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
            len(self.one.rows),
            len(self.zero.rows),
            float(y[self.treated].mean()),
            float(y[~self.treated].mean()),
            float(degrees),
            self.method,
            None,
        )

    def _of_the_mean(self, difference: Floats, scores: Floats, others: Floats) -> float:
        """Return the error of the mean of the columns where slopes differ, less what is only their noise."""
        if len(difference) == 1:
            return 0.0
        noise = sum(float((own[1:] @ own[1:].T * self.products).sum()) for own in (scores, others))
        return max(0.0, float(((self.sums @ difference[1:]) ** 2).sum()) - noise)


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
    return compare(chosen, strata=strata, groups=groups, covariate=covariate).effect(outcome, alpha)


def compare(
    treated: NDArray[np.bool_],
    *,
    strata: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    covariate: ArrayLike | None = None,
) -> Comparison:
    """Make two arms ready for outcomes to come, as a simulation needs it.

    Parameters
    ----------
    treated : numpy.ndarray of bool, shape (n,)
        As assigned.
    strata, groups, covariate
        As in `difference_in_means`.

    Returns
    -------
    Comparison

    Raises
    ------
    PatronError, NotEnoughData
        As `difference_in_means`, whatever the outcome.
    """
    rows = len(treated)
    group = np.arange(rows) if groups is None else _codes(groups, rows, "groups")
    _check_arms(group, treated)
    columns = np.hstack([_dummies(strata, group, treated), _covariates(covariate, rows)])
    centred = columns - columns.mean(axis=0)
    order = np.argsort(group, kind="stable")
    sums = np.add.reduceat(centred[order], _starts(group[order]), axis=0) / rows
    return Comparison(
        treated,
        _arm(order[treated[order]], centred, group),
        _arm(order[~treated[order]], centred, group),
        sums,
        sums.T @ sums,
        _method(strata is not None, groups is not None, covariate is not None),
        None if covariate is None else (strata, groups),
    )


def _starts(group: Ints) -> Ints:
    """Return where each group begins among sorted codes."""
    return np.flatnonzero(np.diff(group, prepend=-1))


def _arm(rows: Ints, columns: Floats, group: Ints) -> _Arm:
    """Make the line of one arm ready: the intercept is its mean outcome at the mean of all accounts."""
    design = np.column_stack([np.ones(len(rows)), columns[rows]])
    if len(rows) <= design.shape[1]:
        raise NotEnoughData(
            f"an arm of {len(rows)} accounts cannot carry {columns.shape[1]} columns.",
            "Leave the covariate or the strata out, or wait for a larger campaign.",
        )
    starts = _starts(group[rows])
    q, r = np.linalg.qr(design)
    influence = np.linalg.solve(r, q.T)
    weight = influence[0]
    own = np.add.reduceat(weight**2, starts)
    projected = np.add.reduceat(q * weight[:, None], starts, axis=0)
    # the share of a group's own error that the fit swallows, along the one contrast (singles: its leverage)
    swallowed = np.minimum((projected**2).sum(axis=1) / own, _NEARLY_ONE)
    scale = 1.0 / np.sqrt(1.0 - swallowed)
    own, projected = own * scale**2, projected * scale[:, None]
    spread = (own**2).sum() - 2 * (own * (projected**2).sum(axis=1)).sum()
    spread += ((projected.T @ projected) ** 2).sum()
    if spread <= _NOTHING * own.sum() ** 2:
        raise NotEnoughData(
            f"an arm of {len(rows)} accounts is fitted exactly: nothing is left to judge errors by."
        )
    degrees = float((own - (projected**2).sum(axis=1)).sum() ** 2 / spread)
    return _Arm(rows, starts, design, influence, scale, degrees)


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
