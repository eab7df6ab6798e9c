"""What Spark does not do is said in one line, before it is started."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from patron.config import make_config
from patron.errors import LedgerError, PatronError
from patron.ledger.spark_files import spark_orders
from patron.spark import session
from patron.workflows import score_on_spark


def test_without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(PatronError, match="no java on the path"):
        session._check_java()


def test_files_that_spark_does_not_read(tmp_path: Path) -> None:
    whole, text = pd.DataFrame({"customer_id": [1]}), pd.DataFrame({"customer_id": ["1"]})
    fine = pa.table({"ordered_at": pa.array([0], pa.timestamp("ns"))})
    for folder in ("excel", "types", "nanoseconds", "chinese"):
        (tmp_path / folder).mkdir()
    (tmp_path / "excel" / "a.xlsx").write_bytes(b"PK")
    whole.to_parquet(tmp_path / "types" / "a.parquet")
    text.to_parquet(tmp_path / "types" / "b.parquet")
    parquet.write_table(fine, tmp_path / "nanoseconds" / "a.parquet")
    (tmp_path / "chinese" / "a.csv").write_text("customer_id,amount\n", encoding="gb18030")
    none: object = None  # no session is needed to say so
    for folder, said in (
        ("excel", "not xlsx"),
        ("types", "b.parquet holds customer_id as BYTE_ARRAY"),
        ("nanoseconds", "in nanoseconds"),
        ("chinese", "not gb18030"),
    ):
        with pytest.raises(LedgerError, match=said):
            spark_orders(none, tmp_path / folder, csv={"encoding": "gb18030"})  # type: ignore[arg-type]


def test_a_query_is_not_read(tmp_path: Path) -> None:
    query = {"sql": "select 1", "url": "duckdb:///orders.duckdb"}
    config = make_config({"name": "trade", "ledger": {"transactions": query, "currency": "EUR"}}, tmp_path)
    with pytest.raises(PatronError, match=r"ledger\.transactions is a query"):
        score_on_spark(config)
