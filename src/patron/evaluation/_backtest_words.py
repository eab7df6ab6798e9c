"""What a backtest says, in one sentence for a manager.

In:  the judged entrants, the lists of calls, the grades.
Out: the sentence in English and Chinese.
Not here: any arithmetic beyond rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from patron.evaluation._backtest_fit import CHOSEN
from patron.evaluation._backtest_profit import PLAIN_LISTS
from patron.evaluation.gate import TOLERATED_LOSS
from patron.snapshots import day_text

#: Entrant or list -> its name in English and Chinese; others are called by their own name.
NAMES = {
    "longest_silence": ("longest silence", "沉默最久"),
    "own_rhythm": ("lateness for the own rhythm", "偏离自身节奏"),
    "rfm_logistic": ("recency, frequency and money", "RFM回归"),
    "mbgnbd": ("the purchase model MBG/NBD", "购买模型MBG/NBD"),
    "longest_silent": ("the longest silent", "沉默最久的客户"),
    "biggest_spender": ("the biggest spenders", "消费最多的客户"),
    "random": ("customers drawn at random", "随机抽取的客户"),
}
_SKILL = {
    "better": ("clearly better than", "明显优于"),
    "average": ("better on average, though not beyond chance, than", "平均优于（但不排除偶然）"),
    "near": ("about as good as", "大致等同于"),
    "same": ("the same as", "等同于"),
    "none": ("no better than", "不优于"),
}
_ENGLISH = (
    "On {dates}, patron was {skill} the best simple rule ({rule}) at saying who would churn, "
    "calling the {calls:,} customers it put first would have earned {mine} against {other} for {list}, "
    "and {graded}."
)
_CHINESE = (
    "在{dates}，patron 判断哪些客户将流失的能力{skill}最好的简单规则（{rule}），"
    "联系其名单最前的 {calls:,} 位客户可得 {mine}，而联系{list}为 {other}，"
    "{graded}。"
)
_GRADED = {
    "en": (
        "its forecasts are graded {churn} for churn and {clv} for value",
        "its churn forecast is graded {churn}",
    ),
    "zh": ("流失预测评级 {churn}，价值预测评级 {clv}", "流失预测评级 {churn}"),
}


def skill_of(block: Mapping[str, Any]) -> str:
    """Say how the chosen entrant compares with a rule: better, average, near, same or none.

    A difference that the gate tolerates is near, however certain it is.

    Parameters
    ----------
    block : mapping
        The rule's, with ``chosen_minus_this``.

    Examples
    --------
    >>> skill_of({"chosen_minus_this": {"log_loss": {"difference": -0.02, "low": -0.03, "high": -0.01}}})
    'better'
    """
    gap = (block.get("chosen_minus_this") or {}).get("log_loss")
    if gap is None:
        return "none"
    if gap["difference"] == gap["low"] == gap["high"] == 0:
        return "same"
    if abs(gap["difference"]) < TOLERATED_LOSS:
        return "near"
    return "better" if gap["high"] < 0 else "average" if gap["difference"] < 0 else "none"


def verdict_of(
    days: Sequence[int], churn: Mapping[str, Any], grade: Mapping[str, str | None], currency: str | None
) -> dict[str, str]:
    """Write the verdict.

    Parameters
    ----------
    days : sequence of int
        The dates, oldest first.
    churn : mapping
        The ``churn`` block of a backtest.
    grade : mapping
        ``churn`` and ``clv``; None for what was not judged.
    currency : str or None
        ISO code.

    Returns
    -------
    dict
        ``en`` and ``zh``: one sentence each.
    """
    rule, made = churn["best_rule"], churn["profit"]["lists"]
    best = max(PLAIN_LISTS, key=lambda name: float(made[name]["realised"]))
    skill = _SKILL[skill_of(churn["entrants"][rule])]
    facts = {
        "calls": made[CHOSEN]["calls"],
        "mine": _money(made[CHOSEN]["realised"], currency),
        "other": _money(made[best]["realised"], currency),
    }
    said = {}
    for position, (language, text) in enumerate((("en", _ENGLISH), ("zh", _CHINESE))):
        said[language] = text.format(
            dates=_dates(days, language),
            skill=skill[position],
            rule=name_of(rule, language),
            list=name_of(best, language),
            graded=_GRADED[language][grade["clv"] is None].format(**grade),
            **facts,
        )
    return said


def name_of(entrant: str, language: str) -> str:
    """Return what people call an entrant or a list."""
    return NAMES[entrant][language == "zh"] if entrant in NAMES else entrant


def _dates(days: Sequence[int], language: str) -> str:
    first, last = day_text(days[0]), day_text(days[-1])
    if len(days) == 1:
        return f"the past date {last}" if language == "en" else f"过去的日期 {last}"
    if language == "en":
        return f"{len(days)} past dates from {first} to {last}"
    return f"{first} 至 {last} 的 {len(days)} 个过去日期"


def _money(amount: float, currency: str | None) -> str:
    return f"{currency + ' ' if currency else ''}{amount:,.0f}"
