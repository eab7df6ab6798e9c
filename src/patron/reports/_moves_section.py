"""Who moved between tiers since an earlier date, with the money involved.

In: the migration matrix and the movers of a desk. Out: a section. Not here: what a tier is
(`patron.segments`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from patron.columns import TIERS
from patron.reports._charts import PairRow, paired_bars
from patron.reports._desk_charts import GridCell, grid_chart
from patron.reports._desk_tables import frame_table
from patron.reports._language import Language
from patron.reports._picture import Picture, Table
from patron.reports._sections import Block, Section
from patron.reports._totals import exact_sum, numbers
from patron.reports.desk import Desk, has_rows

SHOWN_MOVERS = 10
_FELL = ("down", "to_at_risk")
_ROSE = ("up", "won_back")
_COLUMNS = ("customer_id", "owner", "tier_then", "tier_now", "revenue_then", "revenue_now", "revenue_change")


def moves_section(
    desk: Desk, words: Language, names: Mapping[str, str], now: dt.date | None
) -> Section | None:
    """Draw the moves; None where the desk holds none."""
    if not has_rows(desk.migration) and not has_rows(desk.movers):
        return None
    lead = words.text("moves_lead", now=words.date(now), then=words.date(desk.moved_since))
    pictures = [_matrix(desk.migration, words)] if desk.migration is not None and len(desk.migration) else []
    blocks = []
    if desk.movers is not None and len(desk.movers):
        movers = _with_owners(desk.movers, desk.accounts)
        pictures.append(_money(movers, words))
        for title, directions in (("movers_down_title", _FELL), ("movers_up_title", _ROSE)):
            chosen = movers[movers["direction"].isin(directions)]
            if len(chosen):
                blocks.append(_block(title, chosen, words, names))
    return Section("moves", lead, pictures, blocks)


def _with_owners(movers: pd.DataFrame, accounts: pd.DataFrame | None) -> pd.DataFrame:
    if accounts is None or "owner" not in accounts or "owner" in movers:
        return movers
    owner = accounts.drop_duplicates("customer_id").set_index("customer_id")["owner"]
    return movers.assign(owner=movers["customer_id"].map(owner))


def _block(title: str, chosen: pd.DataFrame, words: Language, names: Mapping[str, str]) -> Block:
    shown = chosen.head(SHOWN_MOVERS)
    said = (
        [words.text("shown_of", n=len(shown), all=words.integer(len(chosen)))]
        if len(chosen) > len(shown)
        else []
    )
    return Block(words.text(title), frame_table(shown, _COLUMNS, words, names=names), said, "numbers movers")


def _matrix(migration: pd.DataFrame, words: Language) -> Picture:
    title = words.text("matrix_title")
    pairs = zip(migration["tier_then"], migration["tier_now"], migration["customers"], strict=True)
    counts = {(str(a), str(b)): int(n) for a, b, n in pairs if n > 0}
    then, now = ([c for c in (*TIERS, "absent") if any(pair[i] == c for pair in counts)] for i in (0, 1))
    rows = [words.label("tier", code) for code in then]
    heads = [words.label("tier", code) for code in now]
    cells = [_matrix_row(a, now, counts, words) for a in then]
    stayed = sum(counts.get((code, code), 0) for code in TIERS)
    fell = sum(counts.get((code, "at_risk"), 0) for code in TIERS if code != "at_risk")
    caption = words.text(
        "matrix_caption",
        stayed=words.count("customers", stayed),
        fell=words.integer(fell),
        at_risk=words.label("tier", "at_risk"),
    )
    label = f"{title}: " + "; ".join(cell.hint for row in cells for cell in row)
    axes = (words.text("matrix_then"), words.text("matrix_now") + " →")
    moved = migration[migration["customers"] > 0]
    table = frame_table(moved, ("tier_then", "tier_now", "customers", "revenue_then", "revenue_now"), words)
    return Picture(title, caption, grid_chart(heads, rows, cells, axes, label), table)


def _matrix_row(
    then: str, now: Sequence[str], counts: Mapping[tuple[str, str], int], words: Language
) -> list[GridCell]:
    total = max(sum(counts.get((then, code), 0) for code in now), 1)
    cells = []
    for code in now:
        n, between = counts.get((then, code), 0), f"{words.label('tier', then)} → {words.label('tier', code)}"
        cells.append(GridCell(n / total, words.integer(n), words.titled(between, words.integer(n))))
    return cells


def _money(movers: pd.DataFrame, words: Language) -> Picture:
    """Draw revenue then and now of each direction."""
    rows, table = [], []
    for direction in ("to_at_risk", "down", "up", "won_back", "new"):
        chosen = movers[movers["direction"] == direction]
        if not len(chosen):
            continue
        then, now = (exact_sum(numbers(chosen, f"revenue_{when}")) for when in ("then", "now"))
        name = f"{words.label('direction', direction)} · {words.integer(len(chosen))}"
        rows.append(
            PairRow(name, max(then, 0.0), words.short_money(then), max(now, 0.0), words.short_money(now))
        )
        table.append(
            (
                words.label("direction", direction),
                words.integer(len(chosen)),
                words.money(then),
                words.money(now),
            )
        )
    title, names = words.text("moved_money_title"), (words.text("moved_then"), words.text("moved_now"))
    label = f"{title}: " + "; ".join(f"{r.label} {r.first_words}, {r.second_words}" for r in rows)
    heads = (words.text("head_direction"), words.text("head_customers"), *names)
    return Picture(
        title,
        words.text("moved_money_caption"),
        paired_bars(rows, names, label) if any(r.first or r.second for r in rows) else None,
        Table(heads, table),
    )
