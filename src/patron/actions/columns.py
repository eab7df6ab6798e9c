"""The columns of a worklist, once: their kind, their headers in both languages, their width in a spreadsheet.

In:  nothing; this is the definition.
Out: `WORKLIST_COLUMNS`, in the order they are written, and `OUTCOME_WORDS`, what a salesperson can choose.
Not here: writing the files, or reading back what salespeople filled in (`actions.returned`).
"""

from __future__ import annotations

from typing import NamedTuple


class WorklistColumn(NamedTuple):
    """What a column of the worklist holds, and how a spreadsheet shows it.

    Parameters
    ----------
    kind : str
        ``text``, ``date``, ``money`` (currency units), ``share`` (0 to 1) or ``count``.
    en, zh : str
        Header in English and in Chinese.
    width : int
        Width of the spreadsheet column, in characters.
    """

    kind: str
    en: str
    zh: str
    width: int

    def header(self, language: str) -> str:
        """Return the header in ``en`` or ``zh``."""
        return self.zh if language == "zh" else self.en


#: The worklist, and the win-back list where it makes sense: column -> kind, headers, width.
WORKLIST_COLUMNS: dict[str, WorklistColumn] = {
    "rank": WorklistColumn("count", "Rank", "排名", 6),
    "owner": WorklistColumn("text", "Account manager", "客户经理", 16),
    "owner_rank": WorklistColumn("count", "Rank of this manager", "经理内排名", 9),
    "customer_id": WorklistColumn("text", "Customer", "客户编号", 14),
    "name": WorklistColumn("text", "Name", "客户名称", 24),
    "due_on": WorklistColumn("date", "Call on", "建议联系日期", 12),
    "risk_x_value": WorklistColumn("money", "Risk x value", "风险×价值", 12),
    "risk_x_value_low": WorklistColumn("money", "Risk x value, low", "风险×价值（低）", 12),
    "risk_x_value_high": WorklistColumn("money", "Risk x value, high", "风险×价值（高）", 12),
    "value_at_risk": WorklistColumn("money", "Value at risk", "流失风险金额", 12),
    "churn_probability": WorklistColumn("share", "Churn probability", "流失概率", 10),
    "churn_risk": WorklistColumn("text", "Churn risk", "流失风险", 10),
    "tier": WorklistColumn("text", "Tier", "客户层级", 14),
    "lifecycle_stage": WorklistColumn("text", "Stage", "生命周期阶段", 12),
    "since_last": WorklistColumn("text", "Since last list", "与上次相比", 10),
    "reason": WorklistColumn("text", "Why", "原因", 44),
    "action": WorklistColumn("text", "What to do", "行动建议", 32),
    "say": WorklistColumn("text", "What to say", "沟通话术", 44),
    "deadline_on": WorklistColumn("date", "Do it by", "最晚完成日期", 12),
    "done_by": WorklistColumn("text", "Who does it", "执行人", 18),
    "last_order_on": WorklistColumn("date", "Last order", "最近下单日期", 12),
    "revenue_last_12_months": WorklistColumn("money", "Revenue, last 12 months", "近12个月收入", 14),
    "revenue_change": WorklistColumn("money", "Change of revenue", "收入变化", 14),
    "stopped_categories": WorklistColumn("text", "Stopped buying", "已停购品类", 28),
    "group_id": WorklistColumn("text", "Buying group", "所属集团", 14),
    "sister_note": WorklistColumn("text", "Sister sites", "集团内其他网点", 28),
    "campaign": WorklistColumn("text", "Campaign", "活动", 14),
    "outcome": WorklistColumn("text", "Outcome", "联系结果", 14),
    "outcome_on": WorklistColumn("date", "Outcome on", "联系日期", 12),
    "outcome_note": WorklistColumn("text", "Note", "备注", 32),
}

#: What the salesperson fills in; empty in a new list.
OUTCOME_COLUMNS = ("outcome", "outcome_on", "outcome_note")

#: Outcome -> the word to choose in English and in Chinese; `ledger.load_actions` reads these and more.
OUTCOME_WORDS: dict[str, tuple[str, str]] = {
    "reached": ("reached", "已联系"),
    "ordered": ("ordered", "已下单"),
    "dismissed": ("dismissed", "不再联系"),
    "lost": ("lost", "已流失"),
    "none": ("no answer", "未接通"),
}

#: The workbook property (`openpyxl`: ``book.properties.subject``) that holds the day of the list, as
#: 2011-09-10: an outcome without a date counts from that day.
DAY_OF_THE_LIST_PROPERTY = "subject"
