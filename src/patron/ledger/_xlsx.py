"""Spreadsheets.

In: ``.xlsx`` paths. Out: a pandas frame of the cells as they are. Not here: their meaning.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from patron.errors import LedgerError


def read_xlsx(paths: Sequence[Path], where: str) -> pd.DataFrame:
    """Read the first sheet of each file; its first row names the columns."""
    return read_sheets(paths, where)[0]


def read_sheets(paths: Sequence[Path], where: str) -> tuple[pd.DataFrame, list[tuple[str, int]]]:
    """Read the first sheet of each file; say for every row its file and its row there, from 1 on.

    Raises
    ------
    LedgerError
        A file that is no workbook, has no rows, or has other columns than the first.
    """
    frames = [_one(path) for path in paths]
    for path, frame in zip(paths, frames, strict=True):
        if set(frame.columns) != set(frames[0].columns):
            message = (
                f"{path.name} does not have the columns of {paths[0].name}; give the files the same columns"
            )
            raise LedgerError(message)
    table = frames[0] if len(frames) == 1 else pd.concat(frames)
    files = [path.name for path, frame in zip(paths, frames, strict=True) for _ in range(len(frame))]
    stands = list(zip(files, table.index.tolist(), strict=True))
    if table.empty:
        message = f"{where} has a header but no rows; give it the orders"
        raise LedgerError(message)
    return table.reset_index(drop=True), stands


def _one(path: Path) -> pd.DataFrame:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and printer settings that openpyxl does not know
            book = load_workbook(path, read_only=True, data_only=True)
            rows = list(book.worksheets[0].iter_rows(values_only=True))
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        message = f"{path.name}: cannot be read as a spreadsheet ({error}); save it again as .xlsx"
        raise LedgerError(message) from None
    numbered = [(i, row) for i, row in enumerate(rows, start=1) if any(cell is not None for cell in row)]
    if not numbered:
        message = f"{path.name}: the first sheet is empty; put the orders there"
        raise LedgerError(message)
    header = numbered[0][1]
    names = [f"column {i + 1}" if cell is None else str(cell).strip() for i, cell in enumerate(header)]
    cells = [tuple(row) + (None,) * (len(names) - len(row)) for _, row in numbered[1:]]
    return pd.DataFrame(cells, index=[i for i, _ in numbered[1:]], columns=names, dtype=object)
