"""Second orders, surveys and tickets, each against an example worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import ENGINES, Line, number, tables_of

from patron.actions import (
    referral_candidates,
    response_times,
    second_order_due,
    second_order_rates,
    second_order_timing,
    survey_due,
    ticket_topics,
)
from patron.errors import NotEnoughData, PatronError
from patron.metrics import ended_share, wilson_interval
from patron.retention import retention_metrics
from patron.snapshots import CustomerMerge, CustomerTables

NAN = np.nan


def line(customer: str, day: int, amount: int = 1000) -> Line:
    return Line(customer, day, amount, False, f"{customer}{day}")


#: First orders on day 0, 10, ... ; as of day 100.
ORDERS = [
    line("a", 0), line("a", 10), line("a", 90),  # second order after 10 days
    line("b", 0), line("b", 20),  # after 20
    line("c", 0), line("c", 40),  # after 40
    line("d", 10, 7000),  # none in 90 days
    line("e", 70, 9000),  # none in 30
    line("f", 85),  # none in 15
    Line("g", 30, 500, False, "g"), Line("g", 30, -500, True, "Cg"),  # cancelled: never a customer
]  # fmt: skip


def test_waiting_times_with_some_still_waiting_are_those_of_a_textbook() -> None:
    """6-MP remission times of Freireich et al. (1963), the standard example."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    still = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    days = np.array(ended + still, dtype=float)
    curve = ended_share(days, np.arange(21) < len(ended))
    left = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    np.testing.assert_allclose(1 - curve.share, left, atol=6e-4)
    assert curve.day_of_share(0.5) == 23
    assert np.isnan(curve.day_of_share(0.6))
    np.testing.assert_allclose(curve.at(np.array([5.0, 6.0, 15.0])), [0, 1 - 0.857, 1 - 0.690], atol=6e-4)


def test_nobody_waiting_is_the_plain_distribution() -> None:
    """Without anything open the share is a count."""
    curve = ended_share(np.array([3.0, 1.0, 1.0, 8.0]), np.ones(4, dtype=bool))
    assert curve.share.tolist() == pytest.approx([0.5, 0.75, 1.0])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_usual_day_of_a_second_order(engine: str) -> None:
    """1/6 at 10 days; f leaves at 15; 4 wait at 20: 1 - 5/6 x 3/4 = 3/8; e leaves at 30; 2 at 40: 11/16.
    Half of 11/16 is reached at 20 days. The plain share would be 3 of 6."""
    timing = second_order_timing(tables_of(ORDERS, engine=engine), 100)
    assert timing.ordered_again.days.tolist() == [10, 20, 40]
    assert timing.ordered_again.share.tolist() == pytest.approx([1 / 6, 3 / 8, 11 / 16])
    assert timing.share_ever == pytest.approx(11 / 16)
    assert timing.usual_days == 20


@pytest.mark.parametrize("engine", ENGINES)
def test_accounts_past_the_usual_day_are_listed_by_revenue(engine: str) -> None:
    """e waits 30 days, d 90; f has 5 left. That e still orders: (11/16 - 3/8) / (1 - 3/8) = 1/2; d: 0."""
    due = second_order_due(tables_of(ORDERS, engine=engine), 100)
    assert due["customer_id"].tolist() == ["e", "d"]
    assert due["first_order_on"].tolist() == [date(1970, 3, 12), date(1970, 1, 11)]
    assert due["usual_second_order_on"].tolist() == [date(1970, 4, 1), date(1970, 1, 31)]
    assert due[["days_since_first_order", "days_late"]].to_numpy().tolist() == [[30, 10], [90, 70]]
    assert due["second_order_probability"].tolist() == pytest.approx([0.5, 0.0])
    assert due["revenue"].tolist() == [90.0, 70.0]


