"""Past dates: which, learned from what, judged how; profit by hand; no outcome reaches a model."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

import patron
from patron.clv import LedgerView, customer_value
from patron.errors import NotEnoughData, PatronError
from patron.evaluation import (
    Backtest,
    BacktestTerms,
    CallTerms,
    ChurnLabel,
    ChurnRecipe,
    StageLimits,
    ValueTerms,
    fit_purchase_models,
    matured_days,
    recipe_panel,
    run_backtest,
)
from patron.evaluation import backtest as backtest_module
from patron.evaluation._backtest_cutoffs import plan_cutoffs
from patron.evaluation._backtest_profit import call_anybody, call_list, calls_on, expected_gain
from patron.evaluation._backtest_standing import standing_of
from patron.evaluation._backtest_words import skill_of
from patron.features import FeatureRecipe
from patron.simulation import simulate_ledger
from patron.snapshots import CustomerTables, day_text, to_day

HORIZON, ACTIVE = 60, 150
READING = {"horizon_days": HORIZON, "active_days": ACTIVE, "groups": ("rfm",)}


class Lookup(ClassifierMixin, BaseEstimator):
    """Knows the answer of every row it is asked about."""

    def __init__(self, answers: dict[bytes, int] | None = None) -> None:
        self.answers = answers

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Lookup:  # noqa: ARG002
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        known = np.array([(self.answers or {})[row.tobytes()] for row in X.to_numpy(np.float64)])
        sure = 0.01 + 0.98 * known
        return np.column_stack([1 - sure, sure])


class Recorder(DummyClassifier):
    """Remembers what it was fitted on and asked about."""

    seen: ClassVar[list[tuple[pd.DataFrame, np.ndarray, pd.DataFrame]]] = []

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Recorder:
        self.learned_ = (X, y)
        super().fit(X, y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        Recorder.seen.append((*self.learned_, X))
        return super().predict_proba(X)


def terms_for(workers: int = 1, **entrants: Any) -> BacktestTerms:
    """A cheap recipe on the last year and a half of the simulated trade."""
    features = FeatureRecipe(HORIZON, groups=("rfm", "rhythm", "value"))
    label = ChurnLabel("silence", HORIZON, ACTIVE)
    return BacktestTerms(
        churn=ChurnRecipe(features, label=label, every_days=30, max_count=3, wanted="auto", seed=7),
        value=ValueTerms("mbgnbd", "native", None, 3, 1.0, False, 2, model="last_year"),
        limits=StageLimits(ACTIVE, 90, 365),
        calls=CallTerms(save_rate=0.3, cost=5.0),
        entrants=entrants,
        workers=workers,
    )


AS_OF, FIRST = to_day("2023-07-02"), to_day("2022-07-01")


@pytest.fixture(scope="module")
def small(trade_tables: CustomerTables) -> Backtest:
    """Two dates, patron's entrants and a constant."""
    constant = DummyClassifier(strategy="constant", constant=1)
    terms = terms_for(mine=LogisticOnSilence(), constant=constant)
    return run_backtest(trade_tables, AS_OF, FIRST, terms, cutoffs=2)


