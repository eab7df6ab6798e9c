"""The page as a file: safe, self-contained, the same bytes, readable with anything missing."""

import base64
import hashlib
import json
import os
import re

import fake_report_data
import pandas as pd
import pytest
from report_page import Page

from patron.errors import PatronError
from patron.reports import render_report, write_report

HOSTILE = fake_report_data.HOSTILE_IDS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_elements_are_nested_and_closed(report_of, language):
    """Every element that opens also closes, in order."""
    page = Page(report_of(language))
    assert (page.misnested, page.open) == ([], [])


def test_only_our_two_scripts_exist(english):
    """A customer called <script> adds no script element."""
    assert len(Page(english).scripts) == 2
    assert "alert(1)" not in Page(english).scripts[1]


def test_hostile_ids_arrive_unchanged_in_the_data(english):
    """Ids with HTML, formulas, Chinese and leading zeros are data, letter by letter."""
    assert set(HOSTILE) <= set(Page(english).data["columns"]["id"])


def test_hostile_texts_cannot_leave_the_data_block(report_of):
    """A reason that closes the script element stays a text."""
    scores = fake_report_data.fake_scores(30)
    scores["reason_1"] = "</script><img src=x onerror=alert(2)> 3 <!-- <script>"
    page = Page(report_of(scores=scores))
    assert len(page.scripts) == 2
    assert "img" not in {name for name, _ in page.elements}
    assert page.data["columns"]["reason_1"]["templates"][-1].startswith(
        "</script><img src=x onerror=alert(\x01)>"
    )


def test_hostile_ids_are_escaped_in_the_table_without_scripts(report_of):
    """Where the page is written on the server, ids are escaped."""
    scores = fake_report_data.fake_scores(5).assign(status="scored")
    page = Page(report_of(scores=scores))
    assert "<script>alert(1)</script>" in page.text
    assert '=HYPERLINK("x","y")' in page.text
    assert len(page.scripts) == 2


def test_title_and_ledger_examples_are_escaped(report_of):
    """The title and an example row with markup show as they are."""
    ledger = fake_report_data.fake_ledger()
    ledger["set_aside"]["no_customer"]["example"] = "<b onclick=x>row 7</b>"
    page = Page(report_of(ledger=ledger))
    assert "Harbour Supplies <Ltd> & Co" in page.text
    assert "<b onclick=x>row 7</b>" in page.text
    assert "onclick" not in {key for _, attributes in page.elements for key in attributes}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_points_outside(report_of, language):
    """No address of another host, no import, no url() but the page's own pattern."""
    html = report_of(language)
    page = Page(html)
    assert "http://" not in html
    assert "https://" not in html
    assert [v for v in page.attributes("href") if not v.startswith(("#", "data:,"))] == []
    assert page.attributes("src") == []
    assert set(re.findall(r"url\(([^)]*)\)", "".join(page.styles))) == {"#hatch"}
    assert "@import" not in html


