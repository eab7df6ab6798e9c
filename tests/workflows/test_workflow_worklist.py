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
from patron.errors import ConfigError, PatronError
from patron.workflows import check, score, train, worklist

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
    assert done.warnings == [
        "1 action of 2023-07-02 or later is not counted by a list of that day; score a later day first."
    ]


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


OURS = """rules:
  - when: {}
    action: {en: Send flowers., zh: 送花。}
    say: {en: "Good morning."}
    done_by: the florist
    within_days: 5
"""


def test_the_playbook_of_the_config_counts(copied_desk: Callable[..., Config]) -> None:
    """Edited since the training: what to do, say and by whom come from it; a broken one is refused."""
    config = copied_desk("playbook=ours.yaml")
    (config.folder / "ours.yaml").write_text(OURS, encoding="utf-8")
    lists = worklist(config).lists
    for rows in (lists.calls, lists.win_back):
        assert len(rows) > 0
        assert set(rows["action"]) == {"Send flowers."}
        assert rows["say"].str.endswith("Good morning.").all()
        assert set(rows["done_by"]) == {"the florist"}
        late = [(by - due).days for by, due in zip(rows["deadline_on"], rows["due_on"], strict=True)]
        assert set(late) == {5}
    (config.folder / "ours.yaml").write_text("rules: [{when: {tier: gold}, action: x}]", encoding="utf-8")
    with pytest.raises(ConfigError, match="tier is 'gold'"):
        worklist(config)


def test_check_reads_the_playbook(copied_desk: Callable[..., Config]) -> None:
    """All of its problems at once, before anybody trains; a missing translation is a warning."""
    config = copied_desk("playbook=ours.yaml")
    with pytest.raises(ConfigError, match="no such playbook"):
        check(config)
    (config.folder / "ours.yaml").write_text(OURS, encoding="utf-8")
    assert "playbook: rule 1 has no say in zh; English is used." in check(config).warnings
    assert not any("playbook" in warning for warning in check(copied_desk()).warnings)
    wrong = "rules: [{when: {tier: gold}, action: x}, {when: {}, action: ''}]"
    (config.folder / "ours.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        check(config)
    assert [text.split(":")[1] for text in error.value.problems] == [" rule 1", " rule 2", " rule 2"]


def test_what_is_said_is_true_of_the_orders(copied_desk: Callable[..., Config], project: Project) -> None:
    """Counted with pandas: who ordered on one day only, the last day, less than in the year before."""
    lists = worklist(copied_desk()).lists
    day = pd.Timestamp("2023-07-02")
    orders = project.orders[project.orders["ordered_at"] < day]
    bought = orders[orders["amount"] > 0]
    days = bought["ordered_at"].dt.normalize().groupby(bought["customer_id"])
    age = (day - orders["ordered_at"].dt.normalize()).dt.days
    now, then = (
        orders[age.between(first, first + 364)].groupby("customer_id")["amount"].sum() for first in (1, 366)
    )
    said = 0
    for row in [*lists.judged.to_dict("records"), *lists.judged_back.to_dict("records")]:
        customer, text = row["customer_id"], row["say"]
        last = days.max()[customer]
        named = f"{last.day} {last.month_name()} {last.year}"
        assert (named in text) or text.startswith(("You used to", "Over the last", "Before anything"))
        if "first order" in text:
            said += 1
            assert days.nunique()[customer] == 1
        if "your earlier orders" in text:
            assert days.nunique()[customer] > 1
        if "less from us" in text:
            assert now.get(customer, 0) < then[customer]
    assert said > 0


@pytest.mark.slow
@pytest.mark.parametrize("label", ["silence", "rhythm", "decline"])
def test_nobody_is_missing_under_any_label(copy: Callable[..., Config], label: str) -> None:
    """Candidates of both lists = customers - excluded; `decline` knows no value of those without a year."""
    config = copy(f"churn.label={label}", "tracking.experiment=label")
    scores = score(config, model=f"models:/{train(config).model}").scores
    lists = worklist(config, scores_file=config.output_folder / "scores" / "2023-07-02.parquet").lists
    counts = (lists.counts, lists.counts_back)
    everybody = sum(found["candidates"] for found in counts)
    assert everybody == (scores["status"] != "excluded").sum()
    active = scores[scores["status"].isin(["scored", "new"])]
    assert (lists.counts["no_value"] > 0) == (label == "decline")
    assert lists.counts["no_value"] == active["value_at_risk"].isna().sum()


def test_a_list_of_another_size_does_not_change_what_is_remembered(
    copied_desk: Callable[..., Config], tmp_path: Path
) -> None:
    """Who was on the usual list stays listed, whatever was tried beside it; alone it is better than none."""
    config = copied_desk()
    memory = config.output_folder / "worklists" / "2023-07-02.parquet"
    worklist(config, per_owner=1)
    tried = memory.read_bytes()
    worklist(config)
    usual = memory.read_bytes()
    assert usual != tried
    worklist(config, per_owner=1)
    worklist(config, per_owner=1, out=tmp_path / "list.csv")
    assert memory.read_bytes() == usual


def test_another_label_is_remembered_as_another(copied_desk: Callable[..., Config]) -> None:
    """The memory says by which label, horizon and model each risk was meant."""
    config = copied_desk()
    worklist(config)
    rows = pd.read_parquet(config.output_folder / "worklists" / "2023-07-02.parquet")
    assert set(rows["churn_label"]) == {"silence"}
    assert set(rows["churn_horizon_days"]) == {60.0}
    assert rows["model"].nunique() == 1


def test_what_is_odd_about_the_log_is_said(copied_desk: Callable[..., Config]) -> None:
    """By the data report and with the list: rows set aside with the first of them, customers nobody knows."""
    config = copied_desk()
    path = config.folder / "actions.csv"
    path.write_text(
        "customer_id,happened_at,outcome\nstranger,2023-06-01,reached\nx,2023-06-01,hm\ny,2023-06-01,hmm\n"
    )
    aside = "actions.csv has 2 rows with an outcome that is not known (first: row 2: the outcome 'hm' is not"
    strangers = "actions.csv: 1 customer is not in the ledger, e.g. 'stranger'; its actions are kept."
    for warnings in (check(config).warnings, worklist(config).warnings):
        assert sum(text.startswith(aside) for text in warnings) == 1
        assert strangers in warnings
