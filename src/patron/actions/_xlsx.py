"""Spreadsheets of the Monday desk: tables and plain lines in, the bytes of a workbook out.

In:  sheets as plain values with their formats. Out: bytes, the same for the same input.
Not here: what stands in the sheets (`files`). Text is never run: a cell that begins like a formula gets an
apostrophe, the same one that scores files get, and is stored as text.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd

from patron.actions.columns import DAY_OF_THE_LIST_PROPERTY, WorklistColumn
from patron.columns import FORMULA

FORMATS = {
    "text": "@",
    "date": "yyyy-mm-dd",
    "money": "#,##0.00;[Red]-#,##0.00",
    "share": "0%",
    "count": "0",
}
#: A zip file has no earlier time; a fixed one makes the same list the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LONGEST_CELL = 32_000
#: A spreadsheet takes 255 characters, codes included.
_LONGEST_HEADER = 200
_LINE_WIDTHS = (44, 18, 14, 14, 12, 16)
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff￾￿]")


@dataclass(frozen=True)
class TableSheet:
    """A sheet with one table.

    Parameters
    ----------
    title : str
        Name of the sheet.
    columns : mapping
        Column -> kind, header, width.
    rows : pandas.DataFrame
        With these columns.
    choices : mapping
        Column -> the words a reader may choose from.
    page_header : str
        Printed on top of every page.
    """

    title: str
    columns: Mapping[str, WorklistColumn]
    rows: pd.DataFrame
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    page_header: str = ""


@dataclass(frozen=True)
class LineSheet:
    """A sheet of lines: a heading, a sentence, or cells beside each other.

    Parameters
    ----------
    title : str
        Name of the sheet.
    lines : sequence
        Each a text (a heading where it begins with ``# ``) or a sequence of values.
    """

    title: str
    lines: Sequence[str | Sequence[Any]]


def workbook_bytes(
    sheets: Sequence[TableSheet | LineSheet], *, day: date, title: str, language: str, choice_error: str
) -> bytes:
    """Write a workbook.

    Parameters
    ----------
    sheets : sequence
        In their order.
    day : date
        Day of the list, for whoever reads the file back.
    title : str
        For the file's properties.
    language : str
        Of the headers.
    choice_error : str
        Said when a reader types a word that is none of the choices.

    Returns
    -------
    bytes
    """
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        page = book.create_sheet(sheet.title)
        if isinstance(sheet, TableSheet):
            _fill_table(page, sheet, language, choice_error)
        else:
            _fill_lines(page, sheet)
    book.properties.creator, book.properties.title = "patron", safe_cell(title)
    setattr(book.properties, DAY_OF_THE_LIST_PROPERTY, day.isoformat())
    book.properties.created = book.properties.modified = datetime(day.year, day.month, day.day)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()
    return _without_times(written.getvalue())


def printable(text: str) -> str:
    """Replace what neither a spreadsheet nor a page can hold, such as control characters, by spaces.

    Examples
    --------
    >>> printable(f"Mü{chr(11)}ller{chr(7)}")
    'Mü ller '
    """
    return _ILLEGAL.sub(" ", text)


def safe_cell(value: object) -> Any:
    """Return what may stand in a cell: None for anything missing, text that no spreadsheet runs.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(1)"), safe_cell("Müller"), safe_cell(float("nan"))
    ("'=HYPERLINK(1)", 'Müller', None)
    """
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return None
    if isinstance(value, str):
        text = printable(value)[:_LONGEST_CELL]
        return f"'{text}" if text.startswith(FORMULA) else text
    return value.item() if hasattr(value, "item") else value


def _fill_table(page: Any, sheet: TableSheet, language: str, choice_error: str) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for position, (name, column) in enumerate(sheet.columns.items(), start=1):
        head = page.cell(1, position, column.header(language))
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="DCE6F0")
        head.alignment = Alignment(wrap_text=True, vertical="top")
        page.column_dimensions[get_column_letter(position)].width = column.width
        wrap = Alignment(wrap_text=column.kind == "text", vertical="top")
        values = sheet.rows[name].tolist() if name in sheet.rows else [None] * len(sheet.rows)
        for line, value in enumerate(values, start=2):
            cell = page.cell(line, position)
            _set(cell, value)
            cell.number_format, cell.alignment = FORMATS[column.kind], wrap
    _choices(page, sheet, choice_error)
    end = f"{get_column_letter(len(sheet.columns))}{len(sheet.rows) + 1}"
    page.auto_filter.ref = f"A1:{end}"
    # the columns up to the name stay in view
    page.freeze_panes = f"{get_column_letter(list(sheet.columns).index('name') + 2)}2"
    _printed(page, sheet.page_header)
    page.print_title_rows = "1:1"


def _set(cell: Any, value: object) -> None:
    safe = safe_cell(value)
    cell.value = safe
    if isinstance(safe, str):
        cell.data_type = "s"


def _choices(page: Any, sheet: TableSheet, choice_error: str) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for name, words in sheet.choices.items():
        letter = get_column_letter(list(sheet.columns).index(name) + 1)
        rule = DataValidation(type="list", formula1='"' + ",".join(words) + '"', allow_blank=True)
        rule.error, rule.showErrorMessage = choice_error, True
        page.add_data_validation(rule)
        rule.add(f"{letter}2:{letter}{max(2, len(sheet.rows) + 1)}")


def _printed(page: Any, header: str) -> None:
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    if header:
        page.oddHeader.left.text = _header_text(header)
    page.oddFooter.right.text = "&P / &N"


def _header_text(header: str) -> str:
    """Write a header of one line: an ampersand begins a code there, two of them are one."""
    signs = [sign * 2 if sign == "&" else sign for sign in " ".join(printable(header).splitlines())]
    while sum(map(len, signs)) > _LONGEST_HEADER:
        signs.pop()
    return "".join(signs)


def _fill_lines(page: Any, sheet: LineSheet) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for number, line in enumerate(sheet.lines, start=1):
        cells = [line] if isinstance(line, str) else list(line)
        for position, value in enumerate(cells, start=1):
            cell = page.cell(number, position)
            is_heading = isinstance(value, str) and value.startswith("# ")
            _set(cell, value[2:] if is_heading and isinstance(value, str) else value)
            cell.font, cell.alignment = Font(bold=is_heading), Alignment(vertical="top")
            if isinstance(line, str) and line:
                _across(page, number, line)
            kind = "date" if isinstance(value, date) else "money" if isinstance(value, float) else None
            cell.number_format = FORMATS[kind] if kind else "General"
    for position, width in enumerate(_LINE_WIDTHS, start=1):
        page.column_dimensions[get_column_letter(position)].width = width
    _printed(page, "")


def _across(page: Any, number: int, line: str) -> None:
    """Let a sentence run over all columns, on as many lines as it needs."""
    from openpyxl.styles import Alignment

    page.merge_cells(start_row=number, end_row=number, start_column=1, end_column=len(_LINE_WIDTHS))
    page.cell(number, 1).alignment = Alignment(wrap_text=True, vertical="top")
    # a Chinese character is as wide as two others
    width = sum(2 if ord(letter) > 0x2E80 else 1 for letter in line)
    page.row_dimensions[number].height = 15.5 * max(1, math.ceil(width / (sum(_LINE_WIDTHS) - 8)))


def _without_times(written: bytes) -> bytes:
    """Pack the same parts again under one fixed time."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(written)) as parts,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in parts.namelist():
            part = zipfile.ZipInfo(name, date_time=_EPOCH)
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(part, parts.read(name))
    return packed.getvalue()
