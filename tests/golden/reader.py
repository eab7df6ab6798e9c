"""An independent reader of format 1: `churn_probability` from feature rows, by docs/model_format.md alone.

Standard library and numpy; nothing of patron, nothing of LightGBM.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

Row = Mapping[str, Any]
Tree = dict[str, list[float]]


def churn_probability(folder: Path, rows: Sequence[Row], as_of_day: int) -> list[float]:
    """Compute the probability of each row; `as_of_day` counts from 1970-01-01."""
    churn = json.loads((folder / "churn.json").read_text(encoding="utf-8"))
    text = (folder / "trees.txt").read_text(encoding="utf-8") if (folder / "trees.txt").exists() else ""
    shift = _season(churn["season"], as_of_day)
    found = []
    for row in rows:
        scores = [_score(member, row, text) for member in churn["members"].values()]
        found.append(_calibrated(churn["calibrator"], sum(scores) / len(scores) + shift))
    return found


def _score(member: Row, row: Row, text: str) -> float:
    values = [np.nan if row[c] is None else float(row[c]) for c in member["columns"]]
    if member["kind"] == "trees":
        return sum(_leaf(tree, values) for tree in _trees(text))
    if member["kind"] == "linear":
        return _linear(member, values, row)
    parts = zip(member["parts"], values, strict=True)
    return float(member["intercept"] + sum(_smooth(part, value) - part["centre"] for part, value in parts))


def _linear(member: Row, values: list[float], row: Row) -> float:
    total = float(member["intercept"])
    for name, value, weight, centre in zip(
        member["columns"], values, member["weight"], member["centre"], strict=True
    ):
        if np.isnan(value) and name in member["fallback"]:
            other, divisor = member["fallback"][name]
            value = row[other] / divisor
        inside = min(max(value, 1e-6), 1 - 1e-6)
        moved = np.log1p(value) if member["transform"] == "log1p" else np.log(inside) - np.log1p(-inside)
        total += weight * (moved - centre)
    return total


def _smooth(part: Row, value: float) -> float:
    if np.isnan(value):
        return float(part["missing"])
    if part["coded"]:
        return float(dict(zip(part["knots"], part["weight"], strict=True)).get(value, 0.0))
    knots = np.array(part["knots"])
    # the middle of the places that a value takes among equal knots
    low, high = np.searchsorted(knots, value, "left"), np.searchsorted(knots, value, "right") - 1
    if low > high:  # between two knots, or outside all
        if low == 0 or low == len(knots):
            place = 0.0 if low == 0 else len(knots) - 1.0
        else:
            place = low - 1 + (value - knots[low - 1]) / (knots[low] - knots[low - 1])
    else:
        place = (low + high) / 2
    share = place / (len(knots) - 1) if len(knots) > 1 else 0.5
    inside = min(max(share, 1e-12), 1 - 1e-12)
    return float(part["weight"][0] * min(max(NormalDist().inv_cdf(inside), -2.5), 2.5))


def _trees(text: str) -> list[Tree]:
    blocks = text.split("\nend of trees")[0].split("\nTree=")[1:]
    lines = [[line.partition("=") for line in block.split("\n")[1:] if line] for block in blocks]
    return [{key: [float(v) for v in value.split()] for key, _, value in tree} for tree in lines]


def _leaf(tree: Tree, values: list[float]) -> float:
    node = 0 if tree["num_leaves"][0] > 1 else -1
    while node >= 0:
        node = int(tree["left_child" if _goes_left(tree, node, values) else "right_child"][node])
    return tree["leaf_value"][-node - 1]


def _goes_left(tree: Tree, node: int, values: list[float]) -> bool:
    kind, value = int(tree["decision_type"][node]), values[int(tree["split_feature"][node])]
    missing = kind >> 2 & 3
    if kind & 1:
        code = -1 if np.isnan(value) else int(value)
        begin, end = (int(b) for b in tree["cat_boundaries"][int(tree["threshold"][node]) :][:2])
        words = tree["cat_threshold"][begin:end]
        return 0 <= code < 32 * len(words) and bool(int(words[code // 32]) >> code % 32 & 1)
    if np.isnan(value) and missing != 2:
        value = 0.0
    if (missing == 2 and np.isnan(value)) or (missing == 1 and abs(value) <= 1e-35):
        return bool(kind & 2)
    return value <= tree["threshold"][node]


def _season(season: Row, as_of_day: int) -> float:
    days, day = np.array(season["days"]), as_of_day - 365
    after = int(np.searchsorted(days, day))
    between = 0 < after < len(days) and days[after] - days[after - 1] <= 92
    if not (between or (np.abs(days - day) <= 15).any()):
        return 0.0
    level = float(np.interp(day, days, season["levels"]))
    return round(season["weight"] * (level - season["usual"]), 10)


def _calibrated(calibrator: Row, score: float) -> float:
    if calibrator["kind"] == "isotonic":
        return float(np.interp(score, calibrator["knots_score"], calibrator["knots_probability"]))
    return float(1 / (1 + np.exp(-(calibrator["slope"] * score + calibrator["intercept"]))))