def test_a_second_order_on_the_day_itself_is_not_known_yet() -> None:
    """Strictly before: as of day 40, c has not come back."""
    assert second_order_due(tables_of(ORDERS), 40)["customer_id"].tolist() == ["d", "c"]
    assert second_order_due(tables_of(ORDERS), 41)["customer_id"].tolist() == ["d"]


def test_old_first_orders_are_forgotten() -> None:
    """d's is 90 days old."""
    due = second_order_due(tables_of(ORDERS), 100, forget_after_days=89)
    assert due["customer_id"].tolist() == ["e"]


def test_where_nobody_came_back_there_is_no_usual_day() -> None:
    """And nobody is late."""
    tables = tables_of([line("a", 0), line("b", 3)])
    assert np.isnan(second_order_timing(tables, 100).usual_days)
    assert len(second_order_due(tables, 100)) == 0
    assert len(second_order_due(tables, 0)) == 0


def test_second_order_rates_by_cohort() -> None:
    """Of January's four three came back, two within 30 days; March's were not all watched that long."""
    rates = second_order_rates(tables_of(ORDERS), 100, every="month", within_days=30).set_index("cohort")
    assert rates.index.tolist() == [date(1970, 1, 1), date(1970, 3, 1)]
    assert rates[["customers", "ordered_again", "ordered_within"]].to_numpy().tolist() == [
        [4, 3, 2],
        [2, 0, 0],
    ]
    first = rates.loc[date(1970, 1, 1)]
    assert first["second_order_rate"] == 0.5
    # Wilson for 2 of 4, by the formula on paper: centre 0.5, half width 0.34996
    np.testing.assert_allclose(
        [first["second_order_rate_low"], first["second_order_rate_high"]], [0.15004, 0.84996], atol=1e-5
    )
    assert rates.loc[date(1970, 3, 1)].isna().sum() == 3


@pytest.mark.parametrize(("as_of", "is_over"), [(89 + 30, False), (90 + 30, True)])
def test_a_cohort_is_over_when_its_last_customer_was_watched_long_enough(as_of: int, is_over: bool) -> None:
    """Day 89 is March 31; 30 days later ends with day 119, which must lie before as_of."""
    rates = second_order_rates(tables_of(ORDERS), as_of, every="month", within_days=30)
    assert rates["second_order_rate"].notna().tolist() == [True, is_over]


def test_an_unknown_period_is_refused() -> None:
    """With what is known."""
    with pytest.raises(PatronError, match="every is 'week'; it must be one of month, quarter, year"):
        second_order_rates(tables_of(ORDERS), 100, every="week")


def test_wilson_at_the_edges() -> None:
    """0 of 10: 0 to 0.2775 (Newcombe 1998, table I: 0.2775 for 0 of 10), all of 10 the mirror."""
    low, high = wilson_interval(np.array([0.0, 10.0]), np.array([10.0, 10.0]))
    np.testing.assert_allclose([low[0], high[0], low[1], high[1]], [0, 0.2775, 0.7225, 1], atol=1e-4)


DAY = number("2024-07-01")
EVENT = ["customer_id", "kind", "value", "happened_day", "known_day", "closed_day", "respondent", "topic"]


def events(*records: tuple[Any, ...]) -> pd.DataFrame:
    """Customer, kind, value, days ago, days since closing (NaN: open), respondent or None, topic."""
    rows = [
        (who, kind, value, DAY - ago, DAY - ago, DAY - closed, respondent or who, topic)
        for who, kind, value, ago, closed, respondent, topic in records
    ]
    return pd.DataFrame(rows, columns=EVENT)


def with_events(*records: tuple[Any, ...], merges: tuple[CustomerMerge, ...] = ()) -> CustomerTables:
    rows = [line(c, DAY - 30) for c in "abcdefgh"]
    return tables_of(rows, events=events(*records), merges=merges)


def nps(who: str, value: float, ago: int, respondent: str | None = None) -> tuple[Any, ...]:
    return (who, "nps", value, ago, NAN, respondent, None)


