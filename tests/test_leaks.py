"""Nothing at or after `as_of` reaches a feature, a fitted parameter, a calibrator or an edge.

Every test compares what is made from the same past with two different futures, to the last bit. The
mutants at the end look one day too far, and must be caught.
"""

from __future__ import annotations

import dataclasses
import random
import sys
from collections.abc import Callable
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import (
    FIRST,
    Line,
    number,
    synthetic_attributes,
    synthetic_events,
    synthetic_merges,
    tables_of,
)

from patron.actions import (
    peers_also_buy,
    second_order_due,
    second_order_rates,
    stopped_categories,
)
from patron.clv import CLVModel
from patron.errors import PatronError
from patron.evaluation import ChurnLabel, ChurnRecipe, ValueTerms, build_panel, fit_purchase_models
from patron.features import FEATURE_GROUPS, FeatureRecipe, build_features
from patron.features.attributes import attribute_vocabularies
from patron.learning import Learned, Terms, learn
from patron.ledger import materialise
from patron.model import PatronModel
from patron.playbook import load_playbook
from patron.scoring import score_customers
from patron.segments import assign_segments, fit_segment_rules, segment_inputs
from patron.snapshots import (
    CustomerMerge,
    CustomerTables,
    History,
    RhythmRule,
    history_before,
    own_limits,
    purchase_summary,
    with_first_days,
)

CUT = number("2024-01-15")
LIMITS = {"active_days": 180, "new_days": 90, "growing_days": 365}
RECIPE = FeatureRecipe(
    horizon_days=60,
    attributes={"industry": ["care", "hotel", "retail"], "size": None},
    event_kinds=("nps", "ticket"),
    kinds_of_items=("products", "categories"),
)
SILENCE = ChurnLabel("silence", horizon_days=60, active_days=180)
BGNBD = {"r": 0.5, "alpha": 6.0, "a": 0.8, "b": 2.4, "p": 6.25, "q": 3.74, "v": 15.44}


