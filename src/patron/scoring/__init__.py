"""Parts -> the score row of each customer."""

from patron.scoring.parts import RiskThresholds, ScoreSettings, ScoringParts
from patron.scoring.score import score_customers, status_of
from patron.scoring.write import as_rounded, check_scores_name, write_scores

__all__ = [
    "RiskThresholds",
    "ScoreSettings",
    "ScoringParts",
    "as_rounded",
    "check_scores_name",
    "score_customers",
    "status_of",
    "write_scores",
]
