"""`patron monitor`: vintages and fresh orders -> promised against realised, drift, data, and a status."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zlib import crc32

import narwhals as nw
import pandas as pd

from patron.config import Config
from patron.evaluation import ChurnLabel, churn_outcomes, discounted_margins, known_until
from patron.features import build_features
from patron.ledger import materialise
from patron.model import PatronModel
from patron.monitoring import (
    LAST_VINTAGES,
    Moved,
    Rule,
    Vintage,
    damage_rules,
    data_findings,
    data_rules,
    drift,
    drift_rules,
    judge_value,
    judge_vintage,
    pool,
    status_of,
    vintages_before,
)
from patron.registry import log_result, open_store
from patron.snapshots import CustomerTables, day_of, history_before, of_customers, to_day
from patron.whole_files import write_text
from patron.workflows.base import Base, open_base
from patron.workflows.score import open_model
from patron.workflows.vintages import vintages_folder

Progress = Callable[[str], None]
FOLDER = "monitoring"
#: Customers whose features are compared, by a hash of their id: the same ones every month.
MOST_CUSTOMERS = 20_000
_DATES, _EVERY_DAYS, _MONTH_DAYS = 13, 28, 30.4375
_SEGMENTS = ("tier", "lifecycle_stage", "churn_risk")


@dataclass(frozen=True)
class Monitored:
    """What a monitoring found.

    Parameters
    ----------
    as_of : date
        The day.
    model : str
        The model in use.
    status : str
        ``healthy``, ``watch`` or ``retrain``.
    rules : list of Rule
        That fired.
    vintages : list of dict
        Past scorings, oldest first: ``as_of``, ``model``, ``due_on``, ``is_due`` and, where it is over,
        `monitoring.judge_vintage`; ``value`` where the CLV horizon is over, too.
    drift : list of Moved
        By feature and score.
    customers_compared : int
        For drift.
    path : Path
        The JSON file.
    """

    as_of: date
    model: str
    status: str
    rules: list[Rule]
    vintages: list[dict[str, Any]]
    drift: list[Moved]
    customers_compared: int
    path: Path

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "as_of": self.as_of.isoformat(),
            "model": self.model,
            "status": self.status,
            "rules": [rule.to_dict() for rule in self.rules],
            "vintages": self.vintages,
            "drift": [moved.to_dict() for moved in self.drift],
            "customers_compared": self.customers_compared,
        }


def monitor(config: Config, *, progress: Progress = lambda _step: None) -> Monitored:
    """Say whether the model in use is still true.

    Parameters
    ----------
    config : Config
        The whole config; scores of earlier days below its output folder are judged.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Monitored

    Raises
    ------
    PatronError
        If there is no model in use, or a kept vintage was changed.
    """
    progress("orders")
    model = open_model(config, None)
    base = open_base(config)
    vintages = vintages_before(vintages_folder(config), base.ledger.as_of)
    progress("promised and realised")
    judged, rows = judge_vintages(config, base, model, vintages)
    progress("drift")
    compared, dates = _dates(base, model)
    moved = drift(dates)
    progress("data")
    last = vintages[-1].facts if vintages else None
    findings = data_findings(base.tables, base.ledger.lines, to_day(base.ledger.as_of), last)
    together = pool(rows[-LAST_VINTAGES:], seed=config.seed)
    own = [(v, entry) for v, entry in zip(vintages, judged, strict=True) if v.model == model.name]
    value = next((entry["value"] for _, entry in reversed(own) if "value" in entry), None)
    months = model.parts.settings.clv_horizon_months
    rules = [
        *data_rules(findings),
        *damage_rules(together, own[-1][0].facts["expected"] if own else {}, value, value_months=months),
        *drift_rules({m.name: m.psi for m in moved if m.is_drifted}, is_proven=together is not None),
    ]
    path = config.output_folder / FOLDER / f"{base.ledger.as_of.isoformat()}.json"
    found = Monitored(base.ledger.as_of, model.name, status_of(rules), rules, judged, moved, compared, path)
    text = json.dumps(found.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")
    progress("tracking")
    _log(config, found)
    return found


def newest_monitoring(config: Config, as_of: date | str) -> dict[str, Any] | None:
    """Return the newest monitoring of the output folder that was run no later than a day, None without one.

    Parameters
    ----------
    config : Config
        With the output folder.
    as_of : date or str
        The day of the report.

    Returns
    -------
    dict or None
        As `Monitored.to_dict`; a file that cannot be read counts as none.
    """
    files = sorted((config.output_folder / FOLDER).glob("????-??-??.json"), reverse=True)
    for path in files:
        if path.stem > str(as_of):
            continue
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and {"status", "rules", "vintages"} <= set(found):
            return found
    return None


def judge_vintages(
    config: Config, base: Base, model: PatronModel, vintages: Sequence[Vintage]
) -> tuple[list[dict[str, Any]], list[pd.DataFrame]]:
    """Compare the vintages whose horizon is over with what came.

    Parameters
    ----------
    config : Config
        With the seed.
    base : Base
        The orders of today.
    model : PatronModel
        The model in use.
    vintages : sequence of Vintage
        Oldest first.

    Returns
    -------
    judged : list of dict
        One per vintage (`Monitored.vintages`).
    rows : list of pandas.DataFrame
        The judged rows of those that the model in use made: a model is not judged by what another one said.
    """
    # data that end earlier must not look like churn
    until = known_until(base.tables, to_day(base.ledger.as_of))
    judged, own = [], []
    for vintage in vintages:
        day, horizon = to_day(vintage.as_of), int(vintage.facts["churn_horizon_days"])
        entry: dict[str, Any] = {
            "as_of": vintage.as_of.isoformat(),
            "model": vintage.model,
            "due_on": day_of(day + horizon).isoformat(),
            "is_due": day + horizon <= until,
        }
        if entry["is_due"]:
            rows = _with_outcomes(base.tables, vintage)
            entry |= judge_vintage(rows, _SEGMENTS, seed=config.seed)
            if vintage.model == model.name:
                own.append(rows)
        if day + round(int(vintage.facts["clv_horizon_months"]) * _MONTH_DAYS) <= until:
            entry["value"] = _value(base.tables, vintage, model, config.seed)
        judged.append(entry)
    return judged, own


def _with_outcomes(tables: CustomerTables, vintage: Vintage) -> pd.DataFrame:
    """Return the customers of a vintage whom its label judges, with what came."""
    outcome = churn_outcomes(tables, to_day(vintage.as_of), ChurnLabel(**vintage.facts["label"]))
    promised = vintage.rows[vintage.rows["churn_probability"].notna()]
    return promised.merge(outcome, on="customer_id", validate="one_to_one")


def _value(tables: CustomerTables, vintage: Vintage, model: PatronModel, seed: int) -> dict[str, Any]:
    settings = model.parts.settings
    came = discounted_margins(
        tables,
        to_day(vintage.as_of),
        horizon_months=int(vintage.facts["clv_horizon_months"]),
        annual_discount_rate=settings.annual_discount_rate,
        margin=settings.margin,
        minor_digits=int(model.manifest["money"]["minor_digits"]),
    ).set_index("customer_id")["margin"]
    promised = vintage.rows[vintage.rows["clv"].notna()].set_index("customer_id")["clv"].astype(float)
    return judge_value(promised.to_numpy(), came.reindex(promised.index).fillna(0.0).to_numpy(), seed=seed)


def _dates(base: Base, model: PatronModel) -> tuple[int, list[pd.DataFrame]]:
    """Build features and scores of the active customers today and four weeks apart over the year before."""
    tables, today = base.tables, to_day(base.ledger.as_of)
    first = to_day(base.ledger.report.first_day or base.ledger.as_of)
    active, parts = model.parts.settings.active_days, model.parts
    ids = tables.days.select("customer_id").unique().collect().to_pandas()["customer_id"]
    if len(ids) > MOST_CUSTOMERS:
        chosen = sorted(ids, key=lambda one: (crc32(str(one).encode()), one))[:MOST_CUSTOMERS]
        own = nw.col("customer_id").is_in(chosen)
        tables = of_customers(tables, own, load=lambda table: materialise(table, "compared"))
    frames = []
    for back in range(_DATES - 1, -1, -1):
        day = today - _EVERY_DAYS * back
        if day - first < active:
            continue
        features = build_features(history_before(tables, day), parts.recipe, purchases=parts.purchases)
        features = features.set_index("customer_id")
        recent = features["days_since_last_order"] <= active
        frame = features[recent].astype(float)
        frames.append(frame.assign(churn_probability=parts.churn.probability(features[recent], day)))
    return min(len(ids), MOST_CUSTOMERS), frames


def _log(config: Config, found: Monitored) -> None:
    store = open_store(config.tracking.uri, root=config.folder, experiment=config.tracking.experiment)
    metrics = {"rules": float(len(found.rules)), "drifted": float(sum(m.is_drifted for m in found.drift))}
    due = [vintage for vintage in found.vintages if vintage["is_due"]]
    if due:
        newest = due[-1]
        metrics |= {
            f"newest.{key}": float(newest[key]) for key in ("promised", "realised") if newest[key] is not None
        }
        metrics |= {f"newest.{k}": float(v) for k, v in newest["metrics"].items() if v is not None}
    log_result(
        store,
        "monitoring",
        run_name=f"monitoring {found.as_of}",
        result=found.to_dict(),
        metrics=metrics,
        tags={
            "patron.as_of": found.as_of.isoformat(),
            "patron.model": found.model,
            "patron.status": found.status,
            "patron.rules": ",".join(rule.rule for rule in found.rules) or "none",
        },
    )
