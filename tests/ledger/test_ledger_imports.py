"""What loading a frame may not import, and what it may not change."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, warnings
filters = list(warnings.filters)
import pandas as pd
import patron.ledger
frame = pd.DataFrame({"customer_id": ["1"], "ordered_at": ["2024-01-01"], "amount": [1.0]})
patron.ledger.load_ledger(frame).lines.collect()
patron.ledger.demo_orders()
print(sorted({"duckdb", "polars", "openpyxl", "lifetimes", "pydantic", "yaml"} & set(sys.modules)))
"""


def test_a_pandas_frame_needs_neither_duckdb_nor_polars() -> None:
    """A service that scores frames does not pay for engines it does not use."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


BARE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("duckdb", "pyarrow", "polars", "openpyxl", "yaml", "lightgbm"):
            raise ImportError(name)
sys.meta_path.insert(0, Absent())
import pandas as pd
from patron.ledger import load_ledger, materialise
from patron.snapshots import customer_tables
orders = pd.DataFrame({"customer_id": ["1", "1"], "ordered_at": ["2024-01-01", "2024-02-01"], "amount": 1.0})
ledger = load_ledger(orders, as_of="2024-03-01")
print(customer_tables(ledger.lines, keep=materialise).days.collect().to_pandas()["gap_days"].max())
"""


def test_orders_are_read_where_no_engine_is_installed() -> None:
    """A slim service has numpy, pandas and narwhals; nothing else is looked for on the way."""
    done = subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "31.0"
