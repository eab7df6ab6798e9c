"""The page of a campaign says what its figures say, in both languages, and names nobody."""

from __future__ import annotations

import html
import re
from typing import Any

import fake_report_data as fake
import pytest

from patron.campaigns import ANALYSIS
from patron.reports import render_readout, render_report
from patron.reports._interval_chart import IntervalRow, intervals


def effect(estimate: float, low: float, high: float, control: float, saved: float | None) -> dict[str, Any]:
    return {
        "mean_treated": control + estimate, "mean_control": control, "estimate": estimate, "low": low,
        "high": high, "variance_reduction": saved,
    }  # fmt: skip


def rate(tier: str, value: float, low: float, high: float) -> dict[str, Any]:
    return {"tier": tier, "save_rate": value, "low": low, "high": high}


PLAN = {
    "name": "spring <b>", "as_of": "2024-03-04", "ends_on": "2024-06-02", "currency": "EUR", "treated": 200,
    "control": 190, "hypothesis": "Calling helps.", "digest": "5c1f0a", "analysis": ANALYSIS,
    "cost_per_account": 25.0,
    "power": {"sizes": [
        dict.fromkeys(("retention", "retention_save_rate", "margin", "margin_save_rate")) | {"accounts": 195},
        {"accounts": 390, "retention": 0.11, "retention_save_rate": 0.37, "margin": 251.0}
        | {"margin_save_rate": 0.9},
    ]},
}  # fmt: skip


def readout(code: str = "helped") -> dict[str, Any]:
    return {
        "as_of": "2024-06-05", "window": ["2024-03-04", "2024-06-02"], "unknown_accounts": 1,
        "counts": {"treatment": 200, "control": 190, "groups": 371},
        "srm": {"p_value": 0.641, "is_mismatch": code == "invalid"},
        "balance": [{"column": "clv", "standardised_difference": -0.04, "p_value": 0.7}],
        "retention": {
            "raw": effect(0.10, 0.01, 0.19, 0.6, None), "adjusted": effect(0.095, 0.012, 0.178, 0.6, 0.08),
        },
        "margin": {
            "raw": effect(120.0, -30.0, 270.0, 800.0, None),
            "adjusted": effect(90.0, 10.0, 170.0, 800.0, 0.5),
            "robust": effect(80.0, 12.0, 148.0, 760.0, 0.2),
        },
        "by_tier": [
            {"value": "at_risk", "estimate": -0.08, "low": -0.15, "high": -0.01},
            {"value": "standard", "estimate": 0.12, "low": 0.02, "high": 0.22},
        ],
        "by_stage": [],
        "save_rates": [rate("at_risk", -0.2, -0.4, -0.01), rate("standard", 0.3, 0.05, 0.5)],
        "save_rate": rate("overall", 0.24, 0.03, 0.4),
        "cost": 5000.0,
        "incremental": {"margin": 18000.0, "margin_low": 2000.0, "margin_high": 34000.0},
        "return_ratio": 3.6,
        "uplift": {
            "verdict": {"en": "390 accounts do not support it.", "zh": "数据不支持。"},
            "qini": {}, "deciles": [],
        },
        "verdict": {"code": code, "en": "Calling helped: 9.5 points.", "zh": "联系有效。"},
    }  # fmt: skip


