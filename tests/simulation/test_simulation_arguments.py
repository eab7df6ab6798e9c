"""What a simulation refuses, and with which words; what it stands."""

import numpy as np
import pandas as pd
import pytest

from patron.errors import PatronError
from patron.simulation import DEFAULTS, LETTERS, Fading, SeasonalRate, simulate_ledger, simulate_summary

WRONG = [
    ({"customers": 0}, "customers must be a whole number from 1 to 50000000, not 0"),
    ({"customers": 10.0}, "customers must be a whole number"),
    ({"customers": True}, "customers must be a whole number"),
    ({"weeks": 0}, "weeks must be positive and at most 5218, not 0"),
    ({"weeks": float("nan")}, "weeks must be positive"),
    ({"weeks": "104"}, "weeks must be positive"),
    ({"holdout_weeks": -1}, "holdout_weeks must lie in 0 to 5218, not -1"),
    ({"holdout_weeks": float("inf")}, "holdout_weeks must lie in 0 to 5218"),
    ({"purchases": "poisson"}, "'poisson' is not one of 'bgnbd', 'mbgnbd', 'mbgcnbd', 'paretonbd'"),
    ({"purchases": ["mbgnbd"]}, "is not one of 'bgnbd'"),
    ({"arrival": "now"}, "arrival 'now' is not one of 'spread', 'cohort'"),
    ({"params": 3}, "params must be a mapping of letters to numbers, not a int"),
    ({"params": {"k": 2}}, "mbgnbd has no parameter k; it has r, alpha, a, b, p, q, v"),
    ({"params": {"s": 1, "beta": 2}}, "mbgnbd has no parameter s, beta"),
    ({"params": {"r": -1}}, "parameter r must be a number from 1e-6 to 1e9, not -1"),
    ({"params": {"alpha": "6"}}, "parameter alpha must be a number"),
    ({"params": {"q": 1.0}}, "q must be above 1 for a finite mean order value, not 1.0"),
    ({"params": {"k": 2.5}, "purchases": "mbgcnbd"}, "k must be a whole number from 1 to 100, not 2.5"),
    ({"params": {"k": 101}, "purchases": "mbgcnbd"}, "k must be a whole number from 1 to 100, not 101"),
    ({"params": {"r": 1e4}}, "ask for about .* orders per customer, .* at most 5,000 and 2,000,000"),
    ({"params": {"r": 1e-5, "alpha": 1e-6}}, "ask for about .* of the fastest; at most 5,000 and"),
    ({"seed": -1}, "seed must be a whole number from 0"),
    ({"seed": None}, "seed must be a whole number from 0"),
]
WRONG_IN_A_LEDGER = [
    ({"start": "3 January 2022"}, "start must be a day of the years 1900 to 2200, not '3 January 2022'"),
    ({"start": "1815-06-18"}, "start must be a day of the years 1900 to 2200"),
    ({"start": pd.NaT}, "start must be a day"),
    ({"start": 20220103}, "start must be a day"),
    ({"weeks": 10.5}, r"weeks must be whole days, n / 7, not 10\.5"),
    ({"weeks": 1e-9}, "weeks must be a day at least, 1 / 7, not 1e-09"),
    ({"holdout_weeks": 0.1}, r"holdout_weeks must be whole days, n / 7, not 0\.1"),
    ({"exact": 1}, "exact must be True or False, not 1"),
    ({"season": (1,) * 12}, "season must be a SeasonalRate"),
    ({"fading": 0.3}, r"fading must be a Fading, not 0\.3"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=lambda v: str(v)[:40])
def test_wrong_arguments_are_refused(arguments, words):
    """By both functions, in the same words."""
    with pytest.raises(PatronError, match=words):
        simulate_summary(**arguments)
    with pytest.raises(PatronError, match=words):
        simulate_ledger(**arguments)


@pytest.mark.parametrize(("arguments", "words"), WRONG_IN_A_LEDGER, ids=lambda v: str(v)[:40])
def test_wrong_arguments_of_a_ledger_are_refused(arguments, words):
    """Those that have to do with the calendar."""
    with pytest.raises(PatronError, match=words):
        simulate_ledger(**arguments)


def test_all_problems_are_told_at_once():
    """One error, one line each, and where to look."""
    with pytest.raises(PatronError, match="customers") as caught:
        simulate_ledger(
            -5, weeks=-1, holdout_weeks="x", start="x", purchases="mbgcnbd", arrival="x", exact="no",
            params={"k": 0, "r": 0, "q": 0.5, "z": 1}, season=1, fading=1, seed="x",
        )  # fmt: skip
    told = "\n".join(caught.value.problems)
    words = ["customers must", "seed must", "weeks must", "holdout_weeks must", "arrival 'x'", "parameter z",
             "parameter k", "parameter r", "parameter q", "start must", "exact must", "season must",
             "fading must"]  # fmt: skip
    assert [some for some in words if some not in told] == []
    assert len(caught.value.problems) == len(words)
    assert "docstring" in caught.value.next_step


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ((1,) * 11, "12 positive numbers, January to December"),
        ((0,) + (12 / 11,) * 11, "12 positive numbers"),
        ((float("nan"),) * 12, "12 positive numbers"),
        ((1.1,) * 12, r"the mean of the 12 month indices must be 1, it is 1\.1"),
    ],
)
def test_a_season_that_is_none_is_refused(index, words):
    """Twelve positive numbers whose mean is 1."""
    with pytest.raises(PatronError, match=words):
        SeasonalRate(index)


