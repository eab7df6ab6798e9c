"""Product lists of the desk: margin and rule as for the scores, as many items as were tried."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import Line, tables_of

from patron.actions import peers_also_buy, peers_trial, stopped_categories, stopped_trial
from patron.model import PatronModel
from patron.snapshots import CustomerTables, RhythmRule
from patron.workflows.base import Base
from patron.workflows.products import products_of

DAY = 1095
AS_OF = date(1970, 1, 1) + timedelta(days=DAY)
MARGINS = {"000": 0.1, "001": 0.5, "002": 0.9}
FALLBACK = 0.25


def base_of(tables: CustomerTables) -> Base:
    return Base(ledger=cast(Any, SimpleNamespace(minor_digits=2)), tables=tables)


def model_of(rhythm: RhythmRule | None = None) -> PatronModel:
    settings = SimpleNamespace(active_days=180, margin=FALLBACK, base_margin=None)
    return cast(
        PatronModel,
        SimpleNamespace(parts=SimpleNamespace(settings=settings, recipe=SimpleNamespace(rhythm=rhythm))),
    )


@pytest.fixture(scope="module")
def tastes() -> CustomerTables:
    """150 customers of three industries, each with twelve products of its own."""
    random_, rows = random.Random(1), []
    for k in range(150):
        day = random_.randrange(60)
        while day < DAY:
            taste = k % 3 if random_.random() < 0.8 else random_.randrange(3)
            item = f"p{12 * taste + random_.randrange(12):02d}"
            rows.append(Line(f"{k:03d}", day, 1000, False, f"{k}-{day}", item, item))
            day += random_.randrange(20, 120)
    names = [f"{k:03d}" for k in range(150)]
    attributes = pd.DataFrame({"customer_id": names, "industry": [f"i{k % 3}" for k in range(150)]})
    attributes["margin"] = attributes["customer_id"].map(MARGINS)
    return tables_of(rows, attributes=attributes)


def test_the_margin_to_expect_is_that_of_the_scores(tastes: CustomerTables) -> None:
    """The customer's own, else the fallback; of revenue itself it would be one."""
    found = products_of(base_of(tastes), model_of(), AS_OF, "en")["peers"]
    assert found is not None
    assert found.is_shown
    revenue = peers_also_buy(tastes, DAY, top=3).set_index(["customer_id", "item"])["expected_margin"]
    rows = found.rows.set_index(["customer_id", "item"])["expected_margin"]
    share = [MARGINS.get(customer, FALLBACK) for customer, _ in rows.index]
    assert set(share) == {*MARGINS.values(), FALLBACK}
    np.testing.assert_allclose(rows, revenue.reindex(rows.index).to_numpy() * share)
    assert rows.is_monotonic_decreasing


def test_as_many_items_are_listed_as_were_tried(tastes: CustomerTables) -> None:
    """Three per customer, and the sentence is that of a trial with three."""
    found = products_of(base_of(tastes), model_of(), AS_OF, "en")["peers"]
    assert found is not None
    assert found.rows["customer_id"].value_counts().max() == 3
    assert found.sentence == peers_trial(tastes, DAY, top=3).sentence("en")
    assert found.sentence != peers_trial(tastes, DAY, top=5).sentence("en")


@pytest.mark.parametrize("own", [None, RhythmRule(0.5, 1.0, 60.0, base_gap_days=3.0)])
def test_the_rule_of_the_model_tells_what_has_stopped(own: RhythmRule | None) -> None:
    """Quantile and bounds; the base's gap is that of each day that is tried."""
    random_, rows = random.Random(1), []
    for k in range(60):
        for item in range(6):
            gap = random_.choice([14, 30, 70])
            end = random_.randrange(300, DAY) if random_.random() < 0.5 else DAY
            day = random_.randrange(gap)
            while day < end:
                rows.append(Line(f"{k:02d}", day, 1000, False, f"{k}-{day}", f"c{item}", f"c{item}"))
                day += random_.randrange(gap - 3, gap + 4)
    tables = tables_of(rows)
    found = products_of(base_of(tables), model_of(own), AS_OF, "en")["stopped"]
    rule = RhythmRule() if own is None else replace(own, base_gap_days=None)
    assert found is not None
    assert found.sentence == stopped_trial(tables, DAY, rule=rule).sentence("en")
    assert found.is_shown
    pd.testing.assert_frame_equal(found.rows, stopped_categories(tables, DAY, rule=rule))
    other = stopped_categories(tables, DAY, rule=RhythmRule(0.5, 1.0, 60.0) if own is None else RhythmRule())
    assert len(found.rows) != len(other)
