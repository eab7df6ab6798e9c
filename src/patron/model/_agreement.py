"""What must agree within and between the files of a model, so that every customer can be scored.

In:  the files' contents, each of the right shape. Out: sentences about what does not agree.
Not here: the shape of a single value (`_shapes`), the trees (`patron.tree_text`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from patron.clv.forecast import PURCHASE_COLUMNS
from patron.features import FeatureRecipe, feature_names, value_recipe

Content = Mapping[str, Any]


def disagreements(contents: Mapping[str, Content], others: Sequence[str]) -> list[str]:
    """Find what does not agree.

    Parameters
    ----------
    contents : mapping of str to mapping
        JSON file -> what it holds (`_shapes.shaped`).
    others : sequence of str
        Names of the other files of the folder.

    Returns
    -------
    list of str
        Empty where everything does.
    """
    churn, scoring = contents["churn.json"], contents["scoring.json"]
    recipe = FeatureRecipe.from_dict(scoring["features"])
    known = set(feature_names(recipe))
    found = [f"churn.json: {one}" for one in _of_churn(churn, known, "trees.txt" in others)]
    found += [f"scoring.json: {one}" for one in _of_scoring(scoring)]
    for file in ("clv.json", "purchases.json"):
        found += [f"{file}: {one}" for one in _of_purchases(contents.get(file, {}))]
    if "forecast.json" in contents:
        forecast = contents["forecast.json"]
        seen = set(feature_names(value_recipe(recipe, forecast["value_days"]))) | set(PURCHASE_COLUMNS)
        found += [f"forecast.json: {one}" for one in _of_forecast(forecast, seen)]
        if forecast["challenger"] is not None and "purchases.json" not in contents:
            found.append("forecast.json: the challenger needs purchases.json")
    return found


def _of_churn(churn: Content, known: set[str], has_trees: bool) -> Iterator[str]:
    members, season, calibrator = churn["members"], churn["season"], churn["calibrator"]
    if not members:
        yield "there is no member"
    for name, member in members.items():
        columns = member["columns"]
        yield from (
            f"{name} reads {column!r}, which no feature is" for column in columns if column not in known
        )
        if len(set(columns)) < len(columns):
            yield f"{name} names a column twice"
        if member["kind"] == "trees" and not has_trees:
            yield f"{name} needs trees.txt"
        if member["kind"] == "linear":
            yield from _of_linear(name, member, known)
        if member["kind"] == "smooth":
            yield from _of_smooth(name, member)
    if len(season["days"]) != len(season["levels"]) or not _rises(season["days"], strictly=True):
        yield "the days and levels of the season do not fit"
    if calibrator["kind"] == "isotonic":
        scores, probabilities = calibrator["knots_score"], calibrator["knots_probability"]
        if len(scores) != len(probabilities) or not _rises(scores) or not _rises(probabilities):
            yield "the knots of the calibrator do not rise together"


def _of_linear(name: str, member: Content, known: set[str]) -> Iterator[str]:
    if not len(member["columns"]) == len(member["centre"]) == len(member["weight"]):
        yield f"{name} has not one centre and weight per column"
    for column, instead in member["fallback"].items():
        if column not in member["columns"] or not _is_fallback(instead, known):
            yield f"what {name} takes where {column!r} is missing cannot be"


def _is_fallback(instead: object, known: set[str]) -> bool:
    """Say whether this is [other column, divisor]."""
    if not isinstance(instead, list) or len(instead) != 2 or not isinstance(instead[0], str):
        return False
    divisor = instead[1]
    is_number = isinstance(divisor, int | float) and not isinstance(divisor, bool)
    return instead[0] in known and is_number and 1e-9 <= divisor <= 1e12


def _of_smooth(name: str, member: Content) -> Iterator[str]:
    if len(member["parts"]) != len(member["columns"]):
        yield f"{name} has not one part per column"
    for column, part in zip(member["columns"], member["parts"], strict=False):
        weights = len(part["knots"]) if part["coded"] else 1
        if len(part["weight"]) != weights or not (part["coded"] or part["knots"]):
            yield f"{name} has the wrong number of weights or knots for {column!r}"
        if not _rises(part["knots"]):
            yield f"the knots of {name} for {column!r} do not rise"


def _of_scoring(scoring: Content) -> Iterator[str]:
    segments, settings, thresholds = scoring["segments"], scoring["settings"], scoring["thresholds"]
    for name in ("silence_edges", "frequency_edges", "money_edges"):
        if not _rises(segments[name]):
            yield f"{name} do not rise"
    if thresholds["medium"] > thresholds["high"]:
        yield "high risk begins below medium risk"
    rhythms = [block.get("rhythm") for block in (scoring["features"], segments)]
    label = settings.get("label", "silence")
    if label == "rhythm" and rhythms[0] is None:
        yield "the label rhythm needs a rhythm among the features"
    if label != "rhythm" and any(one is not None for one in rhythms):
        yield f"the label {label} has no rhythm"
    if any(one is not None and one["base_gap_days"] is None for one in rhythms):
        yield "the rhythm lacks base_gap_days"
    if any(one is not None and one["min_days"] > one["max_days"] for one in rhythms):
        yield "the longest usual silence is shorter than the shortest"
    if (label == "decline") != (settings.get("decline_share") is not None):
        yield "decline_share belongs to the label decline"
    zone = scoring["ledger"].get("timezone")
    if zone is not None and not _is_zone(zone):
        yield f"the time zone {zone!r} is not known on this machine"


def _of_purchases(purchases: Content) -> Iterator[str]:
    blocks = [purchases, *purchases.get("segments", {}).values()]
    for block in blocks:
        for what, known in block.get("covariance", {}).items():
            letters, rows = known["letters"], known["of_logs"]
            if not set(letters) <= block["params"].keys() or len(set(letters)) < len(letters):
                yield f"the covariance of {what} is not of its parameters"
            if rows is not None and [len(row) for row in rows] != [len(letters)] * len(letters):
                yield f"the covariance of {what} is not square"


def _of_forecast(forecast: Content, known: set[str]) -> Iterator[str]:
    challenger, weights = forecast["challenger"], forecast["weights"]
    if abs(sum(weights.values()) - 1) > 1e-9:
        yield "its weights are not 1 together"
    if weights.get("challenger", 0) > 0 and challenger is None:
        yield "the challenger has a weight, but is not there"
    columns = [] if challenger is None else challenger["columns"]
    for column in columns:
        if column not in known:
            yield f"the challenger reads {column!r}, which no feature is"
    if len(set(columns)) < len(columns):
        yield "the challenger names a column twice"


def _rises(values: Sequence[float], *, strictly: bool = False) -> bool:
    return all(a < b or (a == b and not strictly) for a, b in pairwise(values))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
