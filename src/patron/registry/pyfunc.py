"""The MLflow model directory around a model folder.

In: a model folder. Out: a directory that `mlflow.pyfunc`, `mlflow models serve` and `spark_udf` load:
`MLmodel`, `pyfunc_entry.py`, what of patron scores under `code/`, and the folder itself under
`artifacts/model/`. Not here: logging it (see `training`), reading it back (see `resolve`, which takes nothing
but the folder).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import patron
from patron.registry.pyfunc_signature import description, signature

if TYPE_CHECKING:
    from mlflow.models import Model

#: Where the model folder lies in the directory.
INNER_FOLDER = "artifacts/model"
ENTRY = "pyfunc_entry.py"

#: What of patron travels with a model: everything that loads a folder and scores, and nothing that trains.
SHIPPED = (
    "__init__.py",
    "api.py",
    "arrays",
    "churn",
    "clv",
    "columns.py",
    "errors.py",
    "features",
    "ledger",
    "metrics",
    "model",
    "playbook",
    "registry",
    "scoring",
    "segments",
    "snapshots",
    "spark",  # a Python worker of Spark that has loaded this copy keeps it, for `score_with_spark`, too
    "tree_text.py",
    "whole_files.py",
)
_NEEDS = ("lightgbm", "narwhals", "numpy", "pandas", "scipy")
_OF_THIS_RUN = re.compile(r"^(model_uuid|utc_time_created|  +cloudpickle_version): .*\n", re.MULTILINE)


@contextmanager
def pyfunc_directory(model_folder: Path) -> Iterator[Path]:
    """Build the directory, for as long as it is needed. Call inside `in_words`.

    Parameters
    ----------
    model_folder : Path
        Of `PatronModel.save`.

    Yields
    ------
    Path
        A temporary directory: the same bytes for the same model folder, without paths of this machine.
    """
    import mlflow.pyfunc
    from mlflow.models import Model

    with tempfile.TemporaryDirectory(prefix="patron-pyfunc-") as made:
        root = Path(made)
        inner, code, target = root / "model", root / "patron", root / "directory"
        shutil.copytree(model_folder, inner)
        _copy_package(code)
        entry = Path(shutil.copy(Path(__file__).with_name(ENTRY), root))
        described = Model()
        mlflow.pyfunc.save_model(
            target,
            mlflow_model=described,
            python_model=str(entry),
            artifacts={"model": str(inner)},
            code_paths=[str(code)],
            signature=signature(),
            pip_requirements=[f"{name}=={version(name)}" for name in _NEEDS],
            metadata={"patron": {"format_version": 1, "input": description()}},
        )
        _forget_this_machine(described, target)
        yield target


def _copy_package(target: Path) -> None:
    """Copy what scores."""
    source = Path(patron.__file__).parent
    target.mkdir()
    for name in SHIPPED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (source / name).is_file():
            shutil.copy(source / name, target / name)


def _forget_this_machine(described: Model, target: Path) -> None:
    """Take paths, times and random numbers out of `MLmodel`; MLflow reads none of them."""
    flavour = described.flavors["python_function"]
    flavour["model_code_path"] = ENTRY
    flavour["artifacts"]["model"]["uri"] = INNER_FOLDER
    described.save(str(target / "MLmodel"))
    text = (target / "MLmodel").read_text(encoding="utf-8")
    (target / "MLmodel").write_text(_OF_THIS_RUN.sub("", text), encoding="utf-8")
