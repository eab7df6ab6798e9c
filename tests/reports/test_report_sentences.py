"""The three sentences that report and terminal share."""

import fake_report_data
import pandas as pd
import pytest

from patron.reports import three_sentences

SCORES = fake_report_data.fake_scores()


def test_sentences_carry_counts_skill_and_money():
    """Counts and money from plain pandas, skill from the evaluation as given."""
    base, skill, risk = three_sentences(SCORES, fake_report_data.fake_evaluation())
    active = SCORES[SCORES.status.isin(["scored", "new"])]
    top = active.value_at_risk.nlargest(20).sum() / active.value_at_risk.sum()
    assert f"you have {len(active)} active customers, {(active.churn_risk == 'high').sum()} of them" in base
    assert f"{(SCORES.status == 'lapsed').sum()} more have lapsed" in base
    assert "the right one 77 times in 100, the best simple rule (MBG/NBD) 74 times" in skill
    assert risk.endswith(f"the 20 customers with the most at risk hold {top:.0%} of it.")


@pytest.mark.parametrize(
    ("grade", "said"), [("A", "measurably better"), ("B", "on average"), ("C", "no skill beyond")]
)
def test_grade_decides_the_verdict(grade, said):
    """Each grade has its own words."""
    assert said in three_sentences(SCORES, fake_report_data.fake_evaluation(grade=grade))[1]


def test_a_rule_that_ships_is_called_a_rule():
    """Where the simple rule itself ships, no model is praised."""
    said = three_sentences(SCORES, fake_report_data.fake_evaluation(kind="rule", grade="C"))[1]
    assert said.startswith("No model beat the simple rules")


def test_without_evaluation_the_second_sentence_says_so():
    """No test on the past, no number."""
    assert "could not be tested" in three_sentences(SCORES, {"churn": None, "grade": {}})[1]


def test_chinese_sentences():
    """Same numbers, Chinese words and units."""
    base, skill, risk = three_sentences(SCORES, fake_report_data.fake_evaluation(), language="zh")
    assert base.startswith("截至2011年9月10日，共有活跃客户 ")
    assert "77 次" in skill
    assert "万" in risk


def test_one_customer_is_singular():
    """One is not several."""
    one = pd.DataFrame({"customer_id": ["1"], "status": ["scored"], "as_of": ["2011-09-10"]})
    assert "you have 1 active customer;" in three_sentences(one, {})[0]
