"""What pictures of a value model show, as plain numbers: frequency, silence, order values.

In: a fitted model, the base it was fitted to, what that base did afterwards. Out: small JSON-able dicts, sums
over customers only. Not here: the pace over time (``tracking``), any drawing (``reports``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

from patron.clv.estimator import CLVModel
from patron.errors import PatronError

Floats = NDArray[np.float64]

_CLASSES = (0, 1, 2, 3, 4, 5, 6, 7)
_WIDE_CLASSES = (0, 1, 2, 4, 8, 16, 32, 64)
_MOST_ROWS, _MOST_COLUMNS = 8, 13
_FEW_ORDERS = (1, 2, 3, 4, 6, 8, 12, 16)
_LEFT_OUT = 0.005  # share of customers on either side whose order values may lie outside the picture
_BINS_PER_DECADE = (40, 20, 10, 5, 4, 2, 1)
_FEWEST_BINS, _MOST_BINS = 8, 40
_CURVE_POINTS = 61


def frequency_classes(
    repeat_orders: ArrayLike, expected_orders: ArrayLike, actual_orders: ArrayLike
) -> list[dict[str, Any]]:
    """Compare expected and actual orders of customers who had ordered equally often before.

    Parameters
    ----------
    repeat_orders : array_like, shape (n,)
        Before the cut.
    expected_orders, actual_orders : array_like, shape (n,)
        In the held-out days.

    Returns
    -------
    list of dict
        ``at_least`` and ``at_most`` (repeat orders of the class; None: no limit), ``n``, and the means
        ``expected_orders`` and ``actual_orders``. Classes are 0, 1, .. 6, 7 or more; where that would put
        more than a third of the customers into the last one, 0, 1, 2-3, 4-7, .. 64 or more. Classes without
        customers are left out.

    Raises
    ------
    PatronError
        When the arrays differ in length or are empty.

    Examples
    --------
    >>> classes = frequency_classes([0, 0, 9], [0.1, 0.3, 2.0], [0, 1, 3])
    >>> [(row["at_least"], row["at_most"], row["n"], row["actual_orders"]) for row in classes]
    [(0, 0, 2, 0.5), (7, None, 1, 3.0)]
    """
    before, expected, actual = (
        np.asarray(values, dtype=np.float64) for values in (repeat_orders, expected_orders, actual_orders)
    )
    if before.ndim != 1 or not before.shape == expected.shape == actual.shape or not before.size:
        raise PatronError(
            f"repeat, expected and actual orders must be of one length and not empty, "
            f"not {before.shape}, {expected.shape} and {actual.shape}"
        )
    many = (before >= _CLASSES[-1]).mean() > 1 / 3
    lowest = np.array(_WIDE_CLASSES if many else _CLASSES)
    place = np.searchsorted(lowest, before, side="right") - 1
    tops = [*(int(low) - 1 for low in lowest[1:]), None]
    found = []
    for number, (low, top) in enumerate(zip(lowest.tolist(), tops, strict=True)):
        members = place == number
        if n := int(members.sum()):
            means = {
                "expected_orders": math.fsum(expected[members]) / n,
                "actual_orders": math.fsum(actual[members]) / n,
            }
            found.append({"at_least": low, "at_most": top, "n": n, **means})
    return found


def alive_grid(model: CLVModel, summary: pd.DataFrame) -> dict[str, Any]:
    """Tell how the chance that a customer still buys falls with silence, by number of orders.

    Parameters
    ----------
    model : CLVModel
        Its whole base's parameters are taken.
    summary : DataFrame, n rows
        Purchase summary; only the median of ``weeks_observed`` and the spread of ``repeat_orders`` are used.

    Returns
    -------
    dict
        ``weeks_observed`` (since the first order, the same for all cells), ``weeks_of_silence`` (columns),
        ``orders`` (rows, the first order included), ``alive_probability`` (rows of numbers; None where so
        many orders do not fit into the time before the silence), ``weeks_until_half`` (per row: silence after
        which the chance is below one half; None where it never is).
    """
    observed = max(1, round(float(np.median(summary["weeks_observed"].to_numpy(dtype=np.float64)))))
    before = summary["repeat_orders"].to_numpy(dtype=np.float64)
    rows = _orders_to_show(before[before > 0], 7 * observed)
    step = -(-observed // (_MOST_COLUMNS - 1))
    weeks = list(range(0, observed, step))
    by_day = [_alive_by_day_of_silence(model, orders, observed) for orders in rows]
    return {
        "weeks_observed": observed,
        "weeks_of_silence": weeks,
        "orders": [orders + 1 for orders in rows],
        "alive_probability": [
            [round(float(line[7 * week]), 4) if 7 * week < line.size else None for week in weeks]
            for line in by_day
        ],
        "weeks_until_half": [_weeks_until_half(line) for line in by_day],
    }


def order_value_shares(model: CLVModel, summary: pd.DataFrame) -> dict[str, Any] | None:
    """Compare the mean order values of repeat customers with what the Gamma-Gamma model expects of them.

    Given x repeat orders, x z / (v + x z) of their mean value z follows a Beta(p x, q); the expected shares
    average that over the customers' own x.

    Parameters
    ----------
    model : CLVModel
        Its whole base's parameters are taken.
    summary : DataFrame, n rows
        With ``repeat_orders`` and ``mean_repeat_order_value`` (currency).

    Returns
    -------
    dict or None
        ``customers`` (with repeat orders of some value), ``edges`` (currency, m + 1 values, equally wide in
        logs), ``actual`` and ``expected`` (m shares of the customers; up to 1 % of them lie outside),
        ``curve`` (what bins of that width would hold by the model, their centres evenly spaced over the logs
        from the first to the last edge), ``largest_gap`` (between the two shares of customers below an
        amount, over all edges). None without such customers.

    References
    ----------
    Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", equation (1a), integrated.
    """
    orders = summary["repeat_orders"].to_numpy(dtype=np.float64)
    value = summary["mean_repeat_order_value"].to_numpy(dtype=np.float64)
    worth = (orders > 0) & (value > 0)
    orders, value = orders[worth], value[worth]
    if not value.size:
        return None
    edges = _log_edges(value)
    below = np.array([int((value < edge).sum()) for edge in edges]) / value.size
    foreseen = _share_below(model.params_, orders, edges)
    return {
        "customers": int(value.size),
        "edges": _short(edges),
        "actual": _short(np.diff(below)),
        "expected": _short(np.diff(foreseen)),
        "curve": _short(_moving_share(model.params_, orders, edges)),
        "largest_gap": float(np.abs(below - foreseen).max()),
    }


def _orders_to_show(repeats: Floats, most: int) -> list[int]:
    """Choose numbers of repeat orders from 1 to what one customer in twenty exceeds, at most eight."""
    top = min(most, max(1, int(np.quantile(repeats, 0.95)))) if repeats.size else 1
    few = [orders for orders in _FEW_ORDERS if orders <= top]
    if top < 2 * _FEW_ORDERS[-1]:
        return few
    ratio = 2
    while ratio ** (_MOST_ROWS - 1) * ratio <= top:
        ratio *= 2
    return [ratio**power for power in range(_MOST_ROWS) if ratio**power <= top]


def _alive_by_day_of_silence(model: CLVModel, orders: int, observed: int) -> Floats:
    """Chance after 0, 1, .. days of silence, as long as a day per order is left before them."""
    silence = np.arange(7 * observed - orders + 1)
    frame = pd.DataFrame(
        {
            "repeat_orders": orders,
            "weeks_first_to_last_order": (7 * observed - silence) / 7,
            "weeks_observed": float(observed),
            "mean_repeat_order_value": 1.0,
        }
    )
    return model.alive_probability(frame if model.by is None else frame.assign(**{model.by: None}))


def _weeks_until_half(alive_by_day: Floats) -> float | None:
    below = np.flatnonzero(alive_by_day < 0.5)
    return round(int(below[0]) / 7, 2) if below.size else None


def _log_edges(value: Floats) -> Floats:
    """Place edges at round places of the log scale, so finely as the number of customers bears."""
    low, high = np.log10(np.quantile(value, [_LEFT_OUT, 1.0 - _LEFT_OUT], method="inverted_cdf"))
    most = min(_MOST_BINS, max(_FEWEST_BINS, round(2.0 * value.size ** (1 / 3))))
    places = [
        (math.floor(low * per), math.floor(high * per) + 1, per)
        for per in _BINS_PER_DECADE
        if math.floor(high * per) + 1 - math.floor(low * per) <= most
    ]
    first, last, per = places[0] if places else (math.floor(low), math.floor(high) + 1, 1)
    return np.power(10.0, np.arange(first, last + 1) / per)


def _share_below(params: dict[str, float], orders: Floats, edges: Floats) -> Floats:
    """Expect such a share of the customers to have a mean order value below each edge."""
    times, customers = np.unique(orders, return_counts=True)
    shape = params["p"] * times[:, None]
    worth = times[:, None] * edges[None, :]
    chance = betainc(shape, params["q"], worth / (params["v"] + worth))
    return np.asarray((customers[:, None] * chance).sum(axis=0) / customers.sum(), dtype=np.float64)


def _moving_share(params: dict[str, float], orders: Floats, edges: Floats) -> Floats:
    """Expect such shares in bins that move along the axis, so that a curve through them is smooth."""
    half = math.sqrt(edges[1] / edges[0])
    centres = np.geomspace(edges[0], edges[-1], _CURVE_POINTS)
    return _share_below(params, orders, centres * half) - _share_below(params, orders, centres / half)


def _short(values: Floats) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
