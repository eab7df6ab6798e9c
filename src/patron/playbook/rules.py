"""Who the customer is -> what to do, in words; the first rule that fits counts.

In:  a score row or a frame of them, a language.
Out: one sentence per customer, empty where no rule fits and for excluded customers.
Not here: reading YAML (`load`), whom to call first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from patron.playbook._check import checked_rules

if TYPE_CHECKING:
    import pandas as pd

REASON_COLUMNS = ("reason_1_code", "reason_2_code", "reason_3_code")


@dataclass(frozen=True)
class Rule:
    """Conditions and what to do when all of them hold.

    Parameters
    ----------
    when : mapping of str to tuple of str
        Condition -> the values that fulfil it.
    action : mapping of str to str
        Language -> sentence.
    """

    when: Mapping[str, tuple[str, ...]]
    action: Mapping[str, str]

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether all conditions hold for a score row; null fulfils none."""
        return all(
            any(_is_one_of(row.get(c), values) for c in _columns(key)) for key, values in self.when.items()
        )

    def text(self, language: str) -> str:
        """Give the sentence in a language, else in English, else in the language there is."""
        return self.action.get(language) or self.action.get("en") or next(iter(self.action.values()))


@dataclass(frozen=True)
class Playbook:
    """Rules in their order.

    Parameters
    ----------
    rules : tuple of Rule
        The first one that fits counts.
    warnings : tuple of str
        What a reader should know, such as a missing translation.
    """

    rules: tuple[Rule, ...]
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Playbook:
        """Build a playbook from plain values; needs no YAML.

        Parameters
        ----------
        content : mapping
            ``{"rules": [{"when": {"tier": "at_risk"}, "action": {"en": "...", "zh": "..."}}, ...]}``; a
            condition takes one value or a list, an action one text for all languages or one per language.

        Returns
        -------
        Playbook
            Checked.

        Raises
        ------
        ConfigError
            With all problems at once: unknown keys or values, missing texts, rules that can never fit.

        Examples
        --------
        >>> book = Playbook.from_dict({"rules": [{"when": {"tier": "at_risk"}, "action": "Call."}]})
        >>> book.action({"tier": "at_risk", "status": "scored"}), book.action({"tier": "standard"})
        ('Call.', '')
        """
        checked, warnings = checked_rules(content)
        return cls(tuple(Rule(when, action) for when, action in checked), tuple(warnings))

    def to_dict(self) -> dict[str, Any]:
        """Give plain values that `from_dict` takes."""
        return {
            "rules": [
                {
                    "when": {key: list(values) for key, values in rule.when.items()},
                    "action": dict(rule.action),
                }
                for rule in self.rules
            ]
        }

    def action(self, row: Mapping[str, Any], language: str = "en") -> str:
        """Say what to do with one customer.

        Parameters
        ----------
        row : mapping
            A score row; columns that are missing count as null.
        language : str
            ``en`` or ``zh``.

        Returns
        -------
        str
            Empty if no rule fits or the customer is excluded.
        """
        if row.get("status") == "excluded":
            return ""
        return next((rule.text(language) for rule in self.rules if rule.fits(row)), "")

    def actions(self, frame: pd.DataFrame, language: str = "en") -> list[str]:
        """Say what to do with each customer of a frame.

        Parameters
        ----------
        frame : DataFrame, one row per customer
            Score rows; columns that are missing count as null.
        language : str
            ``en`` or ``zh``.

        Returns
        -------
        list of str
            In the order of the rows; the same as `action` row by row.
        """
        chosen = np.full(len(frame), "", dtype=object)
        free = ~_holds(frame, "status", ("excluded",))
        for rule in self.rules:
            fits = free.copy()
            for key, values in rule.when.items():
                fits &= np.logical_or.reduce([_holds(frame, column, values) for column in _columns(key)])
            chosen[fits] = rule.text(language)
            free &= ~fits
        return [str(text) for text in chosen]


def _columns(condition: str) -> tuple[str, ...]:
    return REASON_COLUMNS if condition == "reason" else (condition,)


def _is_one_of(value: object, values: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value in values  # pandas' NA cannot be compared


def _holds(frame: pd.DataFrame, column: str, values: tuple[str, ...]) -> NDArray[np.bool_]:
    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(frame[column].isin(list(values)).to_numpy(dtype=bool))
