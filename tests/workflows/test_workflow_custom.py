"""Features of the user's own in a whole project: trained, scored, loaded elsewhere, refused when changed."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trade_project import trade_orders, write_project

from patron import load_model
from patron.config import Config, load_config
from patron.errors import ConfigError, ModelError, PatronError
from patron.workflows import Scored, Trained, report, score, train
from patron.workflows.own_features import own_functions

FEATURES = '''
"""Features of this project."""

import pandas as pd
from _dates import days_before

QUARTER_DAYS = 91


def quarters(history: pd.DataFrame, as_of) -> pd.DataFrame:
    """Spend of the last quarter and the one before."""
    age = days_before(history["day"], as_of)
    latest = history["spend"].where(age <= QUARTER_DAYS, 0.0)
    before = history["spend"].where((age > QUARTER_DAYS) & (age <= 2 * QUARTER_DAYS), 0.0)
    return pd.DataFrame({"latest": latest, "before": before}).groupby(history["customer_id"]).sum()


def rank(history: pd.DataFrame, as_of) -> pd.DataFrame:
    """Looks at other customers."""
    return history.groupby("customer_id")["spend"].sum().rank().reset_index()


def fails(history: pd.DataFrame, as_of) -> pd.DataFrame:
    """Asks for a column that is not there."""
    return history[["customer_id", "margin"]]


NUMBER = 3
'''
DATES = '''
"""Beside the other module."""

import pandas as pd


def days_before(days, as_of):
    """Days from each day to as_of."""
    return (pd.Timestamp(as_of) - days).dt.days
'''


class Own:
    """A project with a feature of its own, trained and scored once."""

    def __init__(self, config: Config, trained: Trained, scored: Scored) -> None:
        self.config, self.trained, self.scored = config, trained, scored


def write_features(folder: Path, features: str = FEATURES, dates: str = DATES) -> None:
    (folder / "shop_features.py").write_text(features, encoding="utf-8")
    (folder / "_dates.py").write_text(dates, encoding="utf-8")


@functools.cache
def some_orders() -> pd.DataFrame:
    """A third of the trade: what is tested here needs no good model."""
    orders = trade_orders()
    return orders[orders["customer_id"].between("K-0000", "K-0069") | (orders["customer_id"] == "K-slow")]


def project_in(folder: Path, session: Path, custom: str) -> Path:
    config = write_project(folder, session, some_orders())
    text = config.read_text().replace("every_days: 30, max_count: 9", "every_days: 90, max_count: 4")
    assert "max_count: 4" in text
    text = text.replace("active_days: 150}", "active_days: 150, model: lightgbm}") + "clv: {model: btyd}\n"
    config.write_text(f"{text}features: {{groups: [rfm, rhythm], custom: {custom}}}\n")
    write_features(folder)
    return config


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    folder = tmp_path_factory.mktemp("own") / "p"
    path = project_in(folder, tmp_path_factory.getbasetemp(), '["shop_features:quarters"]')
    config = load_config(path)
    trained = train(config)
    return Own(config, trained, score(config))


def test_the_model_holds_the_schema_and_no_code(own: Own) -> None:
    """Name, columns and digest in scoring.json and in the recipe; nothing of the source anywhere."""
    folder = own.trained.folder
    (stored,) = json.loads((folder / "scoring.json").read_text())["features"]["custom"]
    assert (stored["name"], stored["columns"]) == ("quarters", ["latest", "before"])
    assert json.loads((folder / "manifest.json").read_text())["recipe"]["features"]["custom"] == [stored]
    for path in folder.iterdir():
        assert b"QUARTER_DAYS" not in path.read_bytes()


def test_the_model_is_trained_with_the_feature(own: Own) -> None:
    """Its columns are in the training table, with values worked out from the orders."""
    test = own.trained.learned.test
    assert test is not None
    assert {"custom_quarters_latest", "custom_quarters_before"} <= set(test.features)
    as_of = pd.Timestamp(int(test.as_of_day[0]), unit="D")
    orders = some_orders()
    kept = orders[
        (orders["amount"] > 0) & orders["ordered_at"].between(as_of - pd.Timedelta(days=91), as_of, "left")
    ]
    spend = kept.groupby("customer_id")["amount"].sum().reindex(test.customer_id, fill_value=0.0)
    np.testing.assert_allclose(test.features["custom_quarters_latest"], spend.to_numpy(), atol=0.02)


def test_scores_need_the_feature_of_the_training(own: Own) -> None:
    """With the function a folder scores what `patron score` wrote; without it, or with another, no load."""
    functions = own_functions(own.config)
    loaded = load_model(own.trained.folder, features=functions)
    scores = loaded.score(some_orders(), as_of="2023-07-02")
    ours = scores.drop(columns=["model", "currency"])
    theirs = own.scored.scores.drop(columns=["model", "currency"])
    assert set(scores["status"]) >= {"scored", "lapsed"}
    pd.testing.assert_frame_equal(ours, theirs)
    with pytest.raises(ModelError, match=r"trained with your feature 'quarters' \(columns latest, before\)"):
        load_model(own.trained.folder)
    with pytest.raises(
        ModelError, match="'quarters' is not the one the model was trained with: its digest is"
    ):
        load_model(own.trained.folder, features={"quarters": lambda history, _: history})


def test_a_customer_alone_gets_its_row(own: Own) -> None:
    """Row independence holds with a feature of the user's own."""
    model = load_model(own.trained.folder, features=own_functions(own.config))
    orders = some_orders()
    whole = model.score(orders, as_of="2023-07-02").set_index("customer_id").drop(columns="data_through")
    for customer in ("K-0003", "K-0042", "K-slow"):
        alone = model.score(orders[orders["customer_id"] == customer], as_of="2023-07-02").set_index(
            "customer_id"
        )
        pd.testing.assert_frame_equal(alone.drop(columns="data_through"), whole.loc[[customer]])


