"""Search for better settings of the trees and the regression, on out-of-time folds.

In:  a panel that ends before the window that is reported; how many settings to try.
Out: the settings to use, every trial, and whether the search was worth it.
Not here: tracking (`registry`), the window that is reported (`evaluation`).

The one door to Optuna, an extra: ``pip install 'patron[tune]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, NamedTuple

from patron.churn.choose import compare
from patron.churn.evidence import Evidence, FoldScores, evidence_of, score_folds
from patron.churn.folds import Fold, evidence_folds
from patron.churn.members import Options, fit_members
from patron.churn.panel import Panel
from patron.churn.trees import TreeSettings
from patron.errors import NotEnoughData, PatronError

#: What is judged: trees and regression together, so that one search serves both.
_JUDGED = "average"
_RUNGS = ("logistic", "lightgbm", _JUDGED)


class Trial(NamedTuple):
    """One set of settings.

    Parameters
    ----------
    number : int
        0 is the built-in settings.
    settings : dict
        Of the trees, and ``penalty_c``.
    log_loss : float
        Mean over the folds, nats per customer.
    """

    number: int
    settings: dict[str, float]
    log_loss: float


class Tuned(NamedTuple):
    """What a search found.

    Parameters
    ----------
    trees : TreeSettings
        To be used: the best found, or the built-in ones where nothing is clearly better.
    penalty_c : float
        Likewise, for the regression.
    trials : list of Trial
        In order.
    reason : str
        In words.
    """

    trees: TreeSettings
    penalty_c: float
    trials: list[Trial]
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as JSON-able data."""
        return {
            "settings": {**asdict(self.trees), "penalty_c": self.penalty_c},
            "trials": len(self.trials),
            "built_in_log_loss": self.trials[0].log_loss,
            "best_log_loss": min(trial.log_loss for trial in self.trials),
            "reason": self.reason,
        }


def tune(
    panel: Panel,
    *,
    columns: Sequence[str],
    options: Options,
    trials: int,
    progress: Callable[[Trial], None] = lambda _trial: None,
) -> Tuned:
    """Try settings, the built-in ones first, and keep the best if it is clearly better out of time.

    Parameters
    ----------
    panel : Panel
        Matured snapshots; the window that is reported must not be among them.
    columns : sequence of str
        Features that are learned from.
    options : Options
        What all fits share; its settings are the ones to beat.
    trials : int
        How many settings to try besides the built-in ones.
    progress : callable
        Called after each trial.

    Returns
    -------
    Tuned

    Raises
    ------
    PatronError
        If Optuna is not installed.
    NotEnoughData
        If no fold can be made: the search would have nothing to judge by.

    References
    ----------
    Bergstra et al. (2011), "Algorithms for hyper-parameter optimization": the sampler.
    """
    optuna = _optuna()
    tests = evidence_folds(panel.as_of_day, horizon_days=options.horizon_days)
    if not tests:
        raise NotEnoughData(
            "tune.trials: there is no past window to judge settings on. Set tune.trials to 0 "
            "or bring older orders."
        )
    study = optuna.create_study(
        direction="minimize", sampler=optuna.samplers.TPESampler(seed=options.seed, n_startup_trials=8)
    )
    done: list[Trial] = []
    settings: list[tuple[TreeSettings, float]] = []
    judged: list[tuple[list[FoldScores], Evidence]] = []
    for number in range(trials + 1):
        asked = None if number == 0 else study.ask()
        tried = options if asked is None else _suggested(options, asked)
        judged.append(_judge(panel, tests, columns, tried))
        settings.append((tried.trees, tried.penalty_c))
        shown = {**asdict(tried.trees), "penalty_c": tried.penalty_c}
        done.append(Trial(number, shown, judged[-1][1].mean))
        if asked is not None:
            study.tell(asked, done[-1].log_loss)
        progress(done[-1])
    return _decided(done, judged, settings)


def _judge(
    panel: Panel, tests: Sequence[Fold], columns: Sequence[str], options: Options
) -> tuple[list[FoldScores], Evidence]:
    fit = partial(fit_members, rules=(), learned=_RUNGS, columns=columns, options=replace(options, threads=1))
    folds = [f for f in score_folds(panel, tests, fit, options.threads) if _JUDGED in f.scores]
    if not folds:
        raise NotEnoughData(
            "tune.trials: every customer of the past windows had the same outcome, so no setting is better "
            "than another. Set tune.trials to 0."
        )
    return folds, evidence_of(folds, _JUDGED, "none", options.horizon_days)


def _suggested(options: Options, trial: Any) -> Options:
    """Draw settings within what suits tables of a hundred to a million rows."""
    trees = TreeSettings(
        rounds=trial.suggest_int("rounds", 50, 600, log=True),
        learning_rate=trial.suggest_float("learning_rate", 0.01, 0.1, log=True),
        leaves=trial.suggest_int("leaves", 3, 31, log=True),
        feature_fraction=trial.suggest_float("feature_fraction", 0.1, 1.0),
        leaf_share=trial.suggest_float("leaf_share", 0.002, 0.05, log=True),
        ridge=trial.suggest_float("ridge", 1e-3, 100.0, log=True),
    )
    return replace(options, trees=trees, penalty_c=trial.suggest_float("penalty_c", 0.001, 1.0, log=True))


def _decided(
    done: list[Trial],
    judged: Sequence[tuple[list[FoldScores], Evidence]],
    settings: Sequence[tuple[TreeSettings, float]],
) -> Tuned:
    best = min(done, key=lambda trial: (trial.log_loss, trial.number))
    found = compare(judged[0][0], judged[best.number][1], judged[0][1])
    numbers = (
        f"log-loss {best.log_loss:.4f} against {done[0].log_loss:.4f} over {found.windows} past window(s)"
    )
    if not found.clearly_better:
        stay = f"the built-in settings stay: the best of {len(done) - 1} trials is not clearly better"
        best, reason = done[0], f"{stay} ({numbers})"
    else:
        reason = f"trial {best.number} is better in {found.won} of {found.windows} windows ({numbers})"
    trees, penalty_c = settings[best.number]
    return Tuned(trees, penalty_c, done, reason)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise PatronError(
            "tune.trials asks for a search, which needs Optuna.",
            next_step="pip install 'patron[tune]', or set tune.trials to 0.",
        ) from None
    # its own lines would repeat what the progress bar says
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
