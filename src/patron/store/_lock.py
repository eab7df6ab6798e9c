"""One writer at a time.

In:  a store's folder.
Out: nothing; the lock is given back by the system when a process is killed.
Not here: readers, which need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patron.errors import LedgerError, saying_what_to_install
from patron.store._layout import LOCK


@contextmanager
def one_writer(store: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the lock of a store.

    Parameters
    ----------
    store : Path
        Its folder.
    wait_seconds : float
        How long to wait for another writer.

    Raises
    ------
    LedgerError
        If another process holds the lock all that time.
    """
    with saying_what_to_install():
        from filelock import FileLock, Timeout
    lock = FileLock(store / LOCK)
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout as problem:
        raise LedgerError(
            f"another process has been bringing {store} up to date for {wait_seconds:,.0f} seconds; "
            "wait until it is done, then try again"
        ) from problem
    try:
        yield
    finally:
        lock.release()
