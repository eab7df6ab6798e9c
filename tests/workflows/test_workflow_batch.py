"""Scoring in chunks: the same bytes however it is cut, and whatever was killed on the way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from trade_project import Project

from patron.config import Config
from patron.errors import PatronError, Refused
from patron.ledger import at_hand, load_ledger, materialise
from patron.model import PatronModel, load_model_folder
from patron.scoring import write_scores
from patron.snapshots import CustomerMerge, CustomerTables, customer_tables, to_day
from patron.workflows import score
from patron.workflows.base import Base
from patron.workflows.batch import Batch, score_in_chunks
from patron.workflows.digests import data_digest, tables_digest

AS_OF = "2023-07-02"
#: Into a later and an earlier chunk, in a chain, to an id without orders, and one that is not known yet.
MERGES = tuple(
    CustomerMerge(old, new, to_day(pd.Timestamp(day).date()))
    for old, new, day in (
        ("K-0001", "K-0200", "2023-01-01"),
        ("K-0150", "K-0010", "2023-02-01"),
        ("K-0003", "K-0100", "2022-05-01"),
        ("K-0100", "K-0219", "2023-03-01"),
        ("K-0050", "0-new", "2023-03-01"),
        ("K-0060", "K-0061", "2023-07-02"),
    )
)


class Prepared(NamedTuple):
    """A model, and bases by engine."""

    model: PatronModel
    bases: dict[str, Base]


@pytest.fixture(scope="module")
def prepared(project: Project) -> Prepared:
    model = load_model_folder(project.trained.folder)
    bases = {}
    for engine, source, settle in (
        ("arrays", project.orders, at_hand),
        ("duckdb", project.folder / "orders.parquet", lambda table: table),
    ):
        ledger = load_ledger(source, as_of=AS_OF, **model.ledger_rules)
        tables = customer_tables(ledger.lines, keep=materialise, settle=settle, merges=MERGES)
        bases[engine] = Base(ledger, tables)
    return Prepared(model, bases)


def scored(prepared: Prepared, path: Path, engine: str = "arrays", **limits: Any) -> Batch:
    return score_in_chunks(prepared.model, prepared.bases[engine], path, language="en", **limits)


def at_once(prepared: Prepared, path: Path) -> bytes:
    """The undisturbed path: no chunks at all."""
    base = prepared.bases["arrays"]
    return write_scores(prepared.model.score_tables(base.tables, base.ledger), path).read_bytes()


@pytest.mark.parametrize("engine", ["arrays", "duckdb"])
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_chunks_give_the_bytes_of_scoring_at_once(
    prepared: Prepared, tmp_path: Path, engine: str, ending: str
) -> None:
    """One, three and more than fifty chunks, by customers or by days; merged customers with all their ids."""
    expected = at_once(prepared, tmp_path / f"at_once.{ending}")
    path, parts = tmp_path / f"s.{ending}", []
    cuts = [{}, {"most_customers": 80}, {"most_days": 600}]
    if (engine, ending) == ("arrays", "parquet"):
        cuts.append({"most_customers": 4})
    for limits in cuts:
        done = scored(prepared, path, engine, **limits)
        parts.append(done.parts)
        assert path.read_bytes() == expected
        assert sorted(p.name for p in tmp_path.iterdir()) == [f"at_once.{ending}", path.name]
    assert parts[:2] == [1, 3]
    assert parts[2] > 3
    assert parts[3:] in ([], [55])


def test_the_counts_add_up_to_the_customers(prepared: Prepared, project: Project, tmp_path: Path) -> None:
    """Of 222 ids four went to others; the one that is merged on the day itself is not."""
    counts = scored(prepared, tmp_path / "s.parquet", most_customers=50).counts
    assert counts["customers"] == project.orders["customer_id"].nunique() - 4 == 218
    assert counts["customers"] == sum(n for status, n in counts.items() if status != "customers")


class Stopped(Exception):
    """The run ends here."""


def stopped_after(customers: int) -> Callable[[int, int], None]:
    def advance(done: int, _all: int) -> None:
        if done >= customers:
            raise Stopped("here")

    return advance


def begin(prepared: Prepared, path: Path, customers: int) -> Path:
    """Score in parts of 40 until so many are done; return the folder of the parts."""
    with pytest.raises(Stopped, match="here"):
        scored(prepared, path, most_customers=40, advance=stopped_after(customers))
    assert not path.exists()
    return path.with_name(f".{path.stem}.parts")


def test_a_rerun_makes_only_what_is_missing(prepared: Prepared, tmp_path: Path) -> None:
    """Three of six parts were there."""
    path = tmp_path / "s.parquet"
    folder = begin(prepared, path, customers=100)
    assert sorted(p.name for p in folder.glob("part-*")) == [f"part-0000{n}.parquet" for n in range(3)]
    made = []
    real = prepared.model.score_tables

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(prepared.model, name)

        def score_tables(self, tables: CustomerTables, *rest: Any, **how: Any) -> pd.DataFrame:
            made.append(tables)
            return real(tables, *rest, **how)

    counting: Any = Counting()
    done = scored(prepared._replace(model=counting), path, most_customers=40)
    assert (done.parts, done.resumed_parts, len(made)) == (6, 3, 3)
    assert path.read_bytes() == at_once(prepared, tmp_path / "all.parquet")
    assert not folder.exists()


def test_a_damaged_part_is_made_again(prepared: Prepared, tmp_path: Path) -> None:
    """One has other bytes, one is gone; said."""
    path = tmp_path / "s.parquet"
    folder = begin(prepared, path, customers=100)
    shutil.copy(folder / "part-00001.parquet", folder / "part-00000.parquet")
    (folder / "part-00002.parquet").unlink()
    done = scored(prepared, path, most_customers=40)
    assert done.resumed_parts == 1
    assert done.notes == ["part 0 was damaged and is made again", "part 2 was damaged and is made again"]
    assert path.read_bytes() == at_once(prepared, tmp_path / "all.parquet")


@pytest.mark.parametrize("manifest", ["{", '{"format": 9, "parts": {}}'])
def test_without_a_readable_manifest_everything_is_made_anew(
    prepared: Prepared, tmp_path: Path, manifest: str
) -> None:
    """Parts that nothing vouches for are not used."""
    path = tmp_path / "s.parquet"
    (begin(prepared, path, customers=20) / "manifest.json").write_text(manifest)
    done = scored(prepared, path, most_customers=40)
    assert done.resumed_parts == 0
    assert len(done.notes) == 1
    assert path.read_bytes() == at_once(prepared, tmp_path / "all.parquet")


def test_another_language_or_model_starts_over(prepared: Prepared, tmp_path: Path) -> None:
    """And says why; no row of the other batch remains."""
    path = tmp_path / "s.parquet"
    base = prepared.bases["arrays"]
    begin(prepared, path, customers=40)
    done = score_in_chunks(prepared.model, base, path, language="zh", most_customers=40)
    assert done.notes == ["an unfinished run was of another language; all customers were scored anew"]
    expected = write_scores(
        prepared.model.score_tables(base.tables, base.ledger, language="zh"), tmp_path / "zh.parquet"
    )
    assert path.read_bytes() == expected.read_bytes()
    path.unlink()
    begin(prepared, path, customers=40)
    parts = prepared.model.parts
    other = replace(parts, settings=replace(parts.settings, margin=0.5))
    renamed = PatronModel(prepared.model.name, other, ledger_rules=prepared.model.ledger_rules)
    again = score_in_chunks(renamed, base, path, language="en", most_customers=40)
    assert again.notes == ["an unfinished run was of another model_sha256; all customers were scored anew"]


def test_a_part_of_other_orders_is_made_again(prepared: Prepared, project: Project, tmp_path: Path) -> None:
    """One customer's amount is corrected between two runs: its part is new, the others hold."""
    path = tmp_path / "s.parquet"
    begin(prepared, path, customers=80)
    orders = project.orders.copy()
    first = orders.index[(orders["customer_id"] == "K-0030") & (orders["amount"] > 0)][0]
    orders.loc[first, "amount"] += 1000
    ledger = load_ledger(orders, as_of=AS_OF, **prepared.model.ledger_rules)
    base = Base(ledger, customer_tables(ledger.lines, keep=materialise, merges=MERGES))
    done = score_in_chunks(prepared.model, base, path, language="en", most_customers=40)
    assert done.resumed_parts == 1
    assert done.notes == ["part 0 was made of other data and is made again"]
    expected = write_scores(prepared.model.score_tables(base.tables, ledger), tmp_path / "all.parquet")
    assert path.read_bytes() == expected.read_bytes()


