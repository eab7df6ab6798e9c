"""The verdict on a campaign in one sentence, in English and Chinese.

In:  its code and figures. Out: two sentences. Not here: the decision (`readout`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def verdict_words(code: str, content: Mapping[str, Any], currency: str | None) -> tuple[str, str]:
    """Say what came of a campaign.

    Parameters
    ----------
    code : str
        Of `readout.Readout`.
    content : mapping
        Its figures.
    currency : str or None
        ISO code.

    Returns
    -------
    en, zh : str
    """
    counts = content["counts"]
    if code == "too_early":
        left, end = content["days_left"], content["window"][1]
        return (
            f"Too early: the window ends on {end}, in {left} days; no effect is shown before.",
            f"为时过早：观察期于{end}结束，还有{left}天；此前不显示任何效果。",
        )
    if code == "invalid":
        return (
            f"Not valid: {counts['treatment']:,} treated and {counts['control']:,} control accounts are not "
            "what was drawn, or not in the orders; find out who was lost before anything is believed.",
            f"结果无效：实验组{counts['treatment']:,}个、对照组{counts['control']:,}个，与抽取比例不符；"
            "请先查明缺失的客户。",
        )
    effect, gained = content["retention"]["adjusted"], content["incremental"]
    low, high = (_points(effect[key]) for key in ("low", "high"))
    kept = round(effect["estimate"] * counts["treatment"])
    money = "" if gained["margin"] is None else _money(gained["margin"], currency)
    interval = f"[{low}, {high}]"
    if code == "helped":
        return (
            f"Calling helped: {_points(effect['estimate'])} points more of the {counts['treatment']:,} "
            f"treated accounts ordered {interval}, about {kept:,} accounts and {money} of "
            "margin in the window.",
            f"联系有效：{counts['treatment']:,}个实验组客户的下单比例高出"
            f"{_points(effect['estimate'])}个百分点{interval}，约{kept:,}个客户，观察期内毛利约{money}。",
        )
    if code == "harmed":
        return (
            f"Calling harmed: {_points(-effect['estimate'])} points fewer of the {counts['treatment']:,} "
            f"treated accounts ordered than of the control accounts (difference {interval}).",
            f"联系有害：{counts['treatment']:,}个实验组客户的下单比例低"
            f"{_points(-effect['estimate'])}个百分点（差异{interval}）。",
        )
    return _not_shown(counts, effect)


def _not_shown(counts: Mapping[str, int], effect: Mapping[str, Any]) -> tuple[str, str]:
    low, high = (_points(effect[key]) for key in ("low", "high"))
    if effect["low"] is None:
        return (
            f"Not shown: the {counts['treatment']:,} treated accounts all did the same, and so did the "
            f"{counts['control']:,} control accounts: nothing is known of chance.",
            f"未能证明：实验组{counts['treatment']:,}个客户表现完全相同，对照组{counts['control']:,}个客户亦然，"
            "无法估计偶然因素。",
        )
    return (
        f"Not shown: with {counts['treatment']:,} treated and {counts['control']:,} control accounts the "
        f"difference in retention may be anything from {low} to {high} points.",
        f"未能证明：实验组{counts['treatment']:,}个、对照组{counts['control']:,}个客户，"
        f"留存差异可能在{low}到{high}个百分点之间。",
    )


def _points(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:.1f}"


def _money(amount: float, currency: str | None) -> str:
    return f"{amount:,.0f} {currency or ''}".strip()
