"""The settings: every key of a config with its default, unit and limits.

In:  nothing; this is the definition.
Out: frozen sections and `Config`; unknown keys are refused.
Not here: reading YAML (`load`), messages (`_words`).
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from patron.config import _rules
from patron.config._ledger import Ledger
from patron.config._safe import as_plain, resolved_uri
from patron.config._section import Section, Texts, block, setting

Memory = Annotated[str, AfterValidator(_rules.memory)]
Name = Annotated[str, AfterValidator(_rules.name)]
Day = Annotated[Literal["latest"] | datetime.date, BeforeValidator(_rules.day)]
ImportPath = Annotated[str, AfterValidator(_rules.import_path)]
Scale = Annotated[tuple[int, int], AfterValidator(_rules.ascending)]


class Freshness(Section):
    """When data are too old or too thin to score."""

    max_age_days: int | None = setting(
        None, "oldest last order that is scored; null: no limit", unit="days", ge=1
    )
    min_volume_ratio: float = setting(
        0.5,
        "order rows of the last 28 days / the usual 28 days; 0 switches the check off",
        unit="ratio",
        ge=0,
        le=1,
    )


class Rhythm(Section):
    """The label `rhythm`: late for one's own rhythm."""

    quantile: float = setting(
        0.9, "quantile of a customer's gaps that is still normal", unit="probability", gt=0, lt=1
    )
    min_days: int = setting(30, "no customer counts as late before this silence", unit="days", ge=1)
    max_days: int = setting(400, "every customer counts as late after this silence", unit="days", ge=1)

    @model_validator(mode="after")
    def _ascending(self) -> Rhythm:
        if self.min_days > self.max_days:
            raise ValueError(f"min_days {self.min_days} is larger than max_days {self.max_days}")
        return self


class Decline(Section):
    """The label `decline`: buying much less than a year ago."""

    share: float = setting(
        0.5, "margin under this share of last year's counts as lost", unit="ratio", gt=0, lt=1
    )


class Churn(Section):
    """What counts as churn, and what predicts it."""

    horizon_days: int = setting(90, "no order in this many days counts as churn", unit="days", ge=7, le=730)
    active_days: int = setting(180, "silent for longer counts as lapsed", unit="days", ge=1, le=3650)
    label: Literal["silence", "rhythm", "decline"] = setting("silence", "what counts as churn")
    rhythm: Rhythm = block(Rhythm, "settings of the label rhythm")
    decline: Decline = block(Decline, "settings of the label decline")
    model: Literal["auto", "lightgbm", "logistic", "average", "btyd", "rule"] = setting(
        "auto", "what predicts churn; auto lets the backtest choose"
    )

    @model_validator(mode="after")
    def _comparable(self) -> Churn:
        if self.label == "decline" and self.horizon_days > 365:
            raise ValueError("label decline compares with last year: it needs horizon_days of 365 or less")
        return self


class Snapshots(Section):
    """The past dates the model learns from."""

    every_days: int = setting(30, "distance between two dates", unit="days", ge=1, le=365)
    max_count: int = setting(24, "how many dates at most, newest first", unit="dates", ge=1, le=400)


class Features(Section):
    """What the model may look at."""

    groups: Literal["all"] | Texts = setting("all", "feature groups: all, or a list of names")
    attributes: Texts = setting((), "columns of the customer file that are features")
    custom: Annotated[tuple[ImportPath, ...], Field(strict=False)] = setting(
        (), "own features, each as module:function; modules beside the config file are found"
    )


class Tune(Section):
    """Search for better model settings."""

    trials: int = setting(0, "settings to try; 0 keeps the built-in ones", unit="trials", ge=0, le=10_000)


class Clv(Section):
    """Customer lifetime value."""

    horizon_months: int = setting(12, "how far ahead value is counted", unit="months", ge=1, le=60)
    margin: float = setting(1.0, "margin / revenue where costs are not known", unit="ratio", gt=0, le=1)
    annual_discount_rate: float = setting(0.10, "yearly discount of later margin", unit="ratio", ge=0, le=10)
    model: Literal["auto", "btyd", "challenger", "last_year", "blend"] = setting(
        "auto", "what predicts value; auto lets the backtest choose"
    )
    purchases: Literal["auto", "bgnbd", "mbgnbd", "mbgcnbd", "paretonbd"] = setting(
        "auto", "the purchase model"
    )
    backend: Literal["native", "lifetimes"] = setting("native", "what fits the purchase model")
    by: str | None = setting(
        None,
        "column of ledger.customers (industry, size) whose values get parameters of their own; null: none",
    )

    @model_validator(mode="after")
    def _fittable(self) -> Clv:
        if self.purchases == "paretonbd" and self.backend == "native":
            raise ValueError("purchases paretonbd needs backend lifetimes")
        if self.purchases == "mbgcnbd" and self.backend == "lifetimes":
            raise ValueError("purchases mbgcnbd needs backend native")
        if self.by is not None and self.backend == "lifetimes":
            raise ValueError("by needs backend native")
        return self


