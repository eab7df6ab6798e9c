"""Vintages: what was promised on a day, kept until it can be compared with what came.

In:  score rows, facts about the model and the orders of that day.
Out: two files per day in a folder, read back as `Vintage`.
Not here: when they are kept (`workflows.vintages`), what came of them (`realised`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.errors import PatronError, saying_what_to_install
from patron.whole_files import whole_file, write_text

#: What a vintage keeps of a score row.
VINTAGE_COLUMNS = (
    "customer_id",
    "status",
    "churn_probability",
    "churn_risk",
    "clv",
    "clv_low",
    "clv_high",
    "value_at_risk",
    "tier",
    "value_tier",
    "lifecycle_stage",
)
_FACTS = ("as_of", "model", "churn_horizon_days", "clv_horizon_months", "label", "expected", "data")


@dataclass(frozen=True)
class Vintage:
    """The scores of a day.

    Parameters
    ----------
    rows : pandas.DataFrame
        `VINTAGE_COLUMNS`, one row per customer.
    facts : mapping
        ``as_of`` (ISO day), ``model`` (name/version), ``churn_horizon_days``, ``clv_horizon_months``,
        ``label`` (the definition of churn, as `labels.ChurnLabel` takes it), ``expected`` (the metrics of the
        model's own evaluation), ``data`` (what the orders looked like, `data_checks.data_facts`).
    """

    rows: pd.DataFrame
    facts: Mapping[str, Any]

    @property
    def as_of(self) -> date:
        """The day the scores were made for."""
        return date.fromisoformat(str(self.facts["as_of"]))

    @property
    def model(self) -> str:
        """What scored: name/version."""
        return str(self.facts["model"])


def write_vintage(folder: Path, vintage: Vintage) -> bool:
    """Keep a vintage; one that another model made for the same day stays.

    A promise is what was said at the time: scoring a past day again with a newer model, which has seen what
    came, must not make it look good.

    Parameters
    ----------
    folder : Path
        Of the vintages; made if missing.
    vintage : Vintage
        The scores.

    Returns
    -------
    bool
        Whether it is kept: False where another model's stands.
    """
    facts_path, rows_path = _paths(folder, vintage.facts["as_of"])
    before = _facts_of(facts_path) if facts_path.exists() else None
    if before is not None and before["model"] != vintage.model:
        return False
    with whole_file(rows_path) as beside, saying_what_to_install():
        vintage.rows[list(VINTAGE_COLUMNS)].to_parquet(beside, index=False)
    facts = {**vintage.facts, "rows_sha256": _sha256(rows_path)}
    # written last: rows without their facts are no vintage
    write_text(facts_path, json.dumps(facts, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    return True


def vintages_before(folder: Path, day: date) -> list[Vintage]:
    """Read the vintages of earlier days, oldest first.

    Parameters
    ----------
    folder : Path
        Of the vintages; one that is not there holds none.
    day : date
        Only days before it.

    Returns
    -------
    list of Vintage

    Raises
    ------
    PatronError
        If files were changed or lost: all of them.
    """
    found, problems = [], []
    for facts_path in sorted(folder.glob("????-??-??.json")):
        if facts_path.stem >= day.isoformat():
            continue
        try:
            found.append(_read(folder, facts_path))
        except PatronError as error:
            problems += error.problems
    if problems:
        raise PatronError(
            problems,
            next_step="Bring the files back from a copy, or remove both of that day: it is then not judged.",
        )
    return found


def _read(folder: Path, facts_path: Path) -> Vintage:
    facts = _facts_of(facts_path)
    rows_path = _paths(folder, facts_path.stem)[1]
    if not rows_path.is_file() or _sha256(rows_path) != facts.get("rows_sha256"):
        raise PatronError(f"the vintage '{rows_path}' is missing, or changed after it was written")
    with saying_what_to_install():
        return Vintage(pd.read_parquet(rows_path), facts)


def _facts_of(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        facts = None
    if not isinstance(facts, dict) or not set(_FACTS) <= set(facts) or facts["as_of"] != path.stem:
        raise PatronError(f"'{path}' is no vintage of that day")
    return facts


def _paths(folder: Path, day: str) -> tuple[Path, Path]:
    return folder / f"{day}.json", folder / f"{day}.parquet"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
