"""`patron monitor`: is the model still true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from patron.cli import screen
from patron.cli.options import AsOf, ConfigFile, Json, load

if TYPE_CHECKING:
    from patron.workflows import Monitored


def monitor(config: ConfigFile, as_of: AsOf = None, as_json: Json = False) -> None:
    """Say whether the model is still true: promised against realised, drift, the state of the data.

    Exit 0: healthy, or something to watch. Exit 3: the model should be trained again.

    Example: patron monitor configs/online_retail_ii.yaml
    """
    from patron.workflows import monitor as run

    settings = load(config, as_of)
    with screen.progress(quiet=as_json) as progress:
        done = run(settings, progress=progress)
    if as_json:
        screen.say_json({**done.to_dict(), "file": str(done.path.resolve())})
    else:
        _show(done, str(config), settings.language)
    if done.status == "retrain":
        raise typer.Exit(3)


def _show(done: Monitored, config: str, language: str) -> None:
    if done.vintages:
        headers = ["Scored on", "Model", "Customers", "Promised churn", "Realised", "AUC", "ECE", "CLV kept"]
        screen.table("Promised and realised", headers, [_row(v) for v in done.vintages], words=(0, 1))
    else:
        screen.say("No earlier scores are kept yet; patron score keeps them from now on.")
    for rule in done.rules:
        screen.say(f"- {rule.zh if language == 'zh' else rule.en}")
    drifted = sum(moved.is_drifted for moved in done.drift)
    screen.say(
        f"{done.status.capitalize()}: {len(done.rules)} rules fired, {drifted} of {len(done.drift)} features "
        f"and scores drifted ({done.customers_compared:,} customers compared) -> {done.path}"
    )
    if done.status == "retrain":
        screen.say(f"Next: patron train {config}")


def _row(vintage: dict[str, Any]) -> list[str]:
    """Write a vintage: its figures, or when they are due."""
    if not vintage["is_due"]:
        return [vintage["as_of"], vintage["model"], f"due on {vintage['due_on']}", "", "", "", "", ""]
    metrics, value = vintage["metrics"], vintage.get("value") or {}
    shares = [_share(vintage["promised"]), _share(vintage["realised"])]
    figures = [_figure(metrics["auc"]), _figure(metrics["ece"]), _figure(value.get("ratio"), 2)]
    return [vintage["as_of"], vintage["model"], f"{vintage['n']:,}", *shares, *figures]


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _figure(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}f}"
