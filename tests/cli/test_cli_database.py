"""A project whose orders come from a database and whose scores go to one; its password is nowhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as parquet
import pytest
from postgres_server import PASSWORD, Server

Run = Callable[..., Any]

SECRETS = tuple(text.encode() for text in (PASSWORD, quote(PASSWORD, safe=""), "geheim"))


@pytest.fixture
def database(postgres: Server, config: Path) -> Path:
    """Return the config beside that of a copy of the trained project that reads and writes PostgreSQL."""
    orders = parquet.read_table(config.parent / "orders.parquet").replace_schema_metadata(None)
    with postgres.connect() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("trade", orders, mode="replace")
        connection.commit()
    text = config.read_text(encoding="utf-8")
    query = f'{{sql: "SELECT * FROM trade", url: "{postgres.url}"}}'
    database = config.with_name("database.yaml")
    database.write_text(
        text.replace("transactions: orders.parquet", f"transactions: {query}")
        + f'publish: {{url: "{postgres.url}", table: scores_of_trade}}\n',
        encoding="utf-8",
    )
    return database


def secret_files(folder: Path) -> list[Path]:
    """Every file that holds the password in one of its spellings."""
    held = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in held if any(secret in path.read_bytes() for secret in SECRETS)]


def test_score_from_a_database_to_a_database(database: Path, postgres: Server, patron: Run) -> None:
    """The same scores as from the file; they stand in the table; the password stands nowhere."""
    folder, project = database.parent, database.with_name("patron.yaml")
    code, plain, _ = patron("score", project, "--out", folder / "plain.parquet", "--json")
    assert code == 0
    assert json.loads(plain)["published"] is None
    code, out, err = patron("score", database, "--out", folder / "from.parquet", "--json")
    assert (code, json.loads(out)["published"]) == (
        0,
        {"table": "scores_of_trade", "rows": json.loads(plain)["counts"]["customers"]},
    )
    assert (folder / "from.parquet").read_bytes() == (folder / "plain.parquet").read_bytes()
    stored = postgres.rows("SELECT customer_id, status, clv, reason_1 FROM scores_of_trade")
    written = parquet.read_table(folder / "plain.parquet").select(
        ["customer_id", "status", "clv", "reason_1"]
    )
    assert sorted(map(str, stored)) == sorted(str(tuple(row.values())) for row in written.to_pylist())
    said = f"{out}{err}".encode()
    assert not [secret for secret in SECRETS if secret in said]
    assert secret_files(folder) == []


@pytest.mark.slow
def test_training_writes_no_password(database: Path, patron: Run) -> None:
    """Neither to MLflow's database nor to the model's folder, also where it is shown what was read."""
    code, out, err = patron(
        "train", database, "--set", "churn.model=rule", "--set", "tracking.experiment=again"
    )
    assert code in (0, 3), err
    assert not [secret for secret in SECRETS if secret in f"{out}{err}".encode()]
    assert secret_files(database.parent) == []
    models = [path.read_text(encoding="utf-8") for path in database.parent.rglob("manifest.json")]
    assert any("postgresql://***@127.0.0.1" in text for text in models)


def test_scores_that_cannot_be_published_stay_in_their_file(database: Path, patron: Run) -> None:
    """Exit 1, what the server says, and where the scores are."""
    text = database.read_text(encoding="utf-8").replace("scores_of_trade", "nowhere.scores")
    database.write_text(text, encoding="utf-8")
    file = database.parent / "kept.parquet"
    code, out, err = patron("score", database, "--out", file)
    assert (code, out) == (1, "")
    assert 'schema "nowhere" does not exist' in err
    assert f"the scores are in {file}; none of them were published" in " ".join(err.split())
    assert file.exists()
    assert os.environ["PATRON_TEST_PGPASSWORD"] not in err
