"""A config that names a store: every command gives what it gives without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from trade_project import Project, copied

from patron.cli import main
from patron.config import Config, load_config
from patron.errors import PatronError
from patron.workflows import bring_store_up_to_date, check, score
from patron.workflows.base import open_base, open_ledger
from patron.workflows.digests import data_digest

Copy = Callable[..., Config]


@pytest.fixture
def with_store(project: Project, tmp_path: Path) -> Path:
    """A config beside the orders, with a store."""
    path = copied(project, tmp_path)
    written = path.read_text(encoding="utf-8")
    path.write_text(
        written.replace("  currency: EUR\n", "  currency: EUR\n  store: store\n"), encoding="utf-8"
    )
    return path


def test_scores_are_the_same_with_and_without_a_store(with_store: Path, project: Project) -> None:
    """Byte by byte; the base, the ledger and the report as well."""
    config, plain = load_config(with_store), load_config(project.config)
    there, wanted = open_base(config, items=()), open_base(plain, items=())
    assert there.tables.products is None
    assert there.ledger.report == wanted.ledger.report
    assert data_digest(there.tables) == data_digest(wanted.tables)
    assert open_ledger(config).report == wanted.ledger.report
    assert check(config).rows_in == wanted.ledger.report.rows_in
    out = with_store.parent / "with.parquet", with_store.parent / "without.parquet"
    score(config, out=out[0])
    score(load_config(with_store, ["ledger.store=null"]), out=out[1])
    assert out[0].read_bytes() == out[1].read_bytes()


def test_the_command_says_what_it_did(
    with_store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, or one JSON object; the second time nothing is read."""

    def run(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["patron", "store", str(with_store), *words])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 0
        return capsys.readouterr().out

    first = run()
    assert first.startswith("Store version 1: 1 sources read, 0 unchanged; ")
    second = json.loads(run("--json", "--verify"))
    assert (second["version"], second["files_read"], second["files_unchanged"]) == (1, 0, 1)
    assert second["rows_new"] == second["rows_late"] == second["rows_gone"] == second["months_rebuilt"] == 0


def test_a_config_without_a_store_says_how_to_name_one(project: Project) -> None:
    """A key and a value."""
    with pytest.raises(PatronError, match="the config names no store"):
        bring_store_up_to_date(load_config(project.config))
