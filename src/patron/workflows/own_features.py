"""The user's own features: named in the config or handed over, tested for leaks, then used.

In:  ``features.custom`` of a config (``module:function``), functions from a notebook.
Out: name -> function, and what a recipe stores of those that passed the leak test.
Not here: the test itself (`features.custom_check`). Only what the user's config names is imported; nothing in
a model folder ever leads to an import.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from patron.config import Config
from patron.errors import ConfigError, PatronError
from patron.features import CustomFeature, FeatureFunction, check_custom_feature
from patron.ledger import Ledger
from patron.snapshots import CustomerTables, to_day

_MEND = (
    "Mend the function, or take it out of features.custom. "
    "patron.check_feature(function, orders) repeats this test in a notebook."
)


def own_functions(
    config: Config, handed_over: Mapping[str, FeatureFunction] | None = None
) -> dict[str, FeatureFunction]:
    """Import what the config names under ``features.custom``, and add what was handed over.

    Modules beside the config file are found: its folder is on `sys.path`, in front, while they are imported,
    and what was loaded from there is forgotten afterwards, so that two projects may both have a
    ``my_features.py`` and a changed file counts at once. So such a module imports what it needs at its top.

    Parameters
    ----------
    config : Config
        With ``features.custom``.
    handed_over : mapping, optional
        Name -> function, from a notebook.

    Returns
    -------
    dict
        Name -> function.

    Raises
    ------
    ConfigError
        With every entry that cannot be imported, or has the name of another.
    """
    functions: dict[str, FeatureFunction] = dict(handed_over or {})
    problems: list[str] = []
    with _folder_on_path(config.folder):
        for entry in config.features.custom:
            module, _, name = entry.partition(":")
            if name in functions:
                problems.append(f"features.custom: there are two features called {name}; rename one.")
                continue
            found, problem = _imported(module, name, config.folder)
            problems += [] if problem is None else [f"features.custom: {entry} {problem}."]
            functions[name] = found
    if problems:
        raise ConfigError(problems)
    return functions


def tested_features(
    functions: Mapping[str, FeatureFunction], tables: CustomerTables, ledger: Ledger
) -> tuple[CustomFeature, ...]:
    """Run the leak test on every function.

    Parameters
    ----------
    functions : mapping
        Name -> function.
    tables : CustomerTables
        The customer-day tables.
    ledger : Ledger
        Tells the day and the decimals of the currency.

    Returns
    -------
    tuple of CustomFeature
        In the order of their names, ready for a recipe.

    Raises
    ------
    PatronError
        With every problem of every function.
    """
    features, problems = [], []
    for name in sorted(functions):
        check = check_custom_feature(
            name, functions[name], tables, to_day(ledger.as_of), minor_digits=ledger.minor_digits
        )
        about = f"your feature '{name}'"
        problems += [
            p if p.startswith(about) else f"{about} does not pass the leak test: {p}" for p in check.problems
        ]
        if check.columns:  # else there is nothing to describe
            features.append(CustomFeature.of(name, functions[name], check.columns))
    names = [name for feature in features for name in feature.feature_names]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [f"two of your features give a column {name}; rename one." for name in twice]
    if problems:
        raise PatronError(problems, next_step=_MEND)
    return tuple(features)


def _imported(module: str, name: str, folder: Path) -> tuple[Any, str | None]:
    """Return a function of a module, or what is wrong."""
    clash = _loaded_from_elsewhere(module.partition(".")[0], folder)
    if clash is not None:
        return None, f"would be read from {clash}, a module of that name that is loaded already; rename yours"
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        missing = error.name or module
        ours = module == missing or module.startswith(f"{missing}.")
        return None, (
            f"cannot be imported: there is no module {missing}, neither in '{folder}' nor installed"
            if ours
            else f"cannot be imported: it needs the module {missing}, which is not installed"
        )
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        line = error.lineno if isinstance(error, SyntaxError) else last.lineno
        where = Path(error.filename or "" if isinstance(error, SyntaxError) else last.filename).name
        return None, f"cannot be imported: {type(error).__name__} at line {line} of {where}: {error}"
    if found is None:
        return None, f"cannot be found: the module has no {name}"
    if inspect.isfunction(found):
        return found, None
    kind = type(found).__name__
    mend = "plain function; write it as a plain function (def ...)" if callable(found) else "function"
    return None, f"is a {kind}, not a {mend}"


def _loaded_from_elsewhere(top: str, folder: Path) -> str | None:
    """Return where a loaded module comes from, if the folder holds another one of its name."""
    here, loaded = PathFinder.find_spec(top, [str(folder)]), sys.modules.get(top)
    if here is None or here.origin is None or loaded is None:
        return None
    origin = getattr(loaded, "__file__", None)
    if origin is not None and Path(origin).resolve() == Path(here.origin).resolve():
        return None
    return f"'{origin or 'Python itself'}'"


@contextmanager
def _folder_on_path(folder: Path) -> Iterator[None]:
    """Find modules in a folder; leave the path and the loaded modules as they were."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if _is_beside_the_config(name, sys.modules[name], folder.resolve()):
                del sys.modules[name]


def _is_beside_the_config(name: str, module: ModuleType, folder: Path) -> bool:
    """Say whether a module was found in the folder itself; environments and sources may lie deeper in it."""
    file, top = getattr(module, "__file__", None), name.partition(".")[0]
    if file is None or not Path(file).resolve().is_relative_to(folder):
        return False
    return Path(file).resolve().relative_to(folder).parts[0] in (top, f"{top}.py")
