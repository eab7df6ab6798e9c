"""The base in pictures: tiers, stages, risk, months, concentration.

In: tidy scores and the ledger report. Out: pictures. Not here: how a chart is drawn, and how good the
forecasts are.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from patron.columns import RISKS, STAGES, TIERS
from patron.reports._charts import Column, Curve, PairRow, columns, curves, paired_bars
from patron.reports._language import Language, as_date, as_number
from patron.reports._picture import Picture, Table
from patron.reports._totals import ACTIVE, exact_sum, numbers
from patron.reports.desk import Desk

SHOWN_MONTHS = 24


def base_pictures(
    frame: pd.DataFrame,
    ledger: Mapping[str, Any],
    words: Language,
    months: int,
    desk: Desk | None = None,
) -> list[Picture]:
    """Draw the base.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `tidy_scores`.
    ledger : mapping
        The ledger report; its months may be missing.
    words : Language
        How to write.
    months : int
        The CLV horizon in months.
    desk : Desk, optional
        For the Gini coefficient beside the concentration, and the outlook by tier.

    Returns
    -------
    list of Picture
        Tiers, stages, risk, concentration, revenue and orders by month.
    """
    listed, active = frame[frame["status"] != "excluded"], frame[frame["status"].isin(ACTIVE)]
    value = words.text("share_value", months=months)
    return [
        _groups(listed, "tier", TIERS, "clv", value, words, "tiers"),
        _groups(listed, "lifecycle_stage", STAGES, "clv", value, words, "stages"),
        _groups(
            active, "churn_risk", RISKS[::-1], "value_at_risk", words.text("share_at_risk"), words, "risk"
        ),
        _concentration(listed, words, desk),
        *([_outlook(listed, words, months)] if desk is not None else []),
        _months(ledger, "revenue", words),
        _months(ledger, "orders", words),
    ]


def _groups(
    frame: pd.DataFrame,
    column: str,
    codes: Sequence[str],
    money: str,
    money_name: str,
    words: Language,
    name: str,
) -> Picture:
    family = {"lifecycle_stage": "stage", "churn_risk": "risk"}.get(column, column)
    counts = [int((frame[column] == code).sum()) for code in codes]
    sums = [exact_sum(numbers(frame, money)[frame[column] == code]) for code in codes]
    labels = [words.label(family, code) for code in codes]
    shares = [
        (_share(n, sum(counts)), _share(max(s, 0.0), sum(sums))) for n, s in zip(counts, sums, strict=True)
    ]
    rows = [
        PairRow(
            label,
            of_count,
            f"{words.integer(n)} · {words.percent(of_count)}",
            of_money,
            f"{words.short_money(s)} · {words.percent(of_money)}",
        )
        for label, n, s, (of_count, of_money) in zip(labels, counts, sums, shares, strict=True)
    ]
    title, names = words.text(f"{name}_title"), (words.text("share_customers"), money_name)
    return Picture(
        title,
        words.text(f"{name}_caption"),
        paired_bars(rows, names, _alternative(title, rows)) if sum(counts) else None,
        Table(
            (words.text("category"), names[0], "%", names[1], "%"),
            [
                (label, words.integer(n), words.percent(a, 1), words.money(s), words.percent(b, 1))
                for label, n, s, (a, b) in zip(labels, counts, sums, shares, strict=True)
            ],
        ),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _alternative(title: str, rows: Sequence[PairRow]) -> str:
    return title + ": " + "; ".join(f"{r.label} {r.first_words}, {r.second_words}" for r in rows)


def _concentration(frame: pd.DataFrame, words: Language, desk: Desk | None) -> Picture:
    title, revenue = words.text("concentration_title"), numbers(frame, "revenue_last_12_months")
    paid = revenue[revenue > 0].sort_values(ascending=False, kind="stable").tolist()
    if not paid:
        return Picture(title, words.text("not_available"))
    shares = [(i / 10, _top_share(paid, i / 10)) for i in range(11)]
    top = _top_share(paid, 0.2)
    axes = (words.text("concentration_x"), words.text("concentration_y"))
    caption = words.text("concentration_caption", share=words.percent(top))
    gini = None if desk is None or desk.concentration is None else desk.concentration.get("gini")
    if gini is not None:
        caption = words.joined(caption, words.text("concentration_gini", gini=words.number(gini, 2)))
    curve = Curve(words.text("revenue"), [(i / 50, _top_share(paid, i / 50)) for i in range(51)], "main")
    return Picture(
        title,
        caption,
        curves([curve], axes, f"{title}: {caption}", mark_x=0.2),
        Table(axes, [(words.percent(a), words.percent(b, 1)) for a, b in shares[1:]]),
    )


def _outlook(frame: pd.DataFrame, words: Language, months: int) -> Picture:
    """Draw the value of the next months and the part of it at risk, by the tier of value alone."""
    title, rows, table = words.text("outlook_title", months=months), [], []
    for code in TIERS[:3]:
        chosen = frame[frame["value_tier"] == code]
        value, at_risk = (exact_sum(numbers(chosen, name)) for name in ("clv", "value_at_risk"))
        label = words.label("tier", code)
        rows.append(
            PairRow(
                label,
                max(value, 0.0),
                words.short_money(value),
                max(at_risk, 0.0),
                words.short_money(at_risk),
            )
        )
        table.append((label, words.integer(len(chosen)), words.money(value), words.money(at_risk)))
    names = (words.text("share_value", months=months), words.text("share_at_risk"))
    drawn = paired_bars(rows, names, _alternative(title, rows)) if any(row.first for row in rows) else None
    heads = (words.text("category"), words.text("share_customers"), *names)
    return Picture(title, words.text("outlook_caption"), drawn, Table(heads, table))


def _top_share(descending: Sequence[float], share: float) -> float:
    """Share of the total that the first `share` of customers hold, a part of a customer counting in part."""
    place = share * len(descending)
    full = int(place)
    part = (place - full) * descending[full] if full < len(descending) else 0.0
    return float(
        (exact_sum(pd.Series(descending[:full], dtype="float64")) + part)
        / exact_sum(pd.Series(descending, dtype="float64"))
    )


def _months(ledger: Mapping[str, Any], measure: str, words: Language) -> Picture:
    title, rows = words.text(f"{measure}_title"), list(ledger.get("months") or [])
    if not rows:
        return Picture(title, words.text("not_available"))
    write = words.exact_money if measure == "revenue" else words.integer
    short = words.axis_money if measure == "revenue" else words.integer
    partial = _partial_months(ledger)
    shown = rows[-SHOWN_MONTHS:]
    bars = [
        Column(
            words.month(row["month"]),
            as_number(row.get(measure)) or 0.0,
            row["month"] in partial,
            f"{words.month(row['month'])}: {write(row.get(measure))}",
        )
        for row in shown
    ]
    notes = [words.text("months_caption")]
    notes += [words.text("months_shown", n=len(shown))] if len(rows) > len(shown) else []
    notes += [words.text("months_partial")] if any(bar.partial for bar in bars) else []
    return Picture(
        title,
        words.joined(*notes),
        columns(bars, short, f"{title}: " + "; ".join(bar.hint for bar in bars)),
        Table(
            (words.text("month"), words.text(measure)),
            [(words.month(row["month"]), write(row.get(measure))) for row in rows],
        ),
    )


def _partial_months(ledger: Mapping[str, Any]) -> set[str]:
    """Name the first and the last month where the ledger begins or ends inside them."""
    first, last = as_date(ledger.get("first_day")), as_date(ledger.get("last_day"))
    partial = set()
    # a ledger that begins on the 2nd or 3rd has seen the whole month but a weekend or a holiday
    if first is not None and first.day > 3:
        partial.add(f"{first:%Y-%m}")
    if last is not None and last.day < calendar.monthrange(last.year, last.month)[1] - 2:
        partial.add(f"{last:%Y-%m}")
    return partial
