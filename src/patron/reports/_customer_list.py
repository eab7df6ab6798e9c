"""The customers as compact JSON for the table in the page.

In: tidy scores. Out: columns instead of rows, codes as single characters, texts as templates with their
numbers. Not here: sorting, search and paging, which happen in the page (`report.js`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from patron.columns import RISKS, STAGES, TIERS
from patron.reports._language import Language
from patron.reports._totals import numbers

STATUSES = ("scored", "new", "lapsed")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: Stands for a number inside a template; control characters are removed from texts first.
SLOT = "\x01"
MONEY = {
    "at_risk": "value_at_risk",
    "value": "clv",
    "low": "clv_low",
    "high": "clv_high",
    "kept": "clv_if_kept",
    "silent": "clv_if_silent",
    "revenue": "revenue_last_12_months",
    "order_value": "expected_order_value",
}
#: Money the page adds up: what rounding took off travels with it, so that the sum is that of the figures.
SUMMED = ("at_risk", "value")
#: Payload column -> (score column, whole numbers per unit).
SCALED = {
    "probability": ("churn_probability", 1000),
    "alive": ("alive_probability", 1000),
    "expected_orders": ("expected_orders", 10),
    "change": ("revenue_change_ratio", 100),
    "orders": ("orders_last_12_months", 1),
}
TEXTS = ("reason_1", "reason_2", "reason_3", "action", "note")


def ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out customers without numbers and put the most value at risk first."""
    listed = frame[frame["status"].isin(STATUSES)]
    keys = pd.DataFrame({"risk": -numbers(listed, "value_at_risk"), "value": -numbers(listed, "clv")})
    return listed.loc[keys.sort_values(["risk", "value"], kind="stable", na_position="last").index]


def payload(frame: pd.DataFrame, words: Language) -> dict[str, Any]:
    """Turn ranked customers into columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `ranked`.
    words : Language
        Decides the decimals of money.

    Returns
    -------
    dict
        ``id`` (list), one string of code digits per category, integers per number (null where missing), day
        distances from `as_of`, and texts as ``{"templates", "rows"}``.
    """
    columns: dict[str, Any] = {"id": frame["customer_id"].tolist()}
    for name, codes, column in (
        ("status", STATUSES, "status"),
        ("tier", TIERS, "tier"),
        ("value_tier", TIERS, "value_tier"),
        ("stage", STAGES, "lifecycle_stage"),
        ("risk", RISKS, "churn_risk"),
    ):
        columns[name] = _digits(frame[column], codes)
    for name, column in MONEY.items():
        columns[name] = _rounded(numbers(frame, column), 10**words.decimals)
    for name in SUMMED:
        columns[f"{name}_rest"] = _rests(numbers(frame, MONEY[name]), 10**words.decimals)
    for name, (column, unit) in SCALED.items():
        columns[name] = _rounded(numbers(frame, column), unit)
    columns["last"] = days_between(frame["as_of"], frame["last_order_on"])
    columns["next"] = days_between(frame["next_order_expected_on"], frame["as_of"])
    for name in TEXTS:
        columns[name] = templates(frame[name])
    return columns


def safe_json(value: object) -> Markup:
    r"""Write JSON that cannot end its script element, whatever the texts hold.

    Examples
    --------
    >>> str(safe_json("</script>"))
    '"\\u003c/script\\u003e"'
    """
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        written = written.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(written)  # noqa: S704


def _digits(values: Iterable[object], codes: Sequence[str]) -> str:
    places = {code: str(i) for i, code in enumerate(codes)}
    return "".join(places.get(value, "-") if isinstance(value, str) else "-" for value in values)


def _rounded(values: pd.Series[float], unit: float) -> list[int | None]:
    finite = values.abs() < float("inf")
    return [round(v * unit) if ok else None for v, ok in zip(values.tolist(), finite.tolist(), strict=True)]


def _rests(values: pd.Series[float], unit: int) -> list[int]:
    """Give what is lost by rounding to the page's unit, in hundredths of it."""
    finite = values.where(values.abs() < float("inf")).fillna(0.0) * unit
    return [round((v - round(v)) * 100) for v in finite.tolist()]


def days_between(later: pd.Series[Any], earlier: pd.Series[Any]) -> list[int | None]:
    """Count whole days between two columns of dates."""
    first, second = (pd.to_datetime(column.astype(object), errors="coerce") for column in (later, earlier))
    return _rounded((first - second).dt.days.astype("float64"), 1)


def templates(values: Iterable[object]) -> dict[str, list[str]]:
    """Split texts into templates, each written once, and the numbers that fill them."""
    places: dict[str, int] = {}
    rows = []
    for value in values:
        said = CONTROL.sub(" ", value) if isinstance(value, str) else ""
        template = NUMBER.sub(SLOT, said)
        place = places.setdefault(template, len(places))
        rows.append("|".join([str(place), *NUMBER.findall(said)]) if said else "")
    return {"templates": list(places), "rows": rows}
