"""The registered model as an MLflow pyfunc: what it holds, what it answers and what it refuses."""

import json
import logging
import shutil
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from trade_project import Project

from patron.columns import LEDGER_COLUMNS, SCORE_COLUMNS
from patron.errors import ModelError
from patron.model import PatronModel, load_model_folder
from patron.registry import Store, resolve
from patron.registry._quiet import in_words
from patron.registry.pyfunc import pyfunc_directory
from patron.registry.pyfunc_rows import answer

AS_OF = "2023-07-02"
FIVE = ("lightgbm", "narwhals", "numpy", "pandas", "scipy")

#: Loads by alias, version and run, and says what it scored; `hide`: the installed patron cannot be found.
LOADS = """
import importlib.util, json, sys, warnings
warnings.simplefilter("ignore")
run_id, orders, as_of, hide = sys.argv[1:]
if hide == "hide":
    inside = importlib.util.find_spec("patron").origin.rsplit("patron", 1)[0].rstrip("/")
    sys.path = [entry for entry in sys.path if entry.rstrip("/") != inside]
    sys.path_importer_cache.clear()
    assert importlib.util.find_spec("patron") is None
import mlflow.pyfunc, pandas
rows = pandas.read_parquet(orders)
said = {}
for name in ("models:/trade@champion", "models:/trade/1", f"runs:/{run_id}/model"):
    found = mlflow.pyfunc.load_model(name).predict(rows, params={"as_of": as_of})
    said[name] = {key: [None if pandas.isna(v) else str(v) for v in found[key]] for key in found}
import patron
print(json.dumps({"file": patron.__file__, "said": said}))
"""


def as_texts(scores: pd.DataFrame) -> dict[str, list[str | None]]:
    """Every value as `str` writes it: floats with all their digits."""
    return {key: [None if pd.isna(value) else str(value) for value in scores[key]] for key in scores}


