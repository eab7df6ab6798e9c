"""What `collect` gives: an eager narwhals frame that becomes one of pandas when more is asked than its rows.

In: an `ArrayFrame`. Out: rows, columns, a pandas frame. Not here: queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

if TYPE_CHECKING:
    from patron.arrays.frame import ArrayFrame


class CollectedArrays(nw.DataFrame[Any]):
    """A collected frame on arrays.

    Parameters
    ----------
    frame : ArrayFrame
        Computed already, as arrays are.
    """

    def __init__(self, frame: ArrayFrame, *, level: str = "full") -> None:
        self._frame, self._level = frame, level  # type: ignore[assignment]

    @cached_property
    def _compliant_frame(self) -> Any:  # type: ignore[override]
        return nw.from_native(self.to_pandas())._compliant_frame

    def _with_compliant(self, df: Any) -> Any:
        return nw.DataFrame(df, level="full")

    def __len__(self) -> int:
        return self._frame._store.rows

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), len(self.columns)

    @property
    def columns(self) -> list[str]:
        """Names."""
        return self._frame._store.columns

    def to_pandas(self) -> pd.DataFrame:
        """Return a pandas frame; integers with missing values are of pandas' masked type."""
        columns = {name: column.to_pandas() for name, column in self._frame._store.by_name.items()}
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self)), copy=False)

    def rows(self, *, named: bool = False) -> list[Any]:
        """Return plain Python rows, None where missing integers and texts are, NaN for floats."""
        return list(self.iter_rows(named=named))

    def iter_rows(self, *, named: bool = False, buffer_size: int = 512) -> Iterator[Any]:  # noqa: ARG002
        """Return plain Python rows one after the other."""
        columns = [column.to_list() for column in self._frame._store.by_name.values()]
        rows = zip(*columns, strict=True) if columns else iter(())
        return (dict(zip(self.columns, row, strict=True)) for row in rows) if named else rows

    def lazy(self, backend: Any = None, **kwargs: Any) -> Any:
        """Return the lazy frame again, or one of a backend."""
        return self._frame if backend is None else super().lazy(backend, **kwargs)
