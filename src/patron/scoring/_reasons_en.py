"""Reasons in English: what is said about each driver, and how other customers are quoted beside it.

In:  the values behind a reason. Out: parts of a sentence. Not here: how the parts are joined (`texts`).
"""

from __future__ import annotations

from collections.abc import Callable

from patron.scoring._event_words import events_in_english
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
from patron.scoring.money import symbol_of

#: Spread of the gaps over their mean: below the first regular, above the second irregular (by chance: 1).
REGULAR, IRREGULAR = 0.4, 0.9


def counted(value: float, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "order"), counted(0, "order"), counted(2.5, "order")
    ('1 order', 'no orders', '2–3 orders')
    """
    written, amount = halves(value)
    return f"{'no' if value == 0 else written} {one if amount == 1 else many or one + 's'}"


def days(value: float) -> str:
    """Write a number of days."""
    return counted(whole_days(value), "day")


def every(value: float) -> str:
    """Write a rhythm.

    Examples
    --------
    >>> every(1.2), every(20.5)
    ('every day', 'every 21 days')
    """
    return "every day" if whole_days(value) == 1 else f"every {days(value)}"


def span(value: float) -> str:
    """Write a long time in the unit people would use.

    Examples
    --------
    >>> span(40), span(300), span(1000)
    ('40 days', '10 months', '2.7 years')
    """
    if value < 61:
        return days(value)
    if value < 730:
        return counted(round(value / 30.4375), "month")
    return f"{value / 365.25:.1f} years".replace(".0 ", " ")


def money(values: Values, value: float) -> str:
    """Write an amount in the currency of the values.

    Examples
    --------
    >>> money({"currency": "GBP"}, 1234.5), money({"currency": "CHF"}, 20), money({}, 20)
    ('£1,234', 'CHF 20', '20')
    """
    currency = values.get("currency")
    if not isinstance(currency, str):
        return plain(value)
    return f"{symbol_of(currency)}{plain(value)}"


def _silence(v: Values) -> Facts:
    silent, usual = number_of(v, "days_since_last_order"), number_of(v, "median_gap_days")
    if silent is None:
        return Facts("time since the last order unknown", comparable=False)
    orders, longest = number_of(v, "purchase_days"), number_of(v, "longest_gap_days")
    if usual is None:
        return Facts(f"its only order was {days(silent)} ago")
    now = f"last order {days(silent)} ago"
    if orders == 2:
        return Facts(now, f"{days(usual)} after the one before")
    never = orders is not None and longest is not None and orders > 3 and silent > longest
    return Facts(
        now,
        f"usually {every(usual)}" + (f", never longer than {days(longest or 0)} before" if never else ""),
    )


def _season(v: Values) -> Facts:
    orders = number_of(v, "purchase_days_same_window_last_year")
    if orders is None:
        return Facts("not yet a customer a year ago, so there is no season to compare with", comparable=False)
    return Facts(f"{counted(orders, 'order')} in the same season last year")


def _worth(v: Values, orders: float, spend: float | None) -> str:
    said = counted(orders, "order")
    return said if spend is None or orders == 0 else f"{said} worth {money(v, spend)}"


def _trend(v: Values) -> Facts:
    orders = number_of(v, "purchase_days_last_90_days")
    before = earlier_half(v, "purchase_days_last_90_days", "purchase_days_last_180_days")
    if orders is None or before is None:
        return _spend_trend(v)
    if orders == before == 0:
        return Facts("no orders in the last 180 days")
    spend_before = earlier_half(v, "spend_last_90_days", "spend_last_180_days")
    now = f"{_worth(v, orders, number_of(v, 'spend_last_90_days'))} in the last 90 days"
    past = "none" if before == 0 else _worth(v, before, spend_before)
    return Facts(now, f"{past} in the 90 before")


def _spend_trend(v: Values) -> Facts:
    spend = number_of(v, "spend_last_90_days")
    before = earlier_half(v, "spend_last_90_days", "spend_last_180_days")
    if spend is None or before is None:
        return Facts("orders of the last weeks against those before", comparable=False)
    return Facts(f"spent {money(v, spend)} in the last 90 days", f"{money(v, before)} in the 90 before")


def _frequency(v: Values) -> Facts:
    orders, usual = number_of(v, "purchase_days_last_365_days"), number_of(v, "median_gap_days")
    ever = number_of(v, "purchase_days")
    if ever == 1:
        return Facts("only one order so far")
    rhythm = "" if usual is None or ever == 2 else f"usually {every(usual)}"
    if orders is None:
        return Facts(f"orders {rhythm}" if rhythm else "few orders to go by", comparable=bool(rhythm))
    return Facts(f"{counted(orders, 'order')} in the last year", rhythm)


def _spend(v: Values) -> Facts:
    spend = number_of(v, "spend_last_365_days")
    if spend is None:
        return Facts("spend unknown", comparable=False)
    return Facts(f"spent {money(v, spend) if spend else 'nothing'} in the last year")


def intervals(spread: float) -> str:
    """Say how regular gaps are, from their standard deviation over their mean.

    Examples
    --------
    >>> intervals(0.1), intervals(0.6), intervals(1.2)
    ('regular intervals', 'fairly regular intervals', 'irregular intervals')
    """
    how = "regular" if spread < REGULAR else "irregular" if spread > IRREGULAR else "fairly regular"
    return f"{how} intervals"


def _rhythm(v: Values) -> Facts:
    spread, usual = number_of(v, "gap_spread_ratio"), number_of(v, "median_gap_days")
    longest = number_of(v, "longest_gap_days")
    if usual is None:
        return Facts("no rhythm yet: only one order so far", comparable=False)
    if spread is None or number_of(v, "purchase_days") == 2:
        return Facts(f"no rhythm yet: two orders so far, {days(usual)} apart", comparable=False)
    most = f", at the longest {days(longest)}" if longest is not None and longest >= usual + 1 else ""
    return Facts(f"orders at {intervals(spread)}", f"usually {every(usual)}{most}", comparable=False)


def _order_value(v: Values) -> Facts:
    mean, largest = number_of(v, "mean_order_value"), number_of(v, "largest_order_value")
    if mean is None:
        return Facts("value of an order unknown", comparable=False)
    past = f"its largest {money(v, largest)}" if largest is not None and largest > 1.2 * mean else ""
    return Facts(f"an average order is worth {money(v, mean)}", past)


def _order_spread(v: Values) -> Facts:
    spread, mean = number_of(v, "order_value_spread_ratio"), number_of(v, "mean_order_value")
    if spread is None:
        return Facts("spread of the order values unknown", comparable=False)
    if number_of(v, "purchase_days") == 1:
        return Facts("only one order so far", comparable=False)
    around = "" if mean is None else f" of {money(v, mean)}"
    return Facts(f"the value of its orders varies by {percent(spread)} around the average{around}")


def _order_size(v: Values) -> Facts:
    lines = number_of(v, "lines_per_purchase_day")
    if lines is None:
        return Facts("lines per order unknown", comparable=False)
    written = plain(lines)
    return Facts(f"an average order has {written} {'line' if written == '1' else 'lines'}")


def _refunds(v: Values) -> Facts:
    share = number_of(v, "refund_ratio")
    if share is None:
        return Facts("returns unknown", comparable=False)
    return Facts(f"sent back {percent(share)} of what it bought" if share else "has never sent anything back")


def _breadth(v: Values) -> Facts:
    many, one = ("products", "product") if "products_ever" in v else ("categories", "category")
    ever, recent = number_of(v, f"{many}_ever"), number_of(v, f"{many}_last_180_days") or 0.0
    if ever is None:
        return Facts("its orders name no product", comparable=False)
    if ever == 1:
        return Facts(f"has bought one {one} only" + ("" if recent else ", and not in the last 180 days"))
    which = "all" if recent >= ever else "none" if recent == 0 else plain(recent)
    return Facts(f"bought {which} of its {plain(ever)} {many} in the last 180 days")


def _tenure(v: Values) -> Facts:
    since = number_of(v, "days_since_first_order")
    return (
        Facts("first order unknown", comparable=False)
        if since is None
        else Facts(f"a customer for {span(since)}")
    )


def _word(v: Values, name: str) -> str:
    value = v[name]
    return value if isinstance(value, str) else plain(number_of(v, name) or 0.0)


def _attribute(v: Values) -> Facts:
    told = told_names(v, "attribute_")
    said = ", ".join(f"{n.removeprefix('attribute_').replace('_', ' ')} {_word(v, n)}" for n in told)
    return Facts(said or "nothing known about the customer itself", comparable=False)


def _custom(v: Values) -> Facts:
    told = told_names(v, "custom_")
    said = ", ".join(f"{n.removeprefix('custom_').replace('_', ' ')} {_word(v, n)}" for n in told)
    return Facts(said or "own features: nothing known", comparable=False)


def _event(v: Values) -> Facts:
    return Facts(events_in_english(v) or "no events known", comparable=False)


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
    "purchase_days_same_window_last_year": lambda _v, x: counted(x, "order"),
    "purchase_days_last_90_days": lambda _v, x: f"{counted(x, 'order')} in 90 days",
    "spend_last_90_days": lambda v, x: f"{money(v, x)} in 90 days",
    "purchase_days_last_365_days": lambda _v, x: f"{counted(x, 'order')} in a year",
    "spend_last_365_days": lambda v, x: money(v, x),
    "median_gap_days": lambda _v, x: every(x),
    "mean_order_value": lambda v, x: money(v, x),
    "order_value_spread_ratio": lambda _v, x: percent(x),
    "lines_per_purchase_day": lambda _v, x: plain(x),
    "refund_ratio": lambda _v, x: percent(x) if x else "nothing",
    "products_last_180_days": lambda _v, x: counted(x, "product"),
    "categories_last_180_days": lambda _v, x: counted(x, "category", "categories"),
    "days_since_first_order": lambda _v, x: span(x),
}

DRIVER_NAMES = {
    "silence": "Time since the last order",
    "season": "The same season last year",
    "order_trend": "Recent orders against those before",
    "spend_trend": "Recent spend against that before",
    "frequency": "How often it orders",
    "spend": "Spend",
    "rhythm": "Regularity of the orders",
    "order_value": "Value of an order",
    "order_spread": "Spread of the order values",
    "order_size": "Lines per order",
    "refunds": "Returns",
    "breadth": "Range of products",
    "tenure": "Time as a customer",
    "event": "Events",
    "attribute": "Who the customer is",
    "custom": "Own features",
}

PEERS = {
    "low": "; typical for customers at low risk: {}",
    "medium": "; typical for customers at medium risk: {}",
    "high": "; typical for customers at high risk: {}",
    "all": "; typical customer: {}",
}
JOIN = ", "
