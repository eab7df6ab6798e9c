"""Fit LightGBM and the naive rules on the same rows, each chosen and calibrated out of time.

In:  a panel of matured snapshots; nothing later than the day it is known at.
Out: every entrant fitted on all rows, the number of rounds, and the out-of-time evidence.
Not here: the window that is reported (`evaluation`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from patron.churn.calibrate import Calibrator, Scored, choose_calibrator
from patron.churn.folds import Fold, rolling_folds
from patron.churn.linear import NAIVE_RULES, fit_rule
from patron.churn.model import ChurnModel
from patron.churn.panel import Panel
from patron.churn.trees import ROUNDS, fit_trees
from patron.errors import NotEnoughData
from patron.metrics import log_loss
from patron.snapshots import disjoint_windows

#: Fewer disjoint training windows than this cannot show that trees beat a rule.
ENOUGH_WINDOWS = 3
#: Fewer customers than this leave nothing for a tree to split.
ENOUGH_CUSTOMERS = 50


class Candidate(NamedTuple):
    """What is compared out of time, and frozen for the final fit.

    Parameters
    ----------
    columns : tuple of str
        Features of the trees.
    rounds : int
        Number of trees.
    """

    columns: tuple[str, ...]
    rounds: int


@dataclass(frozen=True)
class ChurnTraining:
    """Fitted entrants and why one of them was taken.

    Parameters
    ----------
    entrants : dict
        Name -> ChurnModel: ``lightgbm`` (where there are windows enough) and the naive rules.
    chosen : str
        The entrant taken before the reported window was looked at.
    reason : str
        Why, in words.
    frozen : Candidate or None
        Features and rounds of the trees, where there are any.
    evidence : dict
        Entrant -> mean out-of-time log-loss, over the folds.
    windows : int
        Disjoint outcome windows in the panel.
    base_rate : float
        Share of churned customers in the panel.
    """

    entrants: dict[str, ChurnModel]
    chosen: str
    reason: str
    frozen: Candidate | None
    evidence: dict[str, float]
    windows: int
    base_rate: float

    @property
    def model(self) -> ChurnModel:
        """The chosen entrant."""
        return self.entrants[self.chosen]


def train_churn(
    panel: Panel,
    *,
    feature_sets: Sequence[Sequence[str]],
    categorical: Sequence[str] = (),
    horizon_days: int,
    seed: int,
    wanted: str = "auto",
    frozen: Candidate | None = None,
    threads: int | None = None,
) -> ChurnTraining:
    """Fit every entrant on a panel and choose one by out-of-time evidence.

    Parameters
    ----------
    panel : Panel
        Matured snapshots only.
    feature_sets : sequence of sequence of str
        Sets of features for the trees; one is chosen out of time.
    categorical : sequence of str
        Which features hold codes.
    horizon_days : int
        Length of the outcome window.
    seed : int
        For the trees.
    wanted : str
        ``auto``, ``lightgbm``, ``logistic`` or ``rule``.
    frozen : Candidate, optional
        Features and rounds chosen earlier; nothing is compared then.
    threads : int, optional
        For LightGBM; changes no result.

    Returns
    -------
    ChurnTraining

    Raises
    ------
    NotEnoughData
        If the panel is empty.
    """
    if len(panel) == 0:
        raise NotEnoughData(
            "There is no matured snapshot to learn from. Shorten churn.horizon_days or bring older orders."
        )
    folds = rolling_folds(panel.as_of_day, horizon_days=horizon_days)
    windows = len(disjoint_windows(panel.snapshot_days, horizon_days))
    entrants: dict[str, ChurnModel] = {}
    evidence: dict[str, float] = {}
    for name in _usable_rules(panel):
        entrants[name], evidence[name] = _rule(name, panel, folds)
    # two equal sets would count every fold twice, and without a feature there is nothing to split
    sets = [columns for columns in dict.fromkeys(map(tuple, feature_sets)) if columns]
    too_little = _too_little_for_trees(panel, windows, wanted, sets)
    if too_little is None:
        settings = {"categorical": list(categorical), "seed": seed, "threads": threads}
        grid = [frozen] if frozen else [Candidate(columns, n) for columns in sets for n in ROUNDS]
        entrants["lightgbm"], evidence["lightgbm"], frozen = _trees(panel, folds, grid, settings)
    chosen, reason = _choose(evidence, wanted, too_little, windows, len(folds))
    return ChurnTraining(entrants, chosen, reason, frozen, evidence, windows, float(panel.churned.mean()))


def _too_little_for_trees(
    panel: Panel, windows: int, wanted: str, sets: Sequence[Sequence[str]]
) -> str | None:
    """Say why LightGBM does not take part, None where it does."""
    if wanted in ("logistic", "rule"):
        return "LightGBM was not asked for"
    if not sets:
        return "features.groups leaves no feature for LightGBM to look at"
    if len(set(panel.churned.tolist())) < 2:
        return "every customer had the same outcome, so there is nothing for LightGBM to learn"
    customers = len(set(panel.customer_id.tolist()))
    if wanted == "lightgbm" or (windows >= ENOUGH_WINDOWS and customers >= ENOUGH_CUSTOMERS):
        return None
    return (
        f"{windows} disjoint window(s) and {customers} customers to learn from, too little for LightGBM "
        f"(it needs {ENOUGH_WINDOWS} and {ENOUGH_CUSTOMERS})"
    )


def _usable_rules(panel: Panel) -> list[str]:
    """Leave out the rule whose input is missing: a base whose purchase model could not be fitted."""
    has_btyd = (
        "no_order_probability" in panel.features and panel.features["no_order_probability"].notna().all()
    )
    return [name for name in NAIVE_RULES if name != "mbgnbd" or has_btyd]


def _rule(name: str, panel: Panel, folds: Sequence[Fold]) -> tuple[ChurnModel, float]:
    scorer = fit_rule(name, panel)
    scored = [_rule_scores(name, panel, fold) for fold in folds]
    # without a fold the rule is calibrated where it was made: it has next to nothing to overfit
    calibrator, loss = choose_calibrator(
        scored or [(scorer.score(panel.features), panel.churned)], NAIVE_RULES[name]
    )
    return ChurnModel(name, scorer, calibrator), loss


def _rule_scores(name: str, panel: Panel, fold: Fold) -> Scored:
    test = panel.where(fold.test)
    return fit_rule(name, panel.where(fold.train)).score(test.features), test.churned


def _trees(
    panel: Panel, folds: Sequence[Fold], grid: Sequence[Candidate], settings: Mapping[str, Any]
) -> tuple[ChurnModel, float, Candidate]:
    """Compare feature sets and numbers of rounds out of time, calibrate, and refit the best on all rows."""
    scored: dict[Candidate, list[Scored]] = {candidate: [] for candidate in grid}
    for fold in folds:
        for columns in dict.fromkeys(c.columns for c in grid):
            rounds = [c.rounds for c in grid if c.columns == columns]
            for candidate, score in _fold_scores(panel, fold, columns, rounds, settings):
                scored[candidate].append((score, panel.churned[fold.test]))
    best = min(grid, key=lambda c: _mean_loss(scored[c])) if folds else grid[len(grid) // 2]
    calibrator, loss = choose_calibrator(scored[best], ("none", "sigmoid", "isotonic"))
    full = fit_trees(panel.features, panel.churned, columns=best.columns, rounds=best.rounds, **settings)
    return ChurnModel("lightgbm", full, calibrator), loss, best


def _fold_scores(
    panel: Panel, fold: Fold, columns: tuple[str, ...], rounds: Sequence[int], settings: Mapping[str, Any]
) -> Iterator[tuple[Candidate, np.ndarray]]:
    """Grow the trees of a fold once and cut them at every number of rounds that is compared."""
    train, test = panel.where(fold.train), panel.where(fold.test)
    scorer = fit_trees(train.features, train.churned, columns=columns, rounds=max(rounds), **settings)
    for n in rounds:
        yield Candidate(columns, n), scorer.score(test.features, rounds=n)


def _mean_loss(folds: Sequence[Scored]) -> float:
    return float(np.mean([log_loss(churned, Calibrator().probability(score)) for score, churned in folds]))


def _choose(
    evidence: Mapping[str, float], wanted: str, too_little: str | None, windows: int, n_folds: int
) -> tuple[str, str]:
    """Take LightGBM where there is enough to learn from, else the rule with the best out-of-time evidence."""
    allowed = {
        "lightgbm": [name for name in evidence if name == "lightgbm"],
        "logistic": ["rfm_logistic"],
        "rule": [name for name in evidence if name not in ("lightgbm", "rfm_logistic")],
    }.get(wanted, list(evidence))
    if not allowed:
        raise NotEnoughData(f"churn.model: {wanted} cannot be fitted: {too_little}. Use churn.model: auto.")
    if wanted == "auto" and too_little is None:
        return "lightgbm", f"{windows} disjoint windows to learn from: enough for LightGBM"
    why = f"{too_little}; " if wanted == "auto" else ""
    if n_folds == 0:
        simplest = "rfm_logistic" if "rfm_logistic" in allowed else allowed[0]
        return simplest, f"{why}{simplest} ships: there is no window to compare the rules on"
    chosen = min(allowed, key=lambda name: evidence[name])
    among = f"{chosen} has the lowest out-of-time log-loss ({evidence[chosen]:.4f}) of {len(allowed)}"
    return chosen, f"{why}{among} over {n_folds} window(s)"
