"""Fit every entrant on one table of rows: naive rules, the regression, the trees, their averages.

In:  rows whose outcome is known. Out: name -> scorer, the season it needs, and its score on those rows.
Not here: folds (`evidence`), calibration, choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from patron.churn.average import AVERAGES, AverageScorer, Member, mean_score
from patron.churn.linear import NAIVE_RULES, fit_rule
from patron.churn.panel import Panel
from patron.churn.season import SeasonShift, fit_season
from patron.churn.smooth import PENALTY_C, fit_smooth
from patron.churn.trees import TreeSettings, fit_trees

#: A regression on more rows than this gains nothing but time.
_MOST_ROWS = 60_000


@dataclass(frozen=True)
class Options:
    """What all fits share.

    Parameters
    ----------
    horizon_days, active_days : int
        Of the label.
    categorical : tuple of str
        Features that hold codes.
    trees : TreeSettings
        How trees are grown.
    penalty_c : float
        Inverse strength of the ridge of the regression.
    seed : int
        For the trees.
    threads : int or None
        Changes no result.
    """

    horizon_days: int
    active_days: int = 0
    categorical: tuple[str, ...] = ()
    trees: TreeSettings = field(default_factory=TreeSettings)
    penalty_c: float = PENALTY_C
    seed: int = 0
    threads: int | None = None


class Fitted(NamedTuple):
    """An entrant before calibration.

    Parameters
    ----------
    scorer : TreeScorer, SmoothScorer, LinearScorer or AverageScorer
        Gives a score that rises with the risk.
    season : SeasonShift
        What the time of the year adds to it.
    inside : numpy.ndarray, shape (n_train,)
        Its score on the rows it was fitted on.
    """

    scorer: Member | AverageScorer
    season: SeasonShift
    inside: np.ndarray


def usable_rules(panel: Panel) -> list[str]:
    """Leave out the rule whose input is missing: a base whose purchase model could not be fitted."""
    has_btyd = (
        "no_order_probability" in panel.features and panel.features["no_order_probability"].notna().all()
    )
    return [name for name in NAIVE_RULES if name != "mbgnbd" or has_btyd]


def fit_members(
    train: Panel,
    rules: Sequence[str],
    learned: Sequence[str],
    columns: Sequence[str],
    options: Options,
) -> dict[str, Fitted]:
    """Fit rules and learned entrants.

    Parameters
    ----------
    train : Panel
        Rows whose outcome is known.
    rules : sequence of str
        Naive rules to fit.
    learned : sequence of str
        Of `ladder.LEARNED`.
    columns : sequence of str
        Features that the learned entrants see.
    options : Options
        What all fits share.

    Returns
    -------
    dict
        Entrant -> Fitted. A learned entrant is left out where these rows had one outcome only.
    """
    scorers: dict[str, Member] = {name: fit_rule(name, train) for name in rules}
    if len(set(train.churned.tolist())) == 2:
        scorers |= _learned(train, learned, columns, options)
    inside = {name: scorer.score(train.features) for name, scorer in scorers.items()}
    fitted = {
        name: Fitted(
            scorer, SeasonShift() if name in rules else _season(inside[name], train, options), inside[name]
        )
        for name, scorer in scorers.items()
    }
    for name, members in AVERAGES.items():
        if name in learned and all(member in scorers for member in members):
            score = mean_score([inside[member] for member in members])
            average = AverageScorer({member: scorers[member] for member in members})
            fitted[name] = Fitted(average, _season(score, train, options), score)
    return fitted


def _learned(
    train: Panel, learned: Sequence[str], columns: Sequence[str], options: Options
) -> dict[str, Member]:
    found: dict[str, Member] = {}
    if "lightgbm" in learned:
        found["lightgbm"] = fit_trees(
            train.features,
            train.churned,
            columns=columns,
            categorical=options.categorical,
            settings=options.trees,
            seed=options.seed,
            threads=options.threads,
        )
    if "logistic" in learned:
        some = train.where(np.arange(len(train)) % -(-len(train) // _MOST_ROWS) == 0)
        if len(set(some.churned.tolist())) < 2:  # a rare outcome may be missed by the rows that are taken
            some = train
        found["logistic"] = fit_smooth(
            some.features,
            some.churned,
            columns=columns,
            categorical=options.categorical,
            penalty_c=options.penalty_c,
        )
    return found


def _season(score: np.ndarray, train: Panel, options: Options) -> SeasonShift:
    return fit_season(
        score,
        train.churned,
        train.as_of_day,
        train.daily,
        horizon_days=options.horizon_days,
        active_days=options.active_days,
    )
