"""Would a ranking by uplift find the right accounts better than the rules in use, and is that sure.

In:  the accounts of one finished campaign: arm, group, what the rules said of them, features, outcome.
Out: `Uplift`: Qini of four rankings with intervals, deciles, a verdict, the fitted models if supported.
Not here: the models (`two_models`), the areas (`qini`), features and files (`workflows.campaign_readout`).

Nobody is judged by a model that saw it: five folds of whole groups. A prediction counts by its rank within
its fold, because the level of a fold's model leans against the luck of the accounts it did not see. Intervals
resample groups within each arm, the rankings fixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.campaigns.qini import Ranked, qini_areas, qini_curve, ranked, uplift_by_decile
from patron.campaigns.two_models import TwoModels, fit_two_models
from patron.campaigns.uplift_words import LEAST_IN_ARM, LEAST_OF_OUTCOME, Interval, uplift_verdict
from patron.errors import NotEnoughData

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FOLDS, DRAWS = 5, 1000
#: What the uplift ranking has to beat, and the column each rule ranks by.
RULES = {"highest_risk": "churn_probability", "risk_x_value": "value_at_risk"}
_CELLS = 2_000_000  # of a block of draws, bounds the memory to about 100 MB
_POINTS = 21


@dataclass(frozen=True)
class Uplift:
    """What a campaign says about ranking by uplift.

    Parameters
    ----------
    code : str
        ``supported``, ``not_shown``, or ``too_few`` accounts to try.
    counts : dict
        ``accounts``, ``treated``, ``control``, ``left_treated``, ``left_control``, ``features``.
    learner : str or None
        ``regression`` or ``trees``; None where nothing was fitted.
    qini : dict
        Ranking -> retained accounts gained over a random order, per treated account (`qini_coefficient`).
    differences : dict
        Rule -> Qini of the uplift ranking less that of the rule; ``random`` has 0.
    qini_margin : dict
        As ``qini``, in money, with ``uplift_x_value`` for ``uplift``; it decides nothing.
    deciles : DataFrame
        `uplift_by_decile` of the uplift ranking, on retention.
    curves : dict
        ``share`` of the accounts, and per ranking the accounts kept so far, per treated account.
    models : TwoModels or None
        Fitted on all accounts, only where supported.
    """

    code: str
    counts: Mapping[str, int]
    learner: str | None
    qini: Mapping[str, Interval]
    differences: Mapping[str, Interval]
    qini_margin: Mapping[str, Interval]
    deciles: pd.DataFrame
    curves: Mapping[str, list[float]]
    models: TwoModels | None

    @property
    def is_supported(self) -> bool:
        """Whether the uplift ranking beats every rule and a random order, beyond chance."""
        return self.code == "supported"

    def to_dict(self) -> dict[str, Any]:
        """Return what stands in ``readout.json``, without the models."""
        deciles = self.deciles.astype(object).where(self.deciles.notna(), None)
        return {
            "supported": self.is_supported,
            "code": self.code,
            **self.counts,
            "least_in_arm": LEAST_IN_ARM,
            "least_of_outcome": LEAST_OF_OUTCOME,
            "learner": self.learner,
            "qini": {name: found._asdict() for name, found in self.qini.items()},
            "differences": {name: found._asdict() for name, found in self.differences.items()},
            "qini_margin": {name: found._asdict() for name, found in self.qini_margin.items()},
            "deciles": deciles.to_dict("records"),
            "curves": dict(self.curves),
            "verdict": uplift_verdict(self.code, self.counts, self.differences),
        }


def judge_uplift(
    accounts: pd.DataFrame,
    features: pd.DataFrame,
    *,
    categorical: Sequence[str] = (),
    seed: int = 0,
    draws: int = DRAWS,
) -> Uplift:
    """Fit, cross-fitted, and compare with the rules on the same accounts.

    Parameters
    ----------
    accounts : DataFrame, shape (n, ...)
        ``customer_id``, ``group_id``, ``arm`` (``treatment`` or ``control``), ``churn_probability`` and
        ``value_at_risk`` as known at the assignment (without one: last), ``retained``, ``margin``.
    features : DataFrame, shape (n, k)
        Known at the assignment, row by row as ``accounts``.
    categorical : sequence of str
        Features that hold codes.
    seed : int
        Of folds and draws. The order of the rows has no part in either.
    draws : int
        Resamples of the groups.

    Returns
    -------
    Uplift

    Raises
    ------
    NotEnoughData
        If an arm is empty.
    """
    order = np.argsort(accounts["customer_id"].to_numpy(dtype=str), kind="stable")
    own, known = accounts.iloc[order].reset_index(drop=True), features.iloc[order].reset_index(drop=True)
    treated, retained = own["arm"].eq("treatment").to_numpy(), own["retained"].to_numpy(dtype=bool)
    groups = own["group_id"].to_numpy(dtype=str)
    counts = _counts(treated, retained, groups, known.shape[1])
    fit = _Fit(known, retained, treated, categorical, seed)
    predicted = _cross_fitted(fit, groups) if _enough(counts) else None
    if predicted is None:
        return Uplift("too_few", counts, None, {}, {}, {}, pd.DataFrame(), {}, None)
    score, gain, learner = predicted
    rules: dict[str, Floats] = {
        name: np.asarray(own[column].fillna(-np.inf).rank(), dtype=np.float64)
        for name, column in RULES.items()
    }
    rankings = {"uplift": score, **rules}
    y, margin = retained.astype(np.float64), own["margin"].to_numpy(dtype=np.float64)
    weights = list(_draws(groups, treated, draws, seed))
    qini, differences = _compared(y, treated, rankings, weights)
    code = "supported" if all(gain.low > 0 for gain in differences.values()) else "not_shown"
    money = {"uplift_x_value": gain * _value(own), **rules}
    return Uplift(
        code,
        counts,
        learner,
        qini,
        differences,
        _compared(margin, treated, money, weights)[0],
        uplift_by_decile(y, treated, score, groups=groups),
        _curves(y, treated, rankings),
        fit.models(np.ones(len(y), dtype=bool)) if code == "supported" else None,
    )


class _Fit(NamedTuple):
    """All that a fit of the two models needs; which rows is said later."""

    features: pd.DataFrame
    retained: Bools
    treated: Bools
    categorical: Sequence[str]
    seed: int

    def models(self, rows: Bools) -> TwoModels:
        return fit_two_models(
            self.features[rows],
            self.retained[rows],
            self.treated[rows],
            columns=[str(name) for name in self.features],
            categorical=self.categorical,
            seed=self.seed,
        )


def _counts(treated: Bools, retained: Bools, groups: NDArray[np.str_], features: int) -> dict[str, int]:
    arms = {"treated": treated, "control": ~treated}
    return {
        "accounts": len(treated),
        **{name: int(arm.sum()) for name, arm in arms.items()},
        **{f"groups_{name}": len(np.unique(groups[arm])) for name, arm in arms.items()},
        **{f"left_{name}": int((arm & ~retained).sum()) for name, arm in arms.items()},
        "features": features,
    }


def _enough(counts: Mapping[str, int]) -> bool:
    return all(
        counts[f"groups_{arm}"] >= LEAST_IN_ARM
        and LEAST_OF_OUTCOME <= counts[f"left_{arm}"] <= counts[arm] - LEAST_OF_OUTCOME
        for arm in ("treated", "control")
    )


def _cross_fitted(fit: _Fit, groups: NDArray[np.str_]) -> tuple[Floats, Floats, str] | None:
    """Predict each account by models that did not see its group: rank within its fold, and the difference.

    None where the accounts of a few large groups leave a fold with one outcome.
    """
    names, code = np.unique(groups, return_inverse=True)
    arm = np.zeros(len(names), dtype=bool)
    arm[code] = fit.treated
    # within each arm in a drawn order, one group after the other into the next fold
    drawn = np.lexsort((np.random.default_rng(fit.seed).random(len(names)), arm))
    fold_of = np.empty(len(names), dtype=np.int64)
    fold_of[drawn] = np.arange(len(names)) % FOLDS
    fold, rank, gain, learner = fold_of[code], np.empty(len(code)), np.empty(len(code)), ""
    for number in range(FOLDS):
        out = fold == number
        try:
            models = fit.models(~out)
        except NotEnoughData:
            return None
        gain[out] = models.predict(fit.features[out])
        rank[out] = (pd.Series(gain[out]).rank().to_numpy() - 0.5) / out.sum()
        learner = models.learner
    return rank, gain, learner


def _value(accounts: pd.DataFrame) -> Floats:
    """Return what lies behind the value at risk, were the account sure to leave."""
    risk = accounts["churn_probability"].to_numpy(dtype=np.float64)
    value = accounts["value_at_risk"].to_numpy(dtype=np.float64)
    return np.asarray(np.nan_to_num(np.divide(value, risk, out=np.zeros(len(risk)), where=risk > 0)))


def _draws(groups: NDArray[np.str_], treated: Bools, draws: int, seed: int) -> Iterator[Floats]:
    """Resample groups within each arm: how often each account counts, in blocks of draws."""
    names, code = np.unique(groups, return_inverse=True)
    arm = np.zeros(len(names), dtype=bool)
    arm[code] = treated
    places = [np.flatnonzero(arm), np.flatnonzero(~arm)]
    draw, at_once = np.random.default_rng(seed), max(1, _CELLS // len(code))
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        times = np.zeros((size, len(names)))
        for own in places:
            times[:, own] = draw.multinomial(len(own), np.full(len(own), 1 / len(own)), size)
        yield times[:, code]


def _compared(
    y: Floats, treated: Bools, rankings: Mapping[str, Floats], weights: Iterable[Floats]
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    """Return each ranking's Qini, and the first one's less that of the others and of a random order."""
    by: dict[str, Ranked] = {name: ranked(score) for name, score in rankings.items()}
    once = np.ones((1, len(y)))
    value = {name: float(qini_areas(y, treated, order, once)[0]) for name, order in by.items()}
    blocks = [{n: qini_areas(y, treated, order, block) for n, order in by.items()} for block in weights]
    drawn = {name: np.concatenate([block[name] for block in blocks]) for name in by}
    first, *others = by
    against = {
        **{name: (value[first] - value[name], drawn[first] - drawn[name]) for name in others},
        "random": (value[first], drawn[first]),
    }
    return (
        {name: _interval(value[name], drawn[name]) for name in by},
        {name: _interval(*found) for name, found in against.items()},
    )


def _interval(value: float, drawn: Floats) -> Interval:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high))


def _curves(y: Floats, treated: Bools, rankings: Mapping[str, Floats]) -> dict[str, list[float]]:
    share = np.linspace(0, 1, _POINTS)
    found = {"share": [round(float(point), 2) for point in share]}
    for name, score in rankings.items():
        curve = qini_curve(y, treated, score)
        gain = np.interp(share * len(y), curve.accounts, curve.gain) / treated.sum()
        found[name] = [float(point) for point in gain]
    return found
