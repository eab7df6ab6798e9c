"""Parts -> the score row of each customer."""

from patron.scoring.parts import RiskThresholds, ScoreSettings, ScoringParts
from patron.scoring.score import score_customers, status_of
from patron.scoring.write import as_rounded, write_scores

__all__ = [
    "RiskThresholds",
    "ScoreSettings",
    "ScoringParts",
    "as_rounded",
    "score_customers",
    "status_of",
    "write_scores",
]