class LogisticOnSilence(LogisticRegression):
    """A user's model: one column of the features."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> LogisticOnSilence:
        super().fit(np.log1p(X[["days_since_last_order"]].to_numpy()), y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        return super().predict_proba(np.log1p(X[["days_since_last_order"]].to_numpy()))


def test_dates_are_the_newest_whose_outcome_is_known() -> None:
    """Windows of 90 days side by side, ending on the last known day; each with something to learn from."""
    days = plan_cutoffs(1000, 0, horizon_days=90, every_days=30, count=4)
    assert days == [640, 730, 820, 910]
    assert plan_cutoffs(400, 0, horizon_days=90, every_days=30, count=9) == [220, 310]
    with pytest.raises(NotEnoughData, match="at least 270"):
        plan_cutoffs(250, 0, horizon_days=90, every_days=30, count=4)


def test_profit_by_hand() -> None:
    """Four customers, two calls at 5 each, 30 % saved.

    Expected gains: .3 x .9 x 100 - 5 = 22, .3 x .5 x 400 - 5 = 55, .3 x .2 x 50 - 5 = -2, .3 x .1 x 900 - 5
    = 22 (a tie with the first, which comes first). Called: the second and the first; only the first left.
    """
    terms = CallTerms(save_rate=0.3, cost=5.0)
    value, churned = np.array([100.0, 400.0, 50.0, 900.0]), np.array([1.0, 0.0, 0.0, 1.0])
    gain = expected_gain(np.array([0.9, 0.5, 0.2, 0.1]), value, terms)
    assert gain.tolist() == pytest.approx([22, 55, -2, 22])
    called = call_list(np.round(gain, 9), churned, gain, value, 2, terms)
    assert (called.calls, called.churners) == (2, 1)
    assert called.expected == pytest.approx(77)
    assert called.realised == pytest.approx(0.3 * 100 - 5 - 5)
    assert called.by_customer.tolist() == pytest.approx([25, -5, 0, 0])


def test_random_calls_are_the_mean_over_every_choice() -> None:
    """All six pairs of four customers, written out."""
    terms = CallTerms(save_rate=0.5, cost=1.0)
    value, churned = np.array([10.0, 20.0, 30.0, 40.0]), np.array([1.0, 0.0, 1.0, 0.0])
    each = [0.5 * 10 - 1, -1, 0.5 * 30 - 1, -1]
    pairs = [each[i] + each[j] for i in range(4) for j in range(i)]
    found = call_anybody(churned, np.zeros(4), value, 2, terms)
    assert found.realised == pytest.approx(sum(pairs) / 6)


def test_how_many_are_called() -> None:
    """A tenth, or the capacity of every owner, never more than there are."""
    owners = np.array(["a", "b", "a"])
    assert calls_on(200, None, CallTerms()) == 20
    assert calls_on(3, None, CallTerms()) == 1
    assert calls_on(200, owners, CallTerms(per_owner=30)) == 60
    assert calls_on(40, owners, CallTerms(per_owner=30)) == 40


def test_every_entrant_is_judged_on_the_same_rows(small: Backtest) -> None:
    """patron's choice, the naive rules, two of the user's: metrics, differences, profit, calibration."""
    entrants = small.churn["entrants"]
    assert {"chosen", "mine", "constant", "longest_silence", "own_rhythm", "rfm_logistic"} <= set(entrants)
    assert all(block["cutoffs"] == 2 for name, block in entrants.items() if name != "lightgbm")
    assert entrants["chosen"]["chosen_minus_this"] is None
    assert set(entrants["mine"]["chosen_minus_this"]) == {"log_loss", "brier", "auc"}
    assert {"random", "longest_silent", "biggest_spender"} <= set(small.churn["profit"]["lists"])
    assert sum(row["n"] for row in small.churn["calibration"]["by_tier"]) == sum(
        c["n"] for c in small.cutoffs
    )
    text = json.dumps(small.to_dict(), allow_nan=False)
    assert json.loads(text)["verdict"] == small.verdict["en"]


def test_a_constant_loses_and_knows_nothing(small: Backtest) -> None:
    """Certain that all leave: AUC one half exactly, log-loss of the share who stayed x ln(10^6)."""
    constant = small.churn["entrants"]["constant"]
    assert constant["auc"] == 0.5
    n = np.array([c["n"] for c in small.cutoffs])
    stayed = np.average([1 - c["rate"] for c in small.cutoffs], weights=n)
    assert constant["log_loss"] == pytest.approx(stayed * -np.log(1e-6), rel=1e-4)
    gap = constant["chosen_minus_this"]["log_loss"]
    assert gap["high"] < 0
    assert small.churn["entrants"]["mine"]["log_loss"] < constant["log_loss"]


def test_the_verdict_is_one_sentence_in_each_language(small: Backtest) -> None:
    """With the grades in it."""
    assert small.verdict["en"].count(". ") == 0
    assert small.verdict["en"].endswith(".")
    assert small.verdict["zh"].count("。") == 1
    for letter in small.grade.values():
        assert f" {letter} for " in small.verdict["en"]
    assert repr(small).startswith(small.verdict["en"])
    assert "<table" in small._repr_html_()
    assert small.table.loc["chosen", "auc"] == small.churn["entrants"]["chosen"]["auc"]


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        ((-0.02, -0.03, -0.01), "better"),
        ((-0.02, -0.05, 0.01), "average"),
        ((-0.002, -0.003, -0.001), "near"),
        ((0.0, 0.0, 0.0), "same"),
        ((0.02, 0.01, 0.03), "none"),
    ],
)
def test_skill_in_words(gap: tuple[float, float, float], said: str) -> None:
    """Beyond chance, on average, too small to matter, the rule itself, worse."""
    named = dict(zip(("difference", "low", "high"), gap, strict=True))
    assert skill_of({"chosen_minus_this": {"log_loss": named}}) == said


CUTOFFS = [AS_OF - 2 * HORIZON, AS_OF - HORIZON]
Table = tuple[pd.DataFrame, np.ndarray, pd.DataFrame]


@pytest.fixture(scope="module")
def public_table(trade: pd.DataFrame) -> Table:
    """`patron.panel` on the two dates and the two snapshots behind each."""
    days = {cutoff - back for cutoff in CUTOFFS for back in (0, HORIZON, HORIZON + 30)}
    return patron.panel(trade, cutoffs=[day_text(day) for day in sorted(days)], **READING)


@pytest.fixture(scope="module")
def own(trade: pd.DataFrame, public_table: Table) -> Backtest:
    """Two entrants of a user: one that knows the truth, one that writes down what it sees."""
    X, y, _ = public_table
    truth = {row.tobytes(): int(out) for row, out in zip(X.to_numpy(np.float64), y, strict=True)}
    assert len(truth) == len(X)
    Recorder.seen.clear()
    entrants = {"oracle": Lookup(truth), "spy": Recorder()}
    return patron.backtest(
        trade,
        **READING,
        entrants=entrants,
        cutoffs=2,
        max_count=2,
        model="rule",
        value=False,
        top_k=3,
        n_jobs=1,
    )


@pytest.mark.usefixtures("own")
def test_folds_have_the_gap_and_entrants_see_the_public_table(public_table: Table) -> None:
    """An entrant learns from exactly the rows of `patron.panel` whose window ended by the date."""
    X, y, keys = public_table
    as_of = keys["as_of"].map(lambda day: to_day(day)).to_numpy()
    assert len(Recorder.seen) == 2
    for cutoff, (learned, outcome, asked) in zip(CUTOFFS, Recorder.seen, strict=True):
        behind = np.isin(as_of, [cutoff - HORIZON, cutoff - HORIZON - 30])
        assert 0 < behind.sum() < len(keys)
        pd.testing.assert_frame_equal(learned, X[behind].reset_index(drop=True))
        assert outcome.tolist() == y[behind].tolist()
        pd.testing.assert_frame_equal(asked, X[as_of == cutoff].reset_index(drop=True))


def test_an_entrant_that_knows_the_truth_wins(own: Backtest) -> None:
    """Against everything, beyond chance; its list earns most, as much as it foresaw but for its doubt."""
    oracle = own.churn["entrants"]["oracle"]
    assert oracle["auc"] == 1
    assert oracle["chosen_minus_this"]["log_loss"]["low"] > 0
    assert oracle["log_loss"] == pytest.approx(-np.log(0.99))
    lists = own.churn["profit"]["lists"]
    assert lists["oracle"]["realised"] == max(one["realised"] for one in lists.values())
    assert lists["oracle"]["realised"] == pytest.approx(lists["oracle"]["expected"] / 0.99)
    assert lists["random"]["calls"] == 6


def test_what_was_not_asked_for_has_no_grade(own: Backtest) -> None:
    """Without value: no letter, no figures, and a sentence that does not mention it."""
    assert own.grade["clv"] is None
    assert own.clv == {}
    assert "value" not in own.verdict["en"]


def same_figures(one: Backtest, other: Backtest) -> bool:
    """Bit by bit, for the entrants of the first."""
    theirs = other.churn["entrants"]
    return all(block == theirs[name] for name, block in one.churn["entrants"].items())


def test_two_workers_find_the_same(trade_tables: CustomerTables, small: Backtest) -> None:
    """In processes of their own."""
    terms = replace(terms_for(workers=2), with_value=False)
    there = run_backtest(trade_tables, AS_OF, FIRST, terms, cutoffs=2)
    assert same_figures(there, small)
    assert there.grade["churn"] == small.grade["churn"]


@pytest.mark.slow
def test_two_workers_find_the_same_value(trade_tables: CustomerTables, small: Backtest) -> None:
    """Forecasts, choice and intervals."""
    there = run_backtest(trade_tables, AS_OF, FIRST, terms_for(workers=2), cutoffs=2)
    assert there.clv == small.clv
    assert there.grade == small.grade


def shifted_after(trade: pd.DataFrame, day: int) -> pd.DataFrame:
    """Rewrite everything from a day on: other amounts, other customers' orders left out."""
    later = trade["ordered_at"] >= pd.Timestamp(day_text(day))
    kept = ~later | (trade["customer_id"].str[-1].isin(list("02468")))
    changed = trade.assign(amount=trade["amount"].where(~later, trade["amount"] * 7))
    return changed[kept | (trade["ordered_at"] == trade["ordered_at"].max())]


