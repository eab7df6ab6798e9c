"""The shapes of a model card: sections of sentences and tables, all plain text.

In: nothing. Out: record types. Not here: what they hold (`card`), how they
look (`card_markdown`, the report).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CardTable:
    """A table of written cells."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CardSection:
    """One part of a card: `lead` above, then code, table and points, where there are any."""

    name: str
    title: str
    lead: str = ""
    points: tuple[str, ...] = ()
    table: CardTable | None = None
    code: str = ""


@dataclass(frozen=True)
class Card:
    """A model card.

    Parameters
    ----------
    title : str
        With the model's name.
    language : str
        ``en`` or ``zh``.
    lead : tuple of str
        Sentences below the title.
    sections : tuple of CardSection
        In the order to read.
    """

    title: str
    language: str
    lead: tuple[str, ...]
    sections: tuple[CardSection, ...]
