"""The worklist: whom to call this week, ranked by risk x value in money, as many per owner as it can call.

In:  scores and what stands beside them, the terms of a call.
Out: one row per account in rank order, or one row per candidate with the reason why it is left off.
Not here: lapsed customers (`win_back`), files (`files`), what was done before (`memory`).

Risk x value = save rate x ``value_at_risk`` - cost of a call. The save rate is an assumption until a campaign
with a control group has measured it, by tier or, where it supports that, by account (`MeasuredRates`); only
then is it called an effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from patron.actions.accounts import NOTHING, Beside, accounts, day_of_scores, deadlines
from patron.actions.capacity import ranked_within_owner
from patron.actions.columns import OUTCOME_COLUMNS, WORKLIST_COLUMNS
from patron.actions.due import call_days
from patron.actions.recall import with_memory

#: Why a candidate is left off, the first that holds; codes of `memory` come before them.
NO_VALUE, NOT_DUE, NO_GAIN, OVER_CAPACITY = "no_value", "not_due", "no_gain", "over_capacity"
#: Places in the sum: candidates = on the list + all of these.
REASONS_LEFT_OFF = (
    *(OVER_CAPACITY, NOT_DUE, "control", "cooldown", "snoozed", "dismissed", "lost"),
    *(NO_GAIN, NO_VALUE),
)
CANDIDATE_STATUSES = ("scored", "new")


@dataclass(frozen=True)
class MeasuredRates:
    """Save rates that a campaign with a control group has measured: mean, low and high of each.

    Parameters
    ----------
    campaign : str
        Its name.
    ended_on : date
        The day after its window.
    by_tier : mapping
        Tier -> mean, low, high.
    others : tuple of float
        Of all accounts: for tiers that were not in it.
    by_customer : mapping or None
        Customer -> rate, predicted from its features, where the campaign supports a ranking by uplift; it
        goes before the tier's.
    """

    campaign: str
    ended_on: date
    by_tier: Mapping[str, tuple[float, float, float]]
    others: tuple[float, float, float]
    by_customer: Mapping[str, float] | None = None

    def of(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the rate of each account (``customer_id``, ``tier``): its own, else the mean of its tier."""
        own = self.by_customer or {}
        pairs = zip(rows["customer_id"], rows["tier"], strict=True)
        rates = [own.get(str(who), self.by_tier.get(str(tier), self.others)[0]) for who, tier in pairs]
        return np.array(rates, dtype=np.float64)


@dataclass(frozen=True)
class CallTerms:
    """What a call costs, saves and needs.

    Parameters
    ----------
    save_rate : float
        Share of customers about to leave whom a call keeps, 0 to 1.
    cost : float
        Of one call, currency.
    capacity : int
        Calls per owner.
    due_days : int
        How many days the list is for.
    cooldown_days : int
        How long a called account stays off, unless its risk worsens.
    measured : MeasuredRates or None
        Takes the place of ``save_rate`` once a campaign was read out.
    """

    save_rate: float = 0.2
    cost: float = 0.0
    capacity: int = 20
    due_days: int = 7
    cooldown_days: int = 28
    measured: MeasuredRates | None = None


#: The terms of an untouched config.
USUAL_TERMS = CallTerms()


def worklist(scores: pd.DataFrame, terms: CallTerms = USUAL_TERMS, beside: Beside = NOTHING) -> pd.DataFrame:
    """Make the ranked list of this week's calls.

    Parameters
    ----------
    scores : pandas.DataFrame, shape (n, ...)
        Score rows of one day, reasons in the language of the list.
    terms : CallTerms
        Save rate, cost, capacity.
    beside : Beside
        Attributes, the action log and whatever else is known.

    Returns
    -------
    pandas.DataFrame
        `WORKLIST_COLUMNS` in rank order; dates are `datetime.date`, money is in currency units, codes stay
        codes. The sum of ``risk_x_value`` is the largest possible within capacity. ``attrs["left_off"]``
        counts: candidates = on_list + every other reason.

    Examples
    --------
    >>> scores = pd.DataFrame({"customer_id": ["07", "08"], "as_of": "2024-07-01", "status": "scored",
    ...     "value_at_risk": [100.0, 400.0], "tier": "standard"})
    >>> calls = worklist(scores, CallTerms(save_rate=0.25, cost=30))
    >>> calls[["customer_id", "risk_x_value"]].values.tolist(), calls.attrs["left_off"]["no_gain"]
    ([['08', 70.0]], 1)
    """
    return listed_calls(judged_calls(scores, terms, beside))


