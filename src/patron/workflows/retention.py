"""`patron retention`: who stayed, left and came back, cohorts and lifespans, from the ledger alone.

In:  a config, how to split, which periods.
Out: `Retained`, and the tables as CSV and JSON below the output folder.
Not here: the definitions (`patron.retention`), words (`patron.cli`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.config import Config
from patron.retention import (
    Lifespan,
    LifetimeValue,
    cohorts,
    lifespan,
    lifetime_value,
    retention_by_column,
)
from patron.scoring import write_scores
from patron.snapshots import RhythmRule, to_day
from patron.workflows.base import Base, open_base

Progress = Callable[[str], None]
FOLDER = "retention"


@dataclass(frozen=True)
class Retained:
    """What was measured.

    Parameters
    ----------
    every, by : str, str or None
        Length of the periods, and the column they are split by.
    as_of : date
        Nothing at or after it counts.
    currency : str or None
        ISO code of the money columns.
    simulated : bool
        The orders are made up.
    active_days : int
        A customer silent for longer is lost.
    metrics, cohorts : pandas.DataFrame
        As in `retention.retention_metrics` and `retention.cohorts`.
    lifespan : Lifespan
        Of all customers.
    lifetime_value : LifetimeValue
        Averages over all customers.
    files : dict of str to Path
        ``metrics``, ``cohorts`` (CSV) and ``all`` (JSON).
    """

    every: str
    by: str | None
    as_of: date
    currency: str | None
    simulated: bool
    active_days: int
    metrics: pd.DataFrame
    cohorts: pd.DataFrame
    lifespan: Lifespan
    lifetime_value: LifetimeValue
    files: dict[str, Path]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able data: null, never NaN; dates as text."""
        return {
            "rows": _records(self.metrics),
            "every": self.every,
            "by": self.by,
            "as_of": self.as_of.isoformat(),
            "active_days": self.active_days,
            "currency": self.currency,
            "simulated": self.simulated,
            "lifespan": asdict(self.lifespan),
            "lifetime_value": asdict(self.lifetime_value),
            "cohorts": _records(self.cohorts),
            "files": {name: str(path.resolve()) for name, path in self.files.items()},
        }


def retention(
    config: Config,
    *,
    by: str | None = None,
    every: str = "month",
    start: date | None = None,
    end: date | None = None,
    include_current: bool = False,
    progress: Progress = lambda _step: None,
) -> Retained:
    """Measure retention over the periods of a config's ledger.

    Parameters
    ----------
    config : Config
        The whole config.
    by : str, optional
        ``tier``, ``value_tier``, ``lifecycle_stage`` or a column of ``ledger.customers``.
    every : str
        ``month``, ``quarter`` or ``year``.
    start, end : date, optional
        Count periods from this day, and up to that one; cohorts are those of the whole ledger.
    include_current : bool
        Also the unfinished period.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Retained

    Raises
    ------
    PatronError
        If there is no column `by`, or no whole period.
    """
    progress("orders")
    base = open_base(config, items=())
    day, active_days, digits = to_day(base.ledger.as_of), config.churn.active_days, base.ledger.minor_digits
    progress("retention")
    choice: dict[str, Any] = {"every": every, "include_current": include_current}
    choice |= {name: to_day(when) for name, when in (("start_day", start), ("end_day", end)) if when}
    metrics = retention_by_column(
        base.tables, day, by, active_days=active_days, minor_digits=digits, **metric_limits(config), **choice
    )
    progress("cohorts")
    span = lifespan(base.tables, day, active_days=active_days)
    worth = lifetime_value(
        base.tables, day, span, active_days=active_days, margin=config.clv.margin, minor_digits=digits
    )
    triangle = cohorts(base.tables, day, every=every, minor_digits=digits)
    done = _retained(config, base, every, by, metrics, triangle, span, worth)
    progress("files")
    _write(done)
    return done


def metric_limits(config: Config) -> dict[str, Any]:
    """Return what the definitions of the metrics leave open, as a config sets it."""
    rhythm = config.churn.rhythm
    own = RhythmRule(rhythm.quantile, float(rhythm.min_days), float(rhythm.max_days))
    return {
        "new_days": config.segments.new_days,
        "growing_days": config.segments.growing_days,
        "rhythm": own if config.churn.label == "rhythm" else None,
        "nps_scale": config.nps_scale,
    }


def _retained(
    config: Config,
    base: Base,
    every: str,
    by: str | None,
    metrics: pd.DataFrame,
    triangle: pd.DataFrame,
    span: Lifespan,
    worth: LifetimeValue,
) -> Retained:
    folder = config.output_folder / FOLDER
    name = every if by is None else f"{every}_by_{_file_name(by)}"
    return Retained(
        every=every,
        by=by,
        as_of=base.ledger.as_of,
        currency=base.ledger.currency,
        simulated=config.simulated,
        active_days=config.churn.active_days,
        metrics=metrics,
        cohorts=triangle,
        lifespan=span,
        lifetime_value=worth,
        files={
            "metrics": folder / f"retention_{name}.csv",
            "cohorts": folder / f"cohorts_{every}.csv",
            "all": folder / f"retention_{name}.json",
        },
    )


def _file_name(column: str) -> str:
    """Return a column's name without what a file's name may not hold; two columns never share one."""
    plain = re.sub(r"[^\w.-]", "_", column)
    return plain if plain == column else f"{plain}-{hashlib.sha256(column.encode()).hexdigest()[:8]}"


def _write(done: Retained) -> None:
    mark = {"simulated": True} if done.simulated else {}
    write_scores(done.metrics.assign(**mark), done.files["metrics"])
    write_scores(done.cohorts.assign(**mark), done.files["cohorts"])
    text = json.dumps(done.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
    done.files["all"].write_text(text + "\n", encoding="utf-8")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [
        {str(k): v.isoformat() if isinstance(v, date) else v for k, v in row.items()}
        for row in plain.to_dict(orient="records")
    ]
