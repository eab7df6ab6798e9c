"""Retention on the screen: ten columns, then what to mind, the lifespan and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from patron.cli import screen
from patron.workflows import Retained

_LONGEST = 120


def print_retention(done: Retained) -> None:
    """Print the table and the lines below it.

    Parameters
    ----------
    done : Retained
        What `patron retention` measured.
    """
    rows = done.metrics
    split = done.by is not None
    headers = [
        f"{done.every} from",
        *([done.by] if done.by else []),
        "start",
        "+ new",
        "+ won back",
        "- lost",
        "= end",
        "retention (95 % interval)",
        "repeat rate",
        "revenue",
        "net retention",
    ]
    shown = [_row(row, split) for row in rows.head(_LONGEST).to_dict(orient="records")]
    currency = f", revenue in {done.currency}" if done.currency else ""
    screen.table(
        f"Customers active within {done.active_days} days, by {done.every}{currency} (as of {done.as_of})",
        headers,
        shown,
    )
    if len(rows) > _LONGEST:
        screen.say(f"... and {len(rows) - _LONGEST:,} more rows in the file.")
    for line in _lines(done):
        screen.say(line)
    for path in (done.files["metrics"], done.files["cohorts"]):
        screen.say(f"Wrote {path}")


def _row(row: Mapping[Any, Any], split: bool) -> list[str]:
    mark = ("" if row["is_settled"] else "*") + ("" if row["is_complete"] else " (so far)")
    low, high = (_number(100 * row[f"retention_rate_{end}"], "{:.1f}") for end in ("low", "high"))
    rate = _percent(row["retention_rate"])
    return [
        f"{row['period_start']}{mark}",
        *(["all" if pd.isna(row["segment"]) else str(row["segment"])] if split else []),
        f"{row['customers_start']:,}",
        f"{row['customers_new_active']:,}",
        f"{row['customers_won_back']:,}",
        f"{row['customers_lost']:,}",
        f"{row['customers_end']:,}",
        f"{rate} ({low} to {high})" if rate else "",
        _percent(row["repeat_customer_rate"]),
        f"{row['revenue']:,.0f}",
        _percent(row["net_revenue_retention"]),
    ]


def _lines(done: Retained) -> list[str]:
    whole = done.metrics[done.metrics["segment"].isna()]
    lines = ["New counts those still active at the end."]
    if done.simulated:
        lines.insert(0, "These orders are simulated.")
    unsettled = int((~whole["is_settled"].astype(bool)).sum())
    if unsettled:
        lines.append(
            f"* {unsettled} of {len(whole)} periods begin less than {done.active_days} days after the "
            "ledger does: customers silent just then are missing at the start and look new when they order."
        )
    compared = whole["revenue_compared_with"].dropna()
    if len(compared):
        lines.append(_comparison(compared, len(whole)))
    lost = int(whole["customers_lost"].sum())
    if lost:
        kinds = ("dissatisfaction", "onboarding", "rhythm", "other")
        parts = ", ".join(f"{kind} {int(whole[f'lost_{kind}'].sum()):,}" for kind in kinds)
        lines.append(f"Lost {lost:,}: {parts}.")
    lines += _promoters(whole)
    if done.every == "year":
        lines.append(
            "Rules of thumb for yearly retention: about 80 % is good in most trades, 90 % and more is "
            "the aim in B2B, 60 % is common in fierce markets."
        )
    return [*lines, *_life(done)]


def _comparison(compared: pd.Series, periods: int) -> str:
    year = int((compared == "same_period_last_year").sum())
    before = len(compared) - year
    parts = [f"{year} with the same period last year"] if year else []
    parts += [f"{before} with the previous period, as the ledger holds no year before"] if before else []
    return f"Net revenue retention: of {periods} periods " + ", ".join(parts) + "."


def _promoters(whole: pd.DataFrame) -> list[str]:
    last = whole.iloc[-1]
    lines = []
    if last["nps_answers"]:
        lines.append(
            f"NPS at the end of the last period: {last['nps']:+.0f} (95 %: {last['nps_low']:+.0f} to "
            f"{last['nps_high']:+.0f}; {last['nps_answers']:,} respondents within 12 months)."
        )
    if last["nps_impossible"]:
        lines.append(f"{last['nps_impossible']:,} NPS answers outside the scale were left out.")
    return lines


def _life(done: Retained) -> list[str]:
    span, worth = done.lifespan, done.lifetime_value
    unit = f" {done.currency}" if done.currency else ""
    margin = f" at a margin of {worth.margin:.0%}"
    costs = [
        f" less {name} {value:,.0f}"
        for name, value in (
            ("service a year", worth.annual_service_cost),
            ("acquisition", worth.acquisition_cost),
        )
        if value is not None
    ]
    roi = worth.return_on_acquisition
    return [
        f"Average lifespan {span.mean_years:.2f} years (95 %: {span.low:.2f} to {span.high:.2f}), counted "
        f"up to {span.limit_years:.2f} years, the longest time seen; {span.lost:,} of {span.customers:,} "
        "customers are lost, the others still open.",
        f"LTV {worth.ltv:,.0f}{unit} revenue = {worth.average_order_value:,.0f} an order x "
        f"{worth.orders_per_year:.1f} orders a year x {worth.lifespan_years:.2f} years; "
        f"CLV {worth.clv:,.0f}{unit}{margin}{''.join(costs)}"
        + ("." if roi is None else f"; return on acquisition {roi:.1f}."),
    ]


def _percent(value: float) -> str:
    return _number(100 * value, "{:.1f} %")


def _number(value: float, form: str) -> str:
    return "" if pd.isna(value) else form.format(value)
