"""Files of the worklist: text that cannot run, numbers that are numbers, nobody else's accounts."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from worklist_rows import AS_OF, log_of, owners_table, score_rows

from patron.actions import (
    Beside,
    CallTerms,
    Won,
    import_worklist,
    monday,
    of_owner,
    owner_by_customer,
    owner_file_names,
    owners_of,
    read_earlier_lists,
    sister_notes,
    workbook,
    write_list,
    write_memory,
)
from patron.actions.columns import OUTCOME_WORDS, WORKLIST_COLUMNS
from patron.errors import PatronError
from patron.ledger import load_actions
from patron.reports import render_owner_page
from patron.snapshots import to_day

HOSTILE = {
    "c1": "<script>alert(1)</script>",
    "c2": '=HYPERLINK("http://x","y")',
    "c3": "上海贸易有限公司",
    "c4": "+1",
}


def won_of(*rows):
    names = (
        "customer_id", "owner", "called_on", "outcome", "first_order_on", "days_to_order", "orders_since",
        "revenue_since",
    )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(names))
    called = ("nobody", *frame["customer_id"])
    return Won(frame, len(called), float(frame["revenue_since"].sum()), 90, called)


def won_row(customer, revenue=120.0):
    return (customer, "Anna", date(2024, 5, 1), "reached", date(2024, 5, 9), 8, 1, revenue)


def lists(scores=None, *, language="en", owners=None, names=None, won=None, simulated=False, **beside):
    """The lists of four hostile customers, or of other scores."""
    if scores is None:
        scores = score_rows(customer_id=list(HOSTILE), value_at_risk=[400.0, 300.0, 200.0, 100.0])
    ids = scores["customer_id"]
    table = pd.DataFrame({"customer_id": ids, "name": [(names or HOSTILE).get(i) for i in ids]})
    table["owner"] = [(owners or {}).get(i) for i in ids]
    known = Beside(attributes=table, language=language, **beside)
    return monday(scores, CallTerms(cost=5), known, won or won_of(), is_simulated=simulated), table


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def column_of(sheet, header):
    heads = [cell.value for cell in sheet[1]]
    return [sheet.cell(row, heads.index(header) + 1) for row in range(2, sheet.max_row + 1)]


def test_text_cannot_run_as_a_formula():
    """Names and ids stay readable; nothing is stored as a formula, in the workbook as in the CSV."""
    found, _ = lists(
        score_rows(customer_id=["=1+1", "@x", "c2"]), names={"=1+1": "-2", "@x": "\tTab", **HOSTILE}
    )
    book = opened(workbook(found))
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    ids = [cell.value for cell in column_of(book["Worklist"], "Customer")]
    assert ids == ["'=1+1", "'@x", "c2"]
    assert column_of(book["Worklist"], "Name")[2].value == "'" + HOSTILE["c2"]


def test_an_owner_and_a_reason_that_look_like_formulas():
    """Every text column, not names alone."""
    scores = score_rows(customer_id=["a"], reason_1="=cmd|' /C calc'!A0", reason_2=None)
    found, _ = lists(scores, owners={"a": "=SUM(A1)"})
    row = column_of(opened(workbook(found))["Worklist"], "Account manager")[0]
    assert (row.value, row.data_type) == ("'=SUM(A1)", "s")


def test_numbers_dates_and_formats():
    """Money is a number with a format, a date a date; the header is frozen and filtered, A4 landscape."""
    found, _ = lists()
    sheet = opened(workbook(found))["Worklist"]
    assert [cell.value for cell in sheet[1]] == [column.en for column in WORKLIST_COLUMNS.values()]
    money = column_of(sheet, "Risk x value")
    assert [cell.value for cell in money] == [75, 55, 35, 15]
    assert money[0].number_format.startswith("#,##0.00")
    assert column_of(sheet, "Call on")[0].value == datetime(2024, 7, 1)
    assert sheet.freeze_panes == "F2"
    assert sheet.auto_filter.ref == "A1:AD5"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.page_setup.fitToWidth == 1
    assert sheet.column_dimensions["E"].width == WORKLIST_COLUMNS["name"].width
    rule = sheet.data_validations.dataValidation[0]
    assert rule.formula1 == '"' + ",".join(en for en, _ in OUTCOME_WORDS.values()) + '"'


def test_the_same_lists_give_the_same_bytes():
    """No clock in the file, neither in its parts nor in its properties."""
    found, _ = lists()
    first = workbook(found)
    assert workbook(lists()[0]) == first
    with zipfile.ZipFile(io.BytesIO(first)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert opened(first).properties.modified == datetime(2024, 7, 1)


def test_the_read_me_opens_with_what_was_won_and_counts_everybody():
    """Date, model, what was won, what the figure means, where everybody is."""
    log = log_of(("c1", "2024-06-20", "reached", None, float("nan")))
    found, _ = lists(won=won_of(won_row("c1")), log=log)
    sheet = opened(workbook(found))["Read me"]
    lines = [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
    texts = [line[0] for line in lines if line]
    assert texts[0] == "Worklist of 1 July 2024"
    assert texts[2].startswith("Won: 1 of 2 accounts called in the last 90 days ordered again, €120")
    assert ["Candidates", 4] in lines
    assert ["On the list", 3] in lines
    assert ["Called lately", 1] in lines
    assert ["Model", "trade/1"] in lines
    assert any("it is no measured effect" in text for text in texts)


@pytest.mark.parametrize(("language", "sheets"), [
    ("en", ["Worklist", "Win back", "Read me"]), ("zh", ["外呼名单", "挽回名单", "说明"]),
])  # fmt: skip
def test_sheets_in_both_languages_and_a_mark_where_it_is_simulated(language, sheets):
    """The mark stands in every tab, on the printed page and on top of the explanation."""
    found, _ = lists(language=language)
    assert opened(workbook(found)).sheetnames == sheets
    marked = opened(workbook(lists(language=language, simulated=True)[0]))
    word = {"en": "simulated", "zh": "模拟"}[language]
    assert all(word in name for name in marked.sheetnames)
    assert word.lower() in marked.worksheets[0].oddHeader.left.text.lower()
    assert word.lower() in marked.worksheets[2]["A1"].value.lower()
    page = render_owner_page(lists(language=language, simulated=True)[0])
    assert word.lower() in page.split("<body>")[1].lower()
    assert word.lower() not in render_owner_page(found).split("<body>")[1].lower()


def test_the_page_of_simulated_accounts_says_so_in_both_languages():
    """As the report does, whatever the language of the list."""
    text = render_owner_page(lists(language="zh", simulated=True)[0]).split("<body>")[1]
    assert "Simulated data" in text
    assert "模拟数据" in text


def test_what_was_won_is_named_on_the_page():
    """Name and id; an id alone where no name is known."""
    rows = score_rows(customer_id=["c1", "c2"])
    won = won_of(won_row("c1"), won_row("c2"), won_row("gone"))
    for language, said in (("en", "Firm (c1)"), ("zh", "Firm（c1）")):
        found, _ = lists(rows, language=language, names={"c1": "Firm"}, won=won)
        table = render_owner_page(found).split('id="won"')[1].split("</section>")[0]
        assert [cell in table for cell in (said, ">c2<", ">gone<")] == [True] * 3


@pytest.mark.parametrize(
    ("language", "tags"),
    [
        ("en", "Tier: Potential · Stage: New · Since last list: new"),
        ("zh", "客户层级：潜力客户 · 生命周期阶段：新客户 · 与上次相比：新增"),
    ],
)
def test_codes_on_a_card_say_what_they_are_codes_of(language, tags):
    """A new customer and an account that is new on the list are two things."""
    scores = score_rows(customer_id=["a"], tier="potential", lifecycle_stage="new")
    page = render_owner_page(lists(scores, language=language, names={"a": "Firm"})[0])
    assert tags in page


def test_csv_of_both_lists(tmp_path):
    """A spreadsheet finds UTF-8; the numbers can be read back."""
    found, _ = lists()
    calls, back = write_list(found, tmp_path / "list.csv")
    assert calls.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (calls.name, back.name) == ("list.csv", "list.win_back.csv")
    rows = pd.read_csv(calls)
    assert rows["Risk x value"].tolist() == [75, 55, 35, 15]
    assert rows["Name"].tolist() == [HOSTILE["c1"], "'" + HOSTILE["c2"], HOSTILE["c3"], "'+1"]
    with pytest.raises(PatronError, match=r"list\.pdf"):
        write_list(found, tmp_path / "list.pdf")


@pytest.mark.parametrize(("language", "header", "word"), [
    ("en", "Simulated", "yes"), ("zh", "模拟数据", "是"),
])  # fmt: skip
def test_csv_says_that_it_is_simulated(tmp_path, language, header, word):
    """In every row of both lists, behind all other columns; real lists have no such column."""
    scores = score_rows(customer_id=["a", "b", "c"], status=["scored", "scored", "lapsed"])
    for path, rows in zip(
        write_list(lists(scores, language=language, simulated=True)[0], tmp_path / "made_up.csv"), (2, 1),
        strict=True,
    ):  # fmt: skip
        found = pd.read_csv(path)
        assert found.columns[-1] == header
        assert found[header].tolist() == [word] * rows
    for path in write_list(lists(scores, language=language)[0], tmp_path / "real.csv"):
        assert header not in pd.read_csv(path)


def test_memory_goes_from_list_to_list(tmp_path):
    """A second list a week later knows the first; a list of the same day or later is not read."""
    first, _ = lists()
    write_memory(first, tmp_path)
    assert read_earlier_lists(tmp_path, AS_OF) is None
    earlier = read_earlier_lists(tmp_path, date(2024, 7, 8))
    assert set(earlier["customer_id"]) == set(HOSTILE)
    scores = score_rows(
        customer_id=[*HOSTILE, "c5"], as_of=date(2024, 7, 8), churn_probability=[0.7] + [0.5] * 4
    )
    second, _ = lists(scores, previous=earlier)
    seen = second.calls.set_index("customer_id")["since_last"].to_dict()
    assert seen == {"c1": "worse", "c2": "same", "c3": "same", "c4": "same", "c5": "new"}


def test_a_broken_memory_is_said(tmp_path):
    """With the file and what to do."""
    (tmp_path / "2024-06-24.parquet").write_bytes(b"nonsense")
    with pytest.raises(PatronError, match="2024-06-24"):
        read_earlier_lists(tmp_path, AS_OF)


def test_file_names_of_owners():
    """Safe, different even where capital letters do not count, and short in every script."""
    owners = ['Müller, "Sales"', "A/B", "A:B", "a:b", "..", "王" * 300, "con", None, "no owner"]
    names = owner_file_names(owners, "2024-07-01", "no owner")
    assert len({name.casefold() for name in names.values()}) == len(owners)
    assert all(len((name + ".xlsx").encode()) <= 255 for name in names.values())
    assert not any(set(name) & set('/\\:*?"<>|, ') for name in names.values())
    assert names['Müller, "Sales"'] == "2024-07-01_Müller_Sales"


def test_long_names_keep_their_number_and_their_end():
    """150 bytes of an owner, whole characters only; what differs behind that gets a number inside them."""
    owners = ["a" * 100 + "x", "a" * 100 + "y", "王" * 80 + "x", "王" * 80 + "y", "😀é" * 60]
    names = owner_file_names(owners, "d", "nobody")
    assert names[owners[0]] == "d_" + "a" * 100 + "x"
    assert names[owners[1]] == "d_" + "a" * 100 + "y"
    assert names[owners[2]] == "d_" + "王" * 50
    assert names[owners[3]] == "d_" + "王" * 49 + "-2"
    assert all(len(name.encode()) <= 152 for name in names.values())


def test_owners_that_are_numbers():
    """In a frame they may be numbers, with a gap even 7.0: one text everywhere, so each gets its accounts."""
    scores = score_rows(customer_id=["a", "b", "c"])
    for given, known in (([7, 8, 8], {"7", "8"}), ([7.0, 8.0, float("nan")], {"7", "8"})):
        table = pd.DataFrame({"customer_id": ["a", "b", "c"], "owner": given})
        owners = owner_by_customer(table)
        found = monday(scores, CallTerms(), Beside(table), won_of())
        assert set(owners.values()) == known
        assert of_owner(found, "7", owners).calls["customer_id"].tolist() == ["a"]
        listed = [of_owner(found, owner, owners).calls for owner in owners_of(found, owners)]
        assert sum(map(len, listed)) == len(found.calls) == 3


def test_control_characters_reach_no_page_and_no_header():
    """As in cells: a space in their place; the file can be opened again."""
    odd = "Anna\x0bA\x07 & Bo"
    scores = score_rows(customer_id=["a"], reason_1="no\x0border")
    found, table = lists(scores, owners={"a": odd}, names={"a": "Fi\x07rm\x0c"})
    mine = of_owner(found, odd, owner_by_customer(table))
    page = render_owner_page(mine)
    assert not set(page) & set(map(chr, [*range(9), 11, 12, *range(14, 32)]))
    assert "Fi rm" in page
    assert "Anna A  &amp; Bo" in page
    header = opened(workbook(mine))["Worklist"].oddHeader.left.text
    assert header == "Worklist of 1 July 2024: Anna A  && Bo"


@pytest.mark.parametrize("owner", ["&" * 300, "x" * 177 + "&" * 9, "王&" * 200])
def test_a_long_header_keeps_its_ampersands_whole(owner):
    """Half of a doubled ampersand would begin a code; a spreadsheet takes 255 characters in all."""
    found, table = lists(score_rows(customer_id=["a"]), owners={"a": owner}, names={})
    text = opened(workbook(of_owner(found, owner, owner_by_customer(table))))["Worklist"].oddHeader.left.text
    assert len(text) <= 200
    assert text.count("&") % 2 == 0
    assert text.startswith("Worklist of 1 July 2024: " + owner[0])


def split_world():
    """Three owners, one of them nobody; sites of one buying group lie with two of them."""
    ids = ["group-top", "site-anna", "site-bo", "nobodys", "anna-two"]
    owners = {"group-top": "Bo", "site-anna": "Anna", "site-bo": "Bo", "anna-two": "Anna"}
    scores = score_rows(
        customer_id=ids,
        status=["lapsed", "scored", "lapsed", "scored", "scored"],
        tier=["at_risk", "standard", "at_risk", "standard", "standard"],
        value_at_risk=[None, 300.0, None, 200.0, 100.0],
        revenue_last_12_months=[11111.0, 22222.0, 33333.0, 44444.0, 55555.0],
    )
    table = owners_table(**owners).assign(name=lambda t: "Firm " + t["customer_id"])
    table["parent_id"] = [None, "group-top", "group-top", None]
    notes = sister_notes(scores, table)
    won = won_of(won_row("site-bo", 77.0), won_row("anna-two", 66.0))
    known = Beside(attributes=table, sisters=notes)
    return monday(scores, CallTerms(), known, won), owner_by_customer(table)


@pytest.mark.parametrize(
    ("owner", "own"),
    [("Anna", {"site-anna", "anna-two"}), ("Bo", {"group-top", "site-bo"}), (None, {"nobodys"})],
)
def test_an_owner_sees_no_other_accounts(owner, own):
    """Neither id nor name nor revenue of another owner's account, in any sheet or on the page."""
    found, owners = split_world()
    mine = of_owner(found, owner, owners)
    texts = [str(cell.value) for sheet in opened(workbook(mine)) for row in sheet.iter_rows() for cell in row]
    everything = "\n".join([*texts, render_owner_page(mine)])
    money = dict(zip(("group-top", "site-anna", "site-bo", "nobodys", "anna-two"), range(1, 6), strict=True))
    for customer, digit in money.items():
        assert (customer in everything) == (customer in own)
        assert (str(digit) * 5 in everything.replace(",", "")) == (customer in own)
    listed = len(mine.calls) + len(mine.win_back)
    assert listed == len(own)
    assert mine.counts["candidates"] + mine.counts_back["candidates"] == len(own)


