"""A section of the page in parts that one template draws: pictures, tables, sentences.

In: nothing. Out: two small record types. Not here: what stands in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from patron.reports._picture import Picture, Table


@dataclass(frozen=True)
class Block:
    """A titled table with sentences; a table of None leaves the sentences."""

    title: str
    table: Table | None = None
    sentences: Sequence[str] = ()
    style: str = "numbers"


@dataclass(frozen=True)
class Section:
    """A part of the page under one heading, ``nav_<name>`` in the table of words."""

    name: str
    lead: str
    pictures: Sequence[Picture] = ()
    blocks: Sequence[Block] = ()
