"""How an import of returned worklists is told: what was added, what was not taken and why."""

from __future__ import annotations

from typing import Any

from patron.cli import screen
from patron.workflows import ActionsImported

_SHOWN = 20
_ASIDE = {
    "no_customer": "without a customer",
    "no_date": "without a date",
    "unreadable_date": "with a date that cannot be read",
    "unknown_outcome": "with an outcome that is not known",
    "repeated": "that repeat another one",
    "unreadable_snoozed_until": "whose snoozed_until cannot be read (the row is kept without it)",
}


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
        "set_aside": done.log.attrs["set_aside"],
        "line_to_add": done.line_to_add,
    }


def show(done: ActionsImported, config: str) -> None:
    """Print it for people: the result on stdout, what to correct on stderr."""
    found = summary(done)
    screen.warn(_warnings(done, found))
    screen.say(
        f"Added {found['added']:,} actions to {done.log_path} ({found['already_there']:,} already there, "
        f"{len(done.problems):,} were not taken); it now holds {found['actions']:,}."
    )
    if done.line_to_add is not None:
        screen.say(f"Add to the block 'ledger' of {config}, so that lists remember it:  {done.line_to_add}")
    screen.say(f"Next: patron worklist {config}")


def _unknown(done: ActionsImported) -> list[str]:
    return sorted({customer for file in done.files for customer in file.unknown_customers})


def _warnings(done: ActionsImported, found: dict[str, Any]) -> list[str]:
    texts = [f"not taken: {problem}" for problem in done.problems[:_SHOWN]]
    if len(done.problems) > _SHOWN:
        texts.append(f"not taken: {len(done.problems) - _SHOWN:,} more rows; --json lists all.")
    if found["dated_by_the_list"]:
        texts.append(
            f"{found['dated_by_the_list']:,} rows have no date; they count from the day of their list."
        )
    if found["unknown_customers"]:
        instance = found["unknown_customers"][0]
        texts.append(
            f"{len(found['unknown_customers']):,} customers are not in the ledger, e.g. '{instance}'; "
            "their actions are kept."
        )
    for reason, rows in found["set_aside"].items():
        instance = done.log.attrs["instances"].get(reason)
        example = f" (first: {instance})" if instance else ""
        texts.append(f"{done.log_path.name} has {rows:,} rows {_ASIDE[reason]}{example}.")
    return texts