class Segments(Section):
    """Lifecycle stages."""

    new_days: int = setting(90, "first order at most this long ago: new", unit="days", ge=1)
    growing_days: int = setting(365, "first order at most this long ago: growing", unit="days", ge=1)

    @model_validator(mode="after")
    def _ascending(self) -> Segments:
        if self.new_days >= self.growing_days:
            raise ValueError(f"new_days {self.new_days} is not less than growing_days {self.growing_days}")
        return self


class Worklist(Section):
    """Whom to call."""

    capacity: int = setting(20, "calls per owner", unit="customers", ge=1)
    cost: float = setting(0, "cost of one call or offer", unit="currency", ge=0)
    save_rate: float = setting(
        0.2, "share of customers about to leave whom a call keeps", unit="ratio", ge=0, le=1
    )
    cooldown_days: int = setting(28, "time before a customer is called again", unit="days", ge=0)


class Monitor(Section):
    """Is the model still true."""

    retrain_after_days: int | None = setting(
        365, "age of a training at which patron run trains again; null: never by age", unit="days", ge=28
    )


class Tracking(Section):
    """Where runs and models are kept."""

    uri: str = setting(
        "sqlite:///mlflow.db",
        "MLflow store; ${VARIABLE} is taken from the environment when it is opened",
        min_length=1,
    )
    experiment: str = setting("patron", "MLflow experiment", min_length=1)


class Publish(Section):
    """Scores to a database, beside the file."""

    url: str | None = setting(
        None,
        "postgresql:// address that scores go to; ${VARIABLE} is taken from the environment; null: none",
        min_length=1,
    )
    table: str = setting("patron_scores", "table, or schema.table; made if it is not there", min_length=1)


class Engine(Section):
    """How much of the machine may be used."""

    memory_limit: Memory = setting("4GB", "memory of the query engine", unit="bytes, with a unit such as GB")
    threads: int | None = setting(None, "threads; null: as many as there are", unit="threads", ge=1)


class Config(Section):
    """A whole config, as written; `folder` and the properties below tell where its paths lead."""

    name: Name = setting(..., "name of the model and of its folders")
    ledger: Ledger = Field(description="where the orders are and how they are to be read")
    as_of: Day = setting("latest", "score with what was known before this day: a date, or latest")
    freshness: Freshness = block(Freshness, "when data are too old or too thin to score")
    churn: Churn = block(Churn, "what counts as churn, and what predicts it")
    snapshots: Snapshots = block(Snapshots, "the past dates the model learns from")
    features: Features = block(Features, "what the model may look at")
    tune: Tune = block(Tune, "search for better model settings")
    clv: Clv = block(Clv, "customer lifetime value")
    segments: Segments = block(Segments, "lifecycle stages")
    worklist: Worklist = block(Worklist, "whom to call")
    monitor: Monitor = block(Monitor, "is the model still true")
    playbook: str | None = setting(None, "a YAML file of actions; null: the built-in one")
    tracking: Tracking = block(Tracking, "where runs and models are kept")
    publish: Publish = block(Publish, "scores to a database, beside the file")
    engine: Engine = block(Engine, "how much of the machine may be used")
    language: Literal["en", "zh"] = setting("en", "language of reasons, actions and reports")
    nps_scale: Scale = setting((0, 10), "lowest and highest answer of the NPS question", strict=False)
    simulated: bool = setting(False, "the orders are made up: every output says so")
    output: str = setting("runs", "folder for scores and reports", min_length=1)
    seed: int = setting(7, "seed of everything drawn", ge=0, le=2**31 - 1)

    _folder: Path = PrivateAttr(default_factory=Path)

    @property
    def folder(self) -> Path:
        """The folder of the config file; relative paths start there."""
        return self._folder

    def path(self, written: str) -> Path:
        """Where a path of this config leads."""
        return (self._folder / Path(written).expanduser()).resolve()

    @property
    def output_folder(self) -> Path:
        """Where scores and reports go."""
        return self.path(self.output)

    @property
    def tracking_uri(self) -> str:
        """The MLflow store with local paths resolved; variables are left for the registry."""
        return resolved_uri(self.tracking.uri, self._folder)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a model folder: no passwords, no absolute paths; paths as written."""
        return as_plain(self.model_dump(mode="json"))


def json_schema() -> dict[str, Any]:
    """JSON schema of a config, for editors.

    Examples
    --------
    >>> json_schema()["required"]
    ['name', 'ledger']
    """
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
