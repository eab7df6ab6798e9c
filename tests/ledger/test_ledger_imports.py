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
