"""A model folder in, a `PatronModel` out: verified bytes become its parts, and no code is run.

Loading needs numpy, scipy, pandas, narwhals and lightgbm; no MLflow, no YAML.
Not here: checksums and names (`manifest`), scoring (`patron_model`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import patron
from patron.churn import ChurnModel
from patron.clv import CLVModel, ValueForecast
from patron.errors import ConfigError, ModelError, PatronError
from patron.features import FeatureFunction, FeatureRecipe, with_functions
from patron.model._agreement import disagreements
from patron.model._json import from_json, to_json
from patron.model._shapes import SHAPES, shaped
from patron.model.manifest import read_model
from patron.model.patron_model import PatronModel
from patron.playbook import Playbook
from patron.scoring import RiskThresholds, ScoreSettings, ScoringParts
from patron.segments import SegmentRules

_ALWAYS = ("churn.json", "clv.json", "evaluation.json", "playbook.json", "scoring.json")


def load_model_folder(
    folder: str | Path,
    *,
    name: str | None = None,
    features: Mapping[str, FeatureFunction] | None = None,
    to_score: bool = True,
) -> PatronModel:
    """Load a model folder; every file's checksum is verified, no code is run.

    Parameters
    ----------
    folder : str or Path
        Of `PatronModel.save`.
    name : str, optional
        ``name/version`` of a registered model; the folder's name when None.
    features : mapping, optional
        Name -> function: the user's own features that the model was trained with. Code does not travel in a
        model; a function must be the one of the training, as its digest tells.
    to_score : bool
        False for reading only: no functions are needed then, and a model trained with some cannot score.

    Returns
    -------
    PatronModel

    Raises
    ------
    ModelError
        If anything in the folder is not as it was written, or a feature is missing or another one.
    """
    manifest, files = read_model(Path(folder))
    contents = _contents(files)
    facts = {k: v for k, v in manifest.items() if k not in ("files", "content_sha256", "format_version")}
    facts = shaped(facts, "manifest.json")
    _check_reader(facts.get("min_patron_version", "0"))
    parts = _parts(contents, files)
    if to_score:
        parts = _with_own_features(parts, features or {})
    rules = contents["scoring.json"]["ledger"]
    return PatronModel(name or Path(folder).resolve().name, parts, facts, contents["evaluation.json"], rules)


def _contents(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Parse the JSON files and check them, each by itself and against each other."""
    lacking = [file for file in _ALWAYS if file not in files]
    if lacking:
        raise ModelError(f"the folder lacks {', '.join(lacking)}. Copy or export the model again.")
    contents = {file: shaped(from_json(files[file], file), file) for file in SHAPES if file in files}
    for file in files:
        if file.endswith(".txt"):
            _check_text(file, files[file])
    problems = disagreements(contents, [file for file in files if file not in contents])
    if problems:
        more = f" There are {len(problems) - 1} more problems." if len(problems) > 1 else ""
        raise ModelError(f"{problems[0]}.{more} Train the model again.")
    return contents


def _check_text(file: str, data: bytes) -> None:
    """Refuse trees that are no text."""
    try:
        data.decode()
    except UnicodeDecodeError as problem:
        raise ModelError(
            f"{file} is not UTF-8 text from byte {problem.start:,} on. Copy or export the model again."
        ) from None


def _parts(contents: Mapping[str, Any], files: Mapping[str, bytes]) -> ScoringParts:
    """Make the parts of what was checked."""
    scoring, churn = contents["scoring.json"], contents["churn.json"]
    purchases, forecast = contents.get("purchases.json"), contents.get("forecast.json")
    try:
        return ScoringParts(
            churn=ChurnModel.from_files({**files, "churn.json": to_json(churn)}),
            clv=CLVModel.from_dict(contents["clv.json"]),
            purchases=None if purchases is None else CLVModel.from_dict(purchases),
            recipe=FeatureRecipe.from_dict(scoring["features"]),
            segments=SegmentRules.from_dict(scoring["segments"]),
            thresholds=RiskThresholds(**scoring["thresholds"]),
            peers=scoring["peers"],
            peers_by_risk=scoring.get("peers_by_risk", {}),
            playbook=Playbook.from_dict(contents["playbook.json"], tries_customers=False),
            settings=ScoreSettings(**scoring["settings"]),
            forecast=None if forecast is None else ValueForecast.from_files(forecast, files),
        )
    except ConfigError as error:
        raise ModelError([f"playbook.json: {problem}" for problem in error.problems[:3]]) from None


def _check_reader(oldest: str) -> None:
    """Refuse a model that only a newer version of patron scores as it was trained."""
    if _numbers_of(oldest) > _numbers_of(patron.__version__):
        raise ModelError(
            f"this model needs patron {oldest} or newer, this is {patron.__version__}. "
            "Install it: pip install --upgrade patron"
        )


def _numbers_of(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: 0.10.2.dev1 is (0, 10, 2)."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _with_own_features(parts: ScoringParts, functions: Mapping[str, FeatureFunction]) -> ScoringParts:
    """Give the recipe the user's functions."""
    if not parts.recipe.custom:
        return parts
    try:
        custom = with_functions(parts.recipe.custom, functions)
    except PatronError as error:
        raise ModelError(error.problems, error.next_step) from None
    return replace(parts, recipe=replace(parts.recipe, custom=custom))
