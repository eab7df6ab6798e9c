"""Dates of eager frames.

In: a pandas series of any kind. Out: wall time as microseconds since 1970, and what went wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patron.ledger._datetext import GROUPS, MONTHS, PROBES, ShapeCounts
from patron.ledger._eager_text import distinct_texts, with_missing

_DAY_US = 86_400_000_000
OK, MISSING, UNREADABLE = 0, 1, 2


@dataclass(frozen=True)
class Dates:
    """One value per row.

    ``micros`` (0 unless readable), ``state`` (0 ok, 1 missing, 2 unreadable), ``text`` if unreadable.
    """

    micros: np.ndarray[Any, Any]
    state: np.ndarray[Any, Any]
    text: np.ndarray[Any, Any]
    with_zone: int


def is_text_dates(series: pd.Series[Any]) -> bool:
    """Whether the column needs its shapes decided first."""
    return not pd.api.types.is_datetime64_any_dtype(series.dtype)


def count_shapes(series: pd.Series[Any]) -> ShapeCounts:
    """Count the rows of each shape of date text."""
    codes, texts = distinct_texts(series)
    weights = np.bincount(codes[codes >= 0], minlength=len(texts))
    values = pd.Series(texts, dtype="object")
    rows, example = {}, None
    for name, pattern in PROBES.items():
        hit = np.array([bool(m) for m in values.str.fullmatch(pattern)], dtype=bool)
        rows[name] = int(weights[hit].sum())
        if name == "day first" and hit.any():
            example = min(values[hit])
    return ShapeCounts(rows, example)


def read_dates(series: pd.Series[Any], shapes: tuple[str, ...], timezone: str | None) -> Dates:
    """Read a column of dates, times or text."""
    if is_text_dates(series):
        return _from_text(series, shapes, timezone)
    zoned = isinstance(series.dtype, pd.DatetimeTZDtype)
    given = (series.dt.tz_convert(None) if zoned else series).to_numpy()
    readable = _has_written_year(given)
    if zoned:
        series = series.where(readable)
        series = (series.dt.tz_convert(timezone) if timezone else series).dt.tz_localize(None)
        readable &= _has_written_year(series.to_numpy())
    missing = np.isnat(given)
    local = series.where(readable).to_numpy().astype("datetime64[us]")
    return Dates(
        np.where(readable, local.astype(np.int64), 0),
        np.where(missing, MISSING, np.where(readable, OK, UNREADABLE)),
        np.where(readable | missing, np.array(None), np.datetime_as_string(given).astype(object)),
        int(zoned and not timezone) * int(readable.sum()),
    )


def _has_written_year(moments: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Test for the years 1 to 9999, as in DuckDB."""
    year = moments.astype("datetime64[Y]").astype(np.int64) + 1970
    return (year >= 1) & (year <= 9999)


def _from_text(series: pd.Series[Any], shapes: tuple[str, ...], timezone: str | None) -> Dates:
    codes, texts = distinct_texts(series)
    micros, readable, zoned = parse_texts(texts, shapes, timezone)
    # a last element stands for the code -1, a missing value
    state = np.append(np.where(readable, OK, UNREADABLE), MISSING)[codes]
    shown = with_missing(
        np.array([None if ok else t for ok, t in zip(readable, texts, strict=True)], dtype=object)
    )[codes]
    rows_with_zone = int(np.append(zoned & readable, False)[codes].sum()) if timezone is None else 0
    return Dates(np.append(micros, 0)[codes], state, shown, rows_with_zone)


def parse_texts(
    texts: np.ndarray[Any, Any], shapes: tuple[str, ...], timezone: str | None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return microseconds, readable, and has-a-zone for each text."""
    micros = np.zeros(len(texts), dtype=np.int64)
    readable = np.zeros(len(texts), dtype=bool)
    zoned = np.zeros(len(texts), dtype=bool)
    for shape in shapes:
        parts = pd.Series(texts, dtype="object").str.extract(f"^(?:{shape})$").reindex(columns=list(GROUPS))
        value, valid, offset, has_zone = _assemble(parts.astype(object).where(parts.notna(), ""))
        use = valid & ~readable
        moved = _to_zone(value - offset, timezone) if timezone else value
        micros[use] = np.where(has_zone, moved, value)[use]
        zoned |= use & has_zone
        readable |= use
    return micros, readable, zoned


def _assemble(parts: pd.DataFrame) -> tuple[np.ndarray[Any, Any], ...]:
    number = {
        g: pd.to_numeric(parts[g], errors="coerce").fillna(-1).to_numpy(np.int64)
        for g in ["y", "mo", "d", "hh", "mi", "ss", "y2"]
    }
    two = number["y2"]
    year = np.where(
        number["y"] >= 0, number["y"], np.where(two >= 0, two + np.where(two < 69, 2000, 1900), -1)
    )
    names = parts["bn"].str[:3].str.lower()
    month = np.where(
        number["mo"] >= 0, number["mo"], names.map({m: i + 1 for i, m in enumerate(MONTHS)}).fillna(-1)
    )
    day, valid = _civil_days(year, month.astype(np.int64), number["d"])
    clock, clock_valid = _clock(parts, number)
    offset = _offsets(parts["tz"])
    return day * _DAY_US + clock, valid & clock_valid, offset, (parts["tz"] != "").to_numpy()


def _civil_days(
    year: np.ndarray[Any, Any], month: np.ndarray[Any, Any], day: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    plausible = (year >= 1000) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(plausible, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(plausible, day - 1, 0).astype("timedelta64[D]")
    valid = plausible & (days.astype("datetime64[M]") == months)  # 31 February lands in March
    return days.astype(np.int64), valid


def _clock(
    parts: pd.DataFrame, number: dict[str, np.ndarray[Any, Any]]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    hour, minute, second = (np.maximum(number[g], 0) for g in ("hh", "mi", "ss"))
    half = parts["ap"].str.lower()
    valid = (
        (hour < 24) & (minute < 60) & (second < 60) & ~((half != "") & ((hour < 1) | (hour > 12))).to_numpy()
    )
    hour = np.where(half == "", hour, hour % 12 + np.where(half == "pm", 12, 0))
    fraction = parts["fr"].str.ljust(6, "0").str[:6].replace("", "0").astype(np.int64).to_numpy()
    fraction = np.where(parts["fr"] == "", 0, fraction)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction, valid


def _offsets(zone: pd.Series[Any]) -> np.ndarray[Any, Any]:
    digits = zone.where(zone.str.match("[+-]"), "+0000").str.replace(":", "", regex=False)
    minutes = digits.str[1:3].astype(np.int64) * 60 + digits.str[3:5].astype(np.int64)
    return np.asarray(minutes * np.where(digits.str[0] == "-", -1, 1)) * 60_000_000


def _to_zone(micros: np.ndarray[Any, Any], timezone: str) -> np.ndarray[Any, Any]:
    instants = pd.Series(micros.astype("datetime64[us]")).dt.tz_localize("UTC")
    local = instants.dt.tz_convert(timezone).dt.tz_localize(None)
    return local.to_numpy().astype("datetime64[us]").astype(np.int64)