def test_a_season_may_be_a_list_or_an_array():
    """Stored as a tuple of floats either way, so that it stays as it was made."""
    index = np.array([0.5, 1.5] * 6)
    season = SeasonalRate(index)
    index[0] = 9
    assert season == SeasonalRate([0.5, 1.5] * 6)


def test_fading_that_makes_no_sense_is_refused():
    """With all problems at once."""
    with pytest.raises(PatronError, match="share of fading") as caught:
        Fading(share=1.2, half_life_weeks=0, of="hair", half_lives=11)
    assert len(caught.value.problems) == 4


EXTREMES = [
    {"r": 1e-6}, {"r": 1e-3, "alpha": 1e-2}, {"alpha": 1e9}, {"r": 90.0, "alpha": 20.0}, {"p": 1e-3},
    {"p": 1e6}, {"q": 1.0001}, {"v": 1e-6}, {"v": 1e9},
]  # fmt: skip
LEAVING = [{"a": 1e-6, "b": 1e6}, {"a": 1e6, "b": 1e-6}, {"a": 1e-3, "b": 1e-3}]
DYING = [{"s": 1e-6}, {"s": 1e3, "beta": 1e-6}, {"beta": 1e9}]


@pytest.mark.parametrize("purchases", LETTERS)
def test_extreme_letters_give_finite_tables(purchases):
    """Nothing overflows, nothing is missing, an order is worth a cent at least."""
    for extreme in EXTREMES + (DYING if purchases == "paretonbd" else LEAVING):
        arguments = {"purchases": purchases, "params": extreme, "weeks": 52, "holdout_weeks": 26}
        base = simulate_summary(50, **arguments)
        assert np.isfinite(base.drop(columns="customer_id").astype(float)).all(axis=None), extreme
        ledger = simulate_ledger(50, fading=Fading(0.5), **arguments)
        assert ledger.orders["customer_id"].nunique() == 50
        assert np.isfinite(ledger.orders["amount"]).all()
        assert ledger.orders["amount"].min() >= 0.01


@pytest.mark.parametrize("purchases", LETTERS)
def test_the_defaults_resemble_a_distributor(purchases):
    """Orders about monthly, around 800 each; after two years a part of the customers is gone."""
    letters = dict(DEFAULTS[purchases])
    assert set(letters) == {*LETTERS[purchases], "p", "q", "v"}
    assert letters["r"] / letters["alpha"] / letters.get("k", 1) == pytest.approx(12 / 52.18, rel=0.01)
    assert letters["p"] * letters["v"] / (letters["q"] - 1) == 800
    ledger = simulate_ledger(2000, purchases=purchases)
    assert ledger.params == letters
    assert 0.3 < ledger.alive_at(ledger.as_of).mean() < 0.8
    assert 5 < len(ledger.orders) / 2000 < 20
