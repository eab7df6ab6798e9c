"""CSV files before a parser sees them.

In: a file. Out: a UTF-8 file with its header, or what is wrong with its encoding.

Other encodings are decoded as a stream to a temporary file. Not here: the rows (`_csv_records`).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from patron.errors import LedgerError
from patron.ledger._options import CsvOptions

_CHUNK = 1 << 20
SEPARATORS = (",", ";", "\t", "|")
#: More lines than this share that are not text: it is the encoding that is wrong, not the lines.
_MOST_LINES_NOT_TEXT = 0.01
_LINES_THAT_TELL = 10_000


@dataclass(frozen=True)
class CsvFile:
    """A CSV file: where its UTF-8 form lies, the user's file and its encoding, its header.

    ``is_clean`` is False where bytes were seen that no parser should get.
    """

    path: Path
    shown: Path
    encoding: str
    header: tuple[str, ...]
    separator: str
    compressed: bool
    is_clean: bool

    def utf8_chunks(self) -> Iterator[bytes]:
        """Read the user's file again, as UTF-8 without a byte order mark."""
        if self.path == self.shown:
            chunks = _chunks(self.shown)
            yield next(chunks, b"").removeprefix(codecs.BOM_UTF8)
            yield from chunks
            return
        with io.TextIOWrapper(open_bytes(self.shown), encoding=self.encoding, newline="") as stream:
            while text := stream.read(_CHUNK):
                yield text.encode()


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, unpacking ``.gz``."""
    return gzip.open(path, "rb") if is_gzip(path) else path.open("rb")  # type: ignore[return-value]


def is_gzip(path: Path) -> bool:
    """Whether the name says gzip."""
    return path.name.lower().endswith(".gz")


def _chunks(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def check_encoding(path: Path, options: CsvOptions) -> None:
    """Decode the whole file once, keeping nothing.

    Raises
    ------
    LedgerError
        A byte that the encoding does not allow, with its line and a guess; or a broken gzip file.
    """
    decoder = codecs.getincrementaldecoder(options.encoding)()
    line = 1
    try:
        for chunk in _chunks(path):
            before, line = line, line + chunk.count(b"\n")
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                bad = before + chunk[: error.start].count(b"\n")
                raise LedgerError(_wrong_encoding(path, options.encoding, bad)) from None
    except (OSError, EOFError) as error:
        message = f"{path.name}: cannot be unpacked ({error}); write the file again"
        raise LedgerError(message) from None


def is_clean_text(path: Path, options: CsvOptions) -> bool:
    """Tell whether every line is text that begins and ends outside quotes, as a fast parser needs it.

    A few lines that are no text can be set aside. A quote left open would take whole records along.

    Raises
    ------
    LedgerError
        More than 1 % of the lines are not text, or a broken gzip file.
    """
    clean, quotes = True, 0
    try:
        decoder = codecs.getincrementaldecoder(options.encoding)()
        for chunk in _chunks(path):
            decoder.decode(chunk)
            clean = clean and b"\0" not in chunk and not _breaks_in_quotes(chunk, quotes)
            quotes += chunk.count(b'"')
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        _check_few_are_not_text(path, options)
        return False
    except (OSError, EOFError) as error:
        message = f"{path.name}: cannot be unpacked ({error}); write the file again"
        raise LedgerError(message) from None
    return clean


def _breaks_in_quotes(chunk: bytes, quotes_before: int) -> bool:
    if b'"' not in chunk:
        return quotes_before % 2 == 1 and b"\n" in chunk
    letters = np.frombuffer(chunk, dtype=np.uint8)
    quotes, ends = (np.flatnonzero(letters == ord(mark)) for mark in ('"', "\n"))
    return bool(((np.searchsorted(quotes, ends) + quotes_before) % 2).any())


def _check_few_are_not_text(path: Path, options: CsvOptions) -> None:
    lines = not_text = 0
    rest = b""
    for chunk in _chunks(path):
        text, _, rest = (rest + chunk).rpartition(b"\n")
        lines += text.count(b"\n") + 1
        if not is_text(text, options.encoding):
            not_text += sum(not is_text(part, options.encoding) for part in text.split(b"\n"))
        if lines > _LINES_THAT_TELL and not_text > lines * _MOST_LINES_NOT_TEXT:
            break
    if rest:
        lines, not_text = lines + 1, not_text + (not is_text(rest, options.encoding))
    if not_text > lines * _MOST_LINES_NOT_TEXT:
        check_encoding(path, options)


def is_text(part: bytes, encoding: str = "utf-8") -> bool:
    """Whether bytes are complete text."""
    try:
        part.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _wrong_encoding(path: Path, encoding: str, line: int) -> str:
    guess = guess_encoding(path)
    return f"{path.name}: a byte in line {line:,} is not {encoding}; try csv: {{encoding: {guess}}}"


def guess_encoding(path: Path, size: int = _CHUNK) -> str:
    """Guess from the file's first bytes: utf-8, utf-8-sig, utf-16, gb18030 or latin-1."""
    with open_bytes(path) as stream:
        head = stream.read(size)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if _decodes(head, "utf-8") is not None:
        return "utf-8"
    chinese = _decodes(head, "gb18030")
    return "gb18030" if chinese and _looks_chinese(chinese) else "latin-1"


