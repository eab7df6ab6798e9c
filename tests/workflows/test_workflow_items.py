"""Which tables of items a command builds: those that features read, its own or the champion's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from patron.config import Config
from patron.workflows import backtest, score, train


class Opened(Exception):
    """The base would be opened here."""


def items_asked_for(monkeypatch: pytest.MonkeyPatch, module: str, run: Callable[[], Any]) -> tuple[str, ...]:
    asked: list[Any] = []

    def stop(_: Config, *, items: Any) -> None:
        asked.append(tuple(items))
        raise Opened("asked")

    opens = "open_base" if module == "score" else "open_base_for_snapshots"
    monkeypatch.setattr(sys.modules[f"patron.workflows.{module}"], opens, stop)
    with pytest.raises(Opened, match="asked"):
        run()
    return asked[0]


@pytest.mark.parametrize(
    ("groups", "name", "expected"),
    [
        ("[rfm, breadth]", "new", ("products", "categories")),
        ("[rfm, trend]", "new", ()),
        # the champion of this name was trained with the group breadth: the gate compares the two
        ("[rfm, trend]", "trade", ("products", "categories")),
    ],
)
def test_a_training_builds_what_it_and_the_champion_read(
    groups: str,
    name: str,
    expected: tuple[str, ...],
    copy: Callable[..., Config],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody pays for a table of items that no feature reads."""
    config = copy(f"features.groups={groups}", f"name={name}")
    assert items_asked_for(monkeypatch, "train", lambda: train(config)) == expected


def test_a_backtest_builds_what_the_config_reads(
    copy: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at no champion."""
    config = copy("features.groups=[rfm]")
    assert items_asked_for(monkeypatch, "backtest", lambda: backtest(config)) == ()


def test_a_scoring_builds_what_the_model_reads(
    copy: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model counts, not the config."""
    config = copy("features.groups=[rfm]")
    assert items_asked_for(monkeypatch, "score", lambda: score(config)) == ("products", "categories")
