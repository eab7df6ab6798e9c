"""One account's page: what is known of it and nothing else, safe words, no script."""

import datetime as dt

import fake_desk
import fake_report_data
import numpy as np
import pandas as pd
import pytest
from report_page import Page

from patron.actions.columns import OUTCOME_WORDS
from patron.reports import Account, AccountHistory, account_lines, render_account

SCORES = fake_report_data.fake_scores()
ROW = SCORES[(SCORES.status == "scored") & SCORES.revenue_change_ratio.notna()].iloc[0].to_dict()


def full(**changes):
    """An account of which everything is known."""
    parts = {
        "row": ROW,
        "history": fake_desk.fake_history(np.random.default_rng(1)),
        "text": "The risk is high because <b>it is silent</b>.",
        "drivers": pd.DataFrame(
            {"name": ["Silence"], "effect_points": [21.4], "now": ["64 days"], "past": ["21 days"],
             "peers_low": ["18 days"], "peers_high": [None]}
        ),
        "name": "Müller & <script>alert(3)</script>",
        "owner": 'Weber, "Sales"',
        "group": {"group_id": "G1", "name": "Nordbau", "sites": 4, "sites_active": 3, "value_at_risk": 900.0,
                  "revenue_last_12_months": 8000.0, "silent_sites": "Site 7"},
        "stopped": pd.DataFrame(
            {"category": ["Bolts"], "last_bought_on": [dt.date(2011, 3, 1)], "usual_gap_days": [20.0],
             "days_late_ratio": [2.5], "revenue_year_before": [400.0]}
        ),
        "events": pd.DataFrame(
            {"happened_on": [dt.date(2011, 5, 3)], "kind": ["nps"], "value": [4.0], "topic": [None]}
        ),
        "actions": pd.DataFrame(
            {"day": [dt.date(2011, 6, 1)], "owner": ["Weber"], "action": ["call"], "outcome": ["reached"],
             "next_order_on": [dt.date(2011, 6, 9)], "days_to_order": [8], "revenue_within_90_days": [250.0]}
        ),
    }  # fmt: skip
    return Account(**{**parts, **changes})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_well_formed_and_loads_nothing(language):
    """No script at all, no address, every element closed."""
    html = render_account(full(), language=language)
    page = Page(html)
    assert (page.misnested, page.open) == ([], [])
    assert page.scripts == []
    assert "http://" not in html
    assert "https://" not in html
    assert "<script>alert(3)</script>" in page.text


def test_the_page_says_what_is_known():
    """Rhythm, silence, driver, stopped category, group, event, action with the order after it."""
    account = full()
    text = Page(render_account(account)).text
    silence = account.history.silence_days
    assert f"every 20 days; after 46 days a silence is no longer usual for it; now it is {silence}." in text
    for words in ("Silence +21.4 64 days 21 days 18 days –", "Bolts 1 March 2011", "3 of 4 sites active",
                  "Silent sites: Site 7.", "3 May 2011 NPS 4", "9 June 2011 8 £250"):  # fmt: skip
        assert words in text


def test_pictures_have_labels_and_tables():
    """Orders, rolling revenue, past risk."""
    page = Page(render_account(full()))
    drawings = [a for name, a in page.elements if name == "svg"]
    assert len(drawings) == 3
    assert all(a["role"] == "img" and len(a["aria-label"]) > 20 for a in drawings)
    assert page.text.count("Numbers behind the picture") == 3


def test_one_order_and_nothing_else():
    """A new account: no curve, no driver, no rhythm; the page still stands."""
    history = AccountHistory([(dt.date(2011, 9, 1), 120.0)], [], [], None, None, 9)
    page = Page(render_account(Account(row=ROW, history=history)))
    assert page.misnested == []
    assert "It usually" not in page.text
    assert "What drives the forecast" not in page.text


def test_a_rhythm_of_few_orders_has_no_limit():
    """The usual gap is its own; which silence is unusual is not claimed."""
    history = AccountHistory([(dt.date(2011, 9, 1), 120.0)], [], [], 378.0, None, 9)
    lines = account_lines(Account(row=ROW, history=history))
    assert any("every 378 days" in line and "too few orders" in line for line in lines)


def test_lines_for_the_screen():
    """Name and id first; simulated data say so before anything else."""
    lines = account_lines(full())
    assert lines[0] == f"Müller & <script>alert(3)</script> ({ROW['customer_id']})"
    assert any("Stopped buying: Bolts" in line for line in lines)
    assert "模拟数据" in account_lines(full(), language="zh", simulated=True)[0]


def test_lines_in_chinese_have_the_marks_of_chinese():
    """Full-width brackets, colons and semicolons."""
    lines = account_lines(full(name="福诚幼儿园"), language="zh")
    assert lines[0] == f"福诚幼儿园（{ROW['customer_id']}）"
    assert "截止日：" in lines[1]
    assert "；" in lines[1]
    assert not {": ", "; ", " ("} & {text[i : i + 2] for text in lines[:3] for i in range(len(text))}


def test_simulated_pages_say_so_in_both_languages():
    """The banner."""
    text = Page(render_account(full(), simulated=True)).text
    assert "Simulated data" in text
    assert "模拟数据" in text


def after_a_call(**changes):
    """What followed one call, as `actions.history_of_actions` tells it."""
    known = {
        "day": dt.date(2011, 8, 30),
        "owner": "Weber",
        "action": "call",
        "outcome": "none",
        "reason": None,
        "next_order_on": None,
        "days_to_order": pd.NA,
        "revenue_within_90_days": 12340.0,
        "has_90_days_passed": False,
    }
    return pd.DataFrame([{**known, **changes}])


@pytest.mark.parametrize(
    ("language", "running", "outcome"),
    [("en", "still running: £12,340 so far", "no answer"), ("zh", "统计中：目前 £12,340", "未接通")],
)
def test_ninety_days_that_are_not_over_say_so(language, running, outcome):
    """A call of ten days ago has not brought "0 within 90 days"; later the sum stands alone."""
    text = Page(render_account(full(actions=after_a_call()), language=language)).text
    assert running in text
    assert outcome in text
    over = Page(render_account(full(actions=after_a_call(has_90_days_passed=True)), language=language)).text
    assert "£12,340" in over
    assert running not in over


def test_every_outcome_has_words():
    """In Chinese no code of the action log is left in English."""
    for code in ("reached", "ordered", "dismissed", "lost", "none"):
        text = Page(render_account(full(actions=after_a_call(outcome=code)), language="zh")).text
        assert OUTCOME_WORDS[code][1] in text
        assert code not in text.split("历次行动之后")[1].split("行动之后下单")[0]
