"""The gate: who passes and who does not."""

from __future__ import annotations

import numpy as np
import pytest

from patron.errors import PatronError
from patron.evaluation.gate import promotion_gate

RNG = np.random.default_rng(6)
TRUE = RNG.beta(1, 1, 800)
Y = (RNG.random(800) < TRUE).astype(int)
AVERAGE = np.full(800, 0.5)
WORSE = np.clip(TRUE + RNG.normal(0, 0.25, 800), 0.02, 0.98)


def test_without_a_champion_the_first_model_passes():
    """Even a poor one: its grade says what it is worth."""
    verdict = promotion_gate(Y, WORSE, None, TRUE)
    assert (verdict.promote, verdict.difference, verdict.low, verdict.high) == (True, None, None, None)


def test_a_better_candidate_passes():
    """The interval lies below zero."""
    verdict = promotion_gate(Y, TRUE, WORSE, AVERAGE)
    assert verdict.promote
    assert verdict.high < 0


def test_the_same_model_again_passes():
    """A retrained model need not be better, only not worse."""
    assert promotion_gate(Y, TRUE, TRUE, AVERAGE).promote


def test_a_worse_candidate_is_refused():
    """The reason names the champion and the tolerance."""
    verdict = promotion_gate(Y, WORSE, TRUE, AVERAGE)
    assert not verdict.promote
    assert "worse than the champion" in verdict.reason
    assert "0.005" in verdict.reason


def test_a_candidate_behind_the_naive_rule_is_refused():
    """Beating a bad champion is not enough."""
    verdict = promotion_gate(Y, WORSE, 1 - TRUE * 0.9, TRUE)
    assert not verdict.promote
    assert verdict.high < 0
    assert "worse than the best naive rule" in verdict.reason


def test_a_rule_as_candidate_is_no_worse_than_itself():
    """Where no model beats the rule, the rule ships, and must pass."""
    assert promotion_gate(Y, AVERAGE, WORSE * 0 + 0.9, AVERAGE).promote


def test_too_few_customers_to_tell_are_refused():
    """On average no worse, but twelve customers cannot show it."""
    y, champion, candidate = np.tile([0, 1], 6), np.full(12, 0.5), np.tile([0.4, 0.4, 0.4, 0.6], 3)
    verdict = promotion_gate(y, candidate, champion, np.full(12, 0.01))
    assert verdict.difference < 0.005 < verdict.high
    assert not verdict.promote


def test_the_verdict_is_the_same_every_time():
    """Deterministic by seed."""
    assert promotion_gate(Y, WORSE, TRUE, AVERAGE, seed=3) == promotion_gate(Y, WORSE, TRUE, AVERAGE, seed=3)


def test_probabilities_of_other_customers_are_refused():
    """One row per customer in all of them."""
    with pytest.raises(PatronError, match="lengths differ"):
        promotion_gate(Y, TRUE, TRUE[:5], AVERAGE)
