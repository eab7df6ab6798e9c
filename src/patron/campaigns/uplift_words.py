"""What a campaign says about ranking by uplift, in one sentence.

In:  the code of the judgement, the counts behind it, the differences of Qini.
Out: the sentence in English and Chinese.
Not here: the judgement (`uplift`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: Fewest groups per arm, and fewest accounts of either outcome per arm: below, not even tried.
LEAST_IN_ARM, LEAST_OF_OUTCOME = 200, 40
_RULES = {
    "highest_risk": ("highest risk first", "风险最高优先"),
    "risk_x_value": ("risk x value", "风险 × 价值"),
    "random": ("a random order", "随机排序"),
}


class Interval(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def uplift_verdict(
    code: str, counts: Mapping[str, int], differences: Mapping[str, Interval]
) -> dict[str, str]:
    """Say in one sentence whether accounts may be ranked by uplift.

    Parameters
    ----------
    code : str
        ``supported``, ``not_shown`` or ``too_few``.
    counts : mapping
        As in `uplift.Uplift`.
    differences : mapping
        Rule -> Qini of the uplift ranking less that of the rule.

    Returns
    -------
    dict
        ``en``, ``zh``.
    """
    if code == "too_few":
        return _too_few(counts)
    if code == "supported":
        return _supported(counts, differences["highest_risk"])
    n = f"{counts['accounts']:,}"
    equal = [_RULES[rule] for rule, gain in differences.items() if not gain.low > 0]
    en, zh = " or ".join(words for words, _ in equal), "或".join(words for _, words in equal)
    return {
        "en": f"The data do not support ranking by uplift: {n} accounts do not "
        f"show it to be better than {en}.",
        "zh": f"数据不支持按增量效果排序：{n} 个客户的数据未显示它优于{zh}。",
    }


def _supported(counts: Mapping[str, int], gain: Interval) -> dict[str, str]:
    n, (value, low, high) = f"{counts['accounts']:,}", (f"{100 * figure:.1f}" for figure in gain)
    return {
        "en": f"{n} accounts support ranking by uplift: on average over all lengths of the list it "
        f"keeps {value} more accounts per 100 treated than highest risk first "
        f"(95 % interval {low} to {high}), and it is better than risk x value and than a random order, too.",
        "zh": f"{n} 个客户的数据支持按增量效果排序：按名单各种长度平均，"
        f"每处理 100 个客户比风险最高优先多留住 {value} 个（95% 区间 {low} 至 {high}），"
        "也优于风险 × 价值和随机排序。",
    }


def _too_few(counts: Mapping[str, int]) -> dict[str, str]:
    n = {name: f"{count:,}" for name, count in counts.items()}
    return {
        "en": f"The data do not support ranking by uplift: {n['accounts']} accounts, of whom "
        f"{n['left_treated']} of {n['treated']} treated and {n['left_control']} of {n['control']} control "
        f"accounts left. It takes {LEAST_IN_ARM} accounts per arm (a buying group counts once), "
        f"{LEAST_OF_OUTCOME} of them leaving and {LEAST_OF_OUTCOME} staying.",
        "zh": f"数据不足以支持按增量效果排序：共 {n['accounts']} 个客户，处理组 {n['treated']} 个中流失 "
        f"{n['left_treated']} 个，对照组 {n['control']} 个中流失 {n['left_control']} 个。每组至少需要 "
        f"{LEAST_IN_ARM} 个客户（同一采购集团计一次），其中流失和留存各至少 {LEAST_OF_OUTCOME} 个。",
    }
