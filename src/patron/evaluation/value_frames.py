"""Everything a value forecast needs of one day, as plain frames: collected once, fitted anywhere.

In:  the customer tables and days.
Out: what was known before each day and what came in the days after it, without a handle on any engine.
Not here: fitting and predicting (`evaluation.value_entrants`).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from patron.clv import Evidence, LedgerView, last_year_per_day
from patron.features import FeatureRecipe, build_features, coded_features
from patron.segments import base_ratios, margins_of, net_ratios_of, segment_inputs
from patron.snapshots import CustomerTables, history_before, purchase_days_between

#: Customers of a past day that trees learn from; more change little and fill the memory.
MOST_CUSTOMERS = 50_000


@dataclass(frozen=True)
class ValueTerms:
    """How money is counted, and which forecast is wanted.

    Parameters
    ----------
    purchases, backend : str
        Of ``clv`` in the config.
    by : str or None
        Attribute with parameters of its own, of ``clv`` in the config.
    horizon_months : int
        H.
    margin : float
        Where neither lines nor customers tell.
    has_cost : bool
        Whether order lines carry costs.
    minor_digits : int
        Decimals of the currency.
    model : str
        ``clv.model`` of the config: auto, btyd, challenger, last_year or blend.
    """

    purchases: str
    backend: str
    by: str | None
    horizon_months: int
    margin: float
    has_cost: bool
    minor_digits: int
    model: str = "auto"


class ValueFrame(NamedTuple):
    """What was known of each customer before a day, and what each brought after it; n customers.

    Parameters
    ----------
    day : int
        Days since 1970-01-01; nothing of this day or later is in the first seven fields.
    summary : pandas.DataFrame
        Purchase summary, with the column `ValueTerms.by`.
    features : pandas.DataFrame
        Of `features.build_features`, without the ``btyd`` group and the ids.
    margin : numpy.ndarray, shape (n,)
        Margin / revenue.
    earned : numpy.ndarray, shape (n,)
        Margin / order value: `margin` x what refunds leave.
    last_year : numpy.ndarray, shape (n,)
        Margin a day over the last 365 days (or since the first order of the log), at least 0; currency.
    evidence : Evidence or None
        A part held out for the choice of a purchase process.
    value : numpy.ndarray, shape (n,), or None
        Undiscounted net margin in the days after `day`, currency; None where they are not over.
    orders : numpy.ndarray, shape (n,), or None
        Purchase days in them.
    """

    day: int
    summary: pd.DataFrame
    features: pd.DataFrame
    margin: np.ndarray
    earned: np.ndarray
    last_year: np.ndarray
    evidence: Evidence | None
    value: np.ndarray | None
    orders: np.ndarray | None

    def sample(self, most: int) -> ValueFrame:
        """Return at most about so many customers: a half, a quarter, ... of all ids.

        A customer of a smaller share is in every larger one, so that most are in all snapshots or in none.
        """
        every = 2 ** max(0, math.ceil(math.log2(max(len(self.summary), 1) / most)))
        if every <= 1:
            return self
        kept = _drawn(self.summary["customer_id"], every)
        return ValueFrame(
            self.day,
            self.summary[kept].reset_index(drop=True),
            self.features[kept].reset_index(drop=True),
            self.margin[kept],
            self.earned[kept],
            self.last_year[kept],
            None if self.evidence is None else _sampled(self.evidence, every),
            None if self.value is None else self.value[kept],
            None if self.orders is None else self.orders[kept],
        )


class ForecastRecipe(NamedTuple):
    """How forecasts that learn from features are made.

    Parameters
    ----------
    features : FeatureRecipe
        What is built; its horizon is replaced by the days that values are counted over.
    seed : int
        For the trees.
    threads : int or None
        Changes no result.
    """

    features: FeatureRecipe
    seed: int = 7
    threads: int | None = None

    @property
    def coded(self) -> tuple[str, ...]:
        """Features that hold codes rather than numbers."""
        return coded_features(self.features)


def collect_frame(
    tables: CustomerTables,
    day: int,
    first_day: int,
    terms: ValueTerms,
    recipe: FeatureRecipe,
    *,
    days_ahead: int | None,
    with_evidence: bool = True,
) -> ValueFrame:
    """Collect one day.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    day, first_day : int
        The day, and the first order day of the log (days since 1970-01-01).
    terms : ValueTerms
        How money is counted.
    recipe : FeatureRecipe
        Of `value_recipe`.
    days_ahead : int or None
        Length of the outcome window; None where it is not over.
    with_evidence : bool
        Whether a purchase process will be chosen on this day.

    Returns
    -------
    ValueFrame
        Ordered by customer.
    """
    history = history_before(tables, day)
    view = LedgerView(tables, day, terms.minor_digits)
    summary = view.summary(terms.by)
    inputs = segment_inputs(history)
    net_ratio, base_margin = base_ratios(inputs)
    margin = margins_of(inputs, history.attributes, terms.margin, base_margin if terms.has_cost else None)
    value, orders = None, None
    if days_ahead is not None:
        value, orders = _outcome(tables, (day, day + days_ahead), summary["customer_id"], margin, terms)
    last_year = last_year_per_day(
        inputs["revenue_year"].to_numpy(), margin, day - first_day, terms.minor_digits
    )
    return ValueFrame(
        day,
        summary,
        build_features(history, recipe).drop(columns="customer_id"),
        margin,
        margin * net_ratios_of(inputs, net_ratio),
        last_year,
        view.evidence() if with_evidence else None,
        value,
        orders,
    )


def _outcome(
    tables: CustomerTables,
    window: tuple[int, int],
    customer: pd.Series,
    margin: np.ndarray,
    terms: ValueTerms,
) -> tuple[np.ndarray, np.ndarray]:
    found = purchase_days_between(tables, *window).set_index("customer_id").reindex(customer).fillna(0)
    unit = 10**terms.minor_digits
    if terms.has_cost:
        value = found["net_margin"].to_numpy(dtype=np.float64) / unit
    else:
        value = found["net_spend"].to_numpy(dtype=np.float64) / unit * margin
    return value, found["purchase_days"].to_numpy(dtype=np.float64)


def _drawn(customer: Sequence[str] | pd.Series, every: int) -> np.ndarray:
    return np.array([zlib.crc32(str(c).encode()) % every == 0 for c in customer], dtype=bool)


def _sampled(evidence: Evidence, every: int) -> Evidence:
    kept = _drawn(evidence.earlier["customer_id"], every)
    return replace(
        evidence,
        earlier=evidence.earlier[kept].reset_index(drop=True),
        orders_ahead=evidence.orders_ahead[kept],
        orders_before=evidence.orders_before[kept],
    )
