"""A YAML file, and changes from the command line, -> one frozen `Config`, or every problem at once.

In:  a path, and overrides such as ``churn.horizon_days=60``.
Out: a `Config` that knows its folder.
Not here: the settings (`schema`), and whether the files it names exist (`patron.ledger`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from patron.config._words import problems_of, section_of, shown
from patron.config._yaml import read_yaml
from patron.config.schema import Config
from patron.errors import ConfigError


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a config file.

    Parameters
    ----------
    path : str or Path
        A YAML file in UTF-8. Paths in it are relative to its folder.
    overrides : sequence of str
        ``dotted.key=value``, the value written as in YAML; they win over the file.

    Returns
    -------
    Config
        Frozen, with every default filled in.

    Raises
    ------
    ConfigError
        With all problems at once: not found, not YAML, a key unknown, given twice, of the wrong type or out
        of range.
    """
    file = Path(path)
    content, problems = _read(file)
    problems += _apply(content, overrides)
    return make_config(content, folder=file.resolve().parent, problems=problems, next_step=f"Correct {file}.")


def make_config(
    content: Mapping[str, Any],
    folder: Path,
    problems: Sequence[str] = (),
    next_step: str | None = None,
) -> Config:
    """Check plain values and freeze them.

    Parameters
    ----------
    content : mapping
        What a config file holds.
    folder : Path
        Where relative paths start.
    problems : sequence of str
        What is already known to be wrong; raised together with everything found here.
    next_step : str, optional
        For the error.

    Returns
    -------
    Config
        Frozen, with every default filled in.

    Raises
    ------
    ConfigError
        With all problems at once.

    Examples
    --------
    >>> make_config({"name": "shop", "ledger": {"transactions": "orders.csv"}}, Path()).churn.horizon_days
    90
    """
    values = _without_empty_blocks({"ledger": {}, **content}, Config)
    found: dict[str, str] = {}
    config = None
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        found = problems_of(error.errors(include_url=False), Config)
    everything = [*problems, *found.values()]
    if everything or config is None:
        raise ConfigError(everything, next_step)
    config._folder = folder
    return config


def _read(file: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        content, problems = read_yaml(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{file}: no such config file.", "patron init DIR writes one.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ConfigError(f"{file} cannot be read: {reason}.") from None
    except ValueError as error:
        raise ConfigError(f"{file} is not YAML: {error}.", f"Correct {file}.") from None
    if not isinstance(content, dict):
        message = f"{file} is {shown(content)}; it must be a block of keys, with name and ledger at least."
        raise ConfigError(message, f"Correct {file}.")
    return _with_text_keys(content), problems


def _apply(content: dict[str, Any], overrides: Sequence[str]) -> list[str]:
    problems = []
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign or not key.strip():
            problems.append(f"'{override}' sets nothing; write it as key=value, e.g. churn.horizon_days=60.")
            continue
        try:
            value, twice = read_yaml(text)
        except ValueError as error:
            problems.append(f"'{override}': the value is not YAML: {error}.")
            continue
        problems += [*twice, *_set(content, key.strip().split("."), value)]
    return problems


def _set(content: dict[str, Any], keys: Sequence[str], value: Any) -> list[str]:
    place = content
    for depth, key in enumerate(keys[:-1]):
        if place.get(key) is None:
            place[key] = {}
        if not isinstance(place[key], dict):
            holder = ".".join(keys[: depth + 1])
            return [f"{'.'.join(keys)} cannot be set: {holder} is {shown(place[key])}, not a block of keys."]
        place = place[key]
    place[keys[-1]] = value
    return []


def _with_text_keys(content: dict[Any, Any]) -> dict[str, Any]:
    """Keys as text: YAML reads a bare ``on`` or ``1`` as something else."""
    return {str(k): _with_text_keys(v) if isinstance(v, dict) else v for k, v in content.items()}


def _without_empty_blocks(content: Mapping[str, Any], section: type[BaseModel]) -> dict[str, Any]:
    """Leave out blocks whose keys are all commented out, which YAML reads as null."""
    kept: dict[str, Any] = {}
    for key, value in content.items():
        field = section.model_fields.get(key)
        inner = section_of(field.annotation) if field else None
        if inner and (value is None or isinstance(value, Mapping)):
            kept[key] = _without_empty_blocks(value or {}, inner)
        else:
            kept[key] = value
    return kept
