"""From arrays to the files a distributor's systems would export, and the truth beside them.

In: accounts, orders, events, calls, words. Out: pandas frames. Not here: draws, names apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.simulation._distributor_accounts import CAUSES, NAMES, Accounts, Floats, Whole, stream_of
from patron.simulation._distributor_events import KINDS, OUTCOMES, TICKET, Calls, Events
from patron.simulation._distributor_orders import Lines, Orders
from patron.simulation._distributor_words import CATEGORY_CODES, Words

Times = NDArray[np.datetime64]
_ACQUISITION, _SERVICE = (150.0, 400.0, 1500.0), (60.0, 180.0, 700.0)  # own money, by size
_UNKNOWN_COST_SHARE = 0.1
_TRUTH_AHEAD_WEEKS = 52.0  # the truth tells who leaves within a year after the end
_LEAST_DIGITS = 4


def account_ids(accounts: int) -> NDArray[np.object_]:
    """SIM-0001, SIM-0002, ...: as many digits for everybody, so that they sort by number."""
    digits = max(_LEAST_DIGITS, len(str(accounts)))
    return np.array([f"SIM-{number:0{digits}d}" for number in range(1, accounts + 1)], dtype=object)


def orders_frame(
    lines: Lines, orders: Orders, ids: NDArray[np.object_], start: date, words: Words
) -> pd.DataFrame:
    """Write the order lines, by day and order."""
    sold = lines.quantity > 0
    first_day = np.full(orders.who.size, np.iinfo(np.int64).max)
    np.minimum.at(first_day, lines.order[sold], lines.day[sold])
    by_time = np.lexsort((orders.who, first_day))
    number = np.empty(by_time.size, dtype=np.int64)
    number[by_time] = np.arange(1, by_time.size + 1)
    returned = np.flatnonzero(~sold)
    document = number[lines.order]
    document[returned] = -np.arange(1, returned.size + 1)
    wanted = np.lexsort((lines.product, lines.category, np.abs(document), document < 0, lines.day))
    codes = np.array([[f"{code}-{n + 1:02d}" for n in range(8)] for code in CATEGORY_CODES], dtype=object)
    return pd.DataFrame(
        {
            "customer_id": ids[orders.who[lines.order]],
            "ordered_at": _moments(lines.day, start),
            "order_id": _documents(document),
            "product_id": codes[lines.category, lines.product],
            "category": np.array(words.categories, dtype=object)[lines.category],
            "quantity": lines.quantity,
            "amount": np.round(lines.amount * words.money, 2),
            "cost": np.round(lines.cost * words.money, 2),
        }
    ).iloc[wanted].reset_index(drop=True)  # fmt: skip


def _documents(numbers: Whole) -> NDArray[np.object_]:
    """SO-000001 for an order, CN-000001 for a credit note."""
    unique, place = np.unique(numbers, return_inverse=True)
    names = [f"SO-{n:06d}" if n > 0 else f"CN-{-n:06d}" for n in unique.tolist()]
    return np.array(names, dtype=object)[place]


def _texts(texts: Sequence[str] | NDArray[np.object_], place: Whole) -> NDArray[np.object_]:
    """Look texts up; None for -1."""
    return np.array([*texts, None], dtype=object)[place]


def _moments(days: Whole, start: date) -> Times:
    """Dates; NaT for -1."""
    moments = np.datetime64(start, "D") + days.astype("timedelta64[D]")
    return np.where(days >= 0, moments.astype("datetime64[us]"), np.datetime64("NaT", "us"))


def customers_frame(accounts: Accounts, ids: NDArray[np.object_], words: Words, seed: int) -> pd.DataFrame:
    """Write the customers, and the head offices that have a row of their own."""
    stream = stream_of(seed, NAMES)
    names = _names(accounts, words, stream)
    owners = _people(accounts.owner.max() + 1, words)
    cost_known = stream.random(ids.size) >= _UNKNOWN_COST_SHARE
    spread = np.exp(stream.normal(0.0, 0.3, ids.size)) * words.money
    frame = pd.DataFrame(
        {
            "customer_id": ids,
            "name": names,
            "industry": np.array(words.industries, dtype=object)[accounts.industry],
            "size": np.array(words.sizes, dtype=object)[accounts.size],
            "country": words.country,
            "town": np.array(words.towns, dtype=object)[accounts.town],
            "owner": _texts(owners, accounts.owner),
            "parent_id": _parents(accounts, ids),
            "acquisition_cost": np.where(
                cost_known, np.round(np.array(_ACQUISITION)[accounts.size] * spread), np.nan
            ),
            "annual_service_cost": np.round(np.array(_SERVICE)[accounts.size] * words.money),
        }
    )
    offices = _head_offices(accounts, names, owners, words)
    return frame if offices.empty else pd.concat([frame, offices], ignore_index=True)


def _names(accounts: Accounts, words: Words, stream: np.random.Generator) -> NDArray[np.object_]:
    """Make up a name for everybody; the sites of a group share one."""
    n = accounts.size.size
    stem, after = stream.integers(0, len(words.stems), n), stream.integers(0, len(words.stems_after), n)
    noun = stream.integers(0, 3, n)
    names = np.empty(n, dtype=object)
    rows = zip(stem.tolist(), after.tolist(), noun.tolist(), accounts.industry.tolist(),
               accounts.town.tolist(), strict=True)  # fmt: skip
    for row, (first, second, third, industry, town) in enumerate(rows):
        names[row] = words.name_form.format(
            stem=words.stems[first], after=words.stems_after[second], noun=words.nouns[industry][third],
            town=words.towns[town],
        )  # fmt: skip
    heads = np.flatnonzero((accounts.group >= 0) & (accounts.group_place == 0))
    head_name = dict(zip(accounts.group[heads].tolist(), names[heads].tolist(), strict=True))
    for row in np.flatnonzero(accounts.group >= 0).tolist():
        town = words.towns[accounts.town[row]]
        names[row] = words.site_form.format(name=head_name[accounts.group[row]], town=town)
    return names


def _people(number: int, words: Words) -> NDArray[np.object_]:
    """Name the account managers, all differently."""
    given, family = words.given_names, words.surnames
    people = [
        words.person_form.format(
            given=given[k % len(given)], surname=family[(k * 5 + k // len(given)) % len(family)]
        )
        for k in range(number)
    ]
    twice = {name for name in people if people.count(name) > 1}
    return np.array([f"{p} {k + 1}" if p in twice else p for k, p in enumerate(people)], dtype=object)


def _parents(accounts: Accounts, ids: NDArray[np.object_]) -> NDArray[np.object_]:
    """Point sites at their head: a site that orders itself, or an office with or without a row (in turn).

    In a group with an office that has a row, the last site belongs to the first, which belongs to the office.
    """
    parent: NDArray[np.object_] = _texts((), np.full(ids.size, -1))
    last = np.zeros(accounts.group.max() + 1 if ids.size else 0, dtype=np.int64)
    grouped = np.flatnonzero(accounts.group >= 0)
    np.maximum.at(last, accounts.group[grouped], accounts.group_place[grouped])
    head = {int(accounts.group[r]): ids[r] for r in grouped.tolist() if accounts.group_place[r] == 0}
    for row in grouped.tolist():
        group, place = int(accounts.group[row]), int(accounts.group_place[row])
        office = f"SIM-G{group + 1:03d}"
        if group % 3 == 0:
            parent[row] = None if place == 0 else head[group]
        elif group % 3 == 1:
            parent[row] = head[group] if 0 < place == last[group] else office
        else:
            parent[row] = office
    return parent


def _head_offices(
    accounts: Accounts, names: NDArray[np.object_], owners: NDArray[np.object_], words: Words
) -> pd.DataFrame:
    """Write head offices that order nothing themselves but are known: of every third group."""
    rows = []
    for row in np.flatnonzero((accounts.group % 3 == 1) & (accounts.group_place == 0)).tolist():
        rows.append(
            {
                "customer_id": f"SIM-G{accounts.group[row] + 1:03d}",
                "name": words.group_form.format(name=names[row].split(", ")[0].split("（")[0]),
                "industry": words.industries[accounts.industry[row]],
                "size": words.sizes[2],
                "country": words.country,
                "town": words.towns[accounts.town[row]],
                "owner": _texts(owners, accounts.owner[[row]])[0],
                "parent_id": None,
                "acquisition_cost": np.nan,
                "annual_service_cost": np.nan,
            }
        )
    return pd.DataFrame(rows).sort_values("customer_id") if rows else pd.DataFrame(rows)


def events_frame(events: Events, ids: NDArray[np.object_], start: date, words: Words) -> pd.DataFrame:
    """Write the events, by day."""
    shift = np.where(events.kind == TICKET, 0, len(words.ticket_topics))
    topic = np.where(events.topic >= 0, events.topic + shift, -1)
    frame = pd.DataFrame(
        {
            "customer_id": ids[events.who],
            "happened_at": _moments(events.day, start),
            "kind": np.array(KINDS, dtype=object)[events.kind],
            "value": events.value,
            "known_at": _moments(events.known_day, start),
            "closed_at": _moments(events.closed_day, start),
            "topic": _texts((*words.ticket_topics, *words.complaint_topics), topic),
            "respondent": _texts(words.contacts, events.respondent),
        }
    )
    return frame.sort_values(["happened_at", "customer_id", "kind", "value"], ignore_index=True)


def actions_frame(
    calls: Calls, accounts: Accounts, ids: NDArray[np.object_], start: date, words: Words
) -> pd.DataFrame:
    """Write the action log, by day; one call per account and day."""
    reasons = _texts((), np.full(calls.who.size, -1))
    texts = ((calls.outcome == 2, words.dismissals), (calls.outcome == 3, words.losses))
    for some, said in texts:
        reasons[some] = np.array(said, dtype=object)[calls.reason[some]]
    until = np.where(calls.snoozed_days > 0, calls.day + calls.snoozed_days, -1)
    owners = _people(accounts.owner.max() + 1, words)
    frame = pd.DataFrame(
        {
            "customer_id": ids[calls.who],
            "happened_at": _moments(calls.day, start),
            "owner": _texts(owners, accounts.owner[calls.who]),
            "action": np.array(words.actions, dtype=object)[calls.action],
            "outcome": np.array(OUTCOMES, dtype=object)[calls.outcome],
            "reason": reasons,
            "snoozed_until": _moments(until, start),
        }
    ).drop_duplicates(["customer_id", "happened_at"])
    return frame.sort_values(["happened_at", "customer_id"], ignore_index=True)


def truth_frame(
    accounts: Accounts, ids: NDArray[np.object_], start: date, weeks: float, words: Words
) -> pd.DataFrame:
    """Write what no system knows."""
    until = weeks + _TRUTH_AHEAD_WEEKS

    def days(week: Floats) -> Times:
        known = week < until
        return _moments(
            np.where(known, np.floor(np.where(known, week, 0.0) * 7.0), -1).astype(np.int64), start
        )

    leaves, stopped = accounts.left_week < until, accounts.stopped_week < weeks
    return pd.DataFrame(
        {
            "customer_id": ids,
            "first_order_on": days(accounts.arrival_week),
            "usual_gap_days": accounts.usual_gap_weeks * 7.0,
            "mean_order_value": accounts.mean_value * words.money,
            "left_on": days(accounts.left_week),
            "fades_from": days(accounts.fades_week),
            "leaves_because": _texts(CAUSES, np.where(leaves, accounts.cause, -1)),
            "leaving_per_year": accounts.leaving_per_year,
            "stopped_category": _texts(words.categories, np.where(stopped, accounts.stopped_category, -1)),
            "stopped_category_on": days(np.where(stopped, accounts.stopped_week, np.inf)),
            "mean_satisfaction": accounts.satisfaction,
        }
    )
