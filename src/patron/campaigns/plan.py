"""The plan of a campaign, written down before anybody is called.

In:  what was decided. Out: `CampaignPlan`, as plain data and back, with a digest of its content.
Not here: files (`files`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any

from patron.errors import PatronError

#: How a campaign is read, fixed before: the same words in every plan.
ANALYSIS = {
    "estimand": "intention to treat: everybody as assigned, whether reached or not",
    "retention": "share with at least one purchase day in the window, treatment less control",
    "margin": "net margin in the window per account, treatment less control",
    "adjustment": "the same, post-stratified and adjusted by margin_before (CUPED, Lin 2013)",
    "heavy_tails": "margin also with each account's capped at the 99 % quantile of all accounts",
    "interval": "two-sided, level 1 - alpha, robust error by buying group",
    "decision": "the adjusted difference in retention decides, once, at the end of the window",
    "sample_ratio": "a mismatch (exact binomial p < 0.001) makes the campaign invalid",
}


@dataclass(frozen=True)
class CampaignPlan:
    """What will be done and how it will be judged.

    Parameters
    ----------
    name : str
        Of the campaign, and of its folder.
    hypothesis : str
        What is tested.
    as_of : str
        Day of the scores (ISO), on which accounts were assigned; the first day of the window.
    window_days : int
        How long outcomes are counted.
    alpha : float
        1 - level of the intervals.
    treated_share : float
        Share of the groups that is treated.
    strata : tuple of str
        What the draw was stratified by.
    covariate_days : int
        Days before `as_of` that ``margin_before`` covers.
    seed : int
        Of the draw.
    cost_per_account : float
        Of treating one account, currency.
    currency : str or None
        ISO code.
    accounts, groups, treated, control : int
        How many; treated and control are accounts.
    power : mapping
        Differences that would be found in four of five such campaigns (`power.detectable`).
    analysis : mapping
        `ANALYSIS`.
    excluded : mapping of str to int
        Accounts left out, by reason.
    scores_sha256, assignment_sha256 : str
        Of the scores file and of ``assignment.csv``.
    """

    name: str
    hypothesis: str
    as_of: str
    window_days: int
    alpha: float
    treated_share: float
    strata: tuple[str, ...]
    covariate_days: int
    seed: int
    cost_per_account: float
    currency: str | None
    accounts: int
    groups: int
    treated: int
    control: int
    power: Mapping[str, Any]
    analysis: Mapping[str, str]
    excluded: Mapping[str, int]
    scores_sha256: str
    assignment_sha256: str

    @property
    def assigned_on(self) -> date:
        """First day of the window."""
        return date.fromisoformat(self.as_of)

    @property
    def ends_on(self) -> date:
        """The day after the window."""
        return self.assigned_on + timedelta(days=self.window_days)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values with ``ends_on`` and ``digest``, the SHA-256 of all the others."""
        content = json.loads(json.dumps({**asdict(self), "ends_on": self.ends_on.isoformat()}))
        return {**content, "digest": digest_of(content)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CampaignPlan:
        """Read a plan back.

        Raises
        ------
        PatronError
            If it is no plan, or was changed after it was written.
        """
        content = {key: value for key, value in data.items() if key != "digest"}
        names = [field.name for field in fields(cls)]
        if not set(names) <= set(content):
            raise PatronError("this is no plan of a campaign")
        if digest_of(content) != data.get("digest"):
            raise PatronError("the plan was changed after it was written")
        given = {name: content[name] for name in names}
        return cls(**{**given, "strata": tuple(given["strata"])})


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain data, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
