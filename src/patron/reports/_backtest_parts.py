"""The pictures and tables of a backtest.

In:  the result of a backtest as plain data. Out: pictures and tables with written cells.
Not here: the page around them (`backtest_page`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from patron.reports._charts import Curve, PairRow, curves, paired_bars
from patron.reports._language import Language
from patron.reports._metrics_table import CHURN_METRICS, CLV_METRICS, MetricsTable, metrics_table
from patron.reports._picture import Picture, Table
from patron.reports._trust import RULE_CLASSES, calibration_picture

CHOSEN = "chosen"


class BacktestSection(NamedTuple):
    """What a report shows of a backtest: the verdict, and the dates one by one."""

    verdict: str
    dates: Table


def backtest_section(found: Mapping[str, Any] | None, words: Language) -> BacktestSection | None:
    """Return what the report shows of the newest backtest; None without one."""
    if found is None:
        return None
    return BacktestSection(found["verdict_in_words"][words.code], date_table(found, words))


def distinct_entrants(blocks: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """Leave out the entrant that was chosen on every date: its row would say everything twice."""
    chosen = blocks.get(CHOSEN) or {}
    return {
        name: block
        for name, block in blocks.items()
        if name == CHOSEN
        or block.get(metric) != chosen.get(metric)
        or block.get("cutoffs") != chosen.get("cutoffs")
    }


def entrant_name(name: str, words: Language) -> str:
    """Return what people call an entrant or a list."""
    if name == CHOSEN:
        return words.text("bt_chosen")
    if words.has(f"bt_list_{name}"):
        return words.text(f"bt_list_{name}")
    return words.label("entrant", name)


def churn_entrants(found: Mapping[str, Any], words: Language) -> MetricsTable | None:
    """Set every entrant beside every metric, over the dates."""
    return _entrants(distinct_entrants(found["churn"]["entrants"], "log_loss"), CHURN_METRICS, words)


def value_entrants(found: Mapping[str, Any], words: Language) -> MetricsTable | None:
    """Set every value forecast beside every metric, over the dates."""
    return _entrants(distinct_entrants(found["clv"].get("entrants") or {}, "mae"), CLV_METRICS, words)


def _entrants(
    blocks: Mapping[str, Any], metrics: Mapping[str, tuple[str, str]], words: Language
) -> MetricsTable | None:
    most = max((block["cutoffs"] for block in blocks.values()), default=0)
    # averages over fewer dates are averages over other customers: shown, but no match for the rest
    everywhere = [name for name, block in blocks.items() if block["cutoffs"] == most]
    names = [
        entrant_name(name, words)
        if name in everywhere
        else words.text("bt_some_dates", name=entrant_name(name, words), n=blocks[name]["cutoffs"], all=most)
        for name in blocks
    ]
    return metrics_table(blocks, metrics, words, names, everywhere)


def difference_table(found: Mapping[str, Any], words: Language) -> Table:
    """Write patron's choice minus each other entrant, with intervals."""
    metrics = ("log_loss", "brier", "auc")
    rows = []
    for name, block in distinct_entrants(found["churn"]["entrants"], "log_loss").items():
        gaps = block["chosen_minus_this"]
        if gaps:
            cells = [_gap(gaps[metric], words) for metric in metrics]
            rows.append((entrant_name(name, words), words.integer(block["cutoffs"]), *cells))
    heads = (words.text("bt_entrant"), words.text("bt_own_dates"), *(words.text(m) for m in metrics))
    return Table(heads, rows)


def _gap(gap: Mapping[str, float] | None, words: Language) -> str:
    if gap is None:
        return words.text("missing")
    value, low, high = (words.number(gap[k], 4) for k in ("difference", "low", "high"))
    return f"{value} [{low}, {high}]"


def date_table(found: Mapping[str, Any], words: Language) -> Table:
    """Write one row per date: who was judged, what was taken, how good it was beside the best rule."""
    rule = found["churn"]["best_rule"]
    heads = [
        words.text(k) for k in ("bt_date", "n_customers", "came", "said", "bt_shipped", "auc", "log_loss")
    ]
    rows = []
    for block in found["cutoffs"]:
        mine, other = block["churn"][CHOSEN], block["churn"].get(rule, {})
        rows.append(
            (
                words.date(block["as_of"]),
                words.integer(block["n"]),
                words.percent(block["rate"], 1),
                words.percent(block["calibration"]["mean_probability"], 1),
                entrant_name(block["chosen"], words),
                words.number(mine["auc"], 3),
                words.number(mine["log_loss"], 3),
                words.number(other.get("log_loss"), 3),
            )
        )
    return Table([*heads, f"{heads[-1]}: {entrant_name(rule, words)}"], rows)


