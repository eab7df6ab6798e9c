"""The value model in pictures: what the page says of it, and figures for notebooks."""

import copy
import datetime as dt
import re

import fake_report_data
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.font_manager import fontManager
from report_page import Page

from patron.errors import PatronError
from patron.reports import (
    plot_alive_grid,
    plot_frequency_classes,
    plot_order_values,
    plot_tracking,
    value_plots,
)
from patron.reports._scales import month_starts, round_amounts

HOLDOUT = fake_report_data.fake_evaluation()["clv_holdout"]
PLOTS = {
    "tracking": plot_tracking,
    "frequency_classes": plot_frequency_classes,
    "alive_grid": plot_alive_grid,
    "order_values": plot_order_values,
}
HAS_CHINESE = any(font.name in value_plots._CHINESE for font in fontManager.ttflist)


def text_with(report_of, language="en", **changes):
    evaluation = fake_report_data.fake_evaluation()
    evaluation["clv_holdout"] |= changes
    return Page(report_of(language, evaluation=evaluation)).text


def test_each_picture_has_its_sentence(english):
    """The figures of the sentences, by hand from the made-up evaluation."""
    text = Page(english).text
    assert "It was fitted to the orders before 14 March 2011; the 180 days after" in text
    assert "2,500 came and 3,200 were expected: the forecast was off by +28%" in text
    # 1,580 customers short by 0.23 orders each: 363, the most of the four groups
    assert "at 0 repeat orders before: 0.37 came per customer, 0.60 were expected" in text
    assert "With 3 orders it falls below 50% after 23 weeks of silence, with 9 orders after 11." in text
    assert "differ by at most 3 percentage points" in text


def test_in_the_held_out_days_both_curves_start_from_one_point(english):
    """Expected at the end: 7,400 had come at the cut, 10,100 - 6,900 were expected on top."""
    rows = re.findall(r"<th scope=\"row\">([^<]*)</th><td>([^<]*)</td><td>([^<]*)</td></tr>", english)
    table = {day: (expected, actual) for day, expected, actual in rows}
    assert table["14 March 2011"] == ("6,900", "7,400")
    assert table["10 September 2011"] == ("10,600", "9,900")


@pytest.mark.parametrize(
    ("actual", "verdict"),
    [
        (220_000.0, "That lies inside the range."),
        (231_000.0, "That lies inside the range."),
        (231_001.0, "That lies above the range: the forecast was too low."),
        (150_000.0, "That lies below the range: the forecast was too high."),
    ],
)
def test_the_total_says_where_it_fell(report_of, actual, verdict):
    """All customers together, with the range and what came."""
    text = text_with(report_of, total={**HOLDOUT["total"], "actual": actual})
    assert "Expected in 180 days: £214k, and 8 times in 10 between £198k and £231k." in text
    assert verdict in text


def test_warnings_are_sentences_under_a_heading_of_the_language(report_of):
    """They are written once, in English; the Chinese page says so."""
    said = "Orders come at regular gaps (k = 2), which MBG/NBD does not know."
    assert f"What the value model itself warns of {said}" in text_with(report_of)
    assert f"价值模型自身的提示（原文为英文） {said}" in text_with(report_of, "zh")
    assert "warns of" not in text_with(report_of, warnings=[])


def test_the_chinese_page_says_it_in_chinese(chinese):
    """Titles, axes and sentences; no English sentence of the section is left."""
    text = Page(chinese).text
    assert "模型跟得上订单吗" in text
    assert "实际 2,500 笔，预期 3,200 笔，预测偏差 +28%" in text
    assert "2010年" in text
    assert "weeks of silence" not in text
    assert "Repeat orders" not in text


def test_a_silence_that_never_alarms_is_said(report_of):
    """No row falls below one half: no line in the picture, another sentence."""
    grid = copy.deepcopy(HOLDOUT["alive_grid"])
    grid |= {"alive_probability": [[0.9, 0.8, 0.7, 0.6]] * 3, "weeks_until_half": [None] * 3}
    text = text_with(report_of, alive_grid=grid)
    assert "However long the silence, it stays above 50%." in text
    assert "falls below 50%" not in text


def test_nothing_came(report_of):
    """No orders at all in the held-out days: no percentage of nothing."""
    tracking = {**HOLDOUT["tracking"], "held_out": {"expected": 3.2, "actual": 0}}
    assert "0 came and 3 were expected: the forecast was off by –." in text_with(report_of, tracking=tracking)


