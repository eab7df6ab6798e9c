"""Which sources there are, which of them the store knows, and reading those it does not.

In:  a path or a query, and how rows are read.
Out: a segment of each source, in a folder of the store.
Not here: months, what a version of the store holds (`update`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from patron.errors import LedgerError
from patron.ledger import segments
from patron.ledger._files import find_files
from patron.ledger._reading import Reading
from patron.ledger.segments import OpenedSource, Plan, Segment
from patron.ledger.sql_query import LONG_AGO, SqlQuery
from patron.ledger.stored_aside import read_rows_aside, write_rows_aside
from patron.store import _layout

#: Rows this many days before the newest one are read again from a query with ``:since``: late ones are found.
_READ_AGAIN_DAYS = 31


class Input(NamedTuple):
    """A source by its name; ``content`` is the SHA-256 of a file, None where only reading tells."""

    name: str
    source: Any
    content: str | None


@dataclass(frozen=True)
class Brought:
    """Segments of all sources under what they agreed on, by name, and the names of those that were read."""

    currency: str | None
    digits: int
    columns: tuple[str, ...]
    held: Mapping[str, tuple[str, Segment]]
    read: frozenset[str]


def inputs_of(source: Any, store: Path) -> list[Input]:
    """Return the sources in the order of their names; a file of the same size and time is not hashed."""
    if isinstance(source, SqlQuery):
        text = f"{source.url} {source.sql}"
        return [Input(f"query-{hashlib.sha256(text.encode()).hexdigest()[:16]}", source, None)]
    if Path(source).suffix.lower() == ".duckdb":  # a view in it may show what lies elsewhere
        return [Input(Path(source).name, source, None)]
    root, paths = Path(source), find_files(Path(source)).paths
    seen = _read_seen(store)
    inputs: list[Input] = []
    now: dict[str, list[Any]] = {}
    for path in paths:
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        stat = path.stat()
        known = seen.get(name, [])
        same = known[:2] == [stat.st_size, stat.st_mtime_ns]
        now[name] = [stat.st_size, stat.st_mtime_ns, known[2] if same else segments.sha256_of(path)]
        inputs.append(Input(name, path, now[name][2]))
    if now != seen:
        _layout.write_json(store / _layout.SEEN, now)
    return inputs


def _read_seen(store: Path) -> dict[str, list[Any]]:
    try:
        found: dict[str, list[Any]] = json.loads((store / _layout.SEEN).read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def reading_values(reading: Reading) -> dict[str, Any]:
    """Return what decides how a row is read, as plain JSON values."""
    values = asdict(reading)
    for name in ("memory_limit", "threads"):
        del values[name]
    found: dict[str, Any] = json.loads(json.dumps(values))
    return found


def bring_in(
    store: Path, inputs: Sequence[Input], reading: Reading, before: Mapping[str, tuple[str, Segment]]
) -> Brought:
    """Read every source that the store does not hold as it is.

    Parameters
    ----------
    store : Path
        Its folder.
    inputs : sequence of Input
        Of `inputs_of`.
    reading : Reading
        How rows are read.
    before : mapping of str to tuple
        What the version before held, read in the same way: name -> folder and segment.

    Returns
    -------
    Brought

    Raises
    ------
    LedgerError
        As `load_ledger` of all of them.
    """
    held = {item.name: found for item in inputs if (found := _known(store, item, reading, before))}
    waiting = [item for item in inputs if item.name not in held]
    read = {item.name for item in waiting}
    looks = {name: segment.look for name, (_, segment) in held.items()}
    for item in waiting:
        opened, older = _open(item, reading, before)
        looks[item.name] = opened.look
        try:  # what is known so far mostly decides; where it does not, all of them do below
            currency, shapes = segments.agree(looks.values(), reading)
        except LedgerError:
            continue
        plan = segments.plan_for(opened.look, currency, shapes, reading)
        held[item.name] = _write(store, item, opened, reading, plan, older)
    ordered = {item.name: looks[item.name] for item in inputs}
    segments.same_columns(ordered)
    currency, shapes = segments.agree(ordered.values(), reading)
    plans = {name: segments.plan_for(look, currency, shapes, reading) for name, look in ordered.items()}
    for item in inputs:
        if item.name not in held or held[item.name][1].plan != plans[item.name]:
            opened, older = _open(item, reading, {})
            held[item.name] = _write(store, item, opened, reading, plans[item.name], older)
            read.add(item.name)
    digits = next(iter(plans.values())).digits
    columns = next(iter(ordered.values())).columns
    return Brought(
        currency, digits, columns, {item.name: held[item.name] for item in inputs}, frozenset(read)
    )


def _open(
    item: Input, reading: Reading, before: Mapping[str, tuple[str, Segment]]
) -> tuple[OpenedSource, Mapping[str, tuple[str, Segment]]]:
    """Open a source, of a query with ``:since`` what is asked for anew, and say what its older months are.

    Months that lie in the store are read no more: where the new rows have another column, currency or kind of
    date than those had, all rows are asked for.
    """
    since = _since_day(item, before)
    if since is None:
        return segments.open_for_segment(item.source, reading), {}
    opened = segments.open_for_segment(item.source.since(since), reading)
    if item.name not in before:
        return opened, {}
    look = before[item.name][1].look
    if look.covers(opened.look):
        return replace(opened, look=look), before
    return segments.open_for_segment(item.source.since(LONG_AGO), reading), {}


def _digest(value: Any, length: int) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:length]


def _folder(content: str, reading: Reading, plan: Plan) -> str:
    read_how = _digest([_layout.FORMAT, reading_values(reading)], 8)
    return f"{_layout.SOURCES}/{content[:16]}-{read_how}-{_digest(asdict(plan), 8)}"


def _known(
    store: Path, item: Input, reading: Reading, before: Mapping[str, tuple[str, Segment]]
) -> tuple[str, Segment] | None:
    """Find the segment of a file's content, under whatever name, also one that a killed run had finished."""
    if item.content is None:
        return None
    wanted = _folder(item.content, reading, Plan(0, ())).rsplit("-", 1)[0]
    for folder, segment in before.values():
        if folder.startswith(wanted):
            return folder, segment
    for path in sorted(store.glob(f"{wanted}-*")):
        return f"{_layout.SOURCES}/{path.name}", read_segment(path)
    return None


