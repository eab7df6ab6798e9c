"""The files of a campaign: written once, never changed, compared with their digests when read.

In:  a plan and its assignment. Out: a folder with ``plan.json`` and ``assignment.csv``, and back.
Not here: what is in them (`plan`, `assign`), the readout (`readout`).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from patron.campaigns.plan import CampaignPlan
from patron.campaigns.two_models import TwoModels
from patron.errors import PatronError
from patron.ledger.actions import with_apostrophe, without_apostrophe
from patron.whole_files import whole_file, write_text

PLAN, ASSIGNMENT, READOUT, UPLIFT = "plan.json", "assignment.csv", "readout.json", "uplift.json"
ASSIGNMENT_COLUMNS = (
    "customer_id",
    "group_id",
    "stratum",
    "arm",
    "assigned_on",
    "tier",
    "lifecycle_stage",
    "churn_probability",
    "value_at_risk",
    "clv",
    "margin_before",
)
_TEXTS = ("customer_id", "group_id", "stratum", "arm", "tier", "lifecycle_stage")


class Campaign(NamedTuple):
    """A plan, who was assigned what, and what was read, if it was.

    Parameters
    ----------
    plan : CampaignPlan
        As written.
    assignment : pandas.DataFrame
        `ASSIGNMENT_COLUMNS`.
    readout : dict or None
        The content of ``readout.json``.
    """

    plan: CampaignPlan
    assignment: pd.DataFrame
    readout: dict[str, Any] | None

    @property
    def code(self) -> str | None:
        """Code of the verdict; None before it was read out."""
        return None if self.readout is None else str(self.readout["verdict"]["code"])


def check_name(name: str) -> None:
    """Refuse a name that is no name of a folder everywhere.

    Raises
    ------
    PatronError
        If it has other characters than letters, digits, ``-`` and ``_``, or more than 60.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", name):
        raise PatronError(
            f"'{name}' cannot be the name of a campaign: use letters, digits, - and _, 60 at most."
        )


def assignment_bytes(assignment: pd.DataFrame) -> bytes:
    """Write an assignment as CSV that a spreadsheet opens, ids that begin like a formula made inert."""
    rows = assignment[list(ASSIGNMENT_COLUMNS)].copy()
    for name in _TEXTS:
        rows[name] = [with_apostrophe(text) if isinstance(text, str) else text for text in rows[name]]
    stream = io.StringIO()
    rows.to_csv(stream, index=False, lineterminator="\r\n")
    return stream.getvalue().encode("utf-8-sig")


def write_campaign(folder: Path, plan: CampaignPlan, content: bytes) -> None:
    """Write both files; the plan last, because it makes the campaign.

    Parameters
    ----------
    folder : Path
        Of this campaign.
    plan : CampaignPlan
        With the digest of `content`.
    content : bytes
        Of `assignment_bytes`.

    Raises
    ------
    PatronError
        If there is a campaign of this name: an assignment never changes.
    """
    if (folder / PLAN).exists():
        raise PatronError(
            f"there is a campaign '{plan.name}' already, and an assignment never changes.",
            next_step="Choose another name with --name.",
        )
    with whole_file(folder / ASSIGNMENT) as beside:
        beside.write_bytes(content)
    write_text(
        folder / PLAN, json.dumps(plan.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )


def read_campaign(folder: Path) -> Campaign:
    """Read a campaign back.

    Parameters
    ----------
    folder : Path
        Of this campaign.

    Returns
    -------
    Campaign

    Raises
    ------
    PatronError
        If a file is missing, or was changed after it was written.
    """
    try:
        plan = CampaignPlan.from_dict(json.loads((folder / PLAN).read_text(encoding="utf-8")))
        content = (folder / ASSIGNMENT).read_bytes()
    except (OSError, ValueError) as error:
        raise PatronError(f"the campaign '{folder.name}' cannot be read ({error}).") from None
    except PatronError as error:
        raise PatronError(f"'{folder / PLAN}': {error.problems[0]}.", _RESTORE) from None
    if hashlib.sha256(content).hexdigest() != plan.assignment_sha256:
        raise PatronError(f"'{folder / ASSIGNMENT}' was changed after it was written.", _RESTORE)
    return Campaign(plan, _read_assignment(content), _read_readout(folder))


_RESTORE = "Bring the file back from a copy: what is read out must be what was drawn."


def write_uplift(folder: Path, models: TwoModels) -> str:
    """Write the models of a supported ranking by uplift.

    Parameters
    ----------
    folder : Path
        Of this campaign.
    models : TwoModels
        Of `uplift.Uplift`.

    Returns
    -------
    str
        SHA-256 of the file, for the readout.
    """
    content = json.dumps(models.to_dict(), allow_nan=False) + "\n"
    write_text(folder / UPLIFT, content)
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def read_uplift(folder: Path, sha256: str) -> TwoModels:
    """Read the models back.

    Parameters
    ----------
    folder : Path
        Of this campaign.
    sha256 : str
        As the readout names it.

    Returns
    -------
    TwoModels

    Raises
    ------
    PatronError
        If the file is missing, or was changed after it was written.
    """
    try:
        content = (folder / UPLIFT).read_bytes()
    except OSError as error:
        raise PatronError(f"the campaign '{folder.name}' cannot be read ({error}).", _RESTORE) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise PatronError(f"'{folder / UPLIFT}' was changed after it was written.", _RESTORE)
    return TwoModels.from_dict(json.loads(content))


def campaigns_in(folder: Path) -> list[Campaign]:
    """Read all campaigns of a folder, the one that began first first; a folder that is not there has none."""
    found = [read_campaign(path.parent) for path in sorted(folder.glob(f"*/{PLAN}"))]
    return sorted(found, key=lambda campaign: (campaign.plan.as_of, campaign.plan.name))


def running(campaigns: Iterable[Campaign], day: date) -> list[Campaign]:
    """Return the campaigns whose window holds a day."""
    return [one for one in campaigns if one.plan.assigned_on <= day < one.plan.ends_on]


def _read_assignment(content: bytes) -> pd.DataFrame:
    rows = pd.read_csv(
        io.BytesIO(content),
        encoding="utf-8-sig",
        dtype=dict.fromkeys(_TEXTS, str),
        keep_default_na=False,  # a customer may be called NA
        na_values={name: [""] for name in ASSIGNMENT_COLUMNS if name not in _TEXTS},
    )
    for name in _TEXTS:
        rows[name] = [without_apostrophe(text) for text in rows[name]]
    return rows


def _read_readout(folder: Path) -> dict[str, Any] | None:
    path = folder / READOUT
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PatronError(f"'{path}' cannot be read ({error}).") from None
    return dict(found)