ELSEWHERE = """
import sys
sys.path.insert(0, sys.argv[2])
import patron
from patron.errors import PatronError
if sys.argv[3] == "with":
    from shop_features import quarters
    model = patron.load_model(sys.argv[1], features={"quarters": quarters})
    print(model.score(sys.argv[2] + "/orders.parquet", as_of="2023-07-02")["clv"].sum())
else:
    try:
        patron.load_model(sys.argv[1])
    except PatronError as error:
        print(error)
    print("shop_features" in sys.modules)
"""


def elsewhere(own: Own, how: str) -> list[str]:
    arguments = [str(own.trained.folder), str(own.config.folder), how]
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_fresh_process_loads_it_with_the_function_imported_its_own_way(own: Own) -> None:
    """The digest does not depend on how the function was found."""
    (total,) = elsewhere(own, "with")
    assert float(total) == pytest.approx(own.scored.scores["clv"].sum())


def test_a_fresh_process_without_the_function_is_told_and_imports_nothing(own: Own) -> None:
    """Although the module could be found: a model folder never leads to an import."""
    *said, imported = elsewhere(own, "without")
    assert "code does not travel in a model" in " ".join(said)
    assert imported == "False"


def test_a_changed_helper_or_constant_is_noticed(own: Own, tmp_path: Path) -> None:
    """Scores follow the model: the user is told, not given other numbers; a report still works."""
    config = own.config
    for features, dates in (
        (FEATURES.replace("QUARTER_DAYS = 91", "QUARTER_DAYS = 30"), DATES),
        (FEATURES, DATES.replace(".dt.days", ".dt.days + 1")),
    ):
        write_features(config.folder, features, dates)
        with pytest.raises(ModelError, match="'quarters' is not the one the model was trained with"):
            score(config, out=tmp_path / "s.parquet")
        assert report(config, out=tmp_path / "r.html").stat().st_size > 10_000
    write_features(config.folder)
    assert score(config, out=tmp_path / "s.parquet").counts == own.scored.counts