def test_the_owners_lists_add_up_to_the_whole():
    """Every account on exactly one owner's list; what was won as well; a sister is noted, not named."""
    found, owners = split_world()
    assert owners_of(found, owners) == ["Anna", "Bo", None]
    parts = [of_owner(found, owner, owners) for owner in owners_of(found, owners)]
    for name in ("calls", "win_back"):
        listed = [i for part in parts for i in getattr(part, name)["customer_id"]]
        assert sorted(listed) == sorted(getattr(found, name)["customer_id"])
    assert sum(part.won.revenue for part in parts) == found.won.revenue == 143.0
    assert [part.won.customers_called for part in parts] == [("anna-two",), ("site-bo",), ("nobody",)]
    assert [part.won.accounts_called for part in parts] == [1, 1, 1]
    for code, n in found.counts.items():
        assert sum(part.counts[code] for part in parts) == n
    note = parts[0].calls.set_index("customer_id").loc["site-anna", "sister_note"]
    assert note
    assert parts[0].calls["group_id"].isna().all()
    assert set(parts[1].win_back["group_id"]) == {"group-top"}


def test_an_owner_without_anything_to_do_gets_an_empty_list():
    """So that last week's file does not look like this week's."""
    scores = score_rows(customer_id=["a", "b"], next_order_expected_on=[date(2024, 6, 1), date(2024, 12, 1)])
    found, table = lists(scores, owners={"a": "Anna", "b": "Bo"})
    owners = owner_by_customer(table)
    bo = of_owner(found, "Bo", owners)
    assert owners_of(found, owners) == ["Anna", "Bo"]
    assert (len(bo.calls), bo.counts["not_due"]) == (0, 1)
    assert "Nobody to call this week" in render_owner_page(bo)
    assert opened(workbook(bo))["Worklist"].max_row == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_runs_nothing_and_loads_nothing(language):
    """Hostile names stand there as text."""
    found, _ = lists(language=language, owners=dict.fromkeys(HOSTILE, 'Müller, "Sales" <b>'))
    page = render_owner_page(
        of_owner(found, 'Müller, "Sales" <b>', dict.fromkeys(HOSTILE, 'Müller, "Sales" <b>'))
    )
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>" not in page.split("<body>")[0]
    assert "http" not in page.replace(HOSTILE["c2"].replace('"', "&#34;"), "").replace("http-equiv", "")
    assert page == render_owner_page(
        of_owner(found, 'Müller, "Sales" <b>', dict.fromkeys(HOSTILE, 'Müller, "Sales" <b>'))
    )


