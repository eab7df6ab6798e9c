"""The same orders give the same answers on every engine: from raw rows to features, segments and labels.

Counts, days, scores, texts and money are equal; ratios and probabilities agree within 1e-12 relative.
Refusals agree, too: where one engine refuses orders, all do.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from engine_views import RECIPE, SOURCES, tables_from, views, views_or_refusal
from fixed_orders import MERGES, READING, fixed_orders
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from plain_features import plain_features
from synthetic_ledger import Line, tables_of

from patron.errors import LedgerError
from patron.features import build_features, described_features
from patron.ledger import load_ledger
from patron.snapshots import CustomerMerge, history_before, to_day

CLOSE = 1e-12
#: Quotients and what models say; all else must be equal.
RATIOS = {
    f.name for f in described_features(RECIPE) if f.unit in ("ratio", "probability", "per year", "lines")
}
RATIOS |= {"mean_gap_days", "mean_order_value", "expected_orders_in_horizon", "expected_order_value"}
RATIOS |= {
    "days_until_limit",
    "limit_days",
    "sum_log_gap_weeks",
    "mean_repeat_order_value",
    "own_gap",
    "gap_q90",
}
AS_OF = to_day("2024-03-01")


def assert_agree(found: dict[str, pd.DataFrame] | str, expected: dict[str, pd.DataFrame] | str) -> None:
    """Compare frame by frame and column by column."""
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
        return
    assert found.keys() == expected.keys()
    for name, frame in expected.items():
        assert list(found[name]) == list(frame), name
        for column in frame:
            close = {"rtol": CLOSE, "atol": 0.0} if column in RATIOS else {"check_exact": True}
            pd.testing.assert_series_equal(
                found[name][column], frame[column], check_dtype=False, obj=f"{name}: {column}", **close
            )


@pytest.fixture(scope="module")
def fixed_on(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, pd.DataFrame]]:
    """What is made of the fixed orders, by the form they come in."""
    orders, folder = fixed_orders(), tmp_path_factory.mktemp("fixed")
    customers = sorted(orders["customer_id"].dropna().unique())[::2]
    return {
        name: views(tables_from(make(orders, folder), READING, MERGES, customers), AS_OF)
        for name, make in SOURCES.items()
    }


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "pandas"])
def test_the_fixed_orders_give_the_same_from_every_source(
    source: str, fixed_on: dict[str, dict[str, pd.DataFrame]]
) -> None:
    """Every frame of some 300 lines in all shapes."""
    assert_agree(fixed_on[source], fixed_on["pandas"])


def test_the_fixed_orders_are_what_they_say(fixed_on: dict[str, dict[str, pd.DataFrame]]) -> None:
    """Every feature is known for somebody, and takes more than one value; joined customers are one."""
    features = fixed_on["pandas"]["features"].set_index("customer_id")
    assert [name for name in features if features[name].nunique() < 2] == []
    assert not {"old-1", "new-1", "only-refunds", "only-cancelled", "in-the-future"} & set(features.index)
    assert features.loc["one-order", ["purchase_days", "largest_order_value"]].tolist() == [1.0, 0.01]
    assert features.loc["largest", "spend_last_365_days"] == 90_071_992_547_409.0
    # 29 February 2016 and 2020, and that of 2024 the day before
    assert features.loc["leapling", ["purchase_days", "days_since_last_order"]].tolist() == [3.0, 1.0]
    assert features.loc["leapling", "longest_gap_days"] == (date(2020, 2, 29) - date(2016, 2, 29)).days


def test_the_days_of_moments_are_those_of_the_business(fixed_on: dict[str, dict[str, pd.DataFrame]]) -> None:
    """Moments in UTC by the calendar of Berlin, worked out by hand: 22 before as_of, on 15 days."""
    segments = fixed_on["pandas"]["segments"].set_index("customer_id")
    assert segments.loc["calendar", "purchase_days"] == 15
    assert segments.loc["calendar", "first_day"] == to_day("2020-02-28")
    assert segments.loc["calendar", "last_day"] == to_day("2024-02-29")


def test_features_of_the_fixed_orders_equal_the_plain_oracle() -> None:
    """A second implementation of every feature, on the lines that were read (no merges)."""
    lines = load_ledger(fixed_orders(), **READING).lines.collect().to_pandas()
    names = [name for name in Line._fields if name in lines]
    rows = [
        Line(**{k: None if pd.isna(v) else v for k, v in zip(names, row, strict=True)})
        for row in lines[names].astype({"amount_minor": object}).itertuples(index=False)
    ]
    plain = pd.DataFrame.from_dict(
        plain_features(rows, AS_OF, RECIPE.horizon_days), orient="index", dtype=float
    )
    built = build_features(history_before(tables_of(rows), AS_OF), RECIPE).set_index("customer_id")
    assert built.index.tolist() == plain.index.tolist()
    # the spread of amounts that differ by a cent is 1e-9 of them: half of the digits are gone by then
    for name in plain:
        spread = name == "order_value_spread_ratio"
        pd.testing.assert_series_equal(
            built[name], plain[name], rtol=1e-6 if spread else CLOSE, atol=0.0, check_names=False
        )


def raw(rows: list[tuple[str, date, int, int, bool, int | None, int | None]], zoned: bool) -> pd.DataFrame:
    """Turn drawn rows into raw orders."""
    records = [
        {
            "customer_id": customer,
            "ordered_at": pd.Timestamp(day) + pd.Timedelta(minutes=minute),
            "amount": -cents / 100 if back else cents / 100,
            "order_id": f"{'C' if back else ''}{customer}{day}{minute // 600}",
            "product_id": None if product is None else f"p{product}",
            "category": None if product is None else f"Größe {product % 2}",
            "cost": None if cost is None else cost / 100,
        }
        for customer, day, minute, cents, back, product, cost in rows
    ]
    texts = dict.fromkeys(("customer_id", "order_id", "product_id", "category"), "str")
    frame = pd.DataFrame(records).astype(texts | {"amount": "float64", "cost": "float64"})
    moments = frame["ordered_at"].dt.as_unit("us")
    return frame.assign(ordered_at=moments.dt.tz_localize("UTC") if zoned else moments)


#: Days near a change of the clock, a leap day, a year's end, and any other day.
DAYS = st.one_of(
    st.sampled_from(
        [date(2022, 3, 27), date(2022, 10, 30), date(2024, 2, 29), date(2020, 2, 29), date(2023, 12, 31)]
    ).flatmap(lambda day: st.integers(-1, 1).map(lambda by: day + timedelta(days=by))),
    st.dates(date(2020, 1, 1), date(2024, 2, 28)),
)
CENTS = st.one_of(st.integers(0, 50_000), st.sampled_from([0, 1, 999, 1000, 1000, 2**52, 2**53, 10**12 + 1]))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "a", "b", "ß", "東京", "0007", "O'Brien", "🏭"]),
        DAYS,
        st.sampled_from([0, 1, 60, 90, 720, 720, 1380, 1439]),
        CENTS,
        st.sampled_from([False, False, False, True]),
        st.one_of(st.none(), st.integers(0, 3)),
        st.one_of(st.none(), st.integers(0, 20_000)),
    ),
    min_size=1,
    max_size=80,
)
ZONES = st.sampled_from([None, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
MERGED = st.sampled_from(
    [
        (),
        (CustomerMerge("a", "b", AS_OF - 100),),
        (CustomerMerge("a", "new", AS_OF - 400), CustomerMerge("ß", "new", AS_OF - 30)),
        (CustomerMerge("b", "東京", AS_OF + 5),),
    ]
)
TIE = ("a", date(2023, 5, 1), 720, 1000, False, 1, None)


def _agree(rows: list[Any], zone: str | None, merges: tuple[CustomerMerge, ...], folder: Path) -> None:
    orders = raw(rows, zone is not None)
    reading = {"timezone": zone, "refund_prefix": "C", "as_of": "2024-03-01", "duplicates": "drop"}
    customers = sorted(orders["customer_id"].unique())[:2]

    def of(source: Any) -> dict[str, pd.DataFrame] | str:
        return views_or_refusal(lambda: views(tables_from(source, reading, merges, customers), AS_OF))

    made = {name: of(make(orders, folder)) for name, make in SOURCES.items()}
    for name in SOURCES:
        assert_agree(made[name], made["pandas"])


def property_test(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),  # to make a failing example smaller takes minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@property_test(2)
@given(rows=ROWS, zone=ZONES, merges=MERGED)
@example(rows=[TIE, TIE], zone=None, merges=())
@example(rows=[("a", date(2023, 5, 1), 0, 2**53, False, 1, None)] * 2, zone=None, merges=())
def test_engines_agree(rows: list[Any], zone: str | None, merges: Any, tmp_path: Path) -> None:
    """Drawn orders: a few here, many under the mark `slow`."""
    _agree(rows, zone, merges, tmp_path)


@pytest.mark.slow
@property_test(60)
@given(rows=ROWS, zone=ZONES, merges=MERGED)
def test_engines_agree_on_many(rows: list[Any], zone: str | None, merges: Any, tmp_path: Path) -> None:
    """The same, for longer."""
    _agree(rows, zone, merges, tmp_path)


@pytest.mark.parametrize("engine", ["arrays", "pandas", "polars", "duckdb"])
@pytest.mark.parametrize("merges", [(), (CustomerMerge("b", "a", 5),)], ids=["alone", "joined"])
def test_sums_beyond_exact_numbers_are_refused(engine: str, merges: Any) -> None:
    """2^53 of a customer pass, one more does not, nor do two halves that a merge adds up."""
    half = 2**52
    fits = [Line("a", 10, half, False, "1"), Line("b" if merges else "a", 11, half, False, "2")]
    history = history_before(tables_of(fits, engine=engine, merges=merges), 100)
    built = build_features(history, RECIPE).set_index("customer_id")
    assert built.loc["a", "mean_order_value"] == half / 100
    assert built.loc["a", "order_value_spread_ratio"] == 0.0
    with pytest.raises(LedgerError, match=r"1 customers come to more than 9,007,199,254,740,992"):
        tables_of([*fits, Line("a", 12, 2, False, "3")], engine=engine, merges=merges)
