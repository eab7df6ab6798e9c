"""What happened after a snapshot. Never an argument of a feature builder."""

from patron.labels.customers import label_customers
from patron.labels.definition import LABELS, ChurnLabel
from patron.labels.silence import silence_label

__all__ = ["LABELS", "ChurnLabel", "label_customers", "silence_label"]
