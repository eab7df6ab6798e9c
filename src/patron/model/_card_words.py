"""Words and numbers of the model card, in English and Chinese.

In:  keys and values. Out: text. Not here: what a card says (`card`, `_card_figures`, `_card_limits`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from patron.errors import ModelError

LANGUAGES = ("en", "zh")


@cache
def _table(language: str) -> Mapping[str, str]:
    found = json.loads(files("patron.model").joinpath(f"card_{language}.json").read_text(encoding="utf-8"))
    return {str(key): str(text) for key, text in found.items()}


@dataclass(frozen=True)
class Words:
    """What a card is written with in one language.

    Examples
    --------
    >>> Words("en").percent(0.1234), Words("en").amount(-1234.5, "GBP"), Words("zh").say("missing")
    ('12.3%', 'GBP −1,234.50', '未知')
    """

    language: str

    def __post_init__(self) -> None:
        """Refuse languages there is no table for."""
        if self.language not in LANGUAGES:
            raise ModelError(f"there is no model card in {self.language!r}: choose en or zh.")

    def say(self, key: str, **values: object) -> str:
        """Fill in the text of a key."""
        return _table(self.language)[key].format(**values)

    def name(self, family: str, code: object) -> str:
        """Give the word for a code, or the code itself where there is none."""
        return _table(self.language).get(f"{family}_{code}", str(code))

    def number(self, value: object, digits: int = 3) -> str:
        """Write a number with separators and fixed decimals."""
        number = finite(value)
        if number is None:
            return self.say("missing")
        return f"{round(number, digits) + 0.0:,.{digits}f}".replace("-", "−")

    def percent(self, value: object, digits: int = 1) -> str:
        """Write a share as percent."""
        number = finite(value)
        return self.say("missing") if number is None else self.number(number * 100, digits) + "%"

    def signed_percent(self, value: object) -> str:
        """Write a change with its sign."""
        number = finite(value)
        plus = "+" if number is not None and round(number * 100, 1) > 0 else ""
        return plus + self.percent(number)

    def amount(self, value: object, currency: object) -> str:
        """Write money with its currency, where that is known."""
        written = self.number(value, 2)
        return f"{currency} {written}" if currency and finite(value) is not None else written

    def ranged(self, block: Mapping[str, Any], key: str) -> str:
        """Write a figure with its interval, where there is one."""
        value, low, high = (self.number(block.get(key + end)) for end in ("", "_low", "_high"))
        if finite(block.get(f"{key}_low")) is None or finite(block.get(f"{key}_high")) is None:
            return value
        return self.say("range", value=value, low=low, high=high)

    def localised(self, said: object) -> str:
        """Give a text that is kept in both languages in this one."""
        if isinstance(said, Mapping):
            said = said.get(self.language)
        return said if isinstance(said, str) and said else self.say("missing")


def finite(value: object) -> float | None:
    """Give a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def mapping(value: object) -> Mapping[str, Any]:
    """Give a mapping, empty for anything else: older models lack some of them."""
    return value if isinstance(value, Mapping) else {}
