"""Spark against the other engines: reports, tables, features, scores, and the command."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from spark_session import needs_spark
from synthetic_ledger import (
    Line,
    lines_frame,
    number,
    synthetic_attributes,
    synthetic_events,
    synthetic_merges,
    tables_of,
)
from trade_project import Project, trained_project

from patron import score_with_spark
from patron.cli import main
from patron.features import FEATURE_GROUPS, FeatureRecipe, build_features
from patron.ledger import load_ledger, materialise
from patron.ledger.spark_files import spark_orders
from patron.model import load_model_folder
from patron.snapshots import CustomerMerge, CustomerTables, RhythmRule, customer_tables, history_before
from patron.spark._groups import whole_customers

pytestmark = needs_spark

DAY = number("2024-03-15")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trained_project(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def on_spark(spark: Any, ledger_rows: list[Line]) -> CustomerTables:
    """The tables of the synthetic ledger on Spark, made by the code of every engine."""
    import narwhals as nw

    lines = spark.createDataFrame(pa.Table.from_pandas(lines_frame(ledger_rows), preserve_index=False))
    return customer_tables(
        nw.from_native(lines.repartition(2)),
        keep=materialise,
        attributes=synthetic_attributes(),
        events=synthetic_events(),
        merges=synthetic_merges(),
    )


@pytest.fixture(scope="module")
def on_duckdb(ledger_rows: list[Line]) -> CustomerTables:
    return tables_of(
        ledger_rows,
        engine="duckdb",
        attributes=synthetic_attributes(),
        events=synthetic_events(),
        merges=synthetic_merges(),
    )


def collected(table: Any) -> pd.DataFrame:
    frame = table.collect().to_pandas()
    keys = [name for name in ("customer_id", "day", "item") if name in frame]
    return frame.sort_values(keys, ignore_index=True)


@pytest.mark.parametrize("name", ["days", "products", "categories"])
def test_tables_are_those_of_duckdb(name: str, on_spark: CustomerTables, on_duckdb: CustomerTables) -> None:
    got, want = collected(getattr(on_spark, name)), collected(getattr(on_duckdb, name))
    pd.testing.assert_frame_equal(got[list(want)], want, check_dtype=False, check_exact=True)


def test_features_are_those_of_duckdb(on_spark: CustomerTables, on_duckdb: CustomerTables) -> None:
    """Whole numbers and money are equal, what is divided or drawn a root of within 1e-12."""
    recipe = FeatureRecipe(
        horizon_days=60,
        groups=[group for group in FEATURE_GROUPS if group != "btyd"],
        attributes={"industry": ["retail", "hotel"], "size": None},
        event_kinds=("nps", "ticket"),
        kinds_of_items=("products", "categories"),
        rhythm=RhythmRule(),
    )
    got, want = (build_features(history_before(tables, DAY), recipe) for tables in (on_spark, on_duckdb))
    assert len(want) > 100
    assert list(got) == list(want)
    for name in want:
        a, b = got[name].to_numpy(), want[name].to_numpy()
        exact = name == "customer_id" or np.array_equal(b[~np.isnan(b)], np.rint(b[~np.isnan(b)]))
        if exact:
            assert [str(v) for v in a] == [str(v) for v in b], name
        else:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=0, err_msg=name)


def awkward(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders as text with a fault of every kind, and copies."""
    text = orders.head(600).assign(
        ordered_at=orders["ordered_at"].dt.strftime("%d/%m/%Y %H:%M"), quantity="1", currency="EUR"
    )
    text["amount"] = text["amount"].map(str)
    faults = {
        "ordered_at": ["31/02/2023", None, "31/12/9999 00:00"],
        "amount": ["abc", "inf", "", "(12.50)"],
        "customer_id": ["  ", "nan"],
        "quantity": ["many", None],
    }
    place = 3
    for column, values in faults.items():
        for value in values:
            text.loc[place, column] = value
            place += 1
    return pd.concat([text, text.iloc[100:120]], ignore_index=True)


@pytest.mark.parametrize("kind", ["text", "times", "decimals"])
def test_report_is_that_of_pandas(kind: str, spark: Any, orders: pd.DataFrame) -> None:
    rows = awkward(orders) if kind == "text" else orders.head(600)
    table = pa.Table.from_pandas(rows, preserve_index=False)
    if kind == "decimals":
        exact = table.column("amount").cast(pa.decimal128(18, 2), safe=False)
        table = table.set_column(table.schema.get_field_index("amount"), "amount", exact)
    frame = spark.createDataFrame(table).repartition(3)
    if kind != "text":  # times of no zone: a `timestamp` of Spark is an instant
        frame = frame.withColumn("ordered_at", frame["ordered_at"].cast("timestamp_ntz"))
    got = load_ledger(frame, refund_prefix="C", as_of="2024-03-15")
    want = load_ledger(table.to_pandas(), refund_prefix="C", as_of="2024-03-15")
    assert got.report == want.report
    assert len(want.report.set_aside) == (7 if kind == "text" else 0)


