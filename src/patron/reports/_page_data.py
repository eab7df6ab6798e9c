"""The JSON block of the page: the customers and everything the script writes with.

In: ranked customers, the desk, the words. Out: one dictionary. Not here: the page around it (`html`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from patron.columns import RISKS, STAGES, TIERS
from patron.reports._customer_list import STATUSES, payload
from patron.reports._desk_payload import desk_payload, owners
from patron.reports._language import MONTHS, SCALES, TABLES, Language
from patron.reports._totals import Totals
from patron.reports.desk import Desk

#: Texts the page fills in by itself; they travel in the JSON block.
PAGE_TEXTS = (
    "missing", "showing", "totals", "page", "none_found", "days_ago", "in_days", "overdue_days", "range",
    "change", "details_of", "detail_reasons", "detail_numbers", "detail_action", "detail_note", "detail_next",
    "detail_orders", "detail_expected", "detail_order_value", "detail_alive", "detail_kept", "detail_silent",
    "detail_value_tier", "detail_range", "detail_list", "detail_list_place",
    "detail_list_place_alone", "detail_say", "detail_stage",
    "detail_revenue", "detail_timeline", "detail_rolling", "detail_risk_history", "detail_rhythm",
    "detail_rhythm_short", "detail_off", "tag_list", "tag_control", "aside",
    "no_owner",
)  # fmt: skip
#: Sort key -> text of the column's head, in the order of the table.
COLUMNS = {
    "customer": "col_customer",
    "at_risk": "col_at_risk",
    "probability": "col_probability",
    "value": "col_value",
    "owner": "col_owner",
    "tier": "col_tier",
    "stage": "col_stage",
    "last": "col_last",
    "revenue": "col_revenue",
    "reason": "col_reason",
    "action": "col_action",
}


def table_heads(desk: Desk | None, words: Language, months: int) -> dict[str, str]:
    """Give the heads of the customer table; owners have a column where any is known."""
    return {
        key: words.text(name, months=months)
        for key, name in COLUMNS.items()
        if key != "owner" or owners(desk)
    }


def group_totals(sums: Totals, words: Language) -> dict[str, dict[str, str]]:
    """Write the sums of each unfiltered group; the table of the page adds up hundredths by itself."""
    at_risk = {"active": sums.value_at_risk, "lapsed": 0.0, "all": sums.value_at_risk}
    value = {"active": sums.value - sums.lapsed_value, "lapsed": sums.lapsed_value, "all": sums.value}
    return {
        group: {"at_risk": words.short_money(at_risk[group]), "value": words.short_money(value[group])}
        for group in at_risk
    }


def page_data(
    customers: pd.DataFrame, desk: Desk | None, words: Language, months: int, sums: Totals
) -> dict[str, Any]:
    """Collect what the script of the page needs.

    Parameters
    ----------
    customers : pandas.DataFrame
        Of `_customer_list.ranked`.
    desk : Desk, optional
        Names, owners, places on the worklist and timelines.
    words : Language
        How to write.
    months : int
        The CLV horizon.
    sums : Totals
        The day of the scores, and the sums above the unfiltered table: those of the figures on top.
    """
    families = {"tier": TIERS, "stage": STAGES, "risk": RISKS, "status": STATUSES}
    texts = {key: TABLES[words.code][key].replace("{months}", str(months)) for key in PAGE_TEXTS}
    labels = {family: [words.label(family, code) for code in codes] for family, codes in families.items()}
    return {
        "asOf": None if sums.as_of is None else str(sums.as_of),
        "language": words.code,
        "symbol": words.symbol,
        "decimals": words.decimals,
        "scales": SCALES[words.code],
        "monthNames": MONTHS,
        "text": texts,
        "codes": families,
        "labels": labels,
        "totals": group_totals(sums, words),
        "heads": table_heads(desk, words, months),
        "columns": payload(customers, words) | desk_payload(customers, desk, words),
    }