def test_a_leaking_feature_stops_the_training(own: Own) -> None:
    """Before anything is trained; all problems of all features, and exit code 1."""
    custom = 'features.custom=["shop_features:rank", "shop_features:fails", "shop_features:quarters"]'
    config = load_config(own.config.folder / "patron.yaml", [custom])
    steps: list[str] = []
    with pytest.raises(PatronError, match="your feature 'rank' does not pass the leak test") as caught:
        train(config, progress=steps.append)
    assert steps == ["orders"]
    assert caught.value.exit_code == 1
    problems = caught.value.problems
    assert "your feature 'fails' on" in problems[0]
    assert "KeyError" in problems[0]
    assert all("'rank' does not pass the leak test: it" in text for text in problems[1:])
    assert len(problems) == 4
    assert "patron.check_feature(function, orders)" in str(caught.value.next_step)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "no_such_module:f",
            "no_such_module:f cannot be imported: there is no module no_such_module, neither in '",
        ),
        ("shop_features:f", "shop_features:f cannot be found: the module has no f."),
        ("shop_features:NUMBER", "shop_features:NUMBER is a int, not a function."),
        ("json:dumps", "would be read from '"),
        ("broken:f", "broken:f cannot be imported: SyntaxError at line 2 of broken.py: "),
        ("raises:f", "raises:f cannot be imported: ZeroDivisionError at line 1 of raises.py: "),
        (
            "needs:f",
            "needs:f cannot be imported: it needs the module no_such_package, which is not installed.",
        ),
    ],
)
def test_what_cannot_be_imported_is_said_in_words(tmp_path: Path, entry: str, message: str) -> None:
    """The entry, what is wrong, no traceback; and nothing of it stays loaded."""
    write_features(tmp_path)
    for name, source in {
        "json": "def dumps(history, as_of): ...",
        "broken": "x = 1\ndef f(:",
        "raises": "1 / 0",
        "needs": "import no_such_package",
    }.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    path = tmp_path / "patron.yaml"
    path.write_text(f'name: x\nledger: {{transactions: o.csv}}\nfeatures: {{custom: ["{entry}"]}}\n')
    before = list(sys.path), set(sys.modules)
    with pytest.raises(ConfigError) as caught:
        own_functions(load_config(path))
    (problem,) = caught.value.problems
    assert problem.startswith("features.custom: ")
    assert message in problem
    assert (list(sys.path), set(sys.modules) - before[1]) == (before[0], set())


@pytest.mark.parametrize("entry", ["quarters", "shop_features.quarters", "a:b:c", "a b:c", ":f", "m:"])
def test_an_entry_that_is_no_import_path_is_refused(tmp_path: Path, entry: str) -> None:
    """When the config is read."""
    path = tmp_path / "patron.yaml"
    path.write_text(f'name: x\nledger: {{transactions: o.csv}}\nfeatures: {{custom: ["{entry}"]}}\n')
    with pytest.raises(ConfigError, match=r"features\.custom\[0\] .* a module and a function in it, such as"):
        load_config(path)


def test_two_projects_may_use_one_name(tmp_path: Path) -> None:
    """And a changed file counts at once, in the same process."""
    made = []
    for folder, days in (("a", 30), ("b", 60), ("a", 90)):
        (tmp_path / folder).mkdir(exist_ok=True)
        write_features(tmp_path / folder, FEATURES.replace("= 91", f"= {days}"))
        path = tmp_path / folder / "patron.yaml"
        path.write_text(
            'name: x\nledger: {transactions: o.csv}\nfeatures: {custom: ["shop_features:quarters"]}\n'
        )
        made.append(own_functions(load_config(path))["quarters"])
    assert [function.__globals__["QUARTER_DAYS"] for function in made] == [30, 60, 90]  # type: ignore[attr-defined]
    assert "shop_features" not in sys.modules


def test_a_notebook_hands_its_functions_over(own: Own) -> None:
    """Beside the config's; two of one name are refused."""

    def quarters(history, as_of):
        return history

    with pytest.raises(ConfigError, match=r"features\.custom: there are two features called quarters"):
        own_functions(own.config, {"quarters": quarters})
    assert set(own_functions(own.config, {"mine": quarters})) == {"mine", "quarters"}


@pytest.mark.slow
def test_a_champion_whose_feature_is_gone_cannot_be_compared(own: Own) -> None:
    """The gate says so; with the same feature the two are compared. The store goes on as it was."""
    changed = FEATURES.replace("QUARTER_DAYS = 91", "QUARTER_DAYS = 60")
    path = own.config.folder / "patron.yaml"
    write_features(path.parent, changed)
    other = train(load_config(path, ["tracking.experiment=again"]))
    write_features(path.parent)
    assert "was trained with features of yours that are changed or gone" in other.verdict.reason
    assert other.verdict.difference is None


@pytest.mark.slow
def test_the_same_feature_again_gives_the_same_model(own: Own, tmp_path: Path) -> None:
    """Bytes and folder name, from another folder."""
    path = project_in(tmp_path / "p", tmp_path, '["shop_features:quarters"]')
    again = train(load_config(path))
    assert again.folder.name == own.trained.folder.name
