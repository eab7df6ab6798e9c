"""`patron backtest`: check -> tables -> past dates -> JSON file, HTML page, MLflow run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from patron.config import Config
from patron.evaluation import Backtest, BacktestTerms, CallTerms, StageLimits, run_backtest
from patron.registry import log_backtest, open_store
from patron.reports import write_backtest_page
from patron.snapshots import to_day
from patron.whole_files import write_text
from patron.workflows.base import Base, open_base_for_snapshots
from patron.workflows.digests import data_digest
from patron.workflows.train import items_of, terms_of

Progress = Callable[[str], None]
#: Below the output folder.
FOLDER = "backtests"


@dataclass(frozen=True)
class Backtested:
    """What a backtest made.

    Parameters
    ----------
    result : Backtest
        The figures and the verdict.
    path : Path
        The JSON file.
    page : Path
        The HTML page.
    run_id : str
        Of the MLflow run; each date is a run below it.
    """

    result: Backtest
    path: Path
    page: Path
    run_id: str


def backtest(
    config: Config, *, cutoffs: int = 4, out: Path | None = None, progress: Progress = lambda _step: None
) -> Backtested:
    """Run the configured method on past dates and write down what it would have been worth.

    Parameters
    ----------
    config : Config
        The whole config.
    cutoffs : int
        How many past dates, the newest ones whose outcome is known.
    out : Path, optional
        JSON file; below the output folder when None. The page lies beside it.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Backtested
    """
    progress("orders")
    base = open_base_for_snapshots(config, items=items_of(config))
    day, first_day = to_day(base.ledger.as_of), to_day(base.ledger.report.first_day or base.ledger.as_of)
    terms = backtest_terms(config, base)
    result = run_backtest(base.tables, day, first_day, terms, cutoffs=cutoffs, progress=progress)
    progress("report page")
    path = out or config.output_folder / FOLDER / f"{base.ledger.as_of}.json"
    found = result.to_dict(config.language)
    write_text(path, json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    page = write_backtest_page(path.with_suffix(".html"), found, title=config.name, language=config.language)
    progress("tracking")
    return Backtested(result, path, page, _log(config, base, result, page))


def backtest_terms(config: Config, base: Base) -> BacktestTerms:
    """Translate a config into the plain terms of `evaluation.run_backtest`.

    Parameters
    ----------
    config : Config
        The whole config.
    base : Base
        Tells the currency, the columns and the values of attributes.

    Returns
    -------
    BacktestTerms
    """
    terms = terms_of(config, base)
    calls = config.worklist
    owners = base.tables.attributes is not None and "owner" in base.tables.attributes
    # the default capacity is one owner's; without owners, and unless it was written down, a tenth is called
    per_owner = calls.capacity if owners or "capacity" in calls.model_fields_set else None
    by = [*config.features.attributes, *([config.clv.by] if config.clv.by else [])]
    return BacktestTerms(
        churn=terms.churn,
        value=terms.value,
        limits=StageLimits(config.churn.active_days, config.segments.new_days, config.segments.growing_days),
        annual_discount_rate=config.clv.annual_discount_rate,
        currency=base.ledger.currency,
        calls=CallTerms(calls.save_rate, calls.cost, per_owner),
        by=tuple(dict.fromkeys(by)),
        workers=config.engine.threads or -1,
    )


def newest_backtest(config: Config, as_of: date | str) -> dict[str, Any] | None:
    """Return the newest backtest of the output folder that was run no later than a day, None without one.

    Parameters
    ----------
    config : Config
        With the output folder.
    as_of : date or str
        The day of the report.

    Returns
    -------
    dict or None
        As `Backtest.to_dict`.
    """
    files = sorted((config.output_folder / FOLDER).glob("????-??-??.json"))
    files = [path for path in files if path.stem <= str(as_of)]
    for path in reversed(files):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and {"cutoffs", "churn", "verdict_in_words"} <= set(found):
            return found
    return None


def _log(config: Config, base: Base, result: Backtest, page: Path) -> str:
    store = open_store(config.tracking.uri, root=config.folder, experiment=config.tracking.experiment)
    digest = data_digest(base.tables)
    return log_backtest(
        store,
        run_name=f"backtest {config.name} {base.ledger.as_of}",
        params=config.to_dict(),
        result=result.to_dict(config.language),
        tags={
            "patron.as_of": base.ledger.as_of.isoformat(),
            "patron.data_sha256": digest,
            **{f"patron.grade.{what}": letter for what, letter in result.grade.items() if letter},
        },
        page=page,
        data=(config.name, digest),
    )
