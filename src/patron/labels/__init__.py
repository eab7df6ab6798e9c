"""What happened after a snapshot. Never an argument of a feature builder."""

from patron.labels.silence import LABEL_IN_WORDS, silence_label

__all__ = ["LABEL_IN_WORDS", "silence_label"]
