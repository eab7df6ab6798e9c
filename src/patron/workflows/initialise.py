"""`patron init`: look at a file, propose a config, say what is not sure."""

from __future__ import annotations

import os
from pathlib import Path

from patron.errors import PatronError
from patron.ledger import Proposal, propose_config
from patron.model import is_model_name

_EXAMPLE = """\
# The smallest config; every other key has a default: see configs/every_key.yaml.
name: {name}
ledger:
  transactions: orders.csv      # please check: .parquet, .csv, .csv.gz, .xlsx, or a folder of them
  columns: {{customer_id: customer_id, ordered_at: ordered_at, amount: amount}}   # please check: ours: theirs
"""


def initialise(folder: Path, *, ledger: Path | None = None) -> tuple[Path, Proposal | None]:
    """Write a config into a new project folder.

    Parameters
    ----------
    folder : Path
        Made if missing.
    ledger : Path, optional
        An order file to look at.

    Returns
    -------
    path : Path
        The config.
    proposal : Proposal or None
        What was found; None without a file.

    Raises
    ------
    PatronError
        If there is a config already; it is never overwritten.
    """
    path = folder / "patron.yaml"
    if path.exists():
        raise PatronError(f"'{path}' is there already. Remove it, or name another folder.")
    name = folder.resolve().name
    called = name if is_model_name(name) else None
    proposal = (
        None if ledger is None else propose_config(ledger, name=called, written_as=_from(folder, ledger))
    )
    text = _EXAMPLE.format(name=called or "my-shop") if proposal is None else proposal.yaml
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path, proposal


def _from(folder: Path, file: Path) -> str:
    """Return how a file is called from a folder: paths in a config start at the config."""
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
