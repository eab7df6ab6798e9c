"""The search for settings: judged out of time, the built-in ones first, kept only where clearly better."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from patron.churn import PENALTY_C, Panel, TreeSettings
from patron.churn.members import Options
from patron.churn.tune import Trial, tune
from patron.errors import NotEnoughData, PatronError

COLUMNS = ("days_since_last_order", "purchase_days_last_365_days", "spend_last_365_days", "side", "fade")
OPTIONS = Options(horizon_days=60, seed=7, threads=1)
#: One tree of next to no weight and a regression that may not move: anything is better.
HOPELESS = replace(OPTIONS, trees=TreeSettings(rounds=1, learning_rate=0.01), penalty_c=1e-6)


def test_settings_that_are_clearly_better_are_taken(panel: Panel) -> None:
    """And the reason tells in how many windows."""
    found = tune(panel, columns=COLUMNS, options=HOPELESS, trials=3)
    best = min(found.trials, key=lambda trial: trial.log_loss)
    assert best.number > 0
    assert {**asdict(found.trees), "penalty_c": found.penalty_c} == best.settings
    assert f"trial {best.number} is better in" in found.reason


def test_the_first_trial_is_the_built_in_settings_and_all_are_told(panel: Panel) -> None:
    """In order, as they end."""
    told: list[Trial] = []
    found = tune(panel, columns=COLUMNS, options=OPTIONS, trials=2, progress=told.append)
    assert told == found.trials
    assert [trial.number for trial in told] == [0, 1, 2]
    assert told[0].settings == {**asdict(TreeSettings()), "penalty_c": PENALTY_C}
    assert found.to_dict()["trials"] == 3


def test_settings_that_are_not_clearly_better_are_left(panel: Panel) -> None:
    """With no trial but the built-in one there is nothing better."""
    found = tune(panel, columns=COLUMNS, options=OPTIONS, trials=0)
    assert (found.trees, found.penalty_c) == (TreeSettings(), PENALTY_C)
    assert found.reason.startswith("the built-in settings stay")


def test_the_same_seed_gives_the_same_search(panel: Panel) -> None:
    """Whatever the number of threads."""
    once = tune(panel, columns=COLUMNS, options=OPTIONS, trials=2)
    again = tune(panel, columns=COLUMNS, options=replace(OPTIONS, threads=2), trials=2)
    assert once == again


def test_without_optuna_the_way_to_it_is_named(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(PatronError, match=r"needs Optuna") as caught:
        tune(panel, columns=COLUMNS, options=OPTIONS, trials=1)
    assert "patron[tune]" in (caught.value.next_step or "")


def test_without_a_past_window_or_with_one_outcome_there_is_nothing_to_search(panel: Panel) -> None:
    """Both say to leave it."""
    with pytest.raises(NotEnoughData, match=r"no past window.*Set tune\.trials to 0"):
        tune(panel.where(panel.as_of_day == 0), columns=COLUMNS, options=OPTIONS, trials=1)
    same = Panel(panel.features, np.zeros(len(panel), np.int64), panel.customer_id, panel.as_of_day)
    with pytest.raises(NotEnoughData, match=r"same outcome.*Set tune\.trials to 0"):
        tune(same, columns=COLUMNS, options=OPTIONS, trials=1)
