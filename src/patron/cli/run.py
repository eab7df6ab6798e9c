"""`patron run`: the whole week in one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from patron.cli import screen
from patron.cli.options import AsOf, ConfigFile, Json, load

if TYPE_CHECKING:
    from patron.workflows import Ran


def run(config: ConfigFile, as_of: AsOf = None, as_json: Json = False) -> None:
    """Do the week's work: check, score, monitor, report, worklist, and retrain where it is due.

    A second run of the same day and orders does nothing; one that was killed goes on where it was.
    Exit 3: the orders are stale, or the model is no longer true and no better one was found.

    Example: patron run configs/online_retail_ii.yaml
    """
    from patron.workflows import run_week

    settings = load(config, as_of)
    with screen.progress(quiet=as_json) as progress:
        done = run_week(settings, progress=progress)
    screen.warn([text for step in done.steps.values() for text in step.get("warnings", ())])
    if as_json:
        screen.say_json(_summary(done))
    else:
        _show(done, str(config))
    if done.asks_for_a_person:
        raise typer.Exit(3)


def _summary(done: Ran) -> dict[str, Any]:
    report = done.checked
    check = {"usable": report.usable, "rows_in": report.rows_in, "rows_used": report.rows_used}
    return {
        "as_of": done.as_of.isoformat(),
        "status": done.steps["monitor"]["status"],
        "check": check,
        "steps": done.steps,
        "done_before": done.done_before,
        "journal": str(done.journal.resolve()),
    }


def _show(done: Ran, config: str) -> None:
    steps, report = done.steps, done.checked
    lines = {"check": f"{report.rows_used:,} of {report.rows_in:,} rows used"}
    if "train" in steps:
        lines["train"] = f"{steps['train']['model']} is the first champion"
    counts = steps["score"]["counts"]
    lines["score"] = f"{counts['customers']:,} customers with {steps['score']['model']}"
    rules = "; ".join(str(rule["en"]) for rule in steps["monitor"]["rules"])
    lines["monitor"] = steps["monitor"]["status"] + (f": {rules}" if rules else "")
    lines["report"] = ""
    lines["worklist"] = f"{steps['worklist']['calls']:,} calls"
    lines["retrain"] = _retrained(steps["retrain"])
    for name, text in lines.items():
        made = steps.get(name, {}).get("files", [])
        where = f" -> {made[0]}" if made and name in ("score", "report", "worklist") else ""
        before = " (done before)" if name in done.done_before else ""
        screen.say(f"{name:<9}{text}{where}{before}")
    if done.asks_for_a_person:
        screen.say(f"Next: patron monitor {config}")


def _retrained(step: dict[str, Any]) -> str:
    if not step["due"]:
        return f"not due: {step['why']}"
    verdict = "is champion now" if step["promoted"] else f"does not become champion: {step['gate']}"
    return f"due ({step['why']}); {step['model']} {verdict}"
