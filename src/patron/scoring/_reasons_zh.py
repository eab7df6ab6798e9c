"""Reasons in Chinese: what is said about each driver, and how other customers are quoted beside it.

In:  the values behind a reason. Out: parts of a sentence. Not here: how the parts are joined (`texts`).
"""

from __future__ import annotations

from collections.abc import Callable

from patron.scoring._event_words import events_in_chinese
from patron.scoring._numbers import (
    Facts,
    Values,
    earlier_half,
    halves,
    number_of,
    percent,
    plain,
    told_names,
    whole_days,
)
from patron.scoring._reasons_en import IRREGULAR, REGULAR

_CURRENCIES = {
    "CNY": "元", "EUR": "欧元", "GBP": "英镑", "HKD": "港元", "JPY": "日元", "KRW": "韩元", "TWD": "新台币",
    "USD": "美元",
}  # fmt: skip


def days(value: float) -> str:
    """Write a number of days."""
    return f"{whole_days(value):,} 天"


def times(value: float) -> str:
    """Write how many times.

    Examples
    --------
    >>> times(2.5)
    '2–3 次'
    """
    return f"{halves(value)[0]} 次"


def every(value: float) -> str:
    """Write a rhythm.

    Examples
    --------
    >>> every(1.2), every(20.5)
    ('每天一次', '每 21 天一次')
    """
    return "每天一次" if whole_days(value) == 1 else f"每 {days(value)}一次"


def span(value: float) -> str:
    """Write a long time in the unit people would use.

    Examples
    --------
    >>> span(40), span(300), span(1000)
    ('40 天', '10 个月', '2.7 年')
    """
    if value < 61:
        return days(value)
    if value < 730:
        return f"{round(value / 30.4375)} 个月"
    return f"{value / 365.25:.1f} 年".replace(".0 ", " ")


def money(values: Values, value: float) -> str:
    """Write an amount in the currency of the values.

    Examples
    --------
    >>> money({"currency": "GBP"}, 1234.5), money({"currency": "CHF"}, 20), money({}, 20)
    ('1,234 英镑', '20 CHF', '20')
    """
    currency = values.get("currency")
    if not isinstance(currency, str):
        return plain(value)
    return f"{plain(value)} {_CURRENCIES.get(currency, currency)}"


def _silence(v: Values) -> Facts:
    silent, usual = number_of(v, "days_since_last_order"), number_of(v, "median_gap_days")
    if silent is None:
        return Facts("上次下单时间未知", comparable=False)
    orders, longest = number_of(v, "purchase_days"), number_of(v, "longest_gap_days")
    if usual is None:
        return Facts(f"唯一一次下单在 {days(silent)}前")
    now = f"上次下单在 {days(silent)}前"
    if orders == 2:
        return Facts(now, f"与再前一次相隔 {days(usual)}")
    never = orders is not None and longest is not None and orders > 3 and silent > longest
    return Facts(now, f"平时{every(usual)}" + (f"，此前最长间隔 {days(longest or 0)}" if never else ""))


def _season(v: Values) -> Facts:
    orders = number_of(v, "purchase_days_same_window_last_year")
    if orders is None:
        return Facts("一年前还不是客户，没有去年同期可比", comparable=False)
    return Facts(f"去年同期下单 {times(orders)}" if orders else "去年同期没有下单")


def _ordered(v: Values, orders: float, spend: float | None) -> str:
    if orders == 0:
        return "没有下单"
    return f"下单 {times(orders)}" + ("" if spend is None else f"、金额 {money(v, spend)}")


def _trend(v: Values) -> Facts:
    orders = number_of(v, "purchase_days_last_90_days")
    before = earlier_half(v, "purchase_days_last_90_days", "purchase_days_last_180_days")
    if orders is None or before is None:
        return _spend_trend(v)
    if orders == before == 0:
        return Facts("近 180 天没有下单")
    spend_before = earlier_half(v, "spend_last_90_days", "spend_last_180_days")
    now = f"近 90 天{_ordered(v, orders, number_of(v, 'spend_last_90_days'))}"
    return Facts(now, f"此前 90 天{_ordered(v, before, spend_before)}")


