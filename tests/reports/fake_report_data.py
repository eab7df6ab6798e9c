"""A made-up distributor with a few hundred accounts, seeded: what the report's tests and a look at it need.

Run it to write both languages: ``python tests/reports/fake_report_data.py FOLDER``.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

AS_OF = dt.date(2011, 9, 10)
HOSTILE_IDS = [
    "<script>alert(1)</script>",
    '=HYPERLINK("x","y")',
    "上海机电设备有限公司",
    "O'Brien & Söhne </script>",
    "007",
]
REASONS = {
    "en": "silent for {days} days; usually orders every {gap}",
    "zh": "已 {days} 天未下单；平时约每 {gap} 天一次",
}
SECOND = {
    "en": "spend of the last 90 days is {part}% of the year before",
    "zh": "近 90 天金额为去年同期的 {part}%",
}
THIRD = {"en": "{k} product categories, {m} a year ago", "zh": "购买 {k} 个品类，一年前为 {m} 个"}
ACTIONS = {
    "en": {
        "high": "Visit this week; ask what changed",
        "medium": "Call; offer a standing order",
        "low": "Keep in touch",
    },
    "zh": {"high": "本周上门拜访，了解变化", "medium": "致电，建议定期订货", "low": "保持联系"},
}
WIN_BACK = {"en": "Win back: ask why they left", "zh": "挽回：了解离开的原因"}


def fake_scores(
    n: int = 400, *, seed: int = 7, language: str = "en", currency: str | None = "GBP"
) -> pd.DataFrame:
    """Score rows with the shapes of a real base: heavy tails, lapsed accounts, a few excluded ones."""
    rng = np.random.default_rng(seed)
    ids = [*HOSTILE_IDS, *(f"{12000 + i}" for i in range(n))][:n]
    gap = rng.lognormal(3.4, 0.6, n).clip(5, 200)
    silence = (gap * rng.lognormal(0.2, 1.35, n)).clip(1, 600).astype(int)
    revenue = np.round(rng.lognormal(6.8, 1.3, n), 2)
    status = np.where(silence > 180, "lapsed", np.where(rng.random(n) < 0.12, "new", "scored")).astype(object)
    status[rng.random(n) < 0.015] = "excluded"
    p = 1 / (1 + np.exp(-(np.log(silence / gap) * 1.1 - 0.4 + rng.normal(0, 0.4, n))))
    active, listed = np.isin(status, ["scored", "new"]), status != "excluded"
    clv = np.round(revenue * np.where(active, 1 - 0.6 * p, 0.12) * rng.lognormal(0, 0.2, n), 2)
    risk = np.select([p >= 0.6, p >= 0.3], ["high", "medium"], "low").astype(object)
    top = revenue > np.quantile(revenue, 0.6)
    value_tier = np.select([top & (gap < 30), top], ["high_value", "potential"], "standard").astype(object)
    late = (status == "lapsed") | (silence > 2.5 * gap)
    age = rng.integers(30, 1500, n)
    stage = np.select([age <= 90, status == "lapsed", age <= 365], ["new", "declining", "growing"], "mature")
    change = np.where(age > 400, rng.lognormal(-0.05, 0.4, n), np.nan)

    def text(template: dict[str, str], **columns: Any) -> list[str]:
        return [template[language].format(**{k: v[i] for k, v in columns.items()}) for i in range(n)]

    def when(mask: np.ndarray, values: Any) -> pd.Series:
        return pd.Series(np.asarray(values, dtype=object)).where(pd.Series(mask), None)

    action = [ACTIONS[language][r] if a else WIN_BACK[language] for r, a in zip(risk, active, strict=True)]
    frame = pd.DataFrame(
        {
            "customer_id": ids,
            "as_of": AS_OF,
            "model": "online-retail/3",
            "schema_version": 1,
            "data_through": AS_OF - dt.timedelta(days=1),
            "status": status,
            "churn_horizon_days": 90,
            "clv_horizon_months": 12,
            "currency": currency,
            "churn_probability": when(active, p).astype("float64"),
            "churn_risk": when(active, risk),
            "alive_probability": when(listed, 1 - 0.7 * p).astype("float64"),
            "expected_orders": when(listed, 365 / gap * (1 - p)).astype("float64"),
            "expected_order_value": when(listed, revenue * gap / 365).astype("float64"),
            "clv": when(listed, clv).astype("float64"),
            "clv_low": when(listed, clv * 0.35).astype("float64"),
            "clv_high": when(listed, clv * 1.8).astype("float64"),
            "clv_if_silent": when(listed, clv * 0.2).astype("float64"),
            "clv_if_kept": when(listed, clv * 1.2).astype("float64"),
            "value_at_risk": when(active, p * clv).astype("float64"),
            "tier": when(listed, np.where(late, "at_risk", value_tier)),
            "value_tier": when(listed, value_tier),
            "lifecycle_stage": when(listed, stage),
            "next_order_expected_on": when(
                listed, [AS_OF + dt.timedelta(days=int(g - s)) for g, s in zip(gap, silence, strict=True)]
            ),
            "last_order_on": when(listed, [AS_OF - dt.timedelta(days=int(s)) for s in silence]),
            "orders_last_12_months": np.where(listed, (365 / gap).astype(int), 0),
            "revenue_last_12_months": np.where(listed, revenue, 0.0),
            "revenue_change_ratio": when(listed, change).astype("float64"),
            "reason_1_code": when(active, ["silence"] * n),
            "reason_1": when(active, text(REASONS, days=silence, gap=gap.astype(int))),
            "reason_2_code": when(active, ["trend"] * n),
            "reason_2": when(active, text(SECOND, part=rng.integers(5, 160, n))),
            "reason_3_code": when(active, ["breadth"] * n),
            "reason_3": when(active, text(THIRD, k=rng.integers(1, 9, n), m=rng.integers(1, 9, n))),
            "action": when(listed, action),
            "note": when(~listed, ["no order before as_of"] * n),
        }
    )
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def fake_evaluation(*, kind: str = "lightgbm", grade: str = "A") -> dict[str, Any]:
    """An evaluation as training writes it, with figures near those of Online Retail II."""

    def metrics(auc: float, brier: float) -> dict[str, float]:
        found = {"auc": auc, "average_precision": auc - 0.09, "brier": brier, "log_loss": brier * 2.9}
        found |= {"ece": brier / 9, "top_decile_lift": 1 + auc * 1.1}
        ends = {
            f"{k}_{end}": v + s for k, v in found.items() for end, s in (("low", -0.018), ("high", 0.019))
        }
        return found | ends

    def lift(power: float) -> list[float]:
        return [round(1 - (1 - i / 10) ** power, 4) for i in range(1, 11)]

    tenths = np.linspace(0.06, 0.83, 10)
    rates = tenths + 0.03 * np.sin(np.arange(10))
    values = np.array([4, 9, 16, 27, 45, 71, 110, 180, 330, 1210.0])
    return {
        "as_of": "2011-09-10",
        "evaluated_as_of": "2011-06-12",
        "n": 1921,
        "counts": {"customers": 2741, "scored": 1560, "new": 361, "lapsed": 820, "excluded": 0},
        "label_in_words": "no purchase day within 90 days after the date of the forecast",
        "churn": {
            "kind": kind,
            "model": metrics(0.772, 0.205),
            "baselines": {
                "longest_silence": metrics(0.655, 0.231),
                "own_rhythm": metrics(0.558, 0.242),
                "rfm_logistic": metrics(0.737, 0.217),
                "mbgnbd": metrics(0.741, 0.216),
            },
            "calibration": [
                {
                    "n": 192,
                    "mean_probability": float(t),
                    "churn_rate": float(r),
                    "low": float(r - 0.06),
                    "high": float(r + 0.06),
                }
                for t, r in zip(tenths, rates, strict=True)
            ],
            "lift": {
                "model": lift(2.5),
                "longest_silence": lift(1.6),
                "own_rhythm": lift(1.2),
                "rfm_logistic": lift(2.15),
                "mbgnbd": lift(2.2),
            },
            "rate": 0.427,
            "mean_probability": 0.431,
            "auc_difference": {"versus": "mbgnbd", "difference": 0.031, "low": 0.014, "high": 0.048},
        },
        "clv": {
            "btyd": {
                "mae": 412.1,
                "rmse": 3120.4,
                "gini": 0.871,
                "spearman": 0.602,
                "bias": -0.084,
                "top_decile_share": 0.604,
                "interval_coverage": 0.773,
            },
            "last_year": {
                "mae": 468.3,
                "rmse": 3350.0,
                "gini": 0.842,
                "spearman": 0.541,
                "bias": 0.121,
                "top_decile_share": 0.581,
            },
            "mean": {
                "mae": 701.9,
                "rmse": 4410.2,
                "gini": 0.0,
                "spearman": None,
                "bias": 0.021,
                "top_decile_share": 0.1,
            },
        },
        "clv_holdout": {
            "evaluation_days": 180,
            "purchases": "mbgnbd",
            **fake_value_pictures(),
            "deciles": [
                {
                    "n": 274,
                    "expected_value": float(v),
                    "actual_value": float(v * w),
                    "expected_orders": float(v / 300),
                    "actual_orders": float(v * w / 310),
                }
                for v, w in zip(values, [0.8, 1.1, 0.9, 1.2, 0.95, 1.05, 0.9, 1.1, 1.02, 1.12], strict=True)
            ],
        },
        "grade": {"churn": grade, "clv": "B"},
        "grade_sentences": {
            "churn": "Log loss 0.594 against 0.626 of the best rule; calibration error 0.023.",
            "clv": "Mean absolute error 12% below that of last year's revenue.",
        },
    }


def fake_value_pictures() -> dict[str, Any]:
    """The parts of the held-out evaluation that are drawn, total and warnings: small, but of every kind."""
    days = [0, 63, 126, 189, 252, 315, 378, 441, 495, 558, 621, 675]
    x = np.arange(61) / 60
    return {
        "total": {"expected": 214_000.0, "low": 198_500.0, "high": 231_000.0, "actual": 241_250.0},
        "warnings": ["orders come at regular gaps (k = 2), which MBG/NBD does not know"],
        "tracking": {
            "first_day": "2009-11-04",
            "cut": "2011-03-14",
            "as_of": "2011-09-10",
            "customers": 2741,
            "days": days,
            "expected": [
                0.0,
                300.5,
                900.0,
                1700.0,
                2600.0,
                3600.0,
                4700.0,
                5900.0,
                6900.0,
                8000.0,
                9100.0,
                10_100.0,
            ],
            "actual": [0, 350, 1000, 1900, 2900, 4000, 5300, 6600, 7400, 8200, 9000, 9900],
            "held_out": {"expected": 3200.0, "actual": 2500},
        },
        "frequency_classes": [
            {"at_least": 0, "at_most": 0, "n": 1580, "expected_orders": 0.6, "actual_orders": 0.37},
            {"at_least": 1, "at_most": 1, "n": 817, "expected_orders": 0.95, "actual_orders": 0.58},
            {"at_least": 2, "at_most": 3, "n": 253, "expected_orders": 1.9, "actual_orders": 1.4},
            {"at_least": 4, "at_most": None, "n": 91, "expected_orders": 5.07, "actual_orders": 4.69},
        ],
        "alive_grid": {
            "weeks_observed": 46,
            "weeks_of_silence": [0, 12, 24, 36],
            "orders": [2, 3, 9],
            "alive_probability": [[0.98, 0.93, 0.81, 0.6], [0.97, 0.8, 0.47, 0.2], [0.96, 0.41, 0.02, None]],
            "weeks_until_half": [None, 23.29, 10.57],
        },
        "order_values": {
            "customers": 2999,
            "edges": [10.0, 31.6228, 100.0, 316.228, 1000.0],
            "actual": [0.1, 0.4, 0.35, 0.14],
            "expected": [0.12, 0.38, 0.36, 0.13],
            "curve": [float(v) for v in 0.02 + 0.38 * np.exp(-18 * (x - 0.5) ** 2)],
            "largest_gap": 0.0325,
        },
    }


def fake_ledger() -> dict[str, Any]:
    """A ledger report whose rows and money add up."""
    rng = np.random.default_rng(3)
    names = [
        f"{y}-{m:02d}" for y in (2009, 2010, 2011) for m in range(1, 13) if (2009, 12) <= (y, m) <= (2011, 9)
    ]
    season = [1.5 if name.endswith(("10", "11")) else 1.0 for name in names]
    months = [
        {
            "month": name,
            "orders": int(1300 * s * rng.uniform(0.85, 1.15)),
            "revenue": round(410_000 * s * rng.uniform(0.85, 1.2), 2),
        }
        for name, s in zip(names, season, strict=True)
    ]
    months[-1] = {"month": "2011-09", "orders": 402, "revenue": 151_204.55}
    aside = {
        "no_customer": {
            "rows": 243_007,
            "amount": 2_638_958.18,
            "example": "row 263: 2009-12-01, 85226C, 0.00",
        },
        "duplicate": {"rows": 26_479, "amount": 98_311.02, "example": "row 385: order 489517, 21912"},
        "excluded": {"rows": 4_121, "amount": 120_450.90, "example": "product POST"},
        "unreadable_date": {"rows": 0, "amount": 0.0, "example": None},
    }
    used, later = 640_000, 153_764
    amount_aside = round(sum(e["amount"] for e in aside.values()), 2)
    return {
        "as_of": "2011-09-10",
        "first_day": "2009-12-01",
        "last_day": "2011-09-09",
        "currency": "GBP",
        "rows_in": used + later + sum(e["rows"] for e in aside.values()),
        "rows_used": used,
        "later": later,
        "set_aside": aside,
        "amount_in": round(9_012_455.71 + 2_401_233.10 + amount_aside, 2),
        "amount_used": 9_012_455.71,
        "amount_later": 2_401_233.10,
        "rounding": 0.0,
        "customers": 2787,
        "orders": 29_801,
        "months": months,
        "warnings": ["24 rows have an amount above 10,000; the largest is 168,469.60."],
        "usable": True,
    }


MODEL_FACTS = {
    "churn model": "LightGBM, 212 rounds",
    "snapshots": 12,
    "training rows": "21,304",
    "calibration": "sigmoid",
    "features": 71,
    "purchase model": "MBG/NBD, Gamma-Gamma",
}


if __name__ == "__main__":
    from patron.reports import training_plots, write_report

    folder = Path(sys.argv[1])
    for language in ("en", "zh"):
        write_report(
            folder / f"report_{language}.html",
            scores=fake_scores(language=language),
            evaluation=fake_evaluation(),
            ledger=fake_ledger(),
            title={"en": "Harbour Supplies Ltd", "zh": "海港工业用品有限公司"}[language],
            language=language,
            model_facts=MODEL_FACTS,
        )
    for name, plot in training_plots(fake_evaluation()).items():
        (folder / name).write_bytes(plot)
    (folder / "evaluation.json").write_text(json.dumps(fake_evaluation(), indent=1))