def test_two_runs_at_once_do_not_mix(prepared: Prepared, tmp_path: Path) -> None:
    """The second one is refused while the first is at it; the first ends as if alone."""
    path, said = tmp_path / "s.parquet", []

    def advance(_done: int, _all: int) -> None:
        with pytest.raises(PatronError, match="Another run is writing") as caught:
            scored(prepared, path, most_customers=80)
        said.append(str(caught.value.next_step))

    scored(prepared, path, most_customers=80, advance=advance)
    assert len(said) == 3
    assert "--out" in said[0]
    assert path.read_bytes() == at_once(prepared, tmp_path / "all.parquet")


def test_a_refusal_leaves_unfinished_parts(copy: Callable[..., Config], project: Project) -> None:
    """Stale data: the last scores and what a killed run had finished stay as they are."""
    with pytest.raises(Stopped, match="here"):
        score(copy(), advance=stopped_after(1))
    folder = copy().output_folder / "scores" / ".2023-07-02.parts"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert "part-00000.parquet" in before
    with pytest.raises(Refused, match="max_age_days"):
        score(copy("as_of=latest", "freshness.max_age_days=10"))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert score(copy()).batch.resumed_parts == 1


def test_digests_depend_on_the_rows_alone(prepared: Prepared, project: Project) -> None:
    """Not on engine or order; on one cent, one attribute, one merge they do."""
    tables = [base.tables for base in prepared.bases.values()]
    shuffled = project.orders.sample(frac=1, random_state=1)
    ledger = load_ledger(shuffled, as_of=AS_OF, **prepared.model.ledger_rules)
    tables.append(customer_tables(ledger.lines, keep=materialise, merges=MERGES[::-1]))
    assert len({data_digest(each) for each in tables}) == 1
    assert len({tables_digest(each) for each in tables}) == 1
    cent = project.orders.copy()
    cent.loc[cent.index[0], "amount"] += 0.01
    ledger = load_ledger(cent, as_of=AS_OF, **prepared.model.ledger_rules)
    changed = customer_tables(ledger.lines, keep=materialise, merges=MERGES)
    assert data_digest(changed) != data_digest(tables[0])
    known = {
        tables_digest(CustomerTables(**{**vars(tables[0]), **change}))
        for change in (
            {"merges": MERGES[1:]},
            {"attributes": pd.DataFrame({"customer_id": ["K-0001"], "margin": [0.2]})},
            {"attributes": pd.DataFrame({"customer_id": ["K-0001"], "margin": [0.3]})},
            {"events": pd.DataFrame({"customer_id": ["K-0001"], "kind": ["nps"], "value": [9.0]})},
        )
    }
    assert len(known | {tables_digest(tables[0])}) == 5


def killed(project: Project, folder: Path, kills: int) -> dict[str, int]:
    """Carry out `killed_batch.py`; the files must be those of the run that nobody disturbed."""
    shutil.copytree(project.trained.folder, folder / "model")
    project.orders.to_pickle(folder / "orders.pickle")
    script = Path(__file__).with_name("killed_batch.py")
    code = [sys.executable, str(script), str(folder), str(kills), "7"]
    run = subprocess.run(code, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert (folder / "killed" / "s.csv").read_bytes() == (folder / "undisturbed" / "s.csv").read_bytes()
    assert [file.name for file in (folder / "killed").iterdir()] == ["s.csv"]
    told: dict[str, int] = json.loads(run.stdout)
    assert told["killed"] + told["ended"] == kills
    return told


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_killed_runs_are_resumed(project: Project, tmp_path: Path) -> None:
    """Four kills at random moments: the last run finds parts of those before it."""
    told = killed(project, tmp_path, 4)
    assert told["killed"] >= 1


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_fifty_killed_runs_are_resumed(project: Project, tmp_path: Path) -> None:
    """Fifty."""
    assert killed(project, tmp_path, 50)["killed"] >= 25