def words_of(page: str) -> str:
    body = re.sub(r"(?s)<style>.*?</style>", " ", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def test_the_page_says_what_was_found() -> None:
    """Verdict, both arms, interval, cost and return, who was harmed, what was promised."""
    said = words_of(render_readout(PLAN, readout()))
    for part in (
        "Calling helped: 9.5 points.",
        "Calling cost €5,000 and brought €18,000 of margin in the window",
        "it may be anything from €2,000 to €34,000.",
        "That is 3.6 per unit of cost.",
        "Ordered in the window, adjusted 69.5% 60.0% +9.5 +1.2 to +17.8 8%",
        "Margin per account, capped at the 99 % quantile €840 €760 €80 €12 to €148 20%",
        "Calling seems to drive these away: At risk.",
        "1 account is not in the orders any more.",
        "Value of the next months −0.04 0.700",
        "390 +11.0 37% €251 90%",
        "195 – – – –",
        "390 accounts do not support it.",
        "5c1f0a",
    ):
        assert part in said, part


def test_no_return_is_named_where_none_is_shown() -> None:
    """An interval around zero has no ratio; the point estimate is not said."""
    found = readout("not_shown")
    found["incremental"] = {"margin": 18000.0, "margin_low": -2000.0, "margin_high": 38000.0}
    said = words_of(render_readout(PLAN, found))
    assert "may be anything from −€2,000 to €38,000" in said
    assert "€18,000" not in said
    assert "per unit of cost" not in said


def test_an_invalid_campaign_names_no_effect_as_one() -> None:
    """Its figures are there to find the fault with."""
    said = words_of(render_readout(PLAN, readout("invalid")))
    assert "They are no effect of calling." in said
    assert "brought" not in said
    assert "drive these away" not in said
    assert "do not have the sizes that were drawn (exact test: p = 0.641)" in said


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_are_escaped_and_nothing_is_loaded(language: str) -> None:
    """The name of a campaign is text; the page works without a network."""
    page = render_readout(PLAN, readout(), language=language, is_simulated=True)
    assert "spring &lt;b&gt;" in page
    assert "<b>" not in page
    assert not re.search(r'(?:src|href)="(?!#|data:,)', page)
    assert readout()["verdict"][language] in page
    assert "模拟数据" in page
    assert "Simulated data" in page


def test_a_picture_puts_zero_and_every_estimate_in_place() -> None:
    """The whisker spans low to high, zero lies where it should between them."""
    drawn = str(
        intervals(
            [IntervalRow("a", 1.0, -1.0, 3.0, "1"), IntervalRow("b", 2.0, 1.0, 3.0, "2")],
            lambda value: f"{value:g}",
            "axis",
            "label",
        )
    )
    zero, first, second = (
        [float(x) for x in re.findall(r"-?[\d.]+", part)]
        for part in re.findall(r'<line x1="[^"]+" y1="[^"]+" x2="[^"]+"', drawn)
    )
    at = {name: float(x) for name, x in zip("ab", re.findall(r'cx="([\d.]+)"', drawn), strict=True)}
    left, right = first[1], first[-1]
    assert zero[1] == pytest.approx(left + (right - left) / 4, abs=0.2)
    assert at["a"] == pytest.approx((left + right) / 2, abs=0.2)
    assert second[1] == pytest.approx((left + right) / 2, abs=0.2)


def test_the_report_says_what_calling_brought() -> None:
    """The newest first; one that runs says until when; none, no block."""
    autumn = {**PLAN, "name": "autumn", "as_of": "2024-09-01", "ends_on": "2024-11-30"}
    page = report([(PLAN, readout()), (autumn, None)])
    said = words_of(page[page.index('id="campaigns"') :])
    assert re.search(
        r"autumn, from 1 September 2024 No readout yet: 200 accounts to call, 190 left alone"
        r".*30 November 2024"
        r".*spring <b>, from 4 March 2024 Calling helped",
        said,
    )
    assert 'id="campaigns"' not in report([])


def test_a_window_that_is_over_asks_to_be_read() -> None:
    """The command is there to copy."""
    past = {**PLAN, "name": "past", "as_of": "2011-03-01", "ends_on": "2011-05-30"}
    assert "patron campaign readout CONFIG --name past" in words_of(report([(past, None)]))


def report(campaigns: list[Any]) -> str:
    scores, evaluation, ledger = fake.fake_scores(), fake.fake_evaluation(), fake.fake_ledger()
    return render_report(scores=scores, evaluation=evaluation, ledger=ledger, title="x", campaigns=campaigns)