def complaint(who: str, ago: int, closed: float) -> tuple[Any, ...]:
    return (who, "complaint", NAN, ago, closed, None, "late")


SCORES = pd.DataFrame(
    {
        "customer_id": list("abcdefgh"),
        "status": ["scored"] * 6 + ["lapsed", "new"],
        "churn_risk": ["low", "low", "low", "high", "low", "low", None, "low"],
        "tier": [
            "standard",
            "high_value",
            "potential",
            "standard",
            "at_risk",
            "standard",
            "at_risk",
            "standard",
        ],
        "clv": [10.0, 50.0, 30.0, 90.0, 80.0, 70.0, 60.0, 20.0],
    }
)


def referred(*records: tuple[Any, ...], **how: Any) -> list[str]:
    return referral_candidates(with_events(*records), DAY, SCORES, **how)["customer_id"].tolist()


def test_promoters_are_asked_by_value_if_they_are_healthy() -> None:
    """9 and 10, not 8; not d (risk high), e (at risk) or g (lapsed)."""
    answers = [nps(who, 9, 10) for who in "acdefg"] + [nps("b", 10, 100), nps("h", 8, 5)]
    assert referred(*answers) == ["f", "b", "c", "a"]


def test_the_latest_answer_of_a_respondent_counts() -> None:
    """a was a promoter and is none any more; b the other way round; c's is older than a year."""
    answers = [nps("a", 10, 90), nps("a", 7, 10), nps("b", 2, 90), nps("b", 9, 10), nps("c", 9, 366)]
    assert referred(*answers) == ["b"]
    assert referred(nps("c", 9, 365)) == ["c"]


def test_a_detractor_beside_a_promoter_keeps_an_account_off() -> None:
    """Another respondent's 6 does, a 7 does not; promoters are named."""
    answers = [nps("a", 10, 9, "Ann"), nps("a", 6, 9, "Bob"), nps("b", 10, 9, "Zoe"), nps("b", 7, 9, "Al")]
    found = referral_candidates(with_events(*answers, nps("b", 9, 4, "Cem")), DAY, SCORES)
    assert found["customer_id"].tolist() == ["b"]
    assert found.loc[0, "respondents"] == "Cem, Zoe"
    assert found.loc[0, ["nps", "answered_on"]].tolist() == [10.0, date(2024, 6, 27)]


def test_an_open_complaint_keeps_an_account_off_until_it_is_closed() -> None:
    """One that closes on the day itself is still open."""
    answers = [nps(who, 9, 10) for who in "abc"]
    closings = [complaint("a", 20, 1), complaint("b", 20, 0), complaint("c", 400, NAN)]
    assert referred(*answers, *closings) == ["a"]


def test_without_closings_a_complaint_counts_as_open_for_180_days() -> None:
    """The log then cannot tell."""
    answers = [nps(who, 9, 10) for who in "ab"]
    assert referred(*answers, complaint("a", 180, NAN), complaint("b", 181, NAN)) == ["b"]


def test_another_scale_has_its_promoters_at_the_same_place() -> None:
    """0 to 5: above 85 %, that is 4.25."""
    assert referred(nps("a", 4.2, 3), nps("b", 4.3, 3), nps("c", 5, 3), nps_scale=(0, 5)) == ["b", "c"]
    with pytest.raises(PatronError, match="nps_scale is 10 to 0"):
        referred(nps("a", 4.2, 3), nps_scale=(10, 0))


