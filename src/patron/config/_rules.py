"""Rules of single values that types and limits cannot say.

In:  a value of the right type.
Out: the value, or a ValueError that completes the sentence "it must be ...".
Not here: the settings they belong to (`schema`).
"""

from __future__ import annotations

import codecs
import datetime
import re
import zoneinfo
from collections.abc import Mapping


def encoding(text: str) -> str:
    """Check that Python knows the encoding."""
    try:
        codecs.lookup(text)
    except LookupError:
        raise ValueError("a known encoding, such as utf-8, gb18030 or latin-1") from None
    return text


def one_character(text: str) -> str:
    """Check for a single character."""
    if len(text) != 1:
        raise ValueError(r'one character, such as ";" or "\t"')
    return text


def iso_currency(text: str) -> str:
    """Check the shape of an ISO 4217 code."""
    if not re.fullmatch("[A-Z]{3}", text):
        raise ValueError("an ISO code of three capital letters, such as GBP or CNY")
    return text


def timezone(text: str) -> str:
    """Check that the time zone exists, where the system has a time zone database."""
    known = zoneinfo.available_timezones()
    if known and text not in known:
        raise ValueError("the name of a time zone, such as Europe/London or Asia/Shanghai")
    return text


def memory(text: str) -> str:
    """Check an amount of memory."""
    if not re.fullmatch(r"\d+(\.\d+)? ?([KMGT]i?)?B", text):
        raise ValueError("an amount of memory, such as 4GB or 500MB")
    return text


def name(text: str) -> str:
    """Check that a name can be part of a file name and of a model address."""
    if not re.fullmatch(r"\w[\w.-]{0,59}", text):
        raise ValueError(
            "at most 60 letters, digits, '-', '_' and '.' without spaces, such as online-retail-ii"
        )
    return text


def day(value: object) -> object:
    """Read a day from text or from a moment at midnight; `latest` stays."""
    if isinstance(value, str) and value != "latest":
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            raise ValueError("latest, or a date such as 2011-09-10") from None
    if isinstance(value, datetime.datetime):
        if value.time() != datetime.time():
            raise ValueError("latest, or a day without a time, such as 2011-09-10")
        return value.date()
    return value


def ascending(scale: tuple[int, int]) -> tuple[int, int]:
    """Check that the first of two numbers is the lower one."""
    if scale[0] >= scale[1]:
        raise ValueError("two whole numbers, the lower one first, such as [0, 10]")
    return scale


def import_path(text: str) -> str:
    """Check the shape of ``package.module:function``."""
    module, colon, function = text.partition(":")
    if not (colon and function.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise ValueError("a module and a function in it, such as my_features:recent_spend")
    return text


def each_column_once(mapping: Mapping[str, str | None]) -> None:
    """Check that no column of theirs is used for two of ours."""
    users: dict[str, list[str]] = {}
    for ours, theirs in mapping.items():
        if theirs is not None:
            users.setdefault(theirs, []).append(ours)
    twice = [
        f"{' and '.join(ours)} are both mapped to '{theirs}'"
        for theirs, ours in users.items()
        if len(ours) > 1
    ]
    if twice:
        raise ValueError("; ".join(twice) + "; give each its own column")
