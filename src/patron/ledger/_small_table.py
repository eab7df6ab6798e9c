"""Small tables beside the orders (customers, events).

In: a path or a frame. Out: a pandas frame of raw cells. Not here: meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from patron.errors import LedgerError, saying_what_to_install
from patron.ledger._csv_files import check_encoding, is_gzip, read_header
from patron.ledger._eager import narwhals_frame
from patron.ledger._files import find_files
from patron.ledger._options import CsvOptions, did_you_mean
from patron.ledger._xlsx import read_xlsx


@saying_what_to_install()
def read_small_table(source: object, csv: CsvOptions) -> tuple[pd.DataFrame, str]:
    """Return the cells and what to call the source.

    Raises
    ------
    LedgerError
        The source cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return source.reset_index(drop=True), "the frame"
    if not isinstance(source, str | Path):
        return narwhals_frame(source).to_pandas(), "the frame"
    files = find_files(Path(source))
    if files.kind == "xlsx":
        return read_xlsx(files.paths, files.where), files.where
    read = read_csv_text if files.kind == "csv" else _read_parquet
    return pd.concat([read(path, csv) for path in files.paths], ignore_index=True), files.where


def refuse_missing(raw: pd.DataFrame, where: str, needed: Sequence[str]) -> None:
    """Name the columns that are needed and not there, all at once.

    Raises
    ------
    LedgerError
        A needed column is missing.
    """
    names = [str(name) for name in raw.columns]
    problems = [
        f"{where}: no {name} column{did_you_mean(name, names)}; it has {', '.join(map(repr, names))}"
        for name in needed
        if name not in names
    ]
    if problems:
        raise LedgerError(problems)


def read_csv_text(path: Path, csv: CsvOptions, rows: int | None = None) -> pd.DataFrame:
    """Read a CSV file as text; ``rows`` limits how many.

    Raises
    ------
    LedgerError
        Encoding, separator or structure are wrong.
    """
    if rows is None:
        check_encoding(path, csv)
    if csv.is_utf8:
        read_header(path, csv)
    try:
        return pd.read_csv(
            path, sep=csv.separator, encoding=_without_mark(csv), dtype=str, keep_default_na=False,
            nrows=rows,
            compression="gzip" if is_gzip(path) else None, skipinitialspace=True,
            on_bad_lines="error" if rows is None else "skip",
        ).rename(columns=lambda name: str(name).strip())  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError) as error:
        message = (
            f"{path.name}: cannot be read as CSV ({str(error).strip()}); correct the line or the csv block"
        )
        raise LedgerError(message) from None


def _without_mark(csv: CsvOptions) -> str:
    return "utf-8-sig" if csv.is_utf8 else csv.encoding


def _read_parquet(path: Path, _csv: CsvOptions) -> pd.DataFrame:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        table: Any = parquet.read_table(path)
    except (arrow.ArrowException, OSError) as error:
        message = (
            f"{path.name}: cannot be read as Parquet ({str(error).splitlines()[0]}); write the file again"
        )
        raise LedgerError(message) from None
    frame: pd.DataFrame = nw.from_native(table, eager_only=True).to_pandas()
    return frame
