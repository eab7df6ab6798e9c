"""Did it help: campaigns with a control group, designed, read out, and learned from."""

from patron.campaigns.assign import CONTROL, TREATMENT, assign
from patron.campaigns.effects import Effect, difference_in_means
from patron.campaigns.files import (
    ASSIGNMENT_COLUMNS,
    PLAN,
    READOUT,
    Campaign,
    assignment_bytes,
    campaigns_in,
    check_name,
    read_campaign,
    read_uplift,
    running,
    write_campaign,
    write_uplift,
)
from patron.campaigns.outcomes import campaign_outcomes
from patron.campaigns.plan import ANALYSIS, CampaignPlan
from patron.campaigns.power import detectable
from patron.campaigns.qini import auuc, qini_coefficient, qini_curve, uplift_by_decile
from patron.campaigns.readout import Readout, read_out
from patron.campaigns.redraw import difference_redrawn
from patron.campaigns.save_rates import PosteriorRate, SaveRate, posterior_save_rate, save_rates
from patron.campaigns.shrinkage import RandomEffects, random_effects
from patron.campaigns.uplift import Uplift, judge_uplift

__all__ = [
    "ANALYSIS",
    "ASSIGNMENT_COLUMNS",
    "CONTROL",
    "PLAN",
    "READOUT",
    "TREATMENT",
    "Campaign",
    "CampaignPlan",
    "Effect",
    "PosteriorRate",
    "RandomEffects",
    "Readout",
    "SaveRate",
    "Uplift",
    "assign",
    "assignment_bytes",
    "auuc",
    "campaign_outcomes",
    "campaigns_in",
    "check_name",
    "detectable",
    "difference_in_means",
    "difference_redrawn",
    "judge_uplift",
    "posterior_save_rate",
    "qini_coefficient",
    "qini_curve",
    "random_effects",
    "read_campaign",
    "read_out",
    "read_uplift",
    "running",
    "save_rates",
    "uplift_by_decile",
    "write_campaign",
    "write_uplift",
]