def test_nothing_after_the_outcome_changes_a_date(
    trade: pd.DataFrame, trade_tables: CustomerTables, tables_from: Any
) -> None:
    """Orders from cutoff + horizon on are rewritten: models, choice and figures of that date stay."""
    cutoff = AS_OF - 2 * HORIZON
    rows = shifted_after(trade, cutoff + HORIZON).assign(
        ordered_at=lambda frame: frame["ordered_at"].astype(str)
    )
    other_tables = tables_from(list(rows.itertuples(index=False, name=None)))
    terms = replace(terms_for(), with_value=False)
    found = [
        run_backtest(tables, AS_OF, FIRST, terms, cutoffs=[cutoff]) for tables in (trade_tables, other_tables)
    ]
    keys = ("n", "rate", "chosen", "why", "churn", "calibration", "profit")
    assert [found[0].cutoffs[0][k] for k in keys] == [found[1].cutoffs[0][k] for k in keys]


def test_bad_entrants_are_refused_before_anything_is_fitted(trade_tables: CustomerTables) -> None:
    """All problems at once."""
    terms = terms_for(mbgnbd=DummyClassifier(), no=object())
    with pytest.raises(PatronError, match="taken") as caught:
        run_backtest(trade_tables, AS_OF, FIRST, terms, cutoffs=1)
    assert len(caught.value.problems) == 2


