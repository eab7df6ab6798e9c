"""The report says whether the model is still true, beside its grade."""

from __future__ import annotations

import re
from typing import Any

import fake_report_data as fake
import pytest

from patron.reports import render_report

VINTAGE = {
    "as_of": "2011-03-10", "model": "shop/1", "due_on": "2011-06-08", "is_due": True, "n": 1200,
    "promised": 0.38, "realised": 0.63, "metrics": {"auc": 0.776}, "value": {"ratio": 0.54},
}  # fmt: skip
LATER = {"as_of": "2011-08-10", "model": "shop/1", "due_on": "2011-11-08", "is_due": False}
RULE = {"rule": "calibration", "kind": "damage", "en": "63 % <left>", "zh": "63 % 流失", "figures": {}}


def page(monitoring: dict[str, Any] | None, language: str = "en") -> str:
    scores, evaluation, ledger = fake.fake_scores(), fake.fake_evaluation(), fake.fake_ledger()
    return render_report(
        scores=scores,
        evaluation=evaluation,
        ledger=ledger,
        title="x",
        language=language,
        monitoring=monitoring,
    )


def monitored(status: str, vintages: list[dict[str, Any]], rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"as_of": "2011-09-10", "status": status, "vintages": vintages, "rules": rules}


def test_without_a_monitoring_nothing_is_said() -> None:
    """No empty section."""
    assert 'id="monitoring"' not in page(None)


def test_damage_is_said_at_the_top_and_shown_with_its_figures() -> None:
    """The rule, escaped, and promised beside realised."""
    html = page(monitored("retrain", [VINTAGE, LATER], [RULE]))
    top, section = html.split('id="call"')[0], html.split('id="monitoring"')[1].split("</section>")[0]
    assert "should be trained again: 63 % &lt;left&gt;" in top
    assert "Train again: on 10 September 2011" in section
    cells = re.findall(r"<td>(.*?)</td>|<th scope=\"row\">(.*?)</th>", section)
    written = [a or b for a, b in cells]
    assert written[:6] == ["10 March 2011", "1,200", "38.0%", "63.0%", "0.776", "54%"]
    assert section.count("<rect") >= 2


def test_a_young_model_says_when_it_can_be_judged() -> None:
    """Nothing is due, nothing is promised."""
    html = page(monitored("healthy", [LATER], []))
    section = html.split('id="monitoring"')[1].split("</section>")[0]
    assert "the first is on 8 November 2011" in section
    assert "<svg" not in section.split("pictures three")[0]
    assert 'class="caption alarm"' not in html.split('id="call"')[0]


@pytest.mark.parametrize("status", ["watch", "retrain"])
def test_in_chinese(status: str) -> None:
    """The rule in the language of the page."""
    html = page(monitored(status, [VINTAGE], [RULE]), "zh")
    assert "63 % 流失" in html
    assert "left" not in html.split('id="monitoring"')[1].split("pictures three")[0].replace("text-left", "")
