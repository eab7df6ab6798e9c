"""Is the model still true: the status, and what earlier scorings promised against what came.

In:  the result of `patron monitor` as plain data.
Out: sentences, a picture, a table; nothing without a monitoring.
Not here: the rules (`patron.monitoring`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from patron.reports._charts import PairRow, paired_bars
from patron.reports._language import Language
from patron.reports._picture import Picture, Table

#: Vintages drawn, the newest; all of them stand in the table.
MOST_DRAWN = 6


class MonitoringSection(NamedTuple):
    """What a report shows of a monitoring.

    Parameters
    ----------
    status : str
        ``healthy``, ``watch`` or ``retrain``.
    verdict : str
        A sentence.
    rules : list of str
        What fired, in words.
    picture : Picture or None
        Promised and realised of each vintage; None while none is due.
    waiting : str or None
        When the first vintage is due; None where one is.
    """

    status: str
    verdict: str
    rules: list[str]
    picture: Picture | None
    waiting: str | None


def monitoring_section(found: Mapping[str, Any] | None, words: Language) -> MonitoringSection | None:
    """Return what the report shows of the newest monitoring.

    Parameters
    ----------
    found : mapping or None
        The content of its JSON file.
    words : Language
        For words and numbers.

    Returns
    -------
    MonitoringSection or None
        None without a monitoring.
    """
    if found is None:
        return None
    due = [vintage for vintage in found["vintages"] if vintage["is_due"] and vintage["n"]]
    later = [vintage["due_on"] for vintage in found["vintages"] if not vintage["is_due"]]
    waiting = words.text("mon_waiting", date=words.date(min(later))) if later and not due else None
    return MonitoringSection(
        found["status"],
        words.text(f"mon_{found['status']}", date=words.date(found["as_of"])),
        [str(rule[words.code]) for rule in found["rules"]],
        _picture(due, words) if due else None,
        waiting,
    )


def _picture(due: Sequence[Mapping[str, Any]], words: Language) -> Picture:
    title, caption = words.text("mon_picture_title"), words.text("mon_picture_caption")
    rows = [
        PairRow(
            words.date(vintage["as_of"]),
            vintage["promised"],
            words.percent(vintage["promised"]),
            vintage["realised"],
            words.percent(vintage["realised"]),
        )
        for vintage in due[-MOST_DRAWN:]
    ]
    names = (words.text("mon_promised"), words.text("mon_realised"))
    columns = ("scored_on", "customers", "promised", "realised", "auc", "value")
    head = [words.text(f"mon_{key}") for key in columns]
    cells = [
        (
            words.date(vintage["as_of"]),
            words.integer(vintage["n"]),
            words.percent(vintage["promised"], 1),
            words.percent(vintage["realised"], 1),
            words.number(vintage["metrics"]["auc"], 3),
            words.percent((vintage.get("value") or {}).get("ratio")),
        )
        for vintage in due
    ]
    return Picture(title, caption, paired_bars(rows, names, f"{title}: {caption}"), Table(head, cells))
