"""Do the product lists know more than the simple rule? Tried at past days, on what was bought afterwards.

In:  customer tables, the last day that is known.
Out: a `ProductTrial` with both rates, the paired interval of the difference, and whether the list is shown.
Not here: the lists themselves (`stopped`, `peers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import narwhals as nw
import numpy as np
import pandas as pd

from patron.actions.items import YEAR_DAYS, kind_of_items
from patron.actions.peers import peers_also_buy
from patron.actions.stopped import rhythm_of_pairs
from patron.actions.trial_words import TRIAL_WORDS
from patron.metrics import paired_loss_interval
from patron.snapshots import (
    Aggregate,
    CustomerTables,
    RhythmRule,
    aggregate,
    day_of,
    history_before,
    merge_customers,
    snapshot_days,
)

STOPPED_HORIZON_DAYS = 90
PEERS_HORIZON_DAYS = 180
MAX_DAYS = 4
#: Under these a share is a matter of luck.
MIN_CUSTOMERS = 30
_AGE_DAYS = 30
_DRAWS = 1000


@dataclass(frozen=True)
class ProductTrial:
    """How a product list did at past days.

    Parameters
    ----------
    name : str
        ``stopped`` or ``peers``.
    days : tuple of date
        When the list was made; what was bought in the `horizon_days` after each was then looked up.
    horizon_days : int
        Days.
    customers, rows : int
        How many customers and rows the lists had.
    rate : float or None
        Of ``peers``: share of the suggestions bought; of ``stopped``: share bought again. None without rows.
    rate_of_rule : float or None
        The same of the simple rule: the most popular items not owned; for ``stopped`` as many pairs, those
        silent for longest.
    rate_of_others : float or None
        Of ``stopped``: the rate of pairs that are not on the list, silent for as long.
    difference, low, high : float or None
        ``peers``: rate minus that of the rule; ``stopped``: rate minus that of the others; with its 95 %
        interval, resampled by customer. None where nothing else was silent for as long.
    is_shown : bool
        Whether the list is better, beyond that interval: ``peers`` bought more often; ``stopped`` less
        often, and not more often than by the rule.
    """

    name: str
    days: tuple[date, ...]
    horizon_days: int
    customers: int
    rows: int
    rate: float | None
    rate_of_rule: float | None
    rate_of_others: float | None
    difference: float | None
    low: float | None
    high: float | None
    is_shown: bool

    def sentence(self, language: str = "en") -> str:
        """Say in one sentence why the list is shown or hidden.

        Parameters
        ----------
        language : str
            ``en`` or ``zh``.

        Returns
        -------
        str
        """
        outcome = "shown" if self.is_shown else "hidden"
        if self.difference is None:
            outcome = "untried" if self.rate is None else "alone"
        numbers = {
            name: 100 * (value or 0.0)
            for name, value in (
                ("rate", self.rate), ("rule", self.rate_of_rule), ("others", self.rate_of_others),
                ("difference", self.difference), ("low", self.low), ("high", self.high),
            )
        }  # fmt: skip
        words = TRIAL_WORDS[language][f"{self.name}_{outcome}"]
        return words.format(**numbers, customers=self.customers, days=self.horizon_days, least=MIN_CUSTOMERS)


def peers_trial(
    tables: CustomerTables,
    as_of_day: int,
    *,
    by: str = "auto",
    top: int = 5,
    min_peers: int = 20,
    alike_in: Sequence[str] = ("industry", "size"),
) -> ProductTrial:
    """Hold what peers buy against plain popularity, on the same customers.

    Parameters
    ----------
    tables : CustomerTables
        With categories or products.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    by, top, min_peers, alike_in
        As in `peers_also_buy`.

    Returns
    -------
    ProductTrial
        ``rate`` and ``rate_of_rule``: share of `top` suggestions bought in the 180 days after, averaged over
        customers.
    """
    kind = kind_of_items(tables, by)
    days = _past_days(tables, as_of_day, PEERS_HORIZON_DAYS)
    if not days:
        return _untried("peers", PEERS_HORIZON_DAYS)
    lists: dict[str, list[pd.DataFrame]] = {"made": [], "plain": []}
    for day in days:
        later = _bought_within(tables, kind, day, PEERS_HORIZON_DAYS, as_of_day)
        for name, alike in (("made", alike_in), ("plain", ())):
            found = peers_also_buy(tables, day, by=kind, top=top, min_peers=min_peers, alike_in=alike)
            lists[name].append(_came_true(found, later, _names(tables, as_of_day)))
    return _judged_peers(pd.concat(lists["made"]), pd.concat(lists["plain"]), days)


def stopped_trial(
    tables: CustomerTables,
    as_of_day: int,
    *,
    by: str = "auto",
    active_days: int = 180,
    rule: RhythmRule | None = None,
) -> ProductTrial:
    """Look whether what was listed as stopped was bought again less often than what was silent for as long.

    Parameters
    ----------
    tables : CustomerTables
        With categories or products.
    as_of_day : int
        Days since 1970-01-01; nothing of this day or later is looked at.
    by, active_days, rule
        As in `stopped_categories`.

    Returns
    -------
    ProductTrial
        Rates of buying again in the 90 days after. ``rate_of_others`` weights silences (in steps of 30 days)
        as they are on the list. ``rate_of_rule``: of as many pairs per day, those silent for longest.
    """
    kind, frames = kind_of_items(tables, by), []
    days = _past_days(tables, as_of_day, STOPPED_HORIZON_DAYS)
    for day in days:
        history = history_before(tables, day)
        pairs = rhythm_of_pairs(history, kind, active_days=active_days, rule=rule or RhythmRule())
        pairs = pairs[pairs["silence_days"] <= YEAR_DAYS].reset_index(drop=True)
        later = _bought_within(tables, kind, day, STOPPED_HORIZON_DAYS, as_of_day)
        is_stopped = pairs["days_late_ratio"] > 1
        by_silence = pairs.sort_values(["silence_days", "customer_id", "item"], ascending=[False, True, True])
        longest = pairs.index.isin(by_silence.index[: int(is_stopped.sum())])
        marked = pairs.assign(day=day, is_stopped=is_stopped, is_longest=longest)
        frames.append(_came_true(marked, later, _names(tables, as_of_day)))
    return _judged_stopped(pd.concat(frames), days) if days else _untried("stopped", STOPPED_HORIZON_DAYS)


def _past_days(tables: CustomerTables, as_of_day: int, horizon_days: int) -> list[int]:
    """Return disjoint windows that have closed, with a year of history before each where there is one."""
    first = aggregate(
        tables.days.with_columns(all_=nw.lit(1)), ["all_"], {"first": Aggregate(nw.col("day"), "min")}
    )
    found = first.collect().to_pandas()["first"]
    if not len(found):
        return []
    return snapshot_days(
        known_until_day=as_of_day,
        first_day=int(found[0]) + YEAR_DAYS - horizon_days,
        horizon_days=horizon_days,
        every_days=horizon_days,
        max_count=MAX_DAYS,
    )


def _names(tables: CustomerTables, as_of_day: int) -> dict[str, str]:
    return merge_customers(tables.merges, as_of_day)


def _bought_within(
    tables: CustomerTables, kind: str, day: int, horizon_days: int, as_of_day: int
) -> pd.MultiIndex:
    """Return the customers and items bought in the window, under the ids known at the end."""
    known = history_before(tables, as_of_day)
    items = known.categories if kind == "categories" else known.products
    assert items is not None  # `kind` is one of the ledger's
    window = items.filter((nw.col("day") >= day) & (nw.col("day") < day + horizon_days))
    pairs = window.select("customer_id", "item").unique().collect().to_pandas().astype(str)
    return pd.MultiIndex.from_frame(pairs)


def _came_true(found: pd.DataFrame, later: pd.MultiIndex, names: dict[str, str]) -> pd.DataFrame:
    customer = found["customer_id"].replace(names)
    bought = pd.MultiIndex.from_arrays([customer, found["item"]]).isin(later)
    return found.assign(customer_id=customer.to_numpy(), bought=bought)


def _untried(name: str, horizon_days: int) -> ProductTrial:
    return ProductTrial(name, (), horizon_days, 0, 0, None, None, None, None, None, None, False)


def _judged_peers(made: pd.DataFrame, plain: pd.DataFrame, days: list[int]) -> ProductTrial:
    # per customer first, so that a customer counts once however many days it was listed on
    own = made.groupby("customer_id")["bought"].mean()
    rule = plain.groupby("customer_id")["bought"].mean().reindex(own.index).fillna(0.0)
    dates, n = tuple(day_of(day) for day in days), len(own)
    if n < MIN_CUSTOMERS:
        return _untried("peers", PEERS_HORIZON_DAYS)
    paired = paired_loss_interval(own.to_numpy(float), rule.to_numpy(float), draws=_DRAWS)
    return ProductTrial(
        "peers", dates, PEERS_HORIZON_DAYS, n, len(made), float(own.mean()), float(rule.mean()), None,
        *paired, is_shown=paired.low > 0,
    )  # fmt: skip


def _judged_stopped(pairs: pd.DataFrame, days: list[int]) -> ProductTrial:
    listed, longest = pairs[pairs["is_stopped"]], pairs[pairs["is_longest"]]
    customers, dates = listed["customer_id"].nunique(), tuple(day_of(day) for day in days)
    if customers < MIN_CUSTOMERS:
        return _untried("stopped", STOPPED_HORIZON_DAYS)
    counts = _counts_by_age(pairs)
    own, others = _age_matched(counts.sum(axis=0))
    if np.isnan(others):
        return ProductTrial(
            "stopped", dates, STOPPED_HORIZON_DAYS, customers, len(listed), float(listed["bought"].mean()),
            float(longest["bought"].mean()), None, None, None, None, is_shown=False,
        )  # fmt: skip
    drawn = np.array([np.subtract(*_age_matched(draw)) for draw in _resampled(counts)])
    # a draw without both kinds at any age says nothing
    low, high = np.quantile(drawn[~np.isnan(drawn)], [0.025, 0.975])
    return ProductTrial(
        "stopped", dates, STOPPED_HORIZON_DAYS, customers, len(listed), float(own),
        float(longest["bought"].mean()), float(others), float(own - others), float(low), float(high),
        is_shown=bool(high < 0 and listed["bought"].mean() < longest["bought"].mean()),
    )  # fmt: skip


def _counts_by_age(pairs: pd.DataFrame) -> np.ndarray:
    """Count pairs and purchases, shape (n_customers, n_ages, listed or not, pairs or bought)."""
    who, names = pd.factorize(pairs["customer_id"], sort=True)
    age = (pairs["silence_days"].to_numpy() // _AGE_DAYS).astype(np.int64)
    counts = np.zeros((len(names), int(age.max()) + 1, 2, 2))
    listed = pairs["is_stopped"].to_numpy(dtype=np.int64)
    table = pairs.assign(who=who, age=age, listed=listed).groupby(["who", "age", "listed"])["bought"]
    places = table.size().reset_index()
    one, two, three = (places[name].to_numpy(dtype=np.int64) for name in ("who", "age", "listed"))
    counts[one, two, three, 0], counts[one, two, three, 1] = table.size().to_numpy(), table.sum().to_numpy()
    return counts


def _age_matched(counts: np.ndarray) -> tuple[float, float]:
    """Return the rate of the listed and that of the others at the same ages; ages with both alone count."""
    both = (counts[:, 0, 0] > 0) & (counts[:, 1, 0] > 0)
    if not both.any():
        return np.nan, np.nan
    others, listed = counts[both, 0], counts[both, 1]
    weight = listed[:, 0] / listed[:, 0].sum()
    return float(listed[:, 1].sum() / listed[:, 0].sum()), float(weight @ (others[:, 1] / others[:, 0]))


def _resampled(counts: np.ndarray) -> list[np.ndarray]:
    """Draw customers with replacement."""
    rng, n = np.random.default_rng(0), len(counts)
    flat = counts.reshape(n, -1)
    weights = (rng.multinomial(n, np.full(n, 1 / n)).astype(np.float64) for _ in range(_DRAWS))
    return [(weight @ flat).reshape(counts.shape[1:]) for weight in weights]
