"""The outcome of a backtest on the screen, and as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patron.cli import screen
from patron.evaluation import Backtest
from patron.workflows import Backtested

_VALUE = (("mae", "MAE", 2), ("gini", "Gini", 3), ("bias", "bias", 3))
_LISTS = ("longest_silent", "biggest_spender", "random")


def backtest_json(done: Backtested, language: str) -> dict[str, Any]:
    """Return everything found, with the paths of what was written.

    Parameters
    ----------
    done : Backtested
        Of `workflows.backtest`.
    language : str
        Of the verdict.
    """
    paths = {"backtest": str(done.path.resolve()), "page": str(done.page.resolve())}
    return {**done.result.to_dict(language), **paths, "run_id": done.run_id}


def print_backtest(done: Backtested, config: Path) -> None:
    """Print the entrants over the dates, the dates one by one, the calls, and the verdict.

    Parameters
    ----------
    done : Backtested
        Of `workflows.backtest`.
    config : Path
        For the next command.
    """
    result = done.result
    _print_entrants(result)
    _print_dates(result)
    _print_profit(result)
    if result.clv:
        _print_value(result)
    for note in result.notes:
        screen.say(f"Note: {note}.")
    screen.say("")
    screen.say(result.verdict["en"])
    screen.say(f"Figures:    {done.path}")
    screen.say(f"Page:       {done.page}")
    screen.say(f"MLflow run: {done.run_id}")
    screen.say(f"Next: patron train {config}")


def _print_entrants(result: Backtest) -> None:
    n = sum(block["n"] for block in result.cutoffs)
    entrants = result.churn["entrants"]
    always = {block["chosen"] for block in result.cutoffs}
    rows = []
    for name, block in entrants.items():
        if always == {name}:
            continue  # the same row again
        some = f" ({block['cutoffs']} of {len(result.cutoffs)})" * (block["cutoffs"] < len(result.cutoffs))
        gap = (block["chosen_minus_this"] or {}).get("log_loss")
        rows.append((name + some, _figure(block, "auc", 3), *_plain(block), _gap(gap)))
    screen.table(
        f"Churn, {len(result.cutoffs)} dates, {n:,} forecasts; 95 % intervals by customer "
        "(they leave out differences between periods)",
        ["", "AUC", "log-loss", "ECE", "lift", "log-loss, chosen - this"],
        rows,
    )


def _plain(block: Mapping[str, Any]) -> tuple[str, ...]:
    metrics = (("log_loss", 3), ("ece", 3), ("top_decile_lift", 2))
    return tuple(_number(block[metric], digits) for metric, digits in metrics)


def _print_dates(result: Backtest) -> None:
    rule = result.churn["best_rule"]
    rows = [
        (
            str(block["as_of"]),
            f"{block['n']:,}",
            f"{block['rate']:.1%}",
            f"{block['calibration']['mean_probability']:.1%}",
            str(block["chosen"]),
            _number(block["churn"]["chosen"]["log_loss"], 3),
            _number(block["churn"].get(rule, {}).get("log_loss"), 3),
        )
        for block in result.cutoffs
    ]
    screen.table("", ["date", "customers", "left", "foreseen", "chosen", "log-loss", f"of {rule}"], rows)


def _print_profit(result: Backtest) -> None:
    profit = result.churn["profit"]
    lists = profit["lists"]
    best = result.churn["best_rule"]
    names = ["chosen", *([best] if best in lists else []), *_LISTS]
    rows = [
        (
            name,
            f"{lists[name]['calls']:,}",
            f"{lists[name]['churners']:,.0f}",
            f"{lists[name]['expected']:,.0f}",
            f"{lists[name]['realised']:,.0f}",
        )
        for name in names
    ]
    money = f", {result.currency}" if result.currency else ""
    screen.table(
        f"Calls at a save rate of {profit['save_rate']:.0%} and a cost of {profit['cost']:,.2f}{money}",
        ["list", "calls", "leavers called", "profit foreseen", "profit realised"],
        rows,
    )


def _print_value(result: Backtest) -> None:
    days = sorted({block["evaluation_days"] for block in result.cutoffs})
    span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    rows = [
        (name, *[_figure(block, metric, digits) for metric, _, digits in _VALUE])
        for name, block in result.clv["entrants"].items()
    ]
    screen.table(f"Value over the {span} days after each date", ["", *[n for _, n, _ in _VALUE]], rows)


def _figure(block: Mapping[str, Any], metric: str, digits: int) -> str:
    value, low, high = (block.get(f"{metric}{end}") for end in ("", "_low", "_high"))
    if value is None or low is None or high is None:
        return _number(value, digits)
    return f"{value:,.{digits}f} [{low:,.{digits}f}, {high:,.{digits}f}]"


def _gap(gap: Mapping[str, float] | None) -> str:
    return "" if gap is None else f"{gap['difference']:+.3f} [{gap['low']:+.3f}, {gap['high']:+.3f}]"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
