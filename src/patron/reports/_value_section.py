"""The value model in four pictures, its total, and its warnings.

In: the held-out part of the evaluation. Out: pictures with a sentence each, and sentences. Not here: how a
chart is drawn; tables of metrics.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patron.reports._language import Language, as_date, as_number
from patron.reports._picture import Picture, Table
from patron.reports._scales import month_starts, round_amounts
from patron.reports._value_charts import (
    Bars,
    Group,
    Heat,
    Pace,
    bars_chart,
    groups_chart,
    heat_chart,
    pace_chart,
)

_TABLE_ROWS = 14


@dataclass(frozen=True)
class ValueSection:
    """The section of the value model: a lead sentence and its pictures."""

    lead: str
    pictures: Sequence[Picture]


def value_section(holdout: Mapping[str, Any], words: Language) -> ValueSection | None:
    """Draw the value model; None where the evaluation holds none of the pictures."""
    makers = {
        "tracking": pace_picture,
        "frequency_classes": frequency_picture,
        "alive_grid": alive_picture,
        "order_values": order_values_picture,
    }
    if not any(holdout.get(key) for key in makers):
        return None
    model = words.label("process", holdout.get("purchases"))
    cut = as_date((holdout.get("tracking") or {}).get("cut"))
    days = as_number(holdout.get("evaluation_days"))
    known = cut is not None and days is not None
    lead = words.text("value_lead", model=model)
    said = words.text("value_lead_when", cut=words.date(cut), days=words.integer(days)) if known else None
    entrant = holdout.get("entrant")
    ships = words.text("value_ships", entrant=words.label("entrant", entrant)) if entrant else None
    return ValueSection(words.joined(lead, said, ships), [make(holdout, words) for make in makers.values()])


def pace_picture(holdout: Mapping[str, Any], words: Language) -> Picture:
    """Draw repeat orders added up week by week, expected and actual."""
    title, found = words.text("pace_title"), holdout.get("tracking") or {}
    first, cut = as_date(found.get("first_day")), as_date(found.get("cut"))
    if first is None or cut is None or len(found.get("days") or []) < 2:
        return Picture(title, words.text("not_available"))
    days, actual = found["days"], found["actual"]
    last, held = first + dt.timedelta(days=days[-1]), (cut - first).days
    starts = month_starts(first, last, 4)
    pace = Pace(
        list(zip(days, actual, strict=True)),
        expected_pieces(found, held),
        [(float((start - first).days), words.month(f"{start:%Y-%m}")) for start in starts],
        held,
        words.text("held_out"),
    )
    expected = dict(point for piece in reversed(pace.expected) for point in piece)
    caption, names = pace_caption(found, words), (words.text("expected"), words.text("actual"))
    every = -(-len(days) // _TABLE_ROWS)
    shown = sorted({*range(0, len(days), every), len(days) - 1})
    rows = [
        (
            words.date(first + dt.timedelta(days=days[i])),
            words.number(expected[days[i]], 0),
            words.integer(actual[i]),
        )
        for i in shown
    ]
    return Picture(
        title,
        caption,
        pace_chart(pace, names, words.text("pace_y"), words.integer, f"{title} {caption}"),
        Table((words.text("before_day"), *names), rows),
    )


def expected_pieces(found: Mapping[str, Any], held: int) -> list[list[tuple[float, float]]]:
    """Part the expected curve at the cut; from there on it starts from what had come by then.

    Otherwise an early shortfall and a later excess would cancel, and a wrong forecast end at the right place.
    """
    days, at_cut = found["days"], found["days"].index(held)
    points = list(zip(days, found["expected"], strict=True))
    lift = found["actual"][at_cut] - found["expected"][at_cut]
    return [points[: at_cut + 1], [(day, orders + lift) for day, orders in points[at_cut:]]]


def pace_caption(found: Mapping[str, Any], words: Language) -> str:
    """Say what was expected and what came in the held-out days."""
    held = found.get("held_out") or {}
    expected, actual = as_number(held.get("expected")), as_number(held.get("actual"))
    off = (
        words.signed_percent((expected - actual) / actual)
        if expected is not None and actual
        else words.text("missing")
    )
    return words.text(
        "pace_caption",
        customers=words.count("customers", found.get("customers")),
        cut=words.date(found.get("cut")),
        expected=words.number(expected, 0),
        actual=words.integer(actual),
        off=off,
    )


def frequency_picture(holdout: Mapping[str, Any], words: Language) -> Picture:
    """Draw mean orders in the held-out days by the number of repeat orders before them."""
    title, rows = words.text("frequency_title"), list(holdout.get("frequency_classes") or [])
    if not rows:
        return Picture(title, words.text("not_available"))
    groups = [
        Group(class_name(row), words.integer(row["n"]), row["expected_orders"], row["actual_orders"])
        for row in rows
    ]
    caption, names = frequency_caption(rows, words), (words.text("expected"), words.text("actual"))
    axes = (words.text("frequency_x"), words.text("frequency_y"))
    return Picture(
        title,
        caption,
        groups_chart(groups, names, axes, lambda v: f"{v:g}", f"{title} {caption}"),
        Table(
            (words.text("repeat_orders"), words.text("n_customers"), *names),
            [(g.label, g.note, words.number(g.expected, 2), words.number(g.actual, 2)) for g in groups],
        ),
    )


def class_name(row: Mapping[str, Any]) -> str:
    """Write a class of repeat orders: 3, 4–7 or 64+.

    Examples
    --------
    >>> [class_name({"at_least": 4, "at_most": top}) for top in (4, 7, None)]
    ['4', '4–7', '4+']
    """
    low, top = row["at_least"], row["at_most"]
    return f"{low}+" if top is None else f"{low}" if top == low else f"{low}–{top}"


def frequency_caption(rows: Sequence[Mapping[str, Any]], words: Language) -> str:
    """Say what to see, and where the gap in orders is largest over the group as a whole."""
    worst = max(rows, key=lambda row: row["n"] * abs(row["expected_orders"] - row["actual_orders"]))
    return words.text(
        "frequency_caption",
        group=class_name(worst),
        expected=words.number(worst["expected_orders"], 2),
        actual=words.number(worst["actual_orders"], 2),
    )


def alive_picture(holdout: Mapping[str, Any], words: Language) -> Picture:
    """Draw the chance of still being a customer by silence and number of orders."""
    title, found = words.text("alive_title"), holdout.get("alive_grid") or {}
    if not found.get("orders"):
        return Picture(title, words.text("not_available"))
    weeks = [words.integer(week) for week in found["weeks_of_silence"]]
    orders = [words.integer(n) for n in found["orders"]]
    cells, caption = found["alive_probability"], alive_caption(found, words)
    axes = (words.text("alive_x"), words.text("alive_y"))
    rows = [
        (n, *(words.percent(share) if share is not None else "" for share in line))
        for n, line in zip(orders, cells, strict=True)
    ]
    return Picture(
        title,
        caption,
        heat_chart(Heat(weeks, orders, cells), axes, f"{title} {caption}"),
        Table((words.text("alive_corner"), *weeks), rows),
    )


def alive_caption(found: Mapping[str, Any], words: Language) -> str:
    """Say after how much silence few and many orders mean that a customer is more likely gone."""
    turning = [
        (n, at) for n, at in zip(found["orders"], found["weeks_until_half"], strict=True) if at is not None
    ]
    said = words.text("alive_caption", weeks=words.integer(found["weeks_observed"]))
    if not turning:
        return words.joined(said, words.text("alive_never"))
    (few, few_weeks), (many, many_weeks) = turning[0], turning[-1]
    key = "alive_turn" if len(turning) == 1 else "alive_turns"
    return words.joined(
        said,
        words.text(
            key,
            few=words.integer(few),
            few_weeks=words.number(few_weeks, 0),
            many=words.integer(many),
            many_weeks=words.number(many_weeks, 0),
        ),
    )


def order_values_picture(holdout: Mapping[str, Any], words: Language) -> Picture:
    """Draw the mean order values of repeat customers against the model's."""
    title, found = words.text("order_values_title"), holdout.get("order_values") or {}
    if not found.get("actual"):
        return Picture(title, words.text("not_available"))
    edges, actual, expected = found["edges"], found["actual"], found["expected"]
    amounts = round_amounts(edges[0], edges[-1], 5)
    logs = [math.log10(edge) for edge in edges]
    between = (logs[-1] - logs[0]) / (len(found["curve"]) - 1)
    curve = [(logs[0] + i * between, share) for i, share in enumerate(found["curve"])]
    bars = Bars(logs, actual, curve, [(math.log10(at), words.axis_money(at)) for at in amounts])
    caption, names = order_values_caption(found, words), (words.text("the_model"), words.text("counted"))
    axes = (words.text("order_values_x"), words.text("order_values_y"))
    rows = [
        (
            words.text("interval", low=words.money(low), high=words.money(high)),
            words.percent(e, 1),
            words.percent(a, 1),
        )
        for low, high, e, a in zip(edges, edges[1:], expected, actual, strict=False)
    ]
    return Picture(
        title,
        caption,
        bars_chart(bars, names, axes, f"{title} {caption}"),
        Table((axes[0], *names), rows),
    )


def order_values_caption(found: Mapping[str, Any], words: Language) -> str:
    """Say how far apart the two distributions are at most."""
    return words.text(
        "order_values_caption",
        customers=words.count("customers", found.get("customers")),
        gap=words.number(100 * found["largest_gap"], 0),
    )


def total_sentence(holdout: Mapping[str, Any], words: Language) -> str | None:
    """Say what all customers together were expected to bring, with the range, and what came."""
    total, days = holdout.get("total") or {}, as_number(holdout.get("evaluation_days"))
    amounts = {key: as_number(total.get(key)) for key in ("expected", "low", "high", "actual")}
    low, high, actual = amounts["low"], amounts["high"], amounts["actual"]
    if days is None or low is None or high is None or actual is None or amounts["expected"] is None:
        return None
    verdict = "total_above" if actual > high else "total_below" if actual < low else "total_inside"
    written = {key: words.short_money(amount) for key, amount in amounts.items()}
    return words.joined(words.text("total", days=words.integer(days), **written), words.text(verdict))