@pytest.fixture(scope="module")
def directory(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("pyfunc") / "directory"
    with in_words("build"), pyfunc_directory(project.trained.folder) as built:
        shutil.copytree(built, target)
    return target


@pytest.fixture(scope="module")
def pyfunc(directory: Path) -> Iterator[Any]:
    before = list(sys.path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow.pyfunc

        yield mlflow.pyfunc.load_model(str(directory))
    sys.path[:] = before


@pytest.fixture(scope="module")
def model(project: Project) -> PatronModel:
    return load_model_folder(project.trained.folder)


@pytest.fixture(scope="module")
def few(project: Project) -> pd.DataFrame:
    """All orders of twelve customers, one of whom never bought."""
    ids = [*sorted(set(project.orders["customer_id"]))[:11], "K-none"]
    return project.orders[project.orders["customer_id"].isin(ids)].reset_index(drop=True)


@pytest.fixture(scope="module")
def scores(model: PatronModel, few: pd.DataFrame) -> pd.DataFrame:
    return model.score(few, as_of=AS_OF)


def nested(orders: pd.DataFrame, *more: tuple[str, Any]) -> pd.DataFrame:
    """One row per customer, last customer first."""
    rows = [
        (key, part.drop(columns="customer_id").to_dict("records"))
        for key, part in orders.groupby("customer_id")
    ]
    return pd.DataFrame([*rows[::-1], *more], columns=["customer_id", "orders"])


def test_the_directory_says_nothing_of_the_machine(directory: Path) -> None:
    """No path, host name, time or random number of the training is in what MLflow wrote."""
    written = [path for path in directory.iterdir() if path.is_file()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in written)
    assert {path.name for path in written} >= {"MLmodel", "pyfunc_entry.py", "requirements.txt"}
    for private in (
        str(Path.home()),
        "/tmp",
        str(Path(sys.prefix)),
        socket.gethostname(),
        "utc_time",
        "uuid",
    ):
        assert private not in text


def test_the_directory_is_the_same_bytes_each_time(project: Project, directory: Path) -> None:
    """Same model, same directory; and it holds no pickle and no compiled code."""
    with in_words("build"), pyfunc_directory(project.trained.folder) as again:
        one, two = (
            {p.relative_to(r): p.read_bytes() for p in r.rglob("*") if p.is_file()}
            for r in (directory, again)
        )
    assert one == two
    assert not [path for path in one if path.suffix in {".pkl", ".pickle", ".joblib", ".pyc"}]
    assert sum(map(len, one.values())) < 5_000_000


def test_the_requirements_are_the_five_packages_as_they_are_here(directory: Path) -> None:
    """Exact versions; MLflow adds itself."""
    lines = (directory / "requirements.txt").read_text(encoding="utf-8").split()
    assert lines == [f"mlflow=={version('mlflow')}", *(f"{name}=={version(name)}" for name in FIVE)]


def test_the_signature_is_the_ledger_and_the_score_row(pyfunc: Any) -> None:
    """Inputs are the columns a ledger may have, outputs the score row; parameters: day and language."""
    signature = pyfunc.metadata.signature
    assert signature.inputs.input_names() == [*LEDGER_COLUMNS, "orders", "features"]
    assert signature.inputs.required_input_names() == ["customer_id"]
    assert signature.outputs.input_names() == [*SCORE_COLUMNS]
    assert {spec.name: spec.default for spec in signature.params.params} == {
        "as_of": "latest",
        "language": "",
    }


def test_it_scores_to_the_last_bit(pyfunc: Any, few: pd.DataFrame, scores: pd.DataFrame) -> None:
    """Through MLflow as without it, types included."""
    pd.testing.assert_frame_equal(pyfunc.predict(few, params={"as_of": AS_OF}), scores, check_exact=True)


@pytest.mark.parametrize("hide", ["hide", "keep"])
def test_it_loads_with_patron_and_without(
    hide: str,
    registered: Store,
    mlflow_environment: dict[str, str],
    few: pd.DataFrame,
    scores: pd.DataFrame,
    project: Project,
    tmp_path: Path,
) -> None:
    """By alias, version and run, pickles forbidden: the same rows, by the code in the model."""
    few.to_parquet(tmp_path / "orders.parquet")
    run_id = registered.client.get_model_version("trade", "1").run_id
    command = [sys.executable, "-c", LOADS, run_id, str(tmp_path / "orders.parquet"), AS_OF, hide]
    run = subprocess.run(
        command, check=True, capture_output=True, text=True, env=mlflow_environment, cwd=tmp_path
    )
    told = json.loads(run.stdout.splitlines()[-1])
    assert Path(told["file"]).is_relative_to(
        registered.client.get_model_version("trade", "1").source.removeprefix("file://")
    )
    for said in told["said"].values():
        assert {key: value for key, value in said.items() if key != "model"} == {
            key: value for key, value in as_texts(scores).items() if key != "model"
        }
    assert set(told["said"]["models:/trade@champion"]["model"]) == {"trade/1"}


def test_our_own_loader_runs_nothing_of_the_artifact(
    store: Store, directory: Path, tmp_path: Path, few: pd.DataFrame, scores: pd.DataFrame
) -> None:
    """Hostile code in the version: `mlflow.pyfunc` runs it, ours does not read it."""
    hostile, mark = tmp_path / "model", tmp_path / "was-run"
    shutil.copytree(directory, hostile)
    evil = f"\nopen({str(mark)!r}, 'w').close()\n"
    for path in (hostile / "pyfunc_entry.py", hostile / "code/patron/__init__.py"):
        path.write_text(path.read_text(encoding="utf-8") + evil, encoding="utf-8")
    store.client.create_registered_model("trade")
    store.client.create_model_version("trade", source=str(hostile))
    found = resolve(store, "models:/trade/1", name="trade")
    ours = load_model_folder(found.folder, name=found.label).score(few, as_of=AS_OF)
    pd.testing.assert_frame_equal(ours.drop(columns="model"), scores.drop(columns="model"), check_exact=True)
    assert set(ours["model"]) == {"trade/1"}
    assert not mark.exists()
    before = list(sys.path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow.pyfunc

        mlflow.pyfunc.load_model(str(hostile))
    sys.path[:] = before
    assert mark.exists()


def test_whole_numbers_are_taken_where_numbers_are_declared(pyfunc: Any, few: pd.DataFrame) -> None:
    """int64, a missing value, texts for times: as with floats and timestamps."""
    whole = few.assign(amount=few["amount"].round().astype("int64"))
    expected = pyfunc.predict(whole.assign(amount=whole["amount"].astype(float)), params={"as_of": AS_OF})
    texts = whole.assign(ordered_at=whole["ordered_at"].dt.strftime("%Y-%m-%dT%H:%M:%S"))
    for rows in (whole, texts, texts.assign(quantity=None), texts.assign(colour="red")):
        pd.testing.assert_frame_equal(pyfunc.predict(rows, params={"as_of": AS_OF}), expected)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"as_off": "2023-07-02"}, "unknown parameters; this model takes as_of and language"),
        ({"as_of": AS_OF, "horizon_days": -5}, "unknown parameters"),
        ({"as_of": "SECRET"}, "as_of is neither 'latest' nor a day from 1970-01-02 to 2199-12-31"),
        ({"as_of": "2023-02-30"}, "as_of is neither"),
        ({"as_of": "9999-12-31"}, "as_of is neither"),
        ({"as_of": "20230702"}, "as_of is neither"),
        ({"as_of": 20230702}, "as_of"),
        ({"language": "SECRET"}, "language is none of en, zh"),
    ],
)
def test_parameters_are_checked(pyfunc: Any, few: pd.DataFrame, params: dict[str, Any], words: str) -> None:
    """Unknown ones and those out of range are refused, even where nobody listens to MLflow's warnings."""
    from mlflow.exceptions import MlflowException

    listening = logging.getLogger("mlflow").level
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)
    try:
        with pytest.raises(MlflowException, match=words) as refused:
            pyfunc.predict(few, params=params)
    finally:
        logging.getLogger("mlflow").setLevel(listening)
    assert refused.value.get_http_status_code() == 400
    assert "SECRET" not in refused.value.message


