"""Day columns of small tables.

In: a raw column. Out: day numbers and what went wrong, by the rules of the ledger's dates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from patron.ledger._datetext import choose_shapes
from patron.ledger._eager_dates import count_shapes, is_text_dates, read_dates
from patron.ledger._eager_text import plain_series
from patron.ledger._options import CsvOptions

_DAY_US = 86_400_000_000


def read_days(
    series: pd.Series[Any], options: CsvOptions, name: str
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return days since 1970-01-01 (0 unless readable) and states: 0 ok, 1 missing, 2 unreadable."""
    plain = plain_series(series).reset_index(drop=True)
    shapes: tuple[str, ...] = ()
    if is_text_dates(plain):
        shapes = choose_shapes(count_shapes(plain), options.date_format, name)
    dates = read_dates(plain, shapes, None)
    return (dates.micros // _DAY_US).astype(np.int64), dates.state