def test_writing_leaves_no_half_file(tmp_path: Path, monkeypatch):
    """What was there stays when writing fails."""
    path = tmp_path / "list.xlsx"
    path.write_bytes(b"old")
    found, _ = lists()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_list(found, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["list.xlsx"]


def test_a_filled_in_workbook_comes_back(tmp_path):
    """What is written here is what the import reads: odd ids restored, both lists, the day of the list."""
    scores = score_rows(customer_id=["007", "=1+1", "gone"], status=["scored", "scored", "lapsed"])
    found, _ = lists(scores, simulated=True, names={})
    path = write_list(found, tmp_path / "list.xlsx")[0]
    book = openpyxl.load_workbook(path)
    for sheet, outcomes in (
        (book.worksheets[0], ["ordered", "no answer"]),
        (book.worksheets[1], ["dismissed"]),
    ):
        for cell, word in zip(column_of(sheet, "Outcome"), outcomes, strict=True):
            cell.value = word
    book.save(path)
    done = import_worklist(path, tmp_path / "actions.csv", today=date(2024, 7, 8))
    assert (done.added, done.problems) == (3, ())
    log = load_actions(tmp_path / "actions.csv").set_index("customer_id")
    assert log["outcome"].to_dict() == {"007": "ordered", "=1+1": "none", "gone": "dismissed"}
    assert set(log["day"]) == {to_day(AS_OF)}


def test_the_memory_holds_what_a_risk_means_and_which_list_it_was(tmp_path):
    """Label, horizon, model: only risks of one scale are compared; the list: who lapsed since is worse."""
    scale = {"churn_label": "rhythm", "churn_horizon_days": 90}
    write_memory(lists(score_rows(customer_id=["c1", "c2", "c3"], **scale))[0], tmp_path)
    earlier = read_earlier_lists(tmp_path, date(2024, 7, 8))
    kept = earlier[["model", "churn_label", "churn_horizon_days", "list"]].drop_duplicates()
    assert kept.to_numpy().tolist() == [["trade/1", "rhythm", 90.0, "call"]]
    for label, since in (("rhythm", "worse"), ("silence", "same")):
        scores = score_rows(
            customer_id=["c1", "c2", "c3"], as_of=date(2024, 7, 8), churn_probability=[0.9, 0.5, None],
            churn_label=label, churn_horizon_days=90, status=["scored", "scored", "lapsed"],
        )  # fmt: skip
        found, _ = lists(scores, previous=earlier)
        assert found.calls.set_index("customer_id")["since_last"].to_dict() == {"c1": since, "c2": "same"}
        assert found.win_back["since_last"].tolist() == ["worse"]


def test_every_broken_memory_is_said(tmp_path):
    """A day that there is none of, a table that is no list, a file that is no table: all at once."""
    pd.DataFrame({"customer_id": ["a"], "as_of": "2024-06-10"}).to_parquet(tmp_path / "2024-06-10.parquet")
    (tmp_path / "2023-13-41.parquet").write_bytes(b"")
    (tmp_path / "2024-06-24.parquet").write_bytes(b"nonsense")
    (tmp_path / "notes.parquet").write_bytes(b"not ours")
    with pytest.raises(PatronError) as caught:
        read_earlier_lists(tmp_path, AS_OF)
    first, second, third = caught.value.problems
    assert "there is no day 2023-13-41" in first
    assert "lacks the columns list, churn_risk, churn_probability, kept_off" in second
    assert "2024-06-24.parquet' cannot be read" in third
    assert "Remove" in caught.value.next_step