@pytest.mark.parametrize(
    ("scale", "promoters", "detractors"),
    [((0, 10), {9, 10}, set(range(7))), ((1, 10), {9, 10}, set(range(1, 7))), ((1, 5), {5}, {1, 2, 3}),
     ((0, 100), set(range(86, 101)), set(range(65)))],
)  # fmt: skip
def test_referrals_and_the_score_mean_the_same_promoters(
    scale: tuple[int, int], promoters: set[int], detractors: set[int]
) -> None:
    """Every answer on the scale, and one beyond either end, which is none."""
    for answer in range(scale[0] - 1, scale[1] + 2):
        tables = with_events(nps("a", answer, 3))
        score = retention_metrics(
            tables, DAY, periods=[(DAY - 40, DAY)], active_days=180, nps_scale=scale
        ).iloc[0]
        asked = len(referral_candidates(tables, DAY, SCORES, nps_scale=scale))
        counted = (asked, score["nps_promoters"], score["nps_detractors"])
        assert counted == (answer in promoters, answer in promoters, answer in detractors), answer
        assert score["nps_impossible"] == (not scale[0] <= answer <= scale[1])


def test_an_impossible_answer_replaces_none() -> None:
    """11 of 10 after a 9: a still is a promoter; an 11 alone makes none."""
    assert referred(nps("a", 9, 90), nps("a", 11, 10), nps("b", 11, 10)) == ["a"]


def test_of_two_answers_of_a_day_the_lower_one_counts() -> None:
    """A 9 and a 7 of one day: passive, in whatever order they stand, or become known."""
    assert referred(nps("a", 9, 10), nps("a", 7, 10)) == []
    late = with_events(nps("a", 9, 10), nps("a", 7, 10))
    assert late.events is not None
    late.events.loc[0, "known_day"] += 2
    assert referral_candidates(late, DAY, SCORES).empty


def test_an_answer_counts_from_the_day_it_was_given() -> None:
    """Given 366 days ago and known since a week: too old, as for the score."""
    tables = with_events(nps("a", 9, 366), nps("b", 9, 364))
    assert tables.events is not None
    tables.events["known_day"] = DAY - 7
    assert referral_candidates(tables, DAY, SCORES)["customer_id"].tolist() == ["b"]
    assert "a" in survey_due(tables, DAY, SCORES)["customer_id"].tolist()


def test_accounts_without_a_survey_for_a_year() -> None:
    """Active ones by value: a and b answered in time, g has lapsed; an answer of today is unknown."""
    answers = [nps("a", 3, 365), ("b", "csat", 4.0, 2, NAN, None, None), nps("c", 3, 366), nps("d", 3, 0)]
    due = survey_due(with_events(*answers), DAY, SCORES)
    assert due["customer_id"].tolist() == ["d", "e", "f", "c", "h"]
    assert due["last_surveyed_on"].tolist()[2:4] == [None, date(2023, 7, 1)]
    assert due["days_since_survey"].tolist()[3] == 366


def test_answers_move_with_a_re_keyed_customer() -> None:
    """The old id's answer is the new one's."""
    merges = (CustomerMerge("old", "e", DAY - 5),)
    due = survey_due(with_events(nps("old", 9, 50), merges=merges), DAY, SCORES)
    assert "e" not in due["customer_id"].tolist()


def ticket(who: str, ago: int, closed: float = NAN, topic: str | None = "late") -> tuple[Any, ...]:
    return (who, "ticket", NAN, ago, closed, None, topic)


TICKETS = [
    ticket("a", 365, 360), ticket("a", 10, 8), ticket("b", 10, 6, " late "), ticket("c", 20, NAN, "price"),
    ticket("d", 5, 4, None), ticket("a", 366, 300, "price"), ticket("a", 700, NAN, "stock"),
    ticket("b", 0, NAN, "late"), complaint("e", 30, 20), nps("a", 5, 10),
]  # fmt: skip


