"""Every kind of unusable input: one message that says what, how many, an instance, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from patron.errors import LedgerError
from patron.ledger import load_ledger

HEADER = "customer_id,ordered_at,amount\n"
GOOD = HEADER + "007,2024-01-01,5\n8,2024-01-02,6\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function (name, text or bytes, encoding) -> path."""

    def put(name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return put


def test_missing_columns_are_listed_all_at_once(write: Callable[..., Path]) -> None:
    """Both problems in one error, with what the file has and a near miss."""
    path = write("a.csv", "custmer_id,when,amount\n1,2024-01-01,5\n")
    with pytest.raises(LedgerError) as caught:
        load_ledger(path)
    assert len(caught.value.problems) == 2
    assert "no column for customer_id" in caught.value.problems[0]
    assert "did you mean 'custmer_id'?" in caught.value.problems[0]
    assert "it has 'custmer_id', 'when', 'amount'" in caught.value.problems[1]
    assert "ledger.columns" in caught.value.problems[1]


def test_two_of_ours_on_one_of_theirs(write: Callable[..., Path]) -> None:
    """The amount cannot be the cost as well."""
    with pytest.raises(LedgerError, match=r"amount and cost are both mapped to 'amount'"):
        load_ledger(write("a.csv", GOOD), columns={"amount": "amount", "cost": "amount"})


def test_unknown_key_in_columns(write: Callable[..., Path]) -> None:
    """A misspelt key of ours is named with the right one."""
    with pytest.raises(LedgerError, match=r"unknown key 'ammount' \(did you mean 'amount'\?\)"):
        load_ledger(write("a.csv", GOOD), columns={"ammount": "amount"})


def test_a_column_that_is_there_twice(write: Callable[..., Path]) -> None:
    """Which amount is meant cannot be known."""
    path = write("a.csv", "customer_id,ordered_at,amount,amount\n1,2024-01-01,5,6\n")
    with pytest.raises(LedgerError, match="2 columns called 'amount'"):
        load_ledger(path)


def test_path_that_does_not_exist(write: Callable[..., Path]) -> None:
    """The neighbour with a similar name is suggested."""
    path = write("orders.csv", GOOD)
    with pytest.raises(LedgerError, match=r"order\.csv does not exist \(did you mean 'orders\.csv'\?\)"):
        load_ledger(path.with_name("order.csv"))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", r"is empty \(0 bytes\)"),
        ("a.csv", HEADER, "has a header but no rows"),
        ("a.csv", "\n\n", "has no header"),
        ("a.parquet", "not parquet at all", "cannot be read as Parquet"),
        ("a.xlsx", "no", "cannot be read as a spreadsheet"),
        ("a.csv.gz", "no", "cannot be unpacked"),
        ("a.txt", GOOD, "cannot tell what kind of file"),
    ],
)
def test_files_that_hold_nothing(write: Callable[..., Path], name: str, text: str, said: str) -> None:
    """Empty, header only, corrupt, unknown."""
    with pytest.raises(LedgerError, match=said):
        load_ledger(write(name, text))


def test_no_usable_row_gives_the_reasons(write: Callable[..., Path]) -> None:
    """Each reason with rows and an instance, and the decimal comma recognised."""
    path = write("a.csv", HEADER + '1,2024-01-01,"12,50"\n2,2024-01-01,"1.012,50"\n,,\n')
    with pytest.raises(LedgerError) as caught:
        load_ledger(path)
    assert "none of 3 rows can be used" in caught.value.problems[0]
    assert (
        "unreadable_amount 2 (e.g. customer_id '1', on 2024-01-01, amount '12,50')"
        in caught.value.problems[0]
    )
    assert 'decimal: ","' in caught.value.problems[1]


def test_folder_without_files(tmp_path: Path) -> None:
    """An empty folder is no ledger."""
    with pytest.raises(LedgerError, match=r"holds no \.parquet, \.csv, \.csv\.gz or \.xlsx file"):
        load_ledger(tmp_path)


def test_folder_of_two_kinds(write: Callable[..., Path]) -> None:
    """CSV and Parquet side by side may be the same data twice."""
    write("f/a.csv", GOOD)
    with pytest.raises(LedgerError, match="mixes csv and parquet files"):
        load_ledger(write("f/b.parquet", "x").parent)


@pytest.mark.parametrize("end", ["csv", "parquet", "xlsx"])
def test_folder_with_different_columns(tmp_path: Path, end: str) -> None:
    """Files of a folder must have the same columns."""
    first = pd.DataFrame({"customer_id": ["1"], "ordered_at": ["2024-01-01"], "amount": [1.0]})
    for name, frame in (("a", first), ("b", first.rename(columns={"amount": "total"}))):
        getattr(frame, "to_" + end.replace("xlsx", "excel"))(tmp_path / f"{name}.{end}", index=False)
    with pytest.raises(LedgerError, match=rf"b\.{end} does not have the columns of a\.{end}"):
        load_ledger(tmp_path)


def test_hidden_and_marker_files_of_a_folder_are_no_data(write: Callable[..., Path]) -> None:
    """Names that start with a dot or an underscore are skipped."""
    write("f/.a.csv", "x")
    write("f/_SUCCESS", "")
    assert load_ledger(write("f/a.csv", GOOD).parent).report.rows_used == 2