def test_csv_is_read_as_duckdb_reads_it(spark: Any, orders: pd.DataFrame, tmp_path: Path) -> None:
    """Quoted ends of lines, columns in another order, a packed file, and three lines that are no records."""
    rows = orders.head(300).assign(category='a;"b"\nc')
    rows.head(200).to_csv(tmp_path / "1.csv", index=False, sep=";")
    rows.tail(100)[list(rows)[::-1]].to_csv(tmp_path / "2.csv.gz", index=False, sep=";")
    with (tmp_path / "1.csv").open("a") as file:
        file.write("x;y\n1;2;3;4;5;6;7;8\n;\n")
    csv = {"separator": ";"}
    got = load_ledger(spark_orders(spark, tmp_path, csv=csv), csv=csv, as_of="2024-03-15").report.to_dict()
    want = load_ledger(tmp_path, csv=csv, as_of="2024-03-15").report.to_dict()
    example = got["set_aside"]["unreadable_line"].pop("example")
    del want["set_aside"]["unreadable_line"]["example"]  # it names the number of the line
    assert got == want
    assert got["set_aside"]["unreadable_line"]["rows"] == 3
    assert "1;2;3;4;5;6;7;8" in example


def plain(scores: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {key: None if pd.isna(value) else value for key, value in row.items()}
        for row in scores.to_dict("records")
    ]


def test_scores_are_those_of_the_model(spark: Any, project: Project) -> None:
    """Two customers are one by the day of scoring; order of rows included."""
    first, second = sorted(set(project.orders["customer_id"]))[:2]
    merges = (CustomerMerge(first, second, 19000),)
    folder = project.trained.folder
    want = load_model_folder(folder).score(project.orders, as_of="2023-07-02", merges=merges)
    scored = score_with_spark(spark.createDataFrame(project.orders), folder, "2023-07-02", merges=merges)
    assert plain(scored.toPandas()) == plain(want)
    assert first not in set(want["customer_id"])


def test_groups_hold_whole_customers() -> None:
    stream = pd.DataFrame({"newest_id": list("aaabbbbbbbbc"), "row": range(12)})
    batches = [stream.iloc[a : a + 2] for a in range(0, 12, 2)]
    batches.insert(3, stream.iloc[:0])
    groups = list(whole_customers(batches, rows=3))
    assert [list(group["newest_id"].unique()) for group in groups] == [["a"], ["b"], ["c"]]
    assert pd.concat(groups)["row"].tolist() == list(range(12))


@pytest.fixture
def patron(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Return a function that runs `patron ...` in this process: exit code, and what it said."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*words: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["patron", *map(str, words)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        return code, capsys.readouterr().out

    yield run
    signal.signal(signal.SIGTERM, before)


def test_command_writes_what_duckdb_writes(spark: Any, project: Project, tmp_path: Path, patron: Any) -> None:
    paths = {engine: tmp_path / f"{engine}.parquet" for engine in ("duckdb", "spark")}
    said = {}
    for engine, path in paths.items():
        words = ["score", project.config, "--engine", engine, "--out", path, "--json"]
        code, out = patron(*words, "--model", project.trained.folder)
        assert code == 0
        said[engine] = json.loads(out)["counts"]
    assert said["spark"] == said["duckdb"]
    assert pd.read_parquet(paths["spark"]).equals(pd.read_parquet(paths["duckdb"]))
    assert spark.range(1).count() == 1, "the session was another's and goes on"


def test_command_writes_parts(spark: Any, project: Project, tmp_path: Path, patron: Any) -> None:
    words = ["score", project.config, "--engine", "spark", "--out", f"{tmp_path / 'parts'}/"]
    code, out = patron(*words, "--model", project.trained.folder)
    assert code == 0
    parts = [pd.read_parquet(path) for path in sorted((tmp_path / "parts").glob("part-*.parquet"))]
    ids = pd.concat(parts)["customer_id"].tolist()
    assert ids == sorted(set(project.orders["customer_id"]))
    assert f"Scored {len(ids)} customers" in out


def test_stale_orders_are_refused(spark: Any, project: Project, tmp_path: Path, patron: Any) -> None:
    config = tmp_path / "stale.yaml"
    text = project.config.read_text().replace("orders.parquet", str(project.folder / "orders.parquet"))
    config.write_text(text.replace("2023-07-02", "2024-07-02") + "freshness: {max_age_days: 30}\n")
    code, _ = patron("score", config, "--engine", "spark", "--model", project.trained.folder)
    assert code == 3
    assert not (tmp_path / "runs").exists()
