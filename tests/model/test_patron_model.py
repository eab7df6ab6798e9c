"""A model folder: what it says, that it loads as it was saved, and that nobody can change it unseen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import lightgbm
import pandas as pd
import polars as pl
import pytest
from trade_project import Project

import patron
from patron.columns import SCORE_COLUMNS
from patron.errors import LedgerError, ModelError
from patron.model import PatronModel, load_model_folder

HEAVY = [
    "mlflow", "sklearn", "duckdb", "pydantic", "yaml", "typer", "rich", "matplotlib", "lifetimes", "joblib",
    "pyarrow", "threadpoolctl", "filelock", "jinja2", "openpyxl", "polars",
]  # fmt: skip


def test_saved_and_loaded_scores_are_the_same_bits(project: Project, model: PatronModel) -> None:
    """The model in memory at the end of training, and the folder."""
    in_memory = PatronModel(
        model.name, project.trained.learned.parts, model.manifest, model.evaluation, model.ledger_rules
    )
    first, second = (m.score(project.orders, as_of="2023-07-02") for m in (in_memory, model))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_a_loaded_model_saves_to_the_same_folder_name(model: PatronModel, tmp_path: Path) -> None:
    """Load and save lose nothing: the hash in the name is that of the content."""
    assert model.save(tmp_path).name == model.name


def test_the_folder_is_data(project: Project) -> None:
    """Text only: LightGBM's and JSON; nothing that runs when it is read."""
    files = {path.name for path in project.trained.folder.iterdir()}
    forecast = {"forecast.json", *(f"forecast_{tree}.txt" for tree in ("tweedie", "spends", "amount"))}
    shares = project.trained.learned.evaluation["clv_choice"]
    assert (files & forecast == set()) is (shares["chosen"] == "btyd")
    assert files - forecast == {
        "manifest.json", "churn.json", "trees.txt", "clv.json", "purchases.json", "scoring.json",
        "playbook.json", "evaluation.json", "model_card.md",
    }  # fmt: skip
    for path in project.trained.folder.iterdir():
        path.read_text(encoding="utf-8")


def test_the_manifest_tells_what_was_done(project: Project, model: PatronModel) -> None:
    """Versions, day, counts, config, features in order, metrics."""
    facts = model.manifest
    assert facts["name"] == "trade"
    assert facts["as_of"] == "2023-07-02"
    assert facts["patron_version"] == patron.__version__
    assert facts["packages"]["lightgbm"] == lightgbm.__version__
    assert facts["rows"]["in"] == len(project.orders)
    assert facts["customers"]["customers"] == project.orders["customer_id"].nunique()
    assert facts["churn_model"] == model.parts.churn.name == project.trained.learned.shipped
    assert facts["feature_names"] == list(model.parts.churn.columns)
    assert facts["config"]["churn"]["horizon_days"] == 60
    assert facts["metrics"]["churn.auc"] == model.evaluation["churn"]["model"]["auc"]
    assert "60 days" in facts["label"]["en"]


def test_the_manifest_holds_nothing_of_the_moment_or_the_machine(project: Project) -> None:
    """No time of day, no run id, no path, no setting that changes no result: they would change the hash."""
    text = (project.trained.folder / "manifest.json").read_text(encoding="utf-8")
    assert project.trained.run_id not in text
    assert str(project.folder) not in text
    assert not re.search(r"\d\d:\d\d:\d\d", text)
    assert not {"engine", "tracking", "output"} & set(json.loads(text)["config"])


def test_the_evaluation_has_the_blocks_of_the_contract(model: PatronModel) -> None:
    """And the counts add up."""
    found = model.evaluation
    needed = {"as_of", "evaluated_as_of", "n", "counts", "churn", "clv", "grade"}
    assert needed <= set(found)
    assert found["as_of"] == "2023-07-02"
    assert found["evaluated_as_of"] == "2023-05-03"  # one horizon of 60 days earlier
    assert set(found["grade"]) == {"churn", "clv"}
    assert set(found["clv"]) == {"btyd", "challenger", "last_year", "blend", "mean"}
    assert found["clv_choice"]["chosen"] == found["clv_holdout"]["entrant"]
    counts = found["counts"]
    assert counts["customers"] == counts["scored"] + counts["new"] + counts["lapsed"] + counts["excluded"]


def test_counts_of_the_evaluation_are_those_of_the_scores(model: PatronModel, scores: pd.DataFrame) -> None:
    """By status, the excluded included."""
    found = scores["status"].value_counts().to_dict()
    assert {k: v for k, v in model.evaluation["counts"].items() if k != "customers"} == found


def test_no_customer_is_named_in_the_folder(project: Project) -> None:
    """A model travels further than its orders may."""
    whole = "".join(path.read_text(encoding="utf-8") for path in project.trained.folder.iterdir())
    assert not re.search(r"K-\d{4}|K-none|K-slow", whole)


@pytest.mark.parametrize(
    "name", ["trees.txt", "churn.json", "scoring.json", "evaluation.json", "manifest.json"]
)
def test_a_changed_file_is_refused(project: Project, tmp_path: Path, name: str) -> None:
    """One digit is enough, whatever the folder is called."""
    folder = tmp_path / "renamed"
    shutil.copytree(project.trained.folder, folder)
    text = (folder / name).read_text(encoding="utf-8")
    at = next(i for i, c in enumerate(text) if c.isdigit() and text[i - 1] in " .=")
    (folder / name).write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :], encoding="utf-8")
    with pytest.raises(ModelError, match=re.escape(name)):
        load_model_folder(folder)


