"""The text of a proposed config.

In: what was found and what is unsure. Out: YAML with comments. Not here: finding it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from patron.columns import LEDGER_COLUMNS, REQUIRED_LEDGER_COLUMNS


def write_yaml(
    name: str,
    transactions: str,
    columns: Mapping[str, str],
    csv: Mapping[str, str],
    settings: Mapping[str, str],
    doubts: Mapping[str, str],
) -> str:
    """Write the config; JSON strings are valid YAML, whatever is in them."""
    lines = [
        "# Proposed from the first rows of the file. Lines marked 'please check' were guessed.",
        f"name: {_quoted(name)}",
        "ledger:",
        f"  transactions: {_quoted(transactions)}",
        "  columns:                       # ours: theirs",
        *_column_lines(columns, doubts),
    ]
    if csv:
        lines.append("  csv:")
        lines += [f"    {key}: {_quoted(value)}{_check(doubts, f'csv.{key}')}" for key, value in csv.items()]
    for key, default, meaning in (
        ("currency", "null", "ISO code; null means two decimals"),
        ("timezone", "null", "times are taken as they stand; e.g. Europe/London"),
        ("refunds", "net", "or ignore"),
        ("refund_prefix", "null", "order ids that start with it are refunds"),
        ("duplicates", "drop", "or keep: rows equal in every mapped column"),
    ):
        value = _quoted(settings[key]) if key in settings else default
        lines.append(f"  {key}: {value}{_check(doubts, key) or f'  # {meaning}'}")
    lines += [
        "  exclude: {product_ids: [], order_id_prefixes: []}  # postage, fees and other things "
        "that are no sale",
        "as_of: latest                    # or a day, like 2024-03-01",
        "churn:",
        "  horizon_days: 90               # an order missing for so long counts as lost",
        "  active_days: 180               # silent for longer: lapsed",
        "output: runs",
    ]
    return "\n".join(lines) + "\n"


def _column_lines(columns: Mapping[str, str], doubts: Mapping[str, str]) -> list[str]:
    lines = []
    for ours in LEDGER_COLUMNS:
        if ours in columns:
            lines.append(f"    {ours}: {_quoted(columns[ours])}{_check(doubts, f'columns.{ours}')}")
        elif ours in REQUIRED_LEDGER_COLUMNS:
            lines.append(f'    {ours}: ""{_check(doubts, f"columns.{ours}")}')
    return lines


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _check(doubts: Mapping[str, str], key: str) -> str:
    if key not in doubts:
        return ""
    return f"  # please check: {' '.join(doubts[key].split())}"
