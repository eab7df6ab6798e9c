"""`worklist` on the small trained project: files, memory from week to week, no look ahead."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from trade_project import Project

from patron.config import Config
from patron.errors import PatronError
from patron.workflows import score, worklist

OWNERS = ['Müller, "Sales"', "A/B", "张伟", None]


@pytest.fixture(scope="module")
def desk(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with owners, names, an action log and scores."""
    from patron.config import load_config

    folder = tmp_path_factory.mktemp("desk") / "copy"
    shutil.copytree(project.folder, folder)
    scores = score(load_config(folder / "patron.yaml")).scores
    ids = scores["customer_id"].tolist()
    pd.DataFrame(
        {
            "customer_id": ids,
            "name": ["<script>"] + [f"=Firm {i}" for i in range(1, len(ids))],
            "owner": [OWNERS[i % 4] for i in range(len(ids))],
            "parent_id": [ids[0] if 0 < i < 6 else None for i in range(len(ids))],
        }
    ).to_csv(folder / "customers.csv", index=False)
    worth = scores[scores["status"] == "scored"].sort_values("value_at_risk", ascending=False)["customer_id"]
    called = worth.tolist()[:3]
    pd.DataFrame(
        {
            "customer_id": called,
            "happened_at": ["2023-06-25", "2023-06-25", "2023-07-02"],
            "owner": "Anna",
            "action": "call",
            "outcome": ["reached", "dismissed", "dismissed"],
            "reason": [None, "site closed", "too late to count"],
        }
    ).to_csv(folder / "actions.csv", index=False)
    text = (folder / "patron.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "  currency: EUR\n", "  currency: EUR\n  customers: customers.csv\n  actions: actions.csv\n"
    )
    (folder / "patron.yaml").write_text(text + "worklist: {capacity: 4, cost: 5}\n", encoding="utf-8")
    (folder / "called.json").write_text(json.dumps(called))
    return folder


@pytest.fixture
def copied_desk(desk: Path, tmp_path: Path) -> Callable[..., Config]:
    """Return a function: overrides -> the config of a copy."""
    from patron.config import load_config

    shutil.copytree(desk, tmp_path / "copy")
    return lambda *overrides: load_config(tmp_path / "copy" / "patron.yaml", list(overrides))


def test_files_counts_and_the_action_log(copied_desk: Callable[..., Config]) -> None:
    """Capacity holds for each owner, everybody is counted, calls before the day are remembered."""
    config = copied_desk()
    done = worklist(config)
    calls, counts = done.lists.calls, done.lists.counts
    assert [path.name for path in done.files] == [
        "2023-07-02.xlsx", "2023-07-02.csv", "2023-07-02.win_back.csv",
    ]  # fmt: skip
    assert all(path.is_file() for path in done.files)
    assert calls.groupby("owner", dropna=False).size().le(4).all()
    assert counts["candidates"] == sum(n for code, n in counts.items() if code != "candidates")
    assert (counts["cooldown"], counts["dismissed"]) == (1, 1)
    reached, dismissed, later = json.loads((config.folder / "called.json").read_text())
    assert not {reached, dismissed} & set(calls["customer_id"])
    assert later in set(done.lists.judged["customer_id"][done.lists.judged["left_off"] != "dismissed"])
    assert done.warnings == []


def test_the_same_day_again_gives_the_same_bytes(copied_desk: Callable[..., Config]) -> None:
    """The list of a day does not remember itself."""
    config = copied_desk()
    first = {path: path.read_bytes() for path in worklist(config).files}
    assert {path: path.read_bytes() for path in worklist(config).files} == first


def test_the_change_of_revenue_is_that_of_the_ledger(
    copied_desk: Callable[..., Config], project: Project
) -> None:
    """Counted with pandas from the orders: last 365 days less the 365 before."""
    calls = worklist(copied_desk()).lists.calls
    day, orders = pd.Timestamp("2023-07-02"), project.orders
    age = (day - orders["ordered_at"].dt.normalize()).dt.days
    year = [
        orders[age.between(first, first + 364)].groupby("customer_id")["amount"].sum() for first in (1, 366)
    ]
    change = (year[0] - year[1]).reindex(calls["customer_id"]).to_numpy()
    seen = calls["revenue_change"].astype(float)
    assert seen.notna().sum() > 5
    assert seen[seen.notna()].to_numpy() == pytest.approx(change[seen.notna()], abs=0.02)


def test_split_by_owner(copied_desk: Callable[..., Config], tmp_path: Path) -> None:
    """A workbook and a page each; no id of another owner on a page."""
    done = worklist(copied_desk(), split_by_owner=tmp_path / "out", language="zh")
    assert set(done.by_owner) == set(OWNERS)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(
        f"2023-07-02_{name}{ending}"
        for name in ("Müller_Sales", "A_B", "张伟", "无客户经理")
        for ending in (".xlsx", ".html")
    )
    owner_of = pd.concat([done.lists.judged, done.lists.judged_back]).set_index("customer_id")["owner"]
    for owner, (_, page) in done.by_owner.items():
        text = page.read_text(encoding="utf-8")
        for customer, whose in owner_of.items():
            if whose != owner:
                assert str(customer) not in text


def test_other_languages_sizes_and_names(copied_desk: Callable[..., Config], tmp_path: Path) -> None:
    """`--per-owner` counts instead of the config's, `--out` names the file, what is remembered stays."""
    config = copied_desk("simulated=true")
    done = worklist(config, per_owner=1, language="zh", out=tmp_path / "list.csv")
    assert done.lists.calls.groupby("owner", dropna=False).size().max() == 1
    assert [path.name for path in done.files] == ["list.csv", "list.win_back.csv"]
    assert (config.output_folder / "worklists" / "2023-07-02.parquet").is_file()
    assert done.lists.facts.is_simulated
    with pytest.raises(PatronError, match=r"list\.pdf"):
        worklist(config, out=tmp_path / "list.pdf")


def test_without_customers_and_without_scores(copy: Callable[..., Config]) -> None:
    """One list for all and a word about it; without scores the next command is named."""
    with pytest.raises(PatronError) as error:
        worklist(copy())
    assert "patron score" in str(error.value.next_step)
    config = copy()
    score(config)
    done = worklist(config, per_owner=7)
    assert (len(done.lists.calls), done.lists.calls["owner"].isna().all()) == (7, True)
    assert "ledger.customers" in done.warnings[0]


def test_a_week_later_the_list_remembers(copied_desk: Callable[..., Config]) -> None:
    """The list of a week before is read: what it held is the same or worse, the rest is new."""
    config = copied_desk()
    week_before: Any = copied_desk("as_of=2023-06-25")
    score(week_before)
    earlier = worklist(week_before, scores_file=config.output_folder / "scores" / "2023-06-25.parquet")
    held = set(earlier.lists.calls["customer_id"])
    calls = worklist(config).lists.calls.set_index("customer_id")["since_last"]
    assert set(calls[calls == "new"].index) == set(calls.index) - held
    assert set(calls[calls != "new"]) <= {"same", "worse"}
    assert set(calls[calls != "new"].index) <= held
