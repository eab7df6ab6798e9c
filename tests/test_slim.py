"""The base installation: five packages load a model folder and score; the rest says what to install.

The environment is the running interpreter without its site-packages and, linked into a folder, the five
packages with what they require themselves: what `pip install .` brings, in a second and without a network.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from packaging.requirements import Requirement

from patron.errors import MissingPackage, saying_what_to_install
from patron.model import load_model_folder

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "format_1"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
AS_OF = "2023-07-02"
TRAINING_ONLY = (
    "patron.api_evaluation", "patron.churn.classifier", "patron.churn.splitter", "patron.churn.train",
    "patron.churn.tune", "patron.cli", "patron.clv._fitting", "patron.clv.native", "patron.clv.pictures",
    "patron.clv.verification", "patron.config", "patron.evaluation", "patron.labels", "patron.learning",
    "patron.registry", "patron.reports", "patron.retention", "patron.simulation", "patron.workflows",
)  # fmt: skip

SCORING = """
import json, sys
import patron
def outside():
    names = {m.partition(".")[0] for m in sys.modules if m != "__main__"}
    return sorted(names - set(sys.stdlib_module_names))
told = {"import": outside()}
model = patron.load_model(sys.argv[1])
import pandas as pd
orders = pd.read_csv(sys.argv[2], dtype={"customer_id": str})
told["text"] = str(orders["customer_id"].dtype.storage)
scores = model.score(orders, sys.argv[3])
told["scores"] = scores.to_json(orient="records", double_precision=15)
told["explained"] = str(model.explain(orders, customer_id="K-0000", as_of=sys.argv[3]))
if hasattr(model, "score_features"):
    told["again"] = model.score_features(model.features(orders, sys.argv[3])).equals(scores)
told["scored"] = outside()
told["modules"] = sorted(sys.modules)
print(json.dumps(told))
"""


def needed(names: list[str]) -> set[str]:
    """The distributions and, again and again, what they require here."""
    found: set[str] = set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            wants = map(Requirement, distribution(name).requires or [])
            names += [w.name for w in wants if w.marker is None or w.marker.evaluate({"extra": ""})]
    return found


class Slim(NamedTuple):
    """A Python with nothing but the standard library, patron's source and some packages."""

    packages: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        paths = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(self.packages)])}
        # -S: no site-packages
        return subprocess.run(
            [sys.executable, "-S", "-P", "-W", "error", *words],
            capture_output=True, text=True, timeout=120, check=False, cwd=self.packages.parent,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | paths,
        )  # fmt: skip


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Slim:
    packages = tmp_path_factory.mktemp("slim") / "packages"
    packages.mkdir()
    for name in needed([Requirement(text).name for text in PROJECT["dependencies"]]):
        found = distribution(name)
        for top in {path.parts[0] for path in found.files or []} - {"..", "__pycache__"}:
            (packages / top).symlink_to(Path(str(found.locate_file(top))).resolve())
    return Slim(packages)


@pytest.fixture(scope="module")
def scored(slim: Slim) -> dict[str, Any]:
    (folder,) = GOLDEN.glob("golden@*")
    done = slim.run("-c", SCORING, str(folder), str(GOLDEN / "orders.csv"), AS_OF)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_base_installation_is_five_packages() -> None:
    """No sixth slips in."""
    names = [Requirement(text).name for text in PROJECT["dependencies"]]
    assert sorted(names) == ["lightgbm", "narwhals", "numpy", "pandas", "scipy"]


def test_five_packages_score_as_all_of_them_do(scored: dict[str, Any]) -> None:
    """Row for row what the full environment says, with pandas that has no PyArrow."""
    (folder,) = GOLDEN.glob("golden@*")
    orders = pd.read_csv(GOLDEN / "orders.csv", dtype={"customer_id": str})
    full = load_model_folder(folder).score(orders, AS_OF)
    assert scored["text"] == "python"
    assert json.loads(scored["scores"]) == json.loads(full.to_json(orient="records", double_precision=15))
    assert len(full) >= 8
    assert "K-0000" in scored["explained"]
    assert scored.get("again", True)


def test_importing_patron_imports_the_standard_library_only(scored: dict[str, Any]) -> None:
    """Not even numpy."""
    assert scored["import"] == ["patron"]


def test_scoring_imports_nothing_that_only_training_needs(scored: dict[str, Any]) -> None:
    """Neither of patron nor of SciPy, whose statistics and optimisers are slow to import."""
    modules = set(scored["modules"])
    assert {"lightgbm", "narwhals", "numpy", "pandas", "patron", "scipy"} <= set(scored["scored"])
    assert sorted(modules & {*TRAINING_ONLY, "scipy.stats", "scipy.optimize"}) == []