def other_future(rows: list[Line], day: int) -> list[Line]:
    """Leave the past, and delete, change, turn round and add rows from a day on."""
    random_ = random.Random(day)
    past, future = [r for r in rows if r.day < day], [r for r in rows if r.day >= day]
    kept = random_.sample(future, len(future) // 2)
    changed = [r._replace(amount_minor=r.amount_minor * 7 + 1) for r in kept[::2]]
    turned = [r._replace(amount_minor=-abs(r.amount_minor) - 1, is_refund=True) for r in kept[1::2]]
    names = sorted({r.customer_id for r in past})
    added = [
        Line(name, when, 10**8 + k, False, f"+{k}", "p-new", "c-new", 5)
        for k, name in enumerate([*names, *(f"{name}+" for name in names)])
        for when in (day, day + 1, day + 33)
    ]
    back = [Line(r.customer_id, day, -r.amount_minor - 1, True, f"C{r.order_id}") for r in past[::9]]
    return [*added, *back, *changed, *turned, *past]


def later_attributes(day: int) -> pd.DataFrame:
    """Every customer moves to a new industry on the day; rows after it are gone."""
    known = synthetic_attributes()
    known = known[known["valid_from_day"] < day]
    new = known.drop_duplicates("customer_id").assign(industry="aaa", size=10**6, valid_from_day=day)
    return pd.concat([new, known], ignore_index=True)


def later_events(day: int) -> pd.DataFrame:
    """What was known stays; what happened before but became known on the day is new; the rest is gone."""
    known = synthetic_events()
    known = known[known["known_day"] < day]
    new = known.assign(value=-99.0, known_day=day, happened_day=day - 50)
    return pd.concat([new, known, new.assign(kind="complaint", known_day=day + 1)], ignore_index=True)


def later_merges(day: int) -> tuple[CustomerMerge, ...]:
    """What was known stays; on the day and after it, half of the base is re-keyed."""
    known = tuple(m for m in synthetic_merges() if m.effective_day < day)
    return (*known, *(CustomerMerge(f"{k:04d}", f"{k + 1:04d}", day + k % 2) for k in range(60, 140, 2)))


def with_other_future(rows: list[Line], day: int) -> CustomerTables:
    return tables_of(
        other_future(rows, day),
        attributes=later_attributes(day),
        events=later_events(day),
        merges=later_merges(day),
    )


def without_future(rows: list[Line], day: int) -> CustomerTables:
    attributes, events = synthetic_attributes(), synthetic_events()
    return tables_of(
        [r for r in rows if r.day < day],
        attributes=attributes[attributes["valid_from_day"] < day],
        events=events[events["known_day"] < day],
        merges=tuple(m for m in synthetic_merges() if m.effective_day < day),
    )


@pytest.fixture(scope="module", params=["other", "none"])
def another(request: pytest.FixtureRequest, ledger_rows: list[Line]) -> CustomerTables:
    """The same past before CUT with another future, and with none."""
    make = with_other_future if request.param == "other" else without_future
    return make(ledger_rows, CUT)


@pytest.fixture(scope="module")
def other(ledger_rows: list[Line]) -> CustomerTables:
    """The same past before CUT with another future."""
    return with_other_future(ledger_rows, CUT)


def bits(frame: pd.DataFrame) -> list[Any]:
    """Return a frame as names and bytes: equal lists are equal to the last bit."""
    return [
        (
            str(name),
            frame[name].tolist() if frame[name].dtype.kind not in "if" else frame[name].to_numpy().tobytes(),
        )
        for name in frame
    ]


def model_of(parameters: dict[str, float] = BGNBD) -> CLVModel:
    return CLVModel.from_params(purchases="bgnbd", params=parameters)


def group_of(name: str, history: History) -> list[Any]:
    recipe = FeatureRecipe.from_dict({**RECIPE.to_dict(), "groups": [name]})
    return bits(build_features(history, recipe, purchases=model_of()))


@pytest.mark.parametrize("group", FEATURE_GROUPS)
def test_features_do_not_see_the_future(group: str, tables: CustomerTables, another: CustomerTables) -> None:
    """Each group: same customers, same bits."""
    assert group_of(group, history_before(another, CUT)) == group_of(group, history_before(tables, CUT))


def test_kept_first_days_do_not_see_the_future(tables: CustomerTables, another: CustomerTables) -> None:
    """What is kept over all days is cut like the rest; a cut a day late is caught."""
    kept = [with_first_days(t, keep=materialise) for t in (tables, another)]
    seen = [group_of("breadth", history_before(t, CUT)) for t in kept]
    assert seen[0] == seen[1] == group_of("breadth", history_before(tables, CUT))
    late = [dataclasses.replace(history_before(t, CUT + 1), as_of_day=CUT) for t in kept]
    assert group_of("breadth", late[0]) != group_of("breadth", late[1])


def test_pruned_features_do_not_see_the_future(ledger_rows: list[Line]) -> None:
    """A few groups on tables without items, which are not built."""
    futures = (ledger_rows, other_future(ledger_rows, CUT), [r for r in ledger_rows if r.day < CUT])
    recipe = dataclasses.replace(RECIPE, groups=("rfm", "season", "value"))
    found = [build_features(history_before(tables_of(r, items=()), CUT), recipe) for r in futures]
    assert bits(found[0]) == bits(found[1]) == bits(found[2])
    late = [build_features(history_before(tables_of(r, items=()), CUT + 1), recipe) for r in futures[:2]]
    assert bits(late[0]) != bits(late[1])


def closing_events(later: bool) -> pd.DataFrame:
    """Events that close 0 to 60 days after they are known; later: all that closes from the cut on differs."""
    known = synthetic_events()
    closed = (known["known_day"] + np.arange(len(known)) % 61).astype(float)
    if not later:
        return known.assign(closed_day=closed.where(np.arange(len(known)) % 7 > 0))
    after = (closed >= CUT) & (known["kind"] == "ticket")
    changed = known.assign(value=known["value"].where(~after, -99.0))
    # those that were open at the cut have closed now, and those that closed after it do so a month later
    return changed.assign(
        closed_day=closed.where(closed < CUT, closed + 30).where(
            (np.arange(len(known)) % 7 > 0) | (closed >= CUT)
        )
    )


def of_events(history: History) -> list[Any]:
    assert history.events is not None
    return [*bits(history.events), *group_of("events", history)]


def test_closings_do_not_see_the_future(ledger_rows: list[Line]) -> None:
    """What is still open at the cut stays open, and unrated; a cut a day late is caught."""
    both = [tables_of(ledger_rows, events=closing_events(later)) for later in (False, True)]
    seen = [history_before(tables, CUT) for tables in both]
    assert of_events(seen[0]) == of_events(seen[1])
    assert seen[0].events is not None
    is_open = seen[0].events["closed_day"].isna()
    assert is_open.any()
    assert not is_open.all()
    late = [history_before(tables, CUT + 31) for tables in both]
    assert of_events(late[0]) != of_events(late[1])


#: What the desk lists, as a function of tables and day.
LISTS: dict[str, Callable[[CustomerTables, int], pd.DataFrame]] = {
    "stopped categories": stopped_categories,
    "stopped products": lambda t, day: stopped_categories(t, day, by="products"),
    "peers also buy": lambda t, day: peers_also_buy(t, day, min_peers=5),
    "second orders due": second_order_due,
    "second-order rates": second_order_rates,
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_do_not_see_the_future(name: str, tables: CustomerTables, another: CustomerTables) -> None:
    """Same rows, same bits; a cut a month late is caught."""
    assert bits(LISTS[name](another, CUT)) == bits(LISTS[name](tables, CUT))
    assert bits(LISTS[name](another, CUT + 40)) != bits(LISTS[name](tables, CUT + 40))


def test_the_purchase_summary_does_not_see_the_future(
    tables: CustomerTables, another: CustomerTables
) -> None:
    """The statistics behind every purchase model."""
    both = [bits(purchase_summary(history_before(t, CUT))) for t in (tables, another)]
    assert both[0] == both[1]


def test_fitted_purchase_models_do_not_see_the_future(tables: CustomerTables, other: CustomerTables) -> None:
    """Parameters and all that is stored with them, of a day at the cut and of one before."""
    fitted = [fit_purchase_models(t, [CUT - 60, CUT], minor_digits=2, threads=1) for t in (tables, other)]
    stored = [{day: m.to_dict() if m else None for day, m in models.items()} for models in fitted]
    assert stored[0] == stored[1]
    assert None not in stored[0].values()


def test_segment_rules_do_not_see_the_future(tables: CustomerTables, another: CustomerTables) -> None:
    """Edges, base rhythm, and what they are made of."""
    inputs = [segment_inputs(history_before(t, CUT)) for t in (tables, another)]
    assert bits(inputs[0]) == bits(inputs[1])
    assert len({fit_segment_rules(i, CUT, **LIMITS) for i in inputs}) == 1


def test_own_limits_do_not_see_the_future(tables: CustomerTables, another: CustomerTables) -> None:
    """What is usual for a customer, and for the base."""
    histories = [history_before(t, CUT) for t in (tables, another)]
    assert len({RhythmRule().fitted(history) for history in histories}) == 1
    both = [bits(own_limits(history, RhythmRule())) for history in histories]
    assert both[0] == both[1]


def test_tiers_and_stages_do_not_see_the_future(tables: CustomerTables, another: CustomerTables) -> None:
    """Replayed readings included."""
    rules = fit_segment_rules(segment_inputs(history_before(tables, CUT)), CUT, **LIMITS)
    assert bits(assign_segments(another, CUT, rules)) == bits(assign_segments(tables, CUT, rules))


def test_vocabularies_of_known_attributes_do_not_see_the_future(
    tables: CustomerTables, another: CustomerTables
) -> None:
    """A value that is valid from the cut on must not shift the codes of the others."""
    both = [
        attribute_vocabularies(history_before(t, CUT).attributes, ["industry"]) for t in (tables, another)
    ]
    assert both[0] == both[1] == {"industry": ["care", "hotel", "retail"]}


def terms(snapshots: int = 4) -> Terms:
    """A small training with every part of a model in it."""
    churn = ChurnRecipe(RECIPE, SILENCE, every_days=60, max_count=snapshots, wanted="average", seed=7)
    value = ValueTerms("auto", "native", None, horizon_months=12, margin=1.0, has_cost=True, minor_digits=2)
    return Terms(churn, value, 0.1, 90, 365, None, "en", load_playbook(), threads=1)


def everything(learned: Learned) -> dict[str, Any]:
    """Every byte a training makes: the model folder, the entrants that did not ship, the judged window."""
    made: dict[str, Any] = dict(PatronModel("m", learned.parts, {}, learned.evaluation)._files())
    for stage, training in (("final", learned.final), ("rehearsal", learned.rehearsal)):
        assert training is not None
        for name, entrant in training.entrants.items():
            made |= {f"{stage}/{name}/{file}": content for file, content in entrant.to_files().items()}
        made[f"{stage}/evidence"] = (training.chosen, training.reason, training.evidence)
    assert learned.test is not None
    made["test"] = [
        bits(learned.test.features),
        learned.test.churned.tolist(),
        learned.test.customer_id.tolist(),
    ]
    return made


@pytest.fixture(scope="module")
def model(tables: CustomerTables) -> Learned:
    """What is learned at the cut from the synthetic ledger."""
    return learn(tables, CUT, number(FIRST), terms())


@pytest.fixture(scope="module")
def learned(model: Learned) -> dict[str, Any]:
    """Its bytes."""
    return everything(model)


def test_nothing_that_is_learned_sees_the_future(learned: dict[str, Any], other: CustomerTables) -> None:
    """Trees, weights, calibrators, thresholds, value model, edges, peers, evaluation: the same bytes."""
    again = everything(learn(other, CUT, number(FIRST), terms()))
    assert set(again) == set(learned)
    assert [name for name in learned if again[name] != learned[name]] == []


def test_what_is_compared_is_a_whole_model(learned: dict[str, Any]) -> None:
    """Trees, regression, averages and linear rules, of both fits, and every file of the folder."""
    files = {"churn.json", "clv.json", "evaluation.json", "playbook.json", "purchases.json", "scoring.json"}
    assert files <= set(learned)
    for stage in ("final", "rehearsal"):
        assert f"{stage}/lightgbm/trees.txt" in learned
        assert f"{stage}/logistic/churn.json" in learned
        assert f"{stage}/average_with_btyd/trees.txt" in learned
        assert f"{stage}/rfm_logistic/churn.json" in learned


def test_scores_do_not_see_the_future(
    model: Learned, tables: CustomerTables, another: CustomerTables
) -> None:
    """The whole score row, words included, of every customer."""
    how = {"model": "m/1", "data_through_day": CUT - 1}
    both = [score_customers(model.parts, t, CUT, **how) for t in (tables, another)]
    pd.testing.assert_frame_equal(both[0], both[1], check_exact=True)


SNAPSHOTS = [CUT - 180, CUT - 120, CUT - 60]


@pytest.mark.parametrize("kind", ["silence", "rhythm", "decline"])
@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_a_panel_row_does_not_see_its_own_outcome(
    snapshot: int, kind: str, tables: CustomerTables, ledger_rows: list[Line]
) -> None:
    """Features and population up to a snapshot, and labels whose window has closed, stay when all from it
    on changes: by every definition of churn, own limits and the base they are shrunk to included."""
    label = dataclasses.replace(SILENCE, kind=kind)
    models = dict.fromkeys(SNAPSHOTS, model_of())
    days = [day for day in SNAPSHOTS if day <= snapshot]
    panels = [
        build_panel(t, days, RECIPE, label=label, purchases=models)
        for t in (tables, with_other_future(ledger_rows, snapshot))
    ]
    assert bits(panels[0].features) == bits(panels[1].features)
    assert ("days_until_limit" in panels[0].features) is (kind == "rhythm")
    assert panels[0].customer_id.tolist() == panels[1].customer_id.tolist()
    closed = panels[0].as_of_day + RECIPE.horizon_days <= snapshot
    np.testing.assert_array_equal(panels[0].churned[closed], panels[1].churned[closed])
    assert (panels[0].churned[~closed] != panels[1].churned[~closed]).any()


def a_day_late(tables: CustomerTables) -> History:
    """The mutant that uses <= where < is meant: it knows the day of as_of."""
    return dataclasses.replace(history_before(tables, CUT + 1), as_of_day=CUT)


#: Windows that end at as_of see nothing of a history that reaches further, and the purchase model refuses it.
OTHERWISE = ("trend", "season", "btyd")


@pytest.mark.parametrize("group", [group for group in FEATURE_GROUPS if group not in OTHERWISE])
def test_a_feature_that_peeks_is_caught(group: str, tables: CustomerTables, other: CustomerTables) -> None:
    """The comparison above fails for a history of days <= as_of."""
    assert group_of(group, a_day_late(other)) != group_of(group, a_day_late(tables))


def test_a_purchase_model_refuses_an_order_after_as_of(other: CustomerTables) -> None:
    """A customer cannot have ordered after the end of what was observed."""
    with pytest.raises(PatronError, match="weeks_observed"):
        group_of("btyd", a_day_late(other))


@pytest.mark.parametrize("group", FEATURE_GROUPS)
def test_a_cut_one_day_late_is_caught(group: str, tables: CustomerTables, other: CustomerTables) -> None:
    """The comparison above fails for a snapshot that is a day too late, in every group."""
    assert group_of(group, history_before(other, CUT + 1)) != group_of(group, history_before(tables, CUT + 1))


def _days_only(tables: CustomerTables) -> History:
    days = tables.days.filter(nw.col("day") <= CUT)
    return dataclasses.replace(history_before(tables, CUT), days=days)


MUTANTS: dict[str, Callable[[History], Any]] = {
    "purchase summary": lambda h: bits(purchase_summary(h)),
    "own limits": lambda h: bits(own_limits(h, RhythmRule())),
    "segment rules": lambda h: fit_segment_rules(segment_inputs(h), CUT, **LIMITS),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_statistic_that_peeks_is_caught(name: str, tables: CustomerTables, other: CustomerTables) -> None:
    """Written by hand: the table filtered with day <= as_of."""
    assert MUTANTS[name](_days_only(other)) != MUTANTS[name](_days_only(tables))


def test_a_training_that_peeks_is_caught(
    monkeypatch: pytest.MonkeyPatch, tables: CustomerTables, other: CustomerTables
) -> None:
    """With a cut one day late in `learn` alone, edges, peers and counts differ, and nothing else does."""
    module = sys.modules["patron.learning.learn"]
    for late in (module, sys.modules["patron.learning._evaluation"]):
        monkeypatch.setattr(late, "history_before", lambda t, day: history_before(t, day + 1))
    # what is fitted elsewhere is left out here: it takes long and is compared above
    monkeypatch.setattr(module, "fit_purchase_models", lambda _, days, **__: dict.fromkeys(days, model_of()))
    monkeypatch.setattr(module, "fit_value_model", lambda *_: (model_of(), None))
    monkeypatch.setattr(module, "judge_value", lambda *_: None)
    made = [everything(learn(t, CUT, number(FIRST), terms(2))) for t in (tables, other)]
    differ = {name for name in made[0] if made[0][name] != made[1][name]}
    assert differ == {"scoring.json", "evaluation.json"}
