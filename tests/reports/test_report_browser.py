"""The page in a real browser: sort, search, filters, paging, keyboard, no error, no request."""

import math
import re
from urllib.parse import quote

import chromium_pipe
import fake_desk
import fake_report_data
import pandas as pd
import pytest

from patron.reports._language import Language

SCORES = fake_report_data.fake_scores()
LISTED = SCORES[SCORES.status != "excluded"]
ACTIVE = LISTED[LISTED.status != "lapsed"]
ENGLISH = Language("en", "GBP", 0)
SHOWN = "[...document.querySelectorAll('#customers tr.row')].map(r => r.dataset.id)"

pytestmark = pytest.mark.skipif(
    chromium_pipe.chromium() is None, reason="no chromium on this machine: the report's page was not driven"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """One browser for the file."""
    browser = chromium_pipe.Browser(chromium_pipe.chromium(), tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory, english):
    """The English report as a file."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(english, encoding="utf-8")
    return path.as_uri()


def test_page_loads_without_error_or_request(browser, address):
    """Nothing on the console, nothing asked for but the file itself."""
    browser.open(address)
    assert browser.evaluate("document.getElementById('list').dataset.ready") == "yes"
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [address]


def test_the_watch_for_requests_and_errors_works(browser, tmp_path):
    """A page that does both is caught, so the test above can fail."""
    path = tmp_path / "bad.html"
    path.write_text("<img src='http://127.0.0.1:9/x.png'><script>console.error('x')</script>")
    browser.open(path.as_uri())
    assert any("127.0.0.1:9" in url for url in browser.requests)
    assert browser.complaints


def test_first_page_is_the_fifty_with_most_value_at_risk(browser, address):
    """Active customers only, ranked as pandas ranks them."""
    browser.open(address)
    expected = ACTIVE.sort_values("value_at_risk", ascending=False).customer_id.head(50).tolist()
    assert browser.evaluate(SHOWN) == expected


def test_link_carries_sort_and_search(browser, address):
    """``#sort=clv&q=standing order`` shows those rows in that order."""
    browser.open(f"{address}#sort=clv&q=standing%20order")
    found = ACTIVE[ACTIVE.action.str.contains("standing order")]
    # the page shows whole pounds, so equal amounts may stand in either order: compare the amounts
    amounts = found.sort_values("clv", ascending=False).clv.round().head(50).tolist()
    shown = LISTED.set_index("customer_id").clv.round()[browser.evaluate(SHOWN)].tolist()
    assert shown == amounts
    assert browser.evaluate("document.getElementById('q').value") == "standing order"
    assert f"of {len(found)} " in browser.evaluate("document.getElementById('found').textContent")


def test_tier_and_risk_filters_combine(browser, address):
    """Only customers that are both."""
    browser.open(f"{address}#tier=at_risk&risk=high")
    both = ACTIVE[(ACTIVE.tier == "at_risk") & (ACTIVE.churn_risk == "high")]
    assert sorted(browser.evaluate(SHOWN)) == sorted(both.sort_values("value_at_risk").customer_id.tail(50))


def test_lapsed_customers_are_a_list_of_their_own(browser, address):
    """Win-back shows lapsed customers, by value, as they have no value at risk."""
    browser.open(f"{address}#group=lapsed")
    lapsed = LISTED[LISTED.status == "lapsed"].sort_values("clv", ascending=False)
    assert browser.evaluate(SHOWN)[:10] == lapsed.customer_id.head(10).tolist()
    assert browser.evaluate("document.querySelectorAll('#customers .tag').length") == min(50, len(lapsed))


def test_every_column_sorts_both_ways_from_the_keyboard(browser, address):
    """Enter on a column head sorts, Enter again turns the order round; the head says so."""
    browser.open(address)
    for key in (
        "customer",
        "at_risk",
        "probability",
        "value",
        "tier",
        "stage",
        "last",
        "revenue",
        "reason",
        "action",
    ):
        head = f"document.querySelector('#customers th[data-key={key}]')"
        browser.evaluate(f"{head}.firstElementChild.focus()")
        directions = []
        for _ in range(2):
            browser.press("Enter")
            directions.append(browser.evaluate(f"{head}.getAttribute('aria-sort')"))
        assert sorted(directions) == ["ascending", "descending"], key
    assert browser.evaluate("document.querySelectorAll('th[aria-sort]').length") == 1


def test_probability_sorts_as_numbers(browser, address):
    """Highest chance first, then lowest first."""
    browser.open(f"{address}#sort=probability")
    chance = ACTIVE.set_index("customer_id").churn_probability.round(3)
    assert chance[browser.evaluate(SHOWN)].is_monotonic_decreasing
    browser.open(f"{address}#sort=probability&dir=asc")
    assert chance[browser.evaluate(SHOWN)].is_monotonic_increasing


def test_typing_searches_ids_of_any_kind(browser, address):
    """A Chinese name and a script tag are found as typed."""
    for customer in (c for c in fake_report_data.HOSTILE_IDS if c in set(LISTED.customer_id)):
        browser.open(f"{address}#group=all")
        browser.evaluate("document.getElementById('q').focus()")
        browser.type(customer)
        assert customer in browser.evaluate(SHOWN)
        assert len(browser.evaluate(SHOWN)) < 5
    assert browser.evaluate("document.querySelectorAll('#customers script, #customers img').length") == 0
    assert browser.complaints == []


def test_pages_follow_each_other(browser, address):
    """Next shows ranks 51 to 100, and the link to it shows the same."""
    ranked = ACTIVE.sort_values("value_at_risk", ascending=False).customer_id.tolist()
    browser.open(address)
    browser.evaluate("document.getElementById('next').click()")
    assert browser.evaluate(SHOWN) == ranked[50:100]
    browser.open(browser.evaluate("location.href"))
    assert browser.evaluate(SHOWN) == ranked[50:100]


def test_details_open_from_the_keyboard(browser, address):
    """Enter on a customer shows three reasons and the values behind the rank."""
    browser.open(address)
    browser.evaluate("document.querySelector('.open').focus()")
    browser.press("Enter")
    first = ACTIVE.sort_values("value_at_risk", ascending=False).iloc[0]
    reasons = browser.evaluate("[...document.querySelectorAll('.more li')].map(r => r.textContent)")
    assert reasons == [first.reason_1, first.reason_2, first.reason_3]
    assert f"£{first.clv_if_kept:,.0f}" in browser.evaluate("document.querySelector('.more').textContent")
    browser.press("Enter")
    assert browser.evaluate("document.querySelectorAll('.more').length") == 0


def test_nothing_found_is_said(browser, address):
    """An empty list has a sentence, and Reset brings the customers back."""
    browser.open(f"{address}#q={quote('no such customer')}")
    assert browser.evaluate("document.getElementById('found').textContent").startswith("No customer matches")
    browser.evaluate("document.getElementById('reset').click()")
    assert len(browser.evaluate(SHOWN)) == 50


def test_nonsense_in_the_link_is_ignored(browser, address):
    """Unknown columns, groups and pages fall back to the first view."""
    browser.open(f"{address}#sort=constructor&group=x&tier=%3Cb%3E&page=-4&dir=up")
    assert len(browser.evaluate(SHOWN)) == 50
    assert browser.complaints == []


@pytest.mark.parametrize("width", [390, 768, 1024, 1400])
def test_nothing_is_wider_than_the_window(browser, address, width):
    """No sideways scrolling of the page on a phone, a tablet or a desktop."""
    browser.open(address, width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


DESK = fake_desk.fake_desk(SCORES)
OWNER = DESK.accounts.set_index("customer_id").owner


@pytest.fixture(scope="module")
def desk_address(tmp_path_factory, report_of):
    """The English report with a desk, as a file."""
    path = tmp_path_factory.mktemp("desk") / "report.html"
    path.write_text(report_of(desk=DESK), encoding="utf-8")
    return path.as_uri()


def test_a_page_with_a_desk_makes_no_error_and_no_request(browser, desk_address):
    """As without one."""
    browser.open(desk_address)
    assert browser.evaluate("document.getElementById('list').dataset.ready") == "yes"
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [desk_address]


@pytest.mark.parametrize("owner", [*fake_desk.OWNERS, None])
def test_the_filter_of_owners_shows_their_accounts(browser, desk_address, owner):
    """Commas, quotes, Chinese and markup in a name included; and accounts without an owner."""
    browser.open(f"{desk_address}#owner={quote(owner or '~none')}")
    wanted = ACTIVE[
        ACTIVE.customer_id.map(OWNER).isna() if owner is None else ACTIVE.customer_id.map(OWNER) == owner
    ]
    top = wanted.sort_values("value_at_risk", ascending=False).customer_id.head(50).tolist()
    assert browser.evaluate(SHOWN) == top
    assert browser.evaluate("document.getElementById('owner').value") == (owner or "~none")


def test_owner_and_tier_combine(browser, desk_address):
    """Only accounts that are both."""
    owner = fake_desk.OWNERS[0]
    browser.open(f"{desk_address}#tier=high_value&owner={quote(owner)}")
    both = ACTIVE[(ACTIVE.tier == "high_value") & (ACTIVE.customer_id.map(OWNER) == owner)]
    assert sorted(browser.evaluate(SHOWN)) == sorted(both.customer_id)[:50]


def test_the_worklist_is_shown_in_its_own_order(browser, desk_address):
    """Rank 1 first, every row tagged."""
    browser.open(f"{desk_address}#group=list")
    assert browser.evaluate(SHOWN) == DESK.worklist.sort_values("rank").customer_id.tolist()[:50]
    tags = browser.evaluate("[...document.querySelectorAll('.tag.listed')].map(t => t.textContent)")
    assert tags[:2] == ["List 1", "List 2"]


def test_names_are_searched(browser, desk_address):
    """An account is found by its name."""
    named = DESK.accounts.dropna(subset=["name"])
    chosen = named[named.customer_id.isin(ACTIVE.customer_id)].iloc[3]
    browser.open(f"{desk_address}#group=all&q={quote(chosen['name'])}")
    assert chosen.customer_id in browser.evaluate(SHOWN)


def test_details_draw_the_account_s_own_pictures(browser, desk_address):
    """Orders, rolling revenue, past risk: three labelled drawings, one stick per order."""
    first = DESK.worklist.customer_id.iloc[0]
    browser.open(f"{desk_address}#group=list&open={quote(first)}")
    labels = browser.evaluate(
        "[...document.querySelectorAll('.timeline svg')].map(s => s.getAttribute('aria-label'))"
    )
    assert len(labels) == 3
    sticks = browser.evaluate("document.querySelectorAll('.timeline .stick').length")
    assert sticks == len(DESK.histories[first].purchase_days)
    assert "call on" in browser.evaluate("document.querySelector('.more').textContent")
    assert browser.complaints == []


FOUND = "document.getElementById('found').textContent"


@pytest.fixture(scope="module")
def uneven_address(tmp_path_factory, report_of):
    """A report in whole pounds where every amount lies 0.4 above one."""
    uneven = SCORES.assign(**{name: SCORES[name].round() + 0.4 for name in ("value_at_risk", "clv")})
    path = tmp_path_factory.mktemp("uneven") / "report.html"
    path.write_text(report_of(scores=uneven, desk=DESK), encoding="utf-8")
    return path.as_uri()


def test_the_sum_above_the_table_is_that_of_the_figures(browser, uneven_address):
    """Both are rounded once, after adding up."""
    browser.open(uneven_address)
    names = browser.evaluate("[...document.querySelectorAll('.figure')].map(f => f.textContent)")
    figure = next(n for n in names if "Value at risk" in n).split("Value at risk")[1].split()[0]
    assert f"value at risk {re.match('£[0-9.,]+[km]?', figure)[0]}," in browser.evaluate(FOUND)


def test_filtered_sums_add_up_hundredths(browser, uneven_address):
    """Twenty times 0.4 is 8 pounds more than the sum of what the rows show."""
    browser.open(f"{uneven_address}#tier=potential")
    chosen = ACTIVE[ACTIVE.tier == "potential"]
    assert len(chosen) > 5
    for name, words in (("value_at_risk", "value at risk"), ("clv", "months")):
        total = math.fsum(chosen[name].round() + 0.4)
        assert abs(total - chosen[name].round().sum()) > 1
        assert f"{words} {ENGLISH.short_money(total)}" in browser.evaluate(FOUND)


def test_an_empty_worklist_breaks_nothing(browser, tmp_path, report_of):
    """No option for it, and a link to it shows the active customers."""
    path = tmp_path / "empty.html"
    desk = fake_desk.fake_desk(SCORES, worklist=DESK.worklist.head(0))
    path.write_text(report_of(desk=desk), encoding="utf-8")
    browser.open(f"{path.as_uri()}#group=list")
    assert len(browser.evaluate(SHOWN)) == 50
    options = browser.evaluate("[...document.querySelectorAll('#group option')].map(o => o.value)")
    assert options == ["active", "lapsed", "all"]
    assert browser.complaints == []


def test_details_say_why_an_account_is_on_no_list(browser, tmp_path, report_of):
    """In the opened row, under a heading of its own."""
    first = ACTIVE.sort_values("value_at_risk", ascending=False).customer_id.iloc[0]
    judged = pd.DataFrame({"customer_id": [first], "left_off": ["cooldown"]})
    path = tmp_path / "why.html"
    path.write_text(report_of(desk=fake_desk.fake_desk(SCORES, judged=judged)), encoding="utf-8")
    browser.open(f"{path.as_uri()}#open={quote(first)}")
    told = browser.evaluate("document.querySelector('.more').textContent")
    assert "Why it is on no listCalled a short while ago." in told


def test_dates_of_the_chinese_list_are_chinese(browser, tmp_path, chinese):
    """As in the rest of the page."""
    path = tmp_path / "zh.html"
    path.write_text(chinese, encoding="utf-8")
    browser.open(path.as_uri())
    days = browser.evaluate("[...document.querySelectorAll('td.c-last')].map(t => t.firstChild.textContent)")
    assert len(days) == 50
    assert all(re.fullmatch(r"\d{4}年\d{1,2}月\d{1,2}日", day) for day in days)


@pytest.mark.parametrize("kind", ["win_back", "groups"])
def test_sentences_in_lists_have_room_on_a_phone(browser, desk_address, kind):
    """Rows are cards: no text stands in a column narrower than half the window."""
    browser.open(desk_address, width=390)
    widths = browser.evaluate(
        f"[...document.querySelectorAll('.desk-{kind} td.text')].map(t => t.getBoundingClientRect().width)"
    )
    assert widths
    assert min(widths) > 195
    heads = browser.evaluate(f"[...document.querySelectorAll('.desk-{kind} td')].map(t => t.dataset.name)")
    assert all(heads)


@pytest.mark.parametrize("width", [390, 768, 1024, 1400])
def test_no_section_of_the_desk_is_wider_than_the_window(browser, desk_address, width):
    """Wide tables scroll inside their own box."""
    browser.open(desk_address, width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_fifty_thousand_customers_open_soon(browser, report_of, tmp_path):
    """Under 3 seconds until the table is there, and the table pages."""
    scores = fake_report_data.fake_scores(50_000)
    path = tmp_path / "large.html"
    path.write_text(report_of(scores=scores, desk=fake_desk.fake_desk(scores)), encoding="utf-8")
    browser.open(path.as_uri())
    assert browser.evaluate("document.getElementById('list').dataset.ready") == "yes"
    milliseconds = browser.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert milliseconds < 3000
    assert len(browser.evaluate(SHOWN)) == 50
    browser.evaluate("document.getElementById('next').click()")
    assert len(browser.evaluate(SHOWN)) == 50
    assert browser.complaints == []
