"""The training table: one row per customer and snapshot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from patron.churn.season import DailyPurchases


@dataclass(frozen=True)
class Panel:
    """Features with what happened afterwards, ordered by snapshot, then customer.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n_rows, n_features)
        Float64 columns.
    churned : numpy.ndarray of int64, shape (n_rows,)
        1 where the label holds.
    customer_id : numpy.ndarray of str, shape (n_rows,)
        The customer of each row.
    as_of_day : numpy.ndarray of int64, shape (n_rows,)
        Snapshot of each row (days since 1970-01-01).
    daily : DailyPurchases, optional
        Purchase days of the whole base by day, for the season; whoever uses it cuts it at what is known.
    """

    features: pd.DataFrame
    churned: np.ndarray
    customer_id: np.ndarray
    as_of_day: np.ndarray
    daily: DailyPurchases | None = None

    def __len__(self) -> int:
        return len(self.churned)

    def where(self, mask: np.ndarray) -> Panel:
        """Return the rows of a mask.

        Parameters
        ----------
        mask : numpy.ndarray of bool, shape (n_rows,)
            Rows to keep.

        Returns
        -------
        Panel
        """
        rows = np.flatnonzero(mask)
        features = self.features.take(rows).reset_index(drop=True)
        return Panel(features, self.churned[rows], self.customer_id[rows], self.as_of_day[rows], self.daily)

    def known_before(self, day: int, horizon_days: int) -> Panel:
        """Return the rows whose outcome window ends by a day.

        Parameters
        ----------
        day : int
            Days since 1970-01-01.
        horizon_days : int
            Length of the outcome window.

        Returns
        -------
        Panel
        """
        return self.where(self.as_of_day + horizon_days <= day)

    @property
    def snapshot_days(self) -> list[int]:
        """Snapshot days present, oldest first."""
        return sorted({int(day) for day in self.as_of_day})