def test_an_entrant_that_fails_is_named(trade_tables: CustomerTables) -> None:
    """With the date and what to do about missing features."""
    terms = terms_for(plain=LogisticRegression())
    with pytest.raises(PatronError, match="'plain' failed on 20") as caught:
        run_backtest(trade_tables, AS_OF, FIRST, terms, cutoffs=1)
    assert "SimpleImputer" in str(caught.value.next_step)


def test_days_that_cannot_be_used_are_named(trade: pd.DataFrame) -> None:
    """Too early, too late."""
    with pytest.raises(NotEnoughData, match="2021-02-01 cannot be used") as caught:
        patron.backtest(trade, **READING, cutoffs=["2021-02-01", "2023-06-30"], n_jobs=1)
    assert len(caught.value.problems) == 2


def test_fewer_dates_than_asked_for_are_said(small: Backtest) -> None:
    """Two of two are no note."""
    assert small.notes == ()


@pytest.fixture(scope="module")
def short_log() -> pd.DataFrame:
    """Seven hundred days: a year is behind the newest date, and behind few others."""
    orders = simulate_ledger(80).orders
    when = pd.to_datetime(orders["ordered_at"])
    return orders[when < when.min() + pd.Timedelta(days=700)]


DECLINE: dict[str, Any] = {
    "label": "decline",
    "horizon_days": 90,
    "model": "rule",
    "value": False,
    "groups": ("rfm",),
    "n_jobs": 1,
}


def test_planned_dates_without_rows_are_left_out_and_said(short_log: pd.DataFrame) -> None:
    """Label `decline` judges nobody known for less than a year; patron.panel tells on which days."""
    found = patron.backtest(short_log, **DECLINE, cutoffs=4)
    kept = [one["as_of"] for one in found.cutoffs]
    assert 0 < len(kept) < 4
    assert any("left out" in note and f"{4 - len(kept)} of 4" in note for note in found.notes)
    assert all(day not in note for day in kept for note in found.notes)
    first = to_day(str(short_log["ordered_at"].min())[:10])
    assert min(to_day(day) for day in kept) >= first + 365 + 90


def test_named_dates_without_rows_are_refused(short_log: pd.DataFrame) -> None:
    """Each is named, as are planned ones where none is left."""
    first = to_day(str(short_log["ordered_at"].min())[:10])
    day = day_text(first + 250)
    with pytest.raises(NotEnoughData, match=f"{day} cannot be used") as caught:
        patron.backtest(short_log, **DECLINE, cutoffs=[day, day_text(first + 600)])
    assert len(caught.value.problems) == 1
    early = short_log[pd.to_datetime(short_log["ordered_at"]) < pd.Timestamp(day_text(first + 400))]
    with pytest.raises(NotEnoughData, match="cannot be used: by this label"):
        patron.backtest(early, **DECLINE, cutoffs=2)


