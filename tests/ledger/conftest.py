"""One set of rows, offered in every way a ledger can be given."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

KINDS = ("pandas", "polars", "arrow", "parquet", "csv", "csv_gz", "xlsx", "csv_folder", "parquet_folder")
Offer = Callable[[pd.DataFrame, str], object]


@pytest.fixture
def offer(tmp_path: Path) -> Offer:
    """Return a function (frame of text, kind) -> source."""

    def give(frame: pd.DataFrame, kind: str) -> object:
        if kind == "pandas":
            return frame
        if kind == "polars":
            return pl.from_pandas(frame)
        if kind == "arrow":
            return pl.from_pandas(frame).to_arrow()
        folder = tmp_path / kind
        folder.mkdir()
        half = len(frame) // 2
        parts = (
            {"a": frame[:half], "b": frame[half:].iloc[:, ::-1]} if kind.endswith("folder") else {"a": frame}
        )
        for name, part in parts.items():
            if kind.startswith("csv"):
                part.to_csv(folder / f"{name}.csv{'.gz' if kind == 'csv_gz' else ''}", index=False)
            elif kind.startswith("parquet"):
                part.to_parquet(folder / f"{name}.parquet", index=False)
            else:
                buffer = io.BytesIO()
                part.to_excel(buffer, index=False)
                (folder / f"{name}.xlsx").write_bytes(buffer.getvalue())
        return folder if kind.endswith("folder") else next(folder.iterdir())

    return give


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Every way to give a ledger."""
    return str(request.param)
