"""Retention on the screen: ten columns, then what to mind, the lifespan and what it is worth.

In:  a `Retained`, the language of the config. Out: lines on stdout.
Not here: the words (`retention_words`), the JSON object (`Retained.to_dict`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from patron.actions.columns import WORKLIST_COLUMNS
from patron.actions.words import code_in_words
from patron.cli import screen
from patron.cli.retention_words import WORDS
from patron.retention import Lifespan
from patron.scoring import money_in_words
from patron.workflows import Retained

_LONGEST = 120
#: Columns to split by whose values are codes -> the column whose words they share.
_CODED = {"tier": "tier", "value_tier": "tier", "lifecycle_stage": "lifecycle_stage"}

Words = Mapping[str, str]


def print_retention(done: Retained, language: str = "en") -> None:
    """Print the table and the lines below it.

    Parameters
    ----------
    done : Retained
        What `patron retention` measured.
    language : str
        ``en`` or ``zh``.
    """
    words, rows = WORDS[language], done.metrics
    every = words[done.every]
    headers = [
        words["period"].format(every=every),
        *([_split_head(done.by, language)] if done.by else []),
        *words["heads"].split("|"),
    ]
    shown = [_row(row, done.by, language) for row in rows.head(_LONGEST).to_dict(orient="records")]
    currency = words["currency"].format(currency=done.currency) if done.currency else ""
    title = words["title"].format(days=done.active_days, every=every, currency=currency, as_of=done.as_of)
    screen.table(title, headers, shown)
    if len(rows) > _LONGEST:
        screen.say(words["more_rows"].format(n=len(rows) - _LONGEST))
    for line in _lines(done, words):
        screen.say(line)
    for path in (done.files["metrics"], done.files["cohorts"]):
        screen.say(words["wrote"].format(path=path))


def _split_head(by: str, language: str) -> str:
    """Name the column it is split by; columns of the customer file keep their own name."""
    return WORKLIST_COLUMNS[_CODED[by]].zh if language == "zh" and by in _CODED else by


def _segment(by: str, segment: Any, language: str) -> str:
    if pd.isna(segment):
        return WORDS[language]["all"]
    if not isinstance(segment, str):
        return str(segment)
    if language != "zh" or by not in _CODED:
        return segment
    # who first ordered within the period has no tier before it
    return code_in_words("lifecycle_stage" if segment == "new" else _CODED[by], segment, language)


def _row(row: Mapping[Any, Any], by: str | None, language: str) -> list[str]:
    words = WORDS[language]
    mark = ("" if row["is_settled"] else "*") + ("" if row["is_complete"] else words["so_far"])
    low, high = (_number(100 * row[f"retention_rate_{end}"], "{:.1f}") for end in ("low", "high"))
    rate = _percent(row["retention_rate"])
    return [
        f"{row['period_start']}{mark}",
        *([_segment(by, row["segment"], language)] if by else []),
        f"{row['customers_start']:,}",
        f"{row['customers_new_active']:,}",
        f"{row['customers_won_back']:,}",
        f"{row['customers_lost']:,}",
        f"{row['customers_end']:,}",
        words["interval"].format(rate=rate, low=low, high=high) if rate else "",
        _percent(row["repeat_customer_rate"]),
        f"{row['revenue']:,.0f}",
        _percent(row["net_revenue_retention"]),
    ]


def _lines(done: Retained, words: Words) -> list[str]:
    whole = done.metrics[done.metrics["segment"].isna()]
    lines = [words["new"]]
    if done.simulated:
        lines.insert(0, words["simulated"])
    unsettled = int((~whole["is_settled"].astype(bool)).sum())
    if unsettled:
        lines.append(words["unsettled"].format(n=unsettled, periods=len(whole), days=done.active_days))
    compared = whole["revenue_compared_with"].dropna()
    if len(compared):
        lines.append(_comparison(compared, len(whole), words))
    lost = int(whole["customers_lost"].sum())
    if lost:
        kinds = ("dissatisfaction", "onboarding", "rhythm", "other")
        parts = [words["part"].format(kind=words[k], n=int(whole[f"lost_{k}"].sum())) for k in kinds]
        lines.append(words["lost"].format(n=lost, parts=words["comma"].join(parts)))
    lines += _promoters(whole, words)
    if done.every == "year":
        lines.append(words["rules"])
    return [*lines, *_without_tiers(done, words), *_life(done, words)]


def _without_tiers(done: Retained, words: Words) -> list[str]:
    left_out = done.metrics.attrs.get("periods_without_tiers", 0)
    if not left_out:
        return []
    key = "year_before" if done.metrics.attrs["has_year_before"] else "no_year_before"
    why = words[key].format(first=done.metrics["period_start"].iloc[0])
    return [words["left_out"].format(n=left_out, why=why)]


def _comparison(compared: pd.Series, periods: int, words: Words) -> str:
    year = int((compared == "same_period_last_year").sum())
    counts = (("compared_year", year), ("compared_before", len(compared) - year))
    parts = [words[key].format(n=n) for key, n in counts if n]
    return words["compared"].format(periods=periods, parts=words["comma"].join(parts))


def _promoters(whole: pd.DataFrame, words: Words) -> list[str]:
    last = whole.iloc[-1]
    lines = []
    if last["nps_answers"]:
        lines.append(
            words["nps"].format(
                nps=last["nps"], low=last["nps_low"], high=last["nps_high"], n=last["nps_answers"]
            )
        )
    if last["nps_impossible"]:
        lines.append(words["nps_impossible"].format(n=last["nps_impossible"]))
    return lines


def _life(done: Retained, words: Words) -> list[str]:
    worth, currency = done.lifetime_value, done.currency
    costs = [
        words[key].format(cost=money_in_words(value, currency, 0))
        for key, value in (
            ("cost_service", worth.annual_service_cost),
            ("cost_acquisition", worth.acquisition_cost),
        )
        if value is not None
    ]
    roi = worth.return_on_acquisition
    said = words["worth"].format(
        ltv=money_in_words(worth.ltv, currency, 0),
        order=money_in_words(worth.average_order_value, currency, 0),
        orders=worth.orders_per_year,
        years=worth.lifespan_years,
        clv=money_in_words(worth.clv, currency, 0),
        margin=worth.margin,
        costs="".join(costs),
        # the form of the report
        roi="" if roi is None else words["roi"].format(roi=f"{100 * roi:+,.0f}%".replace("-", "−")),
    )
    return [_span(done.lifespan, words), said]


def _span(span: Lifespan, words: Words) -> str:
    if not span.lost:
        return words["span_nobody"].format(mean=span.mean_years, customers=span.customers)
    return words["span"].format(
        mean=span.mean_years,
        low=span.low,
        high=span.high,
        limit=span.limit_years,
        lost=span.lost,
        customers=span.customers,
    )


def _percent(value: float) -> str:
    return _number(100 * value, "{:.1f} %")


def _number(value: float, form: str) -> str:
    return "" if pd.isna(value) else form.format(value)
