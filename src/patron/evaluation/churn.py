"""Judge churn models on the newest window whose outcome is known: same customers, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from patron.churn import NAIVE_RULES, Panel, SeasonShift
from patron.churn.train import ChurnTraining
from patron.evaluation.grade import Grade, churn_grade
from patron.metrics import (
    auc,
    calibration_table,
    churn_metrics,
    found_shares,
    log_loss,
    log_losses,
    paired_interval,
    paired_loss_interval,
)


class Judged(NamedTuple):
    """What the newest window says.

    Parameters
    ----------
    shipped : str
        The entrant that ships: the chosen one, or the best naive rule where that is better.
    why : str
        In words.
    grade : Grade
        Of the entrant that ships.
    block : dict
        The ``churn`` block of ``evaluation.json``.
    """

    shipped: str
    why: str
    grade: Grade
    block: dict[str, Any]


def judge_churn(rehearsal: ChurnTraining, test: Panel, *, wanted: str = "auto", seed: int) -> Judged:
    """Compare the chosen entrant with the naive rules on a window none of them has seen.

    Parameters
    ----------
    rehearsal : ChurnTraining
        Fitted on snapshots matured by the test day.
    test : Panel
        The rows of the test day.
    wanted : str
        ``churn.model`` of the config: what was asked for by name ships as asked, with its grade.
    seed : int
        For the bootstrap.

    Returns
    -------
    Judged
    """
    churned = test.churned
    day = int(test.as_of_day[0])
    predicted = {name: model.probability(test.features, day) for name, model in rehearsal.entrants.items()}
    rules = {name: p for name, p in predicted.items() if name in NAIVE_RULES}
    shipped, why = _ship(rehearsal, churned, predicted, wanted)
    grade = churn_grade(churned, predicted[shipped], rules, seed=seed)
    block = {
        "kind": rehearsal.entrants[shipped].kind,
        "name": shipped,
        "why": why,
        "model": churn_metrics(churned, predicted[shipped], seed=seed),
        "baselines": {name: churn_metrics(churned, p, seed=seed) for name, p in rules.items()},
        "rate": float(churned.mean()),
        "mean_probability": float(predicted[shipped].mean()),
        "calibration": calibration_table(churned, predicted[shipped]),
        "calibrators": {name: model.calibrator.kind for name, model in rehearsal.entrants.items()},
        "lift": {
            name: found_shares(churned, p) for name, p in {"model": predicted[shipped], **rules}.items()
        },
        "auc_difference": _auc_difference(churned, predicted[shipped], rules, shipped, seed),
        "out_of_time_log_loss": {n: v if np.isfinite(v) else None for n, v in rehearsal.evidence.items()},
        "windows": rehearsal.windows,
        "season": _season(rehearsal.entrants[shipped].season, day),
        "skill": _skill(churned, predicted[shipped], rehearsal.base_rate, seed),
    }
    return Judged(shipped, why, grade, block)


def _ship(
    rehearsal: ChurnTraining, churned: np.ndarray, predicted: Mapping[str, np.ndarray], wanted: str
) -> tuple[str, str]:
    """Beat the simple rule or say so: where the learned model does not, the rule itself ships.

    One window can be the odd one out of the year, so the model gives way only where it is behind the best
    rule both on the newest window and over the earlier ones.
    """
    chosen, earlier = rehearsal.chosen, rehearsal.evidence
    if chosen in NAIVE_RULES or wanted != "auto":
        return chosen, rehearsal.reason
    rules = [name for name in predicted if name in NAIVE_RULES]
    losses = {name: log_loss(churned, predicted[name]) for name in (chosen, *rules)}
    best = min(rules, key=lambda name: losses[name])
    if losses[chosen] < losses[best]:
        return chosen, rehearsal.reason
    newest = f"on the newest window (log-loss {losses[chosen]:.4f} against {losses[best]:.4f})"
    if not np.isfinite(earlier[chosen]):
        return (
            best,
            f"{chosen} does not beat {best} {newest}, and there are no earlier ones, so the rule ships",
        )
    # which rule is decided by the earlier windows: the newest one is reported
    best_earlier = min(rules, key=lambda name: earlier[name])
    compared = f"{earlier[chosen]:.4f} against {earlier[best_earlier]:.4f}"
    if earlier[chosen] < earlier[best_earlier]:
        return chosen, (
            f"{rehearsal.reason}; {best} is better {newest}, {chosen} over the earlier ones ({compared})"
        )
    return best_earlier, (
        f"{chosen} does not beat {best} {newest}, nor {best_earlier} over the earlier ones ({compared}), "
        "so the rule ships"
    )


def _skill(churned: np.ndarray, model: np.ndarray, base_rate: float, seed: int) -> dict[str, float]:
    """Compare with one probability for everybody, the rate known before: what no skill at all amounts to."""
    flat = np.full(len(churned), base_rate)
    return paired_loss_interval(log_losses(churned, model), log_losses(churned, flat), seed=seed)._asdict()


def _season(season: SeasonShift, day: int) -> dict[str, float]:
    """Say what the time of the year adds, and how much of last year's shift is trusted."""
    return {"shift_log_odds": season.at(day), "weight": season.weight}


def _auc_difference(
    churned: np.ndarray, model: np.ndarray, rules: Mapping[str, np.ndarray], shipped: str, seed: int
) -> dict[str, Any] | None:
    """Compare the ranking with the best other rule: the one with the lowest log-loss, as the grade does."""
    others = sorted(set(rules) - {shipped})
    if not others:
        return None
    versus = min(others, key=lambda name: log_loss(churned, rules[name]))
    paired = paired_interval(auc, churned, model, rules[versus], seed=seed)
    return None if paired is None else {"versus": versus, **paired._asdict()}
