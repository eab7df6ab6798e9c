"""Are the orders still what they were: faults of the data that would be taken for customers' behaviour.

In:  the ledger, and what the last vintage kept about it.
Out: findings in words, and what this vintage keeps.
Not here: single bad rows (`patron check`), stale or collapsed data that are refused before scoring
(`ledger.freshness`), what follows from findings (`status`).

Each check has two bars: far beyond the ledger's own past (`BEYOND` spreads), and large enough to matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from patron.monitoring.windows import (
    SAME_WEEKS,
    beyond_usual,
    by_window,
    items_by_window,
    prices_by_window,
    quiet_runs,
)
from patron.snapshots import CustomerTables, aggregate, day_text, to_day, total

#: Spreads from the usual beyond which a figure is out of the ordinary (`windows.beyond_usual`).
BEYOND = 6.0
#: Windows before the newest that a yardstick needs.
LEAST_WINDOWS = 6
#: How large is large: log of a price ratio, shares, log of a volume; days, share of a month, share.
PRICE, DROPPED, LINE, FIRST_TIME, VOLUME = 0.1, 0.05, 0.01, 0.15, 0.5
QUIET_DAYS, REWRITTEN, VANISHED = 14, 0.02, 0.01
#: Rows that are late arrive within so many days.
_LATE_DAYS = 31
#: A gap is told while it lies so near; holidays of the year before may lie so far from the same day.
_RECENT_DAYS, _SHIFT_DAYS, _YEAR_DAYS = 84, 14, 365
_MOST_IDS = 5_000
_LEAST_PRODUCTS = 20
#: Products of a line begin with the same letters; so many of them, and such a share, are a line.
_LINE_LETTERS, _LEAST_OF_A_LINE, _NEARLY_ALL = 2, 10, 0.9


class Finding(NamedTuple):
    """Something about the orders that somebody should look at.

    Parameters
    ----------
    check : str
        ``volume``, ``gap``, ``history``, ``customers_gone``, ``first_time_buyers``, ``prices``,
        ``order_value``, ``products_gone``.
    en, zh : str
        A sentence with the figures.
    figures : dict
        The figures.
    """

    check: str
    en: str
    zh: str
    figures: dict[str, Any]


def data_facts(tables: CustomerTables, day: int) -> dict[str, Any]:
    """Return what a vintage keeps about the orders, to compare with later.

    Parameters
    ----------
    tables : CustomerTables
        Of all customers.
    day : int
        Only days before it.

    Returns
    -------
    dict
        ``months`` {month: [orders, spend in minor units]}, ``customers`` (how many), ``id_digests`` (of a
        sample of customers, the same whenever it is drawn).
    """
    daily = _daily(tables, day)
    month = pd.to_datetime(daily["day"], unit="D").dt.strftime("%Y-%m")
    sums = daily.groupby(month)[["orders", "spend"]].sum()
    ids = _ids(tables, day)
    return {
        "months": {str(name): [int(row["orders"]), int(row["spend"])] for name, row in sums.iterrows()},
        "customers": len(ids),
        "id_digests": sorted(_digest(one) for one in ids)[:_MOST_IDS],
    }


def data_findings(
    tables: CustomerTables, lines: nw.LazyFrame[Any], day: int, before: Mapping[str, Any] | None
) -> list[Finding]:
    """Look for faults.

    Parameters
    ----------
    tables : CustomerTables
        Of all customers, with products where there are any.
    lines : narwhals.LazyFrame
        Of the ledger.
    day : int
        Only days before it.
    before : mapping or None
        Facts of the last vintage: ``as_of`` and ``data`` (`data_facts`); None for the first one.

    Returns
    -------
    list of Finding
    """
    windows = by_window(tables, day)
    found: list[Finding | None] = [_history(tables, before), _customers_gone(tables, day, before)]
    if len(windows) > LEAST_WINDOWS:
        found += [_volume(windows), _gap(tables, day), _first_time(windows)]
        prices = prices_by_window(lines, day)
        found.append(_order_value(windows) if prices is None else _prices(prices))
        found += [_products_gone(items_by_window(items, day)) for items in tables.items.values()]
    return [finding for finding in found if finding is not None]


def _volume(windows: pd.DataFrame) -> Finding | None:
    orders = windows["orders"].to_numpy()
    change = _stands_out(np.log(orders + 1), least_spread=0.1, least_change=VOLUME)
    if change is None or change > 0:  # more orders are no fault
        return None
    usual = float(np.median(orders[1:]))
    return Finding(
        "volume",
        f"{orders[0]:,.0f} orders in the last 28 days, {usual:,.0f} are usual: orders are missing",
        f"最近28天有{orders[0]:,.0f}笔订单，通常为{usual:,.0f}笔：订单数据缺失",
        {"orders": float(orders[0]), "usual": usual},
    )


def _stands_out(values: np.ndarray, *, least_spread: float, least_change: float) -> float | None:
    """Return the newest value less the usual one, where that is far beyond the past and large enough.

    Seasons come back: a value like that of the same weeks of the year before stands out from nothing.
    """
    change = float(values[0] - np.median(values[1:]))
    if abs(beyond_usual(values, least_spread=least_spread)) < BEYOND or abs(change) < least_change:
        return None
    if len(values) > SAME_WEEKS and abs(values[0] - values[SAME_WEEKS]) < least_change:
        return None
    return change


def _gap(tables: CustomerTables, day: int) -> Finding | None:
    """Find days without any order, longer than any before, in the newest weeks.

    Works holidays come back: a run of days as long, at the same time of the year before, is an answer.
    """
    runs = quiet_runs(tables, day)
    recent = runs[runs["start"] + runs["days"] > day - _RECENT_DAYS]
    if recent.empty:
        return None
    longest = int(recent["days"].to_numpy().argmax())
    start, days = (int(recent[name].iloc[longest]) for name in ("start", "days"))
    others = runs[runs["start"] != start]
    last_year = others[(others["start"] - (start - _YEAR_DAYS)).abs() <= _SHIFT_DAYS]["days"].max()
    otherwise = others[others["start"] >= day - _YEAR_DAYS]["days"].max()
    otherwise, last_year = (0 if pd.isna(value) else int(value) for value in (otherwise, last_year))
    if days < max(QUIET_DAYS, 2 * otherwise) or days <= 2 * last_year:
        return None
    since = day_text(start)
    return Finding(
        "gap",
        f"no order on the {days} days from {since} on; otherwise never more than {otherwise} in a row: "
        "orders are missing",
        f"自{since}起连续{days}天没有任何订单，其他时间最多连续{otherwise}天：订单数据缺失",
        {"since": since, "days": days, "otherwise": otherwise},
    )


def _first_time(windows: pd.DataFrame) -> Finding | None:
    shares = (windows["first_buyers"] / windows["buyers"].clip(lower=1)).to_numpy()
    change = _stands_out(shares, least_spread=0.02, least_change=FIRST_TIME)
    if change is None or change < 0:
        return None
    usual = float(np.median(shares[1:]))
    return Finding(
        "first_time_buyers",
        f"{shares[0]:.0%} of the buyers of the last 28 days had never ordered before, {usual:.0%} are usual: "
        "were customers given new ids? (ledger.customer_merges joins them)",
        f"最近28天的买家中{shares[0]:.0%}为首次下单，通常为{usual:.0%}：客户编号是否更换？"
        "（可用 ledger.customer_merges 合并）",
        {"share": float(shares[0]), "usual": usual},
    )


def _prices(prices: pd.DataFrame) -> Finding | None:
    """Compare the price of each product with its price before; the newest of all such changes stands out."""
    changes = []
    for window in range(min(len(prices.columns), 8)):
        if window not in prices:
            return None
        past = prices[[w for w in range(window + 1, window + 6) if w in prices]]
        logs = np.log((prices[window] / past.median(axis=1)).dropna().to_numpy())
        if len(logs) < _LEAST_PRODUCTS:
            break
        changes.append(float(np.median(logs)))
    if len(changes) < 4:
        return None
    beyond = beyond_usual(np.array(changes), least_spread=0.01)
    if abs(beyond) < BEYOND or abs(changes[0]) < PRICE:
        return None
    ratio = float(np.exp(changes[0]))
    return Finding(
        "prices",
        f"the same products cost {ratio:.2f} times what they did: another price list, currency or unit",
        f"同一产品的价格为此前的{ratio:.2f}倍：价格表、币种或单位是否变化？",
        {"ratio": ratio},
    )


def _order_value(windows: pd.DataFrame) -> Finding | None:
    values = np.log((windows["spend"] / windows["orders"].clip(lower=1)).to_numpy() + 1)
    change = _stands_out(values, least_spread=0.02, least_change=PRICE)
    if change is None:
        return None
    return Finding(
        "order_value",
        f"an order is worth {np.exp(change):.2f} times what it was: other prices, another currency or unit",
        f"每笔订单金额为此前的{np.exp(change):.2f}倍：价格、币种或单位是否变化？",
        {"ratio": float(np.exp(change))},
    )


def _products_gone(items: pd.DataFrame) -> Finding | None:
    """Find items that sold in every window, and in the newest not at all: many, or one line."""
    newest = min(len(items.columns) - LEAST_WINDOWS, 8)
    gone = [_share_gone(*_regular(items, window)) for window in range(newest)]
    if len(gone) < 3:
        return None
    if gone[0] >= max(DROPPED, 3 * max(gone[1:])):
        return Finding(
            "products_gone",
            f"products that sold in every month, with {gone[0]:.0%} of the revenue of such, sold nothing in "
            "the last 28 days: a product line is missing",
            f"此前每月都有销售的产品中，占其收入{gone[0]:.0%}的产品最近28天没有任何销售：某产品线数据是否缺失？",
            {"share": gone[0], "usual": float(np.median(gone[1:]))},
        )
    lines = _lines_gone(*_regular(items, 0))
    if not lines:
        return None
    named = ", ".join(f"{line}..." for line in lines)
    return Finding(
        "products_gone",
        f"nearly all products of {len(lines)} lines ({named}) that sold in every month sold nothing in the "
        "last 28 days: a product line is missing",
        f"{len(lines)}个产品线（{named}）此前每月都有销售，最近28天几乎全部没有销售：数据是否缺失？",
        {"lines": lines},
    )


def _regular(items: pd.DataFrame, window: int) -> tuple[pd.Series, pd.Series]:
    """Return the revenue of the items that sold in each window before one, and which sold nothing in it."""
    before = items.reindex(columns=range(window + 1, window + 1 + LEAST_WINDOWS), fill_value=0.0)
    revenue = before[(before > 0).all(axis=1)].sum(axis=1)
    now = items[window] if window in items else pd.Series(0.0, index=items.index)
    return revenue, now.reindex(revenue.index) <= 0


def _share_gone(revenue: pd.Series, is_gone: pd.Series) -> float:
    """Return the share of revenue of what is gone; 0 where there is nothing."""
    return float(revenue[is_gone].sum() / revenue.sum()) if revenue.sum() > 0 else 0.0


def _lines_gone(revenue: pd.Series, is_gone: pd.Series) -> list[str]:
    """Name the lines, by how ids begin, that are gone as a whole: no chance takes ten products at once."""
    line = revenue.index.astype(str).str[:_LINE_LETTERS]
    found = pd.DataFrame({"gone": is_gone.to_numpy(), "revenue": revenue.to_numpy()}).groupby(
        np.asarray(line)
    )
    counts, shares, money = found["gone"].size(), found["gone"].mean(), found["revenue"].sum()
    is_large = (counts >= _LEAST_OF_A_LINE) & (money >= LINE * revenue.sum())
    return [str(name) for name in counts.index[is_large & (shares >= _NEARLY_ALL)]]


def _history(tables: CustomerTables, before: Mapping[str, Any] | None) -> Finding | None:
    """Find months that were closed when the last scores were made, and are others now."""
    if before is None:
        return None
    closed = day_text(to_day(str(before["as_of"])) - _LATE_DAYS)[:7]
    now = data_facts(tables, to_day(str(before["as_of"])))["months"]
    changed = [
        month
        for month, then in before["data"]["months"].items()
        if month < closed and _differs(then, now.get(month, [0, 0]))
    ]
    if not changed:
        return None
    first, then = changed[0], before["data"]["months"][changed[0]]
    found = now.get(first, [0, 0])
    return Finding(
        "history",
        f"{len(changed)} months that were closed on {before['as_of']} have changed since, e.g. {first}: "
        f"{found[0]:,} orders now, {then[0]:,} then",
        f"在{before['as_of']}已结束的月份中有{len(changed)}个月的数据发生变化，例如{first}：现为{found[0]:,}笔订单，"
        f"当时为{then[0]:,}笔",
        {"months": changed, "orders_then": then[0], "orders_now": found[0]},
    )


def _differs(then: Sequence[int], now: Sequence[int]) -> bool:
    return any(
        abs(a - b) > REWRITTEN * max(abs(a), 1) and abs(a - b) > 1 for a, b in zip(then, now, strict=True)
    )


def _customers_gone(tables: CustomerTables, day: int, before: Mapping[str, Any] | None) -> Finding | None:
    """Find customers whom the last scores knew and who are no longer in the orders."""
    if before is None or not before["data"]["id_digests"]:
        return None
    known = {_digest(one) for one in _ids(tables, day)}
    then = before["data"]["id_digests"]
    gone = sum(one not in known for one in then) / len(then)
    if gone < VANISHED or gone * len(then) < 3:
        return None
    return Finding(
        "customers_gone",
        f"{gone:.0%} of the customers scored on {before['as_of']} are no longer in the orders: were they "
        "given new ids? (ledger.customer_merges joins them)",
        f"{before['as_of']}评分的客户中有{gone:.0%}不再出现在订单中：客户编号是否更换？"
        "（可用 ledger.customer_merges 合并）",
        {"share": gone},
    )


def _daily(tables: CustomerTables, day: int) -> pd.DataFrame:
    known = tables.days.filter((nw.col("day") < day) & (nw.col("orders") > 0))
    return (
        aggregate(known, ["day"], {"orders": total("orders"), "spend": total("spend")}).collect().to_pandas()
    )


def _ids(tables: CustomerTables, day: int) -> list[str]:
    known = tables.days.filter(nw.col("day") < day).select("customer_id").unique().collect().to_pandas()
    return [str(one) for one in known["customer_id"]]


def _digest(customer_id: str) -> str:
    return hashlib.sha256(customer_id.encode()).hexdigest()[:16]
