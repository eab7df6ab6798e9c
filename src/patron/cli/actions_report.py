"""How an import of returned worklists is told: what was added, what was not taken and why."""

from __future__ import annotations

from typing import Any

from patron.cli import screen
from patron.workflows import ActionsImported
from patron.workflows.actions import about_rows, about_strangers, not_counted

_SHOWN = 20


def summary(done: ActionsImported) -> dict[str, Any]:
    """Return the one JSON object."""
    return {
        "log": str(done.log_path.resolve()),
        "actions": len(done.log),
        "added": sum(file.added for file in done.files),
        "already_there": sum(file.already_there for file in done.files),
        "dated_by_the_list": sum(file.dated_by_the_list for file in done.files),
        "problems": done.problems,
        "unknown_customers": _unknown(done),
        "outweighed": _outweighed(done),
        "score_first": None if done.score_first is None else done.score_first.isoformat(),
        "set_aside": done.log.attrs["set_aside"],
        "line_to_add": done.line_to_add,
    }


def show(done: ActionsImported, config: str) -> None:
    """Print it for people: the result on stdout, what to correct on stderr."""
    found = summary(done)
    screen.warn(_warnings(done, found))
    taken = len(done.problems)
    screen.say(
        f"Added {_counted(found['added'], 'action')} to {done.log_path} ({found['already_there']:,} already "
        f"there, {taken:,} {'was' if taken == 1 else 'were'} not taken); it now holds {found['actions']:,}."
    )
    if done.line_to_add is not None:
        screen.say(f"Add to the block 'ledger' of {config}, so that lists remember it:  {done.line_to_add}")
    screen.say(f"Next: patron {_next(done, config)}")


def _next(done: ActionsImported, config: str) -> str:
    """Return the next command: a list of the newest scores leaves out what happened on their day or later."""
    if done.score_first is None:
        return f"worklist {config}"
    return f"score {config} --as-of {done.score_first} (or later, with the orders up to then)"


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _outweighed(done: ActionsImported) -> list[str]:
    return [text for file in done.files for text in file.outweighed]


def _unknown(done: ActionsImported) -> list[str]:
    return sorted({customer for file in done.files for customer in file.unknown_customers})


def _warnings(done: ActionsImported, found: dict[str, Any]) -> list[str]:
    texts = [f"not taken: {problem}" for problem in done.problems[:_SHOWN]]
    if len(done.problems) > _SHOWN:
        texts.append(f"not taken: {_counted(len(done.problems) - _SHOWN, 'more row')}; --json lists all.")
    texts += [f"{text}." for text in found["outweighed"][:_SHOWN]]
    if len(found["outweighed"]) > _SHOWN:
        more = _counted(len(found["outweighed"]) - _SHOWN, "more row")
        texts.append(f"{more} added that change nothing; --json lists all.")
    dated = found["dated_by_the_list"]
    if dated:
        who = "1 row has no date; it counts" if dated == 1 else f"{dated:,} rows have no date; they count"
        texts.append(f"{who} from the day of {'its' if dated == 1 else 'their'} list.")
    texts += about_strangers(found["unknown_customers"])
    texts += about_rows(done.log, done.log_path.name)
    return texts + ([] if done.scored_on is None else not_counted(done.log, done.scored_on))
