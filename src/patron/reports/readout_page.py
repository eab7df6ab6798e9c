"""The page of a campaign that was read out: one HTML file that loads nothing and names no customer.

In:  plan and readout as plain data. Out: HTML text.
Not here: its pictures and tables (`_readout_parts`), the verdict (`patron.campaigns`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from patron.reports import _readout_parts as parts
from patron.reports._language import Language, language_for
from patron.reports.html import environment_for, package_text, simulated_banner


def render_readout(
    plan: Mapping[str, Any], found: Mapping[str, Any], *, language: str = "en", is_simulated: bool = False
) -> str:
    """Render what a campaign came to as one HTML text.

    Parameters
    ----------
    plan : mapping
        ``CampaignPlan.to_dict()``.
    found : mapping
        ``Readout.to_dict()`` of a campaign whose window is over.
    language : str
        ``en`` or ``zh``.
    is_simulated : bool
        A banner on top says that the data are made up.

    Returns
    -------
    str
        HTML without any external resource. The same input gives the same text.

    Raises
    ------
    PatronError
        If the language is unknown.
    """
    words = language_for(language, plan["currency"], found["margin"]["raw"]["mean_control"])
    page = environment_for(words).from_string(package_text("readout.html.j2"))
    judged = found.get("uplift")
    return page.render(
        title=plan["name"],
        words=words,
        simulated=simulated_banner(simulated=is_simulated),
        facts=_facts(plan, found, words),
        verdict=found["verdict"][language],
        is_valid=found["verdict"]["code"] != "invalid",
        money=_money(found, words),
        effects=parts.effect_table(found, words),
        pictures=parts.tier_pictures(found, words),
        harmed=_harmed(found, words),
        ratio=_ratio(found, words),
        balance=parts.balance_table(found, words),
        uplift=None if judged is None else judged["verdict"][language],
        uplift_pictures=[] if judged is None else parts.uplift_pictures(judged, words),
        power=parts.power_table(plan, words),
        plan=[(words.text(f"ro_plan_{key}"), said) for key, said in plan["analysis"].items()],
        hypothesis=plan["hypothesis"],
        digest=plan["digest"],
        style=Markup(package_text("report.css")),  # noqa: S704
    )


def _facts(plan: Mapping[str, Any], found: Mapping[str, Any], words: Language) -> list[tuple[str, str]]:
    counts, (start, end) = found["counts"], found["window"]
    window = words.text("ro_until", start=words.date(start), end=words.date(end))
    return [
        (words.text("ro_window"), window),
        (words.text("ro_treated"), words.integer(counts["treatment"])),
        (words.text("ro_control"), words.integer(counts["control"])),
        (words.text("ro_groups"), words.integer(counts["groups"])),
        (words.text("ro_read_on"), words.date(found["as_of"])),
        (words.text("ro_cost"), words.money(plan["cost_per_account"])),
    ]


def _money(found: Mapping[str, Any], words: Language) -> str:
    """Say what calling cost and what margin it brought, with the interval that it may be anything from."""
    gained = found["incremental"]
    if gained["margin"] is None or gained["margin_low"] is None:
        return words.text("ro_money_unknown")
    amounts = {key: words.money(gained[key]) for key in ("margin", "margin_low", "margin_high")}
    amounts["cost"] = words.money(found["cost"])
    if gained["margin_low"] <= 0 <= gained["margin_high"]:
        return words.text("ro_money_open", **amounts)
    ratio = found["return_ratio"]
    beside = None if ratio is None else words.text("ro_return", ratio=words.number(ratio, 1))
    return words.joined(words.text("ro_money", **amounts), beside)


def _harmed(found: Mapping[str, Any], words: Language) -> str:
    """Name the tiers and stages where even the high end of the interval lies below zero."""
    names = [
        words.label(family, row["value"])
        for key, family in (("by_tier", "tier"), ("by_stage", "stage"))
        for row in found[key]
        if row["high"] < 0
    ]
    return words.text("ro_who_harm", names=words.listing(names)) if names else ""


def _ratio(found: Mapping[str, Any], words: Language) -> str:
    key = "ro_ratio_mismatch" if found["srm"]["is_mismatch"] else "ro_ratio_fine"
    said = words.text(key, p=words.number(found["srm"]["p_value"], 3))
    lost = found["unknown_accounts"]
    return words.joined(said, words.count("ro_unknown", lost) if lost else None)
