"""One run per monitoring and per campaign read out: what was found. Customer rows never go in.

In:  plain data. Out: a run id. Not here: trainings (`training`), backtests (`backtests`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from patron.registry._quiet import in_words
from patron.registry.store import Store, experiment_id
from patron.registry.training import COMPLETE_TAG, log_files, log_values, mark_killed_runs, own_tags


def log_result(
    store: Store,
    kind: str,
    *,
    run_name: str,
    result: Mapping[str, Any],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
) -> str:
    """Record a monitoring, or the readout of a campaign, as a run.

    Parameters
    ----------
    store : Store
        Where to.
    kind : str
        ``monitoring`` or ``campaign``: the tag ``patron.kind``, and the name of the JSON file.
    run_name : str
        What people see in the list of runs.
    result : mapping
        Plain values: figures over customers, no rows.
    metrics : mapping of str to float
        Figures to plot over time.
    tags : mapping of str to str
        Anything to search by; the status or the verdict among them.

    Returns
    -------
    str
        The run's id.

    Raises
    ------
    RegistryError
        If the store or the disk refuses; the run is then marked FAILED.
    """
    content = json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False).encode()
    with in_words(f"record the {kind} in {store.address.shown}", store.address.scrub):
        experiment = experiment_id(store)
        mark_killed_runs(store, experiment)
        kinds = {**own_tags(), "patron.kind": kind}
        run_id = str(store.client.create_run(experiment, run_name=run_name, tags=kinds).info.run_id)
        try:
            log_values(store, run_id, {}, metrics, tags)
            log_files(store, run_id, {f"{kind}.json": content})
            store.client.set_terminated(run_id, "FINISHED")
            store.client.set_tag(run_id, COMPLETE_TAG, "true")
        except BaseException:  # Ctrl-C too: nothing may be left RUNNING
            with suppress(Exception):
                store.client.set_terminated(run_id, "FAILED")
            raise
    return run_id
