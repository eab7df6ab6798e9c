"""Which of their columns is which of ours.

In: their header, the mapping. Out: ours -> theirs, or every problem at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from patron.columns import LEDGER_COLUMNS, REQUIRED_LEDGER_COLUMNS
from patron.errors import LedgerError
from patron.ledger._options import did_you_mean


def match_columns(
    theirs: Sequence[str], columns: Mapping[str, str | None] | None, where: str
) -> dict[str, str]:
    """Map our column names to theirs.

    A column of ours that is not mapped is taken where the source has one of the same name; mapping it to
    None leaves it out.

    Parameters
    ----------
    theirs : sequence of str
        The source's header.
    columns : mapping of str to str, optional
        Ours -> theirs.
    where : str
        What to call the source in messages.

    Returns
    -------
    dict of str to str
        Ours -> theirs, in our order.

    Raises
    ------
    LedgerError
        Unknown, missing, doubly used or doubly present columns.
    """
    asked = dict(columns or {})
    named = {ours: name for ours, name in asked.items() if name is not None and ours in LEDGER_COLUMNS}
    mapping = {}
    for ours in LEDGER_COLUMNS:
        same_name = ours not in asked and ours not in named.values() and ours in theirs
        if ours in named:
            mapping[ours] = named[ours]
        elif same_name or (ours in REQUIRED_LEDGER_COLUMNS and ours not in named.values()):
            mapping[ours] = ours
    problems = [
        *_unknown(asked),
        *_missing(mapping, theirs, asked, where),
        *_used_twice(mapping),
        *_there_twice(mapping, theirs, where),
    ]
    if problems:
        raise LedgerError(problems)
    return mapping


def _unknown(asked: Mapping[str, str | None]) -> list[str]:
    return [
        f"ledger.columns: unknown key {key!r}{did_you_mean(key, LEDGER_COLUMNS)}; known are "
        f"{', '.join(LEDGER_COLUMNS)}"
        for key in asked
        if key not in LEDGER_COLUMNS
    ]


def _missing(
    mapping: Mapping[str, str], theirs: Sequence[str], asked: Mapping[str, str | None], where: str
) -> list[str]:
    has = ", ".join(repr(name) for name in theirs)
    problems = []
    for ours in [*mapping, *(r for r in REQUIRED_LEDGER_COLUMNS if r not in mapping)]:
        name = mapping.get(ours, ours)
        if ours in mapping and name in theirs:
            continue
        if ours not in mapping and ours in theirs:
            taken = next(o for o, t in mapping.items() if t == ours)
            problems.append(
                f"ledger.columns: {ours!r} is mapped to {taken}, so that {ours} has no column; map both"
            )
            continue
        known_as = f"mapped to {name!r}, which" if ours in asked else "which"
        problems.append(
            f"{where}: no column for {ours}, {known_as} the file does not have{did_you_mean(name, theirs)}; "
            f"it has {has}. Say under ledger.columns which one is {ours}"
        )
    return problems


def _used_twice(mapping: Mapping[str, str]) -> list[str]:
    counts = Counter(mapping.values())
    return [
        f"ledger.columns: {' and '.join(o for o, t in mapping.items() if t == name)} are both "
        f"mapped to {name!r}; "
        "give each its own column"
        for name, n in counts.items()
        if n > 1
    ]


def _there_twice(mapping: Mapping[str, str], theirs: Sequence[str], where: str) -> list[str]:
    counts = Counter(theirs)
    return [
        f"{where}: there are {counts[name]} columns called {name!r}; rename them so that {ours} is "
        "one of them"
        for ours, name in mapping.items()
        if counts[name] > 1
    ]
