"""A first config for a file nobody described.

In: a path or a frame. Out: a `Proposal`. Nothing is guessed in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from patron.columns import REQUIRED_LEDGER_COLUMNS
from patron.errors import LedgerError
from patron.ledger import _header_names as header_names
from patron.ledger._currency import iso_code
from patron.ledger._datetext import ShapeCounts, choose_shapes, shape_of_format
from patron.ledger._eager_dates import count_shapes, is_text_dates, parse_texts
from patron.ledger._eager_numbers import OK, UNREADABLE, read_numbers
from patron.ledger._eager_text import distinct_texts, plain_series, plain_texts
from patron.ledger._options import CsvOptions
from patron.ledger._proposal_yaml import write_yaml
from patron.ledger._sample import Sample, take_sample

_TWO_DIGIT_YEARS = ("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%y-%m-%d", "%y/%m/%d")
_CLOCKS = ("", " %H:%M", " %H:%M:%S")
_MOSTLY = 0.9


@dataclass(frozen=True)
class Proposal:
    """What a config for the source could say.

    Parameters
    ----------
    columns : dict of str to str
        Ours -> theirs.
    csv : dict of str to str
        The ``csv`` block, only what differs from the defaults.
    unsure : list of str
        What a person should look at.
    yaml : str
        A commented config; unsure lines end in ``# please check: ...``.
    missing : list of str
        Needed columns that were not found.
    """

    columns: dict[str, str]
    csv: dict[str, str]
    unsure: list[str]
    yaml: str
    missing: list[str]


def propose_config(source: object, *, name: str | None = None, written_as: str | None = None) -> Proposal:
    """Look at a source and propose a config.

    Parameters
    ----------
    source : path or frame
        As in `load_ledger`; of a CSV file the encoding, separator, decimal mark and date format are found
        too.
    name : str, optional
        The project's name; the file's name without.
    written_as : str, optional
        How the config calls the source; a config's paths start at its own folder.

    Returns
    -------
    Proposal
        Columns, csv options, doubts and the YAML text.

    Raises
    ------
    LedgerError
        The source cannot be read at all.

    Examples
    --------
    >>> frame = pd.DataFrame({"客户编号": ["07"], "下单日期": ["2024-01-05"], "金额": [9.5]})
    >>> propose_config(frame, name="demo").columns
    {'customer_id': '客户编号', 'ordered_at': '下单日期', 'amount': '金额'}
    """
    sample = take_sample(source)
    frame = sample.frame.rename(columns=str)
    filled = [name for name in frame.columns if plain_series(frame[name]).notna().any()]
    columns, doubts = _find_columns(frame[filled])
    csv, text_doubts = _find_marks(frame, columns, sample)
    csv, date_doubts = _find_date_format(frame, columns, csv)
    doubts |= {f"csv.{key}": why for key, why in sample.unsure.items()} | text_doubts | date_doubts
    settings = _other_settings(frame, columns, csv)
    doubts |= {key: why for key, (_, why) in settings.items() if why}
    missing = [ours for ours in REQUIRED_LEDGER_COLUMNS if ours not in columns]
    doubts |= {f"columns.{ours}": f"not found among {', '.join(frame.columns)}" for ours in missing}
    changed = {k: v for k, v in vars(csv).items() if v is not None and v != getattr(CsvOptions(), k)}
    values = {key: value for key, (value, _) in settings.items()}
    called = str(source) if isinstance(source, str | Path) else "orders.parquet"
    yaml = write_yaml(name or _project_name(source), written_as or called, columns, changed, values, doubts)
    return Proposal(columns, changed, [f"{key}: {why}" for key, why in doubts.items()], yaml, missing)


def _project_name(source: object) -> str:
    stem = Path(source).name.split(".")[0] if isinstance(source, str | Path) else "orders"
    return re.sub(r"[^\w-]+", "-", stem).strip("-").lower() or "orders"


def _find_columns(frame: pd.DataFrame) -> tuple[dict[str, str], dict[str, str]]:
    columns: dict[str, str] = {}
    doubts = {}
    for ours in header_names.NAMES:
        found = [c for c in header_names.candidates(list(frame.columns), ours) if c not in columns.values()]
        if not found:
            continue
        columns[ours] = found[0]
        if len(found) > 1:
            doubts[f"columns.{ours}"] = f"it could also be {' or '.join(found[1:])}"
        elif header_names.plain_name(found[0]) in header_names.VAGUE:
            doubts[f"columns.{ours}"] = f"the name {found[0]!r} could mean something else"
    if "ordered_at" not in columns:
        dates = [c for c in frame.columns if c not in columns.values() and _is_dates(frame[c])]
        if dates:
            columns["ordered_at"] = dates[0]
            doubts["columns.ordered_at"] = f"chosen by its values{_or_others(dates[1:])}"
    return {ours: columns[ours] for ours in header_names.NAMES if ours in columns}, doubts


def _or_others(names: Sequence[str]) -> str:
    return f"; it could also be {' or '.join(names)}" if names else ""


def _is_dates(series: pd.Series[Any]) -> bool:
    plain = plain_series(series)
    if pd.api.types.is_numeric_dtype(plain):
        return False
    if not is_text_dates(plain):
        return True
    rows = count_shapes(plain).rows
    readable = sum(n for name, n in rows.items() if not name.startswith("only") and name != "eight digits")
    return readable > _MOSTLY * len(plain)


def _find_marks(
    frame: pd.DataFrame, columns: dict[str, str], sample: Sample
) -> tuple[CsvOptions, dict[str, str]]:
    """Choose the decimal and thousands marks that read the most amounts."""
    if "amount" not in columns:
        return sample.csv, {}
    amounts = frame[columns["amount"]]
    tries = [(".", None), (",", None), (".", ","), (",", "."), (".", " "), (",", " ")]
    options = [replace(sample.csv, decimal=decimal, thousands=thousands) for decimal, thousands in tries]
    read = [int((read_numbers(amounts, o).state == OK).sum()) for o in options]
    best = options[int(np.argmax(read))]
    doubts = {}
    if best.decimal != ".":
        doubts["csv.decimal"] = "the amounts use a decimal comma"
    if best.thousands:
        doubts["csv.thousands"] = f"{best.thousands!r} groups the thousands of some amounts"
    bad = int((read_numbers(amounts, best).state == UNREADABLE).sum())
    if bad:
        doubts["columns.amount"] = f"{bad:,} of the first {len(frame):,} rows cannot be read as numbers"
    return best, doubts


def _find_date_format(
    frame: pd.DataFrame, columns: dict[str, str], csv: CsvOptions
) -> tuple[CsvOptions, dict[str, str]]:
    if "ordered_at" not in columns:
        return csv, {}
    series = plain_series(frame[columns["ordered_at"]])
    if not is_text_dates(series):
        return csv, {}
    counts = count_shapes(series)
    try:
        known = choose_shapes(counts, None, columns["ordered_at"])
    except LedgerError:
        return replace(csv, date_format="%d/%m/%Y" + _clock(counts)), {
            "csv.date_format": f"{counts.example} can be read day first or month first (%m/%d/%Y)"
        }
    if known:
        return csv, {}
    _, texts = distinct_texts(series)
    fits = [f for f in _all_formats() if _share(texts, f) > _MOSTLY]
    if not fits:
        return csv, {
            "columns.ordered_at": f"no known date format; e.g. {texts[0] if len(texts) else 'empty'}"
        }
    return replace(csv, date_format=fits[0]), {"csv.date_format": f"two-digit years{_or_others(fits[1:])}"}


def _clock(counts: ShapeCounts) -> str:
    marks = (counts.example or "").count(":")
    return _CLOCKS[min(marks, 2)]


def _all_formats() -> list[str]:
    return [day + clock for day in _TWO_DIGIT_YEARS for clock in _CLOCKS]


def _share(texts: np.ndarray[Any, Any], date_format: str) -> float:
    return float(parse_texts(texts, (shape_of_format(date_format),), None)[1].mean()) if len(texts) else 0.0


def _other_settings(
    frame: pd.DataFrame, columns: dict[str, str], csv: CsvOptions
) -> dict[str, tuple[str, str]]:
    """Return setting -> (value, doubt) for what the values suggest."""
    found = {}
    if "currency" in columns:
        codes = sorted({iso_code(t) for t in plain_texts(frame[columns["currency"]]).dropna()})
        if len(codes) == 1:
            found["currency"] = (codes[0], "")
        elif codes:
            found["currency"] = (codes[0], f"the file holds several currencies: {', '.join(codes[:5])}")
    prefix = _refund_prefix(frame, columns, csv)
    if prefix:
        found["refund_prefix"] = (prefix, f"order ids of negative lines start with {prefix}")
    if "order_id" not in columns and "product_id" not in columns:
        found["duplicates"] = ("keep", "without order or product ids equal rows may be separate purchases")
    return found


def _refund_prefix(frame: pd.DataFrame, columns: dict[str, str], csv: CsvOptions) -> str | None:
    """Letters that start the ids of most negative lines and of hardly any positive one."""
    if not {"order_id", "amount"} <= set(columns):
        return None
    ids = plain_texts(frame[columns["order_id"]]).reset_index(drop=True)
    letters = ids.str.extract("^([A-Za-z]+)")[0]
    amount = read_numbers(frame[columns["amount"]], csv).value
    negative = letters[(amount < 0)].dropna()
    if negative.empty:
        return None
    prefix = str(negative.mode()[0])
    starts = (letters == prefix).to_numpy()
    rare = (starts & (amount > 0)).sum() <= 0.01 * (amount > 0).sum()
    return prefix if rare and (starts & (amount < 0)).sum() >= 0.5 * (amount < 0).sum() else None
