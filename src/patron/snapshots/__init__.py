"""Cut time: the customer-day table, the dates to learn from, what was known before and what came after."""

from patron.snapshots.aggregate import Aggregate, aggregate, count, quantile, total
from patron.snapshots.answers import ANSWER_DAYS, NpsAnswers, latest_answers
from patron.snapshots.chunks import Chunk, customer_chunks, of_customers, tables_of_chunk
from patron.snapshots.customer_days import (
    KINDS_OF_ITEMS,
    LOG_SCALE,
    CustomerTables,
    customer_tables,
    with_first_days,
)
from patron.snapshots.days import day_of, day_text, to_day
from patron.snapshots.grid import disjoint_windows, snapshot_days
from patron.snapshots.history import History, history_before, purchase_days_between, under_newest_ids
from patron.snapshots.merges import CustomerMerge, merge_customers, probable_rekeys
from patron.snapshots.purchase_summary import purchase_summary
from patron.snapshots.rhythm import (
    YEAR_DAYS,
    RhythmRule,
    base_gap_days,
    days_to_order,
    expected_gap_days,
    last_purchase_days,
    limit_days,
    own_limits,
)

__all__ = [
    "ANSWER_DAYS",
    "KINDS_OF_ITEMS",
    "LOG_SCALE",
    "YEAR_DAYS",
    "Aggregate",
    "Chunk",
    "CustomerMerge",
    "CustomerTables",
    "History",
    "NpsAnswers",
    "RhythmRule",
    "aggregate",
    "base_gap_days",
    "count",
    "customer_chunks",
    "customer_tables",
    "day_of",
    "day_text",
    "days_to_order",
    "disjoint_windows",
    "expected_gap_days",
    "history_before",
    "last_purchase_days",
    "latest_answers",
    "limit_days",
    "merge_customers",
    "of_customers",
    "own_limits",
    "probable_rekeys",
    "purchase_days_between",
    "purchase_summary",
    "quantile",
    "snapshot_days",
    "tables_of_chunk",
    "to_day",
    "total",
    "under_newest_ids",
    "with_first_days",
]
