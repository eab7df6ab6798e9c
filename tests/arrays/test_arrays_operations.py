"""Every operation on arrays against Polars: missing values, no row, ties, large integers, any text."""

from __future__ import annotations

import math
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.arrays import ArrayFrame, Column, array_frame, text_column

QUICK = settings(max_examples=20, deadline=None, derandomize=True)
SCHEMA = {"key": pl.String, "day": pl.Int32, "whole": pl.Int64, "number": pl.Float64, "flag": pl.Boolean}
TEXTS = st.sampled_from(["a", "B", "", "é", "\U0001f600", "\uffff", "a1", "C-7"])
WHOLE = st.one_of(st.integers(-3, 3), st.sampled_from([2**53 + 1, -(2**53) - 1]))
ROWS = st.lists(
    st.tuples(
        st.none() | TEXTS,
        st.integers(0, 5),
        st.none() | WHOLE,
        st.none() | st.sampled_from([0.0, 1.0, 2.5, -4.0, 7.0, 1e4]),
        st.none() | st.booleans(),
    ),
    max_size=9,
)
COL = nw.col
NOTHING = nw.lit(None, dtype=nw.Float64)
ELEMENTWISE: dict[str, nw.Expr] = {
    "literal": nw.lit(3),
    "text literal": nw.lit("x"),
    "add": COL("whole") + COL("day"),
    "subtract from": 10 - COL("day"),
    "multiply": COL("number") * COL("day"),
    "divide": COL("number") / 4,
    "whole division": COL("whole") // 3,
    "remainder": COL("day") % 3,
    "compare": COL("number") > 1,
    "not": ~(COL("number") > 1),
    "and": (COL("number") > 1) & COL("flag"),
    "or": (COL("number") > 1) | COL("flag"),
    "equal texts": COL("key") == "a",
    "choice": nw.when(COL("flag")).then(COL("whole")).otherwise(0),
    "choice of nothing": nw.when(COL("day") > 2).then(COL("number")).otherwise(NOTHING),
    "choice of texts": nw.when(COL("day") > 2).then(COL("key")).otherwise(nw.lit("other")),
    "choice without otherwise": nw.when(COL("day") > 2).then(COL("whole")),
    "cast to float": COL("whole").cast(nw.Float64),
    "cast to text": COL("whole").cast(nw.String),
    "is null": COL("number").is_null() | COL("key").is_null() | COL("whole").is_null(),
    "fill number": COL("whole").fill_null(5),
    "fill text": COL("key").fill_null("new"),
    "is in": COL("key").is_in(["a", "é"]),
    "abs": -COL("whole").abs(),
    "functions": (COL("day").sqrt() + (COL("day") + 1).log()).exp().round(6),
    "smaller": nw.min_horizontal("day", "whole"),
    "larger": nw.max_horizontal("number", nw.lit(0.0)),
    "coalesce": nw.coalesce(COL("key"), nw.lit("none")),
    "joined texts": nw.concat_str(COL("key"), COL("day").cast(nw.String), separator="|"),
    "begins": COL("key").str.starts_with("a"),
    "ends": COL("key").str.ends_with("7"),
    "replaced": COL("key").replace_strict({"a": "b", "é": "a"}, default=COL("key"), return_dtype=nw.String),
    "before": COL("whole").shift(1).over("key", order_by="place"),
    "text before": COL("key").shift(2).over("day", order_by="place"),
    "largest of group": COL("day").max().over("key"),
}
AGGREGATES: dict[str, nw.Expr] = {
    "rows": nw.len(),
    "sum": COL("whole").sum(),
    "float sum": COL("number").sum(),
    "min": COL("whole").min(),
    "max": COL("number").max(),
    "first text": COL("key").min(),
    "last text": COL("key").max(),
    "any": COL("flag").max(),
    "count": COL("number").count(),
    "median": COL("number").median(),
    "quantile": COL("number").quantile(0.9, interpolation="linear"),
    "distinct": COL("whole").n_unique(),
    "distinct texts": COL("key").n_unique(),
}


def both(rows: list[tuple[Any, ...]]) -> tuple[nw.LazyFrame[Any], nw.LazyFrame[Any]]:
    """Put the same rows on arrays and in Polars; `place` is the row's number."""
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_row_index("place")
    table = table.with_columns(pl.col("place").cast(pl.Int64))
    frame = table.to_pandas().astype({"whole": "Int64", "flag": "boolean", "key": "str", "day": "int32"})
    frame["whole"] = pd.array(table["whole"].to_list(), dtype="Int64")  # not by way of floats
    return array_frame(frame), nw.from_native(table.lazy())


def plain(frame: nw.LazyFrame[Any]) -> list[tuple[Any, ...]]:
    """Return the rows in an order of their own, NaN as None, booleans as such."""
    rows = [tuple(None if v != v else v for v in row) for row in frame.collect().iter_rows()]
    return sorted(rows, key=lambda row: [(v is None, str(type(v)), v if v is not None else 0) for v in row])


def assert_alike(found: nw.LazyFrame[Any], expected: nw.LazyFrame[Any]) -> None:
    """Whole numbers and texts are equal, floats but for the last digits."""
    left, right = plain(found), plain(expected)
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        for x, y in zip(a, b, strict=True):
            assert (x is None) == (y is None), (a, b)
            assert x == y or math.isclose(x, y, rel_tol=1e-12, abs_tol=1e-9), (a, b)