def test_with_everything_installed_scoring_still_does_without(tmp_path: Path) -> None:
    """What is there is not imported either; LightGBM itself looks for scikit-learn, pandas for PyArrow."""
    (folder,) = GOLDEN.glob("golden@*")
    words = [sys.executable, "-c", SCORING, str(folder), str(GOLDEN / "orders.csv"), AS_OF]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    unwanted = {"duckdb", "filelock", "jinja2", "lifetimes", "matplotlib", "mlflow", "openpyxl", "pydantic"}
    assert {"pandas", "lightgbm"} <= set(told["scored"])
    assert sorted(set(told["scored"]) & (unwanted | {"typer", "yaml", "optuna", "pyspark"})) == []
    assert sorted(set(told["modules"]) & set(TRAINING_ONLY)) == []


def test_the_command_line_says_what_to_install(slim: Slim) -> None:
    """One line, exit code 1, no traceback."""
    done = slim.run("-m", "patron", "train")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"The patron command needs .*: pip install 'patron\[train\]'\n", done.stderr)


CALLS = {
    "patron.load_model('models:/trade@champion')": "registry",
    "patron.ChurnClassifier": "train",
    "patron.backtest(orders, horizon_days=60)": "train",
    "patron.purchase_summary('orders.parquet')": "files",
    "import patron.reports": "report",
}
CALLING = """
import json, sys
import pandas as pd
import patron
orders = pd.read_csv(sys.argv[1])
answers = []
for call in sys.argv[2:]:
    try:
        exec(call)
        answers.append("nothing")
    except patron.PatronError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""


def test_what_needs_an_extra_says_which(slim: Slim) -> None:
    """One line wherever a package is missed, with the smallest extra that brings it."""
    (slim.packages.parent / "orders.parquet").write_bytes(b"PAR1")
    done = slim.run("-c", CALLING, str(GOLDEN / "orders.csv"), *CALLS)
    assert done.returncode == 0, done.stderr
    answers = dict(zip(CALLS, json.loads(done.stdout), strict=True))
    text = r"this needs '\w+', which is not installed: pip install 'patron\[(\w+)\]'"
    found = {call: re.fullmatch(text, answer) for call, answer in answers.items()}
    assert {call: said[1] if said else answers[call] for call, said in found.items()} == CALLS


def test_a_clv_model_is_fitted_with_five_packages(slim: Slim) -> None:
    """The native engine is numpy and SciPy."""
    code = (
        f"import patron, pandas as pd\norders = pd.read_csv({str(GOLDEN / 'orders.csv')!r})\n"
        "copies = [orders.assign(customer_id=orders.customer_id + str(i)) for i in range(4)]\n"
        f"summary = patron.purchase_summary(pd.concat(copies), as_of='{AS_OF}')\n"
        "print(sorted(patron.CLVModel(purchases='bgnbd').fit(summary).params_))"
    )
    done = slim.run("-c", code)
    assert (done.stdout.strip(), done.stderr) == ("['a', 'alpha', 'b', 'p', 'q', 'r', 'v']", "")


def test_another_missing_module_stays_what_it_is() -> None:
    """A typing error of the user's is not answered with an extra."""
    with pytest.raises(ModuleNotFoundError, match="no_such_module"), saying_what_to_install():
        import no_such_module  # noqa: F401


def test_a_missing_package_is_an_import_error_too() -> None:
    """`try: ... except ImportError` around an optional part goes on working."""
    with pytest.raises(ImportError, match=r"patron\[files\]") as found, saying_what_to_install():
        raise ModuleNotFoundError(name="duckdb.experimental")
    assert isinstance(found.value, MissingPackage)


def test_every_package_of_an_extra_has_a_known_way_to_it() -> None:
    """What an extra brings is what the error text names it for."""
    imported_as = {
        "adbc-driver-postgresql": "adbc_driver_postgresql", "scikit-learn": "sklearn", "pyyaml": "yaml"
    }  # fmt: skip
    wrong = []
    for extra, texts in PROJECT["optional-dependencies"].items():
        names = [Requirement(text).name for text in texts if extra not in {"dev", "all"}]
        for name in [imported_as.get(n, n) for n in names if n != "patron"]:
            with pytest.raises(MissingPackage, match=name) as found, saying_what_to_install():
                raise ModuleNotFoundError(name=name)
            if f"patron[{extra}]" not in str(found.value):
                wrong.append((extra, name))
    assert wrong == []


@pytest.mark.slow
def test_a_real_installation_is_small_and_quick(tmp_path: Path) -> None:
    """A fresh environment by pip: under 400 MB, imported within a second (given a noisy machine, two)."""
    script = [sys.executable, str(ROOT / "benchmarks" / "slim.py"), str(tmp_path), "--json"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=900, check=True)
    figures = json.loads(done.stdout)
    assert figures["size_mb"] < 400
    assert figures["import_seconds"] < 2
    assert figures["customers"] >= 8
