"""Opening the store: safe when new, quiet, without global state, and clear about what it refuses."""

import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from patron.errors import RegistryError
from patron.registry import Store, disable_telemetry, open_store

OPEN = """
import sys
from pathlib import Path
from patron.registry import disable_telemetry, open_store
disable_telemetry()
open_store("sqlite:///mlflow.db", root=Path(sys.argv[1]), experiment="patron")
"""


def start(root: Path, cwd: Path) -> subprocess.Popen[str]:
    """Open the store in another process, as a user's terminal would."""
    return subprocess.Popen(
        [sys.executable, "-W", "default", "-c", OPEN, str(root)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_may_make_the_store_at_once_and_neither_says_a_word(tmp_path: Path) -> None:
    """Both succeed on a fresh store, nothing reaches their terminals, nothing is left but store and lock."""
    root, cwd = tmp_path / "客户 data #1+", tmp_path / "cwd"
    cwd.mkdir()
    processes = [start(root, cwd) for _ in range(2)]
    outcomes = [(*process.communicate(timeout=120), process.returncode) for process in processes]
    assert outcomes == [("", "", 0), ("", "", 0)]
    assert sorted(path.name for path in root.iterdir()) == ["mlflow.db", "mlflow.db.lock"]
    assert list(cwd.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_kill_while_the_store_is_made_leaves_a_usable_path(tmp_path: Path) -> None:
    """Killed twice at random moments of the migration, the next opening works and sweeps what was left."""
    draw = random.Random()
    for _ in range(2):
        process = start(tmp_path, tmp_path)
        with process:
            deadline = time.monotonic() + 60
            while not list(tmp_path.glob("mlflow.db.init-*/fresh.db")) and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 0.8))
            process.send_signal(signal.SIGKILL)
    store = open_store("sqlite:///mlflow.db", root=tmp_path, experiment="patron")
    assert [found.name for found in store.client.search_experiments()] == ["Default"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


def test_importing_the_folder_does_not_import_mlflow() -> None:
    """Whoever loads a model from a folder never pays for MLflow."""
    code = "import sys, patron.registry; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_global_address_is_set(store: Store) -> None:
    """A notebook that tracks elsewhere keeps tracking there."""
    import mlflow

    assert mlflow.get_tracking_uri() != store.address.uri
    assert mlflow.get_registry_uri() != store.address.uri


def test_settings_and_loggers_are_put_back(store: Store) -> None:
    """What is silenced for our calls is as before after them."""
    logging.getLogger("mlflow").setLevel(logging.INFO)
    before = dict(os.environ)
    open_store("sqlite:///mlflow.db", root=store.files.parent, experiment="patron")  # type: ignore[union-attr]
    assert logging.getLogger("mlflow").level == logging.INFO
    assert dict(os.environ) == before


def test_telemetry_is_off_unless_the_user_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting of the user wins."""
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    disable_telemetry()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    disable_telemetry()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "false"


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path, store: Store) -> None:
    """`sqlite:////...` does not depend on the config's folder."""
    path = store.address.database
    again = open_store(f"sqlite:///{path}", root=tmp_path / "elsewhere", experiment="patron")
    assert again.address.database == path


def test_an_empty_file_is_not_yet_a_store(
    tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without tables is replaced by a migrated one."""
    from patron.registry import _sqlite

    def make(database: Path, files: Path) -> None:
        database.write_bytes(migrated.read_bytes())

    monkeypatch.setattr(_sqlite, "_make", make)
    (tmp_path / "mlflow.db").touch()
    assert open_store("sqlite:///mlflow.db", root=tmp_path, experiment="patron").client.search_experiments()


def test_without_create_a_missing_store_says_train_first(tmp_path: Path) -> None:
    """Scoring where nothing was trained does not leave an empty store behind."""
    with pytest.raises(RegistryError, match=r"no tracking store at .* nothing has been trained"):
        open_store("sqlite:///mlflow.db", root=tmp_path, experiment="patron", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "uri", ["mlruns", "./mlruns", "file:///tmp/mlruns", "databricks", "postgresql://db/mlflow", "", "http://"]
)
def test_other_kinds_of_store_are_refused(tmp_path: Path, uri: str) -> None:
    """A folder of files and direct database servers are refused with the forms that work."""
    with pytest.raises(
        RegistryError, match=r"not a tracking store that patron opens. Use sqlite:///mlflow\.db"
    ):
        open_store(uri, root=tmp_path, experiment="patron")


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:mlflow.db"])
def test_a_store_without_a_file_is_refused(tmp_path: Path, uri: str) -> None:
    """A store in memory would lose every model."""
    with pytest.raises(RegistryError, match="names no file"):
        open_store(uri, root=tmp_path, experiment="patron")


@pytest.mark.parametrize("path", ["a%20b/mlflow.db", "what?.db", "mlflow.db?mode=ro"])
def test_characters_that_mlflow_trips_over_are_refused(tmp_path: Path, path: str) -> None:
    """MLflow would retry for minutes on a percent sign."""
    with pytest.raises(RegistryError, match="cannot open paths with '%' or"):
        open_store(f"sqlite:///{path}", root=tmp_path, experiment="patron")


def test_a_file_that_is_no_database_is_refused_at_once(tmp_path: Path) -> None:
    """The sentence names the file and what to do."""
    (tmp_path / "mlflow.db").write_text("customer_id,amount\n")
    with pytest.raises(RegistryError, match=r"mlflow\.db cannot be read as an MLflow store: .* Move it away"):
        open_store("sqlite:///mlflow.db", root=tmp_path, experiment="patron")


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    """MLflow would write its tables into any SQLite file."""
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        connection.execute("CREATE TABLE orders (id)")
    with pytest.raises(RegistryError, match="no such table: alembic_version"):
        open_store("sqlite:///mlflow.db", root=tmp_path, experiment="patron")


def test_a_store_of_another_mlflow_says_so(tmp_path: Path, migrated: Path) -> None:
    """MLflow's own sentence about its schema reaches the user."""
    (tmp_path / "mlflow.db").write_bytes(migrated.read_bytes())
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'older'")
        connection.commit()
    with pytest.raises(RegistryError, match=r"out-of-date database schema.*mlflow db upgrade"):
        open_store("sqlite:///mlflow.db", root=tmp_path, experiment="patron")


def test_missing_variables_are_all_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable that is not set is listed, in the order of the address."""
    monkeypatch.delenv("PATRON_USER", raising=False)
    monkeypatch.delenv("PATRON_SECRET", raising=False)
    with pytest.raises(RegistryError) as caught:
        open_store("https://${PATRON_USER}:${PATRON_SECRET}@host", root=tmp_path, experiment="patron")
    assert [problem.split()[3] for problem in caught.value.problems] == ["PATRON_USER", "PATRON_SECRET"]


def test_a_server_that_is_off_gives_one_sentence_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither message, cause nor output holds the secret, in any spelling."""
    monkeypatch.setenv("PATRON_SECRET", "gehe%69m/7")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(RegistryError, match=r"cannot open the tracking store http://\*\*\*@127") as caught:
        open_store("http://me:${PATRON_SECRET}@127.0.0.1:9", root=tmp_path, experiment="patron")
    seen = f"{caught.value}{caught.value.__cause__}{capfd.readouterr()}"
    assert not any(secret in seen for secret in ("gehe%69m/7", "geheim/7", "gehe%2569m%2F7"))


def test_printing_a_store_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store may stand in a log or a notebook's output."""
    from patron.registry._address import read_address

    monkeypatch.setenv("PATRON_SECRET", "topsecret")
    address = read_address("https://me:${PATRON_SECRET}@mlflow.example.com/x", Path())
    assert address.uri == "https://me:topsecret@mlflow.example.com/x"
    assert "topsecret" not in f"{address!r} {address}"
