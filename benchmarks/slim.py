"""What a service pays for the base installation: a fresh environment by pip, its size, and its first answer.

    python benchmarks/slim.py FOLDER [--json]

Makes FOLDER/slim-venv (again each time) with `pip install .` at the versions of constraints.txt, without any
extra, and scores the tiny model of tests/golden in it. Each figure in seconds is the least of five processes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "format_1"
SCORING = """
import json, resource, sys, time
before = time.perf_counter()
import numpy, pandas, scipy.special, lightgbm, narwhals
packages = time.perf_counter()
import patron
patron.load_model
import patron.model
imported, cpu = time.perf_counter(), time.process_time()
model = patron.load_model(sys.argv[1])
loaded = time.perf_counter()
orders = pandas.read_csv(sys.argv[2], dtype={"customer_id": str})
read = time.perf_counter()
scores = model.score(orders, "2023-07-02")
scored = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(json.dumps({"import_seconds": imported - before, "import_cpu_seconds": cpu,
                  "of_it_packages_seconds": packages - before,
                  "load_seconds": loaded - imported, "first_score_seconds": scored - read,
                  "peak_memory_mb": peak, "customers": len(scores)}))
"""


def fresh_environment(folder: Path) -> Path:
    """Install the base package; return the interpreter."""
    venv.create(folder, with_pip=True, clear=True)
    python = folder / "bin" / "python"
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([str(python), *words, "-c", str(ROOT / "constraints.txt"), str(ROOT)], check=True)
    return python


def size_mb(folder: Path) -> float:
    """Return the bytes on disk under a folder, in MB (10^6); links are not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def figures(folder: Path) -> dict[str, Any]:
    """Install, then score in five processes of their own."""
    python = fresh_environment(folder)
    (model,) = GOLDEN.glob("golden@*")
    words = [str(python), "-P", "-c", SCORING, str(model), str(GOLDEN / "orders.csv")]
    runs = [
        json.loads(subprocess.run(words, capture_output=True, text=True, check=True, cwd=folder).stdout)
        for _ in range(6)
    ][1:]  # the first one writes byte code
    least = {name: round(min(run[name] for run in runs), 3) for name in runs[0]}
    (packages,) = folder.glob("lib/python*/site-packages")
    by_package = {path.name: size_mb(path) for path in packages.iterdir() if path.is_dir()}
    largest = sorted(by_package, key=lambda name: -by_package[name])[:6]
    return {
        "size_mb": round(size_mb(folder)),
        "largest_mb": {name: round(by_package[name]) for name in largest},
        **least,
    }


def main() -> None:
    """Print the figures, one a line or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = figures(arguments.folder / "slim-venv")
    if arguments.json:
        sys.stdout.write(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
