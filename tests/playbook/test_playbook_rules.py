"""The playbook: first match wins, and bad playbooks say what is wrong with them."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import number

from patron.columns import RISKS, STAGES, STATUSES, TIERS
from patron.errors import ConfigError
from patron.playbook import Playbook, load_playbook
from patron.playbook._check import CONDITIONS
from patron.scoring.drivers import DRIVERS
from patron.segments import assign_segments, fit_segment_rules, segment_inputs
from patron.snapshots import history_before

EVERY_KIND = pd.DataFrame(
    list(product(STATUSES, TIERS, TIERS[:3], STAGES, (*RISKS, None))),
    columns=["status", "tier", "value_tier", "lifecycle_stage", "churn_risk"],
)


def book(*rules: dict) -> Playbook:
    """A playbook of these rules."""
    return Playbook.from_dict({"rules": list(rules)})


def problems(*rules: object) -> list[str]:
    """What is wrong with these rules."""
    with pytest.raises(ConfigError) as caught:
        Playbook.from_dict({"rules": list(rules)})
    return caught.value.problems


def test_the_first_rule_that_fits_counts():
    """Order is the only priority there is."""
    found = book({"when": {"tier": "at_risk"}, "action": "first"}, {"when": {}, "action": "second"})
    assert [found.action({"tier": tier}) for tier in ("at_risk", "standard")] == ["first", "second"]


def test_all_conditions_must_hold_and_any_value_of_a_list_will_do():
    """And between conditions, or within one."""
    found = book({"when": {"tier": ["potential", "standard"], "churn_risk": "high"}, "action": "x"})
    assert found.action({"tier": "standard", "churn_risk": "high"}) == "x"
    assert found.action({"tier": "standard", "churn_risk": "low"}) == ""


def test_a_reason_fits_in_any_of_its_three_places():
    """The second reason of a customer counts like the first."""
    found = book({"when": {"reason": "rhythm"}, "action": "x"})
    assert found.action({"reason_1_code": "order_trend", "reason_2_code": "rhythm"}) == "x"


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA])
def test_a_missing_value_fulfils_no_condition(nothing):
    """Lapsed customers have no churn risk."""
    found = book({"when": {"churn_risk": "low"}, "action": "x"})
    assert found.action({"churn_risk": nothing}) == ""


def test_excluded_customers_get_no_action():
    """They never bought anything."""
    assert load_playbook().action({"status": "excluded"}) == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_frame_gives_what_its_rows_give(language):
    """The vectorised way and the row by row way, over every kind of customer."""
    found = load_playbook()
    rows = [found.action(row, language) for row in EVERY_KIND.to_dict("records")]
    assert found.actions(EVERY_KIND, language) == rows


def test_a_frame_without_the_columns_of_a_rule_gives_no_action():
    """Missing columns count as null."""
    frame = pd.DataFrame({"customer_id": ["1", "2"]})
    assert book({"when": {"tier": "standard"}, "action": "x"}).actions(frame) == ["", ""]


def test_an_empty_frame_gives_no_actions():
    """Nobody to call."""
    assert load_playbook().actions(EVERY_KIND.head(0)) == []


def test_the_built_in_playbook_has_an_action_for_everybody():
    """Except the excluded."""
    actions = load_playbook().actions(EVERY_KIND)
    assert {status for status, text in zip(EVERY_KIND["status"], actions, strict=True) if not text} == {
        "excluded"
    }


def test_the_built_in_playbook_is_whole_in_both_languages():
    """No warnings, and Chinese is Chinese."""
    found = load_playbook()
    assert found.warnings == ()
    assert all(any("一" <= sign <= "鿿" for sign in rule.text("zh")) for rule in found.rules)
    assert all(rule.text("en").isascii() for rule in found.rules)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"status": "lapsed", "tier": "at_risk", "value_tier": "high_value"}, "management"),
        ({"status": "scored", "tier": "at_risk", "value_tier": "high_value"}, "Visit this week"),
        ({"status": "scored", "tier": "high_value", "value_tier": "high_value", "churn_risk": "low"}, "VIP"),
        (
            {"status": "new", "tier": "standard", "value_tier": "standard", "lifecycle_stage": "new"},
            "welcome",
        ),
        ({"status": "scored", "tier": "potential", "value_tier": "potential"}, "regulars"),
    ],
)
def test_the_built_in_playbook_says_what_salespeople_expect(row, word):
    """The users' own list of what to do per tier."""
    assert word in load_playbook().action(row)


def test_a_missing_language_falls_back_to_english_with_a_warning():
    """The rule and the language are named."""
    found = book({"when": {}, "action": {"en": "Call."}})
    assert found.action({}, "zh") == "Call."
    assert found.warnings == ("rule 1 has no text in zh; English is used.",)


