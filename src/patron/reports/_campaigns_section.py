"""What calling brought: one sentence per campaign with a control group, the newest first.

In:  plans and readouts as plain data, the day. Out: names and sentences; nothing without a campaign.
Not here: the comparison (`patron.campaigns`), its own page (`readout_page`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from patron.reports._language import Language

#: Campaigns shown.
MOST = 4


def campaign_sentences(
    campaigns: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]], as_of: str, words: Language
) -> list[tuple[str, str]]:
    """Say what came of each campaign, or until when it runs.

    Parameters
    ----------
    campaigns : sequence of (mapping, mapping or None)
        ``CampaignPlan.to_dict()`` and the content of ``readout.json``, None before the end of its window;
        the one that began first first.
    as_of : str
        Day of the report, ISO.
    words : Language
        For words and numbers.

    Returns
    -------
    list of (str, str)
        Name and sentence.
    """
    found = []
    for plan, readout in reversed(campaigns[-MOST:]):
        name = words.text("camp_name", name=plan["name"], date=words.date(plan["as_of"]))
        unread = _unread(plan, as_of, words)
        found.append((name, unread if readout is None else readout["verdict"][words.code]))
    return found


def _unread(plan: Mapping[str, Any], as_of: str, words: Language) -> str:
    counts = {key: words.integer(plan[key]) for key in ("treated", "control")}
    key = "camp_running" if as_of < plan["ends_on"] else "camp_over"
    return words.text(key, name=plan["name"], date=words.date(plan["ends_on"]), **counts)
