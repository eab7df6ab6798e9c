"""Which value forecast ships: rules by hand, windows that never touch the reported period, and no leak."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trade_simulation import simulate_orders

from patron.clv import SINGLE_ENTRANTS
from patron.evaluation import JudgedValue, ValueTerms, collect_case, forecast_case, judge_value
from patron.evaluation.value import default_recipe
from patron.evaluation.value_case import ValueCase
from patron.evaluation.value_choice import ValueWindow, choose_value, learned_weights
from patron.evaluation.value_frames import ValueFrame
from patron.ledger import load_ledger, materialise
from patron.snapshots import CustomerTables, customer_tables, day_of, to_day

AS_OF, FIRST = to_day("2022-06-02"), to_day("2021-01-02")
DAYS = 172  # a third of what lies between
TERMS = ValueTerms(
    purchases="mbgnbd",
    backend="native",
    by=None,
    horizon_months=12,
    margin=0.4,
    has_cost=False,
    minor_digits=2,
)
RECIPE = default_recipe(TERMS)
ALL = ("btyd", "last_year", "challenger")


def tables_of(orders: pd.DataFrame) -> CustomerTables:
    lines = load_ledger(orders, as_of="2035-01-01", duplicates="keep").lines
    return customer_tables(lines, keep=materialise)


@pytest.fixture(scope="module")
def judged(trade_tables: CustomerTables) -> JudgedValue:
    """Auto on the simulated trade."""
    found = judge_value(trade_tables, AS_OF, FIRST, TERMS)
    assert found is not None
    return found


def window(day: int, value: Any, **predicted: Any) -> ValueWindow:
    forecasts = {name: np.asarray(values, dtype=float) for name, values in predicted.items()}
    return ValueWindow(day, 100, forecasts, np.asarray(value, dtype=float))


TRUTH = np.array([0.0, 10.0, 20.0, 30.0, 40.0])


def test_the_smallest_errors_ship() -> None:
    """Everybody in the right order and near the total: MAE 2, 4 and 1."""
    one = window(0, TRUTH, btyd=TRUTH + 2, last_year=TRUTH + 4, challenger=TRUTH + 1)
    found = choose_value([one], "auto", ALL)
    assert found.kind == "challenger"
    assert found.shares() == {"challenger": 1.0}
    assert "the smallest errors" in found.why
    assert found.windows[0]["entrants"]["challenger"]["mae"] == pytest.approx(1.0)


def test_predicting_too_little_is_not_rewarded() -> None:
    """The median of a base where most bring nothing has the smallest MAE and misses the whole total."""
    value = np.array([0.0] * 7 + [10.0, 20.0, 30.0])
    median = np.linspace(0, 0.1, 10)
    one = window(
        0, value, btyd=median, challenger=value[::1] + np.tile([6.0, -6.0], 5), last_year=value + 2.9
    )
    found = choose_value([one], "auto", ALL)
    errors = {name: figures["mae"] for name, figures in found.windows[0]["entrants"].items()}
    assert found.kind not in ("btyd",)
    assert "btyd is -99% off in total" in found.why
    assert errors["btyd"] == pytest.approx(6.0, abs=0.1)


def test_a_worse_order_is_not_made_good_by_smaller_errors() -> None:
    """The same number for everybody has a Gini of 0."""
    one = window(0, TRUTH, btyd=np.full(5, 20.0), last_year=TRUTH + 60, challenger=TRUTH + 5)
    found = choose_value([one], "auto", ALL)
    assert found.kind == "challenger"
    assert "btyd orders customers worse (Gini 0.000 against 1.000)" in found.why
    assert "last_year is +300% off in total" in found.why


def test_a_blend_must_be_clearly_better() -> None:
    """Errors that cancel: the mean of two is exact; of two with the same error it is no better."""
    wave = np.array([3.0, -3.0, 3.0, -3.0, 0.0])
    cancels = window(0, TRUTH, btyd=TRUTH + wave, challenger=TRUTH - wave, last_year=TRUTH + 90)
    found = choose_value([cancels], "auto", ALL)
    assert found.kind == "blend"
    assert found.windows[0]["entrants"]["blend"]["mae"] == pytest.approx(0.0)
    assert found.shares() == {"btyd": pytest.approx(0.5), "challenger": pytest.approx(0.5)}
    same = window(0, TRUTH, btyd=TRUTH + wave, challenger=TRUTH + wave, last_year=TRUTH + 90)
    assert choose_value([same], "auto", ALL).kind == "btyd"


def test_where_nothing_holds_up_the_blend_ships() -> None:
    """All totals are off by two thirds."""
    one = window(0, TRUTH, btyd=TRUTH / 3, last_year=TRUTH / 3, challenger=TRUTH / 3)
    found = choose_value([one], "auto", ALL)
    assert found.kind == "blend"
    assert "no single forecast holds up" in found.why


def test_without_a_window_the_purchase_model_ships() -> None:
    found = choose_value([], "auto", ALL)
    assert found.kind == "btyd"
    assert "too short" in found.why
    assert sum(found.weights.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("wanted", [*SINGLE_ENTRANTS, "blend"])
def test_what_the_config_asks_for_ships(wanted: str) -> None:
    one = window(0, TRUTH, btyd=TRUTH, last_year=TRUTH + 90, challenger=TRUTH + 50)
    assert choose_value([one], wanted, ALL).kind == wanted


def test_a_challenger_that_cannot_be_fitted_is_said() -> None:
    found = choose_value([], "challenger", ("btyd", "last_year"))
    assert (found.kind, found.weights) == ("btyd", {"btyd": 0.5, "last_year": 0.5})
    assert "too little to learn from" in found.why


def test_weights_trust_more_windows_more() -> None:
    """Hopeless ones stay out; half the way to it with one window, two thirds with two disjoint ones."""
    # 0.9 b + 1.15 (1 - b) = 1 has b = 0.6, a step of the grid
    told = {"btyd": TRUTH * 0.9, "challenger": TRUTH * 1.15, "last_year": TRUTH + 90}
    one, overlapping, later = (window(day, TRUTH, **told) for day in (0, 50, 100))
    one_window = learned_weights([one], ALL)
    assert one_window == {"btyd": pytest.approx(0.55), "challenger": pytest.approx(0.45), "last_year": 0.0}
    assert learned_weights([one, overlapping], ALL) == one_window
    assert learned_weights([one, later], ALL)["btyd"] == pytest.approx(0.5 / 3 + 0.6 * 2 / 3)


def test_every_entrant_is_reported(judged: JudgedValue) -> None:
    assert set(judged.entrants) == {"btyd", "challenger", "last_year", "blend", "mean"}
    assert judged.holdout["entrant"] == judged.choice.kind
    shipped = judged.entrants[judged.choice.kind]
    assert shipped["interval_coverage"] is not None
    expected = pd.DataFrame(judged.holdout["deciles"])["expected_value"].sum()
    assert judged.holdout["total"]["expected"] == pytest.approx(expected)


def test_windows_end_before_the_reported_period(judged: JudgedValue) -> None:
    """And so do the outcomes that their forecasts were fitted on."""
    case = judged.case
    assert case.windows
    assert case.reported.day == AS_OF - DAYS
    for start in case.windows:
        assert start + case.choice_days <= case.reported.day
    ends = [to_day(found["until"]) for found in judged.choice.windows]
    assert ends
    assert max(ends) <= case.reported.day
    assert all(day + case.value_days <= case.reported.day for day in case.snapshots)


def later_orders_changed(orders: pd.DataFrame, day: str) -> pd.DataFrame:
    """The same past; from a day on other amounts, fewer orders, new customers."""
    cut = pd.Timestamp(day)
    past, future = orders[orders["ordered_at"] < cut], orders[orders["ordered_at"] >= cut]
    other = future.iloc[::2].assign(amount=lambda f: f["amount"] * 3 + 1)
    new = future.iloc[::7].assign(customer_id=lambda f: "N" + f["customer_id"].astype(str))
    return pd.concat([past, other, new], ignore_index=True)


def fitted(case: ValueCase, terms: ValueTerms = TERMS) -> Any:
    found = forecast_case(case, terms, RECIPE)
    assert found is not None
    return found


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return set(a) == set(b) and all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_the_reported_period_changes_no_forecast(trade: pd.DataFrame, judged: JudgedValue) -> None:
    """Everything from its first day on is rewritten: choice, weights and forecasts stay, to the last bit."""
    other = tables_of(later_orders_changed(trade, str(day_of(AS_OF - DAYS))))
    case = collect_case(other, AS_OF, FIRST, TERMS, RECIPE)
    assert not np.array_equal(case.reported.value, judged.case.reported.value)
    again = fitted(case)
    assert again.choice == judged.choice
    assert same(again.predicted, judged.forecasts.predicted)


def test_a_day_earlier_would_be_seen(trade: pd.DataFrame, judged: JudgedValue) -> None:
    """The comparison above fails when the past is rewritten too."""
    other = tables_of(later_orders_changed(trade, str(day_of(AS_OF - DAYS - 14))))
    terms = dataclasses.replace(TERMS, model="blend")  # no windows: the singles do not depend on them
    again = fitted(collect_case(other, AS_OF, FIRST, terms, RECIPE), terms)
    assert {
        name for name in ALL if not np.array_equal(again.predicted[name], judged.forecasts.predicted[name])
    } == {
        "btyd",
        "last_year",
        "challenger",
    }


def test_what_comes_after_as_of_changes_no_byte(trade: pd.DataFrame, judged: JudgedValue) -> None:
    """An earlier as_of on the same log; metrics included."""
    day = AS_OF - 60
    cut = str(day_of(day))
    terms = dataclasses.replace(TERMS, model="blend")
    both = [
        judge_value(tables_of(orders), day, FIRST, terms)
        for orders in (trade, later_orders_changed(trade, cut))
    ]
    assert both[0] is not None
    assert both[1] is not None
    assert both[0].entrants == both[1].entrants
    assert both[0].holdout == both[1].holdout


def test_a_share_of_the_customers_is_the_same_every_day(judged: JudgedValue) -> None:
    """By id: whoever is in the share of the largest base is in every one that knows the customer."""
    frames = [judged.case.reported, *judged.case.snapshots.values()]
    kept = [set(frame.sample(40).summary["customer_id"]) for frame in frames]
    everybody = [set(frame.summary["customer_id"]) for frame in frames]
    assert 10 < len(kept[0]) < 60
    for some, known in zip(kept, everybody, strict=True):
        assert kept[0] & known <= some
        assert some <= known
    small = frames[0].sample(40)
    assert isinstance(small, ValueFrame)
    assert len(small.features) == len(small.margin) == len(small.value) == len(kept[0])


def test_the_challenger_beats_last_year_on_a_trade_that_it_can_read(judged: JudgedValue) -> None:
    """The simulated customers leave, and last year again does not see it."""
    challenger, last_year = judged.entrants["challenger"], judged.entrants["last_year"]
    assert challenger["mae"] < last_year["mae"]
    assert challenger["gini"] > last_year["gini"]


def test_a_short_log_ships_the_purchase_model() -> None:
    """Half a year: a held-out period of two months leaves nothing to compare on before it."""
    orders = simulate_orders(customers=150)[["customer_id", "ordered_at", "amount"]]
    short = orders[orders["ordered_at"] < "2021-03-20"]
    found = judge_value(tables_of(short), to_day("2021-03-20"), FIRST, TERMS)
    assert found is not None
    assert found.choice.kind == "btyd"
    assert "too short" in found.choice.why
