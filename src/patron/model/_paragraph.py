"""An explanation as a paragraph to read aloud.

In:  a score row, the drivers with their sentences. Out: text in English or Chinese.
Not here: the sentence about a driver (`scoring.texts`), the numbers (`model.explanation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from patron.scoring import percent

#: A driver that works against the rest is worth a sentence from this many log-odds on.
WORTH_A_SENTENCE = 0.05
_WORDS = {
    "en": {
        "scored": "Customer {customer} is at {risk} risk: the chance of churn is {chance}; "
        "for an average customer it is {base}.",
        "means": "Churn means: {label}.",
        "raises": "What raises the risk:",
        "lowers": "What lowers the risk:",
        "excluded": "Customer {customer} has no order before {as_of}, only money back, "
        "so there is nothing to forecast.",
        "unscored": "Customer {customer}: {note}.",
        "lapsed": "What speaks for having lost it:",
        "low": "low",
        "medium": "medium",
        "high": "high",
    },
    "zh": {
        "scored": "客户 {customer} 的流失风险{risk}：流失概率为 {chance}，一般客户为 {base}。",
        "means": "流失是指：{label}。",
        "raises": "推高风险的因素：",
        "lowers": "降低风险的因素：",
        "excluded": "客户 {customer} 在 {as_of} 之前没有下单，只有退款，无法预测。",
        "unscored": "客户 {customer}：{note}。",
        "lapsed": "说明可能已流失的因素：",
        "low": "低",
        "medium": "中等",
        "high": "高",
    },
}


def paragraph(
    row: Mapping[str, Any], drivers: pd.DataFrame, base: float | None, label: object, language: str
) -> str:
    """Say in sentences why a customer's churn probability is what it is.

    Parameters
    ----------
    row : mapping
        The score row.
    drivers : pandas.DataFrame
        `Explanation.drivers`.
    base : float or None
        Probability of an average customer; None where there is no forecast.
    label : str or mapping
        What counts as churn, in words; by language.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    str
        What moves the risk the way it went comes first, as in the score row.
    """
    words, customer, note = _WORDS[language], row["customer_id"], row["note"]
    if row["status"] == "excluded":
        return words["excluded"].format(customer=customer, as_of=row["as_of"])
    note = str(note).removeprefix("not_due: ").removeprefix("not_due：") if note else None
    raising, lowering = (_told(drivers, sign) for sign in (1, -1))
    if base is None:
        said = [words["unscored"].format(customer=customer, note=note or "–")]
        said += [words["lapsed"], *raising[:3]] if raising and row["status"] == "lapsed" else []
        return _joined(said, language)
    said = [
        words["scored"].format(
            customer=customer,
            risk=words[row["churn_risk"]],
            chance=percent(row["churn_probability"]),
            base=percent(base),
        )
    ]
    meaning = label.get(language) if isinstance(label, Mapping) else None
    said += [words["means"].format(label=meaning)] if meaning else []
    blocks = [(words["raises"], raising[:3]), (words["lowers"], lowering[:3])]
    for lead, reasons in blocks[::-1] if row["churn_risk"] == "low" else blocks:
        said += [lead, *reasons] if reasons else []
    return _joined([*said, *([_sentence(note, language)] if note else [])], language)


def _told(drivers: pd.DataFrame, sign: int) -> list[str]:
    pushing = drivers[drivers["effect_log_odds"] * sign >= WORTH_A_SENTENCE]
    return [str(text) for text in pushing["text"]]


def _joined(said: list[str], language: str) -> str:
    ends = (":", "：", ".", "。")
    sentences = [text if text.endswith(ends) else _sentence(text, language) for text in said]
    return (" " if language == "en" else "").join(sentences)


def _sentence(text: str, language: str) -> str:
    return text[:1].upper() + text[1:] + ("." if language == "en" else "。")
