"""`patron train`: check -> tables -> learn -> model folder -> MLflow run -> registered version -> gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

import patron
from patron.columns import SCHEMA_VERSION
from patron.config import Config
from patron.errors import ConfigError
from patron.evaluation import ChurnLabel, ChurnRecipe, ValueTerms, Verdict
from patron.features import (
    DEFAULT_GROUPS,
    FEATURE_GROUPS,
    FeatureFunction,
    FeatureRecipe,
    described_features,
    items_read_by,
)
from patron.features.attributes import attribute_vocabularies, known_attributes
from patron.features.events import known_event_kinds
from patron.learning import Learned, Terms, learn
from patron.ledger import Ledger
from patron.model import PatronModel
from patron.model.manifest import OLDEST_READER
from patron.playbook import load_playbook
from patron.registry import (
    Store,
    log_training,
    log_trials,
    open_store,
    register_version,
)
from patron.reports import training_plots
from patron.snapshots import to_day
from patron.workflows.base import Base, open_base_for_snapshots, reading_rules
from patron.workflows.digests import data_digest
from patron.workflows.gate import champion_items, gate
from patron.workflows.own_features import own_functions, tested_features
from patron.workflows.verdicts import decide

Progress = Callable[[str], None]
#: Settings that change no result: where things are kept and how much of the machine is used.
_WHERE_NOT_WHAT = ("engine", "output", "tracking")
_PACKAGES = ("lightgbm", "lifetimes", "numpy", "pandas", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Trained:
    """What a training made.

    Parameters
    ----------
    model : str
        ``name/version``.
    folder : Path
        The model folder.
    run_id : str
        Of the MLflow run.
    learned : Learned
        The parts and the evaluation.
    verdict : Verdict
        Of the promotion gate.
    """

    model: str
    folder: Path
    run_id: str
    learned: Learned
    verdict: Verdict


def train(
    config: Config,
    *,
    features: Mapping[str, FeatureFunction] | None = None,
    progress: Progress = lambda _step: None,
) -> Trained:
    """Train, evaluate, save, track and register a model.

    Parameters
    ----------
    config : Config
        The whole config.
    features : mapping, optional
        Name -> function: own features beside those that the config names.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Trained
    """
    progress("orders")
    base = open_base_for_snapshots(config, items=items_of(config) or _items_of_champion(config))
    terms = terms_of(config, base, features)
    day, first_day = _days(base.ledger)
    learned = learn(base.tables, day, first_day, terms, progress=progress)
    progress("model folder")
    facts = _facts(config, base, learned)
    model = PatronModel("", learned.parts, facts, learned.evaluation, reading_rules(config))
    folder = model.save(config.output_folder / "models")
    progress("tracking")
    store = _store(config)
    run_id = _log(store, config, base.ledger, learned, facts, folder)
    log_trials(
        store, run_id, [(f"trial {t.number}", t.settings, {"log_loss": t.log_loss}) for t in learned.trials]
    )
    number = register_version(store, name=config.name, run_id=run_id, tags={"patron.folder": folder.name})
    progress("gate")
    gated = decide(
        store,
        config.name,
        number,
        lambda: gate(store, config.name, base.tables, learned, learned.recipe, first_day),
    )
    return Trained(f"{config.name}/{number}", folder, run_id, learned, gated.verdict)


def items_of(config: Config) -> tuple[str, ...]:
    """Return the tables of items that a config's features read (`features.items_read_by`)."""
    return items_read_by(_groups(config.features.groups))


def _items_of_champion(config: Config) -> tuple[str, ...]:
    """Return the same of the model that a candidate is compared with."""
    return champion_items(_store(config), config.name)


def _store(config: Config) -> Store:
    return open_store(config.tracking.uri, root=config.folder, experiment=config.tracking.experiment)


def terms_of(config: Config, base: Base, own_features: Mapping[str, FeatureFunction] | None = None) -> Terms:
    """Translate a config into the plain terms of `learning.learn`.

    Parameters
    ----------
    config : Config
        The whole config.
    base : Base
        Tells the currency, the columns and the values of attributes.
    own_features : mapping, optional
        Name -> function, beside those that the config names; all pass the leak test first.

    Returns
    -------
    Terms
    """
    known = known_attributes(base.tables.attributes, to_day(base.ledger.as_of))
    churn = ChurnRecipe(
        features=_feature_recipe(config, base, known, own_features),
        label=_label(config),
        every_days=config.snapshots.every_days,
        max_count=config.snapshots.max_count,
        wanted=config.churn.model,
        seed=config.seed,
    )
    value = ValueTerms(
        purchases=config.clv.purchases,
        backend=config.clv.backend,
        by=_segment_column(config, known),
        horizon_months=config.clv.horizon_months,
        margin=config.clv.margin,
        has_cost="cost" in base.tables.days.collect_schema().names(),
        minor_digits=base.ledger.minor_digits,
        model=config.clv.model,
    )
    return Terms(
        churn=churn,
        value=value,
        annual_discount_rate=config.clv.annual_discount_rate,
        new_days=config.segments.new_days,
        growing_days=config.segments.growing_days,
        currency=base.ledger.currency,
        language=config.language,
        playbook=load_playbook(None if config.playbook is None else config.path(config.playbook)),
        trials=config.tune.trials,
        threads=config.engine.threads,
    )


