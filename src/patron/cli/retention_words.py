"""What `patron retention` says on the screen, in English and Chinese.

In:  `retention_en.json`, `retention_zh.json`. Out: `WORDS`.
Not here: the figures (`retention_report`), the report's own words (`patron.reports`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files


def _table(language: str) -> dict[str, str]:
    text = files("patron.cli").joinpath(f"retention_{language}.json").read_text(encoding="utf-8")
    return {str(key): str(said) for key, said in json.loads(text).items()}


#: Language -> key -> text; "heads" holds the headings, divided by "|".
WORDS: dict[str, Mapping[str, str]] = {language: _table(language) for language in ("en", "zh")}
