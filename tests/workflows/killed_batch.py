"""Processes that score and are killed at random moments; run as a script, once for many kills.

`killed_batch.py FOLDER KILLS SEED` reads `FOLDER/model` and `FOLDER/orders.pickle` and scores in chunks of
thirty customers: once undisturbed into `FOLDER/undisturbed/s.csv`, then into `FOLDER/killed/s.csv` by
processes that get SIGKILL, and at last by one that is left alone. Importing takes seconds; forking takes
none. Writes one JSON object: how many were killed, how many came to an end, the parts the last one found.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import pandas as pd

from patron.ledger import load_ledger, materialise
from patron.model import load_model_folder
from patron.snapshots import customer_tables
from patron.workflows.base import Base
from patron.workflows.batch import score_in_chunks


def main() -> None:
    folder, kills, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    model = load_model_folder(folder / "model")
    ledger = load_ledger(pd.read_pickle(folder / "orders.pickle"), as_of="2023-07-02", **model.ledger_rules)
    base = Base(ledger, customer_tables(ledger.lines, keep=materialise))

    def in_a_child(path: Path) -> int:
        child = os.fork()
        if child:
            return child
        try:
            path.parent.mkdir(exist_ok=True)
            batch = score_in_chunks(model, base, path, language="en", most_customers=30)
            (folder / "resumed").write_text(str(batch.resumed_parts), encoding="utf-8")
        finally:
            sys.stderr.flush()
            os._exit(0)

    began = time.monotonic()
    os.waitpid(in_a_child(folder / "undisturbed" / "s.csv"), 0)
    whole, path, outcomes = time.monotonic() - began, folder / "killed" / "s.csv", []
    for _ in range(kills):
        child = in_a_child(path)
        time.sleep(chance.uniform(0, min(whole, 4 * whole / kills)))
        os.kill(child, signal.SIGKILL)
        outcomes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.waitpid(in_a_child(path), 0)
    told = {"killed": outcomes.count(-9), "ended": outcomes.count(0)}
    sys.stdout.write(json.dumps({**told, "resumed": int((folder / "resumed").read_text())}))


if __name__ == "__main__":
    main()
