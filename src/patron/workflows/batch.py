"""Score a customer base in chunks: bounded memory, and a killed run goes on where it was.

In:  a model, a base, where the scores go.
Out: the scores file, renamed into place when it is whole.
Not here: what a score is (`patron.scoring`), where customers are cut (`snapshots.chunks`), which parts are
kept (`workflows.score_parts`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patron import __version__
from patron.errors import PatronError
from patron.ledger import in_memory
from patron.model import PatronModel, files_digest, model_files
from patron.scoring import join_scores
from patron.snapshots import Chunk, CustomerTables, customer_chunks, tables_of_chunk, to_day
from patron.workflows.base import Base
from patron.workflows.digests import tables_digest
from patron.workflows.score_parts import ScoreParts

#: Customers, and their customer-days: what `ledger.at_hand` answers fastest, and a few hundred MB at most.
MOST_CUSTOMERS, MOST_DAYS = 50_000, 300_000

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Batch:
    """What was scored.

    Parameters
    ----------
    counts : dict
        Customers by status.
    parts : int
        Chunks of the batch.
    resumed_parts : int
        Those that an earlier run had made.
    seconds : float
        For scoring and joining.
    notes : list of str
        Why parts of an earlier run were not used.
    """

    counts: dict[str, int]
    parts: int
    resumed_parts: int
    seconds: float
    notes: list[str]


def score_in_chunks(
    model: PatronModel,
    base: Base,
    path: Path,
    *,
    language: str,
    advance: Advance = lambda _done, _all: None,
    most_customers: int = MOST_CUSTOMERS,
    most_days: int = MOST_DAYS,
) -> Batch:
    """Score chunk by chunk into a hidden folder beside the file, then join and rename.

    Parameters
    ----------
    model : PatronModel
        What scores.
    base : Base
        Whom.
    path : Path
        The scores file; its folder is made.
    language : str
        ``en`` or ``zh``.
    advance : callable
        Called with the customers done and all of them, after every chunk.
    most_customers, most_days : int
        Of a chunk (`snapshots.customer_chunks`).

    Returns
    -------
    Batch

    Raises
    ------
    PatronError
        If another run is writing this file, or the parts do not add up to the customers.
    """
    began, day = time.perf_counter(), to_day(base.ledger.as_of)
    limits = {"most_customers": most_customers, "most_days": most_days}
    chunks = customer_chunks(base.tables, day, **limits)
    everybody = sum(chunk.customers for chunk in chunks)
    identity = {**_identity(model, base, language), **limits, "chunks": [list(chunk) for chunk in chunks]}
    folder, done = path.with_name(f".{path.stem}.parts"), 0
    with _alone(folder, path):
        parts = ScoreParts.open(folder, identity)
        for number, chunk in enumerate(chunks):
            tables = _loaded(base.tables, chunk, day, alone=len(chunks) == 1)
            digest = tables_digest(tables)
            if not parts.is_done(number, digest):
                scores = model.score_tables(tables, base.ledger, language=language)
                parts.write(number, scores, digest, customers=chunk.customers)
            done += chunk.customers
            advance(done, everybody)
        counts = _publish(parts, path, everybody)
    return Batch(counts, len(chunks), len(parts.resumed), time.perf_counter() - began, parts.notes)


def _identity(model: PatronModel, base: Base, language: str) -> dict[str, Any]:
    """Name what shapes every row; what shapes the rows of a part is in its digest (`tables_digest`)."""
    ledger = base.ledger
    return {
        "patron": __version__,
        "model": model.name,
        "model_sha256": files_digest(model_files(model.parts, model.evaluation, model.ledger_rules)),
        "as_of": ledger.as_of.isoformat(),
        "data_through": None if ledger.report.last_day is None else ledger.report.last_day.isoformat(),
        "currency": ledger.currency,
        "language": language,
    }


def _loaded(tables: CustomerTables, chunk: Chunk, day: int, *, alone: bool) -> CustomerTables:
    """Hold the tables of a chunk; a base of one chunk is at hand already."""
    return tables if alone else tables_of_chunk(tables, chunk, day, load=in_memory)


def _publish(parts: ScoreParts, path: Path, customers: int) -> dict[str, int]:
    """Join the parts beside the file, look whether they add up, and rename."""
    whole = parts.folder / f"whole{path.suffix}"
    counts = join_scores(parts.checked(), whole)
    if counts["customers"] != customers or counts["customers"] != sum(counts.values()) // 2:
        raise PatronError(
            f"The parts hold {counts['customers']:,} customers, the orders {customers:,}; none is written.",
            next_step=f"Remove the folder '{parts.folder}' and run patron score again.",
        )
    whole.chmod(0o644)
    os.replace(whole, path)
    return counts


@contextmanager
def _alone(folder: Path, path: Path) -> Iterator[None]:
    """Keep other runs out of the folder; remove it when all is done, leave it when something went wrong."""
    # imported here: only commands that write need filelock
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise PatronError(
            f"Another run is writing '{path.name}' right now.",
            next_step="Wait for it, or give this one another file with --out.",
        ) from None
    try:
        yield
        for file in sorted(folder.iterdir()):
            if file.name != "lock" or os.name == "posix":  # Windows removes no open file
                file.unlink()
    finally:
        lock.release()
    with suppress(OSError):  # another run may have begun
        if os.name != "posix":
            (folder / "lock").unlink(missing_ok=True)
        folder.rmdir()