def test_topics_are_counted_with_those_of_the_year_before() -> None:
    """late: 4 of 6 tickets of 3 customers; price 1, and 1 of 2 before; the one of today is unknown."""
    topics = ticket_topics(with_events(*TICKETS, ticket("h", 730, 1, "late")), DAY).set_index("topic")
    assert topics.index.tolist() == ["late", "price", "stock"]
    assert topics[["tickets", "customers"]].to_numpy().tolist() == [[4, 3], [1, 1], [0, 0]]
    assert topics["share"].tolist() == pytest.approx([4 / 6, 1 / 6, 0])
    assert topics["tickets_year_before"].tolist() == [1, 1, 1]
    assert topics["share_year_before"].tolist() == pytest.approx([1 / 3] * 3)


def test_a_log_that_is_too_short_knows_no_year_before() -> None:
    """Fewer tickets two years ago would look like growth."""
    topics = ticket_topics(with_events(*TICKETS), DAY)
    assert topics[["tickets_year_before", "share_year_before"]].isna().all(axis=None)


def test_response_times_by_tier() -> None:
    """standard (a, d, f, h): 5, 2, 1 days: the half is reached at 2; one open for 700 is older.
    high_value (b): 4. potential (c): one open for 20. at_risk (e): 10. Everybody: the third of six."""
    times = response_times(with_events(*TICKETS), DAY, SCORES)
    assert times["tier"].tolist() == ["high_value", "potential", "standard", "at_risk", None]
    assert times["tickets"].tolist() == [1, 1, 3, 1, 6]
    assert times["closed_tickets"].tolist() == [1, 0, 3, 1, 5]
    assert times["open_tickets"].tolist() == [0, 1, 1, 0, 2]
    np.testing.assert_array_equal(times["median_days_to_close"], [4, NAN, 2, 10, 4])
    np.testing.assert_array_equal(times["oldest_open_days"], [NAN, 20, 700, NAN, 700])


def test_old_tickets_that_were_never_closed_do_not_lengthen_the_median() -> None:
    """Three of the year took 2 days each; ten of three years ago are still open."""
    recent = [ticket("a", 10 + k, 8 + k) for k in range(3)]
    old = [ticket("a", 1000 + k) for k in range(10)]
    times = response_times(with_events(*recent, *old), DAY, SCORES).iloc[-1]
    assert times["median_days_to_close"] == 2
    counts = ["tickets", "closed_tickets", "open_tickets", "oldest_open_days"]
    assert times[counts].tolist() == [3, 3, 10, 1009]


def test_without_closings_nothing_is_said_about_them() -> None:
    """Everything would look open for ever."""
    times = response_times(with_events(ticket("a", 10), ticket("b", 400)), DAY, SCORES)
    assert times["tickets"].tolist() == [0, 0, 1, 0, 1]
    assert times.drop(columns=["tier", "tickets"]).isna().all(axis=None)


@pytest.mark.parametrize("make", [referral_candidates, survey_due, response_times])
def test_without_events_the_way_to_them_is_said(make: Any) -> None:
    """What to map."""
    with pytest.raises(NotEnoughData) as caught:
        make(tables_of(ORDERS), 100, SCORES)
    assert "ledger.events" in str(caught.value.next_step)


def test_an_event_log_without_any_ticket_gives_empty_lists() -> None:
    """Nothing to say is not an error."""
    tables = with_events(nps("a", 9, 3))
    assert len(ticket_topics(tables, DAY)) == 0
    assert response_times(tables, DAY, SCORES)["tickets"].tolist() == [0] * 5


@pytest.mark.parametrize("shuffled", [1, 2])
def test_the_order_of_the_rows_does_not_matter(shuffled: int) -> None:
    """Same lists, whatever the order of events and scores."""
    records = [*TICKETS, *(nps(who, 9, 10) for who in "abcf"), nps("a", 10, 10)]
    turned = [records[i] for i in np.random.default_rng(shuffled).permutation(len(records))]
    scores = SCORES.sample(frac=1, random_state=shuffled)
    for make in (referral_candidates, survey_due, response_times):
        one, other = make(with_events(*records), DAY, SCORES), make(with_events(*turned), DAY, scores)
        pd.testing.assert_frame_equal(one, other)
