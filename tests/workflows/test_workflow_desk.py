"""What the report shows beside the scores, against what the commands and the tables say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from patron.config import Config
from patron.reports import Desk
from patron.workflows import retention, score
from patron.workflows.desk import MONTHS_SHOWN, collect_desk


@pytest.fixture
def collected(copy: Callable[..., Config]) -> tuple[Config, Any, Desk]:
    """The desk of the small trained project on its day, 2 July 2023."""
    config = copy()
    scored = score(config)
    return config, scored, collect_desk(config, scored.base, scored.model, scored.scores, language="en")


def test_months_of_the_report_are_those_of_the_command(collected: tuple[Config, Any, Desk]) -> None:
    """Whole calendar months up to the last one that is over, row for row."""
    config, _, desk = collected
    found = retention(config, every="month").metrics
    assert desk.retention is not None
    assert desk.retention["period_end"].iloc[-1] == date(2023, 7, 1)
    assert {day.day for day in desk.retention["period_start"]} == {1}
    wanted = found.tail(MONTHS_SHOWN).reset_index(drop=True)
    assert len(wanted) > 12
    pd.testing.assert_frame_equal(desk.retention.reset_index(drop=True), wanted, check_dtype=False)


def test_everybody_is_on_a_list_or_told_why_not(collected: tuple[Config, Any, Desk]) -> None:
    """Candidates of both lists together are all customers who ever ordered, each once."""
    _, scored, desk = collected
    assert desk.judged is not None
    assert desk.worklist is not None
    assert desk.win_back is not None
    listed = {*desk.worklist["customer_id"], *desk.win_back["customer_id"]}
    off = desk.judged[desk.judged["left_off"].notna()]["customer_id"]
    ordered = scored.scores.loc[scored.scores["status"] != "excluded", "customer_id"]
    assert sorted([*listed, *off]) == sorted(ordered)
