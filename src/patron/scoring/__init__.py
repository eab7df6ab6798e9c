"""Parts -> the score row of each customer."""

from patron.scoring.parts import RiskThresholds, ScoreSettings, ScoringParts
from patron.scoring.score import in_language, score_customers, status_of
from patron.scoring.write import FORMULA, as_rounded, check_scores_name, write_scores

__all__ = [
    "FORMULA",
    "RiskThresholds",
    "ScoreSettings",
    "ScoringParts",
    "as_rounded",
    "check_scores_name",
    "in_language",
    "score_customers",
    "status_of",
    "write_scores",
]
