"""What campaigns mean for the lists of a day: who is left alone, and which save rates were measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.actions import MeasuredRates, day_of_scores
from patron.campaigns import (
    CONTROL,
    TREATMENT,
    Campaign,
    CampaignPlan,
    SaveRate,
    campaigns_in,
    posterior_save_rate,
    read_uplift,
    running,
)
from patron.config import Config
from patron.features import FeatureRecipe, build_features
from patron.model import PatronModel
from patron.snapshots import CustomerMerge, history_before, merge_customers, to_day
from patron.workflows.base import Base


def campaigns_folder(config: Config) -> Path:
    """Return where the campaigns of a config lie."""
    return config.output_folder / "campaigns"


def campaigns_of(config: Config) -> list[Campaign]:
    """Return all campaigns of a config, the one that began first first."""
    return campaigns_in(campaigns_folder(config))


def held_out(
    campaigns: Sequence[Campaign], day: date, merges: Sequence[CustomerMerge] = ()
) -> dict[str, date]:
    """Return the accounts that running campaigns leave alone, and until when.

    Parameters
    ----------
    campaigns : sequence of Campaign
        All there are.
    day : date
        Of the lists.
    merges : sequence of CustomerMerge
        An account that was given a new id since the draw counts under that one.

    Returns
    -------
    dict
        Customer -> the day after the window.
    """
    return {customer: plan.ends_on for customer, plan in _drawn(campaigns, CONTROL, day, merges)}


def to_call(campaigns: Sequence[Campaign], day: date, merges: Sequence[CustomerMerge] = ()) -> dict[str, str]:
    """Return the accounts that running campaigns are to call, and the name of the campaign.

    Parameters
    ----------
    campaigns, day, merges
        As in `held_out`.

    Returns
    -------
    dict
        Customer -> campaign.
    """
    return {customer: plan.name for customer, plan in _drawn(campaigns, TREATMENT, day, merges)}


def _drawn(
    campaigns: Sequence[Campaign], arm: str, day: date, merges: Sequence[CustomerMerge]
) -> Iterator[tuple[str, CampaignPlan]]:
    names = merge_customers(merges, to_day(day))
    for one in running(campaigns, day):
        for customer in one.assignment.loc[one.assignment["arm"] == arm, "customer_id"]:
            yield names.get(str(customer), str(customer)), one.plan


def newest_read(campaigns: Sequence[Campaign], day: date) -> Campaign | None:
    """Return the newest campaign that ended before a day, was carried out as drawn and read out.

    Parameters
    ----------
    campaigns : sequence of Campaign
        The one that began first first.
    day : date
        Of the lists.

    Returns
    -------
    Campaign or None
    """
    valid = [
        one for one in campaigns if one.plan.ends_on <= day and one.code not in (None, "invalid", "too_early")
    ]
    return valid[-1] if valid else None


def measured_rates(
    campaign: Campaign, assumed: float, by_customer: Mapping[str, float] | None = None
) -> MeasuredRates:
    """Return the save rates of a campaign that was read out.

    Parameters
    ----------
    campaign : Campaign
        Of `newest_read`.
    assumed : float
        Save rate of the config: the prior that a measurement is combined with.
    by_customer : mapping, optional
        Of `uplift_rates`.

    Returns
    -------
    MeasuredRates
    """
    read: Mapping[str, Any] = campaign.readout or {}
    rates = {
        str(rate["tier"]): _combined(SaveRate(**rate), assumed)
        for rate in (*read["save_rates"], read["save_rate"])
    }
    others = rates.pop("overall")
    return MeasuredRates(campaign.plan.name, campaign.plan.ends_on, rates, others, by_customer)


def uplift_rates(
    config: Config, campaign: Campaign, base: Base, model: PatronModel, scores: pd.DataFrame
) -> dict[str, float] | None:
    """Return the save rate of each customer, where a campaign supports a ranking by uplift.

    Parameters
    ----------
    config : Config
        With the folder of campaigns.
    campaign : Campaign
        Of `newest_read`.
    base : Base
        The ledger.
    model : PatronModel
        What scored.
    scores : pandas.DataFrame
        Score rows of one day, with the chance of leaving.

    Returns
    -------
    dict or None
        Customer -> share of its chance of leaving that a call takes away, as it is predicted, below 0 where
        a call does harm; None where the campaign does not support it, or the model in use knows other
        features than it did.

    Raises
    ------
    PatronError
        If the models of the campaign were changed.
    """
    judged: Mapping[str, Any] = (campaign.readout or {}).get("uplift") or {}
    if not judged.get("supported"):
        return None
    models = read_uplift(campaigns_folder(config) / campaign.plan.name, str(judged["models_sha256"]))
    features = uplift_features(base, model.parts.recipe, day_of_scores(scores))
    if not set(models.columns) <= set(features):
        return None
    risk = scores.set_index("customer_id")["churn_probability"].astype(float).reindex(features.index)
    gain = pd.Series(models.predict(features), index=features.index)
    rates = (gain / risk).where(risk > 0).dropna()
    return {str(customer): float(rate) for customer, rate in rates.items()}


def uplift_features(base: Base, recipe: FeatureRecipe, day: date) -> pd.DataFrame:
    """Build what a ranking by uplift reads: patron's own features, without those of a purchase model.

    The purchase model of today was fitted on orders that a campaign of last season has not seen.

    Parameters
    ----------
    base : Base
        The ledger.
    recipe : FeatureRecipe
        Of the model in use.
    day : date
        Orders before it count.

    Returns
    -------
    pandas.DataFrame
        By customer.
    """
    own = replace(recipe, custom=(), groups=tuple(name for name in recipe.groups if name != "btyd"))
    return build_features(history_before(base.tables, to_day(day)), own).set_index("customer_id")


def _combined(measured: SaveRate, assumed: float) -> tuple[float, float, float]:
    """Return mean, low and high to count on; the measured ones where nothing was assumed."""
    if assumed <= 0:
        return measured.save_rate, measured.low, measured.high
    return posterior_save_rate(measured, assumed)
