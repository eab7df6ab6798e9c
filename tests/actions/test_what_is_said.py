"""What to say on the phone: whatever is claimed holds for the account, in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from worklist_rows import AS_OF, score_rows

from patron.actions import Beside, accounts
from patron.actions.saying import OPENINGS
from patron.actions.words import day_in_words
from patron.playbook import load_playbook

MANY = 3_000


def some(draw, values, n):
    return [values[i] for i in draw.integers(0, len(values), n)]


def own_rhythm(gap: int, orders: int) -> str:
    """The values behind a reason that quotes the usual gap; without one after a single order."""
    return "{}" if orders == 1 else json.dumps({"median_gap_days": gap - 0.5, "purchase_days": orders})


def own_day(row) -> date | None:
    """The day of the next order by its own usual gap, where that is the median of three gaps or more."""
    known = json.loads(row["reason_1_values"])
    if known.get("purchase_days", 1) < 4:
        return None
    return row["last_order_on"] + timedelta(days=known["median_gap_days"] + 0.5)


def many_rows() -> pd.DataFrame:
    """Accounts of every kind that can exist, drawn: whoever is at risk may still have ordered yesterday."""
    draw = np.random.default_rng(4)
    status = some(draw, ["scored", "scored", "new", "lapsed"], MANY)
    value_tier = some(draw, ["high_value", "potential", "standard"], MANY)
    is_at_risk = [s == "lapsed" or x < 0.3 for s, x in zip(status, draw.random(MANY), strict=True)]
    last = [AS_OF - timedelta(days=int(days)) for days in draw.integers(1, 400, MANY)]
    expected = [
        day + timedelta(days=int(gap)) for day, gap in zip(last, draw.integers(5, 200, MANY), strict=True)
    ]
    return score_rows(
        customer_id=[f"c{i}" for i in range(MANY)],
        status=status,
        value_tier=value_tier,
        tier=["at_risk" if bad else tier for bad, tier in zip(is_at_risk, value_tier, strict=True)],
        lifecycle_stage=some(draw, ["new", "growing", "mature", "declining"], MANY),
        churn_risk=[
            None if s == "lapsed" else r
            for s, r in zip(status, some(draw, ["low", "medium", "high"], MANY), strict=True)
        ],
        reason_1_code=some(draw, [*OPENINGS, "event", "tenure", None], MANY),
        reason_1_values=[own_rhythm(*of) for of in draw.integers([5, 1], [200, 9], (MANY, 2)).tolist()],
        last_order_on=last,
        next_order_expected_on=[
            None if s == "lapsed" else day for s, day in zip(status, expected, strict=True)
        ],
        revenue_change_ratio=some(draw, [0.4, 1.0, 1.6, None], MANY),
    )


def what_was_stopped(ids) -> pd.DataFrame:
    """Every seventh account stopped buying paper."""
    some_ids = list(ids)[::7]
    return pd.DataFrame(
        {
            "customer_id": some_ids,
            "category": "Paper",
            "last_bought_on": date(2023, 3, 4),
            "revenue_year_before": 10.0,
        }
    )


def is_late(row) -> bool:
    """By the score, and by its own usual gap where one is known."""
    by_score, own = row["next_order_expected_on"], own_day(row)
    return by_score is not None and by_score < AS_OF and (own is None or own < AS_OF)


#: What a sentence claims, in both languages -> whether it is true of an account.
CLAIMS: list[tuple[str, str, Callable[..., bool]]] = [
    ("first order", "首单", lambda row: row["status"] == "new"),
    ("no other has followed", "还没有收到第二单", lambda row: row["status"] == "new" and is_late(row)),
    ("by your earlier orders", "按以往的下单情况", lambda row: is_late(row) and own_day(row) is not None),
    ("expected the next one by now", "原以为这时候", lambda row: is_late(row) and own_day(row) is None),
    ("less from us than in the year before", "比上一年少了", lambda row: row["revenue_change"] < 0),
    ("used to order Paper", "以往定期向我们采购Paper", lambda row: row["stopped_category"] == "Paper"),
    ("have you back", "继续为您服务", lambda row: row["status"] == "lapsed"),
]
#: What no figure of a row can bear out.
NEVER_SAID = {
    "en": (
        "your usual|usually|first deliver|you used to order with|a year ago|last year|other customers|"
        "your trade|heard from you|due soon|new since|season is coming"
    ),
    "zh": "惯常|按往常|常购|首单收货|一直在我们这里|去年|同行|好久|快到了|少了，能否|新的一季",
}


@pytest.fixture(scope="module", params=["en", "zh"])
def said(request) -> tuple[str, pd.DataFrame]:
    """The language and what is said to every account."""
    rows = many_rows()
    known = Beside(stopped=what_was_stopped(rows["customer_id"]), language=request.param)
    return request.param, accounts(rows, known)


def test_every_claim_is_true_of_the_account(said):
    """And each is made somewhere; every rule of the playbook is met."""
    language, rows = said
    place = ("en", "zh").index(language)
    for claim in CLAIMS:
        claimed = [row for row in rows.to_dict("records") if claim[place] in row["say"]]
        assert claimed, claim
        assert all(claim[2](row) for row in claimed), claim
    assert set(rows["action"]) == {rule.text(language) for rule in load_playbook().rules}


def test_nothing_is_claimed_that_no_figure_bears_out(said):
    """Rhythms of accounts with one order, what other customers buy, seasons."""
    language, rows = said
    found = rows["say"][rows["say"].str.contains(NEVER_SAID[language], case=False)]
    assert found.tolist() == []


def test_every_day_that_is_named_is_one_of_the_account(said):
    """The day of the last order, the one expected by its own gap, or that of what was stopped."""
    language, rows = said
    pattern = r"\d+ [A-Z][a-z]+ \d{4}" if language == "en" else r"\d+年\d+月\d+日"
    for row in rows.to_dict("records"):
        named = re.findall(pattern, row["say"])
        days = [row["last_order_on"], row["stopped_on"]]
        days += [own_day(row)] if is_late(row) else []
        assert set(named) <= {day_in_words(day, language) for day in days}
