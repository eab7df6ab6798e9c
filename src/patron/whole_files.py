"""Files that are whole or not there: written beside, renamed at the end.

In:  where a file is to be. Out: a name beside it to write to.
Not here: what is written.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name beside a file; what was written there takes the file's place when the block ends.

    A run that is killed leaves the file before untouched, and one whose name begins with a dot and ends in
    ``.unfinished``. The folder is made.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    Path
        In the same folder; removed if the block fails.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "new" / "list.txt"
    >>> with whole_file(path) as beside:
    ...     _ = beside.write_text("all of it", encoding="utf-8")
    ...     path.exists()
    False
    >>> path.read_text(encoding="utf-8"), [file.name for file in path.parent.iterdir()]
    ('all of it', ['list.txt'])
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, all of it or nothing.

    Parameters
    ----------
    path : Path
        The file; its folder is made.
    text : str
        Line ends stay as they are.
    """
    with whole_file(path) as beside:
        beside.write_bytes(text.encode("utf-8"))
