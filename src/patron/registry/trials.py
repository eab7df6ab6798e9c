"""The settings that a search tried, each as a run below the training it belongs to.

In:  settings and figures. Out: nothing; the runs are in the store.
Not here: the search (`churn.tune`), the training's own run (`training`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patron.registry._quiet import in_words
from patron.registry.store import Store, experiment_id
from patron.registry.training import flatten, log_values, own_tags

PARENT_TAG = "mlflow.parentRunId"


def log_trials(
    store: Store, run_id: str, trials: Sequence[tuple[str, Mapping[str, float], Mapping[str, float]]]
) -> None:
    """Record each trial of a search as a nested run.

    Parameters
    ----------
    store : Store
        Where to.
    run_id : str
        The training.
    trials : sequence of (name, settings, metrics)
        In order.

    Raises
    ------
    RegistryError
        If the store refuses.
    """
    with in_words(f"record the trials in {store.address.shown}", store.address.scrub):
        for name, settings, metrics in trials:
            tags = {PARENT_TAG: run_id, **own_tags()}
            run = store.client.create_run(experiment_id(store), run_name=name, tags=tags)
            log_values(store, run.info.run_id, flatten(settings), metrics, {"patron.kind": "trial"})
            store.client.set_terminated(run.info.run_id, "FINISHED")