def _spend_trend(v: Values) -> Facts:
    spend = number_of(v, "spend_last_90_days")
    before = earlier_half(v, "spend_last_90_days", "spend_last_180_days")
    if spend is None or before is None:
        return Facts("近期订单与此前相比", comparable=False)
    return Facts(f"近 90 天采购额 {money(v, spend)}", f"此前 90 天 {money(v, before)}")


def _frequency(v: Values) -> Facts:
    orders, usual = number_of(v, "purchase_days_last_365_days"), number_of(v, "median_gap_days")
    ever = number_of(v, "purchase_days")
    if ever == 1:
        return Facts("目前只下过一次单")
    rhythm = "" if usual is None or ever == 2 else f"平时{every(usual)}"
    if orders is None:
        return Facts(rhythm or "订单太少，难以判断", comparable=bool(rhythm))
    return Facts(f"近一年下单 {times(orders)}" if orders else "近一年没有下单", rhythm)


def _spend(v: Values) -> Facts:
    spend = number_of(v, "spend_last_365_days")
    if spend is None:
        return Facts("采购额未知", comparable=False)
    return Facts(f"近一年采购额 {money(v, spend)}" if spend else "近一年没有采购")


def intervals(spread: float) -> str:
    """Say how regular gaps are, from their standard deviation over their mean.

    Examples
    --------
    >>> intervals(0.1), intervals(0.6), intervals(1.2)
    ('很有规律', '比较有规律', '不规律')
    """
    return "很有规律" if spread < REGULAR else "不规律" if spread > IRREGULAR else "比较有规律"


def _rhythm(v: Values) -> Facts:
    spread, usual = number_of(v, "gap_spread_ratio"), number_of(v, "median_gap_days")
    longest = number_of(v, "longest_gap_days")
    if usual is None:
        return Facts("目前只下过一次单，还看不出节奏", comparable=False)
    if spread is None or number_of(v, "purchase_days") == 2:
        return Facts(f"目前只下过两次单，相隔 {days(usual)}，还看不出节奏", comparable=False)
    most = f"，最长相隔 {days(longest)}" if longest is not None and longest >= usual + 1 else ""
    return Facts(f"下单{intervals(spread)}", f"平时{every(usual)}{most}", comparable=False)


def _order_value(v: Values) -> Facts:
    mean, largest = number_of(v, "mean_order_value"), number_of(v, "largest_order_value")
    if mean is None:
        return Facts("每单金额未知", comparable=False)
    past = f"最大一单 {money(v, largest)}" if largest is not None and largest > 1.2 * mean else ""
    return Facts(f"平均每单 {money(v, mean)}", past)


def _order_spread(v: Values) -> Facts:
    spread, mean = number_of(v, "order_value_spread_ratio"), number_of(v, "mean_order_value")
    if spread is None:
        return Facts("每单金额的波动未知", comparable=False)
    if number_of(v, "purchase_days") == 1:
        return Facts("目前只下过一次单", comparable=False)
    around = "" if mean is None else f" {money(v, mean)}"
    return Facts(f"每单金额在平均值{around}上下波动 {percent(spread)}")


def _order_size(v: Values) -> Facts:
    lines = number_of(v, "lines_per_purchase_day")
    if lines is None:
        return Facts("每单行数未知", comparable=False)
    return Facts(f"平均每单 {plain(lines)} 行")


def _refunds(v: Values) -> Facts:
    share = number_of(v, "refund_ratio")
    if share is None:
        return Facts("退货情况未知", comparable=False)
    return Facts(f"退货占采购额的 {percent(share)}" if share else "从未退货")


def _breadth(v: Values) -> Facts:
    many, unit = ("products", "种产品") if "products_ever" in v else ("categories", "个品类")
    ever, recent = number_of(v, f"{many}_ever"), number_of(v, f"{many}_last_180_days") or 0.0
    if ever is None:
        return Facts("订单未注明产品", comparable=False)
    if ever == 1:
        return Facts(f"只买过 1 {unit}" + ("" if recent else "，近 180 天没有再买"))
    if recent == 0:
        return Facts(f"买过 {plain(ever)} {unit}，近 180 天都没有再买")
    which = "都买了" if recent >= ever else f"买了其中 {plain(recent)} {unit[0]}"
    return Facts(f"买过 {plain(ever)} {unit}，近 180 天{which}")


