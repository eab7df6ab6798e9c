"""A made-up backtest with everything a page can show; hostile names among the entrants and groups."""

from __future__ import annotations

from typing import Any

METRICS = ("auc", "average_precision", "brier", "log_loss", "ece", "top_decile_lift")
HOSTILE = "<img src=x onerror=alert(1)>"


def gap(value: float) -> dict[str, float]:
    return {"difference": value, "low": value - 0.01, "high": value + 0.01}


def entrant(kind: str, level: float, cutoffs: int = 2) -> dict[str, Any]:
    ends = {
        f"{m}{end}": level + shift
        for m in METRICS
        for end, shift in (("", 0), ("_low", -0.05), ("_high", 0.05))
    }
    gaps = None if kind == "chosen" else {m: gap(0.6 - level) for m in ("log_loss", "brier", "auc")}
    return {"kind": kind, "cutoffs": cutoffs, **ends, "chosen_minus_this": gaps}


def called(realised: float, more: float | None) -> dict[str, Any]:
    difference = None if more is None else {k: v * 1000 for k, v in gap(more).items()}
    return {
        "calls": 40,
        "churners": 12.0,
        "expected": 900.0,
        "realised": realised,
        "chosen_minus_this": difference,
    }


def calibration(n: int, rate: float) -> dict[str, Any]:
    return {"n": n, "rate": rate, "mean_probability": rate + 0.02, "ece": 0.02, "calibrated": rate < 0.35}


def date(as_of: str, rate: float) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "outcome_until": as_of,
        "n": 200,
        "rate": rate,
        "chosen": "lightgbm",
        "why": "because",
        "windows": 4,
        "churn": {"chosen": entrant("chosen", 0.6, 1), "mbgnbd": entrant("rule", 0.65, 1)},
        "calibration": calibration(200, rate),
        "profit": {},
        "clv": {},
        "clv_chosen": "btyd",
        "evaluation_days": 180,
    }


def fake_backtest(with_value: bool = True) -> dict[str, Any]:
    """Two dates; LightGBM on one of them only."""
    table = [
        {"n": 200, "mean_probability": 0.1 * k, "churn_rate": 0.1 * k, "low": 0.0, "high": 1.0}
        for k in (1, 4)
    ]
    value = {"mae": 100.0, "rmse": 200.0, "gini": 0.8, "spearman": 0.7, "bias": 0.1}
    value |= {"top_decile_share": 0.5, "interval_coverage": None, "cutoffs": 2, "chosen_minus_this": None}
    return {
        "cutoffs": [date("2023-01-03", 0.3), date("2023-03-04", 0.4)],
        "churn": {
            "entrants": {
                "chosen": entrant("chosen", 0.6),
                "lightgbm": entrant("model", 0.61, 1),
                HOSTILE: entrant("model", 0.62),
                "mbgnbd": entrant("rule", 0.65),
            },
            "best_rule": "mbgnbd",
            "calibration": {
                "all": {**calibration(400, 0.35), "table": table},
                "by_date": [{"as_of": "2023-01-03", **calibration(200, 0.3)}],
                "by_tier": [{"group": "at_risk", **calibration(400, 0.35)}],
                "by_segment": {"industry": [{"group": HOSTILE, **calibration(400, 0.3)}]},
            },
            "lift": {
                name: [k / 10 for k in range(1, 11)] for name in ("chosen", "lightgbm", HOSTILE, "mbgnbd")
            },
            "profit": {
                "save_rate": 0.2,
                "cost": 5.0,
                "value_of": ["btyd"],
                "lists": {
                    "chosen": called(800.0, None),
                    HOSTILE: called(700.0, 0.1),
                    "mbgnbd": called(-50.0, 0.85),
                    "random": called(100.0, 0.7),
                },
            },
        },
        "clv": {"entrants": {"chosen": value, "last_year": {**value, "mae": 120.0}}} if with_value else {},
        "grade": {"churn": "A", "clv": "B" if with_value else None},
        "grade_sentences": {"churn": "Grade A: said.", "clv": "Grade B: said."},
        "verdict": "On 2 past dates all was well.",
        "verdict_in_words": {"en": "On 2 past dates all was well.", "zh": "在两个过去日期一切正常。"},
        "horizon_days": 60,
        "currency": "EUR",
        "notes": ["2 of 4 dates: the log is too short"],
    }