def test_a_missing_file_is_refused(project: Project, tmp_path: Path) -> None:
    """With its name."""
    folder = tmp_path / "copy"
    shutil.copytree(project.trained.folder, folder)
    (folder / "clv.json").unlink()
    with pytest.raises(ModelError, match=r"clv\.json"):
        load_model_folder(folder)


def test_the_label_of_a_folder_is_its_name(project: Project, scores: pd.DataFrame) -> None:
    """Without a registry there is no version."""
    assert set(scores["model"]) == {project.trained.folder.name}
    assert re.fullmatch(r"trade@[0-9a-f]{12}", project.trained.folder.name)


def test_pandas_in_pandas_out(scores: pd.DataFrame) -> None:
    """The columns of the contract."""
    assert isinstance(scores, pd.DataFrame)
    assert list(scores.columns) == list(SCORE_COLUMNS)


def test_polars_in_polars_out(project: Project, model: PatronModel, scores: pd.DataFrame) -> None:
    """The same rows, typed."""
    found = model.score(pl.from_pandas(project.orders), as_of="2023-07-02")
    assert isinstance(found, pl.DataFrame)
    assert found.schema["as_of"] == pl.Date
    assert found.schema["orders_last_12_months"] == pl.Int64
    assert found["customer_id"].to_list() == scores["customer_id"].tolist()
    for name in ("clv", "clv_high", "churn_probability", "value_at_risk"):
        expected = [None if pd.isna(v) else v for v in scores[name]]
        assert [None if v is None or v != v else v for v in found[name].to_list()] == expected


def test_a_path_gives_the_same_scores(project: Project, model: PatronModel, scores: pd.DataFrame) -> None:
    """DuckDB reads the file; the numbers are those of the frame."""
    found = model.score(project.folder / "orders.parquet", as_of="2023-07-02")
    pd.testing.assert_frame_equal(found, scores, check_exact=True)


def test_orders_without_order_ids_are_scored(project: Project, model: PatronModel) -> None:
    """A service may have fewer columns than training had; then purchase days count as orders."""
    found = model.score(project.orders.drop(columns="order_id"), as_of="2023-07-02")
    assert found["churn_probability"].notna().sum() > 50


def test_orders_without_a_column_the_model_looks_at_are_refused(project: Project, model: PatronModel) -> None:
    """Features of products would be missing for everybody, and the probabilities wrong in silence."""
    with pytest.raises(ModelError, match="trained with the columns product_id, category"):
        model.score(project.orders[["customer_id", "ordered_at", "amount"]], as_of="2023-07-02")


def test_orders_that_cannot_be_used_are_refused_in_words(project: Project, model: PatronModel) -> None:
    """The same message as from the command line."""
    with pytest.raises(LedgerError, match="amount"):
        model.score(project.orders.drop(columns="amount"), as_of="2023-07-02")


def test_another_currency_is_refused(project: Project, model: PatronModel) -> None:
    """Euros and yen do not compare."""
    with pytest.raises((LedgerError, ModelError), match="JPY"):
        model.score(project.orders.assign(currency="JPY"), as_of="2023-07-02")


def run(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter that cannot import what a small service does not have."""
    block = f"""
    import sys
    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in {HEAVY!r}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
    sys.meta_path.insert(0, Absent())
    """
    program = textwrap.dedent(block) + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_service_needs_only_the_five(project: Project, scores: pd.DataFrame, tmp_path: Path) -> None:
    """With numpy, scipy, pandas, narwhals and lightgbm alone a model is loaded and gives the same scores."""
    orders = tmp_path / "orders.csv"
    project.orders.to_csv(orders, index=False)
    said = run(
        """
        import pandas as pd
        import patron
        model = patron.load_model(sys.argv[1])
        orders = pd.read_csv(sys.argv[2], dtype={"customer_id": str, "order_id": str})
        scores = model.score(orders, as_of="2023-07-02")
        print(scores[["customer_id", "churn_probability", "clv", "clv_high"]].to_json(double_precision=15))
        """,
        str(project.trained.folder),
        str(orders),
    )
    found, names = pd.DataFrame(json.loads(said)), ["churn_probability", "clv", "clv_high"]
    assert found["customer_id"].tolist() == scores["customer_id"].tolist()
    pd.testing.assert_frame_equal(
        found[names].reset_index(drop=True).astype(float), scores[names], check_exact=False, rtol=1e-9
    )


def test_loading_imports_none_of_the_heavy_libraries(project: Project) -> None:
    """Even where they are installed (what LightGBM itself looks for is not patron's doing)."""
    code = """
    import sys
    import lightgbm, pandas, narwhals, scipy.optimize
    before = set(sys.modules)
    import patron
    patron.load_model(sys.argv[1])
    names = {name.split(".")[0] for name in set(sys.modules) - before}
    print(sorted(names & set(sys.argv[2:])))
    """
    program = [sys.executable, "-c", textwrap.dedent(code), str(project.trained.folder), *HEAVY]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_load_model_takes_a_registered_version(project: Project, scores: pd.DataFrame) -> None:
    """The same model, labelled with name and version."""
    found = patron.load_model("models:/trade/1", tracking_uri=f"sqlite:///{project.folder / 'mlflow.db'}")
    assert found.name == "trade/1"
    again = found.score(project.orders, as_of="2023-07-02")
    pd.testing.assert_frame_equal(again.drop(columns="model"), scores.drop(columns="model"), check_exact=True)
