"""Events as an account manager would say them, in English and Chinese.

In:  a kind of event, how many there were in the last 180 days, the latest value.
Out: part of a sentence.
Not here: which events are told (`reasons`), the other drivers (`_reasons_en`, `_reasons_zh`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from patron.scoring._numbers import Values, number_of, plain, told_names


class EventWords(NamedTuple):
    """How one kind of event is told.

    Parameters
    ----------
    none, one, many : str
        How often it happened; ``many`` with a place for the number.
    value : str
        The latest value, with a place for it; empty for a kind whose value says nothing to people.
    is_score : bool
        Whether the value is what there is to tell, rather than how often it was given.
    """

    none: str
    one: str
    many: str
    value: str
    is_score: bool = False


_COUNT, _VALUE = "_last_180_days", "_latest_value"
_EN = {
    "nps": EventWords(
        "answered no NPS survey in the last 180 days", "1 NPS answer in the last 180 days",
        "{} NPS answers in the last 180 days", "gave {} in its latest NPS survey", is_score=True,
    ),
    "csat": EventWords(
        "answered no satisfaction survey in the last 180 days", "1 satisfaction answer in the last 180 days",
        "{} satisfaction answers in the last 180 days", "gave {} in its latest satisfaction survey",
        is_score=True,
    ),
    "ticket": EventWords(
        "no tickets in the last 180 days", "1 ticket in the last 180 days", "{} tickets in the last 180 days",
        "rated the latest {}",
    ),
    "complaint": EventWords(
        "no complaints in the last 180 days", "1 complaint in the last 180 days",
        "{} complaints in the last 180 days", "rated the latest {}",
    ),
    "late_payment": EventWords(
        "no late payments in the last 180 days", "1 late payment in the last 180 days",
        "{} late payments in the last 180 days", "the latest {} days late",
    ),
    "visit": EventWords(
        "not visited in the last 180 days", "visited once in the last 180 days",
        "visited {} times in the last 180 days", "",
    ),
}  # fmt: skip
_ZH = {
    "nps": EventWords(
        "近 180 天没有回答 NPS 调查", "近 180 天回答 NPS 调查 1 次", "近 180 天回答 NPS 调查 {} 次",
        "最近一次 NPS 打分 {}", is_score=True,
    ),
    "csat": EventWords(
        "近 180 天没有回答满意度调查", "近 180 天回答满意度调查 1 次", "近 180 天回答满意度调查 {} 次",
        "最近一次满意度打分 {}", is_score=True,
    ),
    "ticket": EventWords(
        "近 180 天没有工单", "近 180 天有 1 张工单", "近 180 天有 {} 张工单", "最近一张评分 {}",
    ),
    "complaint": EventWords(
        "近 180 天没有投诉", "近 180 天投诉 1 次", "近 180 天投诉 {} 次", "最近一次评分 {}",
    ),
    "late_payment": EventWords(
        "近 180 天没有逾期付款", "近 180 天逾期付款 1 次", "近 180 天逾期付款 {} 次", "最近一次逾期 {} 天",
    ),
    "visit": EventWords("近 180 天没有拜访", "近 180 天拜访 1 次", "近 180 天拜访 {} 次", ""),
}  # fmt: skip


def events_in_english(values: Values) -> str:
    """Tell the events behind a reason, strongest first; empty without any."""
    return "; ".join(_told(values, _EN, _other_in_english, ", "))


def events_in_chinese(values: Values) -> str:
    """Tell the events behind a reason, strongest first; empty without any."""
    return "；".join(_told(values, _ZH, _other_in_chinese, "，"))


def _other_in_english(kind: str) -> EventWords:
    name = f"{kind.replace('_', ' ')}: "
    now = "in the last 180 days"
    return EventWords(f"{name}none {now}", f"{name}1 {now}", f"{name}{{}} {now}", "latest value {}")


def _other_in_chinese(kind: str) -> EventWords:
    name = f"{kind.replace('_', ' ')}："
    return EventWords(
        f"{name}近 180 天没有", f"{name}近 180 天有 1 次", name + "近 180 天有 {} 次", "最近一次的值为 {}"
    )


def _told(
    values: Values,
    known: Mapping[str, EventWords],
    other: Callable[[str], EventWords],
    joined_by: str,
) -> list[str]:
    told = told_names(values, "event_")
    kinds = [n.removeprefix("event_").removesuffix(_COUNT).removesuffix(_VALUE) for n in told]
    said = []
    for kind in dict.fromkeys(kinds):
        words = known.get(kind) or other(kind)
        said.append(joined_by.join(part for part in _of_kind(values, kind, words, told) if part))
    return [text for text in said if text]


def _of_kind(values: Values, kind: str, words: EventWords, told: list[str]) -> tuple[str, str]:
    """Say how often and how it ended; of a score, that of the two which is a reason."""
    count, latest = number_of(values, f"event_{kind}{_COUNT}"), number_of(values, f"event_{kind}{_VALUE}")
    value = "" if latest is None or not words.value else words.value.format(plain(latest))
    if count is None or (words.is_score and value and f"event_{kind}{_COUNT}" not in told):
        return "", value
    if words.is_score and f"event_{kind}{_VALUE}" not in told:
        value = ""
    how_often = words.none if count == 0 else words.one if count == 1 else words.many.format(plain(count))
    return how_often, value
