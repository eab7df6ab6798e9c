"""What the simulated accounts order: own rhythm, season, fading, several categories a time, returns.

In: accounts, the busy clock. Out: order times and order lines as arrays. Not here: words, frames.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from patron.simulation._distributor_accounts import (
    LINES,
    ORDERS,
    PRICE_RISE_AT,
    RETURNS,
    WEEKS_PER_YEAR,
    Accounts,
    stream_of,
)
from patron.simulation._distributor_words import CATEGORY_CODES, CATEGORY_MARGINS
from patron.simulation.season import Clock

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

FADED_RATE = 0.55  # orders per week while fading, of the usual number
_FADED_VALUE = 0.4  # what an order is still worth at the end of fading, besides the dropped categories
_VALUE_SHAPE, _WEIGHT_SHAPE = 8.0, 3.0
_SPARE_GAPS = 6.0  # standard deviations of the number of orders for which gaps are drawn
PRODUCTS = 8  # per category
_CATALOGUE = 20_210_104  # seed of the price list: the same distributor for every seed
PRICE_RISE = 1.06
_DISCOUNTS = (0.0, 0.03, 0.07)  # by size
RETURN_SHARE = 0.02


class Orders(NamedTuple):
    """All orders of everybody, by account and time: row of the account, week since the start."""

    who: Whole
    week: Floats


class Lines(NamedTuple):
    """Order lines; a return has a negative quantity and amount, and an order of its own.

    Parameters
    ----------
    order : ndarray of int, shape (m,)
        Row of the order it belongs to.
    category, product, quantity : ndarray of int
        Position of the category, number of the product in it, pieces.
    amount, cost : ndarray
        Own money.
    day : ndarray of int
        Days since the start.
    """

    order: Whole
    category: Whole
    product: Whole
    quantity: Whole
    amount: Floats
    cost: Floats
    day: Whole


def draw_orders(accounts: Accounts, clock: Clock, weeks: float, seed: int) -> Orders:
    """Follow everybody's rhythm from the first order until leaving or the end."""
    gap, shape = accounts.usual_gap_weeks, accounts.gap_shape
    stop = np.minimum(accounts.left_week, weeks)
    begin = clock.busy(accounts.arrival_week)
    expected = np.maximum(clock.busy(stop) - begin, 0.0) / gap
    most = np.ceil(expected + _SPARE_GAPS * np.sqrt(expected / shape) + 4.0).astype(np.int64)
    who = np.repeat(np.arange(gap.size), most)
    gaps = stream_of(seed, ORDERS).standard_gamma(shape[who]) * (gap / shape)[who]
    first = np.cumsum(most) - most
    gaps[first] = 0.0  # the first order comes on arrival
    run = np.cumsum(gaps)
    time = run - run[first][who] + begin[who]
    fades = clock.busy(np.minimum(accounts.fades_week, weeks))[who]
    time = np.where(time > fades, fades + (time - fades) / FADED_RATE, time)
    week = clock.calendar(time)
    kept = (week < stop[who]) | np.isin(np.arange(who.size), first)
    return Orders(who[kept], np.minimum(week[kept], np.nextafter(weeks, 0.0)))


def working_day(week: Floats, start_weekday: int) -> Whole:
    """Give the day since the start; what falls on a weekend was ordered on the Friday before."""
    day = np.floor(week * 7.0).astype(np.int64)
    weekend = np.maximum((day + start_weekday) % 7 - 4, 0)
    return np.maximum(day - weekend, 0)