def _decodes(head: bytes, encoding: str) -> str | None:
    decoder = codecs.getincrementaldecoder(encoding)()  # does not mind a character cut in two at the end
    try:
        return decoder.decode(head)
    except UnicodeDecodeError:
        return None


def _looks_chinese(text: str) -> bool:
    """Latin-1 accents read as GB18030 give single rare characters amid letters; Chinese comes in runs."""
    foreign = [c for c in text if ord(c) > 127]
    common = sum(
        "\u4e00" <= c <= "\u9fff" or "\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uffef" for c in foreign
    )
    pairs = sum(ord(a) > 127 and ord(b) > 127 for a, b in pairwise(text))
    return bool(foreign) and common >= 0.9 * len(foreign) and pairs * 3 >= len(foreign)


def decoded_copy(path: Path, options: CsvOptions, folder: Path) -> Path:
    """Stream the file to UTF-8 in ``folder``."""
    copy = folder / f"{len(list(folder.iterdir()))}.csv"
    try:
        with (
            io.TextIOWrapper(open_bytes(path), encoding=options.encoding, newline="") as source,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            shutil.copyfileobj(source, target, _CHUNK)
    except UnicodeError:
        check_encoding(path, options)
        message = f"{path.name} is not {options.encoding}; try csv: {{encoding: {guess_encoding(path)}}}"
        raise LedgerError(message) from None
    return copy


def read_header(path: Path, options: CsvOptions) -> tuple[str, ...]:
    """Return the first record of a UTF-8 file.

    Raises
    ------
    LedgerError
        No header, or one column that holds another separator.
    """
    with io.TextIOWrapper(open_bytes(path), "utf-8-sig", "replace", newline="") as stream:
        try:
            header = next(csv.reader(stream, delimiter=options.separator), [])
        except csv.Error as error:
            message = f"{path.name}: the header line cannot be read ({error})"
            raise LedgerError(message) from None
    names = tuple(name.strip() for name in header)
    if not any(names):
        message = f"{path.name} has no header; the first line must name the columns"
        raise LedgerError(message)
    other = [
        mark for mark in SEPARATORS if len(names) == 1 and mark in names[0] and mark != options.separator
    ]
    if other:
        mark = max(other, key=names[0].count)
        shown = "\\t" if mark == "\t" else mark
        message = (
            f"{path.name} has one column {names[0][:80]!r}, which holds the separator {shown!r}; "
            f'say ledger.csv.separator: "{shown}"'
        )
        raise LedgerError(message)
    return names
