"""The page of a backtest: both languages, self-contained, escaped, fair in what it marks as best."""

from __future__ import annotations

import re
from pathlib import Path

import chromium_pipe
import pytest
from fake_backtest import HOSTILE, fake_backtest
from report_page import Page

from patron.reports import render_backtest, write_backtest_page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_whole_and_loads_nothing(language: str) -> None:
    """Nested and closed, no script, no address, and every text in its language."""
    html = render_backtest(fake_backtest(), title="Harbour <Ltd>", language=language)
    page = Page(html)
    assert (page.misnested, page.open) == ([], [])
    assert page.scripts == []
    assert [a for name in ("src", "href") for a in page.attributes(name) if a[:1] not in ("#", "d")] == []
    assert "http" not in html.replace("http-equiv", "")
    assert fake_backtest()["verdict_in_words"][language] in page.text
    assert "bt_" not in page.text


def test_names_of_users_are_escaped() -> None:
    """An entrant or a group called like an element is text."""
    page = Page(render_backtest(fake_backtest(), title="x"))
    assert "img" not in {name for name, _ in page.elements}
    assert HOSTILE in page.text


def test_an_entrant_of_fewer_dates_is_not_marked_as_best() -> None:
    """LightGBM was there on one date of two: shown with that, never in bold; the best of the others is."""
    found = fake_backtest()
    found["churn"]["entrants"]["lightgbm"]["auc"] = 0.99
    html = render_backtest(found, title="x")
    assert "LightGBM (1 of 2 dates)" in html
    assert "<strong>0.650</strong>" in html
    assert "<strong>0.990</strong>" not in html


def test_figures_are_written_as_people_read_them() -> None:
    """Profit with its currency and sign, dates in words, the gain of the list with its interval."""
    text = Page(render_backtest(fake_backtest(), title="x")).text
    assert "keeps 20% of what would be lost" in text
    assert "each costs €5" in text
    assert "−€50" in text
    assert "€850 [€840, €860]" in text
    assert "3 January 2023" in text


def test_without_value_there_is_no_such_section() -> None:
    """Not asked for: neither a table nor a link to it, and no letter."""
    page = Page(render_backtest(fake_backtest(with_value=False), title="x"))
    assert "#value" not in page.attributes("href")
    assert "value-title" not in page.attributes("id")


def test_the_report_shows_verdict_and_dates(report_of) -> None:
    """And says nothing of a backtest where there is none."""
    assert "On past dates" not in Page(report_of()).text
    text = Page(report_of(backtest=fake_backtest())).text
    assert "On 2 past dates all was well." in text
    assert "4 March 2023" in text


def test_the_page_is_written_beside_and_renamed(tmp_path: Path) -> None:
    """One file, the same bytes twice."""
    path = write_backtest_page(tmp_path / "deep" / "b.html", fake_backtest(), title="x", language="zh")
    first = path.read_bytes()
    write_backtest_page(path, fake_backtest(), title="x", language="zh")
    assert path.read_bytes() == first
    assert [p.name for p in path.parent.iterdir()] == ["b.html"]


@pytest.mark.skipif(chromium_pipe.chromium() is None, reason="no chromium: the page was not opened")
def test_the_page_opens_without_complaint_at_any_width(tmp_path: Path) -> None:
    """No request, no error, no sideways scrolling on a phone or a desktop."""
    path = write_backtest_page(tmp_path / "b.html", fake_backtest(), title="x")
    browser = chromium_pipe.Browser(chromium_pipe.chromium(), tmp_path / "profile")
    try:
        for width in (390, 1024):
            browser.open(path.as_uri(), width=width)
            assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.complaints == []
        assert {url for url in browser.requests if not re.match("data:", url)} == {path.as_uri()}
    finally:
        browser.close()
