"""The feature catalogue on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from patron.cli import screen
from patron.features import Feature


def print_features(features: Sequence[Feature]) -> None:
    """Print name, unit, group and meaning.

    Parameters
    ----------
    features : sequence of Feature
        Of `features.catalogue`.
    """
    width = max(len(f.name) for f in features)
    for group in dict.fromkeys(f.group for f in features):
        screen.say(f"{group}")
        for f in features:
            if f.group == group:
                screen.say(f"  {f.name:<{width}}  {f.unit or '-':<13}  {f.meaning}")
    screen.say("attributes, events")
    screen.say(
        "  one column per attribute named in features.attributes, two per kind of event in ledger.events"
    )
    screen.say("custom")
    screen.say("  custom_FUNCTION_COLUMN: what a function of yours, named in features.custom, returns")