@pytest.mark.parametrize(
    ("encoding", "name", "guess"),
    [("gb18030", "客户一", "gb18030"), ("latin-1", "Müller", "latin-1"), ("utf-16", "Ö", "utf-16")],
)
def test_other_encoding_is_named_with_its_line_and_then_read(
    write: Callable[..., Path], encoding: str, name: str, guess: str
) -> None:
    """The message names the line and a guess; following the guess works."""
    path = write("a.csv", GOOD + f"{name},2024-01-03,7\n", encoding)
    with pytest.raises(LedgerError, match=rf"a byte in line \d is not utf-8; try csv: {{encoding: {guess}}}"):
        load_ledger(path)
    ledger = load_ledger(path, csv={"encoding": guess})
    assert name in set(ledger.lines.collect().to_pandas()["customer_id"])


def test_wrong_separator_is_seen(write: Callable[..., Path]) -> None:
    """One column that contains semicolons."""
    with pytest.raises(LedgerError, match=r'ledger\.csv\.separator: ";"'):
        load_ledger(write("a.csv", GOOD.replace(",", ";")))


def test_options_problems_come_together(write: Callable[..., Path]) -> None:
    """Five wrong settings, one error."""
    path = write("a.csv", GOOD)
    with pytest.raises(LedgerError) as caught:
        load_ledger(
            path,
            csv={"seperator": ";"},
            as_of="soon",
            refunds="no",
            timezone="Mars/Base",
            memory_limit="much",
        )
    assert len(caught.value.problems) == 5
    assert "did you mean 'separator'?" in caught.value.problems[0]


def test_a_rule_without_its_column(write: Callable[..., Path]) -> None:
    """A refund prefix needs order ids."""
    with pytest.raises(LedgerError, match="refund_prefix needs order_id, which is not mapped"):
        load_ledger(write("a.csv", GOOD), refund_prefix="C")


@pytest.mark.parametrize("source", [42, None, ["a"]])
def test_things_that_are_no_ledger(source: object) -> None:
    """Neither a path nor a frame."""
    with pytest.raises(LedgerError, match="cannot be read; give a path"):
        load_ledger(source)


def test_lines_that_are_no_records_are_counted(write: Callable[..., Path]) -> None:
    """Too few fields, too many fields, a broken quote: three lines set aside, two used."""
    path = write("a.csv", GOOD + '3,2024\n4,2024-01-02,3,4,5\n5,2024-01-02,"3"x\n')
    report = load_ledger(path).report
    assert (report.rows_in, report.rows_used, report.set_aside["unreadable_line"].rows) == (5, 2, 3)
    assert report.set_aside["unreadable_line"].example == "a.csv line 4: 3,2024"


def test_bad_lines_count_whatever_columns_are_mapped(write: Callable[..., Path]) -> None:
    """A bad value in an unmapped column loses nothing; a missing field does, wherever it is."""
    path = write("a.csv", "note,customer_id,ordered_at,amount\nx,1,2024-01-01,5\ny,2,2024-01-02\n")
    assert load_ledger(path).report.set_aside["unreadable_line"].rows == 1


@pytest.mark.parametrize("name", ["o'brien.csv", 'a"b.csv', "a[1]*.csv", "订单 ; drop table.csv"])
def test_hostile_file_names(write: Callable[..., Path], name: str) -> None:
    """Quotes and wildcards in a file's name are just characters."""
    write("a1x.csv", GOOD)
    assert load_ledger(write(name, GOOD)).report.rows_used == 2


def test_hostile_column_and_customer_names(write: Callable[..., Path]) -> None:
    """Names that look like SQL are names."""
    path = write("a.csv", '"a""; drop table x; --",下单\'日期,金额\n"\'; drop table y; --",2024-01-01,5\n')
    columns = {"customer_id": 'a"; drop table x; --', "ordered_at": "下单'日期", "amount": "金额"}
    ledger = load_ledger(path, columns=columns)
    assert ledger.lines.collect().to_pandas()["customer_id"].tolist() == ["'; drop table y; --"]


@pytest.mark.parametrize(
    "text", [GOOD.replace("\n", "\r\n"), GOOD.rstrip("\n"), "\ufeff" + GOOD, GOOD + "\n\n"]
)
def test_line_ends_and_byte_order_marks(write: Callable[..., Path], text: str) -> None:
    """Windows line ends, no last line end, a byte order mark, empty last lines."""
    assert load_ledger(write("a.csv", text)).report.rows_in == 2


def test_leading_zeros_survive(write: Callable[..., Path]) -> None:
    """An id is text, also where it looks like a number."""
    assert "007" in set(load_ledger(write("a.csv", GOOD)).lines.collect().to_pandas()["customer_id"])


def test_ids_saved_as_numbers_warn(write: Callable[..., Path]) -> None:
    """13085.0 in a text file would not join with 13085."""
    path = write("a.csv", HEADER + "13085.0,2024-01-01,5\n13086.0,2024-01-02,6\n")
    assert any("2 customer ids end in '.0'" in w for w in load_ledger(path).report.warnings)


def test_decimal_comma_and_thousands(write: Callable[..., Path]) -> None:
    """German numbers with the right keys."""
    path = write("a.csv", "customer_id;ordered_at;amount\n1;01.02.2024;1.234,50\n2;31.01.2024;-0,5\n")
    report = load_ledger(
        path, csv={"separator": ";", "decimal": ",", "thousands": "."}, as_of="2024-03-01"
    ).report
    assert report.amount_used == 1234.0


def test_memory_limit_and_threads_are_respected(write: Callable[..., Path]) -> None:
    """What the lines run on has the limits that were asked for."""
    relation = load_ledger(write("a.csv", GOOD), memory_limit="300MB", threads=1).lines.to_native()
    query = "SELECT current_setting('threads'), current_setting('memory_limit')"
    threads, memory = relation.query("settings", query).fetchall()[0]
    assert (threads, memory) == (1, "286.1 MiB")
