"""Fit every entrant on the same rows, each calibrated and one of them chosen out of time.

In:  a panel of matured snapshots; nothing later than the day it is known at.
Out: every entrant fitted on all rows, the one to take with the reason, and the out-of-time evidence.
Not here: the window that is reported (`evaluation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from patron.churn.average import AVERAGES
from patron.churn.choose import choose_rung, simplest_unless_better
from patron.churn.evidence import Evidence, FoldScores, evidence_of, final_calibrator, score_folds
from patron.churn.folds import evidence_folds
from patron.churn.ladder import ENOUGH_FOR_TREES, Ladder, ladder_of
from patron.churn.linear import NAIVE_RULES
from patron.churn.members import Fitted, Options, fit_members, usable_rules
from patron.churn.model import ChurnModel
from patron.churn.panel import Panel
from patron.errors import NotEnoughData

_KINDS = ("none", "sigmoid", "isotonic")


@dataclass(frozen=True)
class ChurnTraining:
    """Fitted entrants and why one of them was taken.

    Parameters
    ----------
    entrants : dict
        Name -> ChurnModel: the learned ones a base is large enough for, and the naive rules.
    chosen : str
        The entrant taken before the reported window was looked at.
    reason : str
        Why, in words.
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
    evidence: dict[str, float]
    windows: int
    base_rate: float

    @property
    def model(self) -> ChurnModel:
        """The chosen entrant."""
        return self.entrants[self.chosen]


def train_churn(
    panel: Panel, *, columns: Sequence[str], options: Options, wanted: str = "auto"
) -> ChurnTraining:
    """Fit every entrant on a panel and choose one by out-of-time evidence.

    Parameters
    ----------
    panel : Panel
        Matured snapshots only.
    columns : sequence of str
        Features that the regression and the trees learn from.
    options : Options
        What all fits share.
    wanted : str
        ``auto``, ``lightgbm``, ``average``, ``logistic``, ``btyd`` or ``rule``.

    Returns
    -------
    ChurnTraining

    Raises
    ------
    NotEnoughData
        If the panel is empty, or what is wanted by name cannot be fitted.
    """
    if len(panel) == 0:
        raise NotEnoughData(
            "There is no matured snapshot to learn from. Shorten churn.horizon_days or bring older orders."
        )
    ladder = ladder_of(panel, options.horizon_days, wanted, columns)
    rules = usable_rules(panel)
    learned = _wanted_rungs(ladder, wanted, rules)
    fit = partial(fit_members, rules=rules, learned=learned, columns=columns)
    tests = evidence_folds(panel.as_of_day, horizon_days=options.horizon_days)
    folds = score_folds(panel, tests, partial(fit, options=replace(options, threads=1)), options.threads)
    folds = [fold for fold in folds if all(name in fold.scores for name in (*rules, *learned))]
    # a step function on few outcomes learns them by heart, fold after fold of the same customers
    kinds = _KINDS if ladder.size.rarer >= ENOUGH_FOR_TREES else _KINDS[:-1]
    fitted = fit(panel, options=options)
    entrants, evidence = _calibrated(panel, folds, fitted, kinds, options.horizon_days)
    chosen, reason = _choose(evidence, folds, wanted, ladder, options.horizon_days)
    losses = {name: found.mean for name, found in evidence.items()}
    rate = float(panel.churned.mean())
    return ChurnTraining(entrants, chosen, reason, losses, ladder.size.windows, rate)


def _wanted_rungs(ladder: Ladder, wanted: str, rules: Sequence[str]) -> tuple[str, ...]:
    """Fit no more than what may be chosen, and no average that a member is missing from."""
    there = {*ladder.learned, *rules}
    learned = tuple(name for name in ladder.learned if there.issuperset(AVERAGES.get(name, ())))
    return tuple(name for name in learned if name == "lightgbm") if wanted == "lightgbm" else learned


def _calibrated(
    panel: Panel,
    folds: Sequence[FoldScores],
    fitted: Mapping[str, Fitted],
    allowed: Sequence[str],
    horizon_days: int,
) -> tuple[dict[str, ChurnModel], dict[str, Evidence]]:
    """Give each entrant the calibrator that did best out of time."""
    entrants, evidence = {}, {}
    for name, member in fitted.items():
        kinds = [kind for kind in NAIVE_RULES.get(name, _KINDS) if kind in allowed]
        tried = {kind: evidence_of(folds, name, kind, horizon_days) for kind in kinds}
        if name not in NAIVE_RULES:
            kind = simplest_unless_better(kinds, tried, folds)
        else:
            kind = min(kinds, key=lambda k: tried[k].mean) if folds else kinds[0]
        calibrator = final_calibrator(folds, name, kind, (member.inside, panel.churned))
        entrants[name] = ChurnModel(name, member.scorer, calibrator, member.season)
        evidence[name] = tried[kind]
    return entrants, evidence


def _choose(
    evidence: Mapping[str, Evidence],
    folds: Sequence[FoldScores],
    wanted: str,
    ladder: Ladder,
    horizon_days: int,
) -> tuple[str, str]:
    """Take what was asked for, or the rung that the evidence and the size of the base speak for."""
    rules = [name for name in evidence if name in NAIVE_RULES]
    if wanted == "auto":
        return choose_rung(evidence, folds, ladder, horizon_days)
    if wanted == "rule" and not folds:
        return "rfm_logistic", "rfm_logistic ships: there is no window to compare the rules on"
    if wanted == "rule":
        chosen = min(sorted(rules, key=list(NAIVE_RULES).index), key=lambda name: evidence[name].mean)
        return chosen, f"{chosen} has the lowest out-of-time log-loss of {len(rules)} rules"
    name = {"btyd": "mbgnbd"}.get(wanted, wanted)
    if name not in evidence:
        why = "no purchase model can be fitted" if wanted == "btyd" else ladder.too_little
        raise NotEnoughData(f"churn.model: {wanted} cannot be fitted: {why}. Use churn.model: auto.")
    return name, f"{name} was asked for"
