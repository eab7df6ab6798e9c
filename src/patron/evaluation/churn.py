"""Judge churn models on the newest window whose outcome is known: same customers, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from patron.churn import NAIVE_RULES, ChurnTraining, Panel, SeasonShift
from patron.evaluation.grade import Grade, churn_grade
from patron.metrics import auc, calibration_table, churn_metrics, log_loss, paired_interval

_SHARES = tuple(np.round(np.arange(0.1, 1.01, 0.1), 1))


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
        "lift": {name: _found(churned, p) for name, p in {"model": predicted[shipped], **rules}.items()},
        "auc_difference": _auc_difference(churned, predicted[shipped], rules, shipped, seed),
        "out_of_time_log_loss": {n: v if np.isfinite(v) else None for n, v in rehearsal.evidence.items()},
        "windows": rehearsal.windows,
        "season": _season(rehearsal.entrants[shipped].season, day),
    }
    return Judged(shipped, why, grade, block)


def _ship(
    rehearsal: ChurnTraining, churned: np.ndarray, predicted: Mapping[str, np.ndarray], wanted: str
) -> tuple[str, str]:
    """Beat the simple rule or say so: where the learned model does not, the rule itself ships."""
    chosen = rehearsal.chosen
    if chosen in NAIVE_RULES or wanted != "auto":
        return chosen, rehearsal.reason
    losses = {name: log_loss(churned, p) for name, p in predicted.items()}
    best = min((name for name in losses if name in NAIVE_RULES), key=lambda name: losses[name])
    if losses[chosen] < losses[best]:
        return chosen, rehearsal.reason
    return best, (
        f"{chosen} does not beat {best} on the newest window "
        f"(log-loss {losses[chosen]:.4f} against {losses[best]:.4f}), so the rule ships"
    )


def _season(season: SeasonShift, day: int) -> dict[str, float]:
    """Say what the time of the year adds, and how much of last year's shift is trusted."""
    return {"shift_log_odds": season.at(day), "weight": season.weight}


def _found(churned: np.ndarray, probability: np.ndarray) -> list[float]:
    """Share of the churners found by calling the riskiest 10 %, 20 %, ... (ties share their churners)."""
    total = churned.sum()
    if total == 0:
        return [0.0 for _ in _SHARES]
    values, inverse, sizes = np.unique(-probability, return_inverse=True, return_counts=True)
    hits = np.bincount(inverse, weights=churned, minlength=len(values))
    called = np.concatenate([[0], np.cumsum(sizes)]) / len(churned)
    found = np.concatenate([[0], np.cumsum(hits)]) / total
    return [float(v) for v in np.interp(_SHARES, called, found)]


def _auc_difference(
    churned: np.ndarray, model: np.ndarray, rules: Mapping[str, np.ndarray], shipped: str, seed: int
) -> dict[str, Any] | None:
    """Compare the ranking with the strongest other rule (RFM logistic where it is there)."""
    versus = "rfm_logistic" if "rfm_logistic" in rules and shipped != "rfm_logistic" else None
    if versus is None:
        return None
    paired = paired_interval(auc, churned, model, rules[versus], seed=seed)
    return None if paired is None else {"versus": versus, **paired._asdict()}
