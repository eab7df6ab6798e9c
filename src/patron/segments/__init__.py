"""Tiers, lifecycle stages and the customer's own rhythm, as pure functions of the ledger and stored edges."""

from patron.segments.assign import assign_segments, fit_segment_rules
from patron.segments.details import FAST_GROWTH_RATIO, NEARLY_TOP_SHARE, segment_details
from patron.segments.inputs import base_ratios, margins_of, net_ratios_of, segment_inputs
from patron.segments.replay import REPLAY_DAYS, replay
from patron.segments.rhythm import expected_gap_days, limit_days
from patron.segments.rules import SegmentRules, overdue_ratios, rfm_scores, stage_codes, tier_codes

__all__ = [
    "FAST_GROWTH_RATIO",
    "NEARLY_TOP_SHARE",
    "REPLAY_DAYS",
    "SegmentRules",
    "assign_segments",
    "base_ratios",
    "expected_gap_days",
    "fit_segment_rules",
    "limit_days",
    "margins_of",
    "net_ratios_of",
    "overdue_ratios",
    "replay",
    "rfm_scores",
    "segment_details",
    "segment_inputs",
    "stage_codes",
    "tier_codes",
]