def test_a_base_of_a_few_days_renders(report_of):
    """One class, one cell, one bin, two points."""
    tracking = {"first_day": "2011-09-01", "cut": "2011-09-07", "as_of": "2011-09-10", "customers": 1}
    tracking |= {"days": [0, 6, 9], "expected": [0.0] * 3, "actual": [0] * 3}
    tracking["held_out"] = {"expected": 0.0, "actual": 0}
    grid = {"weeks_observed": 1, "weeks_of_silence": [0], "orders": [2], "alive_probability": [[0.4]]}
    small = {
        "tracking": tracking,
        "frequency_classes": HOLDOUT["frequency_classes"][:1],
        "alive_grid": {**grid, "weeks_until_half": [0.0]},
        "order_values": {"customers": 1, "edges": [1.0, 10.0], "actual": [1.0], "expected": [0.4],
                         "curve": [0.4, 0.4], "largest_gap": 0.6},
    }  # fmt: skip
    assert text_with(report_of, **small).count("Numbers behind the picture") == 13
    assert all(plot(small[key]).png().startswith(b"\x89PNG") for key, plot in PLOTS.items())


@pytest.mark.parametrize("key", PLOTS)
def test_a_figure_shows_itself_in_a_notebook(key):
    """As PNG, the same bytes each time, without pyplot and without touching its settings."""
    before = dict(mpl.rcParams)
    one, two = (PLOTS[key](HOLDOUT[key]) for _ in "ab")
    assert one._repr_png_() == two._repr_png_()
    assert one._repr_png_().startswith(b"\x89PNG")
    assert dict(mpl.rcParams) == before


def test_figures_carry_the_numbers():
    """Lines and bars hold what was given."""
    actual, fitted, held_out = plot_tracking(HOLDOUT["tracking"]).axes[0].lines
    assert list(actual.get_ydata()) == HOLDOUT["tracking"]["actual"]
    assert (fitted.get_ydata()[-1], held_out.get_ydata()[0]) == (6900.0, 7400)
    actual, expected = plot_frequency_classes(HOLDOUT["frequency_classes"]).axes[0].lines
    assert list(actual.get_ydata()) == [0.37, 0.58, 1.4, 4.69]
    assert list(expected.get_ydata()) == [0.6, 0.95, 1.9, 5.07]
    shades = plot_alive_grid(HOLDOUT["alive_grid"]).axes[0].images[0].get_array()
    assert shades[1].tolist() == [0.97, 0.8, 0.47, 0.2]
    assert bool(np.ma.getmaskarray(shades)[2, 3])
    bars = plot_order_values(HOLDOUT["order_values"]).axes[0].patches[0].get_data()
    assert list(bars.values) == HOLDOUT["order_values"]["actual"]


@pytest.mark.skipif(not HAS_CHINESE, reason="no Chinese font on this machine")
@pytest.mark.parametrize("key", PLOTS)
def test_figures_in_chinese_have_every_letter(key):
    """A missing letter would be a warning, and warnings are errors here."""
    plot = PLOTS[key](HOLDOUT[key], language="zh")
    assert plot.png() != PLOTS[key](HOLDOUT[key]).png()
    assert re.search(r"[一-鿿]", plot.axes[0].get_ylabel())


def test_without_a_chinese_font_the_way_out_is_said(monkeypatch):
    """Boxes instead of letters help nobody."""
    monkeypatch.setattr(value_plots, "_CHINESE", ("No Such Font",))
    with pytest.raises(PatronError, match="no font with Chinese letters") as caught:
        plot_tracking(HOLDOUT["tracking"], language="zh")
    assert "language='en'" in str(caught.value.next_step)


def test_unknown_language_and_broken_dates_are_refused():
    """The message names what there is."""
    with pytest.raises(PatronError, match="language 'fr'"):
        plot_alive_grid(HOLDOUT["alive_grid"], language="fr")
    with pytest.raises(PatronError, match="first_day, cut and as_of"):
        plot_tracking({**HOLDOUT["tracking"], "cut": None})


@pytest.mark.parametrize(
    ("first", "last", "most", "starts"),
    [
        ("2011-01-01", "2011-03-31", 6, ["2011-01-01", "2011-02-01", "2011-03-01"]),
        ("2011-01-02", "2011-03-31", 6, ["2011-02-01", "2011-03-01"]),
        ("2009-12-01", "2011-12-10", 4, ["2010-01-01", "2010-07-01", "2011-01-01", "2011-07-01"]),
        ("2011-01-02", "2011-01-30", 4, []),
        ("1990-05-05", "2020-05-05", 4, ["1990-01-01", "2000-01-01", "2010-01-01", "2020-01-01"][1:]),
    ],
)
def test_month_starts(first, last, most, starts):
    """By hand."""
    found = month_starts(dt.date.fromisoformat(first), dt.date.fromisoformat(last), most)
    assert [day.isoformat() for day in found] == starts


@pytest.mark.parametrize(
    ("low", "high", "most", "amounts"),
    [
        (8, 130, 6, [10, 20, 50, 100]),
        (0.4, 30_000, 5, [1, 10, 100, 1000, 10_000]),
        (0.004, 3_000_000, 5, [0.01, 1, 100, 10_000, 1_000_000]),
        (11, 18, 5, []),
    ],
)
def test_round_amounts(low, high, most, amounts):
    """By hand."""
    assert round_amounts(low, high, most) == pytest.approx(amounts)
