"""One run per training.

One job: write down what a training was given, what came out, and the model itself. In: plain values, files
and a model folder. Out: a run id. Customer rows never go in. Not here: versions, aliases.

A run is good when it has the tag `patron.complete`, which is set last; MLflow's own status says less,
because a run that is killed stays `RUNNING` for ever. The next training marks such runs `KILLED`.
"""

from __future__ import annotations

import json
import logging
import math
import os
import socket
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TypeVar

from patron.errors import RegistryError
from patron.model.manifest import MANIFEST
from patron.registry._quiet import in_words
from patron.registry.pyfunc import pyfunc_directory
from patron.registry.store import Store, experiment_id

MODEL_PATH = "model"
COMPLETE_TAG = "patron.complete"
_HOST_TAG = "patron.host"
_PROCESS_TAG = "patron.pid"

_LOG = logging.getLogger(__name__)
_LONGEST_KEY, _LONGEST_PARAM, _LONGEST_TAG = 250, 6000, 8000  # MLflow 3's limits
_BATCH = 100
Item = TypeVar("Item")


def log_training(
    store: Store,
    *,
    run_name: str,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    files: Mapping[str, Path | bytes],
    model_folder: Path,
    data: tuple[str, str] | None = None,
) -> str:
    """Record one training as one run.

    Parameters
    ----------
    store : Store
        Where to.
    run_name : str
        What people see in the list of runs.
    params : mapping
        Settings; nested mappings become `a.b` keys, values are cut at 6,000 characters.
    metrics : mapping of str to float
        Figures; those that are not finite are left out.
    tags : mapping of str to str
        Anything to search by, the data's digest among them.
    files : mapping of str to Path or bytes
        Path in the run to file or content: the config, `evaluation.json`, plots. No customer rows.
    model_folder : Path
        A folder made by `patron.model`; `model/` in the run becomes an MLflow model with it inside.
    data : tuple of (str, str), optional
        Name and SHA-256 of the training data, shown as the run's dataset; no rows, no path.

    Returns
    -------
    str
        The run id.

    Raises
    ------
    RegistryError
        If the store or the disk refuses; the run is then marked FAILED, as it is on Ctrl-C.
    """
    figures = {key: float(value) for key, value in metrics.items() if math.isfinite(value)}
    settings = flatten(params)
    if not (model_folder / MANIFEST).is_file():
        raise RegistryError(
            f"{model_folder} is not a model folder. Write the model before recording the training."
        )
    with in_words(f"record the training in {store.address.shown}", store.address.scrub):
        experiment = experiment_id(store)
        mark_killed_runs(store, experiment)
        run_id = str(store.client.create_run(experiment, run_name=run_name, tags=own_tags()).info.run_id)
        try:
            log_values(store, run_id, settings, figures, tags)
            log_data(store, run_id, data)
            log_files(store, run_id, files)
            with pyfunc_directory(model_folder) as directory:
                store.client.log_artifacts(run_id, str(directory), MODEL_PATH)
            store.client.set_terminated(run_id, "FINISHED")
            store.client.set_tag(run_id, COMPLETE_TAG, "true")
        except BaseException:  # Ctrl-C too: nothing may be left RUNNING
            with suppress(Exception):
                store.client.set_terminated(run_id, "FAILED")
            raise
    return run_id


def flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Turn nested settings into `a.b` keys and texts, sorted by key.

    Examples
    --------
    >>> flatten({"churn": {"horizon_days": 90, "model": None}, "groups": ["rfm", "rhythm"]})
    {'churn.horizon_days': '90', 'churn.model': 'null', 'groups': '["rfm", "rhythm"]'}
    """
    flat: dict[str, str] = {}
    for key, value in sorted(values.items()):
        if isinstance(value, Mapping) and value:
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            flat[f"{prefix}{key}"[:_LONGEST_KEY]] = _cut(text, _LONGEST_PARAM)
    return flat


def log_values(
    store: Store,
    run_id: str,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
) -> None:
    """Write params, metrics and tags in batches that MLflow takes."""
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    for params_batch in _batches([Param(key, value) for key, value in sorted(params.items())]):
        store.client.log_batch(run_id, params=params_batch)
    for metrics_batch in _batches([Metric(key, value, now, 0) for key, value in sorted(metrics.items())]):
        store.client.log_batch(run_id, metrics=metrics_batch)
    cut = [RunTag(key, _cut(str(value), _LONGEST_TAG)) for key, value in sorted(tags.items())]
    for tags_batch in _batches(cut):
        store.client.log_batch(run_id, tags=tags_batch)


def log_data(store: Store, run_id: str, data: tuple[str, str] | None) -> None:
    """Name the training data; MLflow keeps 36 characters of a digest, so the whole one is a tag."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    if data is None:
        return
    name, digest = data
    dataset = Dataset(name=name, digest=digest[:36], source_type="patron", source=json.dumps({"name": name}))
    context = InputTag(key="mlflow.data.context", value="training")
    store.client.log_inputs(run_id, [DatasetInput(dataset=dataset, tags=[context])])
    store.client.set_tag(run_id, "patron.data.sha256", digest)


def log_files(store: Store, run_id: str, files: Mapping[str, Path | bytes]) -> None:
    """Lay the files out under their names in the run and send them together."""
    with tempfile.TemporaryDirectory(prefix="patron-run-") as folder:
        for name, content in sorted(files.items()):
            target = _inside(Path(folder), name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        if files:
            store.client.log_artifacts(run_id, folder)


def _inside(folder: Path, name: str) -> Path:
    """Refuse names that leave the run or would mix with the model."""
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts or "\\" in name or parts[0] == MODEL_PATH:
        raise RegistryError(
            f"a run cannot hold a file called {name!r}. Use a relative name outside {MODEL_PATH}/."
        )
    return folder / name


def own_tags() -> dict[str, str]:
    """Return the tags that tell later whether the process behind a run still lives."""
    return {_HOST_TAG: socket.gethostname(), _PROCESS_TAG: str(os.getpid())}


def mark_killed_runs(store: Store, experiment: str) -> None:
    """Close the runs of this machine whose process is gone."""
    running = f"attributes.status = 'RUNNING' and tags.`{_HOST_TAG}` = '{socket.gethostname()}'"
    for run in store.client.search_runs([experiment], running):
        if not _is_alive(run.data.tags.get(_PROCESS_TAG, "")):
            _LOG.warning("the run %s was killed before it was complete; it is marked so", run.info.run_id)
            store.client.set_terminated(run.info.run_id, "KILLED")


def _is_alive(process: str) -> bool:
    """Say whether a process of this machine runs; where that cannot be asked safely, assume so."""
    if os.name != "posix" or not process.isdigit():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _batches(items: Iterable[Item]) -> Iterable[Sequence[Item]]:
    """Cut into lists of at most 100."""
    left = iter(items)
    return iter(lambda: list(islice(left, _BATCH)), [])


def _cut(text: str, length: int) -> str:
    """Cut a text, and let that be seen."""
    return text if len(text) <= length else text[: length - 1] + "…"
