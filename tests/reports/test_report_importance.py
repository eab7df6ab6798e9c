"""What the churn forecast looks at, as a picture: both languages, escaped, left out when nothing is known."""

from __future__ import annotations

import re
from typing import Any

import fake_report_data
import pytest
from report_page import Page

from patron.reports._importance_section import MOST_BARS, importance_pictures
from patron.reports._language import Language

DRIVERS = (
    "silence",
    "order_trend",
    "frequency",
    "spend",
    "order_value",
    "season",
    "rhythm",
    "breadth",
    "tenure",
)


def importance(*drivers: str) -> list[dict[str, Any]]:
    """Shares that halve from driver to driver."""
    return [
        {"driver": name, "share": 0.5**i, "features": [{"name": f"feature_of_{name}", "share": 0.5**i}]}
        for i, name in enumerate(drivers, start=1)
    ]


def drawn(language: str, found: list[dict[str, Any]]) -> Any:
    (picture,) = importance_pictures({"churn_importance": found}, Language(language, "EUR", 0))
    return picture


@pytest.mark.parametrize(
    ("language", "first"), [("en", "Time since the last order"), ("zh", "距上次下单的时间")]
)
def test_names_and_shares_are_written(language: str, first: str) -> None:
    """Drivers in words, shares in percent, in the picture, the caption and the table."""
    picture = drawn(language, importance(*DRIVERS))
    assert first in picture.drawing
    assert "50%" in picture.drawing
    assert first in picture.caption
    assert picture.table.rows[0] == (first, "50%", "feature_of_silence 50%")
    assert not [row for row in picture.table.rows if "_" in row[0]]


def test_bars_are_as_long_as_their_shares() -> None:
    """The second is half as long as the first."""
    widths = [
        float(w)
        for w in re.findall(r'<rect[^>]* width="([\d.]+)"', drawn("en", importance(*DRIVERS)).drawing)
    ]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.1)


def test_the_smallest_stand_in_the_table_only() -> None:
    """A picture of eight bars; the table holds all."""
    picture = drawn("en", importance(*DRIVERS))
    assert picture.drawing.count("<rect") == MOST_BARS < len(DRIVERS)
    assert len(picture.table.rows) == len(DRIVERS)


@pytest.mark.parametrize("evaluation", [{}, {"churn_importance": []}, {"churn_importance": None}])
def test_nothing_known_is_left_out(evaluation: dict[str, Any]) -> None:
    """Of an older model, or of one that nothing moves."""
    assert importance_pictures(evaluation, Language("en", None, 0)) == []


def test_names_from_outside_are_escaped(report_of: Any) -> None:
    """Own features are named by users; a driver of another version is shown as it is."""
    found = importance("<b>new</b>", "silence")
    found[1]["features"] = [{"name": "custom_<script>alert(1)</script>", "share": 0.25}]
    page = Page(report_of(evaluation=fake_report_data.fake_evaluation() | {"churn_importance": found}))
    assert len(page.scripts) == 2
    assert "b" not in {name for name, _ in page.elements}
    assert "<b>new</b>" in page.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_stands_in_the_report(report_of: Any, language: str) -> None:
    """Beside calibration, lift and value."""
    evaluation = fake_report_data.fake_evaluation() | {"churn_importance": importance("silence")}
    title = {"en": "What the churn forecast looks at", "zh": "流失预测看重什么"}[language]
    assert title in Page(report_of(language, evaluation=evaluation)).text
    assert title not in Page(report_of(language)).text
