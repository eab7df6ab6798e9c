"""The action log: reading it, and adding to its file."""

from __future__ import annotations

import threading
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from patron.actions.columns import OUTCOME_WORDS
from patron.errors import LedgerError
from patron.ledger import OUTCOMES, append_actions, load_actions
from patron.ledger.outcomes import outcome_code


def frame(**columns: list[object]) -> pd.DataFrame:
    """A raw log of as many rows as the first column has, each on 1970-01-03."""
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({"customer_id": ["07"] * rows, "happened_at": ["1970-01-03"] * rows} | columns)


def actions(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Canonical rows: customer, day, owner, action, outcome, reason, snoozed until."""
    names = ["customer_id", "day", "owner", "action", "outcome", "reason", "snoozed_until_day"]
    return pd.DataFrame(list(rows), columns=names)


def test_a_file_is_read_with_its_zeros_and_days(tmp_path: Path) -> None:
    """Ids are text, days are counted from 1970, what is not there is missing."""
    path = tmp_path / "actions.csv"
    path.write_text(
        "customer_id,happened_at,owner,action,outcome,reason,snoozed_until\n"
        "007,1970-01-04,Anna,visit,Dismissed,site closed,\n"
        "007,1970-01-02,Anna,call,REACHED,,1970-02-01\n"
    )
    log = load_actions(path)
    assert log["customer_id"].tolist() == ["007", "007"]
    assert log["day"].tolist() == [1, 3]
    assert log["outcome"].tolist() == ["reached", "dismissed"]
    assert log["snoozed_until_day"].iloc[0] == 31.0
    assert log[["reason", "snoozed_until_day"]].isna().to_numpy().tolist() == [[True, False], [False, True]]
    assert log.attrs["set_aside"] == {}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("已联系", "reached"),
        ("Contacted ", "reached"),
        ("已下单", "ordered"),
        ("Order-Placed", "ordered"),
        ("不再联系", "dismissed"),
        ("已关店。", "dismissed"),
        ("SITE_CLOSED", "dismissed"),
        ("don’t call", "dismissed"),
        ("流失", "lost"),
        ("Lost to competitor", "lost"),
        ("未接通", "none"),
        ("none", "none"),
        ("", "none"),
        (None, "none"),
    ],
)
def test_outcomes_are_read_in_both_languages(written: str | None, code: str) -> None:
    """Whatever the case, the blanks and the punctuation."""
    assert load_actions(frame(outcome=[written]))["outcome"].tolist() == [code]


def test_no_word_means_two_outcomes() -> None:
    """Every word of the table leads back to its own outcome, and so does what a list offers."""
    words = [word for of_outcome in OUTCOMES.values() for word in of_outcome]
    assert len(words) == len(set(words))
    assert [word for word in words if word != word.casefold()] == []
    offered = {code: {outcome_code(word) for word in pair} for code, pair in OUTCOME_WORDS.items()}
    assert offered == {code: {code} for code in OUTCOMES}


def test_an_unknown_outcome_is_set_aside_with_an_instance() -> None:
    """Counted, the first one named, the rest of the log is read."""
    log = load_actions(frame(outcome=["reached", "maybe", "perhaps"]))
    assert log["outcome"].tolist() == ["reached"]
    assert log.attrs["set_aside"] == {"unknown_outcome": 2}
    assert "row 2" in log.attrs["instances"]["unknown_outcome"]
    assert "'maybe'" in log.attrs["instances"]["unknown_outcome"]
    assert "已联系" in log.attrs["instances"]["unknown_outcome"]


def test_every_bad_row_is_counted() -> None:
    """Rows in = rows kept + rows set aside; an unreadable snoozed_until costs only itself."""
    raw = pd.DataFrame(
        {
            "customer_id": ["1", None, "1", "1", "1", "2"],
            "happened_at": ["2024-01-01", "2024-01-01", None, "soon", "2024-01-01", "2024-01-05"],
            "snoozed_until": ["", "", "", "", "", "spring"],
            "outcome": ["reached"] * 6,
        }
    )
    log = load_actions(raw)
    assert log["customer_id"].tolist() == ["1", "2"]
    assert log["snoozed_until_day"].isna().all()
    assert log.attrs["set_aside"] == {
        "no_customer": 1,
        "no_date": 1,
        "unreadable_date": 1,
        "repeated": 1,
        "unreadable_snoozed_until": 1,
    }
    assert "'spring'" in log.attrs["instances"]["unreadable_snoozed_until"]


def test_the_word_for_the_outcome_can_be_the_reason() -> None:
    """ "Site closed" says why; "dismissed" does not; a written reason stays."""
    log = load_actions(
        frame(
            outcome=["Site closed", "dismissed", "已关店"],
            reason=[None, None, "moved"],
            owner=["a", "b", "c"],
        )
    )
    assert log.set_index("owner")["reason"].fillna("").to_dict() == {
        "a": "Site closed",
        "b": "",
        "c": "moved",
    }


def test_a_log_without_outcomes_lists_contacts() -> None:
    """Otherwise a list would remember nothing of it."""
    assert load_actions(frame(action=["call"]))["outcome"].tolist() == ["reached"]
    assert load_actions(frame(outcome=[""]))["outcome"].tolist() == ["none"]


def test_the_order_of_the_rows_does_not_matter() -> None:
    """The same frame for any order."""
    raw = pd.DataFrame(
        {
            "customer_id": list("bbaac"),
            "happened_at": ["2024-01-02", "2024-01-01", "2024-01-01", "2024-01-01", "2024-01-09"],
            "owner": ["x", None, "y", "x", None],
            "outcome": ["lost", "reached", "reached", "ordered", ""],
        }
    )
    pd.testing.assert_frame_equal(load_actions(raw), load_actions(raw.iloc[[4, 2, 0, 3, 1]]))


def test_a_spreadsheet_and_parquet_read_like_csv(tmp_path: Path) -> None:
    """Real dates, numbers for ids, the columns in any order."""
    book = Workbook()
    page = book.active
    page.append(["outcome", "happened_at", "customer_id"])
    page.append(["已下单", pd.Timestamp("1970-01-03").to_pydatetime(), "007"])
    book.save(tmp_path / "a.xlsx")
    raw = pd.DataFrame(
        {"customer_id": ["007"], "happened_at": [pd.Timestamp("1970-01-03")], "outcome": "ordered"}
    )
    raw.to_parquet(tmp_path / "a.parquet")
    for name in ("a.xlsx", "a.parquet"):
        log = load_actions(tmp_path / name)
        assert log[["customer_id", "day", "outcome"]].to_numpy().tolist() == [["007", 2, "ordered"]]


def test_a_log_with_a_header_only_is_empty(tmp_path: Path) -> None:
    """A new project."""
    (tmp_path / "a.csv").write_text("customer_id,happened_at,outcome\n")
    log = load_actions(tmp_path / "a.csv")
    assert len(log) == 0
    assert list(log)[:2] == ["customer_id", "day"]


def test_what_is_missing_is_said_at_once(tmp_path: Path) -> None:
    """Both needed columns; the file itself."""
    with pytest.raises(LedgerError) as caught:
        load_actions(pd.DataFrame({"customer": ["1"]}))
    assert len(caught.value.problems) == 2
    with pytest.raises(LedgerError, match=r"does not exist; correct ledger\.actions"):
        load_actions(tmp_path / "none.csv")


def test_neutralised_formulas_are_restored() -> None:
    """The apostrophe before what a spreadsheet would run goes; an apostrophe of a name stays."""
    log = load_actions(frame(owner=["'=HYPERLINK(1)", "'t Hooft"], outcome=["reached"] * 2))
    assert sorted(log["owner"]) == ["'t Hooft", "=HYPERLINK(1)"]


def test_adding_twice_changes_nothing(tmp_path: Path) -> None:
    """The bytes stay; rows that repeat each other are added once."""
    path = tmp_path / "new" / "actions.csv"
    rows = actions(
        ("007", 2, "Anna", "call", "reached", None, None), ("007", 2, "Anna", "call", "reached", None, None)
    )
    assert append_actions(rows, path)[:2] == (1, 1)
    before = path.read_bytes()
    assert before.decode() == (
        "customer_id,happened_at,owner,action,outcome,reason,snoozed_until\r\n007,1970-01-03,Anna,call,reached,,\r\n"
    )
    assert append_actions(rows, path)[:2] == (0, 2)
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) in (
        [".actions.csv.lock", "actions.csv"],
        ["actions.csv"],  # where the lock is taken away again
    )


def test_what_stands_in_the_log_stays(tmp_path: Path) -> None:
    """Columns of its own, rows that cannot be read, a row written in Chinese that is the same one."""
    path = tmp_path / "a.csv"
    path.write_text(
        "customer_id,happened_at,outcome,ticket\n1,1970-01-03,已联系,T-1\n2,never,reached,T-2\n",
        encoding="utf-8-sig",
    )
    rows = actions(
        ("1", 2, None, None, "reached", None, None), ("1", 9, None, None, "lost", "bankrupt", 40.0)
    )
    assert append_actions(rows, path)[:2] == (1, 1)
    assert path.read_bytes()[:3] == b"\xef\xbb\xbf"
    raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert raw["ticket"].tolist() == ["T-1", "T-2", ""]
    assert raw["happened_at"].tolist() == ["1970-01-03", "never", "1970-01-10"]
    assert raw["outcome"].tolist() == ["已联系", "reached", "lost"]
    assert raw["snoozed_until"].tolist() == ["", "", "1970-02-10"]


def test_a_log_of_contacts_stays_one(tmp_path: Path) -> None:
    """Its rows must not become calls that nobody answered, just because a column arrives."""
    path = tmp_path / "a.csv"
    path.write_text("customer_id,happened_at\n1,1970-01-03\n")
    append_actions(actions(("2", 3, None, None, "none", None, None)), path)
    assert load_actions(path)[["customer_id", "outcome"]].to_numpy().tolist() == [
        ["1", "reached"],
        ["2", "none"],
    ]


def test_the_log_keeps_the_dialect_of_the_project(tmp_path: Path) -> None:
    """Encoding, separator and form of dates as the csv block says; read back the same."""
    csv = {"encoding": "gb18030", "separator": ";", "decimal": ",", "date_format": "%d.%m.%Y"}
    path = tmp_path / "a.csv"
    append_actions(actions(("007", 2, "王芳", "电话; 拜访", "dismissed", "已关店", 40.0)), path, csv=csv)
    assert "007;03.01.1970;王芳" in path.read_bytes().decode("gb18030")
    log = load_actions(path, csv=csv)
    assert log.iloc[0].tolist() == ["007", 2, "王芳", "电话; 拜访", "dismissed", "已关店", 40.0]


def test_formulas_are_neutral_in_the_file(tmp_path: Path) -> None:
    """A spreadsheet does not run a customer, an owner or a note, and reading gives them back as they were."""
    path = tmp_path / "a.csv"
    hostile = actions(("=1+1", 2, "@me", "-2", "lost", '=HYPERLINK("http://x","y")', None))
    append_actions(hostile, path)
    cells = pd.read_csv(path, dtype=str).iloc[0]
    assert [c for c in cells.dropna() if c.startswith(("=", "@", "-"))] == []
    assert load_actions(path).iloc[0, [0, 2, 3, 5]].tolist() == [
        "=1+1",
        "@me",
        "-2",
        '=HYPERLINK("http://x","y")',
    ]
    assert append_actions(hostile, path)[:2] == (0, 1)


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.csv.gz"])
def test_only_a_csv_grows(tmp_path: Path, name: str) -> None:
    """Said with what to do."""
    with pytest.raises(LedgerError, match=r"Save it as \.csv"):
        append_actions(actions(), tmp_path / name)


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    """The orders, by mistake: they stay as they are."""
    path = tmp_path / "orders.csv"
    path.write_text("customer_id,ordered_at,amount\n1,1970-01-03,5\n")
    with pytest.raises(LedgerError, match="lacks happened_at"):
        append_actions(actions(("1", 2, None, None, "reached", None, None)), path)
    assert path.read_text().count("\n") == 2


def test_a_text_the_encoding_cannot_hold_leaves_the_log_alone(tmp_path: Path) -> None:
    """And nothing unfinished beside it."""
    path = tmp_path / "a.csv"
    path.write_text("customer_id,happened_at\n")
    with pytest.raises(LedgerError, match="cannot hold '王'"):
        append_actions(actions(("1", 2, "王", None, "lost", None, None)), path, csv={"encoding": "latin-1"})
    assert path.read_text() == "customer_id,happened_at\n"
    assert [p.name for p in tmp_path.iterdir() if "unfinished" in p.name] == []


def test_a_busy_log_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else is writing."""
    from filelock import FileLock

    from patron.ledger import action_file

    monkeypatch.setattr(action_file, "_WAIT_SECONDS", 0.05)
    with (
        FileLock(tmp_path / ".a.csv.lock"),
        pytest.raises(LedgerError, match="written by another process"),
    ):
        append_actions(actions(), tmp_path / "a.csv")


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Six of them, ten rows each."""
    path = tmp_path / "a.csv"
    parts = [[(f"{w}-{i}", 2, None, None, "reached", None, None) for i in range(10)] for w in range(6)]
    threads = [threading.Thread(target=append_actions, args=(actions(*rows), path)) for rows in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(load_actions(path)["customer_id"]) == sorted(row[0] for rows in parts for row in rows)


def test_an_apostrophe_of_ones_own_stays(tmp_path: Path) -> None:
    """A customer that is written '=x in the orders is the same one after the log was written and read."""
    rows = actions(("'=x", 2, "''-", "'s", "lost", "'", None))
    append_actions(rows, tmp_path / "a.csv")
    assert load_actions(tmp_path / "a.csv").iloc[0, [0, 2, 3, 5]].tolist() == ["'=x", "''-", "'s", "'"]
    assert append_actions(rows, tmp_path / "a.csv")[:2] == (0, 1)


def test_a_row_that_says_less_than_another_of_its_day_is_named(tmp_path: Path) -> None:
    """Of the same customer, owner and day, in the file or among the new rows; nobody else's."""
    path = tmp_path / "a.csv"
    append_actions(actions(("1", 2, "Anna", "call", "lost", None, None)), path)
    new = actions(
        ("1", 2, "Anna", "call", "reached", None, None),
        ("1", 2, "Bo", "call", "reached", None, None),
        ("1", 3, "Anna", "call", "reached", None, None),
        ("2", 3, None, "call", "none", None, None),
        ("2", 3, None, "visit", "ordered", None, None),
    )
    said = append_actions(new, path).outweighed
    assert [text.split(" changes")[0] for text in said] == [
        "'reached' for customer '1' on 1970-01-03 by Anna",
        "'none' for customer '2' on 1970-01-04",
    ]
    assert "the log says 'lost'" in said[0]
    assert "the log says 'ordered'" in said[1]
