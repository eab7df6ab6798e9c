"""Everything a score needs, fixed when the model was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from patron.churn import ChurnModel
from patron.clv import CLVModel, ValueForecast
from patron.features import FeatureRecipe, feature_names
from patron.playbook import Playbook
from patron.scoring.beside import Beside, beside
from patron.scoring.row_columns import ahead_recipe, columns_of, digest_of
from patron.segments import SegmentRules


@dataclass(frozen=True)
class RiskThresholds:
    """From which probability on a customer is at medium or high risk.

    Relative to the base: medium begins at half the base's odds of churn, high at twice those odds, so "high"
    means the same in a shop where most never return and among loyal accounts.

    Parameters
    ----------
    medium, high : float
        Probabilities.
    """

    medium: float
    high: float

    @classmethod
    def of_base(cls, churn_rate: float) -> RiskThresholds:
        """Derive the thresholds from the churn rate of the training snapshots.

        Examples
        --------
        >>> RiskThresholds.of_base(0.5)
        RiskThresholds(medium=0.3333333333333333, high=0.6666666666666666)
        """
        rate = float(np.clip(churn_rate, 0.01, 0.99))
        odds = rate / (1 - rate)
        return cls(medium=odds / 2 / (1 + odds / 2), high=2 * odds / (1 + 2 * odds))

    def levels(self, probability: np.ndarray) -> np.ndarray:
        """Return low, medium or high for each probability.

        Parameters
        ----------
        probability : numpy.ndarray, shape (n,)
            Churn probabilities.

        Returns
        -------
        numpy.ndarray of str, shape (n,)
        """
        return np.where(
            probability >= self.high, "high", np.where(probability >= self.medium, "medium", "low")
        )


@dataclass(frozen=True)
class ScoreSettings:
    """Horizons and money, from the config of the training run.

    Parameters
    ----------
    churn_horizon_days, active_days, clv_horizon_months : int
        In days, days, months.
    margin : float
        Margin / revenue where neither lines nor customers tell.
    base_margin : float or None
        Margin / revenue of the base, where order lines carry costs.
    net_ratio : float
        Revenue after refunds / order value, over the base.
    annual_discount_rate : float
        Per year.
    currency : str or None
        ISO code.
    language : str
        ``en`` or ``zh``.
    label : str
        What counts as churn: ``silence``, ``rhythm`` or ``decline``.
    decline_share : float or None
        For the label ``decline``: under this share of last year's margin is churn.
    """

    churn_horizon_days: int
    active_days: int
    clv_horizon_months: int
    margin: float
    base_margin: float | None
    net_ratio: float
    annual_discount_rate: float
    currency: str | None
    language: str = "en"
    label: str = "silence"
    decline_share: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-able data."""
        return asdict(self)


@dataclass(frozen=True)
class ScoringParts:
    """A trained model, in parts.

    Parameters
    ----------
    churn : ChurnModel
        Probability of churn.
    clv : CLVModel
        Value.
    purchases : CLVModel or None
        Purchase model behind the ``btyd`` features.
    recipe : FeatureRecipe
        Which features.
    segments : SegmentRules
        Edges of tiers and stages.
    thresholds : RiskThresholds
        Low, medium, high.
    peers : mapping
        Feature -> median over the active customers of the training day, for the reasons.
    playbook : Playbook
        Rules behind ``action``.
    settings : ScoreSettings
        Horizons and money.
    peers_by_risk : mapping
        low, medium, high -> feature -> median over those of these customers; empty in older models.
    forecast : ValueForecast or None
        The value forecast that ships; None where it is that of `clv`.
    """

    churn: ChurnModel
    clv: CLVModel
    purchases: CLVModel | None
    recipe: FeatureRecipe
    segments: SegmentRules
    thresholds: RiskThresholds
    peers: Mapping[str, float]
    playbook: Playbook
    settings: ScoreSettings
    peers_by_risk: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    forecast: ValueForecast | None = None

    @cached_property
    def feature_names(self) -> frozenset[str]:
        """Features of the churn recipe."""
        return frozenset(feature_names(self.recipe))

    @cached_property
    def ahead(self) -> FeatureRecipe | None:
        """Features that the value forecast reads for its own horizon; None without any."""
        return ahead_recipe(self.recipe, self.forecast)

    @cached_property
    def ahead_names(self) -> tuple[str, ...]:
        """Names of those features."""
        return () if self.ahead is None else tuple(feature_names(self.ahead))

    @cached_property
    def row_columns(self) -> tuple[str, ...]:
        """Columns of a ledger row, in order (`scoring.ledger_rows`)."""
        return columns_of(self.recipe, self.ahead, self.clv.by)

    @cached_property
    def shown_with(self) -> Beside:
        """What a customer's numbers are shown with in its reasons."""
        return beside(self.peers, self.peers_by_risk, self.recipe.attributes, self.settings.currency)

    @cached_property
    def features_digest(self) -> str:
        """12 hex digits of what decides a ledger row."""
        return digest_of(
            {
                "recipe": self.recipe.to_dict(),
                "segments": self.segments.to_dict(),
                "purchases": None if self.purchases is None else self.purchases.params_,
                "value_days": None if self.forecast is None else self.forecast.value_days,
                "by": self.clv.by,
            }
        )
