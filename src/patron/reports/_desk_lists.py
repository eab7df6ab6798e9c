"""The lists beside the worklist: products, second orders, referrals, surveys, tickets, buying groups.

In: the frames of a desk. Out: sections of tables, a list that failed its trial replaced by the sentence that
says so. Not here: which customers stand in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from patron.reports._desk_tables import frame_table
from patron.reports._language import Language
from patron.reports._sections import Block, Section
from patron.reports.desk import Desk, Trialled, has_rows

SHOWN_ROWS = 10
#: List -> its columns on the page, in order; those a frame lacks are left out.
COLUMNS = {
    "stopped": (
        "customer_id", "category", "last_bought_on", "usual_gap_days", "days_late_ratio",
        "revenue_year_before",
    ),
    "peers": ("customer_id", "item", "support", "peers", "peer_level", "buying_peer_margin"),
    "win_back": ("customer_id", "owner", "clv_if_kept", "last_order_on", "reason", "action"),
    "second_orders": (
        "customer_id", "first_order_on", "days_late", "second_order_probability",
        "first_order_value",
    ),
    "second_order_rates": (
        "cohort", "customers", "ordered_again", "ordered_within", "second_order_rate",
        "second_order_rate_low", "second_order_rate_high",
    ),
    "referrals": (
        "customer_id", "owner", "respondents", "score", "answered_on", "revenue_last_12_months", "clv",
    ),
    "surveys": ("customer_id", "owner", "last_survey_on", "revenue_last_12_months", "clv"),
    "topics": ("topic", "tickets", "customers", "share", "tickets_before", "share_before"),
    "response_times": ("tier", "tickets", "closed", "open", "median_days_to_close", "oldest_open_days"),
    "groups": (
        "name", "sites", "sites_active", "clv", "value_at_risk", "revenue_last_12_months", "highest_risk",
        "silent_sites",
    ),
}  # fmt: skip
#: Lists with sentences in them take the whole width; on a phone each of their rows is a card.
_WIDE = ("win_back", "groups")
_LISTS = ("second_orders", "second_order_rates", "referrals", "surveys", "topics", "response_times")


def list_sections(desk: Desk, words: Language, names: Mapping[str, str]) -> list[Section]:
    """Give the sections products, lists and groups that have anything in them."""
    products = [
        block
        for key in ("stopped", "peers")
        if (block := _trialled(key, getattr(desk, key), words, names)) is not None
    ]
    lists = [
        _block(key, frame, words, names)
        for key in ("win_back", *_LISTS)
        if (frame := getattr(desk, key)) is not None and has_rows(frame)
    ]
    sections = []
    if products:
        sections.append(Section("products", words.text("products_lead"), blocks=products))
    if lists:
        sections.append(Section("lists", words.text("lists_lead"), blocks=lists))
    if desk.groups is not None and has_rows(desk.groups):
        groups = desk.groups.sort_values("value_at_risk", ascending=False, kind="stable", na_position="last")
        block = _block("groups", groups, words, names)
        sections.append(Section("groups", words.text("groups_lead"), blocks=[block]))
    return sections


def _trialled(key: str, found: Trialled | None, words: Language, names: Mapping[str, str]) -> Block | None:
    if found is None or (found.is_shown and not has_rows(found.rows)):
        return None
    said = [found.sentence] if found.sentence else []
    if not found.is_shown:
        return Block(words.text(f"{key}_title"), None, said or [words.text("not_shown")])
    return _block(key, found.rows, words, names, said)


def _block(
    key: str, frame: pd.DataFrame, words: Language, names: Mapping[str, str], said: Sequence[str] = ()
) -> Block:
    shown = frame.head(SHOWN_ROWS)
    if key == "response_times":
        shown = shown.assign(tier=shown["tier"].where(shown["tier"].notna(), "everybody"))
    if key == "peers":
        shown = with_buying_peer_margin(shown)
    if "respondents" in shown:
        shown = shown.assign(respondents=shown["respondents"].str.replace(", ", words.listing(["", ""])))
    more = (
        [words.text("shown_of", n=len(shown), all=words.integer(len(frame)))]
        if len(frame) > len(shown)
        else []
    )
    table = frame_table(shown, COLUMNS[key], words, names=names)
    wide = " wide cards" if key in _WIDE else ""
    return Block(words.text(f"{key}_title"), table, [*said, *more], f"numbers desk-{key}{wide}")


def with_buying_peer_margin(peers: pd.DataFrame) -> pd.DataFrame:
    """Say what a peer who buys it brings: margin x support would read as money to expect of this customer."""
    return peers.assign(buying_peer_margin=peers["expected_margin"] / peers["support"])