def listed_calls(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the accounts on the list out of `judged_calls`."""
    return listed(judged, WORKLIST_COLUMNS)


def listed(judged: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return the accounts on a list in rank order, with the count of everybody in ``attrs["left_off"]``."""
    rows = judged[judged["left_off"].isna()].reset_index(drop=True)
    rows = rows.assign(rank=np.arange(1, len(rows) + 1, dtype=np.int64)).reindex(columns=list(columns))
    rows.attrs["left_off"] = count_left_off(judged)
    return rows


def judged_calls(
    scores: pd.DataFrame, terms: CallTerms = USUAL_TERMS, beside: Beside = NOTHING
) -> pd.DataFrame:
    """Judge every candidate: customers who have ordered and not lapsed.

    One without a ``value_at_risk`` (the label ``decline`` needs a year of orders) cannot be ranked in money;
    it is left off as ``no_value``, so that nobody is missing from the sum.

    Parameters
    ----------
    scores, terms, beside
        As in `worklist`.

    Returns
    -------
    pandas.DataFrame
        Every candidate once, sorted by ``risk_x_value`` and ``customer_id``: the columns of the list but
        ``rank``, and ``left_off`` (None: on the list; else one of `REASONS_LEFT_OFF`), ``left_off_detail``
        (the reason given when it was dismissed).
    """
    rows = accounts(scores[scores["status"].isin(CANDIDATE_STATUSES)], beside)
    as_of = day_of_scores(scores) if len(scores) else None
    if as_of is None or rows.empty:
        return _nobody()
    notes = rows["note"].tolist() if "note" in rows else [None] * len(rows)
    due_on, is_due = call_days(rows["next_order_expected_on"], notes, as_of, due_days=terms.due_days)
    rows = rows.assign(due_on=due_on, deadline_on=deadlines(due_on, rows["within_days"].to_numpy()))
    rows = _with_money(rows, terms)
    rows = with_memory(rows, beside, as_of, terms.cooldown_days)
    off = rows["left_off"].where(rows["left_off"].notna(), None)
    off = off.mask(off.isna() & rows["risk_x_value"].isna(), NO_VALUE)
    off = off.mask(off.isna() & ~is_due, NOT_DUE)
    off = off.mask(off.isna() & ~(rows["risk_x_value"] > 0), NO_GAIN)
    return within_capacity(rows.assign(left_off=off), "risk_x_value", terms.capacity)


def within_capacity(rows: pd.DataFrame, gain: str, capacity: int) -> pd.DataFrame:
    """Rank the accounts that nothing keeps off, and leave off those beyond each owner's capacity.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n, ...)
        With ``customer_id``, ``owner``, ``left_off`` (None where nothing keeps it off) and `gain`.
    gain : str
        Column to rank by.
    capacity : int
        Places per owner.

    Returns
    -------
    pandas.DataFrame, shape (n, ...)
        Sorted by `gain` and ``customer_id``, with ``owner_rank`` (missing where left off) and the outcome
        columns, empty.
    """
    is_free = rows["left_off"].isna()
    ranked = ranked_within_owner(rows[is_free], gain)
    ranked["left_off"] = ranked["left_off"].mask(ranked["owner_rank"] > capacity, OVER_CAPACITY)
    rest = rows[~is_free].assign(owner_rank=0)
    parts = [part for part in (ranked, rest) if len(part)]
    judged = pd.concat(parts, ignore_index=True) if parts else ranked
    empty = {name: pd.Series([None] * len(judged), dtype=object) for name in OUTCOME_COLUMNS}
    judged = judged.assign(**empty)
    return judged.sort_values([gain, "customer_id"], ascending=[False, True], ignore_index=True)


def count_left_off(judged: pd.DataFrame) -> dict[str, int]:
    """Say where every candidate is.

    Parameters
    ----------
    judged : pandas.DataFrame
        With ``left_off``.

    Returns
    -------
    dict
        ``candidates``, ``on_list``, then `REASONS_LEFT_OFF`; the first is the sum of all others.
    """
    found = judged["left_off"].value_counts()
    rest = {code: int(found.get(code, 0)) for code in REASONS_LEFT_OFF}
    more = {str(code): int(n) for code, n in found.items() if code not in rest}
    return {"candidates": len(judged), "on_list": int(judged["left_off"].isna().sum()), **rest, **more}


def _with_money(rows: pd.DataFrame, terms: CallTerms) -> pd.DataFrame:
    """Add risk x value with its interval; it and value at risk are rounded to hundredths, like other money.

    The interval scales ``value_at_risk`` by ``clv_low`` and ``clv_high`` over ``clv``: it holds what is not
    known about the value, not what is not known about the chance of leaving or the save rate. Where the mean
    lies outside its own 80 % interval (a long tail), the interval is widened to hold it; it is missing
    without a positive ``clv``.
    """
    value = pd.to_numeric(rows["value_at_risk"]).to_numpy(dtype=np.float64, na_value=np.nan)
    rate = terms.save_rate if terms.measured is None else terms.measured.of(rows)
    gain = rate * value - terms.cost
    money = {"risk_x_value": np.round(gain, 2), "value_at_risk": np.round(value, 2)}
    names = ("clv", "clv_low", "clv_high")
    if all(name in rows for name in names):
        clv, low, high = (rows[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names)
        for name, end, widen in (("low", low, np.minimum), ("high", high, np.maximum)):
            share = np.divide(end, clv, out=np.full(len(rows), np.nan), where=clv > 0)
            money[f"risk_x_value_{name}"] = np.round(widen(rate * value * share - terms.cost, gain), 2)
    return rows.assign(**money)


def _nobody() -> pd.DataFrame:
    return pd.DataFrame(
        {name: [] for name in (*WORKLIST_COLUMNS, "left_off", "left_off_detail")}, dtype=object
    )