def test_other_models_parameters_are_not_our_business(pyfunc: Any) -> None:
    """MLflow goes on warning for models of others."""
    from mlflow.models.utils import _enforce_params_schema
    from mlflow.types import ParamSchema, ParamSpec

    schema = ParamSchema([ParamSpec("as_of", "string", "latest"), ParamSpec("top", "long", 3)])
    assert _enforce_params_schema({"other": 1}, schema) == {"as_of": "latest", "top": 3}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": "SECRET"}, "unreadable_amount"),
        ({"ordered_at": "SECRET"}, "unreadable_date"),
        ({"customer_id": None}, "no_customer"),
    ],
)
def test_a_refusal_does_not_repeat_rows(
    pyfunc: Any, few: pd.DataFrame, change: dict[str, Any], words: str
) -> None:
    """Neither ours nor what MLflow's server would put in front of it."""
    from patron.registry.pyfunc_refusal import Refusal

    with pytest.raises(Refusal, match=words) as refused:
        pyfunc.predict(few.assign(**change), params={"as_of": AS_OF})
    refused.value.message = f"Failed to predict data '{few}'"
    told = refused.value.serialize_as_json()
    assert not [private for private in ("SECRET", "K-00", "Failed", "Traceback") if private in told]


def test_a_surprise_inside_says_its_kind_only(
    pyfunc: Any, few: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that is not ours may hold rows: 500, without its text."""
    from mlflow.exceptions import MlflowException

    def fail(*_: object, **__: object) -> None:
        raise ValueError("SECRET")

    monkeypatch.setattr(PatronModel, "score", fail)
    with pytest.raises(MlflowException, match="cannot score: ValueError inside patron") as refused:
        pyfunc.predict(few)
    assert refused.value.get_http_status_code() == 500


def test_rows_of_customers_come_back_in_their_order(
    pyfunc: Any, few: pd.DataFrame, scores: pd.DataFrame
) -> None:
    """As many as came in; the same scores; who has no orders before the day is `excluded`."""
    later = [{"ordered_at": "2024-01-01", "amount": 5}]
    strings = few.assign(ordered_at=few["ordered_at"].astype(str))
    for orders in (few, strings):
        rows = nested(orders, ("nobody", []), ("missing", None), ("later", later))
        got = pyfunc.predict(rows, params={"as_of": AS_OF})
        assert list(got["customer_id"]) == list(rows["customer_id"])
        known = got.iloc[: len(scores)].iloc[::-1].drop(columns="data_through").astype(object)
        wanted = scores.drop(columns="data_through").astype(object)
        assert as_texts(known) == as_texts(wanted)
        assert set(got["status"].iloc[-3:]) == {"excluded"}
        assert got["data_through"].isna().all()


def test_batches_do_not_matter(model: PatronModel, few: pd.DataFrame) -> None:
    """A row alone is the row in the whole."""
    rows, params = nested(few).head(3), {"as_of": AS_OF}
    rows.loc[len(rows)] = ["nobody", []]
    whole = answer(model, rows, params)
    parts = [answer(model, rows.iloc[[place]], params) for place in range(len(rows))]
    assert as_texts(pd.concat(parts, ignore_index=True)) == as_texts(whole)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (pd.DataFrame({"customer_id": ["a"], "amount": [1.0]}), "the rows lack ordered_at"),
        (pd.DataFrame({"customer_id": ["a", "a"], "orders": [[], []]}), "a customer_id .* of its own"),
        (pd.DataFrame({"customer_id": ["a"], "orders": ["x"]}), "not a list of orders"),
        (pd.DataFrame({"customer_id": ["a"], "orders": [[{"amount": 1}]]}), "lacks ordered_at or amount"),
        (
            pd.DataFrame({"customer_id": ["a"], "orders": [[{"amount": "x", "ordered_at": "2020-01-01"}]]}),
            "1 of 1 orders have an unreadable",
        ),
        (pd.DataFrame({"customer_id": ["a"], "orders": [[]], "features": [{}]}), "not both"),
        (pd.DataFrame({"customer_id": ["a"], "features": [None]}), "not a mapping"),
    ],
)
def test_rows_of_no_known_kind_are_refused(model: PatronModel, rows: pd.DataFrame, words: str) -> None:
    """In one sentence each."""
    with pytest.raises(ModelError, match=words):
        answer(model, rows, {"as_of": AS_OF})


def test_rows_of_customers_need_a_day(model: PatronModel, few: pd.DataFrame) -> None:
    """The latest day of a batch is another one in the next batch."""
    with pytest.raises(ModelError, match="as_of must be a day"):
        answer(model, nested(few), {})