def read_segment(folder: Path) -> Segment:
    """Read what was written of a source."""
    return Segment.from_dict(json.loads((folder / "source.json").read_bytes()))


def _write(
    store: Path,
    item: Input,
    opened: OpenedSource,
    reading: Reading,
    plan: Plan,
    before: Mapping[str, tuple[str, Segment]],
) -> tuple[str, Segment]:
    """Write a segment into a folder named by its content."""
    work = store / _layout.WORK / "source"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    segment = segments.write_segment(opened, reading, plan, work)
    since = _since_day(item, before)
    if since is not None and item.name in before:
        segment = _with_older_months(store, before[item.name], segment, since, work)
    target = _folder(item.content or _digest(segment.to_dict(), 64), reading, plan)
    if (store / target).is_dir():  # perhaps in force: it is never away, not even for a moment
        return target, read_segment(store / target)
    _layout.write_json(work / "source.json", segment.to_dict())
    (store / _layout.SOURCES).mkdir(exist_ok=True)
    work.rename(store / target)
    return target, segment


def _since_day(item: Input, before: Mapping[str, tuple[str, Segment]]) -> date | None:
    """Return the first day of a month that a query with ``:since`` has to give anew; None without one."""
    if not isinstance(item.source, SqlQuery) or not item.source.has_since:
        return None
    if item.name not in before:
        return LONG_AGO
    days = segments.lines_by_day(before[item.name][1].months.values())
    newest = date(1970, 1, 1) + timedelta(days=max(days, default=0))
    return (newest - timedelta(days=_READ_AGAIN_DAYS)).replace(day=1)


def _with_older_months(
    store: Path, before: tuple[str, Segment], segment: Segment, since: date, work: Path
) -> Segment:
    """Take the months before `since` from the version before."""
    folder, older = before
    first = since.isoformat()[:7]
    early = sum(part.lines for name, part in segment.months.items() if name < first)
    if early:
        raise LedgerError(
            f"the query returned {early:,} lines dated before :since, which was {since}; compare the column "
            "of the order's date, e.g. WHERE ordered_at >= :since"
        )
    kept = {name: part for name, part in older.months.items() if name < first}
    for name, part in kept.items():
        if part.sha256 is not None:
            _link(store / folder / f"{name}.parquet", work / f"{name}.parquet")
    aside = _join_aside(store / folder / segments.ASIDE, work / segments.ASIDE, set(kept))
    return replace(segment, months=dict(sorted({**segment.months, **kept}.items())), aside=aside)


def _join_aside(older: Path, new: Path, kept: set[str]) -> dict[str, Any] | None:
    """Put the rows set aside of the months that are kept before the new ones of the others."""
    there = [path for path in (older, new) if path.exists()]
    rows = (
        row
        for path in there
        for row in read_rows_aside(path, "")
        if (segments.month_of(row.day) in kept) == (path == older)
    )
    joined = new.with_suffix(".joined")
    write_rows_aside(rows, joined)
    new.unlink(missing_ok=True)
    if joined.exists():
        joined.rename(new)
    return segments.facts_of(new)


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:  # a file system without links
        shutil.copyfile(old, new)
