"""What is said about a trial of a product list, in English and Chinese.

In:  nothing. Out: sentences with places for numbers (percent). Not here: the numbers (`product_trial`).
"""

from __future__ import annotations

TRIAL_WORDS = {
    "en": {
        "peers_shown": (
            "Customers bought {rate:.1f}% of what their peers pointed to within {days} days, against "
            "{rule:.1f}% of the most popular items "
            "(difference {difference:.1f} points, {low:.1f} to {high:.1f})."
        ),
        "peers_hidden": (
            "Hidden: what peers buy ({rate:.1f}% bought within {days} days) was no better a guide than the "
            "most popular items ({rule:.1f}%)."
        ),
        "peers_untried": "Hidden: too short a history or under {least} customers to try it on the past.",
        "stopped_shown": (
            "Of what was listed as stopped, {rate:.1f}% was bought again within {days} days, against "
            "{others:.1f}% of what was silent for as long but not late for the account itself "
            "(difference {difference:.1f} points, {low:.1f} to {high:.1f})."
        ),
        "stopped_hidden": (
            "Hidden: what was listed as stopped was bought again within {days} days in {rate:.1f}% of cases, "
            "against {others:.1f}% of what was silent for as long "
            "and {rule:.1f}% of what was silent for longest."
        ),
        "stopped_alone": (
            "Hidden: of what was listed as stopped, {rate:.1f}% was bought again within {days} days, but "
            "nothing else was silent for as long, so there is nothing to compare with."
        ),
        "stopped_untried": "Hidden: too short a history or under {least} customers to try it on the past.",
    },
    "zh": {
        "peers_shown": (
            "同类客户所买的产品，{days} 天内有 {rate:.1f}% 被购买；最畅销产品为 {rule:.1f}%"
            "（相差 {difference:.1f} 个百分点，区间 {low:.1f} 至 {high:.1f}）。"
        ),
        "peers_hidden": (
            "未显示：同类客户所买的产品（{days} 天内 {rate:.1f}% 被购买）"
            "并不比最畅销产品（{rule:.1f}%）更准。"
        ),
        "peers_untried": "未显示：历史太短或客户不足 {least} 个，无法用过去的数据检验。",
        "stopped_shown": (
            "列为停购的品类，{days} 天内有 {rate:.1f}% 恢复购买；"
            "同样久未购买但未超出自身规律的为 {others:.1f}%"
            "（相差 {difference:.1f} 个百分点，区间 {low:.1f} 至 {high:.1f}）。"
        ),
        "stopped_hidden": (
            "未显示：列为停购的品类 {days} 天内有 {rate:.1f}% 恢复购买；同样久未购买的为 {others:.1f}%，"
            "最久未购买的为 {rule:.1f}%。"
        ),
        "stopped_alone": (
            "未显示：列为停购的品类 {days} 天内有 {rate:.1f}% 恢复购买，"
            "但没有其他同样久未购买的品类可供比较。"
        ),
        "stopped_untried": "未显示：历史太短或客户不足 {least} 个，无法用过去的数据检验。",
    },
}
