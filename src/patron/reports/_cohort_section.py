"""Cohorts: who orders again, how much revenue stays, and the average cohort as a curve.

In: the long frame of `retention.cohorts`. Out: a section of shaded grids and a curve. Not here: the shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from markupsafe import Markup

from patron.reports._desk_charts import GridCell, grid_chart
from patron.reports._language import Language, as_date
from patron.reports._picture import Picture, Table
from patron.reports._sections import Section
from patron.reports._svg import WIDTH, drawing, element, line, path, scale, text, text_width, ticks
from patron.reports.desk import Desk, has_rows

MOST_COHORTS, MOST_PERIODS = 12, 12
_TOP, _HIGH = 30.0, 200.0


def cohort_section(desk: Desk, words: Language) -> Section | None:
    """Draw the cohorts; None where the desk holds none."""
    frame = desk.cohorts
    if frame is None or not has_rows(frame):
        return None
    every = _every(frame)
    recent = sorted(frame["cohort"].unique())[-MOST_COHORTS:]
    shown = frame[frame["cohort"].isin(recent) & (frame["period_index"] < MOST_PERIODS)]
    pictures = [
        _grid(shown, "customer_share", "cohort_customers", every, words),
        _grid(shown, "revenue_share", "cohort_revenue", every, words),
        _curve(frame[frame["period_index"] < MOST_PERIODS], every, words),
    ]
    return Section("cohorts", words.text("cohorts_lead"), pictures)


def _every(frame: pd.DataFrame) -> str:
    """Tell how long a period is from the distance of the cohorts."""
    days = sorted(pd.to_datetime(frame["cohort"].astype(str)).unique())
    gap = min((int((b - a) / np.timedelta64(1, "D")) for a, b in pairwise(days)), default=31)
    return "month" if gap < 59 else "quarter" if gap < 300 else "year"


def _cohort_name(value: object, every: str, words: Language) -> str:
    day = as_date(value)
    if day is None:
        return words.text("missing")
    if every == "month":
        return words.month(f"{day:%Y-%m}")
    if every == "year":
        return str(day.year)
    return words.quarter(day)


def _grid(frame: pd.DataFrame, column: str, key: str, every: str, words: Language) -> Picture:
    title = words.text(f"{key}_title")
    wide = frame.pivot_table(index="cohort", columns="period_index", values=column, aggfunc="first")
    if wide.empty:
        return Picture(title, words.text("not_available"))
    names = [_cohort_name(c, every, words) for c in wide.index]
    sizes = frame[frame["period_index"] == 0].set_index("cohort")["customers"].to_dict()
    heads = [str(int(i)) for i in wide.columns]
    values = wide.to_numpy(dtype=float)
    cells: list[list[GridCell | None]] = [
        [
            None
            if np.isnan(v)
            else GridCell(min(v, 1.0), f"{v * 100:.0f}", f"{name}, {head}: {words.percent(v)}")
            for head, v in zip(heads, row, strict=True)
        ]
        for name, row in zip(names, values, strict=True)
    ]
    label = f"{title}: " + "; ".join(cell.hint for row in cells for cell in row if cell is not None)
    axes = (words.text("cohort_axis"), words.text(f"cohort_age_{every}") + " →")
    rows = [
        (name, words.integer(sizes.get(c)), *("" if np.isnan(v) else words.percent(v) for v in row))
        for name, c, row in zip(names, wide.index, values, strict=True)
    ]
    table = Table((words.text("head_cohort"), words.text("head_customers"), *heads), rows)
    return Picture(title, words.text(f"{key}_caption"), grid_chart(heads, names, cells, axes, label), table)


def _curve(frame: pd.DataFrame, every: str, words: Language) -> Picture:
    """Draw the share of customers and of revenue by age, over all cohorts whose period has ended."""
    title = words.text("cohort_curve_title")
    ended = frame.dropna(subset=["customer_share"])
    first = ended[ended["period_index"] == 0].set_index("cohort")
    sums = {}
    for age, group in ended.groupby("period_index"):
        base = first.loc[[c for c in group["cohort"] if c in first.index]]
        customers, revenue = float(base["customers"].sum()), float(base["revenue"].sum())
        sums[int(str(age))] = (
            float(group["active_customers"].sum()) / customers if customers else 0.0,
            float(group["revenue"].sum()) / revenue if revenue > 0 else None,
        )
    names = (words.text("cohort_curve_customers"), words.text("cohort_curve_revenue"))
    lines = [
        [(float(age), share[i]) for age, share in sorted(sums.items()) if share[i] is not None]
        for i in (0, 1)
    ]
    rows = [(str(age), words.percent(a, 1), words.percent(b, 1)) for age, (a, b) in sorted(sums.items())]
    said = "; ".join(f"{age}: {a}, {b}" for age, a, b in rows)
    drawn = _share_lines(lines, names, words.text(f"cohort_age_{every}"), f"{title}: {said}")
    return Picture(
        title,
        words.text("cohort_curve_caption"),
        drawn,
        Table((words.text(f"cohort_age_{every}"), *names), rows),
    )


def _share_lines(
    lines: Sequence[Sequence[tuple[float, float | None]]], names: tuple[str, str], x_name: str, label: str
) -> Markup:
    known = [[(a, s) for a, s in points if s is not None] for points in lines]
    steps = ticks(max((s for points in known for _, s in points), default=1.0))
    last = max((a for points in known for a, _ in points), default=1.0)
    right = WIDTH - max(text_width(name, 13) for name in names) - 8
    x, y = scale(0, max(last, 1.0), 44, right), scale(0, steps[-1], _TOP + _HIGH, _TOP)
    marks = []
    for step in steps:
        marks += [
            line(44, y(step), right, y(step), "axis" if step == 0 else "grid"),
            text(38, y(step) + 4, f"{step * 100:.0f}%", "tick", "end"),
        ]
    marks += [text(x(a), y(0) + 18, f"{a:.0f}", "tick", "middle") for a, _ in (known[0] if known else [])]
    ends = [points[-1][1] for points in known if points]
    apart = 12.0 if len(ends) == 2 and abs(y(ends[0]) - y(ends[1])) < 14 else 0.0
    for i, (points, name) in enumerate(zip(known, names, strict=True)):
        if points:
            class_ = ("curve main", "curve foreseen")[i]
            lower = ends[i] <= min(ends) and (i == 1 or len(set(ends)) > 1)
            marks += [
                path([(x(a), y(s)) for a, s in points], class_),
                *(element("circle", cx=x(a), cy=y(s), r=3.5, class_=("dot", "open")[i]) for a, s in points),
                text(right + 6, y(points[-1][1]) + 4 + (apart if lower else -apart) / 2, name, "label"),
            ]
    marks.append(text((44 + right) / 2, y(0) + 38, x_name, "axis-name", "middle"))
    return drawing(marks, y(0) + 46, label)
