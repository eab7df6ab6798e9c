"""Campaigns on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from patron.cli import screen

if TYPE_CHECKING:
    from patron.workflows import CampaignRead, Designed


def show_design(done: Designed, config: str) -> None:
    """Print who was assigned what, what could be found, and where it is written.

    Parameters
    ----------
    done : Designed
        Of `workflows.design_campaign`.
    config : str
        Path, for the next command.
    """
    plan = done.plan
    if plan.excluded:
        left = ", ".join(f"{n:,} {reason.replace('_', ' ')}" for reason, n in plan.excluded.items())
        screen.say(f"Left out: {left}")
    rows = [
        [
            f"{row['accounts']:,}",
            *(_points(row[key]) for key in ("retention", "retention_save_rate")),
            _money(row["margin"], plan.currency),
            _points(row["margin_save_rate"]),
        ]
        for row in plan.power["sizes"]
    ]
    title = f"Smallest effect that {plan.power['power']:.0%} of campaigns of a size would find"
    headers = [
        "Accounts",
        "Retention, points",
        "= save rate, %",
        "Margin per account",
        "= save rate, %",
    ]
    screen.table(title, headers, rows, words=())
    if any(value is None for row in plan.power["sizes"] for value in row.values()):
        screen.say("-: too few accounts; even keeping everybody who would leave might not show.")
    screen.say(
        f"Campaign {plan.name}: {plan.treated:,} accounts to call, {plan.control:,} to leave alone "
        f"({plan.groups:,} buying groups) from {plan.as_of} until {plan.ends_on}; "
        f"plan {plan.to_dict()['digest'][:12]} -> {done.folder}"
    )
    screen.say(f"Next: patron worklist {config}   (leaves the control accounts out)")


def show_readout(done: CampaignRead, config: str, language: str) -> None:
    """Print the verdict and its figures.

    Parameters
    ----------
    done : CampaignRead
        Of `workflows.read_out_campaign`.
    config : str
        Path, for the next command.
    language : str
        ``en`` or ``zh``.
    """
    found = done.readout.to_dict()
    screen.say(found["verdict"][language])
    ratio = found["srm"]
    counts = found["counts"]
    screen.say(
        f"{counts['treatment']:,} treated, {counts['control']:,} control accounts; sample ratio "
        f"p = {ratio['p_value']:.3f}"
    )
    if "retention" in found:
        plan = done.campaign.plan
        _table("Retention, points", found["retention"], lambda value: _points(value))
        _table("Margin per account", found["margin"], lambda value: _money(value, plan.currency))
        _save_rates([*found["save_rates"], found["save_rate"]])
    if done.path is not None:
        screen.say(f"Wrote {done.path}")
        screen.say(f"Wrote {done.page}   (for people)")
        screen.say(f"Next: patron worklist {config}   (ranks by the save rates measured)")


def _table(title: str, effects: Mapping[str, Mapping[str, Any]], written: Any) -> None:
    rows = [
        [
            name,
            *(written(effect[key]) for key in ("mean_treated", "mean_control", "estimate", "low", "high")),
            "" if effect["variance_reduction"] is None else f"{effect['variance_reduction']:.0%}",
        ]
        for name, effect in effects.items()
    ]
    headers = ["", "Treated", "Control", "Difference", "low", "high", "Variance saved"]
    screen.table(title, headers, rows)


def _save_rates(rates: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        [
            rate["tier"],
            f"{rate['n_treated']:,} / {rate['n_control']:,}",
            *(f"{rate[key]:.1%}" for key in ("churn_treated", "churn_control", "save_rate", "low", "high")),
        ]
        for rate in rates
    ]
    headers = ["Tier", "Treated / control", "Churn treated", "Churn control", "Save rate", "low", "high"]
    screen.table("Save rates, tiers pulled towards what they share", headers, rows)


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _money(amount: float | None, currency: str | None) -> str:
    return "-" if amount is None else f"{amount:,.2f} {currency or ''}".strip()
