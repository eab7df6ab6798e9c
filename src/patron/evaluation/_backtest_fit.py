"""Fit every entrant for one past date, in a process of its own.

In:  the rows matured by the date, the rows of the date, a recipe, a user's own classifiers.
Out: the probability of each entrant for each customer of the date.
Not here: judging them (`backtest`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from patron.churn import NAIVE_RULES, Panel
from patron.errors import PatronError
from patron.evaluation.rehearse import ChurnRecipe, fit_recipe
from patron.snapshots import day_text

#: The entrant that patron would have shipped on each date.
CHOSEN = "chosen"
RESERVED = (CHOSEN, "lightgbm", "random", "longest_silent", "biggest_spender")


class CutoffTask(NamedTuple):
    """What a worker needs for one date.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.
    train, test : Panel
        Rows whose outcome was known on that day, and rows of that day.
    recipe : ChurnRecipe
        How patron's entrants are made.
    own : mapping of str to classifier
        A user's own entrants.
    threads : int or None
        For LightGBM; changes no result.
    """

    day: int
    train: Panel
    test: Panel
    recipe: ChurnRecipe
    own: Mapping[str, Any]
    threads: int | None


class CutoffPredictions(NamedTuple):
    """What every entrant said on one date.

    Parameters
    ----------
    probability : dict
        Entrant -> array of float, shape (n,); ``chosen`` among them.
    chosen, why : str
        The entrant taken by the evidence before the date, and the reason.
    windows : int
        Disjoint outcome windows it was learned from.
    """

    probability: dict[str, np.ndarray]
    chosen: str
    why: str
    windows: int


def check_own_entrants(own: Mapping[str, Any]) -> None:
    """Refuse names that are taken and objects that are no classifiers.

    Raises
    ------
    PatronError
        With every problem.
    """
    taken = {*RESERVED, *NAIVE_RULES}
    problems = [
        f"the name {name!r} is taken; call your entrant something else." for name in own if name in taken
    ]
    problems += [
        f"the entrant {name!r} must be a scikit-learn classifier with fit and predict_proba, "
        f"not {type(estimator).__name__}."
        for name, estimator in own.items()
        if not (hasattr(estimator, "fit") and hasattr(estimator, "predict_proba"))
    ]
    if problems:
        raise PatronError(problems)


def fit_cutoffs(
    tasks: Sequence[CutoffTask], *, workers: int, progress: Callable[[str], None]
) -> Iterator[CutoffPredictions]:
    """Fit the dates side by side; the same numbers for any number of workers.

    Parameters
    ----------
    tasks : sequence of CutoffTask
        One per date.
    workers : int
        Processes; -1 for one per core.
    progress : callable
        Called as each date begins to be waited for.

    Yields
    ------
    CutoffPredictions
        In the order of the tasks.
    """
    # imported here: a service that only loads a model does without joblib
    from joblib import Parallel, delayed

    jobs = 1 if len(tasks) == 1 else workers
    done = Parallel(n_jobs=jobs, return_as="generator")(delayed(fit_cutoff)(task) for task in tasks)
    for position, task in enumerate(tasks, 1):
        progress(f"models of {day_text(task.day)} ({position} of {len(tasks)})")
        yield next(done)


def fit_cutoff(task: CutoffTask) -> CutoffPredictions:
    """Fit every entrant on what was known and let it predict the date.

    Parameters
    ----------
    task : CutoffTask
        One date.

    Returns
    -------
    CutoffPredictions
    """
    training = fit_recipe(task.train, task.recipe, threads=task.threads)
    taken = sorted(set(task.own) & set(training.entrants))
    if taken:
        raise PatronError(f"{taken} are names of patron's own entrants; call yours something else.")
    entrants = training.entrants.items()
    found = {name: model.probability(task.test.features, task.day) for name, model in entrants}
    found |= {name: _own_probability(name, estimator, task) for name, estimator in task.own.items()}
    chosen = {CHOSEN: found[training.chosen]}
    return CutoffPredictions(chosen | found, training.chosen, training.reason, training.windows)


def _own_probability(name: str, estimator: Any, task: CutoffTask) -> np.ndarray:
    """Fit a copy of a user's classifier; whatever it raises is said with its name and the date."""
    from sklearn.base import clone

    try:
        model = clone(estimator).fit(task.train.features, task.train.churned)
        said = np.asarray(model.predict_proba(task.test.features), dtype=np.float64)
        classes = [int(label) for label in model.classes_]
    except Exception as error:
        text = (str(error).splitlines() or [""])[0]
        raise PatronError(
            f"the entrant {name!r} failed on {day_text(task.day)}: {type(error).__name__}: {text}",
            next_step="features may be missing: put a SimpleImputer before it in a Pipeline, "
            "or use a classifier that takes NaN",
        ) from None
    # a base in which nobody, or everybody, churned teaches one class only
    probability = said[:, classes.index(1)] if 1 in classes else np.zeros(len(task.test))
    if probability.shape != (len(task.test),) or not ((probability >= 0) & (probability <= 1)).all():
        raise PatronError(
            f"the entrant {name!r} gave something else than one probability per customer on "
            f"{day_text(task.day)}."
        )
    return probability
