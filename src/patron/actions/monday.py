"""A week's lists: calls, win back, where everybody else is, what was won; of everybody or of one owner.

In:  scores, the terms of a call, what stands beside the scores, what was won.
Out: a `Monday` record.
Not here: how each list is made (`worklist`, `win_back`), files (`files`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from patron.actions.accounts import Beside, day_of_scores, texts_by_customer
from patron.actions.win_back import judged_win_back, listed_win_back
from patron.actions.won import Won
from patron.actions.worklist import CallTerms, count_left_off, judged_calls, listed_calls


@dataclass(frozen=True)
class Facts:
    """What a reader should know about the lists as a whole.

    Parameters
    ----------
    as_of : date
        Day of the lists.
    model : str
        What scored.
    currency : str or None
        ISO code of all money.
    horizon_months : int
        How far ahead value is counted.
    terms : CallTerms
        Save rate, cost, capacity.
    language : str
        ``en`` or ``zh``.
    is_simulated : bool
        The customers and orders are made up.
    """

    as_of: date
    model: str
    currency: str | None
    horizon_months: int
    terms: CallTerms
    language: str
    is_simulated: bool = False


@dataclass(frozen=True)
class Monday:
    """A week's lists.

    Parameters
    ----------
    facts : Facts
        Day, model, terms.
    judged, judged_back : pandas.DataFrame
        Of `judged_calls` and `judged_win_back`: every candidate with why it is left off.
    won : Won
        Of `actions.accounts_won`: the accounts that ordered after a call.
    owner : str or None
        Whose lists these are, where they are one owner's.
    is_of_one_owner : bool
        Whether they are one owner's; with `owner` None: of the accounts without an owner.
    """

    facts: Facts
    judged: pd.DataFrame
    judged_back: pd.DataFrame
    won: Won
    owner: str | None = None
    is_of_one_owner: bool = False

    @property
    def calls(self) -> pd.DataFrame:
        """The worklist."""
        return listed_calls(self.judged)

    @property
    def win_back(self) -> pd.DataFrame:
        """The win-back list."""
        return listed_win_back(self.judged_back)

    @property
    def counts(self) -> dict[str, int]:
        """Where every candidate of the worklist is."""
        return count_left_off(self.judged)

    @property
    def counts_back(self) -> dict[str, int]:
        """Where every candidate of the win-back list is."""
        return count_left_off(self.judged_back)


def monday(
    scores: pd.DataFrame,
    terms: CallTerms,
    beside: Beside,
    won: Won,
    *,
    is_simulated: bool = False,
) -> Monday:
    """Make both lists of a day.

    Parameters
    ----------
    scores : pandas.DataFrame, shape (n, ...)
        Score rows of one day.
    terms, beside
        As in `worklist`.
    won : Won
        Of `actions.accounts_won`.
    is_simulated : bool
        As in `Facts`.

    Returns
    -------
    Monday
    """
    first = scores.iloc[0]
    facts = Facts(
        as_of=day_of_scores(scores),
        model=str(first["model"]) if "model" in first else "",
        currency=first["currency"] if isinstance(first.get("currency"), str) else None,
        horizon_months=int(first.get("clv_horizon_months", 12)),
        terms=terms,
        language=beside.language,
        is_simulated=is_simulated,
    )
    return Monday(
        facts,
        judged_calls(scores, terms, beside),
        judged_win_back(scores, terms, beside),
        won,
    )


def owner_by_customer(attributes: pd.DataFrame | None) -> dict[str, str]:
    """Return who owns each account; accounts without an owner are left out."""
    return texts_by_customer(attributes, "owner")


def owners_of(found: Monday, owners: Mapping[str, str]) -> list[str | None]:
    """Return everybody who gets a file: each owner of an account, and None where accounts have none.

    Owners without anything to do this week get an empty list, so that last week's does not stay on top.

    Parameters
    ----------
    found : Monday
        Of everybody.
    owners : mapping
        Of `owner_by_customer`.

    Returns
    -------
    list of str or None
        Sorted, None last.
    """
    listed = {*found.judged["customer_id"], *found.judged_back["customer_id"]}
    has_nobodys = bool(listed - owners.keys())
    return [*sorted(set(owners.values())), *([None] if has_nobodys else [])]


def of_owner(found: Monday, owner: str | None, owners: Mapping[str, str]) -> Monday:
    """Keep what is one owner's: its accounts, its counts, what was won with its accounts.

    Parameters
    ----------
    found : Monday
        Of everybody.
    owner : str or None
        None keeps the accounts without an owner.
    owners : mapping
        Of `owner_by_customer`: whose an account is today decides, not who once called it.

    Returns
    -------
    Monday
        Ranks are those within the owner; a buying group named after somebody else's account is left blank.
    """
    # an account that nobody knows any more is nobody's
    called = {*found.won.customers_called, *found.won.rows["customer_id"]}
    own = {customer for customer in called if owners.get(customer) == owner}
    listed = {*found.judged["customer_id"], *found.judged_back["customer_id"]}
    return replace(
        found,
        judged=_kept(found.judged, owner, owners, listed),
        judged_back=_kept(found.judged_back, owner, owners, listed),
        won=found.won.among(own),
        owner=owner,
        is_of_one_owner=True,
    )


def _kept(
    judged: pd.DataFrame, owner: str | None, owners: Mapping[str, str], listed: set[str]
) -> pd.DataFrame:
    is_own = judged["owner"].isna() if owner is None else judged["owner"] == owner
    rows = judged[is_own].reset_index(drop=True)
    groups = [
        None if (group in owners or group in listed) and owners.get(group) != owner else group
        for group in rows["group_id"]
    ]
    return rows.assign(group_id=pd.Series(groups, index=rows.index, dtype=object))
