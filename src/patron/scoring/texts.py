"""Reasons and notes in words, in English and Chinese; numbers come in, sentences a person can read aloud go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Values = Mapping[str, float | str]
Template = Callable[[Values], str]


def _n(values: Values, name: str) -> str:
    """Show a number as people write it, a word as it is."""
    value = values.get(name)
    if isinstance(value, str):
        return value
    if not isinstance(value, (int, float)):
        return "?"
    return f"{value:,.0f}" if abs(value) >= 10 or float(value).is_integer() else f"{value:.1f}"


def _percent(values: Values, name: str) -> str:
    value = values.get(name)
    return f"{100 * value:.0f} %" if isinstance(value, (int, float)) else "?"


def _before(values: Values, last: str, both: str) -> str:
    """Show the earlier half of a window: what is in the longer one less what is in the shorter."""
    last_value, both_value = values.get(last), values.get(both)
    if not isinstance(last_value, (int, float)) or not isinstance(both_value, (int, float)):
        return "?"
    return _n({"x": max(both_value - last_value, 0.0)}, "x")


def _silence_en(v: Values) -> str:
    usual = (
        f"; usually orders every {_n(v, 'median_gap_days')}"
        if "median_gap_days" in v
        else "; has ordered on one day only"
    )
    return f"silent for {_n(v, 'days_since_last_order')} days{usual} (typical customer: silent {_n(v, 'peers_days_since_last_order')})"


def _silence_zh(v: Values) -> str:
    usual = (
        f"，平时每 {_n(v, 'median_gap_days')} 天下单一次" if "median_gap_days" in v else "，只有过一个下单日"
    )
    return f"已 {_n(v, 'days_since_last_order')} 天未下单{usual}（一般客户：{_n(v, 'peers_days_since_last_order')} 天）"


def _breadth_en(v: Values) -> str:
    what = "products" if "products_ever" in v else "categories"
    if f"{what}_ever" not in v:
        return "its orders name no product"
    return (
        f"bought {_n(v, what + '_last_180_days')} of its {_n(v, what + '_ever')} {what} in the last 180 days"
    )


def _breadth_zh(v: Values) -> str:
    what, word = ("products", "种产品") if "products_ever" in v else ("categories", "个品类")
    if f"{what}_ever" not in v:
        return "订单未注明产品"
    return (
        f"曾购买 {_n(v, what + '_ever')} {word}，近 180 天仍购买 {_n(v, what + '_last_180_days')} {word[0]}"
    )


def _season_en(v: Values) -> str:
    if "purchase_days_same_window_last_year" not in v:
        return "no season to compare with: not yet a customer a year ago"
    return f"ordered on {_n(v, 'purchase_days_same_window_last_year')} days in the same season last year"


def _season_zh(v: Values) -> str:
    if "purchase_days_same_window_last_year" not in v:
        return "去年同期还不是客户，无同期可比"
    return f"去年同期有 {_n(v, 'purchase_days_same_window_last_year')} 个下单日"


def _rhythm_en(v: Values) -> str:
    if "median_gap_days" not in v:
        return "no rhythm yet: ordered on one day only"
    return (
        f"orders every {_n(v, 'median_gap_days')} days (typical customer: {_n(v, 'peers_median_gap_days')})"
    )


def _rhythm_zh(v: Values) -> str:
    if "median_gap_days" not in v:
        return "尚无下单节奏：只有过一个下单日"
    return f"每 {_n(v, 'median_gap_days')} 天下单一次（一般客户：{_n(v, 'peers_median_gap_days')} 天）"


def _named(v: Values) -> str:
    return ", ".join(
        f"{k.split('_', 1)[1].replace('_', ' ')} {_n(v, k)}"
        for k in sorted(v)
        if k.startswith(("event_", "attribute_"))
    )


_EN: dict[str, Template] = {
    "silence": _silence_en,
    "season": _season_en,
    "order_trend": lambda v: (
        f"{_n(v, 'purchase_days_last_90_days')} order days in the last 90 days, "
        f"{_before(v, 'purchase_days_last_90_days', 'purchase_days_last_180_days')} in the 90 before"
    ),
    "spend_trend": lambda v: (
        f"spent {_n(v, 'spend_last_90_days')} in the last 90 days, "
        f"{_before(v, 'spend_last_90_days', 'spend_last_180_days')} in the 90 before"
    ),
    "frequency": lambda v: (
        f"{_n(v, 'purchase_days_last_365_days')} order days in the last year "
        f"(typical customer: {_n(v, 'peers_purchase_days_last_365_days')})"
    ),
    "spend": lambda v: (
        f"spent {_n(v, 'spend_last_365_days')} in the last year (typical customer: {_n(v, 'peers_spend_last_365_days')})"
    ),
    "rhythm": _rhythm_en,
    "order_value": lambda v: (
        f"an average order is {_n(v, 'mean_order_value')} (typical customer: {_n(v, 'peers_mean_order_value')})"
    ),
    "order_size": lambda v: (
        f"{_n(v, 'lines_per_purchase_day')} lines per order (typical customer: {_n(v, 'peers_lines_per_purchase_day')})"
    ),
    "refunds": lambda v: f"returned {_percent(v, 'refund_ratio')} of what it bought",
    "breadth": _breadth_en,
    "tenure": lambda v: f"a customer for {_n(v, 'days_since_first_order')} days",
    "event": lambda v: f"recent events: {_named(v) or 'none known'}",
    "attribute": lambda v: f"customer attributes: {_named(v) or 'none known'}",
}

_ZH: dict[str, Template] = {
    "silence": _silence_zh,
    "season": _season_zh,
    "order_trend": lambda v: (
        f"近 90 天有 {_n(v, 'purchase_days_last_90_days')} 个下单日，"
        f"此前 90 天有 {_before(v, 'purchase_days_last_90_days', 'purchase_days_last_180_days')} 个"
    ),
    "spend_trend": lambda v: (
        f"近 90 天消费 {_n(v, 'spend_last_90_days')}，此前 90 天 {_before(v, 'spend_last_90_days', 'spend_last_180_days')}"
    ),
    "frequency": lambda v: (
        f"近一年有 {_n(v, 'purchase_days_last_365_days')} 个下单日（一般客户：{_n(v, 'peers_purchase_days_last_365_days')}）"
    ),
    "spend": lambda v: (
        f"近一年消费 {_n(v, 'spend_last_365_days')}（一般客户：{_n(v, 'peers_spend_last_365_days')}）"
    ),
    "rhythm": _rhythm_zh,
    "order_value": lambda v: (
        f"平均订单金额 {_n(v, 'mean_order_value')}（一般客户：{_n(v, 'peers_mean_order_value')}）"
    ),
    "order_size": lambda v: (
        f"每单 {_n(v, 'lines_per_purchase_day')} 行（一般客户：{_n(v, 'peers_lines_per_purchase_day')}）"
    ),
    "refunds": lambda v: f"退货占购买额的 {_percent(v, 'refund_ratio')}",
    "breadth": _breadth_zh,
    "tenure": lambda v: f"成为客户已 {_n(v, 'days_since_first_order')} 天",
    "event": lambda v: f"近期事件：{_named(v) or '未知'}",
    "attribute": lambda v: f"客户属性：{_named(v) or '未知'}",
}

_REASONS = {"en": _EN, "zh": _ZH}

_NOTES = {
    "en": {
        "excluded": "no purchase day before as_of",
        "lapsed": "silent for longer than {active_days} days: lapsed, not scored for churn",
        "not_due": "not_due: the next order is expected after the churn horizon",
    },
    "zh": {
        "excluded": "基准日之前没有下单日",
        "lapsed": "超过 {active_days} 天未下单：已流失，不再评估流失概率",
        "not_due": "not_due：预计下一次下单在预测期之后",
    },
}


def reason_text(code: str, values: Values, language: str) -> str:
    """Render a reason in words.

    Parameters
    ----------
    code : str
        Driver, as in ``reason_1_code``.
    values : mapping
        As in ``reason_1_values``.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    str

    Examples
    --------
    >>> values = {"days_since_last_order": 61, "median_gap_days": 20, "peers_days_since_last_order": 34}
    >>> reason_text("silence", values, "en")
    'silent for 61 days; usually orders every 20 (typical customer: silent 34)'
    """
    return _REASONS[language][code](values)


def note_text(code: str, language: str, **facts: object) -> str:
    """Render a note in words.

    Parameters
    ----------
    code : str
        ``excluded``, ``lapsed`` or ``not_due``.
    language : str
        ``en`` or ``zh``.
    **facts
        Numbers in the text.

    Returns
    -------
    str
    """
    return _NOTES[language][code].format(**facts)
