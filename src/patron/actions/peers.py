"""What customers of the same industry and size buy, and this one does not: something to offer.

In:  customer tables with attributes, a day.
Out: the items with most support per customer, with the margin to expect.
Not here: whether the peers know better than plain popularity (`product_trial`), baskets, prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from patron.actions.items import YEAR_DAYS, in_pandas, items_of, kind_of_items
from patron.snapshots import CustomerTables, History, history_before

#: The whole base counts as this many peers.
BASE_WEIGHT_PEERS = 20.0
#: Fewer peers than these say nothing about an item.
MIN_BUYERS = 3
COLUMNS = (
    "customer_id", "item", "support", "peers", "peers_who_bought", "peer_level", "expected_margin",
)  # fmt: skip
_NUMBERS = {"support": float, "peers": int, "peers_who_bought": int, "expected_margin": float}
_SIZES = 3


class Purchases(NamedTuple):
    """What was bought within a year.

    Parameters
    ----------
    pairs : pandas.DataFrame
        ``customer_id``, ``item``, ``spend`` (minor units), one row each, sorted.
    groups : dict
        What peers are -> group of each customer (text, by customer id; missing where unknown), the narrowest
        first, everybody last.
    """

    pairs: pd.DataFrame
    groups: dict[str, pd.Series[str]]


def peers_also_buy(
    tables: CustomerTables,
    as_of_day: int,
    *,
    by: str = "auto",
    top: int = 5,
    min_peers: int = 20,
    margin: float | pd.Series[float] = 1.0,
    minor_digits: int = 2,
    alike_in: Sequence[str] = ("industry", "size"),
) -> pd.DataFrame:
    """List what peers buy and a customer did not buy within the last 365 days.

    Peers are the customers with a purchase in that year who are alike in all of `alike_in`; where fewer than
    `min_peers` are, in all but the last of them, and so on up to everybody. Numbers are cut into thirds.

    Parameters
    ----------
    tables : CustomerTables
        With categories or products; attributes are those valid on the day.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    by : str
        ``categories``, ``products``, or ``auto``: categories where there are any.
    top : int
        Items per customer.
    min_peers : int
        A group below this gives way to a wider one.
    margin : float or pandas.Series
        Margin / revenue, of everybody or by customer id (`segments.margins_of`); one the series lacks has no
        margin to expect.
    minor_digits : int
        Decimals of the currency.
    alike_in : sequence of str
        Attributes, the most important first; those that are not there are passed over.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``item``, ``support`` (share of the peers who bought it within 365 days, shrunk to
        everybody's as if 20 more peers were average), ``peers``, ``peers_who_bought``, ``peer_level`` (such
        as ``industry and size``, or ``everybody``), ``expected_margin`` (currency, 12 months: support x the
        median a buying peer spent on it x margin). By customer, most support first.

    Raises
    ------
    NotEnoughData
        If the order lines name neither categories nor products.
    """
    history = history_before(tables, as_of_day)
    bought = purchases_of_a_year(history, kind_of_items(tables, by), alike_in)
    found = _suggested(bought, top, min_peers)
    share = found["customer_id"].map(margin).astype(float) if isinstance(margin, pd.Series) else margin
    return found.assign(expected_margin=found["expected_margin"] * share / 10**minor_digits)


def purchases_of_a_year(history: History, kind: str, alike_in: Sequence[str]) -> Purchases:
    """Return what every customer bought in the last 365 days, and whom it is like."""
    recent = items_of(history, kind).filter(nw.col("day") >= history.as_of_day - YEAR_DAYS)
    pairs = in_pandas(recent).groupby(["customer_id", "item"])["spend"].sum().reset_index()
    customers = pd.Index(pairs["customer_id"].unique())
    return Purchases(pairs, _groups(history.attributes, customers, alike_in))


def _groups(
    attributes: pd.DataFrame | None, customers: pd.Index, alike_in: Sequence[str]
) -> dict[str, pd.Series[str]]:
    everybody = {"everybody": pd.Series("everybody", index=customers, dtype=object)}
    if attributes is None:
        return everybody
    there = [name for name in alike_in if name in attributes]
    known = attributes.drop_duplicates("customer_id", keep="last").set_index("customer_id").reindex(customers)
    coded = {name: _codes(known[name]) for name in there}
    groups: dict[str, pd.Series[str]] = {}
    for length in range(len(there), 0, -1):
        # a separator no file holds; who lacks one of them is in no group
        parts = zip(*(coded[name] for name in there[:length]), strict=True)
        names = [None if None in part else "\x1f".join(map(str, part)) for part in parts]
        groups[" and ".join(there[:length])] = pd.Series(names, index=customers, dtype=object)
    return groups | everybody


def _codes(values: pd.Series) -> list[str | None]:
    """Return texts as they are and numbers as thirds, None where unknown."""
    known = values.notna().to_numpy()
    if known.any() and pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        values = pd.qcut(values.astype(np.float64), _SIZES, labels=False, duplicates="drop")
    return [str(value) if is_known else None for value, is_known in zip(values, known, strict=True)]


def _suggested(bought: Purchases, top: int, min_peers: int) -> pd.DataFrame:
    owned = {str(who): set(items) for who, items in bought.pairs.groupby("customer_id")["item"]}
    everywhere = bought.pairs.groupby("item").size() / max(len(owned), 1)
    left, frames = pd.Index(sorted(owned)), []
    for level, groups in bought.groups.items():
        group = groups.reindex(left).dropna()
        sizes = groups.value_counts()
        last = level == "everybody"
        enough = group[group.map(sizes) - 1 >= (1 if last else min_peers)]
        ranked = _ranked(bought.pairs, groups, sizes, everywhere)
        frames.append(_of_level(enough, ranked, owned, top).assign(peer_level=level))
        left = left.difference(enough.index)
    # a level without anybody has no types of its own
    found = pd.concat(frames, ignore_index=True).astype(_NUMBERS)
    return found.sort_values(["customer_id", "place"], ignore_index=True)[list(COLUMNS)]


def _ranked(
    pairs: pd.DataFrame, groups: pd.Series[str], sizes: pd.Series[int], everywhere: pd.Series[float]
) -> dict[str, pd.DataFrame]:
    """Rank the items of each group: support, buyers, margin to expect."""
    known = pairs.assign(group=pairs["customer_id"].map(groups)).dropna(subset=["group"])
    items = known.groupby(["group", "item"])["spend"].agg(["size", "median"]).reset_index()
    items = items[items["size"] >= MIN_BUYERS]
    peers = items["group"].map(sizes).astype(np.float64) - 1
    prior = BASE_WEIGHT_PEERS * items["item"].map(everywhere).astype(np.float64)
    support = (items["size"] + prior) / (peers + BASE_WEIGHT_PEERS)
    ranked = pd.DataFrame(
        {
            "group": items["group"],
            "item": items["item"],
            "support": support,
            "peers": peers.astype(np.int64),
            "peers_who_bought": items["size"],
            "expected_margin": support * items["median"],
        }
    ).sort_values(["group", "support", "item"], ascending=[True, False, True])
    return {str(name): frame.drop(columns="group") for name, frame in ranked.groupby("group", sort=False)}


def _of_level(
    customers: pd.Series[str], ranked: Mapping[str, pd.DataFrame], owned: Mapping[str, set[str]], top: int
) -> pd.DataFrame:
    columns = ["customer_id", "place", "item", "support", "peers", "peers_who_bought", "expected_margin"]
    items = {name: frame["item"].tolist() for name, frame in ranked.items()}
    chosen: dict[str, list[int]] = {}
    who: dict[str, list[str]] = {}
    for customer, group in customers.items():
        own = owned[str(customer)]
        # as many are looked at as are needed even where the customer owns the first ones
        places = [n for n, item in enumerate(items.get(group, [])[: top + len(own)]) if item not in own][:top]
        chosen.setdefault(group, []).extend(places)
        who.setdefault(group, []).extend([str(customer)] * len(places))
    frames = [
        ranked[group].iloc[places].assign(customer_id=who[group], place=places)
        for group, places in chosen.items()
        if places
    ]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
