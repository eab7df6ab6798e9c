"""A verification on the screen: what agrees, what differs and why."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from patron.cli import screen
from patron.clv.verification import Comparison
from patron.workflows import Verified

_NAMES = {
    "parameters": "parameters",
    "alive_probability": "P(alive)",
    "expected_orders": "expected orders",
    "expected_order_value": "order value",
    "clv": "CLV",
    "no_order_probability": "P(no order in 90 days)",
}
_AGREES = "nothing to explain: "


def print_verification(done: Verified) -> None:
    """Print one line per comparison, the reasons below, and a verdict.

    Parameters
    ----------
    done : Verified
        What `patron verify` found.
    """
    screen.say(f"{done.customers:,} customers; {done.model.diagnostics_['chosen_because']}.")
    screen.say("First what must agree with lifetimes, then what each choice of ours changes, one at a time.")
    for between, lines in _grouped(done.comparisons).items():
        screen.say("")
        rows = [
            (
                _NAMES[line.quantity],
                _shown(line.largest_relative_difference),
                "" if line.total_difference is None else _shown(line.total_difference),
                _answer(line),
            )
            for line in lines
        ]
        headers = ("relative difference", "largest", "of the totals", "agrees or explained")
        screen.table(f"{between[0].upper()}{between[1:]}", headers, rows)
        for reason in dict.fromkeys(line.explained_by for line in lines if line.explained_by):
            said = reason.removeprefix(_AGREES)
            screen.say(f"  {said[0].upper()}{said[1:]}.")
        missing = max(line.customers_without for line in lines)
        if missing:
            screen.say(f"  lifetimes has no reliable number for {missing:,} customers; they are left out.")
    screen.say("")
    screen.say(_verdict(done))


def verification_json(done: Verified) -> dict[str, Any]:
    """Return the verification as one JSON object."""
    return {
        "verified": not done.unexplained,
        "customers": done.customers,
        "purchases": done.model.purchases_,
        "params": done.model.params_,
        "comparisons": [_plain(line) for line in done.comparisons],
    }


def _plain(line: Comparison) -> dict[str, Any]:
    """JSON has no infinity: null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(line).items()
    }


def _answer(line: Comparison) -> str:
    if line.explained_by is None:
        return "NO"
    return "agrees" if line.explained_by.startswith(_AGREES) else "explained"


def _shown(difference: float) -> str:
    """Percent where a person would count in percent."""
    if not math.isfinite(difference):
        return "no number"
    if difference == 0.0:
        return "0"
    return f"{difference:.1%}" if difference >= 5e-4 else f"{difference:.0e}"


def _grouped(lines: list[Comparison]) -> dict[str, list[Comparison]]:
    found: dict[str, list[Comparison]] = {}
    for line in lines:
        found.setdefault(line.between, []).append(line)
    return found


def _verdict(done: Verified) -> str:
    if not done.unexplained:
        return "Verified: every difference from lifetimes is explained."
    names = ", ".join(dict.fromkeys(_NAMES[line.quantity] for line in done.unexplained))
    return f"Not verified: nothing explains the difference in {names}."
