"""Every feature against a second implementation, on three engines and dates; and the laws it must obey."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_features import plain_features
from synthetic_ledger import ENGINES, Line, number, tables_of

from patron.features import FeatureRecipe, build_features, catalogue
from patron.snapshots import CustomerMerge, history_before

DAYS = ("2022-02-20", "2023-06-15", "2024-06-01")
GROUPS = ("rfm", "rhythm", "trend", "season", "value", "breadth", "lifecycle")
RECIPE = FeatureRecipe(horizon_days=60, groups=GROUPS, kinds_of_items=("products", "categories"))
WHOLE = ("days", "purchase days", "items")
QUICK = settings(max_examples=8, deadline=None, derandomize=True)


def features_of(rows: list[Line], day: int, engine: str = "pandas", **beside: Any) -> pd.DataFrame:
    history = history_before(tables_of(rows, engine=engine, **beside), day)
    return build_features(history, RECIPE).set_index("customer_id")


@pytest.fixture(scope="module", params=[(engine, day) for engine in ENGINES for day in DAYS], ids=str)
def built_and_plain(request: Any, ledger_rows: list[Line]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The features as built, and as plain Python finds them."""
    engine, day = request.param
    plain = plain_features(ledger_rows, number(day), 60)
    return features_of(ledger_rows, number(day), engine), pd.DataFrame.from_dict(
        plain, orient="index", dtype=float
    )


def test_every_feature_equals_the_plain_oracle(built_and_plain: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """The same customers; 1e-12 relative, missing where it is unknown."""
    built, plain = built_and_plain
    assert built.index.tolist() == plain.index.tolist()
    assert set(built.columns) == set(plain.columns)
    for name in plain:
        np.testing.assert_allclose(built[name], plain[name], rtol=1e-12, atol=0, err_msg=str(name))


def test_counts_and_days_are_exact(built_and_plain: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """No tolerance where a whole number is counted; only a median may be a half."""
    built, plain = built_and_plain
    for name in (f.name for f in catalogue() if f.unit in WHOLE and f.group in GROUPS):
        if name != "mean_gap_days":
            np.testing.assert_array_equal(built[name], plain[name], err_msg=name)


def test_the_oracle_is_not_empty(ledger_rows: list[Line]) -> None:
    """Each feature takes more than one value on the last date, so that agreement means something."""
    plain = pd.DataFrame.from_dict(
        plain_features(ledger_rows, number(DAYS[-1]), 60), orient="index", dtype=float
    )
    assert len(plain) == 150
    assert [name for name in plain if plain[name].nunique() < 2] == []


@pytest.mark.parametrize("engine", ENGINES)
def test_shuffled_rows_give_the_same_bytes(engine: str, ledger_rows: list[Line]) -> None:
    """On one engine, to the last bit."""
    day = number(DAYS[-1])
    shuffled = random.Random(3).sample(ledger_rows, len(ledger_rows))
    pd.testing.assert_frame_equal(
        features_of(shuffled, day, engine), features_of(ledger_rows, day, engine), check_exact=True
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_customer_alone_has_the_same_features(engine: str, ledger_rows: list[Line]) -> None:
    """A row depends on the customer's own rows and nothing else."""
    day = number(DAYS[-1])
    everybody = features_of(ledger_rows, day, engine)
    for customer in ("0000", "0149"):
        alone = features_of([row for row in ledger_rows if row.customer_id == customer], day, engine)
        pd.testing.assert_frame_equal(alone, everybody.loc[[customer]], check_exact=True)


def test_a_re_keyed_customer_keeps_its_attributes(ledger_rows: list[Line]) -> None:
    """Those of the old id, until the new id has a row of its own."""
    day, recipe = number(DAYS[-1]), replace(RECIPE, groups=("attributes",), attributes={"size": None})
    for rows, expected in (({"old": 3.0}, 3.0), ({"old": 3.0, "0003": 5.0}, 5.0)):
        attributes = pd.DataFrame({"customer_id": list(rows), "size": list(rows.values())})
        merges = (CustomerMerge("old", "0003", day - 1),)
        history = history_before(tables_of(ledger_rows, attributes=attributes, merges=merges), day)
        built = build_features(history, recipe).set_index("customer_id")
        assert built.index.is_unique
        assert built.loc["0003", "attribute_size"] == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_a_re_keyed_customer_has_the_features_of_the_joined_history(
    engine: str, ledger_rows: list[Line]
) -> None:
    """As if all its lines had stood under the new id from the start."""
    day, old, new = number(DAYS[-1]), "0003", "0004"
    days = {row.day for row in ledger_rows if row.customer_id == new}
    rows = [row for row in ledger_rows if not (row.customer_id == old and row.day in days)]
    renamed = [row._replace(customer_id=new) if row.customer_id == old else row for row in rows]
    merged = features_of(rows, day, engine, merges=(CustomerMerge(old, new, day - 1),))
    pd.testing.assert_frame_equal(merged, features_of(renamed, day, engine), check_exact=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "values", [[60, 90], [1, 2, 3], [100_000_001, 100_000_003, 100_000_008], [10**12, 3 * 10**12 + 7]]
)
def test_the_spread_of_order_values_is_exact_for_any_size(engine: str, values: list[int]) -> None:
    """Pennies, near ties of a million, and ten billion: the standard deviation over the mean."""
    rows = [Line("a", 10 * k, value, False, str(k)) for k, value in enumerate(values)]
    built = features_of(rows, 100, engine)["order_value_spread_ratio"].iloc[0]
    shifted = np.array(values) - values[0]
    assert built == pytest.approx(shifted.std() / (values[0] + shifted.mean()), rel=1e-9)


ROWS = st.lists(
    st.builds(
        lambda customer, day, amount, is_refund, product: Line(
            customer, day, -amount if is_refund else amount, is_refund, f"{day}{is_refund}", product, product
        ),
        st.sampled_from("ab"),
        st.integers(100, 900),
        st.integers(0, 5000),
        st.sampled_from([False, False, True]),
        st.sampled_from(["p", "q", None]),
    ),
    min_size=1,
    max_size=15,
)


@QUICK
@given(rows=ROWS, later=ROWS)
def test_later_rows_change_no_feature(rows: list[Line], later: list[Line]) -> None:
    """Orders, refunds and new customers from as_of on leave no trace."""
    late = [
        row._replace(day=row.day + 801, customer_id=row.customer_id + "b" * (row.day % 2)) for row in later
    ]
    before = features_of(rows, 901, "polars")
    pd.testing.assert_frame_equal(features_of([*rows, *late], 901, "polars"), before, check_exact=True)


@QUICK
@given(rows=ROWS, shift=st.integers(1, 400))
def test_features_depend_on_distances_in_time_only(rows: list[Line], shift: int) -> None:
    """The same history some days later has the same features, whatever the calendar says."""
    later = [row._replace(day=row.day + shift) for row in rows]
    pd.testing.assert_frame_equal(
        features_of(later, 901 + shift, "polars"), features_of(rows, 901, "polars"), check_exact=True
    )