def _tenure(v: Values) -> Facts:
    since = number_of(v, "days_since_first_order")
    return Facts("首单时间未知", comparable=False) if since is None else Facts(f"成为客户已有 {span(since)}")


def _word(v: Values, name: str) -> str:
    value = v[name]
    return value if isinstance(value, str) else plain(number_of(v, name) or 0.0)


def _attribute(v: Values) -> Facts:
    told = told_names(v, "attribute_")
    said = "，".join(f"{n.removeprefix('attribute_').replace('_', ' ')} {_word(v, n)}" for n in told)
    return Facts(f"客户资料：{said}" if said else "没有该客户的资料", comparable=False)


def _custom(v: Values) -> Facts:
    told = told_names(v, "custom_")
    said = "，".join(f"{n.removeprefix('custom_').replace('_', ' ')} {_word(v, n)}" for n in told)
    return Facts(f"自定义特征：{said}" if said else "没有该客户的自定义特征", comparable=False)


def _event(v: Values) -> Facts:
    return Facts(events_in_chinese(v) or "没有已知的事件", comparable=False)


DRIVER_FACTS: dict[str, Callable[[Values], Facts]] = {
    "silence": _silence,
    "season": _season,
    "order_trend": _trend,
    "spend_trend": _spend_trend,
    "frequency": _frequency,
    "spend": _spend,
    "rhythm": _rhythm,
    "order_value": _order_value,
    "order_spread": _order_spread,
    "order_size": _order_size,
    "refunds": _refunds,
    "breadth": _breadth,
    "tenure": _tenure,
    "event": _event,
    "attribute": _attribute,
    "custom": _custom,
}

#: Feature -> how the typical number of other customers is quoted.
QUOTED: dict[str, Callable[[Values, float], str]] = {
    "days_since_last_order": lambda _v, x: days(x),
    "purchase_days_same_window_last_year": lambda _v, x: times(x) if x else "没有下单",
    "purchase_days_last_90_days": lambda _v, x: f"近 90 天 {times(x)}" if x else "近 90 天没有下单",
    "spend_last_90_days": lambda v, x: f"近 90 天 {money(v, x)}",
    "purchase_days_last_365_days": lambda _v, x: f"一年 {times(x)}" if x else "一年没有下单",
    "spend_last_365_days": lambda v, x: money(v, x),
    "median_gap_days": lambda _v, x: every(x),
    "mean_order_value": lambda v, x: money(v, x),
    "order_value_spread_ratio": lambda _v, x: percent(x),
    "lines_per_purchase_day": lambda _v, x: f"{plain(x)} 行",
    "refund_ratio": lambda _v, x: percent(x) if x else "没有退货",
    "products_last_180_days": lambda _v, x: f"{plain(x)} 种",
    "categories_last_180_days": lambda _v, x: f"{plain(x)} 个",
    "days_since_first_order": lambda _v, x: span(x),
}

DRIVER_NAMES = {
    "silence": "距上次下单的时间",
    "season": "去年同期",
    "order_trend": "近期订单与此前相比",
    "spend_trend": "近期采购额与此前相比",
    "frequency": "下单频率",
    "spend": "采购额",
    "rhythm": "下单是否规律",
    "order_value": "每单金额",
    "order_spread": "每单金额的波动",
    "order_size": "每单行数",
    "refunds": "退货",
    "breadth": "采购品种",
    "tenure": "成为客户的时间",
    "event": "事件",
    "attribute": "客户资料",
    "custom": "自定义特征",
}

PEERS = {
    "low": "；低风险客户通常：{}",
    "medium": "；中风险客户通常：{}",
    "high": "；高风险客户通常：{}",
    "all": "；一般客户：{}",
}
JOIN = "，"
