"""Write scores beside the old ones and rename: a killed run leaves the previous file whole."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from patron.columns import SCORE_COLUMNS
from patron.errors import PatronError
from patron.scoring._numbers import significant

_DIGITS = 10
# A cell that begins like this would be run as a formula by a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".unfinished", dir=path.parent)
    os.close(handle)
    try:
        if path.suffix == ".csv":
            # with this end of line a carriage return inside a text is quoted, too
            _safe_text(as_rounded(scores)).to_csv(beside, index=False, lineterminator="\r\n")
        else:
            _write_parquet(as_rounded(scores), beside)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)
    return path


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


def _write_parquet(scores: pd.DataFrame, path: str) -> None:
    # imported here: a service that scores in memory does without pyarrow
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "int": pa.int64(),
        "float": pa.float64(),
        "date": pa.date32(),
        "text": pa.string(),
        "json": pa.string(),
    }
    schema = pa.schema([(name, types[SCORE_COLUMNS[name].kind]) for name in scores.columns])
    table = pa.Table.from_pandas(scores, schema=schema, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), path)


def _safe_text(scores: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run."""
    for name in scores.select_dtypes(["object", "string"]):
        scores[name] = [f"'{v}" if isinstance(v, str) and v.startswith(FORMULA) else v for v in scores[name]]
    return scores