def test_policy_allows_exactly_our_script(english):
    """The content security policy names the hash of the script, taken here from the parsed page."""
    page = Page(english)
    policy = next(a["content"] for n, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.scripts[1].encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe-eval" not in policy


def test_same_input_gives_the_same_text(report_of, english):
    """Rendering again, with the rows in another order, changes nothing."""
    shuffled = fake_report_data.fake_scores().sample(frac=1, random_state=99).reset_index(drop=True)
    assert report_of(scores=shuffled) == english


def test_every_picture_has_a_text_alternative_and_its_numbers(english):
    """Each drawing has a label and a table behind it."""
    page = Page(english)
    drawings = [a for n, a in page.elements if n == "svg" and a.get("role") == "img"]
    assert len(drawings) == 13
    assert all(len(a["aria-label"]) > 20 for a in drawings)
    assert page.text.count("Numbers behind the picture") == 13


def test_ids_in_the_page_are_unique(english):
    """No two elements share an id."""
    ids = Page(english).attributes("id")
    assert len(ids) == len(set(ids))


def test_missing_evaluation_and_ledger_are_said(report_of):
    """Without evaluation and ledger the page says so and still lists the customers."""
    page = Page(report_of(evaluation={}, ledger={}))
    assert page.text.count("Not available.") == 8
    assert "could not be tested on past data" in page.text
    assert "Not graded" in page.text
    assert len(page.data["columns"]["id"]) > 300


def test_missing_churn_evaluation_keeps_the_value_part(report_of):
    """A run without churn evaluation still shows how good the values are."""
    evaluation = fake_report_data.fake_evaluation()
    del evaluation["churn"]
    text = Page(report_of(evaluation=evaluation)).text
    assert "Value forecast against simple rules" in text
    assert "Purchase model" in text
    assert "longest silence" not in text.lower()


VALUE_KEYS = ("tracking", "frequency_classes", "alive_grid", "order_values", "total", "warnings")


def test_a_model_from_before_the_value_pictures_has_no_such_section(report_of):
    """An evaluation without the keys gives the report it always gave, and no link to nowhere."""
    evaluation = fake_report_data.fake_evaluation()
    for key in VALUE_KEYS:
        del evaluation["clv_holdout"][key]
    html = report_of(evaluation=evaluation)
    page = Page(html)
    links = {link[1:] for link in page.attributes("href") if link.startswith("#")}
    assert "value" not in links
    assert links <= set(page.attributes("id"))
    assert "The value model" not in page.text
    assert "What the value model itself warns of" not in page.text
    assert page.text.count("Numbers behind the picture") == 9


@pytest.mark.parametrize("key", VALUE_KEYS[:4])
def test_one_missing_value_picture_leaves_the_others(report_of, key):
    """Null where something could not be computed: that picture says so."""
    evaluation = fake_report_data.fake_evaluation()
    evaluation["clv_holdout"][key] = None
    page = Page(report_of(evaluation=evaluation))
    assert page.text.count("Numbers behind the picture") == 12
    assert page.text.count("Not available.") == 1


def test_warnings_of_the_model_are_escaped(report_of):
    """They may hold what a user called a column."""
    evaluation = fake_report_data.fake_evaluation()
    evaluation["clv_holdout"]["warnings"] = ["segment <img src=x> is small"]
    page = Page(report_of(evaluation=evaluation))
    assert "Segment <img src=x> is small." in page.text
    assert "img" not in {name for name, _ in page.elements}


@pytest.mark.parametrize(("high", "said"), [(0.001, True), (-0.001, False)])
def test_a_model_no_better_than_one_probability_says_so(report_of, high, said):
    """The interval of the difference to one probability for everybody decides, in both languages."""
    evaluation = fake_report_data.fake_evaluation(grade="C")
    evaluation["churn"]["skill"] = {"difference": -0.01, "low": -0.02, "high": high}
    for language, words in (("en", "one probability for every customer"), ("zh", "给每位客户相同的概率")):
        assert (words in Page(report_of(evaluation=evaluation, language=language)).text) is said


def test_one_best_simple_rule_is_named_everywhere(report_of):
    """MBG/NBD has the lower log-loss, the regression the higher AUC and lift: the first is meant."""
    evaluation = fake_report_data.fake_evaluation()
    churn = evaluation["churn"]
    churn["baselines"]["rfm_logistic"] |= {"auc": 0.76, "log_loss": 0.63}
    churn["baselines"]["mbgnbd"] |= {"auc": 0.741, "log_loss": 0.61}
    churn["model"]["log_loss"] = 0.594
    churn["lift"]["rfm_logistic"] = [min(1.0, share + 0.1) for share in churn["lift"]["mbgnbd"]]
    text = Page(report_of(evaluation=evaluation)).text
    assert "the best simple rule (MBG/NBD) 74 times" in text
    assert "Log loss 0.594, against 0.610 of the best simple rule (MBG/NBD)." in text
    assert "the best simple rule (MBG/NBD) reaches 39%" in text
    assert "mbgnbd" not in text


def test_grade_c_says_there_is_no_skill(report_of):
    """Grade C is a sentence, at the top and where trust is discussed."""
    text = Page(report_of(evaluation=fake_report_data.fake_evaluation(grade="C"))).text
    assert "it shows no skill beyond the simple rule (grade C)" in text
    assert "The model shows no skill beyond the simple rule." in text


def test_five_customers_and_empty_groups(report_of):
    """A base of five, with tiers nobody is in, renders."""
    scores = fake_report_data.fake_scores(5).assign(tier="standard", churn_risk=None)
    page = Page(report_of(scores=scores))
    assert page.misnested == []
    assert "0 · 0%" in page.text


def test_no_customers_at_all(report_of):
    """An empty score table gives a page that says nothing is there."""
    page = Page(report_of(scores=fake_report_data.fake_scores(10).head(0)))
    assert page.data["columns"]["id"] == []
    assert "No value at risk could be computed" in page.text


def test_only_nulls_beside_id_and_status(report_of):
    """Columns that are missing count as null."""
    scores = pd.DataFrame({"customer_id": ["1", "2"], "status": ["scored", "lapsed"]})
    columns = Page(report_of(scores=scores)).data["columns"]
    assert columns["at_risk"] == [None, None]
    assert columns["tier"] == "--"
    assert columns["last"] == [None, None]


def test_infinite_numbers_become_null(report_of):
    """JSON holds null where a number is not finite."""
    scores = fake_report_data.fake_scores(6).assign(
        status="scored", clv=float("inf"), value_at_risk=float("nan")
    )
    assert Page(report_of(scores=scores)).data["columns"]["value"] == [None] * 6


def test_scores_without_status_are_refused():
    """The message names the column and the command that writes it."""
    with pytest.raises(PatronError, match="no column status") as caught:
        render_report(scores=pd.DataFrame({"customer_id": ["1"]}), evaluation={}, ledger={}, title="x")
    assert caught.value.next_step == "patron score CONFIG"


def test_unknown_language_is_refused(report_of):
    """The message names the languages there are."""
    with pytest.raises(PatronError, match=r"language 'fr'.*en, zh"):
        report_of("fr", scores=fake_report_data.fake_scores(3))


def test_write_leaves_one_readable_file(tmp_path):
    """The file lands under its name, with nothing beside it and ordinary permissions."""
    path = tmp_path / "new" / "report.html"
    kept = write_report(path, scores=fake_report_data.fake_scores(5), evaluation={}, ledger={}, title="x")
    assert kept == path
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    ordinary = path.parent / "ordinary"
    ordinary.touch()
    assert os.stat(path).st_mode == os.stat(ordinary).st_mode


def test_a_refusal_leaves_the_last_report_alone(tmp_path):
    """A render that fails neither replaces nor litters."""
    path = tmp_path / "report.html"
    path.write_text("last week")
    with pytest.raises(PatronError, match="no column"):
        write_report(path, scores=pd.DataFrame({"x": [1]}), evaluation={}, ledger={}, title="x")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("report.html", "last week")]


def test_five_thousand_customers_stay_small(report_of):
    """A mail-sized file: under 200 bytes a customer, pictures and words included."""
    scores = fake_report_data.fake_scores(5000)
    assert len(report_of(scores=scores).encode()) < 1_000_000


def test_evaluation_survives_json(report_of, english):
    """What was read back from a file renders like what was never written."""
    again = json.loads(json.dumps(fake_report_data.fake_evaluation()))
    assert report_of(evaluation=again) == english
