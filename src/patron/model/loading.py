"""A model folder in, a `PatronModel` out: verified bytes become its parts, and no code is run.

Loading needs numpy, scipy, pandas, narwhals and lightgbm; no MLflow, no YAML.
Not here: checksums and names (`manifest`), scoring (`patron_model`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from patron.churn import ChurnModel
from patron.clv import CLVModel, ValueForecast
from patron.errors import ModelError, PatronError
from patron.features import FeatureFunction, FeatureRecipe, with_functions
from patron.model._json import from_json
from patron.model.manifest import read_model
from patron.model.patron_model import PatronModel
from patron.playbook import Playbook
from patron.scoring import RiskThresholds, ScoreSettings, ScoringParts
from patron.segments import SegmentRules


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
    try:
        scoring = from_json(files["scoring.json"], "scoring.json")
        purchases, forecast = files.get("purchases.json"), files.get("forecast.json")
        parts = ScoringParts(
            churn=ChurnModel.from_files(files),
            clv=CLVModel.from_dict(from_json(files["clv.json"], "clv.json")),
            purchases=None
            if purchases is None
            else CLVModel.from_dict(from_json(purchases, "purchases.json")),
            recipe=FeatureRecipe.from_dict(scoring["features"]),
            segments=SegmentRules.from_dict(scoring["segments"]),
            thresholds=RiskThresholds(**scoring["thresholds"]),
            peers=scoring["peers"],
            peers_by_risk=scoring.get("peers_by_risk", {}),
            playbook=Playbook.from_dict(from_json(files["playbook.json"], "playbook.json")),
            settings=ScoreSettings(**scoring["settings"]),
            forecast=None
            if forecast is None
            else ValueForecast.from_files(from_json(forecast, "forecast.json"), files),
        )
        if to_score:
            parts = _with_own_features(parts, features or {})
        evaluation = from_json(files["evaluation.json"], "evaluation.json")
        facts = {k: v for k, v in manifest.items() if k not in ("files", "content_sha256", "format_version")}
        return PatronModel(name or Path(folder).resolve().name, parts, facts, evaluation, scoring["ledger"])
    except (KeyError, TypeError) as error:
        raise ModelError(
            f"'{name or Path(folder).name}' lacks a part of the model ({error}). Train it again."
        ) from None


def _with_own_features(parts: ScoringParts, functions: Mapping[str, FeatureFunction]) -> ScoringParts:
    """Give the recipe the user's functions."""
    if not parts.recipe.custom:
        return parts
    try:
        custom = with_functions(parts.recipe.custom, functions)
    except PatronError as error:
        raise ModelError(error.problems, error.next_step) from None
    return replace(parts, recipe=replace(parts.recipe, custom=custom))
