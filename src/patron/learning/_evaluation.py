"""What is known about a trained model, as `evaluation.json` holds it.

In:  what was judged (`evaluation`). Out: plain data for JSON.
Not here: training (`learning.learn`).
"""

from __future__ import annotations

from typing import Any

from patron.churn import Panel
from patron.churn.train import ChurnTraining
from patron.evaluation import ChurnRecipe, Judged, JudgedValue
from patron.scoring import ScoringParts, standing_of, status_counts, status_of
from patron.segments import segment_inputs
from patron.snapshots import CustomerTables, day_text, history_before, own_limits


def evaluation_of(
    as_of_day: int,
    recipe: ChurnRecipe,
    judged: Judged | None,
    final: ChurnTraining,
    test: Panel | None,
    valued: JudgedValue | None,
) -> dict[str, Any]:
    """Put together what was judged; what could not be judged is graded C and says so."""
    horizon = recipe.features.horizon_days
    evaluation: dict[str, Any] = {
        "as_of": day_text(as_of_day),
        "evaluated_as_of": day_text(int(test.as_of_day[0])) if judged and test else None,
        "n": len(test) if test is not None else 0,
        "horizon_days": horizon,
        "label_in_words": recipe.label.in_words(),
        "grade": {
            "churn": judged.grade.letter if judged else "C",
            "clv": valued.grade.letter if valued else "C",
        },
        "grade_sentences": {
            "churn": judged.grade.sentence if judged else f"Not judged: {final.reason}.",
            "clv": valued.grade.sentence
            if valued
            else "Not judged: too few orders before the held-out period.",
        },
    }
    if judged:
        evaluation["churn"] = judged.block
    if valued:
        evaluation |= {"clv": valued.entrants, "clv_holdout": valued.holdout}
        evaluation["clv_choice"] = valued.choice.to_dict()
    return evaluation


def counts_of(tables: CustomerTables, as_of_day: int, parts: ScoringParts) -> dict[str, int]:
    """Count the customers of each status on the training day."""
    history = history_before(tables, as_of_day)
    inputs = segment_inputs(history)
    everybody = len(history.days.select("customer_id").unique().collect())
    first, last = inputs["first_day"].to_numpy(), inputs["last_day"].to_numpy()
    limits = None
    if parts.recipe.rhythm is not None:
        limits = own_limits(history, parts.recipe.rhythm)["limit_days"].to_numpy()
    standing = standing_of(parts.settings, as_of_day, first, last, limits)
    bought = inputs["purchase_days"].to_numpy()
    statuses = status_of(last, bought, as_of_day, standing.limit_days).tolist()
    return status_counts([*statuses, *["excluded"] * (everybody - len(inputs))])
