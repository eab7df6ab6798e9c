"""The pictures and tables of a campaign's readout.

In:  the content of ``readout.json`` and ``plan.json``. Out: pictures and tables with written cells.
Not here: the page around them (`readout_page`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from patron.reports._interval_chart import IntervalRow, intervals
from patron.reports._language import Language
from patron.reports._picture import Picture, Table

Found = Mapping[str, Any]
_MEANS, _GAPS = ("mean_treated", "mean_control"), ("estimate", "low", "high")
#: In the order of the page.
_RANKINGS = ("uplift", "highest_risk", "risk_x_value")


def points(value: object, words: Language) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    number = words.number(None if value is None else 100 * float(value), 1)  # type: ignore[arg-type]
    return f"+{number}" if value is not None and float(value) > 0 else number  # type: ignore[arg-type]


def effect_table(found: Found, words: Language) -> Table:
    """Write retention and margin of both arms, and their differences."""
    rows = [
        _effect_row(words.text(f"ro_{outcome}_{kind}"), effect, outcome, words)
        for outcome in ("retention", "margin")
        for kind, effect in found[outcome].items()
    ]
    columns = ("what", "treated", "control", "difference", "interval", "saved")
    return Table([words.text(f"ro_head_{name}") for name in columns], rows)


def _effect_row(name: str, effect: Found, outcome: str, words: Language) -> list[str]:
    if outcome == "retention":
        means = [words.percent(effect[key], 1) for key in _MEANS]
        gap, low, high = (points(effect[key], words) for key in _GAPS)
    else:
        means = [words.money(effect[key]) for key in _MEANS]
        gap, low, high = (words.money(effect[key]) for key in _GAPS)
    interval = words.text("ro_from_to", low=low, high=high)
    return [name, *means, gap, interval, words.percent(effect["variance_reduction"])]


def tier_pictures(found: Found, words: Language) -> list[Picture]:
    """Draw the difference in retention by tier and stage, and the save rates by tier."""
    pictures = []
    for key, family in (("by_tier", "tier"), ("by_stage", "stage")):
        rows = [
            (words.label(family, row["value"]), row, points(row["estimate"], words)) for row in found[key]
        ]
        if rows:
            pictures.append(_picture(f"ro_{key}", rows, "estimate", lambda v: points(v, words), words))
    rates = [(words.label("tier", rate["tier"]), rate) for rate in found["save_rates"]]
    rates.append((words.text("ro_overall"), found["save_rate"]))
    rows = [(name, rate, words.percent(rate["save_rate"])) for name, rate in rates]
    pictures.append(_picture("ro_save_rates", rows, "save_rate", words.percent, words))
    return pictures


def uplift_pictures(judged: Found, words: Language) -> list[Picture]:
    """Draw the Qini of each ranking, and what calling changed in each tenth of the ranking by uplift."""
    if not judged["qini"]:
        return []
    qini = [
        (
            words.text(f"ro_rank_{name}"),
            judged["qini"][name],
            _per_hundred(judged["qini"][name]["value"], words),
        )
        for name in _RANKINGS
    ]
    tenths = [
        (words.text("ro_tenth", n=row["decile"]), row, points(row["uplift"], words))
        for row in judged["deciles"]
        if row["low"] is not None
    ]
    pictures = [_picture("ro_qini", qini, "value", lambda value: _per_hundred(value, words), words)]
    if tenths:
        pictures.append(_picture("ro_tenths", tenths, "uplift", lambda v: points(v, words), words))
    return pictures


def _per_hundred(value: object, words: Language) -> str:
    return words.number(100 * float(value), 1)  # type: ignore[arg-type]


def _picture(
    key: str,
    rows: Sequence[tuple[str, Found, str]],
    value: str,
    write: Callable[[Any], str],
    words: Language,
) -> Picture:
    title, caption = words.text(f"{key}_title"), words.text(f"{key}_caption")
    # a save rate of a few accounts may be as low as -4,000 %: the table says so, the picture stays readable
    drawn = [
        IntervalRow(name, max(row[value], -1.0), max(row["low"], -1.0), max(row["high"], -1.0), said)
        for name, row, said in rows
    ]
    head = [words.text(f"ro_head_{name}") for name in ("who", "estimate", "interval")]
    cells = [
        [name, said, words.text("ro_from_to", low=write(row["low"]), high=write(row["high"]))]
        for name, row, said in rows
    ]
    drawing = intervals(drawn, write, words.text(f"{key}_axis"), f"{title}: {caption}")
    return Picture(title, caption, drawing, Table(head, cells))


def balance_table(found: Found, words: Language) -> Table:
    """Write how far the arms lay apart before anybody was called."""
    rows = [
        [
            words.text(f"ro_known_{row['column']}"),
            words.number(row["standardised_difference"], 2),
            words.number(row["p_value"], 3),
        ]
        for row in found["balance"]
    ]
    return Table([words.text(f"ro_head_{name}") for name in ("known", "apart", "p_value")], rows)


def power_table(plan: Found, words: Language) -> Table:
    """Write what campaigns of a size could find, as it was promised before."""
    rows = [
        [
            words.integer(row["accounts"]),
            points(row["retention"], words),
            words.percent(row["retention_save_rate"]),
            words.money(row["margin"]),
            words.percent(row["margin_save_rate"]),
        ]
        for row in plan["power"]["sizes"]
    ]
    columns = ("accounts", "points", "rate", "money", "rate")
    return Table([words.text(f"ro_head_{name}") for name in columns], rows)