def _feature_recipe(
    config: Config,
    base: Base,
    attributes: pd.DataFrame | None,
    own_features: Mapping[str, FeatureFunction] | None,
) -> FeatureRecipe:
    """Say what is built; the user's own features are tried first."""
    as_of_day = to_day(base.ledger.as_of)
    return FeatureRecipe(
        horizon_days=config.churn.horizon_days,
        minor_digits=base.ledger.minor_digits,
        groups=_groups(config.features.groups),
        attributes=attribute_vocabularies(attributes, config.features.attributes),
        event_kinds=known_event_kinds(base.tables.events, as_of_day),
        kinds_of_items=base.tables.kinds_of_items,
        custom=tested_features(own_functions(config, own_features), base.tables, base.ledger),
    )


def _label(config: Config) -> ChurnLabel:
    churn = config.churn
    return ChurnLabel(
        churn.label,
        horizon_days=churn.horizon_days,
        active_days=churn.active_days,
        quantile=churn.rhythm.quantile,
        min_days=churn.rhythm.min_days,
        max_days=churn.rhythm.max_days,
        share=churn.decline.share,
    )


def _segment_column(config: Config, attributes: pd.DataFrame | None) -> str | None:
    """Return ``clv.by``, refused where no customer has such an attribute."""
    by = config.clv.by
    has = [] if attributes is None else [str(name) for name in attributes.columns]
    if by is not None and by not in has:
        there = f"it has {', '.join(has)}" if has else "the config names no file of customers"
        raise ConfigError(
            f"clv.by: there is no column {by} in ledger.customers ({there}). "
            "Name one of its columns, or leave it out."
        )
    return by


def _groups(wanted: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(wanted, str):
        return DEFAULT_GROUPS
    unknown = [name for name in wanted if name not in FEATURE_GROUPS]
    if unknown or not wanted:
        what = f"there is no group {', '.join(unknown)}" if unknown else "no group is named"
        raise ConfigError(f"features.groups: {what}; use all, or some of {', '.join(FEATURE_GROUPS)}.")
    return tuple(name for name in FEATURE_GROUPS if name in wanted)


def _days(ledger: Ledger) -> tuple[int, int]:
    return to_day(ledger.as_of), to_day(ledger.report.first_day or ledger.as_of)


def _facts(config: Config, base: Base, learned: Learned) -> dict[str, Any]:
    """Gather what the manifest says: nothing that differs between two runs on the same input."""
    report = base.ledger.report
    return {
        "name": config.name,
        "patron_version": patron.__version__,
        "packages": {name: version(name) for name in _PACKAGES},
        "as_of": base.ledger.as_of.isoformat(),
        "data_digest": data_digest(base.tables),
        "rows": {"in": report.rows_in, "used": report.rows_used, "later": report.later},
        "customers": learned.evaluation["counts"],
        "churn_model": learned.shipped,
        "feature_names": list(learned.parts.churn.columns),
        "recipe": learned.recipe.to_dict(),
        "config": {k: v for k, v in config.to_dict().items() if k not in _WHERE_NOT_WHAT},
        "metrics": metrics_of(learned.evaluation),
        "label": learned.evaluation["label_in_words"],
        **_meanings(learned),
    }


def _meanings(learned: Learned) -> dict[str, Any]:
    """Say what a reader needs to know of features, money and the label without reading patron's source."""
    parts = learned.parts
    known = {feature.name: feature for feature in described_features(parts.recipe)}
    features = [known[name] for name in parts.churn.columns]
    return {
        "features": [{"name": f.name, "unit": f.unit, "meaning": f.meaning} for f in features],
        "money": {"currency": parts.settings.currency, "minor_digits": parts.recipe.minor_digits},
        "label_definition": learned.recipe.to_dict()["label"],
        "score_schema_version": SCHEMA_VERSION,
        "min_patron_version": OLDEST_READER,
    }


def metrics_of(evaluation: dict[str, Any]) -> dict[str, float]:
    """Flatten the evaluation into named numbers: ``churn.auc``, ``baseline.rfm_logistic.auc``."""
    churn, clv = evaluation.get("churn", {}), evaluation.get("clv", {})
    blocks = {"churn": churn.get("model", {})}
    blocks |= {f"baseline.{name}": values for name, values in churn.get("baselines", {}).items()}
    blocks |= {f"clv.{name}": values for name, values in clv.items()}
    return {
        f"{block}.{k}": float(v)
        for block, values in blocks.items()
        for k, v in values.items()
        if v is not None
    }


def _log(
    store: Store,
    config: Config,
    ledger: Ledger,
    learned: Learned,
    facts: Mapping[str, Any],
    folder: Path,
) -> str:
    """Track what the manifest says, the evaluation with its plots, and the totals of the ledger."""
    written = {
        "config.json": config.to_dict(),
        "evaluation.json": learned.evaluation,
        "ledger.json": _totals_only(ledger),
    }
    files: dict[str, Any] = {
        name: json.dumps(content, indent=1).encode() for name, content in written.items()
    }
    files |= {f"plots/{name}": image for name, image in training_plots(learned.evaluation).items()}
    grade = learned.evaluation["grade"]
    return log_training(
        store,
        run_name=f"train {config.name} {ledger.as_of}",
        params=config.to_dict(),
        metrics=facts["metrics"],
        tags={
            "patron.as_of": ledger.as_of.isoformat(),
            "patron.churn_model": learned.shipped,
            "patron.data_sha256": facts["data_digest"],
            "patron.folder": folder.name,
            "patron.grade.churn": grade["churn"],
            "patron.grade.clv": grade["clv"],
        },
        files=files,
        model_folder=folder,
        data=(config.name, facts["data_digest"]),
    )


def _totals_only(ledger: Ledger) -> dict[str, Any]:
    """Leave examples and warnings out: no customer data goes into the tracking store."""
    report = ledger.report.to_dict(examples=False)
    return {k: v for k, v in report.items() if k != "warnings"}
