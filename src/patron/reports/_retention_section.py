"""Retention over time: yearly and monthly rates, won and lost, why, and the table behind them.

In: rows of `retention.retention_metrics`. Out: a section of pictures and tables. Not here: the figures
themselves; cohorts (`_cohort_section`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from patron.reports._desk_charts import Flow, RatePoint, flow_chart, rate_chart
from patron.reports._desk_tables import frame_table
from patron.reports._language import Language, as_date, as_number
from patron.reports._picture import Picture, Table
from patron.reports._sections import Block, Section
from patron.reports._svg import WIDTH, drawing, rectangle, scale, text, text_width
from patron.reports.desk import Desk, has_rows

SHOWN_PERIODS = 24
KINDS = ("dissatisfaction", "onboarding", "rhythm", "other")
_COLUMNS = (
    "customers_start", "customers_new", "customers_won_back", "customers_lost", "customers_end",
    "retention_rate", "repeat_customer_rate", "existing_repurchase_rate", "purchase_frequency",
    "average_order_value", "net_revenue_retention", "gross_revenue_retention",
)  # fmt: skip


def retention_section(desk: Desk, words: Language) -> Section | None:
    """Draw retention; None where the desk holds none."""
    months, years = desk.retention, desk.retention_years
    if not has_rows(months) and not has_rows(years):
        return None
    pictures = []
    if has_rows(years):
        pictures.append(_years(_dicts(years), words))
    rows = _dicts(months)[-SHOWN_PERIODS:]
    if rows:
        pictures += [_months(rows, words), _flows(rows, words)]
        if any(_lost(row) for row in rows):
            pictures.append(_kinds(rows[-12:], words))
    blocks = [_table_block(rows, words)] if rows else []
    beside = [*_lifespan(desk.lifespan, words), *_nps(_dicts(years) or rows, words)]
    if beside:
        blocks.append(Block(words.text("beside_title"), None, beside))
    days = desk.active_days
    lead = words.text("retention_lead", days=days) if days else words.text("retention_lead_short")
    return Section("retention", lead, pictures, blocks)


def _dicts(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    if frame is None:
        return []
    whole = frame[frame["segment"].isna()] if "segment" in frame else frame
    return [{str(k): v for k, v in row.items()} for row in whole.to_dict("records")]


def _points(rows: Sequence[Mapping[str, Any]], ticks: Sequence[str]) -> list[RatePoint]:
    found = []
    for row, tick in zip(rows, ticks, strict=True):
        rate = as_number(row.get("retention_rate"))
        if rate is not None:
            low, high = (as_number(row.get(f"retention_rate_{end}")) for end in ("low", "high"))
            found.append(RatePoint(tick, rate, low, high, bool(row.get("is_settled", True))))
    return found


def _rate_words(point: RatePoint, words: Language) -> str:
    said = f"{point.tick} {words.percent(point.value, 1)}"
    if point.low is None or point.high is None:
        return said
    between = words.text("interval", low=words.percent(point.low, 1), high=words.percent(point.high, 1))
    return words.aside(said, between)


def _years(rows: Sequence[Mapping[str, Any]], words: Language) -> Picture:
    title = words.text("years_title")
    ticks = [f"{_short(row['period_start'], words)} – {_short(row['period_end'], words)}" for row in rows]
    points = _points(rows, ticks)
    guides = ((0.8, words.text("year_good")), (0.9, words.text("year_aim")))
    money = {k: as_number(rows[-1].get(f"{k}_revenue_retention")) for k in ("net", "gross")}
    caption = words.joined(
        words.text("years_caption", date=words.date(rows[-1]["period_end"])),
        words.text("years_money", **{k: words.percent(v) for k, v in money.items()})
        if None not in money.values()
        else None,
    )
    label = f"{title}: " + "; ".join(_rate_words(p, words) for p in points)
    drawn = rate_chart(points, guides, words.text("rate_axis"), label) if points else None
    return Picture(title, caption, drawn, _with_money(_rates_table(points, words), rows, words))


def _with_money(table: Table, rows: Sequence[Mapping[str, Any]], words: Language) -> Table:
    """Add the yearly revenue retention beside the yearly rates."""
    names = ("net_revenue_retention", "gross_revenue_retention")
    rated = [row for row in rows if as_number(row.get("retention_rate")) is not None]
    written = [
        (*cells, *(words.percent(row.get(name), 1) for name in names))
        for cells, row in zip(table.rows, rated, strict=True)
    ]
    return Table((*table.header, *(words.text(f"head_{name}") for name in names)), written)


def _months(rows: Sequence[Mapping[str, Any]], words: Language) -> Picture:
    title = words.text("months_rate_title")
    points = _points(rows, [_month(row["period_start"], words) for row in rows])
    label = f"{title}: " + "; ".join(_rate_words(p, words) for p in points)
    drawn = rate_chart(points, (), words.text("rate_axis"), label) if points else None
    return Picture(title, words.text("months_rate_caption"), drawn, _rates_table(points, words))


def _rates_table(points: Sequence[RatePoint], words: Language) -> Table:
    rows = [
        (p.tick, words.percent(p.value, 1), words.percent(p.low, 1), words.percent(p.high, 1)) for p in points
    ]
    heads = (words.text("head_period_start"), words.text("head_retention_rate"))
    return Table(
        (*heads, words.text("head_second_order_rate_low"), words.text("head_second_order_rate_high")), rows
    )


def _flows(rows: Sequence[Mapping[str, Any]], words: Language) -> Picture:
    title = words.text("flows_title")
    names = (words.text("flow_new"), words.text("flow_won_back"), words.text("flow_lost"))
    bars = []
    for row in rows:
        counts = [as_number(row.get(f"customers_{k}")) or 0.0 for k in ("new", "won_back", "lost")]
        tick = _month(row["period_start"], words)
        pairs = zip(names, counts, strict=True)
        hint = words.titled(tick, words.listing(f"{name} {words.integer(n)}" for name, n in pairs))
        bars.append(Flow(tick, counts[0], counts[1], counts[2], hint))
    table = Table(
        (words.text("head_period_start"), *names),
        [(b.tick, words.integer(b.new), words.integer(b.won_back), words.integer(b.lost)) for b in bars],
    )
    label = f"{title}: " + "; ".join(bar.hint for bar in bars)
    return Picture(title, words.text("flows_caption"), flow_chart(bars, names, label), table)


def _lost(row: Mapping[str, Any]) -> float:
    return sum(as_number(row.get(f"lost_{kind}")) or 0.0 for kind in KINDS)


def _kinds(rows: Sequence[Mapping[str, Any]], words: Language) -> Picture:
    """Draw one bar per kind of churn."""
    title = words.text("kinds_title")
    counts = [sum(as_number(row.get(f"lost_{kind}")) or 0.0 for row in rows) for kind in KINDS]
    names, total = [words.text(f"kind_{kind}") for kind in KINDS], sum(counts)
    said = [f"{words.integer(n)} · {words.percent(n / total)}" for n in counts]
    left = max(text_width(name, 12.5) for name in names) + 12
    x = scale(0, max(counts), left, WIDTH - max(text_width(s, 12) for s in said) - 10)
    marks = []
    for i, (name, n, written) in enumerate(zip(names, counts, said, strict=True)):
        top = 8 + i * 34
        marks += [
            text(left - 8, top + 15, name, "name", "end"),
            rectangle(left, top, x(n) - left, 22, "dark"),
            text(x(n) + 6, top + 15, written, "label"),
        ]
    label = f"{title}: " + "; ".join(f"{name} {s}" for name, s in zip(names, said, strict=True))
    table = Table(
        (words.text("category"), words.text("flow_lost")),
        [(name, words.integer(n)) for name, n in zip(names, counts, strict=True)],
    )
    caption = words.text("kinds_caption", n=len(rows))
    return Picture(title, caption, drawing(marks, 8 + len(KINDS) * 34, label), table)


def _table_block(rows: Sequence[Mapping[str, Any]], words: Language) -> Block:
    frame = pd.DataFrame([*rows[-12:]])
    table = frame_table(frame, _COLUMNS, words)
    first = [_month(row["period_start"], words) for row in rows[-12:]]
    written = [[tick, *cells] for tick, cells in zip(first, table.rows, strict=True)]
    compared = {str(row.get("revenue_compared_with")) for row in rows[-12:]} - {"None", "nan"}
    key = (
        {"same_period_last_year": "last_year", "previous_period": "previous"}.get(next(iter(compared)))
        if len(compared) == 1
        else "mixed"
    )
    said = [words.text(f"retention_nrr_{key}")] if key and compared else []
    monthly = {
        words.text(f"head_{kind}_revenue_retention"): words.text(
            f"head_{kind}_of_month", beside=words.text(f"month_against_{key or 'mixed'}")
        )
        for kind in ("net", "gross")
    }
    heads = [monthly.get(head, head) for head in table.header]
    return Block(
        words.text("retention_table_title"),
        Table([words.text("head_period_start"), *heads], written),
        said,
        "numbers wide",
    )


def _lifespan(span: Mapping[str, Any] | None, words: Language) -> list[str]:
    if not span or as_number(span.get("mean_years")) is None:
        return []
    numbers = {k: words.number(span.get(k), 1) for k in ("low", "high")}
    said = []
    if as_number(span.get("ltv")) is not None:
        money = {k: words.money(span.get(k)) for k in ("ltv", "clv")}
        said.append(words.text("lifetime_words", **money))
    if as_number(span.get("return_on_acquisition")) is not None:
        said.append(words.text("roi_words", roi=words.signed_percent(span["return_on_acquisition"])))
    return [
        words.text(
            "lifespan_words",
            mean=words.number(span["mean_years"], 1),
            limit=words.number(span.get("limit_years"), 1),
            lost=words.integer(span.get("lost")),
            customers=words.integer(span.get("customers")),
            **numbers,
        ),
        *said,
    ]


def _nps(rows: Sequence[Mapping[str, Any]], words: Language) -> list[str]:
    row = rows[-1] if rows else {}
    if as_number(row.get("nps")) is None:
        return []
    score = {k: words.number(row.get(k), 0) for k in ("nps", "nps_low", "nps_high")}
    return [
        words.text(
            "nps_words",
            nps=score["nps"],
            low=score["nps_low"],
            high=score["nps_high"],
            n=words.integer(row.get("nps_answers")),
        )
    ]


def _month(value: object, words: Language) -> str:
    day = as_date(value)
    return words.text("missing") if day is None else words.month(f"{day:%Y-%m}")


def _short(value: object, words: Language) -> str:
    return _month(value, words)
