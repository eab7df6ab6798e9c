"""YAML text -> plain values, stricter than YAML itself.

In:  text.
Out: values, and a problem for every key that is given twice.
Not here: what the keys mean (`schema`).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.twice: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Note keys that are given twice; YAML would keep the last one without a word."""
        first: dict[str, int] = {}
        for key, _ in node.value:
            line, word = key.start_mark.line + 1, str(key.value)
            if word in first:
                self.twice.append(
                    f"'{word}' is given twice, in lines {first[word]} and {line}; keep one of them."
                )
            first.setdefault(word, line)
        return super().construct_mapping(node, deep)

    def construct_day(self, node: yaml.ScalarNode) -> Any:
        """Read a date; one that is not in the calendar stays text, for the setting to complain about."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return self.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_day)


def read_yaml(text: str) -> tuple[Any, list[str]]:
    """Read one document.

    Raises
    ------
    ValueError
        With the line, if the text is not YAML.
    """
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        return loader.get_single_data(), list(dict.fromkeys(loader.twice))
    except yaml.YAMLError as error:
        raise ValueError(_where(error)) from None
    finally:
        if loader is not None:
            loader.dispose()


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    what = getattr(error, "problem", None) or "unexpected text"
    return f"line {mark.line + 1}, column {mark.column + 1}: {what}"
