"""What came of a call: the five outcomes and the words people write for them, in English and Chinese.

In:  a text from a log or a returned worklist.
Out: the code of an outcome, and what the text says beyond it.
Not here: reading files (`ledger.actions`).
"""

from __future__ import annotations

import re

#: Outcome -> words that mean it, in lower case; the first stands for the outcome and nothing more.
OUTCOMES: dict[str, tuple[str, ...]] = {
    "reached": (
        *("reached", "contacted", "called", "talked", "spoke", "answered", "connected", "met", "visited"),
        *("已联系", "联系上", "已联络", "已接通", "接通", "已沟通", "已回访", "已拜访"),
    ),
    "ordered": (
        *("ordered", "order", "order placed", "placed order", "reordered", "sold", "won"),
        *("已下单", "下单", "已订货", "已订购", "已成交", "成交", "已复购", "复购"),
    ),
    "dismissed": (
        *("dismissed", "不再联系", "do not call", "don't call", "无需联系", "忽略"),
        *("site closed", "closed", "closed down", "out of business", "no need", "not relevant", "duplicate"),
        *("已关店", "关店", "已停业", "停业", "已关闭", "已注销", "不需要", "无需求", "重复客户"),
    ),
    "lost": (
        *("lost", "流失", "已流失", "churned", "left", "gone", "went to competitor", "lost to competitor"),
        *("已转竞品", "转向竞争对手", "已换供应商"),
    ),
    "none": (
        *("none", "no answer", "not reached", "no result", "voicemail", "left message", "pending", "open"),
        *("未接通", "无人接听", "未联系上", "未接", "无结果", "无", "待跟进", "已留言"),
    ),
}
# words that give no reason by themselves; the others of these outcomes ("site closed") do
_PLAIN = {"dismissed", "不再联系", "do not call", "don't call", "无需联系", "忽略", "lost", "流失", "已流失"}
_CODE_OF = {word: code for code, words in OUTCOMES.items() for word in words}


def outcome_code(text: str | None) -> str | None:
    """Return the outcome that a text means.

    Parameters
    ----------
    text : str or None
        As written; case, blanks, hyphens and underscores do not matter.

    Returns
    -------
    str or None
        A key of `OUTCOMES`: ``none`` for nothing written, None for a word that is not known.

    Examples
    --------
    >>> outcome_code("Do-not-call"), outcome_code("已下单"), outcome_code(None), outcome_code("maybe")
    ('dismissed', 'ordered', 'none', None)
    """
    return "none" if not text else _CODE_OF.get(_folded(text))


def reason_in(text: str | None) -> str | None:
    """Return the text where it gives the reason of a dismissal or a loss, else None.

    Examples
    --------
    >>> reason_in("Site closed"), reason_in("dismissed"), reason_in("reached")
    ('Site closed', None, None)
    """
    if not text or outcome_code(text) not in ("dismissed", "lost") or _folded(text) in _PLAIN:
        return None
    return text


def _folded(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.replace("’", "'")).strip(" .。!！").casefold()
