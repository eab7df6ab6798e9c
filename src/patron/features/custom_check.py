"""The leak test of a user's own feature: whether it may be trusted with the past.

In:  a function, the customer tables, and the day up to which things are known.
Out: a `FeatureCheck`: what was tried, and what went wrong, in words.
Not here: running a feature in training and scoring (`custom`), the changed histories (`_custom_changes`).

A function is handed nothing at or after its day, so it can only know the future from somewhere else: a table
it closes over, a file, the clock. And it could look at other customers, which would make a score depend on
who else is scored. So it is asked about several days, each time also with histories changed in a way that
must not change the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.errors import PatronError
from patron.features._custom_changes import changes, difference, moved_28_years, with_other_future
from patron.features._own_code import Code, code_of, not_plain
from patron.features.custom import FeatureFunction, check_name, order_history, run_feature
from patron.snapshots import CustomerTables, day_of, history_before, to_day

#: What is tried, and how it is said.
TRIED = {
    "outside": "it reads no table, file or object from outside the history that it is given",
    "again": "the same history a second time gives the same bytes, with the same columns on every day",
    "untouched": "the history that it is given stays as it was",
    "future": "everything at and after as_of rewritten gives the same bytes",
    "part": "some of the customers, and one alone, get the values that they have in the whole base",
    "strangers": "more customers in the history, very large ones too, change nothing for the others",
    "renamed": "the same customers under other ids and in another order get the same values",
    "clock": "it does not go by today's date, nor by a later day from outside (all moved by 28 years)",
}
_NOT_TRIED = (
    "Not seen by this test: what a function fetches without a name that tells (the network, compiled code); "
    "whether the feature is of use."
)
_CLOCK = {"now", "today", "utcnow"}


@dataclass(frozen=True)
class FeatureCheck:
    """What the leak test found.

    Parameters
    ----------
    name : str
        Of the function.
    columns : tuple of str
        What it returns beside ``customer_id``; empty where it could not be run.
    days : tuple of date
        The days it was asked about.
    customers : int
        How many the newest history held.
    problems : tuple of str
        Why it may not be used; empty when it may.
    failed : tuple of str
        Which of `TRIED` went wrong.
    notes : tuple of str
        What to think about, without being wrong.
    """

    name: str
    columns: tuple[str, ...]
    days: tuple[date, ...]
    customers: int
    problems: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the feature may be used."""
        return not self.problems

    @property
    def text(self) -> str:
        """What was checked and what was found, to be read."""
        if not self.columns:
            return "\n".join([f"{self.name}: cannot be used.", *(f"Problem: {p}" for p in self.problems)])
        verdict = "may be used" if self.ok else "must not be used"
        names = ", ".join(f"custom_{self.name}_{column}" for column in self.columns)
        days = ", ".join(map(str, self.days))
        lines = [
            f"{self.name}: {verdict}. It gives {names}.",
            f"Tried on {days}, with {self.customers:,} customers on the last day:",
            *(f"- {'FAILED' if key in self.failed else 'holds'}: {words}" for key, words in TRIED.items()),
            _NOT_TRIED,
            *(f"Problem: {problem}" for problem in self.problems),
            *(f"Note: {note}" for note in self.notes),
        ]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text


class _Finding(NamedTuple):
    """One thing that went wrong."""

    tried: str
    words: str


class _Asked(NamedTuple):
    """One day's question and its answer."""

    name: str
    function: FeatureFunction
    history: pd.DataFrame
    as_of: date
    answer: pd.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """What was returned beside the customer."""
        return tuple(str(name) for name in self.answer)[1:]

    def otherwise(self, history: pd.DataFrame, as_of: date, ids: dict[str, str] | None = None) -> str | None:
        """Ask about a changed history; say how the answer differs, None where it does not."""
        try:
            answer = run_feature(self.name, self.function, history.reset_index(drop=True), as_of)
        except PatronError as error:
            return error.problems[0].partition(": ")[2] or error.problems[0]
        if list(answer) != list(self.answer):
            return f"it returns {', '.join(map(str, list(answer)[1:]))}"
        if ids is None:
            return difference(self.answer, answer)
        answer = answer[answer["customer_id"].isin(ids)]
        true = self.answer[self.answer["customer_id"].isin(ids.values())]
        return difference(true, answer.assign(customer_id=answer["customer_id"].map(ids)))


