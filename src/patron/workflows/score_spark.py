"""`patron score --engine spark`: the same model and the same rows, made on Spark.

In:  a config whose order files every executor sees. Out: the scores file, or a folder of its parts.
Not here: what a score is (`patron.scoring`), how it is divided (`patron.spark`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from patron.columns import SCORE_COLUMNS
from patron.config import Config
from patron.errors import PatronError
from patron.ledger import Ledger, SqlQuery, load_ledger, materialise
from patron.ledger.publish import Published
from patron.model import PatronModel
from patron.scoring import check_scores_name, status_counts, write_scores
from patron.snapshots import customer_tables
from patron.workflows.base import beside_orders, order_source, reading_rules
from patron.workflows.publishing import publish
from patron.workflows.score import changed_since, open_model, refuse_stale
from patron.workflows.score_files import scores_path

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ScoredOnSpark:
    """What a scoring on Spark made.

    Parameters
    ----------
    path : Path
        The scores file, or the folder of Parquet parts.
    model : PatronModel
        What scored.
    counts : dict
        Customers by status.
    ledger : Ledger
        What was scored; its lines are on Spark.
    warnings : list of str
        What a reader should know.
    published : Published or None
        What went to the database that the config names.
    """

    path: Path
    model: PatronModel
    counts: dict[str, int]
    ledger: Ledger
    warnings: list[str]
    published: Published | None = None


def score_on_spark(
    config: Config,
    *,
    model: str | None = None,
    out: str | None = None,
    allow_stale: bool = False,
    progress: Progress = lambda _step: None,
) -> ScoredOnSpark:
    """Score the customer base of a config on Spark.

    Parameters
    ----------
    config : Config
        The whole config; ``ledger.transactions`` is a Parquet or CSV file or a folder of them.
    model : str, optional
        As in `score`.
    out : str, optional
        ``.parquet`` or ``.csv``: one file, by way of the driver's memory. A name that ends in ``/``: a folder
        to which the executors write Parquet parts, in the order of the customers.
    allow_stale : bool
        As in `score`.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    ScoredOnSpark

    Raises
    ------
    Refused
        If the data are stale or have collapsed; the last output stays.
    PatronError
        If there is no Java, or the orders are of a kind that Spark does not read.
    """
    # imported here: who scores without Spark need not have it
    from patron.ledger.spark_files import spark_orders
    from patron.spark import open_session, score_tables_with_spark

    source = order_source(config)
    if isinstance(source, SqlQuery):
        message = "--engine spark reads files; ledger.transactions is a query"
        raise PatronError(message, "Leave --engine out, or write the orders to Parquet first.")
    to_folder = out is not None and out.endswith("/")
    if out is not None and not to_folder:
        check_scores_name(Path(out))
    progress("model")
    loaded = open_model(config, model)
    progress("orders")
    session = open_session(config.engine.threads)
    try:
        csv = config.ledger.csv.model_dump()
        orders = spark_orders(session, source, csv=csv)
        columns = config.ledger.columns.mapping
        rules = reading_rules(config)
        ledger = load_ledger(orders, columns=columns, csv=csv, as_of=config.as_of, **rules)
        if not allow_stale:
            refuse_stale(config, ledger)
        items = loaded.parts.recipe.items
        tables = customer_tables(ledger.lines, keep=materialise, items=items, **beside_orders(config))
        progress("scores")
        scores = score_tables_with_spark(tables, ledger, loaded, language=config.language)
        path = Path(out) if out is not None else scores_path(config, ledger.as_of)
        counts = _write_parts(scores, path) if to_folder else _write_file(scores, path)
    finally:
        session.catalog.clearCache()  # the session may be another's, and go on
    published = publish(config, path, progress)
    return ScoredOnSpark(path, loaded, counts, ledger, changed_since(config, loaded), published)


def _write_file(scores: DataFrame, path: Path) -> dict[str, int]:
    frame = scores.toPandas()
    whole = [name for name, column in SCORE_COLUMNS.items() if column.kind == "int"]
    frame = frame.astype(dict.fromkeys(whole, "Int64"))
    write_scores(frame, path)
    return status_counts(frame["status"])


def _write_parts(scores: DataFrame, path: Path) -> dict[str, int]:
    """Let the executors write; the folder holds a file ``_SUCCESS`` once it is whole."""
    scores.write.mode("overwrite").parquet(str(path))
    counted = scores.sparkSession.read.parquet(str(path)).groupBy("status").count().collect()
    found = {row["status"]: int(row["count"]) for row in counted}
    return {**status_counts(()), **found, "customers": sum(found.values())}
