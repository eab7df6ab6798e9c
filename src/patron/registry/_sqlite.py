"""The local store's database, made whole or not at all.

One job: let there be a migrated SQLite file before MLflow opens it. MLflow migrates a new file step by step
and without a lock: two processes that start together break each other, and one that is killed leaves a file
that never opens again. So it is migrated under another name, under our lock, and renamed. Not here: anything
about runs or models.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from patron.errors import RegistryError

_LOG = logging.getLogger(__name__)
_WAIT_SECONDS = 180  # a first migration takes seconds; minutes on a very busy machine


def ensure_database(database: Path, files: Path) -> None:
    """Make the database if it is not there, and refuse what is not an MLflow store.

    Parameters
    ----------
    database : Path
        Absolute path of the SQLite file.
    files : Path
        The folder in which MLflow's default experiment would keep files.

    Raises
    ------
    RegistryError
        If the file is something else, or another process holds the lock for three minutes.
    """
    # imported here: a service that loads a folder does without filelock
    from filelock import FileLock, Timeout

    if not is_made(database):
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = database.with_name(f"{database.name}.lock")
        try:
            with FileLock(lock, timeout=_WAIT_SECONDS):
                _sweep(database)
                if not is_made(database):
                    _make(database, files)
        except Timeout as problem:
            raise RegistryError(
                f"another process has been preparing {database} for {_WAIT_SECONDS} seconds. "
                f"If none is running, remove {lock} and try again."
            ) from problem
    _check(database)


def is_made(database: Path) -> bool:
    """Say whether there is anything in the file; an empty one holds no tables yet."""
    return database.is_file() and database.stat().st_size > 0


def _make(database: Path, files: Path) -> None:
    """Migrate in a scratch folder beside, then rename."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    _LOG.info("preparing the tracking store %s", database)
    scratch = Path(tempfile.mkdtemp(prefix=f"{database.name}.init-", dir=database.parent))
    try:
        fresh = scratch / "fresh.db"
        store: Any = cast(Any, SqlAlchemyStore)(f"sqlite:///{fresh.as_posix()}", files.as_uri())
        store._dispose_engine()  # closes the file; there is no public way
        _flush(fresh)
        os.replace(fresh, database)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _sweep(database: Path) -> None:
    """Remove the scratch folders of killed processes; the caller holds the lock, so none is in use."""
    for scratch in database.parent.glob(f"{database.name}.init-*"):
        shutil.rmtree(scratch, ignore_errors=True)


def _flush(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _check(database: Path) -> None:
    """Look before MLflow does: it would retry for minutes on a file that is no database."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=20)) as connection:
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as problem:
        raise RegistryError(
            f"{database} cannot be read as an MLflow store: {problem}. "
            "Move it away, or give another file in tracking.uri."
        ) from problem
