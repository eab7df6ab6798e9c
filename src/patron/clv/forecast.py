"""The value forecast that ships: which entrant, its parts, and its value carried from days to the horizon.

In:  a fitted purchase model, a purchase summary, features, what the last year brought.
Out: expected discounted margin over the horizon, and what hangs on it, by the entrant that was chosen.
Not here: the choice (`evaluation.value_choice`) and the purchase model itself (`clv.estimator`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from patron.clv._months import DAYS_PER_WEEK, WEEKS_PER_MONTH, stretches
from patron.clv._summary import PurchaseRows
from patron.clv.challenger import BASELINE, OBJECTIVES, Challenger
from patron.clv.estimator import CLVModel
from patron.errors import ModelError

#: Entrants that a blend may hold; a forecast is one of them or the blend.
SINGLE_ENTRANTS = ("btyd", "challenger", "last_year")
#: Features that a purchase model adds to the matrix.
PURCHASE_COLUMNS = (
    "alive_probability",
    "no_order_probability",
    "expected_orders_in_horizon",
    "expected_order_value",
    "expected_value",
    "last_year_value",
)
_YEAR = 365
#: A customer given up by the purchase model keeps at most this many times the new value if it does order.
_MOST_KEPT = 10.0


@dataclass(frozen=True)
class ValueForecast:
    """What `clv` is made of where the purchase model alone does not ship.

    Parameters
    ----------
    kind : str
        ``challenger``, ``last_year`` or ``blend``.
    weights : mapping
        Of `SINGLE_ENTRANTS` -> share, at least 0 and 1 together.
    value_days : int
        How far ahead the challenger predicts.
    first_day : int
        First order day of the log in training (days since 1970-01-01): last year may be shorter than a year.
    horizon_ratio : float
        Discounted value over the horizon / undiscounted value over `value_days`, both by the purchase model
        and summed over the base: where it says nothing about a customer.
    challenger : Challenger or None
        None where it has no share.
    """

    kind: str
    weights: Mapping[str, float]
    value_days: int
    first_day: int
    horizon_ratio: float
    challenger: Challenger | None

    def to_files(self) -> dict[str, Any]:
        """Return ``forecast.json`` as JSON-able data, and the trees as texts."""
        challenger = self.challenger
        files: dict[str, Any] = {
            "forecast.json": {
                "kind": self.kind,
                "weights": dict(self.weights),
                "value_days": self.value_days,
                "first_day": self.first_day,
                "horizon_ratio": self.horizon_ratio,
                "challenger": None if challenger is None else challenger.to_dict(),
            }
        }
        if challenger is not None:
            files |= {_tree_file(name): text for name, text in challenger.trees.items()}
        return files

    @classmethod
    def from_files(cls, stored: Mapping[str, Any], texts: Mapping[str, bytes]) -> ValueForecast:
        """Bring back what `to_files` gave.

        Parameters
        ----------
        stored : mapping
            Content of ``forecast.json``.
        texts : mapping
            File name -> bytes of the model folder.

        Raises
        ------
        ModelError
            When a part is missing or damaged.
        """
        trees = {n: texts[_tree_file(n)].decode() for n in OBJECTIVES if _tree_file(n) in texts}
        weights = {str(name): float(weight) for name, weight in stored["weights"].items()}
        if not set(weights) <= set(SINGLE_ENTRANTS) or abs(sum(weights.values()) - 1) > 1e-9:
            raise ModelError(f"forecast.json holds weights that cannot be: {weights}. Train the model again.")
        challenger = stored["challenger"]
        return cls(
            kind=str(stored["kind"]),
            weights=weights,
            value_days=int(stored["value_days"]),
            first_day=int(stored["first_day"]),
            horizon_ratio=float(stored["horizon_ratio"]),
            challenger=None if challenger is None else Challenger.from_dict(challenger, trees),
        )

    def clv(
        self,
        purchase_clv: np.ndarray,
        purchase_value: np.ndarray,
        challenger_value: np.ndarray | None,
        last_year: np.ndarray,
        *,
        horizon_months: int,
        annual_discount_rate: float,
    ) -> np.ndarray:
        """Carry each entrant's value to the horizon and add them up by their weights.

        Parameters
        ----------
        purchase_clv : numpy.ndarray, shape (n,)
            Discounted value over the horizon by the purchase model, currency.
        purchase_value : numpy.ndarray, shape (n,)
            Its undiscounted value over `value_days`.
        challenger_value : numpy.ndarray, shape (n,), or None
            The challenger's value over `value_days`; None without it.
        last_year : numpy.ndarray, shape (n,)
            Margin a day over the last year.
        horizon_months : int
            H.
        annual_discount_rate : float
            Per year.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Currency. The challenger keeps the purchase model's ratio of the two times, no more than spending
            at a steady pace and no less than nothing after `value_days`; last year goes on at its pace.
        """
        whole = discounted_days(horizon_months * WEEKS_PER_MONTH, annual_discount_rate)
        part = discounted_days(self.value_days / DAYS_PER_WEEK, annual_discount_rate)
        found = self.weights.get("btyd", 0.0) * purchase_clv + self.weights.get("last_year", 0.0) * (
            last_year * whole
        )
        if challenger_value is None:
            return found
        known = purchase_value > 0
        ratio = np.where(known, purchase_clv / np.where(known, purchase_value, 1.0), self.horizon_ratio)
        bounded = np.clip(ratio, part / self.value_days, whole / self.value_days)
        total: np.ndarray = found + self.weights.get("challenger", 0.0) * challenger_value * bounded
        return total


def value_matrix(
    summary: pd.DataFrame,
    features: pd.DataFrame,
    earned: np.ndarray,
    last_year: np.ndarray,
    purchases: CLVModel,
    value_days: int,
) -> pd.DataFrame:
    """Put together what the challenger reads: the same for training and scoring.

    Parameters
    ----------
    summary : pandas.DataFrame, n rows
        Purchase summary.
    features : pandas.DataFrame, shape (n, ...)
        In the same order, without ids.
    earned : numpy.ndarray, shape (n,)
        Margin / order value.
    last_year : numpy.ndarray, shape (n,)
        Margin a day, of `last_year_per_day`.
    purchases : CLVModel
        Fitted on orders before the same day.
    value_days : int
        How far ahead.

    Returns
    -------
    pandas.DataFrame, shape (n, ...)
        The features, `PURCHASE_COLUMNS` and the baseline: the mean of what the purchase model expects and
        of last year again.
    """
    own = {str(name): features[name].to_numpy() for name in features}
    return pd.DataFrame(
        value_inputs(summary, own, earned, last_year, purchases, value_days), index=features.index
    )


def value_inputs(
    summary: pd.DataFrame | PurchaseRows,
    features: Mapping[str, np.ndarray],
    earned: np.ndarray,
    last_year: np.ndarray,
    purchases: CLVModel,
    value_days: int,
) -> dict[str, np.ndarray]:
    """Compute the columns of `value_matrix` as arrays, from features as arrays."""
    weeks = value_days / DAYS_PER_WEEK
    orders = purchases.expected_orders(summary, weeks)
    worth = purchases.expected_order_value(summary)
    added = {
        "alive_probability": purchases.alive_probability(summary),
        "no_order_probability": purchases.no_order_probability(summary, weeks),
        "expected_orders_in_horizon": orders,
        "expected_order_value": worth,
        "expected_value": orders * worth * earned,
        "last_year_value": last_year * value_days,
    }
    baseline = 0.5 * (added["expected_value"] + added["last_year_value"])
    own = {name: values for name, values in features.items() if name not in added}
    return {**own, **added, BASELINE: baseline}


def last_year_per_day(
    revenue_year: np.ndarray, margin: np.ndarray, seen_days: int, minor_digits: int
) -> np.ndarray:
    """Return the margin a day of the last 365 days: what "last year again" repeats.

    Parameters
    ----------
    revenue_year : numpy.ndarray, shape (n,)
        Revenue of the last 365 days, minor units.
    margin : numpy.ndarray, shape (n,)
        Margin / revenue.
    seen_days : int
        Days since the log began: a shorter log is not a year.
    minor_digits : int
        Decimals of the currency.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Currency a day, at least 0.

    Examples
    --------
    >>> last_year_per_day(np.array([73_000.0, -5.0]), np.array([0.5, 0.5]), 400, 2).tolist()
    [1.0, 0.0]
    """
    daily: np.ndarray = revenue_year / 10**minor_digits * margin / max(min(_YEAR, seen_days), 1)
    return daily.clip(min=0.0)


def rescaled(value: pd.DataFrame, clv: np.ndarray) -> pd.DataFrame:
    """Move what belongs to a purchase model's value in proportion to another forecast.

    Parameters
    ----------
    value : pandas.DataFrame, n rows
        ``clv`` and, where wanted, ``clv_low``, ``clv_high``, ``clv_if_silent``, ``clv_if_kept``.
    clv : numpy.ndarray, shape (n,)
        The other forecast, currency, at least 0.

    Returns
    -------
    pandas.DataFrame, n rows
        The columns times other / own. Where the purchase model has given a customer up, the proportion says
        nothing: the value if kept then rises to ten times the forecast at most, and where it expects exactly
        nothing, silence brings nothing and an order at least the forecast.

    Examples
    --------
    >>> own = pd.DataFrame({"clv": [100.0], "clv_if_silent": [40.0], "clv_if_kept": [130.0]})
    >>> rescaled(own, np.array([50.0])).iloc[0].tolist()
    [50.0, 20.0, 65.0]
    """
    moved = rescaled_columns({str(name): value[name].to_numpy() for name in value}, clv)
    return value.assign(**moved)


def rescaled_columns(value: Mapping[str, np.ndarray], clv: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the columns of `rescaled` as arrays; those that do not move come along."""
    before = np.asarray(value["clv"], dtype=np.float64)
    known = before > 0
    factor = np.where(known, clv / np.where(known, before, 1.0), 0.0)
    found = {**value, "clv": clv}
    for name in ("clv_low", "clv_high", "clv_if_silent"):
        if name in value:
            found[name] = np.asarray(value[name], dtype=np.float64) * factor
    if "clv_if_silent" in value:
        found["clv_if_silent"] = np.where(
            value["clv_if_silent"] <= before, np.minimum(found["clv_if_silent"], clv), found["clv_if_silent"]
        )
    if "clv_if_kept" in value:
        kept = np.asarray(value["clv_if_kept"], dtype=np.float64)
        moved = np.where(known, np.minimum(kept * factor, np.maximum(kept, _MOST_KEPT * clv)), kept)
        found["clv_if_kept"] = np.where(kept >= before, np.maximum(moved, clv), moved)
    return found


def discounted_days(weeks: float, annual_discount_rate: float) -> float:
    """Weigh the days of the next weeks by their discount factors and add them up.

    Examples
    --------
    >>> discounted_days(2.0, 0.0)
    14.0
    """
    months = stretches(0.0, weeks, annual_discount_rate)
    return float(months.discount(DAYS_PER_WEEK * months.ends[None, :])[0])


def _tree_file(name: str) -> str:
    return f"forecast_{name}.txt"