@pytest.mark.parametrize("wanted", [0, -2, np.int64(0)])
def test_fewer_than_one_date_is_refused(trade_tables: CustomerTables, wanted: int) -> None:
    """By the backtest and by the table of the same dates."""
    terms = terms_for()
    with pytest.raises(PatronError, match="at least one past date"):
        run_backtest(trade_tables, AS_OF, FIRST, terms, cutoffs=wanted)
    with pytest.raises(PatronError, match="at least one past date"):
        matured_days(trade_tables, AS_OF, FIRST, terms.churn, wanted)


def test_integers_of_numpy_are_numbers_of_dates(trade_tables: CustomerTables) -> None:
    """Not sequences."""
    days = [matured_days(trade_tables, AS_OF, FIRST, terms_for().churn, n) for n in (np.int64(2), 2)]
    assert days[0] == days[1]
    assert len(days[0]) == 2


def test_value_at_stake_follows_the_label(trade_tables: CustomerTables) -> None:
    """`decline`: a share of the whole value; `rhythm`: silence until the customer's own limit.

    Values are linear in the margin, so those of two labels stand to each other as at a margin of 1, where
    the purchase model is asked for one customer's window at a time.
    """
    day, terms = AS_OF - HORIZON, terms_for()
    purchases = fit_purchase_models(trade_tables, [day], minor_digits=2)[day]
    assert purchases is not None
    stake, left = {}, pd.Series(dtype=float)
    for kind in ("silence", "rhythm", "decline"):
        label = ChurnLabel(kind, HORIZON, ACTIVE, share=0.25)
        recipe = replace(terms.churn, label=label)
        test = recipe_panel(trade_tables, [day], recipe, {day: purchases})
        found = standing_of(
            trade_tables,
            test,
            purchases,
            terms.value,
            terms.limits,
            label=label,
            first_day=FIRST,
            annual_discount_rate=0.1,
            by=(),
        )
        stake[kind] = pd.Series(found.value, index=test.customer_id)
        if kind == "rhythm":
            left = pd.Series(test.features["days_until_limit"].to_numpy(), index=test.customer_id)
    asked = {"horizon_months": 3, "annual_discount_rate": 0.1}
    summary = LedgerView(trade_tables, day, 2).summary(purchases.by).set_index("customer_id", drop=False)

    def at_margin_one(customer: str, window_days: float) -> pd.Series:
        one = summary.loc[[customer]].reset_index(drop=True)
        return customer_value(purchases, one, churn_horizon_days=window_days, **asked).iloc[0]

    compared = 0
    for customer, in_silence in stake["silence"].items():
        same = at_margin_one(customer, HORIZON)
        unit = in_silence / (same["clv_if_kept"] - same["clv_if_silent"])
        if customer in stake["decline"]:
            assert stake["decline"][customer] == pytest.approx(0.75 * unit * same["clv"])
        if customer in stake["rhythm"]:
            own = at_margin_one(customer, max(left[customer], 1.0))
            lost = unit * (own["clv_if_kept"] - own["clv_if_silent"])
            assert stake["rhythm"][customer] == pytest.approx(lost)
            compared += abs(lost - in_silence) > 0.01
    assert compared > 5
    assert len(stake["decline"]) > 5


def test_the_challenger_reads_what_a_training_gives_it(
    trade_tables: CustomerTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The groups of the naive rules too, whatever the trees may see."""
    seen = []
    monkeypatch.setattr(backtest_module, "collect_value_cases", lambda *given: seen.append(given[-1]) or [])
    monkeypatch.setattr(
        backtest_module, "forecast_dates", lambda _cases, _terms, there, **_: seen.append(there) or []
    )
    backtest_module._forecast(trade_tables, [AS_OF - HORIZON], AS_OF, FIRST, terms_for())
    assert [set(recipe.features.groups) for recipe in seen] == [{"rfm", "rhythm", "value", "btyd"}] * 2


def test_no_label_is_told_as_an_end_of_orders(small: Backtest) -> None:
    """`rhythm` and `decline` are no such thing."""
    assert "who would churn" in small.verdict["en"]
    assert "哪些客户将流失" in small.verdict["zh"]
