"""The model card: what it says follows from the facts, in both languages, and names stay in their place."""

from __future__ import annotations

import copy
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from patron.errors import ModelError
from patron.model import PatronModel, load_model_folder
from patron.model.card import Card, card_markdown, card_of

FACTS = {
    "name": "demo",
    "as_of": "2024-03-01",
    "rows": {"in": 1200, "used": 1100, "later": 40},
    "customers": {"customers": 220, "scored": 150, "new": 50, "lapsed": 19, "excluded": 1},
    "label": {"en": "no order in 60 days", "zh": "60 天内没有下单"},
    "recipe": {
        "label": {"kind": "silence", "active_days": 150},
        "features": {"attributes": {"b": [], "a": []}},
    },
    "config": {"ledger": {"currency": "EUR", "refunds": "net"}, "clv": {"horizon_months": 12}},
}
FIGURES = {"auc": 0.8, "auc_low": 0.75, "auc_high": 0.85, "log_loss": 0.5, "brier": 0.2, "ece": 0.05}
EVALUATION = {
    "horizon_days": 60,
    "evaluated_as_of": "2024-01-01",
    "n": 180,
    "grade": {"churn": "B", "clv": "C"},
    "churn": {
        "kind": "lightgbm",
        "name": "lightgbm",
        "rate": 0.25,
        "mean_probability": 0.3,
        "model": FIGURES,
        "baselines": {
            "own_rhythm": {**FIGURES, "log_loss": 0.7},
            "longest_silence": {**FIGURES, "auc": 0.7, "auc_low": 0.65, "auc_high": 0.74, "log_loss": 0.6},
        },
    },
    "clv": {"btyd": {"mae": 10.0, "gini": 0.7, "bias": -0.2}, "last_year": {"mae": 12.0, "gini": 0.6}},
    "clv_holdout": {
        "entrant": "btyd",
        "evaluation_days": 90,
        "total": {"expected": 80.0, "low": 70.0, "high": 90.0, "actual": 100.0},
    },
}


def part(card: Card, name: str):
    """One section by name."""
    return next(section for section in card.sections if section.name == name)


def text(language: str = "en", *, facts=FACTS, evaluation=EVALUATION) -> str:
    return card_markdown(card_of(facts, evaluation, language))


def test_figures_stand_beside_the_rule_with_the_lowest_log_loss():
    table = part(card_of(FACTS, EVALUATION), "churn").table
    assert table.header[2] == "Simple rule: longest silence first"
    assert table.rows[0][1:] == ("0.800 (0.750 to 0.850)", "0.700 (0.650 to 0.740)")
    assert table.rows[1][1:] == ("0.500", "0.600")  # no interval where none was kept


def test_data_and_definition_come_from_the_facts():
    rows = dict(part(card_of(FACTS, EVALUATION), "data").table.rows)
    assert rows["Order lines read"] == "1,200"
    assert rows["Orders"] == "until 2024-02-29"  # the day before as_of; 2024 is a leap year
    assert rows["Customer attributes it looks at"] == "a, b"
    assert "Churn means: no order in 60 days." in text()
    assert "流失是指：60 天内没有下单。" in text("zh")


def test_limits_follow_from_the_figures():
    said = text()
    assert "180 customers were judged" in said
    assert "was −20.0% off" in said
    assert "were 5.0% off on average" in said
    assert "25% of the active ones" in said  # 50 new of 200 active
    assert "lies outside that interval" in said
    assert "tested over 90 days" in said


def test_good_figures_bring_no_warning():
    good = copy.deepcopy(EVALUATION)
    good["n"], good["churn"]["model"]["ece"], good["clv"]["btyd"]["bias"] = 5000, 0.01, 0.02
    good["clv_holdout"]["total"]["actual"] = 80.0
    said = text(evaluation=good, facts={**FACTS, "customers": {"scored": 200, "new": 2}})
    for warned in ("customers were judged.", "% off in the test", "off on average", "one purchase day ("):
        assert warned not in said.partition("## What it does not know")[2], warned
    assert "lies inside that interval" in said


def test_a_rule_that_ships_says_so():
    ships = copy.deepcopy(EVALUATION)
    ships["churn"] |= {"kind": "rule", "name": "longest_silence", "skill": {"high": 0.01}}
    said = text(evaluation=ships)
    assert "is the best simple rule itself (longest silence first)" in said
    assert "One probability for everybody would have done as well" in said


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_unjudged_model_has_a_card(language):
    bare = card_of({}, {}, language)
    assert "Not graded" in card_markdown(bare) or "未评级" in card_markdown(bare)
    assert "None" not in card_markdown(bare)


def test_label_kinds_bring_their_own_warnings():
    for kind, said in (("rhythm", "each customer has its own"), ("decline", "orders less has churned")):
        facts = {**FACTS, "recipe": {"label": {"kind": kind, "active_days": 150}}}
        assert said in text(facts=facts)
        assert said not in text()


def test_names_cannot_break_out_of_their_place():
    hostile = "a|b<script>\n# x](y) `z` \u202e&amp;*"
    facts = copy.deepcopy(FACTS)
    facts["recipe"]["features"]["attributes"] = {hostile: []}
    facts["name"], facts["config"]["ledger"]["currency"] = hostile, hostile
    evaluation = {**EVALUATION, "warnings": [hostile]}
    said = text(facts=facts, evaluation=evaluation)
    rows = [line for line in said.splitlines() if "attributes it looks at" in line]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 3
    assert not re.search(r"(?<!\\)[<`*](?!`)", said.replace("```", ""))
    assert "\u202e" not in said
    assert 'load_model("models:/NAME@champion")' in said


def test_both_tables_of_words_have_the_same_keys_and_fields():
    english, chinese = (
        json.loads(files("patron.model").joinpath(f"card_{code}.json").read_text("utf-8"))
        for code in ("en", "zh")
    )
    assert english.keys() == chinese.keys()
    for key, said in english.items():
        assert sorted(re.findall(r"{\w+}", said)) == sorted(re.findall(r"{\w+}", chinese[key])), key


def test_no_card_in_other_languages():
    with pytest.raises(ModelError, match="choose en or zh"):
        card_of(FACTS, EVALUATION, "fr")


def test_the_folder_holds_its_card_and_vouches_for_it(model: PatronModel, project, tmp_path: Path):
    folder = model.save(tmp_path)
    written = (folder / "model_card.md").read_text("utf-8")
    assert written.startswith("# Model card: trade\n")
    assert str(project.trained.folder) not in written
    assert "model_card.md" in json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    assert (
        load_model_folder(folder).save(tmp_path / "again").name == folder.name
    )  # read and written: same bytes
    (folder / "model_card.md").write_text(written.replace("90", "91") + " ", "utf-8")
    with pytest.raises(ModelError, match=r"model_card\.md"):
        load_model_folder(folder)


def test_the_card_of_a_trained_model_is_complete_in_both_languages(model: PatronModel):
    for language, unknown in (("en", "not known"), ("zh", "未知")):
        said = card_markdown(card_of(model.manifest, model.evaluation, language))
        assert said.count("\n## ") == 11
        assert unknown not in said
        assert re.search(r"0\.\d{3}\W+0\.\d{3}", said)
