"""The three definitions: settings, words, and when two of them ask the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from patron.errors import PatronError
from patron.labels import LABELS, ChurnLabel

LABEL = ChurnLabel("silence", horizon_days=90, active_days=180)


@pytest.mark.parametrize("kind", LABELS)
def test_a_label_survives_json(kind: str) -> None:
    """A model stores it."""
    label = replace(LABEL, kind=kind, quantile=0.8, min_days=20, max_days=300, share=0.4)
    assert ChurnLabel.from_dict(json.loads(json.dumps(label.to_dict()))) == label


@pytest.mark.parametrize(
    ("kind", "facts"),
    [("silence", ("45",)), ("rhythm", ("45", "80", "20", "300")), ("decline", ("45", "40"))],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_words_hold_every_number(kind: str, facts: tuple[str, ...], language: str) -> None:
    """Horizon, quantile and bounds, share; without a settings' name."""
    label = ChurnLabel(kind, 45, 180, quantile=0.8, min_days=20, max_days=300, share=0.4)
    said = label.in_words()[language]
    assert [fact for fact in facts if fact not in said] == []
    assert "{" not in said
    assert "_" not in said


@pytest.mark.parametrize(
    ("kind", "name", "matters"),
    [
        ("silence", "active_days", True),
        ("silence", "quantile", False),
        ("silence", "share", False),
        ("rhythm", "active_days", False),
        ("rhythm", "quantile", True),
        ("rhythm", "min_days", True),
        ("decline", "share", True),
        ("decline", "active_days", True),
        ("decline", "max_days", False),
    ],
)
def test_only_settings_of_its_own_kind_make_another_question(kind: str, name: str, matters: bool) -> None:
    """Two models are compared when they foretell the same."""
    label = replace(LABEL, kind=kind)
    other = replace(label, **{name: getattr(label, name) / 2})
    assert label.asks_the_same(other) is not matters


def test_other_horizons_and_kinds_are_other_questions() -> None:
    """Of every kind."""
    labels = [replace(LABEL, kind=kind, horizon_days=days) for kind in LABELS for days in (60, 90)]
    assert [a.asks_the_same(b) for a in labels for b in labels].count(True) == len(labels)


def test_a_decline_over_more_than_a_year_is_refused() -> None:
    """The same days last year would reach into the days that are judged."""
    assert ChurnLabel("decline", 365, 180).share == 0.5
    with pytest.raises(PatronError, match="366 days"):
        ChurnLabel("decline", 366, 180)


def test_an_unknown_label_is_refused() -> None:
    """With what to write instead."""
    with pytest.raises(PatronError, match="loyalty") as caught:
        ChurnLabel("loyalty", 90, 180)
    assert "silence, rhythm, decline" in str(caught.value.next_step)
