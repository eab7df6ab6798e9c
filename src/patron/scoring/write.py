"""Write scores beside the old ones and rename: a killed run leaves the previous file whole.

In:  score rows, or files with parts of them.
Out: one Parquet or CSV file whose bytes do not depend on how the rows were cut into parts.
Not here: which parts there are (`workflows.batch`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from patron.columns import FORMULA, SCORE_COLUMNS
from patron.errors import PatronError
from patron.scoring._numbers import significant
from patron.scoring.standing import status_counts
from patron.whole_files import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = 10
#: Rows of a Parquet row group, however many came at once.
_GROUP_ROWS = 50_000


def as_rounded(scores: pd.DataFrame) -> pd.DataFrame:
    """Round floats to 10 significant digits, so that the last bits of a sum leave no trace in a file.

    Parameters
    ----------
    scores : pandas.DataFrame
        Score rows.

    Returns
    -------
    pandas.DataFrame
        A copy.

    Examples
    --------
    >>> as_rounded(pd.DataFrame({"clv": [1 / 3]}))["clv"].item()
    0.3333333333
    """
    rounded = scores.copy()
    for name in rounded.select_dtypes(np.float64):
        rounded[name] = significant(rounded[name].to_numpy(), _DIGITS)
    return rounded


def write_scores(scores: pd.DataFrame, path: Path) -> Path:
    """Write a score table as Parquet or CSV, by the ending of the name.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `score_customers`.
    path : Path
        ``.parquet`` or ``.csv``; folders are made.

    Returns
    -------
    Path
        The file, complete.

    Raises
    ------
    PatronError
        If the ending is another one.
    """
    check_scores_name(path)
    rounded = as_rounded(scores)
    with whole_file(path) as beside:
        if path.suffix == ".csv":
            _write_csv([rounded], beside)
        else:
            _write_parquet([_table(rounded)], beside, list(scores.columns))
    return path


def join_scores(parts: Sequence[Path], path: Path) -> dict[str, int]:
    """Join Parquet files of `write_scores`, a part at a time.

    Parameters
    ----------
    parts : sequence of Path
        Each with customers after those of the one before.
    path : Path
        ``.parquet`` or ``.csv``, overwritten; the bytes are those of `write_scores` with all rows at once.

    Returns
    -------
    dict
        `status_counts` of the rows.

    Raises
    ------
    PatronError
        If a customer is twice in the parts, or out of order.
    """
    counts: Counter[str] = Counter()
    tables = _read_parts(parts, counts) if parts else iter([_schema(list(SCORE_COLUMNS)).empty_table()])
    if path.suffix == ".csv":
        _write_csv((_frame(table) for table in tables), path)
    else:
        _write_parquet(tables, path, list(SCORE_COLUMNS))
    return {**status_counts(()), **counts, "customers": counts.total()}


def read_written(path: Path) -> pd.DataFrame:
    """Read a Parquet file of `write_scores` back, as the frame that was written.

    Parameters
    ----------
    path : Path
        ``.parquet``.

    Returns
    -------
    pandas.DataFrame
        Rounded as in the file.
    """
    import pyarrow.parquet as pq

    return _frame(pq.read_table(path, partitioning=None))


def check_scores_name(path: Path) -> None:
    """Refuse a name that says neither Parquet nor CSV: before the work is done, not after.

    Parameters
    ----------
    path : Path
        Where scores are to be written.

    Raises
    ------
    PatronError
        If the ending is another one.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise PatronError(f"Scores are written as .parquet or .csv, not '{path.name}'. Change --out.")


def _read_parts(parts: Sequence[Path], counts: Counter[str]) -> Iterator[pa.Table]:
    """Read the parts one after the other, counting; every customer must come after the one before."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    before: str | None = None
    for part in parts:
        table = pq.read_table(part, schema=_schema(list(SCORE_COLUMNS)), partitioning=None)
        ids = table["customer_id"].combine_chunks()
        rising = len(ids) < 2 or pc.all(pc.less(ids[:-1], ids[1:])).as_py()
        if not rising or (before is not None and len(ids) and not before < ids[0].as_py()):
            raise PatronError(
                f"The part '{part.name}' of the scores repeats a customer, or has one out of order.",
                next_step=f"Remove the folder '{part.parent}' and run patron score again.",
            )
        before = ids[-1].as_py() if len(ids) else before
        counts.update(table["status"].to_pylist())
        yield table


def _schema(names: Sequence[str]) -> pa.Schema:
    # imported here: a service that scores in memory does without pyarrow
    import pyarrow as pa

    types = {
        "int": pa.int64(),
        "float": pa.float64(),
        "date": pa.date32(),
        "text": pa.string(),
        "json": pa.string(),
    }
    return pa.schema([(name, types[SCORE_COLUMNS[name].kind]) for name in names])


def _table(scores: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    schema = _schema(list(scores.columns))
    return pa.Table.from_pandas(scores, schema=schema, preserve_index=False).replace_schema_metadata(None)


def _frame(table: pa.Table) -> pd.DataFrame:
    """Return rows with the types they had before they were written."""
    columns: dict[str, object] = {}
    for name in table.column_names:
        kind, column = SCORE_COLUMNS[name].kind, table[name]
        if kind == "float":
            columns[name] = column.to_numpy()
        elif kind == "int":  # counts may be missing
            columns[name] = pd.array(column.to_pandas(types_mapper=lambda _: pd.Int64Dtype()))
        else:
            columns[name] = pd.Series(column.to_pylist(), dtype=object)
    return pd.DataFrame(columns)


def _write_parquet(tables: Iterable[pa.Table], path: Path, names: Sequence[str]) -> None:
    """Write row groups of `_GROUP_ROWS`, whatever the tables hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(names)
    waiting = schema.empty_table()
    with pq.ParquetWriter(path, schema) as writer:
        for table in tables:
            waiting = pa.concat_tables([waiting, table])
            while len(waiting) >= _GROUP_ROWS:
                writer.write_table(waiting.slice(0, _GROUP_ROWS).combine_chunks())
                waiting = waiting.slice(_GROUP_ROWS)
        if len(waiting):
            writer.write_table(waiting.combine_chunks())


def _write_csv(frames: Iterable[pd.DataFrame], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, frame in enumerate(frames):
            # with this end of line a carriage return inside a text is quoted, too
            _safe_text(frame).to_csv(file, index=False, header=number == 0, lineterminator="\r\n")


def _safe_text(scores: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run."""
    for name in scores.select_dtypes(["object", "string"]):
        scores[name] = [f"'{v}" if isinstance(v, str) and v.startswith(FORMULA) else v for v in scores[name]]
    return scores