def test_plain_values_and_back_give_the_same_playbook():
    """How a playbook travels in a model folder."""
    found = load_playbook()
    assert Playbook.from_dict(found.to_dict()) == found


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"when": {"tier": "hi_value"}, "action": "x"},
            "rule 1: tier is 'hi_value'; it must be one of high_value",
        ),
        ({"when": {"tier": "hi_value"}, "action": "x"}, "Did you mean high_value?"),
        (
            {"when": {"value_tier": "at_risk"}, "action": "x"},
            "value_tier is 'at_risk'; it must be one of high_value",
        ),
        ({"when": {"status": "excluded"}, "action": "x"}, "status is 'excluded'; it must be one of scored"),
        ({"when": {"teir": "standard"}, "action": "x"}, "'teir' is not known"),
        ({"when": {"teir": "standard"}, "action": "x"}, "Did you mean tier?"),
        ({"when": {"tier": []}, "action": "x"}, "tier is an empty list; it fits nobody."),
        (
            {"when": {"churn_risk": True}, "action": "x"},
            "churn_risk is True; it must be one of low, medium, high.",
        ),
        ({"when": {"reason": 3}, "action": "x"}, "reason is 3; it must be one of silence, season"),
        ({"when": {"reason": "silense"}, "action": "x"}, "Did you mean silence?"),
        ({"when": {}, "action": "x", "say": {"en": ""}}, "rule 1: the say in en is ''; it must be a text."),
        ({"when": {}, "action": "x", "say": None}, "rule 1 has no say; write a text"),
        ({"when": {}, "action": "x", "done_by": 7}, "rule 1 has no done_by; write a text"),
        ({"when": {}, "action": "x", "done_by": {"fr": "y"}}, "rule 1, done_by: 'fr' is not known"),
        ({"when": {}, "action": "x", "within_days": -1}, "within_days is -1; it must be a whole number"),
        ({"when": {}, "action": "x", "within_days": True}, "within_days is True; it must be a whole number"),
        ({"when": {}, "action": "x", "within_days": 2.5}, "within_days is 2.5; it must be a whole number"),
        ({"when": {}, "action": "x", "by": "y"}, "rule 1: 'by' is not known"),
        ({"when": {}}, "rule 1 has no action; write a text, or one per language (en, zh)."),
        ({"when": {}, "action": {"en": " "}}, "the action in en is ' '; it must be a text."),
        ({"when": {}, "action": {"de": "Anrufen."}}, "rule 1, action: 'de' is not known; known are en, zh."),
        ({"action": "x"}, "rule 1 has no when"),
        ({"when": "all", "action": "x"}, "when is 'all'; it must be a block of conditions"),
        ("call", "rule 1 is 'call'; it must be a block with when and action."),
    ],
)
def test_each_mistake_is_named_in_words(rule, message):
    """The rule, what it says, what it may say."""
    assert message in "\n".join(problems(rule))


def test_all_problems_come_at_once():
    """A playbook is mended in one go."""
    found = problems({"when": {"tier": "x"}, "action": "x"}, {"when": {"churn_risk": "x"}})
    assert [text.split(" is ")[0].split(" has ")[0] for text in found] == [
        "rule 1: tier",
        "rule 2: churn_risk",
        "rule 2",
    ]


def test_a_rule_behind_a_wider_one_is_an_error():
    """It would never be used, and nobody would notice."""
    wide = {"when": {"tier": ["at_risk", "standard"]}, "action": "x"}
    narrow = {"when": {"tier": "at_risk", "churn_risk": "high"}, "action": "y"}
    assert problems(wide, narrow) == [
        "rule 2 can never fit: all of its customers are taken by rule 1 above it."
    ]


def test_a_rule_behind_several_that_cover_it_together_is_an_error():
    """All tiers one by one leave nothing for the rest."""
    rules = [{"when": {"tier": tier}, "action": tier} for tier in TIERS]
    assert problems(*rules, {"when": {}, "action": "rest"}) == [
        "rule 5 can never fit: all of its customers are taken by rules 1, 2, 3, 4 above it."
    ]


def test_a_narrow_rule_before_a_wider_one_is_fine():
    """The usual way to write a playbook; reasons included."""
    narrow = {"when": {"tier": "at_risk", "reason": "event"}, "action": "x"}
    assert len(book(narrow, {"when": {"tier": "at_risk"}, "action": "y"}).rules) == 2


