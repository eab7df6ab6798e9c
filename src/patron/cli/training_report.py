"""The outcome of a training on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patron.cli import screen
from patron.workflows import Trained

_SHOWN = (
    ("auc", "AUC"),
    ("brier", "Brier"),
    ("log_loss", "log-loss"),
    ("ece", "ECE"),
    ("top_decile_lift", "top-decile lift"),
)
_SUBJECTS = {"churn": "Churn", "clv": "Value"}


def print_training(done: Trained, config: Path) -> None:
    """Print the figures beside the naive rules, the grades, and what the gate said.

    Parameters
    ----------
    done : Trained
        Of `workflows.train`.
    config : Path
        For the next command.
    """
    evaluation = done.learned.evaluation
    churn = evaluation.get("churn")
    if churn:
        entrants = {churn["name"]: churn["model"]} | churn["baselines"]
        rows = [
            (name + " (ships)" * (name == churn["name"]), *[_figure(metrics, key) for key, _ in _SHOWN])
            for name, metrics in entrants.items()
        ]
        title = f"Churn on {evaluation['n']:,} customers of {evaluation['evaluated_as_of']}; 95 % intervals"
        screen.table(
            f"{title} (they leave out differences between periods)",
            ["", *[label for _, label in _SHOWN]],
            rows,
        )
        screen.say(f"{churn['why']}.")
        if churn["skill"]["high"] >= 0:
            screen.say("No skill on this window: one probability for every customer would have done as well.")
    for what in ("churn", "clv"):
        screen.say(f"{_SUBJECTS[what]}: {evaluation['grade_sentences'][what]}")
    for warning in evaluation["warnings"]:
        screen.say(f"Warning: {warning}.")
    word = "is champion now" if done.verdict.promote else "is not champion"
    screen.say(f"{done.model} {word}: {done.verdict.reason.rstrip('.')}.")
    screen.say(f"Model folder: {done.folder}")
    screen.say(f"MLflow run:   {done.run_id}")
    screen.say(f"Next: patron score {config}")


def _figure(metrics: Mapping[str, Any], key: str) -> str:
    value, low, high = metrics.get(key), metrics.get(f"{key}_low"), metrics.get(f"{key}_high")
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"
