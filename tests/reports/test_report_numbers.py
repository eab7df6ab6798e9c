"""What the page says, against sums taken independently from the same frames."""

import fake_report_data
import pytest
from report_page import Page

from patron.ledger.report import REASONS
from patron.reports._language import TABLES, Language, language_for
from patron.reports._svg import ticks

SCORES = fake_report_data.fake_scores()


def test_five_figures_are_the_frame_s_sums(english):
    """Counts and money of the first screen, from plain pandas."""
    active = SCORES[SCORES.status.isin(["scored", "new"])]
    text = Page(english).text
    assert f"Active customers {len(active)} " in text
    assert f"At high risk {(active.churn_risk == 'high').sum()} " in text
    assert f"Value at risk £{active.value_at_risk.sum() / 1000:.0f}k" in text
    assert f"Value of the next 12 months (margin) £{SCORES.clv.sum() / 1000:.0f}k" in text
    assert f"Revenue, last 12 months £{SCORES.revenue_last_12_months.sum() / 1000:.0f}k" in text


def test_list_is_ranked_by_value_at_risk_and_leaves_out_excluded(english):
    """The embedded order is that of pandas; excluded customers are not in it."""
    listed = SCORES[SCORES.status != "excluded"]
    ids = Page(english).data["columns"]["id"]
    top = listed.sort_values("value_at_risk", ascending=False).customer_id.head(50).tolist()
    assert ids[:50] == top
    assert sorted(ids) == sorted(listed.customer_id)


def test_compact_columns_hold_the_customer_s_row(english):
    """One customer, decoded by hand, equals its score row."""
    data = Page(english).data
    columns = data["columns"]
    i = columns["id"].index("007")
    row = SCORES.set_index("customer_id").loc["007"]
    assert data["codes"]["tier"][int(columns["tier"][i])] == row.tier
    assert columns["probability"][i] == round(row.churn_probability * 1000)
    assert columns["value"][i] == round(row.clv)
    assert columns["last"][i] == (row.as_of - row.last_order_on).days
    assert columns["next"][i] == (row.next_order_expected_on - row.as_of).days
    place, *numbers = columns["reason_1"]["rows"][i].split("|")
    template = columns["reason_1"]["templates"][int(place)]
    for number in numbers:
        template = template.replace("\x01", number, 1)
    assert template == row.reason_1


def test_rows_that_do_not_add_up_are_called_out(report_of):
    """A ledger report that lost a row is shown as wrong."""
    ledger = fake_report_data.fake_ledger()
    ledger["rows_in"] += 1
    assert (
        "The rows do not add up: 1,067,372 in, 1,067,371 accounted for."
        in Page(report_of(ledger=ledger)).text
    )


def test_rows_add_up_in_words(english):
    """The balance is a sentence with the three parts."""
    assert "1,067,371 = 640,000 used + 273,607 set aside + 153,764 later" in Page(english).text


def test_concentration_is_that_of_the_top_fifth(english):
    """The share in the caption, from a plain sort."""
    revenue = SCORES[SCORES.status != "excluded"].revenue_last_12_months.sort_values(ascending=False)
    share = revenue.head(len(revenue) // 5).sum() / revenue.sum()
    assert f"the largest 20% of customers brought {share:.0%}" in Page(english).text


def test_best_in_a_row_is_bold(english):
    """Highest AUC, lowest Brier score and the bias nearest to zero are marked."""
    assert "<strong>0.772</strong>" in english
    assert "<strong>0.205</strong>" in english
    assert "<strong>+2.1%</strong>" in english
    assert "<strong>−8.4%</strong>" not in english


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_the_ledger_has_words(reason):
    """No code of the ledger check reaches a reader."""
    assert all(f"aside_{reason}" in table for table in TABLES.values())


def test_both_languages_have_the_same_texts_and_gaps():
    """Same keys, same names in braces; a plural form has them too."""
    import string

    def gaps(text):
        return {name for form in text.split("|") for _, name, _, _ in string.Formatter().parse(form) if name}

    assert TABLES["en"].keys() == TABLES["zh"].keys()
    assert {k: gaps(v) for k, v in TABLES["en"].items()} == {k: gaps(v) for k, v in TABLES["zh"].items()}


def test_chinese_page_says_the_contract_s_names(chinese):
    """Value and value at risk carry their Chinese names, and no English label is left in the headings."""
    text = Page(chinese).text
    assert "未来12个月客户价值(毛利)" in text
    assert "流失风险金额" in text
    assert "2011年9月10日" in text
    assert "What to see" not in text
    assert '<html lang="zh-CN">' in chinese


@pytest.mark.parametrize(
    ("code", "amount", "written"),
    [
        ("en", 999, "£999"),
        ("en", 99_999, "£99,999"),
        ("en", 999_600, "£1.00m"),
        ("en", 12_345_678, "£12.3m"),
        ("en", -250_000, "−£250k"),
        ("zh", 123_456, "£12.3万"),
        ("zh", 987_654_321, "£9.88亿"),
        ("zh", 99_999_999, "£1.00亿"),
        ("en", None, "–"),
        ("en", float("nan"), "–"),
    ],
)
def test_short_money(code, amount, written):
    """Three figures with the unit of the language."""
    assert Language(code, "GBP", 0).short_money(amount) == written


@pytest.mark.parametrize(
    ("code", "amount", "written"),
    [("en", 1_000_000, "£1m"), ("en", 1_250_000, "£1.25m"), ("zh", 200_000, "£20万"), ("en", 5000, "£5,000")],
)
def test_axis_money_is_round(code, amount, written):
    """No decimals that say nothing."""
    assert Language(code, "GBP", 0).axis_money(amount) == written
    assert Language("en", "GBP", 2).axis_money(2.5) == "£2.5"


@pytest.mark.parametrize(
    ("share", "written"),
    [(0, "0%"), (0.001, "<1%"), (0.305, "30%"), (0.999, ">99%"), (1, "100%"), (None, "–")],
)
def test_percent(share, written):
    """Tiny is not none, nearly all is not all."""
    assert Language("en", None, 0).percent(share) == written


@pytest.mark.parametrize(
    ("currency", "typical", "written"),
    [
        ("USD", 20.0, "$12.20"),
        ("USD", 500.0, "$12"),
        ("JPY", 20.0, "¥12"),
        ("XYZ", 500.0, "XYZ 12"),
        (None, None, "12"),
    ],
)
def test_decimals_follow_the_size_of_the_money(currency, typical, written):
    """Small money keeps its cents; a currency without symbol keeps its code."""
    assert language_for("en", currency, typical).money(12.2) == written


@pytest.mark.parametrize(
    ("top", "expected"),
    [(0, [0, 1]), (1, [0, 0.25, 0.5, 0.75, 1]), (870, [0, 250, 500, 750, 1000]), (7, [0, 2, 4, 6, 8])],
)
def test_axis_ticks_are_round_and_reach_the_top(top, expected):
    """Ticks by hand."""
    assert ticks(top) == pytest.approx(expected)
