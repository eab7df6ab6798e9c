"""The shapes of what is applied as it stands: `scoring.json` and `playbook.json`.

In:  parsed JSON. Out: the same, within the bounds in which a score stays a number.
Not here: what was fitted (`_shapes_learned`).
"""

from __future__ import annotations

from patron.model._schema import MOST_FEATURES, choice, listed, mapped, maybe, number, record, text

_FINITE = number(-1e12, 1e12)
_SHARE = number(0, 1)
_DAYS = number(1, 36_525, whole=True)
_NAME = text(300, r".+")
_CURRENCY = text(3, "[A-Z]{3}")
_LANGUAGES = mapped(text(2_000), 20)
_LABEL = choice("silence", "rhythm", "decline")
_RISKS = ("low", "medium", "high")
_RHYTHM = record(
    {
        "quantile": _SHARE,
        "min_days": number(1, 36_525),
        "max_days": number(1, 36_525),
        "base_gap_days": maybe(number(1e-3, 36_525)),
    }
)

_FEATURES = record(
    {
        "horizon_days": number(1, 3_653, whole=True),
        "minor_digits": number(0, 4, whole=True),
        "groups": listed(
            choice(
                "rfm",
                "rhythm",
                "trend",
                "season",
                "value",
                "breadth",
                "lifecycle",
                "btyd",
                "attributes",
                "events",
            ),
            10,
        ),
        "attributes": mapped(maybe(listed(text(300), 100_000)), 500, _NAME),
        "event_kinds": listed(_NAME, 500),
        "kinds_of_items": listed(choice("products", "categories"), 2),
    },
    {
        "rhythm": maybe(_RHYTHM),
        "custom": listed(
            record(
                {
                    "name": text(100, r"[A-Za-z_]\w*"),
                    "columns": listed(_NAME, 500, 1),
                    "digest": text(64, "[0-9a-f]{64}"),
                },
                {"digest_made_from": text(100)},
            ),
            200,
        ),
    },
)
_EDGES = listed(_FINITE, 4, 4)
_SEGMENTS = record(
    {
        "silence_edges": _EDGES,
        "frequency_edges": _EDGES,
        "money_edges": listed(number(-1e18, 1e18), 4, 4),
        "base_gap_median": number(1e-3, 36_525),
        "base_gap_q90": number(1e-3, 36_525),
        "active_days": _DAYS,
        "new_days": _DAYS,
        "growing_days": _DAYS,
    },
    {"rhythm": maybe(_RHYTHM)},
)
_SETTINGS = record(
    {
        "churn_horizon_days": number(1, 3_653, whole=True),
        "active_days": _DAYS,
        "clv_horizon_months": number(1, 120, whole=True),
        "margin": number(-10, 1),
        "base_margin": maybe(number(-10, 1)),
        "net_ratio": number(-10, 1),
        "annual_discount_rate": number(0, 100),
        "currency": maybe(_CURRENCY),
    },
    {"language": choice("en", "zh"), "label": _LABEL, "decline_share": maybe(_SHARE)},
)
_TYPICAL = mapped(_FINITE, MOST_FEATURES)
SCORING = record(
    {
        "features": _FEATURES,
        "segments": _SEGMENTS,
        "thresholds": record({"medium": _SHARE, "high": _SHARE}),
        "peers": _TYPICAL,
        "settings": _SETTINGS,
        "ledger": record(
            {},
            {
                "currency": maybe(_CURRENCY),
                "timezone": maybe(text(64, r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+){0,3}")),
                "refunds": choice("net", "ignore"),
                "refund_prefix": maybe(text(100)),
                "exclude_product_ids": listed(text(300), 100_000),
                "exclude_order_id_prefixes": listed(text(300), 10_000),
                "duplicates": choice("drop", "keep"),
            },
        ),
    },
    {"peers_by_risk": mapped(_TYPICAL, 3, choice(*_RISKS))},
)

PLAYBOOK = record(
    {
        "rules": listed(
            record(
                {"when": mapped(listed(text(60), 100), 10), "action": _LANGUAGES},
                {
                    "say": _LANGUAGES,
                    "done_by": _LANGUAGES,
                    "within_days": maybe(number(0, 36_525, whole=True)),
                },
            ),
            1_000,
            1,
        )
    }
)
