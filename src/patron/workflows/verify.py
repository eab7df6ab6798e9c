"""`patron verify`: the value model of a config, fitted again by lifetimes."""

from __future__ import annotations

from dataclasses import dataclass

from patron.clv import CLVModel, LedgerView
from patron.clv.verification import Comparison, verify_model
from patron.config import Config
from patron.snapshots import to_day
from patron.workflows.base import open_base


@dataclass(frozen=True)
class Verified:
    """What a verification found.

    Parameters
    ----------
    customers : int
        How many were fitted.
    model : CLVModel
        As the config asks for.
    comparisons : list of Comparison
        Line by line.
    """

    customers: int
    model: CLVModel
    comparisons: list[Comparison]

    @property
    def unexplained(self) -> list[Comparison]:
        """Differences that nothing explains."""
        return [line for line in self.comparisons if line.explained_by is None]


def verify(config: Config) -> Verified:
    """Fit the customers of a config natively and with lifetimes, and compare.

    Parameters
    ----------
    config : Config
        The whole config; ``clv.by`` is left out, as lifetimes knows no segments.

    Returns
    -------
    Verified

    Raises
    ------
    NotEnoughData
        If there are too few orders for a fit.
    """
    base = open_base(config, items=())
    view = LedgerView(base.tables, to_day(base.ledger.as_of), base.ledger.minor_digits)
    summary, terms = view.summary(), config.clv
    model = CLVModel(purchases=terms.purchases, backend=terms.backend)
    model.fit(summary, evidence=view.evidence())
    comparisons = verify_model(
        summary,
        model,
        horizon_months=terms.horizon_months,
        annual_discount_rate=terms.annual_discount_rate,
    )
    return Verified(len(summary), model, comparisons)
