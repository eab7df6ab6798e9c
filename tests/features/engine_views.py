"""Everything that is made of orders on one day, as frames to compare; and the same orders in four forms.

In: raw orders, how they are read, a day. Out: name -> frame, or that reading was refused.
Not here: how two of them may differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from patron.clv import CLVModel
from patron.errors import PatronError
from patron.evaluation import ChurnLabel
from patron.features import FEATURE_GROUPS, FeatureRecipe, build_features
from patron.labels import label_customers
from patron.ledger import load_ledger, materialise
from patron.segments import assign_segments, fit_segment_rules, segment_inputs
from patron.snapshots import (
    CustomerMerge,
    CustomerTables,
    RhythmRule,
    customer_tables,
    history_before,
    own_limits,
    purchase_days_between,
    purchase_summary,
    to_day,
)

HORIZON_DAYS = 60
MODEL = CLVModel.from_params(
    purchases="bgnbd",
    params={"r": 0.5, "alpha": 6.0, "a": 0.8, "b": 2.4, "p": 6.25, "q": 3.74, "v": 15.44},
)
RECIPE = FeatureRecipe(
    HORIZON_DAYS,
    groups=FEATURE_GROUPS,
    attributes={"size": None},
    event_kinds=("nps",),
    kinds_of_items=("products", "categories"),
    rhythm=RhythmRule(base_gap_days=40.0),
)
LABELS = [ChurnLabel(kind, HORIZON_DAYS, 180) for kind in ("silence", "rhythm", "decline")]


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """Value by value: pyarrow and pandas do not convert moments of a zone without a warning."""
    columns = {name: [None if pd.isna(v) else v for v in frame[name]] for name in frame}
    kinds = {name: pa.string() for name in frame} | {"amount": pa.float64(), "cost": pa.float64()}
    kinds["ordered_at"] = pa.timestamp("us", tz=None if frame["ordered_at"].dt.tz is None else "UTC")
    return pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})


def _parquet(frame: pd.DataFrame, folder: Path) -> Path:
    pq.write_table(_arrow(frame), folder / "orders.parquet")
    return folder / "orders.parquet"


#: How orders may come; each stays on an engine of its own (arrays, arrays, Polars, DuckDB).
SOURCES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "pandas": lambda frame, _: frame,
    "arrow": lambda frame, _: _arrow(frame),
    "polars": lambda frame, _: pl.DataFrame(_arrow(frame)),
    "parquet": _parquet,
}


def tables_from(
    source: Any, reading: dict[str, Any], merges: Sequence[CustomerMerge], customers: Sequence[str]
) -> CustomerTables:
    """Read raw orders, with attributes and events made up for some customers; nothing is moved to arrays."""
    ledger = load_ledger(source, **reading)
    day = to_day(ledger.as_of)
    sizes = pd.DataFrame({"customer_id": list(customers), "size": [float(len(c)) for c in customers]})
    answers = [(c, "nps", float(len(c) % 11 - k), day - 40 * k - 1) for c in customers for k in range(3)]
    events = pd.DataFrame(answers, columns=["customer_id", "kind", "value", "known_day"])
    return customer_tables(
        ledger.lines,
        keep=materialise,
        attributes=sizes,
        events=events.assign(happened_day=events["known_day"]),
        merges=tuple(merges),
    )


def views(tables: CustomerTables, day: int) -> dict[str, pd.DataFrame]:
    """Return every frame that is made of tables on a day, sorted by customer."""
    history = history_before(tables, day)
    inputs = segment_inputs(history)
    rules = fit_segment_rules(inputs, day, active_days=180, new_days=90, growing_days=365)
    found = {
        "features": build_features(history, RECIPE, purchases=MODEL),
        "segments": assign_segments(tables, day, rules),
        "limits": own_limits(history, RhythmRule()),
        "purchase summary": purchase_summary(history),
        "outcomes": purchase_days_between(tables, day - HORIZON_DAYS, day),
    }
    earlier = history_before(tables, day - HORIZON_DAYS)
    for label in LABELS:
        found[f"label {label.kind}"] = label_customers(label, earlier, tables)
    return {name: frame.sort_values("customer_id", ignore_index=True) for name, frame in found.items()}


def views_or_refusal(make: Callable[[], dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame] | str:
    """Return frames, or the kind of error where orders are refused."""
    try:
        return make()
    except PatronError as refused:
        return type(refused).__name__
