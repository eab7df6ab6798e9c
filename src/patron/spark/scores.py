"""Score a customer base on Spark: every task scores whole customers, by the same model.

In:  order lines in a Spark frame, or customer tables on Spark, and a model. Out: score rows as a Spark frame.
Not here: files (`patron.workflows.score_spark`), reading lines (`patron.ledger`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from patron.arrays import array_frame
from patron.columns import SCORE_COLUMNS
from patron.errors import ModelError
from patron.ledger import Ledger, LedgerReport, load_ledger, materialise
from patron.model import PatronModel, load_model_folder
from patron.model._fit import check_fit, reading_rules
from patron.snapshots import CustomerMerge, CustomerTables, customer_tables, to_day
from patron.spark._groups import NEWEST, Beside, stream_of, tables_of_rows, whole_customers

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Rows of the stream that are scored at once: enough to make the fixed cost of a call small.
_ROWS_AT_ONCE = 200_000
_SPARK_TYPES = {"int": "bigint", "float": "double", "date": "date", "text": "string", "json": "string"}


@dataclass(frozen=True)
class ScoreTask:
    """What runs on an executor; Spark sends it there with the model inside, once per stage.

    Parameters
    ----------
    model : PatronModel
        Loaded and checked by the driver.
    beside : Beside
        Attributes, events, merges.
    as_of, currency, minor_digits, report
        Of the ledger.
    language : str or None
        As in `PatronModel.score`.
    """

    model: PatronModel
    beside: Beside
    as_of: date
    currency: str | None
    minor_digits: int
    report: LedgerReport
    language: str | None

    def __call__(self, batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Score the customers of a partition, in order."""
        nothing = array_frame({})  # the tables hold all that is known of the lines
        ledger = Ledger(nothing, self.as_of, self.currency, self.minor_digits, self.report)
        for rows in whole_customers(batches, _ROWS_AT_ONCE):
            tables = tables_of_rows(rows, self.beside)
            yield self.model.score_tables(tables, ledger, language=self.language)[list(SCORE_COLUMNS)]


def score_tables_with_spark(
    tables: CustomerTables, ledger: Ledger, model: PatronModel, *, language: str | None = None
) -> DataFrame:
    """Score customer tables that are on Spark.

    Parameters
    ----------
    tables : CustomerTables
        Of `snapshots.customer_tables` on the lines of a Spark frame.
    ledger : Ledger
        Where they came from.
    model : PatronModel
        Without features of the user's own.
    language : str, optional
        As in `PatronModel.score`.

    Returns
    -------
    pyspark.sql.DataFrame
        `columns.SCORE_COLUMNS`, one row per customer, in the order of ``customer_id``.

    Raises
    ------
    ModelError
        If the orders do not fit the model, or it has features of the user's own.
    """
    own = [feature.name for feature in model.parts.recipe.custom]
    if own:
        raise ModelError(
            f"the model has {len(own)} features of your own, e.g. '{own[0]}': their code "
            "is not sent to executors",
            next_step="Score it with --engine duckdb, or train a model without them.",
        )
    check_fit(model.parts, tables, ledger)
    day = to_day(ledger.as_of)
    beside = Beside.of(tables, day)
    task = ScoreTask(
        model, beside, ledger.as_of, ledger.currency, ledger.minor_digits, ledger.report, language
    )
    stream = stream_of(tables, beside, day)
    partitions = int(str(stream.sparkSession.conf.get("spark.sql.shuffle.partitions")))
    schema = ", ".join(f"{name} {_SPARK_TYPES[column.kind]}" for name, column in SCORE_COLUMNS.items())
    # by range and not by hash: the scores then come out in the order of the customers without another shuffle
    divided = stream.repartitionByRange(partitions, NEWEST).sortWithinPartitions(NEWEST)
    return divided.mapInPandas(task, schema)


def score_with_spark(
    orders: DataFrame,
    model_folder: str | Path,
    as_of: str | date = "latest",
    *,
    customers: pd.DataFrame | None = None,
    events: pd.DataFrame | None = None,
    merges: Sequence[CustomerMerge] = (),
    language: str | None = None,
) -> DataFrame:
    """Score the customers of a Spark frame of order lines; the rows are those of `PatronModel.score`.

    Parameters
    ----------
    orders : pyspark.sql.DataFrame
        ``customer_id``, ``ordered_at``, ``amount`` and what else the training ledger had, under patron's
        names.
    model_folder : str or Path
        On the driver; it is loaded there and travels to the executors with the task.
    as_of : str or date
        Only what lies before the start of this day is used.
    customers, events, merges, language
        As in `PatronModel.score`: small frames of pandas, which every executor holds.

    Returns
    -------
    pyspark.sql.DataFrame
        `columns.SCORE_COLUMNS`, one row per customer, ordered by ``customer_id``. The checked lines and the
        customer tables stay cached until the session ends or `clearCache`.

    Raises
    ------
    LedgerError
        If the orders cannot be used.
    ModelError
        If the orders do not fit the model, or it has features of the user's own.
    """
    model = load_model_folder(model_folder)
    ledger = load_ledger(orders, as_of=as_of, **reading_rules(model.ledger_rules, orders))
    tables = customer_tables(
        ledger.lines,
        keep=materialise,
        items=model.parts.recipe.items,
        attributes=customers,
        events=events,
        merges=tuple(merges),
    )
    return score_tables_with_spark(tables, ledger, model, language=language)
