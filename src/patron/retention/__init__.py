"""Who stayed, who left, what came back: metrics by period, cohorts, lifespans, moves between tiers."""

from patron.retention.by_column import retention_by_column
from patron.retention.cohorts import cohorts
from patron.retention.concentration import Concentration, concentration
from patron.retention.groups import (
    SEGMENT_COLUMNS,
    first_start_with_tiers,
    group_by,
    segment_columns,
)
from patron.retention.kinds_of_churn import ChurnKindRules
from patron.retention.ledger_days import ledger_days
from patron.retention.lifespan import Lifespan, lifespan
from patron.retention.lifetime_value import LifetimeValue, lifetime_value
from patron.retention.metrics import METRIC_COLUMNS, retention_metrics
from patron.retention.migration import ABSENT, TwoDays, migration, segments_on_two_days
from patron.retention.movers import DIRECTIONS, movers
from patron.retention.periods import add_months, period_start, whole_periods

__all__ = [
    "ABSENT",
    "DIRECTIONS",
    "METRIC_COLUMNS",
    "SEGMENT_COLUMNS",
    "ChurnKindRules",
    "Concentration",
    "Lifespan",
    "LifetimeValue",
    "TwoDays",
    "add_months",
    "cohorts",
    "concentration",
    "first_start_with_tiers",
    "group_by",
    "ledger_days",
    "lifespan",
    "lifetime_value",
    "migration",
    "movers",
    "period_start",
    "retention_by_column",
    "retention_metrics",
    "segment_columns",
    "segments_on_two_days",
    "whole_periods",
]
