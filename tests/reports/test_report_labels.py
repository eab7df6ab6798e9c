"""The definitions of churn beside each other, as the page shows them."""

import fake_report_data
import pytest
from report_page import Page

from patron.reports._label_section import label_section
from patron.reports._language import TABLES, language_for


def one_label(kind, **facts):
    words = {"en": f"{kind} in words", "zh": f"{kind} 的含义"}
    return {
        "in_words": words,
        "labelled_share_of_active": 1.0,
        "churn_rate": 0.384,
        "came_back": {"n": 400, "share": 0.21},
        "model": {"n": 900, "auc": 0.7712, "spearman": 1.0, "top_decile_overlap": 1.0},
    } | facts


AUDIT = {
    "chosen": "rhythm",
    "snapshots": ["2010-12-14", "2011-03-14", "2011-06-12"],
    "definitions": {
        "silence": one_label("silence", labelled_share_of_active=0.913),
        "rhythm": one_label("rhythm"),
        "decline": one_label("decline", model=None, came_back={"n": 0, "share": None}),
    },
    "agreement": [
        {"labels": ["silence", "rhythm"], "n": 1432, "share_equal": 0.861, "kappa": 0.613},
        {"labels": ["silence", "decline"], "n": 0, "share_equal": None, "kappa": None},
    ],
}


def page_with(report_of, audit, language="en"):
    return Page(report_of(language, evaluation=fake_report_data.fake_evaluation() | {"label_audit": audit}))


def test_the_page_compares_the_definitions(report_of):
    """Which is in use, each in words, and the numbers of each."""
    text = page_with(report_of, AUDIT).text
    assert "What another definition of churn would change" in text
    assert (
        "This model uses: Late for its own rhythm (rhythm). Below, all three definitions on the same 3"
        in text
    )
    assert "Late for its own rhythm (rhythm) – in use" in text
    for said in ("silence in words", "rhythm in words", "91%", "38.4%", "0.771"):
        assert said in text
    assert "say the same of 86% of 1,432 customers" in text
    assert "Cohen's kappa 0.61;" in text


def test_the_page_compares_them_in_chinese(report_of):
    """No English sentence among it."""
    text = page_with(report_of, AUDIT, "zh").text
    assert "换一种流失定义会有什么不同" in text
    assert "超出自身下单节奏（rhythm）（当前采用）" in text
    assert "rhythm 的含义" in text
    assert "What another definition" not in text


def test_what_cannot_be_told_is_left_out():
    """A label without a model has dashes, a pair without customers no sentence, a missing label no row."""
    words = language_for("en", None, None)
    section = label_section(AUDIT, words)
    assert section.table.rows[2][3:] == ["–", "–", "–", "–"]
    assert len(section.agreement) == 1
    fewer = AUDIT | {"definitions": AUDIT["definitions"] | {"decline": None}}
    assert len(label_section(fewer, words).table.rows) == 2


@pytest.mark.parametrize("audit", [{}, {"definitions": {}}])
def test_older_models_have_no_such_section(audit, report_of):
    """And the page is whole."""
    assert label_section(audit, language_for("en", None, None)) is None
    assert "What another definition" not in page_with(report_of, audit).text


def test_both_languages_have_the_same_texts():
    """With the same blanks to fill in."""
    keys = [key for key in TABLES["en"] if key.startswith(("audit_", "label_"))]
    assert len(keys) > 10
    for key in keys:
        for blank in ("{label}", "{n}", "{first}", "{second}", "{equal}", "{kappa}"):
            assert (blank in TABLES["en"][key]) is (blank in TABLES["zh"][key])
