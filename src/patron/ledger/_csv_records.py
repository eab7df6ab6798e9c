"""Records of a CSV file with the line each begins in, also of a file that a parser gives up on.

In:  the chunks of a UTF-8 file, its separator, how many columns it has.
Out: blocks of records, each whole or not.
Not here: what the fields mean.

A line is a whole record when it has the header's number of fields (one more when the last is empty), every
quote closed, no NUL byte and no byte that is not UTF-8. An open quote goes on to the line that closes it,
but only where they make a whole record and no line after the first makes one alone; else the line alone is
lost, never what follows it. Lines without a quote are looked at all at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from patron.errors import LedgerError
from patron.ledger._csv_files import CsvFile, guess_encoding, is_text

Numbers = np.ndarray[Any, Any]

#: A quoted field with line breaks may reach this far.
_LONGEST_RECORD_BYTES = 1 << 16
#: Longer than any order line: the file is something else.
_LONGEST_LINE_BYTES = 1 << 26
_NEWLINE, _RETURN, _QUOTE, _NUL = b"\n", b"\r", b'"', b"\0"


@dataclass(frozen=True)
class Block:
    """Consecutive records: where they lie in ``text``, the line each begins in, which are whole."""

    text: bytes
    starts: Numbers
    ends: Numbers
    lines: Numbers
    whole: Numbers

    def record(self, i: Any) -> bytes:
        """Return the text of one record without its line end."""
        return self.text[self.starts[i] : self.ends[i]]

    def without_first(self) -> Block:
        """Return the block without its first record."""
        return Block(self.text, self.starts[1:], self.ends[1:], self.lines[1:], self.whole[1:])

    def whole_text(self) -> bytes:
        """Return the whole records, a line end after each."""
        kept = [self.record(i) for i in np.flatnonzero(self.whole)]
        return b"\n".join([*kept, b""])


def read_blocks(chunks: Iterable[bytes], separator: str, fields: int) -> Iterator[Block]:
    """Cut a file into records, the header left out.

    Raises
    ------
    LedgerError
        A line longer than 64 MB.
    """
    cut = _Cutter(separator.encode(), fields, _record_pattern(separator.encode(), fields))
    rest, line, header = b"", 1, True
    for chunk, last in _with_last(_plain_line_ends(chunks)):
        text = rest + chunk
        if last and not text.endswith(_NEWLINE):
            text += _NEWLINE
        block, used, line = cut.block(text, line, last)
        rest = text[used:]
        if len(rest) > _LONGEST_LINE_BYTES:
            message = f"line {line:,} is longer than 64 MB; is this a CSV file?"
            raise LedgerError(message)
        if header and len(block.starts):
            block, header = block.without_first(), False
        if len(block.starts):
            yield block


def _plain_line_ends(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Turn the line ends of old Macs, a return and no newline anywhere, into newlines."""
    old_mac = None
    for chunk in chunks:
        if old_mac is None:
            old_mac = _RETURN in chunk and _NEWLINE not in chunk
        yield chunk.replace(_RETURN, _NEWLINE) if old_mac else chunk


def _with_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    before: bytes | None = None
    for chunk in chunks:
        if before is not None:
            yield before, False
        before = chunk
    if before is not None:
        yield before, True


@dataclass(frozen=True)
class _Cutter:
    separator: bytes
    fields: int
    pattern: re.Pattern[bytes]

    def block(self, text: bytes, line: int, last: bool) -> tuple[Block, int, int]:
        """Return the complete records of ``text``, how many bytes they take, the line that comes next."""
        ends = _positions(text, _NEWLINE)
        starts: Numbers = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
        after, next_line = (int(ends[-1]) + 1 if len(ends) else 0), line + len(ends)
        lines: Numbers = np.arange(line, next_line)
        trimmed: Numbers = ends - _ends_with_return(text, ends)
        quotes = _count(text, _QUOTE, starts, ends)
        whole = self._fits(text, starts, trimmed)
        keep = trimmed > starts
        open_at = self._join(text, starts, trimmed, quotes, whole, keep, last)
        if open_at is not None:
            after, next_line = int(starts[open_at]), line + open_at
            keep[open_at:] = False
        starts, trimmed, lines, quotes, whole = (a[keep] for a in (starts, trimmed, lines, quotes, whole))
        whole &= _count(text, _NUL, starts, trimmed) == 0
        whole &= (_count(text, _RETURN, starts, trimmed) == 0) | (quotes > 0)
        _drop_what_is_not_utf8(text, starts, trimmed, whole)
        return Block(text, starts, trimmed, lines, whole), after, next_line

    def _fits(self, text: bytes, starts: Numbers, ends: Numbers) -> Numbers:
        """Test lines without quotes: the right number of separators, one more at the very end."""
        marks = _count(text, self.separator, starts, ends)
        more = np.flatnonzero(marks == self.fields)
        fits: Numbers = marks == self.fields - 1
        for i in more:
            fits[i] = text.endswith(self.separator, starts[i], ends[i])
        return fits

    def _join(
        self,
        text: bytes,
        starts: Numbers,
        ends: Numbers,
        quotes: Numbers,
        whole: Numbers,
        keep: Numbers,
        last: bool,
    ) -> int | None:
        """Look at the lines with quotes, joining those of one record; the line whose end is still to come."""
        odd = np.flatnonzero(quotes % 2 == 1)
        done = -1
        for i in np.flatnonzero(quotes > 0):
            if i <= done:
                continue
            closing = int(i)
            alone = self._is_record(text, starts[i], ends[i])
            if not alone and quotes[i] % 2:
                later = int(np.searchsorted(odd, i)) + 1
                if later == len(odd):
                    if not last and len(text) - starts[i] < _LONGEST_RECORD_BYTES:
                        return int(i)
                    whole[i] = False
                    continue
                closing = int(odd[later])
            whole[i] = alone or self._closes(text, starts, ends, int(i), closing)
            if whole[i] and closing > i:
                keep[i + 1 : closing + 1] = False
                ends[i], done = ends[closing], closing
        return None

    def _closes(self, text: bytes, starts: Numbers, ends: Numbers, i: int, closing: int) -> bool:
        """Test lines as one record; where one of the others is whole alone, the quote was left open."""
        return bool(
            closing > i
            and ends[closing] - starts[i] < _LONGEST_RECORD_BYTES
            and self._is_record(text, starts[i], ends[closing])
            and not any(self._is_record(text, starts[k], ends[k]) for k in range(i + 1, closing + 1))
        )

    def _is_record(self, text: bytes, start: int, end: int) -> bool:
        return self.pattern.fullmatch(text, start, end) is not None


