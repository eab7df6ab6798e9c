"""The desk in the report: a section where there is something, none where there is not, and safe words."""

import datetime as dt
import json
import re

import fake_desk
import fake_report_data
import pandas as pd
import pytest
from report_page import Page

from patron.reports import AccountHistory, Desk, Trialled, account_histories
from patron.snapshots import to_day

SCORES = fake_report_data.fake_scores()
DESK = fake_desk.fake_desk(SCORES)
SECTIONS = ("moves", "retention", "cohorts", "products", "lists", "groups")


@pytest.fixture(scope="module")
def page(report_of):
    """The English report with a full desk."""
    return Page(report_of(desk=DESK))


def ids(page):
    """Every id on the page."""
    return set(page.attributes("id"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_full_desk_is_well_formed(report_of, language):
    """Every element closed, every link of the navigation leads somewhere, no id twice."""
    desk = fake_desk.fake_desk(SCORES, language=language)
    page = Page(report_of(language, desk=desk))
    assert (page.misnested, page.open) == ([], [])
    links = {link[1:] for link in page.attributes("href") if link.startswith("#")}
    assert set(SECTIONS) < links <= ids(page)
    assert len(page.attributes("id")) == len(ids(page))


def test_without_a_desk_there_is_no_section_of_it(english):
    """The report from before, without links to nowhere."""
    assert not set(SECTIONS) & ids(Page(english))


@pytest.mark.parametrize(
    ("section", "without"),
    [
        ("moves", {"migration": None, "movers": None}),
        ("retention", {"retention": None, "retention_years": None}),
        ("cohorts", {"cohorts": None}),
        ("products", {"stopped": None, "peers": None}),
        ("groups", {"groups": None}),
    ],
)
def test_what_is_not_known_has_no_section(report_of, section, without):
    """The others stay."""
    found = ids(Page(report_of(desk=fake_desk.fake_desk(SCORES, **without))))
    assert section not in found
    assert set(SECTIONS) - {section} <= found


def test_an_empty_desk_is_the_report_without_one_but_for_the_outlook(report_of):
    """Nothing is invented."""
    page = Page(report_of(desk=Desk()))
    assert not set(SECTIONS) & ids(page)
    assert page.data["columns"]["list"] is None


def test_retention_takes_the_place_of_high_risk_among_five_figures(page):
    """57.5 % after 54.1 %: 3.4 points more, of 2,610 customers."""
    assert (
        "Retention rate, last 12 months 57%" in page.text or "Retention rate, last 12 months 58%" in page.text
    )
    assert "of 2,610 active a year ago; 3.4 points more than the year before" in page.text
    assert sum(attributes.get("class") == "figure" for _, attributes in page.elements) == 5


def test_yearly_rules_of_thumb_stand_beside_years_only(report_of):
    """Without yearly figures the page draws no line of 80 or 90 %."""
    text = Page(report_of(desk=fake_desk.fake_desk(SCORES, retention_years=None))).text
    assert "B2B aim" not in text
    assert "90% B2B aim" in Page(report_of(desk=DESK)).text


def test_every_picture_has_a_text_alternative_and_a_table(page):
    """One label and one table for each drawing."""
    drawings = [a for name, a in page.elements if name == "svg" and a.get("role") == "img"]
    assert all(len(a["aria-label"]) > 20 for a in drawings)
    assert page.text.count("Numbers behind the picture") == len(drawings)


def test_the_matrix_holds_every_customer_of_the_earlier_date(page):
    """The label of the picture counts them all; so does pandas."""
    label = next(a["aria-label"] for n, a in page.elements if n == "svg" and "→" in a.get("aria-label", ""))
    counts = [int(part.rsplit(": ", 1)[1].replace(",", "")) for part in label.split("; ")]
    assert sum(counts) == DESK.migration["customers"].sum()


def test_tiers_nobody_came_from_or_went_to_are_not_in_the_matrix(report_of):
    """A migration lists every pair, most of them with nobody."""
    pairs = [(a, b) for a in fake_desk.TIERS for b in fake_desk.TIERS]
    migration = pd.DataFrame(pairs, columns=["tier_then", "tier_now"]).assign(
        customers=0, revenue_then=0.0, revenue_now=0.0
    )
    migration.loc[0, ["customers", "revenue_then", "revenue_now"]] = [7, 70.0, 80.0]
    page = Page(report_of(desk=Desk(migration=migration)))
    label = next(a["aria-label"] for n, a in page.elements if n == "svg" and "→" in a.get("aria-label", ""))
    assert label == "Who moved between tiers: High value → High value: 7"
    assert "Potential High value 0" not in page.text


def test_yearly_revenue_kept_stands_beside_the_years_and_monthly_says_so(report_of):
    """Two figures of the last year in words; the heads of the months name the month they are held against."""
    years = fake_desk.fake_years().assign(
        net_revenue_retention=[0.95, 1.031], gross_revenue_retention=[0.8, 0.772]
    )
    text = Page(report_of(desk=fake_desk.fake_desk(SCORES, retention_years=years))).text
    assert "Of the last year: net revenue kept 103%, gross 77%, against the year before." in text
    assert "54.1% 52.1% 56.1% 95.0% 80.0%" in text
    assert "Net revenue kept, on the same month last year" in text
    assert "of single months, against the same month a year before" in text


def test_shares_within_180_days_are_percent_of_their_own_counts(report_of):
    """The customers counted stand beside the share, ends of the interval are shares, cohorts are quarters."""
    rates = DESK.second_order_rates.assign(ordered_again=150, ordered_within=128)
    found = {
        code: Page(report_of(code, desk=fake_desk.fake_desk(SCORES, second_order_rates=rates))).text
        for code in ("en", "zh")
    }
    assert "Q4 2010 210 150 128 61% 54% 67%" in found["en"]
    assert "2010年第4季度 210 150 128 61% 54% 67%" in found["zh"]


def test_what_a_buying_peer_brings_is_not_shown_as_money_to_expect(report_of):
    """310 of margin expected at a support of 0.62 are 500 of one who buys."""
    rows = DESK.stopped.rows[["customer_id"]].assign(
        item="Gloves", support=0.62, peers=40, peer_level="industry and size", expected_margin=310.0
    )
    text = Page(report_of(desk=fake_desk.fake_desk(SCORES, peers=Trialled(rows, "Tried.")))).text
    assert "Of its peers buy it Peers Peers are A buying peer’s margin, 12 months" in text
    assert "Gloves 62% 40 same industry and size £500" in text


def test_an_empty_worklist_is_said_and_cannot_be_chosen(report_of):
    """No option of a list of nobody."""
    page = Page(report_of(desk=fake_desk.fake_desk(SCORES, worklist=DESK.worklist.head(0))))
    assert "Nobody is on this week’s worklist." in page.text
    assert "list" not in [a.get("value") for name, a in page.elements if name == "option"]
    assert "covers" not in page.text


def test_the_third_sentence_says_what_the_worklist_covers(page):
    """Calls and their value at risk, beside the 20 customers with the most."""
    covered = DESK.worklist["value_at_risk"].sum()
    assert f"; this week’s worklist, {len(DESK.worklist)} calls, covers £" in page.text
    written = page.text.split("calls, covers £")[1].split(" ")[0]
    assert float(written.rstrip("k").replace(",", "")) * (1000 if "k" in written else 1) == pytest.approx(
        covered, rel=0.006
    )


def test_who_is_on_no_list_is_told_why(report_of):
    """One customer for every reason; what is known of it is said, and an account on the list has none."""
    ids = sorted(SCORES.loc[SCORES["status"] == "scored", "customer_id"])[:7]
    day = fake_desk.AS_OF + dt.timedelta(days=30)
    judged = pd.DataFrame({"customer_id": ids, "owner": "Ann", "owner_rank": 12, "due_on": day}).assign(
        left_off=["not_due", "over_capacity", "no_gain", "cooldown", "dismissed", "own reason", None],
        left_off_until=[None, None, None, day, None, None, None],
        left_off_detail=[None, None, None, None, "site closed", None, None],
    )
    columns = Page(report_of(desk=fake_desk.fake_desk(SCORES, judged=judged))).data["columns"]
    written = [filled(columns["off"], row) for row in columns["off"]["rows"]]
    said = dict(zip(columns["id"], written, strict=True))
    assert [said[i] for i in ids] == [
        "Not due yet: call on 10 October 2011.",
        "Over capacity: it would be number 12 for Ann.",
        "A call is expected to cost more than it brings.",
        "Called a short while ago: next time from 10 October 2011.",
        "Dismissed: site closed.",
        "own reason",
        "",
    ]


def test_control_accounts_are_marked(report_of):
    """Whoever reads the table must not call them; without a campaign the page knows of none."""
    ids = sorted(SCORES.loc[SCORES["status"] == "scored", "customer_id"])[:2]
    judged = pd.DataFrame({"customer_id": ids, "left_off": ["control", "not_due"], "due_on": fake_desk.AS_OF})
    columns = Page(report_of(desk=fake_desk.fake_desk(SCORES, judged=judged))).data["columns"]
    marked = dict(zip(columns["id"], columns["control"], strict=True))
    assert [name for name, is_control in marked.items() if is_control] == ids[:1]
    none = Page(report_of(desk=fake_desk.fake_desk(SCORES, judged=judged.iloc[1:]))).data["columns"]
    assert none["control"] is None


def filled(column, row):
    """What the page writes of a template and its numbers."""
    place, *numbers = row.split("|") if row else ("",)
    said = column["templates"][int(place)] if place else ""
    for number in numbers:
        said = said.replace("\x01", number, 1)
    return said


def test_counts_have_whole_steps_on_their_axis(report_of):
    """Ten customers lost: no 2.5 and 7.5 rounded to 2 and 8."""
    few = DESK.retention.assign(customers_new=3, customers_won_back=1, customers_lost=10)
    text = Page(report_of(desk=fake_desk.fake_desk(SCORES, retention=few))).text
    assert "Lost 5 0 5 10 " in text or "Lost 10 5 0 5 " in text


def test_chinese_brackets_and_lists(report_of):
    """No bracket or comma of another script beside Chinese words."""
    desk = fake_desk.fake_desk(SCORES, language="zh")
    page = Page(report_of("zh", desk=desk))
    assert re.search(r"Söhne（[^）]+）", page.text)
    assert not re.search(r"Söhne \(", page.text)
    assert re.search(r"2011年8月：新增 [\d,]+、挽回", page.text)


def test_movers_are_shown_with_the_most_money_first(page):
    """The first of those who fell, by name."""
    fell = DESK.movers[DESK.movers["direction"].isin(["down", "to_at_risk"])]
    names = DESK.accounts.set_index("customer_id")["name"]
    first = fell.iloc[0]["customer_id"]
    after = page.text.split("Fell, most money first")[1]
    assert (names[first] or first) in after[:200]
    assert f"The first 10 of {len(fell)}." in page.text


def test_a_list_that_failed_its_trial_is_not_shown(page):
    """Its sentence is; the other list has its rows."""
    assert "Gloves" not in page.text
    assert page.text.count("On past dates 3 times in 10.") == 2
    assert "Bolts <i>M8</i>" in page.text


def test_names_owners_and_categories_are_text(page):
    """Markup in them stays what it is."""
    assert not {"b", "i"} & {name for name, _ in page.elements}
    assert "Anna <b>Weber</b>" in page.text
    assert len(page.scripts) == 2


def test_owners_fill_a_filter(page):
    """Each once, in alphabetical order, and one entry for accounts without any."""
    values = [a.get("value") for name, a in page.elements if name == "option"]
    start = values.index("~none")
    assert values[start - 3 : start] == sorted(fake_desk.OWNERS)


def test_the_worklist_is_marked_in_the_data(page):
    """Ranks of the listed customers, nothing for the others."""
    columns = page.data["columns"]
    marked = {i: rank for i, rank in zip(columns["id"], columns["list"], strict=True) if rank is not None}
    assert marked == dict(zip(DESK.worklist["customer_id"], DESK.worklist["rank"], strict=True))
    assert "called lately 5" in page.text
    assert DESK.won in page.text


def test_the_data_are_the_same_for_any_order_of_rows(report_of):
    """Scores, accounts and movers shuffled."""
    shuffled = fake_desk.fake_desk(
        SCORES,
        accounts=DESK.accounts.sample(frac=1, random_state=3),
        worklist=DESK.worklist.sample(frac=1, random_state=4),
    )
    assert report_of(desk=shuffled) == report_of(desk=DESK)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_simulated_data_say_so_in_both_languages(report_of, language):
    """On top of either page; without the flag nothing is said."""
    text = Page(report_of(language, simulated=True)).text
    assert "Simulated data" in text
    assert "模拟数据" in text
    assert "Simulated data" not in Page(report_of(language)).text


def test_five_customers_with_a_desk(report_of):
    """The smallest base, an owner without accounts on the list, an empty worklist."""
    scores = fake_report_data.fake_scores(5).assign(status="scored")
    desk = Desk(
        worklist=DESK.worklist.head(0),
        accounts=pd.DataFrame({"customer_id": scores["customer_id"], "owner": None}),
        stopped=Trialled(pd.DataFrame(), "too short", is_shown=False),
    )
    page = Page(report_of(scores=scores, desk=desk))
    assert page.misnested == []
    assert "too short" in page.text


def test_histories_add_up_by_hand():
    """Three orders, one refund, the third after as_of: nothing of it is known."""
    day = to_day("2024-03-01")
    days = pd.DataFrame(
        {
            "customer_id": "a",
            "day": [day - 400, day - 100, day - 40, day],
            "orders": [1, 2, 0, 1],
            "spend": [10_000, 5_000, 0, 99_900],
            "refund": [0, 0, 1_500, 0],
        }
    )
    scored = [
        pd.DataFrame({"customer_id": ["a", "b"], "as_of": on, "churn_probability": [p, 0.9]})
        for on, p in (("2024-03-01", 0.4), ("2024-02-01", 0.2), ("2024-04-01", 0.8))
    ]
    rhythm = pd.DataFrame({"customer_id": ["a"], "usual_gap_days": [300.0], "limit_days": [float("nan")]})
    told = account_histories(days, day, rhythm=rhythm, past_scores=scored)["a"]
    assert [amount for _, amount in told.purchase_days] == [100.0, 50.0]
    assert told.silence_days == 100
    assert (told.usual_gap_days, told.limit_days) == (300.0, None)
    assert told.risk == [(dt.date(2024, 2, 1), 0.2), (dt.date(2024, 3, 1), 0.4)]
    by_month = dict(told.revenue_by_month)
    assert by_month[dt.date(2023, 2, 1)] == 100.0  # the order of 26 January 2023
    assert by_month[dt.date(2024, 1, 1)] == 150.0  # still within 365 days
    assert by_month[dt.date(2024, 2, 1)] == 35.0  # it has left the year; refund of 21 January taken off
    assert by_month[dt.date(2024, 3, 1)] == 35.0


def test_timelines_travel_as_few_numbers(page):
    """Days before as_of and whole pounds, of the worklist's customers only."""
    columns = page.data["columns"]
    told = {columns["id"][int(i)]: h for i, h in columns["history"].items()}
    assert set(told) == set(DESK.worklist["customer_id"])
    one = DESK.worklist["customer_id"].iloc[0]
    history: AccountHistory = DESK.histories[one]
    assert told[one]["d"][-1][0] == history.silence_days
    assert told[one]["p"][-1] == [0, 620]


@pytest.mark.slow
def test_fifty_thousand_customers_stay_below_fifteen_megabytes(report_of):
    """Names and owners included."""
    scores = fake_report_data.fake_scores(50_000)
    desk = fake_desk.fake_desk(scores)
    html = report_of(scores=scores, desk=desk)
    assert len(html.encode()) < 15_000_000
    assert len(json.loads(Page(html).scripts[0])["columns"]["id"]) > 45_000
