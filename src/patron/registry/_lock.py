"""One at a time, where a local store is looked at and then changed.

One job: hold a lock file beside a local store while aliases are compared and moved. In: a store. Out:
nothing. The lock is given back by the system when a process is killed. Not here: a server, which many
machines share; there the comparison happens right before the change, and the gap is one call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from patron.errors import RegistryError
from patron.registry.store import Store

_WAIT_SECONDS = 60  # a few calls to SQLite take well under one


@contextmanager
def one_at_a_time(store: Store) -> Iterator[None]:
    """Hold the lock of a local store; do nothing for a server.

    Parameters
    ----------
    store : Store
        Whose aliases are about to be moved.

    Raises
    ------
    RegistryError
        If another process holds the lock for a minute.
    """
    if store.address.database is None:
        yield
        return
    # imported here: a service that loads a folder does without filelock
    from filelock import FileLock, Timeout

    path = store.address.database.with_name(f"{store.address.database.name}.lock")
    lock = FileLock(path)
    try:
        lock.acquire(timeout=_WAIT_SECONDS)
    except Timeout as problem:
        raise RegistryError(
            f"another process has been changing {store.address.database} for {_WAIT_SECONDS} seconds. "
            f"If none is running, remove {path} and try again."
        ) from problem
    try:
        yield
    finally:
        lock.release()
