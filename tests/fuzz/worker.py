"""Load and score spoilt model folders, one after the other, and say what came of each.

Reads a seed and whether to score, a line each, from standard input, and writes one line of JSON each.
Started by `fuzz_folders`, which ends it where it hangs.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

_WATCHED = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty")
_WATCHED += (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.truncate",
)
_WATCHED += ("shutil.", "ctypes.dlopen", "pickle.find_class", "marshal.loads", "urllib.Request")
_seen: list[str] = []
_watching = [False]


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watching[0]:
        return
    if (
        event == "open"
        and isinstance(args[2], int)
        and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    ):
        _seen.append(f"open for writing {args[0]!r}")
    elif event.startswith(("socket.connect", "socket.bind", "socket.getaddrinfo", *_WATCHED)):
        _seen.append(f"{event} {str(args)[:80]}")
    elif event in ("exec", "compile", "import") and "spoilt" in str(args)[:400]:
        _seen.append(f"{event} from the folder")


def _outcome(folder: Path, orders: Any, seed: int, scores_too: bool) -> str:
    """Load, score, look at the numbers."""
    import numpy as np

    from patron.errors import ModelError
    from patron.model import load_model_folder

    when = "refused when loaded"
    try:
        model = load_model_folder(folder)
        if not scores_too:
            return "loaded"
        when = "refused when scored"
        scores = model.score_tables(*orders)
        if seed % 10 == 0:
            model.explain_tables(*orders, str(scores["customer_id"].iloc[0]))
    except ModelError as problem:
        long = any(len(line) > 1_000 or "\n" in line for line in problem.problems)
        return "BAD: a message of several lines" if long or len(problem.problems) > 11 else when
    numbers = scores.select_dtypes("number").astype(float).to_numpy()
    return "BAD: infinite score" if np.isinf(numbers).any() else "scored"


def _case(files: dict[str, bytes], orders: Any, seed: int, scores_too: bool, place: Path) -> dict[str, Any]:
    from mutations import mutate

    folder = place / "spoilt"
    folder.mkdir()
    try:
        kind, must_refuse = mutate(files, seed, folder)
        _seen.clear()
        _watching[0] = True
        try:
            outcome = _outcome(folder, orders, seed, scores_too)
        except BaseException as error:
            outcome = f"BAD: {type(error).__name__}: {str(error)[:150]}"
        _watching[0] = False
        if _seen:
            outcome = f"BAD: {_seen[0]}"
        if must_refuse and outcome in ("scored", "loaded"):
            outcome = "BAD: scored what was tampered with"
        return {"seed": seed, "kind": kind, "outcome": outcome}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(golden: Path) -> None:
    """Answer seeds until there are none."""
    import pandas as pd

    from patron.ledger import load_ledger, materialise
    from patron.model import load_model_folder
    from patron.snapshots import customer_tables

    warnings.simplefilter("ignore")
    (folder,) = golden.glob("golden@*")
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    model = load_model_folder(folder)
    lines = pd.read_csv(golden / "orders.csv", dtype={"customer_id": str}, parse_dates=["ordered_at"])
    ledger = load_ledger(lines, as_of="2023-07-02", **model.ledger_rules)
    orders = (customer_tables(ledger.lines, keep=materialise), ledger)
    scores = model.score_tables(*orders)
    model.explain_tables(*orders, str(scores["customer_id"].iloc[0]))
    resource.setrlimit(resource.RLIMIT_AS, (6_000_000_000, 6_000_000_000))
    sys.addaudithook(_hook)
    with tempfile.TemporaryDirectory() as place:
        print("ready", flush=True)
        for line in sys.stdin:
            seed, scores_too = line.split()
            print(json.dumps(_case(files, orders, int(seed), scores_too == "True", Path(place))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