def _positions(text: bytes, mark: bytes) -> Numbers:
    if mark not in text:
        return np.empty(0, dtype=np.int64)
    if len(mark) == 1:
        return np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == mark[0])
    return np.array([m.start() for m in re.finditer(re.escape(mark), text)], dtype=np.int64)


def _count(text: bytes, mark: bytes, starts: Numbers, ends: Numbers) -> Numbers:
    """Count a mark in each piece of a text."""
    where = _positions(text, mark)
    if not len(where):
        return np.zeros(len(starts), dtype=np.int64)
    return np.searchsorted(where, ends) - np.searchsorted(where, starts)


def _ends_with_return(text: bytes, ends: Numbers) -> Numbers:
    if _RETURN not in text:
        return np.zeros(len(ends), dtype=np.bool_)
    letters = np.frombuffer(text, dtype=np.uint8)
    found: Numbers = (ends > 0) & (letters[np.maximum(ends - 1, 0)] == _RETURN[0])
    return found


def _record_pattern(separator: bytes, fields: int) -> re.Pattern[bytes]:
    """Match what DuckDB takes: quoted fields may have blanks around them, others may have quotes inside."""
    mark = re.escape(separator)
    blanks = b"" if separator == b" " else b" *"
    quoted = blanks + b'"[^"]*+(?:""[^"]*+)*+"' + blanks
    letter = b"[^\r\n" + mark + b"]" if len(separator) == 1 else b"(?:(?!" + mark + b")[^\r\n])"
    field = b"(?:" + quoted + b"|(?!" + blanks + b'")' + letter + b"*+)"
    return re.compile(field + b"(?:" + mark + field + b"){%d}(?:%b)?" % (fields - 1, mark))


def _drop_what_is_not_utf8(text: bytes, starts: Numbers, ends: Numbers, whole: Numbers) -> None:
    if is_text(text):
        return
    for i in np.flatnonzero(whole):
        if not is_text(text[starts[i] : ends[i]]):
            whole[i] = False


def as_text(record: bytes) -> str:
    r"""Return a record as text that any reader of CSV can take: what is no text is written like ``\xfc``."""
    return record.decode("utf-8", errors="backslashreplace").replace("\0", "\\x00")


@dataclass(frozen=True)
class CsvPart:
    """A file with its number of records; its lines that are none, and one of them in a few words."""

    file: CsvFile
    rows: int
    unreadable: int = 0
    unreadable_example: str | None = None


def copy_whole_records(file: CsvFile, copy: Path) -> CsvPart:
    """Write the whole records of a file, without its header. Empty lines are no lines at all."""
    rows = lost = not_text = 0
    example = None
    with copy.open("wb") as target:
        for block in read_blocks(file.utf8_chunks(), file.separator, len(file.header)):
            target.write(block.whole_text())
            broken = np.flatnonzero(~block.whole)
            rows, lost = rows + len(block.whole) - len(broken), lost + len(broken)
            not_text += sum(not is_text(block.record(i)) for i in broken)
            if example is None and len(broken):
                first = as_text(block.record(broken[0])).strip()[:120]
                example = f"{file.shown.name} line {block.lines[broken[0]]}: {first}"
    if not_text:
        example = f"{example} ({not_text:,} lines are not {file.encoding}{_other_encoding(file)})"
    return CsvPart(file, rows, lost, example)


def _other_encoding(file: CsvFile) -> str:
    guess = guess_encoding(file.shown)
    return "" if guess.startswith("utf-8") else f"; if the file is {guess}, say csv: {{encoding: {guess}}}"