def group_tables(found: Mapping[str, Any], words: Language) -> list[Table]:
    """Write calibration by tier and by attribute."""
    calibration = found["churn"]["calibration"]
    tables = [_groups(words.text("bt_tier"), calibration["by_tier"], words, "tier")]
    return tables + [_groups(n, rows, words, "") for n, rows in calibration["by_segment"].items()]


def _groups(name: str, rows: Sequence[Mapping[str, Any]], words: Language, family: str) -> Table:
    heads = (name, *(words.text(k) for k in ("n_customers", "said", "came", "ece", "bt_holds")))
    return Table(
        heads,
        [
            (
                words.label(family, row["group"]) if family else str(row["group"]),
                words.integer(row["n"]),
                words.percent(row["mean_probability"], 1),
                words.percent(row["rate"], 1),
                words.number(row["ece"], 3),
                words.text("bt_yes" if row["calibrated"] else "bt_no"),
            )
            for row in rows
        ],
    )


def level_picture(found: Mapping[str, Any], words: Language) -> Picture:
    """Draw forecast and outcome of every date."""
    rows = found["churn"]["calibration"]["by_date"]
    pairs = [
        PairRow(
            str(row["as_of"]),
            row["mean_probability"],
            words.percent(row["mean_probability"], 1),
            row["rate"],
            words.percent(row["rate"], 1),
        )
        for row in rows
    ]
    title, caption = words.text("bt_by_date_title"), words.text("bt_by_date_caption")
    names = (words.text("said"), words.text("came"))
    heads = [words.text(k) for k in ("bt_date", "n_customers", "said", "came", "ece", "bt_holds")]
    table = _groups(heads[0], [{**row, "group": row["as_of"]} for row in rows], words, "")
    return Picture(title, caption, paired_bars(pairs, names, f"{title} {caption}"), table)


def calibration_over_dates(found: Mapping[str, Any], words: Language) -> Picture:
    """Draw forecast probability against outcome by tenths, all dates together."""
    whole = found["churn"]["calibration"]["all"]
    return calibration_picture({**whole, "calibration": whole["table"]}, words)


def lift_over_dates(found: Mapping[str, Any], words: Language) -> Picture:
    """Draw the share of leavers reached by calls, on average over the dates."""
    lift = found["churn"]["lift"]
    entrants = distinct_entrants(found["churn"]["entrants"], "log_loss")
    names = [CHOSEN, *(n for n, block in entrants.items() if block["kind"] == "rule")]
    classes = ["main", *(RULE_CLASSES[i % 4] for i in range(len(names) - 1))]
    drawn = [
        Curve(entrant_name(n, words), [(0.0, 0.0), *(((i + 1) / 10, v) for i, v in enumerate(lift[n]))], c)
        for n, c in zip(names, classes, strict=True)
    ]
    drawn.append(Curve(words.text("lift_random"), [(0, 0), (1, 1)], "guide"))
    title, caption = words.text("lift_title"), words.text("lift_caption")
    axes = (words.text("lift_x"), words.text("lift_y"))
    rows = [
        (words.percent((i + 1) / 10), *(words.percent(lift[n][i], 1) for n in entrants)) for i in range(10)
    ]
    heads = (axes[0], *(entrant_name(n, words) for n in entrants))
    return Picture(title, caption, curves(drawn, axes, f"{title}: {caption}", mark_x=0.2), Table(heads, rows))


def profit_picture(found: Mapping[str, Any], words: Language) -> Picture:
    """Draw foreseen and realised profit of every list."""
    lists = found["churn"]["profit"]["lists"]
    shown = distinct_entrants(found["churn"]["entrants"], "log_loss")
    names = [n for n in lists if n in shown or words.has(f"bt_list_{n}")]
    pairs = [
        PairRow(
            entrant_name(n, words),
            lists[n]["realised"],
            words.short_money(lists[n]["realised"]),
            lists[n]["expected"],
            words.short_money(lists[n]["expected"]),
        )
        for n in names
    ]
    title, caption = words.text("bt_calls_title"), words.text("bt_calls_caption")
    drawing = paired_bars(pairs, (words.text("bt_realised"), words.text("bt_foreseen")), f"{title} {caption}")
    heads = ("bt_list", "bt_calls", "bt_hits", "bt_foreseen", "bt_realised", "bt_more")
    table = Table([words.text(h) for h in heads], [_list_row(n, lists[n], words) for n in names])
    return Picture(title, caption, drawing, table)


def _list_row(name: str, made: Mapping[str, Any], words: Language) -> tuple[str, ...]:
    gap = made["chosen_minus_this"]
    more = words.text("missing")
    if gap:
        low, high = words.money(gap["low"]), words.money(gap["high"])
        more = f"{words.money(gap['difference'])} [{low}, {high}]"
    return (
        entrant_name(name, words),
        words.integer(made["calls"]),
        words.integer(made["churners"]),
        words.money(made["expected"]),
        words.money(made["realised"]),
        more,
    )
