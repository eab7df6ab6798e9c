"""The shapes of what was fitted: `churn.json`, `clv.json`, `purchases.json` and `forecast.json`.

In:  parsed JSON. Out: the same, within the bounds in which a score stays a number.
Not here: what was set or written by hand (`_shapes_rules`).
"""

from __future__ import annotations

from patron.model._schema import (
    MOST_FEATURES,
    anything,
    choice,
    listed,
    mapped,
    maybe,
    number,
    one_of_kinds,
    record,
    text,
)

_FINITE = number(-1e12, 1e12)
_SHARE = number(0, 1)
_NAME = text(300, r".+")
_COLUMNS = listed(_NAME, MOST_FEATURES, 1)
_PROCESS = choice("bgnbd", "mbgnbd", "mbgcnbd", "paretonbd")

_SMOOTH_PART = record(
    {
        "knots": listed(_FINITE, 10_000),
        "weight": listed(number(-1e6, 1e6), 10_000),
        "centre": number(-1e6, 1e6),
        "missing": number(-1e6, 1e6),
        "coded": choice(True, False),
    }
)
_MEMBER = one_of_kinds(
    {
        "trees": record({"columns": _COLUMNS}),
        "linear": record(
            {
                "columns": _COLUMNS,
                "transform": choice("log1p", "logit"),
                "centre": listed(number(-1e6, 1e6), MOST_FEATURES),
                "weight": listed(number(-1e6, 1e6), MOST_FEATURES),
                "intercept": number(-1e6, 1e6),
                "fallback": mapped(anything, 100),
            }
        ),
        "smooth": record(
            {
                "columns": _COLUMNS,
                "parts": listed(_SMOOTH_PART, MOST_FEATURES, 1),
                "intercept": number(-1e6, 1e6),
            }
        ),
    }
)
_SIGMOID = record({"slope": number(0, 1e6), "intercept": number(-1e6, 1e6)})
CHURN = record(
    {
        "name": text(60, r"[a-z_]+"),
        "columns": _COLUMNS,
        "members": mapped(_MEMBER, 10),
        "season": record(
            {
                "days": listed(number(-1e6, 1e6, whole=True), 10_000),
                "levels": listed(number(-100, 100), 10_000),
                "usual": number(-100, 100),
                "weight": _SHARE,
            }
        ),
        "calibrator": one_of_kinds(
            {
                "none": _SIGMOID,
                "sigmoid": _SIGMOID,
                "isotonic": record(
                    {
                        "knots_score": listed(_FINITE, 100_000, 1),
                        "knots_probability": listed(_SHARE, 100_000, 1),
                    }
                ),
            }
        ),
    }
)

_PARAMS = mapped(number(1e-9, 1e9), 10, text(10))
_COVARIANCE = mapped(
    record({"letters": listed(text(10), 10), "of_logs": maybe(listed(listed(number(-1e6, 1e6), 10), 10))}),
    2,
    choice("order_times", "order_values"),
)
PURCHASES = record(
    {
        "schema_version": number(0, 1_000, whole=True),
        "settings": record(
            {
                "purchases": choice("auto", "bgnbd", "mbgnbd", "mbgcnbd", "paretonbd"),
                "backend": choice("native", "lifetimes"),
                "prior": choice(True, False),
                "by": maybe(_NAME),
            }
        ),
        "purchases": _PROCESS,
        "params": _PARAMS,
        "covariance": _COVARIANCE,
        "segments": mapped(
            record(
                {"params": _PARAMS, "covariance": _COVARIANCE, "spread": mapped(maybe(number(0, 1e6)), 10)},
                open_=True,
            ),
            10_000,
        ),
        "diagnostics": mapped(anything, 1_000),
    }
)

FORECAST = record(
    {
        "kind": choice("challenger", "last_year", "blend"),
        "weights": mapped(_SHARE, 3, choice("btyd", "challenger", "last_year")),
        "value_days": number(1, 3_653, whole=True),
        "first_day": number(-200_000, 200_000, whole=True),
        "horizon_ratio": number(0, 1e6),
        "challenger": maybe(
            record(
                {
                    "columns": _COLUMNS,
                    "floor": number(1e-9, 1e12),
                    "unit": number(1e-9, 1e12),
                    "levels": record({"tweedie": number(0, 1e6), "amount": number(0, 1e6)}),
                }
            )
        ),
    }
)
