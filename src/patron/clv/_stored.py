"""A CLV model as JSON: what is written, and what is refused when read.

In: the parts of a fitted model. Out: a JSON-able dict, and back. Not here: files (``model``), fitting.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.clv.processes import PROCESSES
from patron.errors import ModelError

if TYPE_CHECKING:
    from patron.clv.native.attempts import FitResult

SCHEMA_VERSION = 2
SPEND_LETTERS = ("p", "q", "v")
UNITS = {
    "alpha": "weeks",
    "beta": "weeks",
    "v": "currency",
    "r": "1",
    "a": "1",
    "b": "1",
    "s": "1",
    "k": "1",
    "p": "1",
    "q": "1",
}
_MOST_REGULAR = 100
_KEYS = ("settings", "purchases", "params", "covariance", "segments", "diagnostics")


class Parameters(NamedTuple):
    """Everything a fitted model knows.

    Parameters
    ----------
    purchases : str
        Name of the purchase process.
    params, covariance : dict
        Of the whole base.
    segments : dict
        Segment -> dict with ``params`` and ``covariance``.
    """

    purchases: str
    params: Mapping[str, float]
    covariance: Mapping[str, Any]
    segments: Mapping[str, Mapping[str, Any]]


def letters_of(purchases: str) -> tuple[str, ...]:
    """Letters of all parameters of a model with this purchase process."""
    return (*PROCESSES[purchases].letters, *SPEND_LETTERS)


def covariance_of(orders: FitResult, spend: FitResult) -> dict[str, Any]:
    """Covariances of the logs of the continuous parameters, with their letters; None where there is none."""
    return {
        "order_times": _block([name for name in orders.params if name != "k"], orders),
        "order_values": _block(list(spend.params), spend),
    }


def _block(letters: list[str], fit: FitResult) -> dict[str, Any]:
    rows = None if fit.covariance is None else [list(row) for row in fit.covariance]
    return {"letters": letters, "of_logs": rows}


def stored_form(
    settings: Mapping[str, Any], known: Parameters, diagnostics: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything needed to predict, JSON-able; floats survive ``json.dumps`` to the bit."""
    counts = ("customers", "repeat_customers", "repeat_customers_with_value")
    return copy.deepcopy(
        {
            "schema_version": SCHEMA_VERSION,
            "settings": dict(settings),
            "purchases": known.purchases,
            "params": dict(known.params),
            "units": {name: UNITS[name] for name in known.params},
            "counts": {name: diagnostics[name] for name in counts if name in diagnostics},
            "covariance": dict(known.covariance),
            "segments": dict(known.segments),
            "diagnostics": dict(diagnostics),
        }
    )


def uncertain_letters(covariance: Mapping[str, Any]) -> tuple[list[str], NDArray[np.float64]]:
    """Letters with a covariance of their logs, and that matrix: order times and values are independent."""
    blocks = [block for block in covariance.values() if block["of_logs"] is not None]
    letters = [name for block in blocks for name in block["letters"]]
    whole, at = np.zeros((len(letters), len(letters))), 0
    for block in blocks:
        size = len(block["letters"])
        whole[at : at + size, at : at + size] = block["of_logs"]
        at += size
    return letters, whole


def parameter_problems(purchases: str, params: Mapping[str, float]) -> list[str]:
    """Say what is wrong with parameters, in words; empty where nothing is."""
    problems, letters = [], tuple(params)
    if purchases in PROCESSES:
        letters = letters_of(purchases)
    else:
        problems.append(f"purchases {purchases!r} is not one of {', '.join(map(repr, PROCESSES))}")
    missing = [name for name in letters if name not in params]
    if missing:
        problems.append(f"params lack {', '.join(missing)}")
    given = {name: params[name] for name in letters if name in params}
    for name, value in given.items():
        if isinstance(value, bool) or not (
            isinstance(value, (int, float, np.number)) and math.isfinite(value) and value > 0
        ):
            problems.append(f"parameter {name} must be a positive number, not {value!r}")
        elif name == "k" and value != int(value):
            problems.append(f"parameter k must be a whole number, not {value!r}")
        elif not 1e-12 <= value <= (_MOST_REGULAR if name == "k" else 1e12):
            problems.append(f"parameter {name} = {value!r} is out of all proportion")
    if not problems and given["q"] <= 1:
        problems.append(f"parameter q must be above 1 for a finite mean order value, not {given['q']!r}")
    return problems


def stored_problems(stored: Mapping[str, Any]) -> None:
    """Refuse what cannot be a CLV model.

    Raises
    ------
    ModelError
        When it was written by another version's layout or is damaged, with all problems.
    """
    if not isinstance(stored, Mapping):
        raise ModelError(f"a CLV model is stored as a dict, not as {stored!r:.40}", "train the model again")
    if stored.get("schema_version") != SCHEMA_VERSION:
        raise ModelError(
            f"this CLV model has schema version {stored.get('schema_version')!r}, not {SCHEMA_VERSION}",
            "train the model again with this version of patron",
        )
    missing = [key for key in _KEYS if key not in stored]
    if missing:
        raise ModelError(f"this CLV model lacks {', '.join(missing)}", "train the model again")
    try:
        problems = parameter_problems(stored["purchases"], stored["params"])
        uncertain_letters(stored["covariance"])
        dict(stored["settings"]), dict(stored["diagnostics"])
        for name, segment in stored["segments"].items():
            found = parameter_problems(stored["purchases"], segment["params"])
            problems += [f"segment {name!r}: {problem}" for problem in found]
            uncertain_letters(segment["covariance"])
            dict(segment["spread"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"this CLV model is damaged ({error!r})", "train the model again") from None
    if problems:
        raise ModelError(problems, "train the model again")