def draw_lines(accounts: Accounts, orders: Orders, weeks: float, weekday: int, seed: int) -> Lines:
    """Fill the orders, and send a few lines back."""
    stream = stream_of(seed, LINES)
    shares = _baskets(accounts, orders, stream)
    order, category = np.nonzero(shares)
    who, week = orders.who[order], orders.week[order]
    value = _order_values(accounts, orders, stream)[order] * shares[order, category]
    favourite = (who * 7 + category * 3) % PRODUCTS
    other = stream.integers(0, PRODUCTS, order.size)
    product = np.where(stream.random(order.size) < 0.75, favourite, other)
    list_price = prices()[category, product] * np.where(week > PRICE_RISE_AT * weeks, PRICE_RISE, 1.0)
    quantity = np.maximum(np.rint(value / list_price), 1.0)
    amount = quantity * list_price * (1.0 - np.array(_DISCOUNTS)[accounts.size[who]])
    cost = quantity * list_price * (1.0 - np.array(CATEGORY_MARGINS)[category])
    day = working_day(week, weekday)
    sold = Lines(order, category, product, quantity.astype(np.int64), amount, cost, day)
    return _with_returns(sold, weeks, stream_of(seed, RETURNS))


def prices() -> Floats:
    """Price list: categories x products, own money a piece."""
    stream = np.random.default_rng(_CATALOGUE)
    return np.asarray(
        np.exp(stream.normal(2.6, 0.6, (len(CATEGORY_CODES), PRODUCTS))).round(2), dtype=np.float64
    )


def _order_values(accounts: Accounts, orders: Orders, stream: np.random.Generator) -> Floats:
    who = orders.who
    years = (orders.week - accounts.arrival_week[who]) / WEEKS_PER_YEAR
    value = accounts.mean_value[who] * np.exp(accounts.trend_per_year[who] * years)
    value *= stream.standard_gamma(_VALUE_SHAPE, who.size) / _VALUE_SHAPE
    return np.asarray(value * (1.0 - (1.0 - _FADED_VALUE) * _faded(accounts, orders)))


def _faded(accounts: Accounts, orders: Orders) -> Floats:
    """How far fading has come by an order: 0 before it begins, 1 when the account leaves."""
    fades, left = accounts.fades_week[orders.who], accounts.left_week[orders.who]
    known = np.isfinite(fades)
    begin = np.where(known, fades, 0.0)
    span = np.where(known, np.maximum(left - begin, 1e-9), 1.0)
    return np.where(known, np.clip((orders.week - begin) / span, 0.0, 1.0), 0.0)


def _baskets(accounts: Accounts, orders: Orders, stream: np.random.Generator) -> Floats:
    """Share of each category in each order, orders x categories; dropped categories are 0."""
    who = orders.who
    weights = accounts.weights[who]
    main = weights.argmax(axis=1)
    rows = np.arange(who.size)
    chance = np.where(accounts.usual_gap_weeks < 3.0, 0.45, 0.75)[who, None]
    inside = (weights > 0) & (stream.random(weights.shape) < chance)
    inside[rows, main] = True
    dropped = accounts.drop_rank[who] < 0.95 * _faded(accounts, orders)[:, None]
    gone = orders.week >= accounts.stopped_week[who]
    dropped[rows[gone], accounts.stopped_category[who][gone]] = True
    dropped[rows, main] = False
    shares = np.where(inside & ~dropped, weights * stream.standard_gamma(_WEIGHT_SHAPE, weights.shape), 0.0)
    # what is dropped is missing from the order; what merely was not due this time is not
    left_over = np.where(dropped, 0.0, weights).sum(axis=1)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True) * left_over[:, None])


def _with_returns(sold: Lines, weeks: float, stream: np.random.Generator) -> Lines:
    """Send a few lines back, some of the pieces, within four weeks and before the end."""
    back = np.flatnonzero(stream.random(sold.order.size) < RETURN_SHARE)
    share, after = stream.random(back.size), stream.integers(2, 28, back.size)
    day = sold.day[back] + after
    kept = day < round(weeks * 7)
    back, share, day = back[kept], share[kept], day[kept]
    whole = sold.quantity[back]
    pieces = np.maximum(np.rint(whole * share), 1.0)
    columns = sold.order[back], sold.category[back], sold.product[back], -pieces.astype(np.int64)
    money = (-sold.amount[back] * pieces / whole, -sold.cost[back] * pieces / whole)
    return Lines(*(np.concatenate(pair) for pair in zip(sold, (*columns, *money, day), strict=True)))
