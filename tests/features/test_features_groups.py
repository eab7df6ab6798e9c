"""A group of features costs what it uses: its own sums and tables, and the same numbers as with others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import narwhals as nw
import pandas as pd
import pytest
from synthetic_ledger import ENGINES, Line, lines_frame, number, on_engine, synthetic_merges, tables_of

from patron.features import FeatureRecipe, build_features, feature_names, items_read_by
from patron.features.build import DAY_GROUPS, sums_of
from patron.ledger import materialise
from patron.snapshots import CustomerTables, aggregate, customer_tables, history_before, with_first_days

DAY = number("2024-06-01")
GROUPS = (*DAY_GROUPS, "breadth")
RECIPE = FeatureRecipe(60, groups=GROUPS, kinds_of_items=("products", "categories"))
#: Counted in the definitions: a group's own sums, those it borrows, and who is a customer.
SUMS = {"rfm": 4, "rhythm": 8, "trend": 21, "season": 5, "value": 9, "lifecycle": 4, "breadth": 1}


@pytest.mark.parametrize("group", SUMS)
def test_a_group_asks_for_the_sums_that_it_needs(group: str, tables: CustomerTables) -> None:
    """As many as counted; without any one of them its features cannot be computed."""
    sums = sums_of(replace(RECIPE, groups=(group,)), DAY)
    assert len(sums) == SUMS[group]
    features = DAY_GROUPS[group].features(DAY, 60) if group in DAY_GROUPS else {}
    history = history_before(tables, DAY)
    whole = aggregate(history.days, ["customer_id"], sums)
    whole.select(*[e.alias(n) for n, e in features.items()] or ["purchase_days"]).collect()
    for name in set(sums) - {"purchase_days"}:
        lacking = whole.drop(name)
        with pytest.raises(nw.exceptions.ColumnNotFoundError, match=name):
            lacking.select(*[e.alias(n) for n, e in features.items()]).collect()


def test_all_groups_ask_for_every_sum_once() -> None:
    """Fewer than the groups need one by one: borrowed sums are shared."""
    assert len(sums_of(RECIPE, DAY)) == 40
    assert sum(SUMS.values()) == 52


@pytest.mark.parametrize("engine", ENGINES)
def test_a_group_alone_has_the_numbers_that_it_has_among_others(engine: str, ledger_rows: list[Line]) -> None:
    """To the last bit, for the groups over days and over items."""
    history = history_before(tables_of(ledger_rows, engine=engine), DAY)
    together = build_features(history, RECIPE)
    for group in GROUPS:
        recipe = replace(RECIPE, groups=(group,))
        alone = build_features(history, recipe)
        names = ["customer_id", *feature_names(recipe)]
        pd.testing.assert_frame_equal(alone, together[names], check_exact=True)


@pytest.mark.parametrize("items", [(), ("products",), ("categories",), ("products", "categories")])
def test_tables_nobody_asked_for_are_not_computed(items: tuple[str, ...], ledger_rows: list[Line]) -> None:
    """What is kept is what was asked for; the days do not depend on it."""
    computed: list[str] = []

    def keep(frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
        computed.append(name)
        return materialise(frame, name)

    lines = on_engine(lines_frame(ledger_rows), "arrays")
    tables = customer_tables(lines, keep=keep, items=items)
    assert computed == ["customer_days", *items]
    assert tables.kinds_of_items == items
    recipe = replace(RECIPE, groups=tuple(DAY_GROUPS))
    expected = build_features(history_before(tables_of(ledger_rows, engine="arrays"), DAY), recipe)
    built = build_features(history_before(tables, DAY), recipe)
    pd.testing.assert_frame_equal(built, expected, check_exact=True)


def test_a_recipe_says_which_items_it_reads() -> None:
    """Both, those the ledger holds, or none without the group that reads them."""
    assert RECIPE.items == items_read_by(GROUPS) == ("products", "categories")
    assert replace(RECIPE, kinds_of_items=("categories",)).items == ("categories",)
    assert replace(RECIPE, groups=("rfm",)).items == items_read_by(("rfm",)) == ()


@pytest.mark.parametrize("engine", ENGINES)
def test_kept_first_days_change_no_feature(engine: str, ledger_rows: list[Line]) -> None:
    """On several days, with customers that are joined in between."""
    tables = tables_of(ledger_rows, engine=engine, merges=synthetic_merges())
    kept = with_first_days(tables, keep=materialise)
    assert set(kept.first_days) == {"products", "categories"}
    recipe = replace(RECIPE, groups=("breadth",))
    for day in (number("2023-08-01"), DAY):
        pd.testing.assert_frame_equal(
            build_features(history_before(kept, day), recipe),
            build_features(history_before(tables, day), recipe),
            check_exact=True,
        )