@pytest.mark.parametrize("name", ELEMENTWISE)
@settings(QUICK, max_examples=5)
@given(rows=ROWS)
def test_an_expression_gives_what_polars_gives(name: str, rows: list[tuple[Any, ...]]) -> None:
    """Row by row, also without any row."""
    assert_alike(*(f.with_columns(made=ELEMENTWISE[name]).select("place", "made") for f in both(rows)))


@given(rows=ROWS)
@QUICK
def test_groups_give_what_polars_gives(rows: list[tuple[Any, ...]]) -> None:
    """By one key, by two, by one with missing values: every aggregate at once."""
    for keys in (["day"], ["key"], ["flag", "whole"], ["number", "key"]):
        aggregates = [e.alias(n) for n, e in AGGREGATES.items()]
        assert_alike(*(f.group_by(*keys).agg(*aggregates) for f in both(rows)))


@given(rows=ROWS)
@QUICK
def test_the_whole_frame_gives_what_polars_gives(rows: list[tuple[Any, ...]]) -> None:
    """One row, also of no rows."""
    assert_alike(*(f.select(*[e.alias(n) for n, e in AGGREGATES.items()]) for f in both(rows)))


@given(rows=ROWS, others=ROWS)
@QUICK
def test_frames_are_filtered_joined_and_stacked_alike(
    rows: list[tuple[Any, ...]], others: list[tuple[Any, ...]]
) -> None:
    """Missing keys meet nothing, and an unknown condition keeps no row."""
    queries = [
        lambda a, _: a.filter(COL("number") > 1),
        lambda a, _: a.filter(~(COL("number") > 1), day=2),
        lambda a, b: a.join(b, on=["key", "day"], how="semi"),
        lambda a, b: a.join(b, on=["key", "whole"], how="anti"),
        lambda a, b: a.join(b, on=["key", "whole"], how="inner"),
        lambda a, b: nw.concat([a, b.filter(COL("day") > 1)]),
        lambda a, _: a.select("key", "flag").unique(),
        lambda a, _: a.drop("flag").rename({"whole": "other"}).select(nw.col("other", "day") * 2),
    ]
    (left, expected_left), (right, expected_right) = both(rows), both(others)
    for query in queries:
        assert_alike(query(left, right), query(expected_left, expected_right))


def test_large_integers_stay_exact_beside_missing_ones() -> None:
    """2^62 + 1 is no float; the sum is that of Python's integers."""
    large = 2**62 + 1
    frame = array_frame(pd.DataFrame({"n": pd.array([large, None, -3], dtype="Int64")}))
    collected = frame.with_columns(same=COL("n").fill_null(0)).collect()
    assert collected.rows() == [(large, large), (None, 0), (-3, -3)]
    assert frame.select(COL("n").sum()).collect().rows() == [(large - 3,)]
    assert collected.to_pandas()["n"].tolist()[0] == large


def test_groups_of_keys_that_fill_64_bits_are_told_apart() -> None:
    """Ranges whose product is beyond 64 bits are numbered anew, not mixed up."""
    ends = [-(2**63), 2**63 - 1, 0, -(2**63)]
    frame = array_frame(pd.DataFrame({"a": ends, "b": [1, 2**62, 1, 1], "c": [2**61, 5, 5, 2**61]}))
    found = frame.group_by("a", "b", "c").agg(nw.len().alias("rows")).collect().rows()
    assert sorted(found) == [(-(2**63), 1, 2**61, 2), (0, 1, 5, 1), (2**63 - 1, 2**62, 5, 1)]


def test_what_is_not_there_says_its_name() -> None:
    """Nothing falls back to something slower or different in silence."""
    frame = array_frame(pd.DataFrame({"n": [1.0], "t": ["a"]}))
    for query, words in (
        (lambda: frame.select(COL("n").skew()), "skew"),
        (lambda: frame.select(COL("t").str.to_uppercase()), "to_uppercase"),
        (lambda: frame.sort("n"), "sort"),
        (lambda: frame.with_row_index("i", order_by="n"), "with_row_index"),
        (lambda: frame.select(COL("n") ** 2), "pow"),
        (lambda: array_frame(pd.DataFrame({"when": pd.to_datetime(["2024-01-01"])})), "datetime64"),
    ):
        with pytest.raises(NotImplementedError, match=words):
            query()
    with pytest.raises(nw.exceptions.ColumnNotFoundError, match="no column 'x'"):
        frame.select(COL("x") + 1)


def test_a_collected_frame_is_pandas_when_more_is_asked() -> None:
    """narwhals' other methods work on it, and it goes back to arrays unchanged."""
    frame = array_frame({"t": text_column(np.array([0, -1, 0]), np.array(["x"], dtype=object))})
    collected = frame.collect()
    assert (collected.shape, collected.rows()) == ((3, 1), [("x",), (None,), ("x",)])
    assert collected["t"].is_null().to_list() == [False, True, False]
    assert isinstance(collected.lazy(), ArrayFrame)
    assert collected.sort("t", nulls_last=True)["t"].to_list()[:2] == ["x", "x"]
    assert isinstance(frame.collect(backend="polars").to_native(), pl.DataFrame)


def test_a_row_that_was_filtered_out_is_not_kept_alive() -> None:
    """A column taken from another reads its rows once and then lets go of it."""
    source = Column(np.array([1, 2, 3]))
    taken = source.take(np.array([2, 0]))
    assert taken.values.tolist() == [3, 1]
    assert taken._source is None
