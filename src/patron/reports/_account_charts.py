"""One account in pictures: orders over time, a curve of money, dots of past risk.

In: an `AccountHistory` and marks. Out: pictures with a table each. Not here: the page around them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from markupsafe import Markup

from patron.reports._language import Language
from patron.reports._picture import Picture, Table
from patron.reports._scales import month_starts
from patron.reports._svg import WIDTH, drawing, element, line, path, rectangle, scale, text, text_width, ticks
from patron.reports.desk import AccountHistory

_TOP, _HIGH, _MARKS = 12.0, 170.0, 22.0
_MOST_TICKS = 4

Points = Sequence[tuple[dt.date, float]]


def orders_picture(
    history: AccountHistory,
    as_of: dt.date,
    words: Language,
    *,
    expected: dt.date | None = None,
    marks: Sequence[tuple[dt.date, str]] = (),
) -> Picture:
    """Draw one stick per order day, the silence now, and what happened beside the orders below the line.

    Parameters
    ----------
    history : AccountHistory
        Order days with amounts.
    as_of : date
        The right end.
    words : Language
        How to write.
    expected : date, optional
        When the next order is expected.
    marks : sequence of (date, str)
        Events: when, and what it was called.
    """
    title, bought = words.text("account_orders_title"), list(history.purchase_days)
    if not bought:
        return Picture(title, words.text("account_nothing"))
    rhythm = rhythm_words(history, words)
    said = words.joined(
        words.text("account_orders_caption", rhythm=rhythm).strip(),
        words.text("account_expected", date=words.date(expected)) if expected else None,
    )
    label = f"{title}: {words.date(bought[0][0])} – {words.date(bought[-1][0])}; {said}"
    end = max([as_of, *([expected] if expected else [])])
    drawn = _sticks(bought, as_of, end, words, marks, label)
    if marks:
        kinds = sorted({name for _, name in marks})
        said = words.joined(
            said,
            words.text("account_event_mark", kinds=("、" if words.code == "zh" else ", ").join(kinds)),
        )
    heads = (words.text("account_orders_table_day"), words.text("account_orders_table_amount"))
    rows = [(words.date(day), words.money(amount)) for day, amount in reversed(bought)]
    return Picture(title, said, drawn, Table(heads, rows))


def rhythm_words(history: AccountHistory, words: Language) -> str:
    """Say the usual gap, the limit and the silence; nothing where a part is not known."""
    if history.usual_gap_days is None or history.silence_days is None:
        return ""
    gap, silence = words.integer(history.usual_gap_days), words.integer(history.silence_days)
    if history.limit_days is None:
        return words.text("account_rhythm_short", gap=gap, silence=silence)
    limit = words.integer(history.limit_days)
    return words.text("account_rhythm", gap=gap, limit=limit, silence=silence)


def _sticks(
    bought: Points,
    as_of: dt.date,
    end: dt.date,
    words: Language,
    marks: Sequence[tuple[dt.date, str]],
    label: str,
) -> Markup:
    steps = ticks(max(amount for _, amount in bought), 3)
    first = bought[0][0]
    left = max(text_width(words.axis_money(step), 11) for step in steps) + 10
    x = _dates(first, end, left)
    y = scale(0, steps[-1], _TOP + _HIGH, _TOP)
    drawn = [rectangle(x(bought[-1][0]), _TOP, x(as_of) - x(bought[-1][0]), _HIGH, "held")]
    drawn += _money_grid(steps, y, left, words)
    for day, amount in bought:
        hint = element("title", f"{words.date(day)}: {words.money(amount)}")
        ends = {"x1": x(day), "x2": x(day), "y1": y(0), "y2": min(y(max(amount, 0)), y(0) - 3)}
        drawn.append(element("line", hint, **ends, class_="stick"))
    drawn.append(line(x(as_of), _TOP, x(as_of), y(0), "guide"))
    if end > as_of:
        drawn.append(element("circle", cx=x(end), cy=y(0), r=4, class_="hollow"))
    for day, name in marks:
        if first <= day <= end:
            at = f"M{x(day):.1f} {y(0) + 4:.1f}l4 8h-8z"
            drawn.append(element("path", element("title", f"{words.date(day)}: {name}"), d=at, class_="dot"))
    below = y(0) + (_MARKS if marks else 6)
    return drawing([*drawn, *_date_ticks(first, end, x, below, words)], below + 18, label)


def value_picture(history: AccountHistory, words: Language) -> Picture:
    """Draw the revenue of twelve months, month by month."""
    title, points = words.text("account_value_title"), list(history.revenue_by_month)
    if len(points) < 2:
        return Picture(title, words.text("account_nothing"))
    now = words.money(points[-1][1])
    before = [amount for day, amount in points if day <= points[-1][0] - dt.timedelta(days=365)]
    if before:
        said = words.text("account_value_caption", now=now, then=words.money(before[-1]))
    else:
        said = words.text("account_value_caption_short", now=now)
    steps = ticks(max(max(amount for _, amount in points), 1.0), 3)
    left = max(text_width(words.axis_money(step), 11) for step in steps) + 10
    x, y = _dates(points[0][0], points[-1][0], left), scale(0, steps[-1], _TOP + _HIGH, _TOP)
    drawn = _money_grid(steps, y, left, words)
    drawn.append(path([(x(day), y(max(amount, 0))) for day, amount in points], "curve main"))
    drawn += _date_ticks(points[0][0], points[-1][0], x, y(0) + 6, words)
    heads = (words.text("account_month_table"), words.text("revenue"))
    rows = [(words.date(day), words.money(amount)) for day, amount in reversed(points)]
    return Picture(title, said, drawing(drawn, y(0) + 24, f"{title}: {said}"), Table(heads, rows))


def risk_picture(history: AccountHistory, words: Language) -> Picture:
    """Draw the churn probability at past scorings."""
    title, points = words.text("account_risk_title"), list(history.risk)
    heads = (words.text("as_of"), words.text("col_probability"))
    table = Table(heads, [(words.date(day), words.percent(chance)) for day, chance in points])
    if not points:
        return Picture(title, words.text("account_nothing"))
    said = words.text("account_risk_caption")
    if len(points) == 1:
        said = words.joined(words.text("account_risk_one"), said)
    label = f"{title}: " + "; ".join(f"{words.date(day)} {words.percent(chance)}" for day, chance in points)
    first, last = points[0][0], points[-1][0]
    x, y = _dates(first, max(last, first + dt.timedelta(days=1)), 40), scale(0, 1, _TOP + _HIGH, _TOP)
    drawn = []
    for level in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawn += [
            line(40, y(level), WIDTH, y(level), "axis" if level == 0 else "grid"),
            text(34, y(level) + 4, f"{level * 100:.0f}%", "tick", "end"),
        ]
    if len(points) > 1:
        drawn.append(path([(x(day), y(chance)) for day, chance in points], "curve main"))
    drawn += [element("circle", cx=x(day), cy=y(chance), r=4, class_="dot") for day, chance in points]
    drawn.append(text(40, y(0) + 20, words.date(first), "tick"))
    if last > first:
        drawn.append(text(WIDTH, y(0) + 20, words.date(last), "tick", "end"))
    return Picture(title, said, drawing(drawn, y(0) + 26, label), table)


def _dates(first: dt.date, last: dt.date, left: float) -> Callable[[dt.date], float]:
    at = scale(first.toordinal(), max(last.toordinal(), first.toordinal() + 1), left, WIDTH - 6)
    return lambda day: at(day.toordinal())


def _date_ticks(
    first: dt.date, last: dt.date, x: Callable[[dt.date], float], y: float, words: Language
) -> list[Markup]:
    marks = []
    for start in month_starts(first, last, _MOST_TICKS):
        name = words.month(f"{start:%Y-%m}")
        half = text_width(name, 11) / 2
        marks += [line(x(start), y - 6, x(start), y - 2, "axis")]
        marks += [text(min(x(start), WIDTH - half), y + 10, name, "tick", "middle")]
    return marks


def _money_grid(
    steps: Sequence[float], y: Callable[[float], float], left: float, words: Language
) -> list[Markup]:
    marks = []
    for step in steps:
        marks += [
            line(left, y(step), WIDTH, y(step), "axis" if step == 0 else "grid"),
            text(left - 6, y(step) + 4, words.axis_money(step), "tick", "end"),
        ]
    return marks
