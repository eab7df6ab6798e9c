"""Is it still true: promised against realised, drift, the state of the data."""

from patron.monitoring.data_checks import Finding, data_facts, data_findings
from patron.monitoring.drift import Moved, drift, holm, psi
from patron.monitoring.realised import LAST_VINTAGES, Pooled, judge_value, judge_vintage, pool
from patron.monitoring.status import STATUSES, Rule, damage_rules, data_rules, drift_rules, status_of
from patron.monitoring.vintage import VINTAGE_COLUMNS, Vintage, vintages_before, write_vintage

__all__ = [
    "LAST_VINTAGES",
    "STATUSES",
    "VINTAGE_COLUMNS",
    "Finding",
    "Moved",
    "Pooled",
    "Rule",
    "Vintage",
    "damage_rules",
    "data_facts",
    "data_findings",
    "data_rules",
    "drift",
    "drift_rules",
    "holm",
    "judge_value",
    "judge_vintage",
    "pool",
    "psi",
    "status_of",
    "vintages_before",
    "write_vintage",
]
