"""The worklist on the screen and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from patron.cli import screen

if TYPE_CHECKING:
    from patron.workflows import Listed

SHOWN = 10


def show_worklist(done: Listed) -> None:
    """Print what was won, the first calls, where everybody is, and the files.

    Parameters
    ----------
    done : Listed
        Of `workflows.worklist`.
    """
    from patron.actions import left_off_in_words, won_in_words
    from patron.actions.words import words_of
    from patron.scoring import money_in_words

    lists = done.lists
    facts, words = lists.facts, words_of(lists.facts.language)
    if facts.is_simulated:
        screen.say(words["simulated"])
    screen.say(won_in_words(lists.won, currency=facts.currency, language=facts.language))
    screen.say("")
    _first_calls(done)
    for title, counts in (("left_title", lists.counts), ("left_title_win_back", lists.counts_back)):
        screen.say(_sum_line(words, words[title], left_off_in_words(counts, facts.language)))
    if done.by_owner:
        folder = next(iter(done.by_owner.values()))[0].parent
        files = 2 * len(done.by_owner)
        owners = _counted(words, "written_owners", len(done.by_owner))
        screen.say(words["written_line"].format(files=files, owners=owners, folder=folder))
    total = float(lists.calls["risk_x_value"].astype(float).sum())
    screen.say(
        words["done_line"].format(
            as_of=facts.as_of,
            calls=_counted(words, "done_calls", len(lists.calls)),
            back=f"{len(lists.win_back):,}",
            money=money_in_words(total, facts.currency, 2),
            path=done.files[0],
        )
    )


def _sum_line(words: Mapping[str, str], title: str, counts: Sequence[tuple[str, int]]) -> str:
    """Write where everybody is: candidates = on the list + every reason to be left off."""
    parts = [words["sum_part"].format(n=f"{n:,}", said=said.lower()) for said, n in counts[1:]]
    total = _counted(words, "sum_total", counts[0][1])
    return words["sum_line"].format(title=title, total=total, parts=" + ".join(parts))


def _counted(words: Mapping[str, str], key: str, n: int) -> str:
    """Say how many there are; one is singular."""
    return words[f"{key}_one" if n == 1 else key].format(n=f"{n:,}")


def worklist_summary(done: Listed) -> dict[str, Any]:
    """Return what ``--json`` prints.

    Parameters
    ----------
    done : Listed
        Of `workflows.worklist`.

    Returns
    -------
    dict
        Plain values; null where a number is missing.
    """
    lists, facts = done.lists, done.lists.facts
    return {
        "worklist": str(done.files[0].resolve()),
        "files": [str(path.resolve()) for path in done.files],
        "by_owner": [
            {"owner": owner, "files": [str(path.resolve()) for path in paths]}
            for owner, paths in done.by_owner.items()
        ],
        "as_of": facts.as_of.isoformat(),
        "model": facts.model,
        "currency": facts.currency,
        "simulated": facts.is_simulated,
        "counts": lists.counts,
        "win_back_counts": lists.counts_back,
        "risk_x_value": round(float(lists.calls["risk_x_value"].astype(float).sum()), 2),
        "won": {
            "accounts": len(lists.won.rows),
            "accounts_called": lists.won.accounts_called,
            "revenue_since": lists.won.revenue,
            "within_days": lists.won.within_days,
        },
        "rows": _records(lists.calls),
        "win_back": _records(lists.win_back),
    }


def _first_calls(done: Listed) -> None:
    from patron.actions.columns import WORKLIST_COLUMNS
    from patron.actions.words import words_of

    language = done.lists.facts.language
    calls = done.lists.calls.head(SHOWN)
    words = words_of(language)
    names = ("owner", "risk_x_value", "due_on", "last_order_on", "reason")
    rows = [
        (
            _short(" ".join(t for t in (row["customer_id"], row["name"]) if t), 34),
            _short(row["owner"] or words["no_owner"], 20),
            f"{row['risk_x_value']:,.2f}",
            *("" if row[day] is None else row[day].isoformat() for day in ("due_on", "last_order_on")),
            _short(row["reason"] or "", 70),
        )
        for row in calls.to_dict("records")
    ]
    if rows:
        heads = [words["customer"], *(WORKLIST_COLUMNS[name].header(language) for name in names)]
        screen.table(words["sheet_calls"], heads, rows, words=(0, 1, 5))
        screen.say("")


def _short(text: object, letters: int) -> str:
    said = str(text)
    return said if len(said) <= letters else f"{said[: letters - 1]}…"


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)) or value is pd.NaT:
        return None
    return value.isoformat() if isinstance(value, date) else value
