"""Scoring and reporting: refusals leave the last output alone, and a killed run leaves no half file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from trade_project import Project

from patron.config import Config
from patron.errors import ConfigError, LedgerError, PatronError, Refused, RegistryError
from patron.model import load_model_folder
from patron.workflows import report, score
from patron.workflows.score_files import read_scores

Copy = Callable[..., Config]


def files(folder: Path) -> list[str]:
    """Names of what is in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_scores_are_written_under_the_day(copy: Copy) -> None:
    """Below the output folder of the config, and nothing beside them."""
    done = score(copy())
    assert done.path.parent.parent.name == "runs"
    assert files(done.path.parent) == ["2023-07-02.parquet"]
    assert done.model.name == "trade/1"


def test_counts_are_those_of_the_file(copy: Copy) -> None:
    """Every customer once."""
    done = score(copy())
    written = pd.read_parquet(done.path)
    assert done.counts["customers"] == len(written) == written["customer_id"].nunique()
    for name in ("scored", "new", "lapsed", "excluded"):
        assert done.counts[name] == (written["status"] == name).sum()


def test_a_folder_scores_like_the_registered_version(copy: Copy, tmp_path: Path) -> None:
    """Only the label differs."""
    config = copy()
    folder = next((config.output_folder / "models").iterdir())
    by_name = score(config).scores
    by_folder = score(config, model=str(folder), out=tmp_path / "s.parquet").scores
    assert set(by_folder["model"]) == {folder.name}
    pd.testing.assert_frame_equal(by_folder.drop(columns="model"), by_name.drop(columns="model"))


def test_another_day_is_scored_with_what_was_known_then(copy: Copy) -> None:
    """--as-of of the command line: an earlier day, without the orders after it."""
    done = score(copy("as_of=2023-05-01"))
    assert done.path.name == "2023-05-01.parquet"
    assert set(done.scores["as_of"]) == {date(2023, 5, 1)}
    assert max(done.scores["last_order_on"].dropna()) < date(2023, 5, 1)


def test_without_a_champion_the_versions_are_named(copy: Copy) -> None:
    """The user can choose one of them."""
    from patron.registry import open_store

    config = copy()
    store = open_store("sqlite:///mlflow.db", root=config.folder, experiment="patron")
    store.client.delete_registered_model_alias("trade", "champion")
    with pytest.raises(RegistryError, match=r"no version of trade is champion yet; versions: 1") as caught:
        score(config)
    assert caught.value.exit_code == 1


def test_without_a_training_the_next_command_is_named(tmp_path: Path, copy: Copy) -> None:
    """A project that was never trained."""
    with pytest.raises(RegistryError, match="nothing has been trained here") as caught:
        score(copy("tracking.uri=sqlite:///other.db"))
    assert "patron train" in str(caught.value.next_step)


def test_stale_data_are_refused_and_the_old_scores_stay(copy: Copy) -> None:
    """The feed stopped: the last good file is better than a new bad one."""
    before = score(copy()).path.read_bytes()
    with pytest.raises(Refused) as caught:
        score(copy("as_of=latest", "freshness.max_age_days=10"))
    assert caught.value.exit_code == 3
    assert "--allow-stale" in str(caught.value.next_step)
    folder = copy().output_folder / "scores"
    assert files(folder) == ["2023-07-02.parquet"]
    assert (folder / "2023-07-02.parquet").read_bytes() == before


def test_collapsed_data_are_refused(copy: Copy, project: Project) -> None:
    """Nine of ten orders of the last four weeks are missing: half a file was delivered."""
    config = copy()
    recent = project.orders["ordered_at"] >= "2023-06-04"
    kept = pd.concat([project.orders[~recent], project.orders[recent].iloc[::10]])
    kept.to_parquet(config.folder / "orders.parquet")
    with pytest.raises(Refused, match=r"28 days"):
        score(config)
    assert files(config.output_folder / "scores") == []


def test_allow_stale_scores_all_the_same(copy: Copy) -> None:
    """The user takes it upon himself."""
    done = score(copy("as_of=latest", "freshness.max_age_days=10"), allow_stale=True)
    assert done.path.is_file()


KILLED = """
import os, sys, time
import patron.scoring.write as write
from patron.config import load_config
from patron.workflows import score

def wait(*_):
    print("about to rename", flush=True)
    time.sleep(60)

os.replace = wait
score(load_config(sys.argv[1]))
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_a_killed_run_leaves_the_last_scores_and_a_report_finds_them(copy: Copy) -> None:
    """Killed before the rename: the old file is whole, and the unfinished one is not taken for scores."""
    config = copy()
    path = score(config).path
    before = path.read_bytes()
    code = [sys.executable, "-c", KILLED, str(config.folder / "patron.yaml")]
    with subprocess.Popen(code, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"about to rename\n"
        run.send_signal(signal.SIGKILL)
    assert path.read_bytes() == before
    assert len(files(path.parent)) == 2
    path.unlink()
    with pytest.raises(PatronError, match="There are no scores"):
        report(config)


def test_a_report_in_either_language(copy: Copy) -> None:
    """One file each, self-contained; Chinese under its own name."""
    config = copy()
    score(config)
    english, chinese = report(config), report(config, language="zh")
    assert (english.name, chinese.name) == ("2023-07-02.html", "2023-07-02.zh.html")
    assert 'lang="zh' in chinese.read_text(encoding="utf-8")
    assert "http://" not in english.read_text(encoding="utf-8").replace("http://www.w3.org", "")


def test_a_report_from_csv_scores(copy: Copy, tmp_path: Path) -> None:
    """Whoever keeps CSV gets the same page."""
    config = copy()
    scores = score(config, out=tmp_path / "s.csv").path
    page = report(config, scores_file=scores, out=tmp_path / "csv.html").read_text(encoding="utf-8")
    assert "K-0001" in page


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.parquet", None, "There is no scores file"),
        ("broken.parquet", b"no parquet", "cannot be read as scores"),
        ("other.csv", b"a,b\n1,2\n", "is no scores file: it lacks"),
        ("empty.csv", b"customer_id,as_of,model,status\n", "it has no row"),
    ],
)
def test_a_file_that_holds_no_scores(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    """Said in words, with the next step."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PatronError, match=said) as caught:
        read_scores(tmp_path / name)
    assert "Run patron score" in (caught.value.next_step or "")


def test_a_model_of_another_currency_is_refused(copy: Copy) -> None:
    """Pounds are not euros."""
    with pytest.raises((PatronError, LedgerError, ConfigError), match=r"GBP.*EUR|EUR.*GBP"):
        score(copy("ledger.currency=GBP"))


def test_training_leaves_no_temporary_files(project: Project) -> None:
    """Store, models, orders, config; the lock of the store may stay."""
    assert set(files(project.folder)) <= {
        "mlflow.db", "mlflow.db.lock", "mlruns", "orders.parquet", "patron.yaml", "runs",
    }  # fmt: skip
    folder = project.folder / "runs" / "models"
    assert [load_model_folder(path).manifest["name"] for path in folder.iterdir()] == ["trade"]