@pytest.mark.parametrize(
    "when",
    [
        {"status": "lapsed", "churn_risk": "high"},
        {"status": "lapsed", "tier": "standard"},
        {"tier": "high_value", "value_tier": "potential"},
    ],
)
def test_conditions_no_customer_can_fulfil_are_an_error(when):
    """Lapsed customers are at risk and have no churn risk; only the at-risk rule parts the two tiers."""
    impossible = {"when": when, "action": "x"}
    assert problems(impossible) == ["rule 1 can never fit: no customer fulfils all of its conditions."]


def test_every_reason_a_score_can_have_is_a_condition():
    """The playbook lies below scoring, so the list stands twice."""
    assert set(CONDITIONS["reason"]) == set(DRIVERS)


def test_the_tiers_of_a_score_differ_for_customers_at_risk_alone(tables):
    """On 150 customers with hysteresis, which `never fits` relies on."""
    day = number("2024-01-15")
    rules = fit_segment_rules(
        segment_inputs(history_before(tables, day)), day, active_days=180, new_days=90, growing_days=365
    )
    found = assign_segments(tables, day, rules)
    apart = found[found["tier"] != found["value_tier"]]
    assert len(apart) > 10
    assert set(apart["tier"]) == {"at_risk"}


FULL = {
    "when": {"tier": "at_risk"},
    "action": {"en": "Visit.", "zh": "拜访。"},
    "say": {"en": "Hello.", "zh": "您好。"},
    "done_by": "Ann",
    "within_days": 0,
}


def test_everything_a_rule_says_is_chosen_with_it():
    """On the frame's own index, customers nobody's rule fits included."""
    frame = pd.DataFrame({"tier": ["standard", "at_risk"]}, index=[7, 3])
    found = book(FULL).choose(frame, "zh")
    assert found.index.tolist() == [7, 3]
    assert found.iloc[1].tolist() == ["拜访。", "您好。", "Ann", 0.0]
    assert found.iloc[0, :3].tolist() == ["", "", ""]
    assert np.isnan(found.iloc[0, 3])


def test_all_that_a_rule_says_travels_in_a_model_folder():
    """Plain values and back; what is not there is left out."""
    found = book(FULL, {"when": {}, "action": "x"})
    stored = json.loads(json.dumps(found.to_dict()))
    assert Playbook.from_dict(stored) == found
    assert set(stored["rules"][0]) == {"when", "action", "say", "done_by", "within_days"}
    assert set(stored["rules"][1]) == {"when", "action"}


def test_a_missing_translation_of_what_to_say_is_a_warning():
    """As for the action."""
    found = book({"when": {}, "action": "Call.", "say": {"zh": "您好。"}})
    assert found.warnings == ("rule 1 has no say in en; the other is used.",)
    assert found.choose(pd.DataFrame({"a": [1]})).loc[0, "say"] == "您好。"


def test_every_built_in_rule_says_what_who_and_by_when():
    """In both languages."""
    for rule in load_playbook().rules:
        assert rule.within_days is not None
        # it counts from the day to call on, which is within a week
        assert rule.within_days <= 28
        for texts in (rule.say, rule.done_by):
            assert texts["en"].isascii()
            assert any("一" <= sign <= "鿿" for sign in texts["zh"])


@pytest.mark.parametrize("content", [{}, {"rules": []}, {"rules": {"when": {}}}, ["when"], None])
def test_a_playbook_without_rules_is_refused(content):
    """An empty file included."""
    with pytest.raises(ConfigError, match="a list of at least one rule"):
        Playbook.from_dict(content)


def test_a_file_of_ones_own_is_read(tmp_path):
    """In UTF-8."""
    path = tmp_path / "ours.yaml"
    path.write_text("rules:\n  - {when: {}, action: {en: Call., zh: 致电。}}\n", encoding="utf-8")
    assert load_playbook(path).action({}, "zh") == "致电。"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: [", "is not YAML"),
        ("rules: [{when: {tier: x}, action: y}]", r"ours\.yaml: rule 1: tier is 'x'"),
    ],
)
def test_a_bad_file_is_named(tmp_path, text, message):
    """The message tells which file."""
    path = tmp_path / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_playbook(path)


def test_a_missing_file_is_said(tmp_path):
    """With a way out."""
    with pytest.raises(ConfigError, match="no such playbook") as caught:
        load_playbook(tmp_path / "ours.yaml")
    assert "built-in" in str(caught.value.next_step)


def test_a_service_needs_no_yaml():
    """A playbook from a model folder works where YAML and pydantic cannot be imported."""
    code = (
        "import sys; sys.modules['yaml'] = sys.modules['pydantic'] = None\n"
        "from patron.playbook import Playbook\n"
        "assert Playbook.from_dict({'rules': [{'when': {}, 'action': 'x'}]}).action({}) == 'x'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
