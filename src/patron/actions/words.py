"""What worklists say, in English and Chinese: openings, codes in words, the sheet that explains the list.

In:  codes and dates. Out: text, from `words_en.json` and `words_zh.json`.
Not here: column headers (`columns`), HTML pages (`patron.reports`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from importlib.resources import files

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _table(language: str) -> dict[str, str]:
    text = files("patron.actions").joinpath(f"words_{language}.json").read_text(encoding="utf-8")
    return {str(key): str(said) for key, said in json.loads(text).items()}


WORDS: dict[str, Mapping[str, str]] = {language: _table(language) for language in ("en", "zh")}


def words_of(language: str) -> Mapping[str, str]:
    """Return all texts of ``en`` or ``zh``."""
    return WORDS[language]


def code_in_words(column: str, code: object, language: str) -> str:
    """Say a code such as a tier in words; one that is not known stays as it is.

    Examples
    --------
    >>> code_in_words("tier", "at_risk", "zh"), code_in_words("tier", None, "en")
    ('流失风险客户', '')
    """
    if not isinstance(code, str):
        return ""
    return words_of(language).get(f"{column}_{code}", code)


def day_in_words(day: object, language: str) -> str:
    """Write a date as it is read aloud.

    Examples
    --------
    >>> day_in_words(date(2024, 7, 1), "en"), day_in_words(date(2024, 7, 1), "zh")
    ('1 July 2024', '2024年7月1日')
    """
    if not isinstance(day, date):
        return "?"
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
