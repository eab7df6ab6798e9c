"""Worklists that come back from the salespeople, as their spreadsheets wrote them."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from patron.actions import Beside, CallTerms, Imported, Won, import_worklist, monday, workbook
from patron.actions.columns import OUTCOME_WORDS, WORKLIST_COLUMNS
from patron.errors import PatronError
from patron.ledger import load_actions

TODAY = date(2024, 7, 31)
_ASKED = ("rank", "owner", "customer_id", "name", "action", "outcome", "outcome_on", "outcome_note")
Row = tuple[Any, ...]


def filled_in(
    path: Path, *rows: Row, language: str = "en", lines_above: int = 0, listed_on: str | None = None
) -> Path:
    """A worklist of rows: customer, outcome, date, note; what else a list has stands around them."""
    book = Workbook()
    book.properties.subject = listed_on
    book.active.title = "Read me"
    book.active.append(["What this is"])
    page = book.create_sheet("Worklist")
    for _ in range(lines_above):
        page.append(["Simulated data"])
    page.append([WORKLIST_COLUMNS[name].header(language) for name in _ASKED])
    for rank, (customer, outcome, when, note) in enumerate(rows, start=1):
        page.append([rank, "Anna", customer, "Name", "visit", outcome, when, note])
    book.save(path)
    return path


def imported(path: Path, **options: Any) -> tuple[Imported, pd.DataFrame]:
    """Import into a log beside the file; return what became of it, and the log."""
    log_path = path.parent / "actions.csv"
    done = import_worklist(path, log_path, today=TODAY, **options)
    return done, load_actions(log_path)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_was_filled_in_becomes_actions(tmp_path: Path, language: str) -> None:
    """Rows without an outcome are left alone; ids keep their zeros."""
    path = filled_in(
        tmp_path / "anna.xlsx",
        ("00123", "已下单" if language == "zh" else "ordered", datetime(2024, 7, 3), None),
        ("00124", None, None, None),
        ("00125", "不再联系" if language == "zh" else "dismissed", date(2024, 7, 4), "site closed"),
        language=language,
    )
    done, log = imported(path)
    assert (done.filled_in, done.added, done.already_there, done.problems) == (2, 2, 0, ())
    assert log[["customer_id", "owner", "action", "outcome"]].to_numpy().tolist() == [
        ["00123", "Anna", "visit", "ordered"],
        ["00125", "Anna", "visit", "dismissed"],
    ]
    assert log["reason"].iloc[1] == "site closed"
    assert [date.fromordinal(719163 + day) for day in log["day"]] == [date(2024, 7, 3), date(2024, 7, 4)]


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    """Not a byte of the log."""
    path = filled_in(
        tmp_path / "a.xlsx", ("1", "reached", date(2024, 7, 3), "=later"), ("2", "lost", date(2024, 7, 3), "")
    )
    imported(path)
    before = (tmp_path / "actions.csv").read_bytes()
    done, _ = imported(path)
    assert (done.added, done.already_there) == (0, 2)
    assert (tmp_path / "actions.csv").read_bytes() == before


def test_a_list_that_comes_back_in_parts_adds_up(tmp_path: Path) -> None:
    """Filled in further, returned again: only the new row is added."""
    first, second = ("1", "reached", date(2024, 7, 3), None), ("2", "lost", date(2024, 7, 5), "competitor")
    imported(filled_in(tmp_path / "a.xlsx", first, ("2", None, None, None)))
    done, log = imported(filled_in(tmp_path / "a.xlsx", first, second))
    assert (done.added, done.already_there) == (1, 1)
    assert log["customer_id"].tolist() == ["1", "2"]


def test_sheets_and_lines_above_the_header_do_not_matter(tmp_path: Path) -> None:
    """Both sheets of a workbook count, wherever the header stands."""
    path = filled_in(tmp_path / "a.xlsx", ("1", "reached", date(2024, 7, 3), None), lines_above=3)
    book = load_workbook(path)
    page = book.create_sheet("挽回名单")
    page.append(["联系结果", "客户编号", "联系日期", "暂缓至"])
    page.append(["已联系", "9", "2024年7月9日", "2024-09-01"])
    book.save(path)
    done, log = imported(path)
    assert done.added == 2
    assert log["customer_id"].tolist() == ["1", "9"]
    assert log["snoozed_until_day"].iloc[1] == (date(2024, 9, 1) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (datetime(2024, 7, 3, 17, 30), date(2024, 7, 3)),
        ("2024-07-03", date(2024, 7, 3)),
        ("2024/7/3", date(2024, 7, 3)),
        ("2024年7月3日", date(2024, 7, 3)),
        ("3.7.2024", date(2024, 7, 3)),
        ("25/03/2024", date(2024, 3, 25)),
        ("03/25/2024", date(2024, 3, 25)),
        ("7/7/2024", date(2024, 7, 7)),
        (45476, date(2024, 7, 3)),  # a date whose cell lost its format
    ],
)
def test_dates_as_people_write_them(tmp_path: Path, cell: object, day: date) -> None:
    """Real dates, text in several forms, the number behind a date."""
    done, log = imported(filled_in(tmp_path / "a.xlsx", ("1", "reached", cell, None)))
    assert done.problems == ()
    assert log["day"].tolist() == [(day - date(1970, 1, 1)).days]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("1", "reached", "03/04/2024", None), "day first or month first"),
        (("1", "reached", "last week", None), "'last week' cannot be read"),
        (("1", "reached", date(2024, 8, 1), None), "2024-08-01 lies in the future"),
        (("1", "reached", None, None), "no date"),
        (("1", "rang twice", date(2024, 7, 3), None), "'rang twice' is not known"),
        (("1", None, date(2024, 7, 3), "closed"), "no outcome; choose one of reached"),
        ((None, "reached", date(2024, 7, 3), None), "no customer_id"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_taken(tmp_path: Path, row: Row, words: str) -> None:
    """File, sheet, row number as the spreadsheet shows it, and what to write."""
    good = ("7", "reached", date(2024, 7, 3), None)
    done, log = imported(filled_in(tmp_path / "a.xlsx", good, row, lines_above=2))
    assert len(done.problems) == 1
    assert done.problems[0].startswith("a.xlsx, sheet 'Worklist', row 5: ")
    assert words in done.problems[0]
    assert (done.filled_in, done.added) == (2, 1)
    assert log["customer_id"].tolist() == ["7"]


def test_a_row_without_a_date_counts_from_the_day_of_the_list(tmp_path: Path) -> None:
    """Where the workbook says which day that is; and it is said."""
    row = ("1", "reached", None, None)
    done, log = imported(filled_in(tmp_path / "a.xlsx", row, listed_on="2024-07-01"))
    assert (done.dated_by_the_list, done.problems) == (1, ())
    assert log["day"].tolist() == [(date(2024, 7, 1) - date(1970, 1, 1)).days]


def test_lost_zeros_come_back_where_that_is_clear(tmp_path: Path) -> None:
    """A number for an id: the one customer with zeros before it; not where two have them."""
    rows = [(123, "reached", date(2024, 7, 3), None), ("45", "reached", date(2024, 7, 3), None)]
    rows += [(6, "reached", date(2024, 7, 3), None), ("new", "reached", date(2024, 7, 3), None)]
    known = {"00123", "45", "0045", "06", "006"}
    done, log = imported(filled_in(tmp_path / "a.xlsx", *rows), customers=known)
    assert sorted(log["customer_id"]) == ["00123", "45", "6", "new"]
    assert done.unknown_customers == ("6", "new")


def test_neutralised_formulas_are_restored(tmp_path: Path) -> None:
    """The list writes '=... so that nobody's spreadsheet runs it; the log knows the customer by its name."""
    path = filled_in(
        tmp_path / "a.xlsx", ("'=HYPERLINK(1)", "dismissed", date(2024, 7, 3), "'+49 does not exist")
    )
    _, log = imported(path, customers={"=HYPERLINK(1)"})
    assert log[["customer_id", "reason"]].to_numpy().tolist() == [["=HYPERLINK(1)", "+49 does not exist"]]
    assert "=" not in [cell[:1] for cell in (tmp_path / "actions.csv").read_text().splitlines()[1].split(",")]


def test_the_log_is_written_as_the_project_reads_it(tmp_path: Path) -> None:
    """Separator and encoding of the config."""
    path = filled_in(tmp_path / "a.xlsx", ("1", "已联系", date(2024, 7, 3), "下周再谈"), language="zh")
    csv = {"separator": ";", "encoding": "gb18030"}
    import_worklist(path, tmp_path / "l.csv", csv=csv, today=TODAY)
    assert load_actions(tmp_path / "l.csv", csv=csv)["reason"].tolist() == ["下周再谈"]


def test_a_file_that_is_no_worklist_is_refused(tmp_path: Path) -> None:
    """No workbook, another workbook, nothing there; the log is not made."""
    (tmp_path / "text.xlsx").write_text("customer_id,outcome\n")
    book = Workbook()
    book.active.append(["Customer", "Revenue"])
    book.save(tmp_path / "other.xlsx")
    for name, words in (
        ("text.xlsx", "cannot be read as a spreadsheet"),
        ("other.xlsx", "is no worklist: no sheet has the columns 'Customer' (客户编号) and 'Outcome'"),
        ("none.xlsx", "There is no file"),
    ):
        with pytest.raises(PatronError) as caught:
            import_worklist(tmp_path / name, tmp_path / "actions.csv")
        assert words in str(caught.value)
    assert not (tmp_path / "actions.csv").exists()


def test_an_untouched_list_starts_an_empty_log(tmp_path: Path) -> None:
    """The config can then name it."""
    done, log = imported(filled_in(tmp_path / "a.xlsx", ("1", None, None, None)))
    assert (done.filled_in, done.added, len(log)) == (0, 0, 0)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_workbook_that_a_list_is_written_to_comes_back(tmp_path: Path, language: str) -> None:
    """Every outcome it offers is understood, on both sheets; ids are as the ledger has them."""
    ids = ["0007", "=1+1", "王记", "@x", "5"]
    scores = pd.DataFrame({"customer_id": ids, "as_of": "2024-07-01", "value_at_risk": [9.0, 8, 7, 6, None]})
    scores = scores.assign(status=["scored"] * 4 + ["lapsed"], clv_if_kept=50.0)
    nothing_won = Won(pd.DataFrame({"customer_id": [], "revenue_since": []}), 0, 0.0, 90)
    found = monday(scores, CallTerms(), Beside(language=language), nothing_won)
    path = tmp_path / "list.xlsx"
    path.write_bytes(workbook(found))
    book = load_workbook(path)
    words = iter(OUTCOME_WORDS.values())
    for sheet in book.worksheets[:2]:
        heads = [cell.value for cell in sheet[1]]
        at = heads.index(WORKLIST_COLUMNS["outcome"].header(language)) + 1
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, at).value = next(words)[language == "zh"]
    book.save(path)
    done, log = imported(path, customers=ids)
    assert (done.problems, done.unknown_customers, done.dated_by_the_list) == ((), (), 5)
    assert dict(zip(log["customer_id"], log["outcome"], strict=True)) == {
        "0007": "reached",
        "=1+1": "ordered",
        "王记": "dismissed",
        "@x": "lost",
        "5": "none",
    }
    assert set(log["day"]) == {(date(2024, 7, 1) - date(1970, 1, 1)).days}


def damaged(path: Path, part: str, content: bytes) -> Path:
    """A worklist in whose file one part was overwritten."""
    whole = filled_in(path.with_name("whole.xlsx"), ("1", "reached", date(2024, 7, 3), None))
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(path, "w") as after:
        for name in before.namelist():
            after.writestr(name, content if name == part else before.read(name))
    return path


def test_a_damaged_workbook_is_refused_in_words(tmp_path: Path) -> None:
    """XML that ends too soon, properties that are none, a chart sheet without a chart: one line each."""
    chart = Workbook()
    chart.create_chartsheet("Chart")
    chart.save(tmp_path / "chart.xlsx")
    damaged(tmp_path / "cut.xlsx", "xl/worksheets/sheet2.xml", b"<worksheet><sheetData>")
    damaged(tmp_path / "core.xlsx", "docProps/core.xml", b"not XML")
    for name in ("cut.xlsx", "core.xlsx", "chart.xlsx"):
        with pytest.raises(PatronError) as caught:
            import_worklist(tmp_path / name, tmp_path / "actions.csv")
        assert str(caught.value).startswith(f"{name} cannot be read as a spreadsheet (")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "actions.csv").exists()


def test_a_date_long_before_the_list_is_a_problem(tmp_path: Path) -> None:
    """In January the old year is typed; 60 days before the list are the limit, if that day is known."""
    rows = [
        ("1", "reached", date(2023, 1, 9), None),
        ("2", "reached", date(2023, 11, 8), None),
        ("3", "reached", date(2023, 11, 9), None),
        ("4", "reached", date(2024, 1, 9), None),
    ]
    done, log = imported(filled_in(tmp_path / "a.xlsx", *rows, listed_on="2024-01-08"))
    assert [text[:33] for text in done.problems] == [
        "a.xlsx, sheet 'Worklist', row 2: ",
        "a.xlsx, sheet 'Worklist', row 3: ",
    ]
    assert "2023-01-09 lies more than 60 days before the list of 2024-01-08" in done.problems[0]
    assert log["customer_id"].tolist() == ["3", "4"]
    assert imported(filled_in(tmp_path / "b.xlsx", rows[0]))[0].problems == ()


def test_an_apostrophe_that_belongs_to_the_id_stays(tmp_path: Path) -> None:
    """Where the ledger knows the customer with it and not without."""
    rows = [(name, "reached", date(2024, 7, 3), None) for name in ("'=x", "'=y", "'@both")]
    known = {"'=x", "=y", "'@both", "@both"}
    done, log = imported(filled_in(tmp_path / "a.xlsx", *rows), customers=known)
    assert (sorted(log["customer_id"]), done.unknown_customers) == (["'=x", "=y", "@both"], ())


def test_a_correction_that_cannot_weaken_is_said(tmp_path: Path) -> None:
    """Lost, then reached from a corrected workbook: both are named; it is said once, when it is added."""
    day = date(2024, 7, 3)
    first = imported(filled_in(tmp_path / "a.xlsx", ("1", "lost", day, None), ("2", "reached", day, None)))[0]
    assert first.outweighed == ()
    corrected = filled_in(tmp_path / "a.xlsx", ("1", "reached", day, None), ("2", "ordered", day, None))
    done, log = imported(corrected)
    assert (done.added, len(log), len(done.outweighed)) == (2, 4, 1)
    assert done.outweighed[0].startswith("a.xlsx: 'reached' for customer '1' on 2024-07-03 by Anna")
    assert "the log says 'lost'" in done.outweighed[0]
    assert imported(corrected)[0].outweighed == ()
