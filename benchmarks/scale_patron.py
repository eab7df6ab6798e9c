"""Lines -> features of one or more snapshots through patron.

In: a Parquet file of lines. Out: a Parquet file of features a snapshot. Not here: comparing.
    python benchmarks/scale_patron.py LINES.parquet FOLDER MEMORY DAY [DAY ...]
"""

from __future__ import annotations

import sys

from patron.features import FeatureRecipe, build_features
from patron.ledger import at_hand, load_ledger, materialise
from patron.snapshots import customer_tables, history_before, with_first_days

HORIZON_DAYS = 91


def main(path: str, folder: str, memory: str, *days: str) -> None:
    """Write the features of each day; as of the day after the last order."""
    ledger = load_ledger(path, currency="EUR", memory_limit=memory)
    tables = customer_tables(ledger.lines, keep=materialise, settle=at_hand)
    if len(days) > 1:
        tables = with_first_days(tables, keep=materialise, settle=at_hand)
    recipe = FeatureRecipe(HORIZON_DAYS, kinds_of_items=tables.kinds_of_items)
    for day in map(int, days):
        features = build_features(history_before(tables, day), recipe)
        features.to_parquet(f"{folder}/patron-{day}.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
