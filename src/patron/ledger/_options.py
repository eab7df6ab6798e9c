"""The caller's choices, checked once.

In: plain arguments. Out: frozen options. Not here: anything about the data.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from patron.errors import LedgerError


@dataclass(frozen=True)
class CsvOptions:
    """How text in a CSV file (and in text columns of any source) is to be read."""

    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    thousands: str | None = None
    date_format: str | None = None

    @property
    def is_utf8(self) -> bool:
        """Whether DuckDB can read the file as it is."""
        return codecs.lookup(self.encoding).name in ("utf-8", "utf-8-sig", "ascii")


@dataclass(frozen=True)
class Rules:
    """Which of the readable rows count as lines."""

    refunds: str = "net"
    refund_prefix: str | None = None
    exclude_product_ids: tuple[str, ...] = ()
    exclude_order_id_prefixes: tuple[str, ...] = ()
    duplicates: str = "drop"


def all_or_every_problem(*checks: Callable[[], Any]) -> list[Any]:
    """Run every check; return what they return, or raise all their problems at once."""
    results, problems = [], []
    for check in checks:
        try:
            results.append(check())
        except LedgerError as error:
            problems += error.problems
    if problems:
        raise LedgerError(problems)
    return results


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean ...?)`` or nothing."""
    folded = {k.casefold().strip(): k for k in known}
    close = difflib.get_close_matches(word.casefold().strip(), list(folded), n=1, cutoff=0.6)
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""


def csv_options(given: Mapping[str, str] | None) -> CsvOptions:
    """Check the ``csv`` block; all problems at once."""
    given = {k: v for k, v in (given or {}).items() if v is not None}
    known = [f.name for f in fields(CsvOptions)]
    problems = [
        f"csv: unknown key {key!r}{did_you_mean(key, known)}; known are {', '.join(known)}"
        for key in given
        if key not in known
    ]
    options = CsvOptions(**{k: str(v) for k, v in given.items() if k in known})
    problems += [*_encoding_problem(options), *_mark_problems(options)]
    if problems:
        raise LedgerError(problems)
    return options


def _encoding_problem(options: CsvOptions) -> list[str]:
    try:
        codecs.lookup(options.encoding)
    except LookupError:
        return [f"csv.encoding {options.encoding!r} is not known; try utf-8, gb18030, utf-16 or latin-1"]
    return []


def _mark_problems(options: CsvOptions) -> list[str]:
    problems = []
    if len(options.separator) != 1:
        problems.append(f'csv.separator {options.separator!r} must be one character, e.g. ";" or "\\t"')
    if options.decimal not in (".", ","):
        problems.append(f'csv.decimal {options.decimal!r} must be "." or ","')
    if options.thousands is not None and (len(options.thousands) != 1 or options.thousands.isalnum()):
        problems.append(f'csv.thousands {options.thousands!r} must be one mark, e.g. "," or "."')
    if options.thousands == options.decimal:
        problems.append(f"csv.thousands and csv.decimal are both {options.decimal!r}; one of them is wrong")
    return problems


def ledger_rules(
    refunds: str,
    refund_prefix: str | None,
    exclude_product_ids: Sequence[str],
    exclude_order_id_prefixes: Sequence[str],
    duplicates: str,
) -> Rules:
    """Check the row rules; all problems at once."""
    problems = []
    if refunds not in ("net", "ignore"):
        problems.append(f"refunds is {refunds!r}; it must be 'net' or 'ignore'")
    if duplicates not in ("drop", "keep"):
        problems.append(f"duplicates is {duplicates!r}; it must be 'drop' or 'keep'")
    for name, values in (
        ("exclude.product_ids", exclude_product_ids),
        ("exclude.order_id_prefixes", exclude_order_id_prefixes),
    ):
        if isinstance(values, str):
            problems.append(f"{name} is the text {values!r}; it must be a list, e.g. [{values!r}]")
    if problems:
        raise LedgerError(problems)
    return Rules(
        refunds,
        (refund_prefix or "").strip() or None,
        tuple(sorted({str(p).strip() for p in exclude_product_ids})),
        tuple(sorted({str(p).strip() for p in exclude_order_id_prefixes} - {""})),
        duplicates,
    )


def as_of_day(as_of: str | date) -> date | None:
    """Return the day, or None for ``latest``."""
    if isinstance(as_of, datetime):
        return as_of.date()
    if isinstance(as_of, date):
        return as_of
    if as_of == "latest":
        return None
    try:
        return date.fromisoformat(as_of)
    except (ValueError, TypeError):
        message = f"as_of {as_of!r} is not a day; write it like 2011-09-01, or 'latest'"
        raise LedgerError(message) from None


def check_timezone(name: str | None) -> None:
    """Refuse a time zone that does not exist."""
    try:
        if name is not None:
            ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = f"timezone {name!r} is not known; write it like Europe/London or Asia/Shanghai"
        raise LedgerError(message) from None


def check_engine(memory_limit: str | None, threads: int | None) -> None:
    """Refuse an engine setting that DuckDB would not understand."""
    problems = []
    if memory_limit is not None and not re.fullmatch(r"[0-9.]+ *([KMGT]i?)?B", memory_limit, re.IGNORECASE):
        problems.append(f"engine.memory_limit {memory_limit!r} is not a size; write it like 4GB")
    if threads is not None and threads < 1:
        problems.append(f"engine.threads is {threads}; it must be 1 or more")
    if problems:
        raise LedgerError(problems)
