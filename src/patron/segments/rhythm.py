"""The rhythm as segments use it: the arithmetic is that of the labels (`snapshots.rhythm`)."""

from patron.snapshots import expected_gap_days, limit_days

__all__ = ["expected_gap_days", "limit_days"]