def check_custom_feature(
    name: str, function: FeatureFunction, tables: CustomerTables, as_of_day: int, *, minor_digits: int = 2
) -> FeatureCheck:
    """Run the leak test.

    Parameters
    ----------
    name : str
        Of the feature.
    function : callable
        ``function(history, as_of)`` -> frame.
    tables : CustomerTables
        The customer-day tables; nothing at or after the day is handed to the function.
    as_of_day : int
        Days since 1970-01-01; the newest day it is asked about.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    FeatureCheck

    Raises
    ------
    PatronError
        If the name cannot be used, or there are no orders before the day.
    """
    check_name(name)
    histories = _histories(tables, as_of_day, minor_digits)
    days, customers = tuple(histories), histories[day_of(as_of_day)]["customer_id"].nunique()
    problem = not_plain(function)
    if problem is not None:
        return FeatureCheck(name, (), days, customers, (f"your feature '{name}' cannot be used: {problem}.",))
    code = code_of(function)
    findings, notes = list(_reads(code)), []
    columns: tuple[str, ...] = ()
    for as_of, history in histories.items():
        try:
            answer = run_feature(name, function, history.copy(), as_of)
        except PatronError as error:
            return FeatureCheck(name, (), days, customers, tuple(error.problems))
        asked = _Asked(name, function, history, as_of, answer)
        columns = columns or asked.columns
        if asked.columns != columns:
            findings.append(_Finding("again", f"on {as_of} it returns other columns than on {days[0]}"))
            continue
        tried = list(_on_a_day(asked, tables, minor_digits))
        findings += tried
        moved = None if "again" in {one.tried for one in tried} else _moved(asked)
        clock = None if moved is None else _moments(code, days[0])
        if clock is not None:
            findings.append(_Finding("clock", f"{clock}, where as_of is meant: moved by 28 years, {moved}"))
        elif moved is not None:
            notes.append(f"it goes by the year itself (are dates written into it?): {moved}")
    first = {finding.tried: finding.words for finding in reversed(findings)}
    failed = tuple(key for key in TRIED if key in first)
    problems = tuple(f"{first[key]}." for key in failed)
    return FeatureCheck(name, columns, days, customers, problems, failed, tuple(notes[:1]))


def _histories(tables: CustomerTables, as_of_day: int, minor_digits: int) -> dict[date, pd.DataFrame]:
    """Return what was known on the day and on two days before it, the oldest first."""
    newest = order_history(history_before(tables, as_of_day), minor_digits)
    if newest.empty:
        raise PatronError(f"There are no orders before {day_of(as_of_day)} to try a feature on.")
    first_day = to_day(newest["day"].min().date())
    span = as_of_day - first_day
    earlier = {first_day + span // 3, first_day + 2 * span // 3} - {first_day, as_of_day}
    histories = {
        day_of(day): order_history(history_before(tables, day), minor_digits) for day in sorted(earlier)
    }
    return {**histories, day_of(as_of_day): newest}


def _on_a_day(asked: _Asked, tables: CustomerTables, minor_digits: int) -> Iterator[_Finding]:
    """Try on one day what must change nothing."""
    given = asked.history.copy()
    try:
        second = run_feature(asked.name, asked.function, given, asked.as_of)
    except PatronError as error:
        yield _Finding("again", f"the second run on the same history fails: {error.problems[0]}")
        return
    if not given.equals(asked.history) or not given.dtypes.equals(asked.history.dtypes):
        yield _Finding("untouched", "it changes the history that it is given; begin with history.copy()")
    if not _same_bytes(second, asked.answer):
        how = difference(asked.answer, second) or "in the last digits"
        yield _Finding("again", f"two runs on the same history differ on {asked.as_of}: {how}")
        return  # nothing else can be compared
    rewritten = order_history(with_other_future(tables, to_day(asked.as_of)), minor_digits)
    if (differs := asked.otherwise(rewritten, asked.as_of)) is not None:
        yield _Finding("future", f"it knows what came after {asked.as_of}: {differs}")
    for change in changes(asked.history):
        if (differs := asked.otherwise(change.history, asked.as_of, change.ids)) is not None:
            yield _Finding(change.tried, f"{change.words} on {asked.as_of}, {differs}")


def _same_bytes(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    return list(a) == list(b) and all(
        a[c].to_numpy().tobytes() == b[c].to_numpy().tobytes() for c in list(a)[1:]
    )


def _moved(asked: _Asked) -> str | None:
    """Say how the values change when history and day move by 28 years."""
    then = moved_28_years(asked.history, asked.as_of)
    return None if then is None else asked.otherwise(*then)


def _reads(code: Code) -> Iterator[_Finding]:
    """Find data from outside: not covered by the digest, and free to know the future."""
    for name, value in code.outside.items():
        if callable(value):
            what = f"'{name}' ({type(value).__name__})"
            yield _Finding("outside", f"it calls {what} from outside; write it as a plain function (def ...)")
        elif _is_data(value) or any(map(_is_data, getattr(value, "__dict__", {}).values())):
            size = f" of {len(value):,}" if hasattr(value, "__len__") else ""
            what = f"'{name}' ({type(value).__name__}{size})"
            yield _Finding("outside", f"it reads {what} from outside; a feature may look at history only")
    for name in sorted(code.names):
        if name == "open" or name.startswith(("read_", "scan_")):
            yield _Finding("outside", f"it reads a file ({name}); a feature may look at history only")


def _is_data(value: object) -> bool:
    return any(hasattr(value, sign) for sign in ("shape", "__len__", "__next__"))


def _moments(code: Code, first_day: date) -> str | None:
    """Say how a function could know today's date, or a day after one that it is asked about."""
    clock = [*sorted(code.names & {*_CLOCK, "time"}), *sorted(code.texts & _CLOCK)]
    if clock:
        return f"it looks at the clock ({clock[0]})"
    for name, value in code.plain.items():
        if not isinstance(value, (date, np.datetime64)) or pd.isna(value):
            continue
        if pd.Timestamp(value).date() >= first_day:
            return f"it reads the day '{name}' ({value}) from outside"
    return None
