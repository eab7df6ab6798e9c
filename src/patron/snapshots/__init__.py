"""Cut time: the customer-day table, the dates to learn from, what was known before and what came after."""

from patron.snapshots.aggregate import Aggregate, aggregate, count, total
from patron.snapshots.customer_days import LOG_SCALE, CustomerTables, customer_tables
from patron.snapshots.days import day_of, day_text, to_day
from patron.snapshots.grid import disjoint_windows, snapshot_days
from patron.snapshots.history import History, history_before, purchase_days_between
from patron.snapshots.merges import CustomerMerge, merge_customers, probable_rekeys
from patron.snapshots.purchase_summary import purchase_summary

__all__ = [
    "LOG_SCALE",
    "Aggregate",
    "CustomerMerge",
    "CustomerTables",
    "History",
    "aggregate",
    "count",
    "customer_tables",
    "day_of",
    "day_text",
    "disjoint_windows",
    "history_before",
    "merge_customers",
    "probable_rekeys",
    "purchase_days_between",
    "purchase_summary",
    "snapshot_days",
    "to_day",
    "total",
]
