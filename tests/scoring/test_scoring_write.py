"""Scores on disk: whole or not at all, ten digits, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from patron.errors import PatronError
from patron.scoring import as_rounded, write_scores

ONE = pd.DataFrame({"customer_id": ["a"], "clv": [1.0]})


def test_floats_keep_ten_significant_digits() -> None:
    """At any size, and the missing stay missing."""
    values = [1 / 3, 2e9 / 3, -2e-9 / 3, 123456.7890123456, 0.0, math.nan]
    found = as_rounded(pd.DataFrame({"clv": values}))["clv"].tolist()
    assert found[:5] == [0.3333333333, 666666666.7, -6.666666667e-10, 123456.789, 0.0]
    assert math.isnan(found[5])


def test_rounding_leaves_the_original_alone() -> None:
    """A copy comes back."""
    frame = pd.DataFrame({"clv": [1 / 3]})
    as_rounded(frame)
    assert frame["clv"].item() == 1 / 3


def test_parquet_has_the_types_of_the_contract(scores: pd.DataFrame, tmp_path: Path) -> None:
    """Dates are dates, counts are integers, text is text, money is float64; nothing about pandas inside."""
    schema = pq.read_schema(write_scores(scores, tmp_path / "s.parquet"))
    assert schema.names == list(scores.columns)
    assert {str(schema.field(n).type) for n in ("as_of", "data_through", "last_order_on")} == {"date32[day]"}
    assert {str(schema.field(n).type) for n in ("orders_last_12_months", "schema_version")} == {"int64"}
    assert {str(schema.field(n).type) for n in ("clv", "churn_probability")} == {"double"}
    assert {str(schema.field(n).type) for n in ("customer_id", "reason_1_values", "note")} == {"string"}
    assert schema.metadata is None


def test_parquet_reads_back_as_it_was(scores: pd.DataFrame, tmp_path: Path) -> None:
    """Every number bit for bit; missing is null, not NaN."""
    table = pq.read_table(write_scores(scores, tmp_path / "s.parquet"))
    np.testing.assert_array_equal(
        table["clv"].to_numpy(zero_copy_only=False), scores["clv"].to_numpy(), strict=True
    )
    assert table["churn_probability"].null_count == scores["churn_probability"].isna().sum()
    assert table["customer_id"].to_pylist() == scores["customer_id"].tolist()


def test_the_same_scores_give_the_same_bytes(scores: pd.DataFrame, tmp_path: Path) -> None:
    """Nothing of the moment is written."""
    first = write_scores(scores, tmp_path / "a.parquet").read_bytes()
    assert write_scores(scores, tmp_path / "b.parquet").read_bytes() == first


def test_csv_holds_the_same_rows(scores: pd.DataFrame, tmp_path: Path) -> None:
    """Empty cells for what is missing, reasons as JSON."""
    with write_scores(scores, tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["customer_id"] for row in rows] == scores["customer_id"].tolist()
    lapsed = next(row for row in rows if row["status"] == "lapsed")
    assert lapsed["churn_probability"] == ""
    scored = next(row for row in rows if row["reason_1_values"])
    assert json.loads(scored["reason_1_values"])["effect"] in ("raises", "lowers")
    assert float(scored["clv"]) == scores.set_index("customer_id").loc[scored["customer_id"], "clv"]


@pytest.mark.parametrize("hostile", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_runs_no_formula(hostile: str, tmp_path: Path) -> None:
    """An apostrophe stands before text that a spreadsheet would run."""
    frame = pd.DataFrame({"customer_id": pd.Series([hostile, "plain"], dtype=object), "clv": [-1.5, 2.0]})
    with write_scores(frame, tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["customer_id"] for row in rows] == [f"'{hostile}", "plain"]
    assert rows[0]["clv"] == "-1.5"


@pytest.mark.parametrize("name", ["s.xlsx", "s.json", "s"])
def test_another_ending_is_refused(name: str, tmp_path: Path) -> None:
    """Before anything is written, with the two that work."""
    with pytest.raises(PatronError, match=r"\.parquet or \.csv.*--out"):
        write_scores(ONE, tmp_path / "new" / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(ending: str, tmp_path: Path) -> None:
    """A column that cannot be written breaks the second write."""
    path = tmp_path / f"s.{ending}"
    before = write_scores(ONE, path).read_bytes()

    class Unwritable:
        def __str__(self) -> str:
            raise RuntimeError("no")

    broken = pd.DataFrame({"customer_id": pd.Series([Unwritable()], dtype=object)})
    with pytest.raises(Exception, match=r"no|Unwritable"):
        write_scores(broken, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made(tmp_path: Path) -> None:
    """The first scores of a project."""
    assert write_scores(ONE, tmp_path / "runs" / "scores" / "s.csv").is_file()


WRITER = """
import os, sys
import pandas as pd
from pathlib import Path
from patron.scoring import write_scores

class Slow:
    def __str__(self):
        print("writing", flush=True)
        import time; time.sleep(60)

slow = pd.DataFrame({"customer_id": pd.Series(["x"] * 50_000 + [Slow()], dtype=object)})
write_scores(slow, Path(sys.argv[1]))
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_a_killed_writer_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """Killed in the middle of a row; the next reader finds the old scores, the next writer writes."""
    path = tmp_path / "s.csv"
    before = write_scores(ONE, path).read_bytes()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        time.sleep(0.05)
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.glob("[!.]*")] == ["s.csv"]
