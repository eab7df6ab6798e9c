"""One run per backtest, with a run below it for each past date.

In:  the result as plain data, and its page. Customer rows never go in.
Out: a run id.
Not here: trainings (`training`), versions, aliases.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from patron.registry._quiet import in_words
from patron.registry.store import Store, experiment_id
from patron.registry.training import (
    COMPLETE_TAG,
    flatten,
    log_data,
    log_files,
    log_values,
    mark_killed_runs,
    own_tags,
)
from patron.registry.trials import PARENT_TAG

_KIND_TAG = "patron.kind"


def log_backtest(
    store: Store,
    *,
    run_name: str,
    params: Mapping[str, object],
    result: Mapping[str, Any],
    tags: Mapping[str, str],
    page: Path,
    data: tuple[str, str],
) -> str:
    """Record a backtest as a run, and each of its dates as a run below it.

    Parameters
    ----------
    store : Store
        Where to.
    run_name : str
        What people see in the list of runs.
    params : mapping
        Settings; nested mappings become `a.b` keys.
    result : mapping
        ``Backtest.to_dict()``: figures over customers, no rows.
    tags : mapping of str to str
        Anything to search by.
    page : Path
        The HTML page.
    data : tuple of (str, str)
        Name and SHA-256 of the orders.

    Returns
    -------
    str
        The id of the run that holds the others.

    Raises
    ------
    RegistryError
        If the store or the disk refuses; runs that were begun are then marked FAILED.
    """
    files: dict[str, Path | bytes] = {
        "backtest.json": json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False).encode(),
        "backtest.html": page,
    }
    begun: list[str] = []
    with in_words(f"record the backtest in {store.address.shown}", store.address.scrub):
        experiment = experiment_id(store)
        mark_killed_runs(store, experiment)
        try:
            parent = _begin(store, experiment, run_name, {}, begun)
            log_values(store, parent, flatten(params), metrics_over_dates(result), tags)
            log_data(store, parent, data)
            log_files(store, parent, files)
            for block in result["cutoffs"]:
                child = _begin(store, experiment, f"cutoff {block['as_of']}", {PARENT_TAG: parent}, begun)
                facts = {"patron.as_of": str(block["as_of"]), "patron.churn_model": str(block["chosen"])}
                log_values(store, child, {}, metrics_of_date(block), facts)
                _end(store, child)
            _end(store, parent)
        except BaseException:  # Ctrl-C too: nothing may be left RUNNING
            for run_id in begun:
                with suppress(Exception):
                    store.client.set_terminated(run_id, "FAILED")
            raise
    return parent


def metrics_over_dates(result: Mapping[str, Any]) -> dict[str, float]:
    """Flatten the averages over the dates: ``churn.chosen.auc``, ``clv.last_year.mae``, ``profit.random``.

    Examples
    --------
    >>> entrants = {"chosen": {"kind": "chosen", "auc": 0.8, "ece": None}}
    >>> lists = {"random": {"realised": 3.0}}
    >>> metrics_over_dates({"churn": {"entrants": entrants, "profit": {"lists": lists}}, "clv": {}})
    {'churn.chosen.auc': 0.8, 'profit.random': 3.0}
    """
    churn = result["churn"]
    return (
        _numbers("churn", churn["entrants"])
        | _numbers("clv", result["clv"].get("entrants", {}))
        | {f"profit.{name}": float(one["realised"]) for name, one in churn["profit"]["lists"].items()}
    )


def metrics_of_date(block: Mapping[str, Any]) -> dict[str, float]:
    """Flatten the figures of one date the same way."""
    return (
        {"n": float(block["n"]), "rate": float(block["rate"])}
        | _numbers("churn", block["churn"])
        | _numbers("clv", block["clv"])
        | {f"profit.{name}": float(one["realised"]) for name, one in block["profit"].items()}
    )


def _numbers(what: str, entrants: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    return {
        f"{what}.{name}.{key}": float(value)
        for name, block in entrants.items()
        for key, value in block.items()
        if isinstance(value, int | float)
    }


def _begin(store: Store, experiment: str, name: str, tags: Mapping[str, str], begun: list[str]) -> str:
    run = store.client.create_run(
        experiment, run_name=name, tags={**own_tags(), _KIND_TAG: "backtest", **tags}
    )
    begun.append(str(run.info.run_id))
    return begun[-1]


def _end(store: Store, run_id: str) -> None:
    store.client.set_terminated(run_id, "FINISHED")
    store.client.set_tag(run_id, COMPLETE_TAG, "true")
