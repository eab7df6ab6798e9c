"""Who the customer is -> what to do, in words; the first rule that fits counts.

In:  a score row or a frame of them, a language.
Out: what to do, what to say, who does it and within how many days; empty where no rule fits and for excluded
customers.
Not here: reading YAML (`load`), whom to call first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from patron.playbook._check import checked_rules

if TYPE_CHECKING:
    import pandas as pd

#: Columns of score rows.
Columns: TypeAlias = "pd.DataFrame | Mapping[str, NDArray[Any]]"
REASON_COLUMNS = ("reason_1_code", "reason_2_code", "reason_3_code")


@dataclass(frozen=True)
class Rule:
    """Conditions and what to do when all of them hold.

    Parameters
    ----------
    when : mapping of str to tuple of str
        Condition -> the values that fulfil it.
    action : mapping of str to str
        Language -> what to do.
    say : mapping of str to str
        Language -> what to say to the customer; empty without.
    done_by : mapping of str to str
        Language -> the role that does it; empty without.
    within_days : int or None
        Days until it must be done.
    """

    when: Mapping[str, tuple[str, ...]]
    action: Mapping[str, str]
    say: Mapping[str, str] = field(default_factory=dict)
    done_by: Mapping[str, str] = field(default_factory=dict)
    within_days: int | None = None

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether all conditions hold for a score row; null fulfils none."""
        return all(
            any(_is_one_of(row.get(c), values) for c in _columns(key)) for key, values in self.when.items()
        )

    def text(self, language: str) -> str:
        """Give the action in a language, else in English, else in the language there is."""
        return in_language(self.action, language)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values; parts that are not there are left out."""
        more = {"say": dict(self.say), "done_by": dict(self.done_by), "within_days": self.within_days}
        return {
            "when": {key: list(values) for key, values in self.when.items()},
            "action": dict(self.action),
            **{key: value for key, value in more.items() if value not in ({}, None)},
        }


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
    def from_dict(cls, content: Mapping[str, Any], *, tries_customers: bool = True) -> Playbook:
        """Build a playbook from plain values; needs no YAML.

        Parameters
        ----------
        content : mapping
            ``{"rules": [{"when": {"tier": "at_risk"}, "action": {"en": "...", "zh": "..."}}, ...]}``; a
            condition takes one value or a list, an action one text for all languages or one per language.
            A rule may have ``say`` and ``done_by`` (texts like the action) and ``within_days`` (>= 0).
        tries_customers : bool
            Whether to look for rules that can never fit by trying every kind of customer: a help for whoever
            writes a playbook, which takes its time.

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
        checked, warnings = checked_rules(content, tries_customers=tries_customers)
        return cls(tuple(Rule(*rule) for rule in checked), tuple(warnings))

    def to_dict(self) -> dict[str, Any]:
        """Give plain values that `from_dict` takes."""
        return {"rules": [rule.to_dict() for rule in self.rules]}

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
        number = self._rule_of(row)
        return "" if number < 0 else self.rules[number].text(language)

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
        return [str(text) for text in self.actions_of(frame, len(frame), language)]

    def actions_of(self, columns: Columns, rows: int, language: str = "en") -> NDArray[Any]:
        """Say what to do with each customer of arrays.

        Parameters
        ----------
        columns : mapping of str to array, or DataFrame
            Columns of score rows, shape (rows,) each; those that are missing count as null.
        rows : int
            Number of customers.
        language : str
            ``en`` or ``zh``.

        Returns
        -------
        ndarray of object, shape (rows,)
        """
        texts = [*(rule.text(language) for rule in self.rules), ""]
        return np.array(texts, dtype=object)[self._first_fits(columns, rows)]

    def choose(self, frame: pd.DataFrame, language: str = "en") -> pd.DataFrame:
        """Say everything the playbook knows about what to do with each customer of a frame.

        Parameters
        ----------
        frame : DataFrame, one row per customer
            Score rows; columns that are missing count as null.
        language : str
            ``en`` or ``zh``.

        Returns
        -------
        DataFrame, shape (n, 4)
            On the frame's index: ``action``, ``say``, ``done_by`` (text, empty without) and ``within_days``
            (float, missing without).

        Examples
        --------
        >>> import pandas as pd
        >>> book = Playbook.from_dict({"rules": [{"when": {}, "action": "Call.", "within_days": 3}]})
        >>> book.choose(pd.DataFrame({"customer_id": ["07"]})).to_dict("records")
        [{'action': 'Call.', 'say': '', 'done_by': '', 'within_days': 3.0}]
        """
        import pandas as pd

        numbers = self._first_fits(frame, len(frame))
        texts = {
            name: [*(in_language(getattr(rule, name), language) for rule in self.rules), ""]
            for name in ("action", "say", "done_by")
        }
        days = [*(np.nan if rule.within_days is None else rule.within_days for rule in self.rules), np.nan]
        chosen: dict[str, Any] = {name: np.array(said, dtype=object)[numbers] for name, said in texts.items()}
        return pd.DataFrame(
            chosen | {"within_days": np.array(days, dtype=np.float64)[numbers]}, index=frame.index
        )

    def _first_fits(self, columns: Columns, rows: int) -> NDArray[np.int64]:
        """Return the position of each customer's rule, -1 where none fits.

        Rules look at a few columns of few values: each combination that occurs is asked once.
        """
        if rows == 0:
            return np.empty(0, dtype=np.int64)
        asked = dict.fromkeys(c for rule in self.rules for key in rule.when for c in _columns(key))
        names = [name for name in ("status", *asked) if name in columns]
        if rows == 1:
            only = {name: np.asarray(columns[name], dtype=object)[0] for name in names}
            return np.array([self._rule_of(only)], dtype=np.int64)
        import pandas as pd

        combination, values = np.zeros(rows, dtype=np.int64), []
        for name in dict.fromkeys(names):
            codes, known = pd.factorize(np.asarray(columns[name], dtype=object))
            # -1 is what is missing; combinations are numbered anew, so that the number stays small
            combination, _ = pd.factorize(combination * (len(known) + 1) + codes + 1)
            values.append((name, codes, known))
        _, first, place = np.unique(combination, return_index=True, return_inverse=True)
        chosen = [
            self._rule_of({name: known[codes[at]] for name, codes, known in values if codes[at] >= 0})
            for at in first
        ]
        return np.array(chosen, dtype=np.int64)[place]

    def _rule_of(self, row: Mapping[str, Any]) -> int:
        if row.get("status") == "excluded":
            return -1
        return next((number for number, rule in enumerate(self.rules) if rule.fits(row)), -1)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Give a text in a language, else in English, else in the language there is; empty without any.

    Examples
    --------
    >>> in_language({"zh": "致电。"}, "en"), in_language({}, "en")
    ('致电。', '')
    """
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def _columns(condition: str) -> tuple[str, ...]:
    return REASON_COLUMNS if condition == "reason" else (condition,)


def _is_one_of(value: object, values: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value in values  # pandas' NA cannot be compared
