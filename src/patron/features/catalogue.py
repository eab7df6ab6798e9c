"""Every feature: name, unit, group, meaning. `patron features` prints this; a test holds it to the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from patron.features.trend import WINDOWS_DAYS


class Feature(NamedTuple):
    """One column of the feature matrix.

    Parameters
    ----------
    name, group, unit, meaning : str
        As printed by ``patron features``.
    grows_with_log : bool
        Whether the feature looks back further than a year, so that it means something else when the log is
        young (a log that starts in the middle of customers' lives makes everybody look new).
    """

    name: str
    group: str
    unit: str
    meaning: str
    grows_with_log: bool = False


#: The groups a config may select, in the order of the columns.
FEATURE_GROUPS = (
    "rfm", "rhythm", "trend", "season", "value", "breadth", "lifecycle", "btyd", "attributes", "events",
)  # fmt: skip
#: What the config calls ``all``. The outputs of a BTYD model are refitted for every snapshot, so they tell a
#: learner the date, and gaps and windows hold most of what they know: they take part as a rule and in an
#: average, and as features where a config names them.
DEFAULT_GROUPS = tuple(group for group in FEATURE_GROUPS if group != "btyd")

_FIXED = [
    Feature("days_since_last_order", "rfm", "days", "silence: as_of minus the last purchase day"),
    Feature("purchase_days", "rfm", "purchase days", "days with an order, ever"),
    Feature("purchase_days_last_365_days", "rfm", "purchase days", "days with an order in the last 365"),
    Feature("spend_last_365_days", "rfm", "currency", "order value in the last 365 days"),
    Feature("median_gap_days", "rhythm", "days", "median gap between purchase days; missing before the second one"),
    Feature("mean_gap_days", "rhythm", "days", "mean gap between purchase days"),
    Feature("longest_gap_days", "rhythm", "days", "longest gap so far"),
    Feature("gap_spread_ratio", "rhythm", "ratio", "standard deviation of the gaps / their mean; 0 is a clock"),
    Feature("gap_regularity_ratio", "rhythm", "ratio", "geometric / arithmetic mean of the gaps; 1 is a clock"),
    Feature("silence_to_median_gap_ratio", "rhythm", "ratio", "silence / own median gap; above 1 is overdue"),
    Feature("silence_to_mean_gap_ratio", "rhythm", "ratio", "silence / own mean gap"),
    Feature("silence_to_longest_gap_ratio", "rhythm", "ratio", "silence / own longest gap; above 1 never happened before"),
    Feature("purchase_days_same_window_last_year", "season", "purchase days", "days with an order, one year ago, in the window that now lies ahead"),
    Feature("spend_same_window_last_year", "season", "currency", "order value in that window"),
    Feature("season_share_ratio", "season", "ratio", "share of the year's purchase days that fell into that window"),
    Feature("mean_order_value", "value", "currency", "mean value of a purchase day"),
    Feature("largest_order_value", "value", "currency", "largest value of a purchase day"),
    Feature("order_value_spread_ratio", "value", "ratio", "standard deviation of the values / their mean"),
    Feature("refund_ratio", "value", "ratio", "refunds / order value, ever"),
    *(
        Feature(f"{kind}_{suffix}", "breadth", unit, meaning.format(kind))
        for kind in ("products", "categories")
        for suffix, unit, meaning in (
            ("ever", "items", "different {} bought, ever"),
            ("last_180_days", "items", "different {} bought in the last 180 days"),
            ("still_bought_ratio", "ratio", "share of the {} ever bought that were bought in the last 180 days"),
        )
    ),
    Feature("days_since_first_order", "lifecycle", "days", "as_of minus the first purchase day"),
    Feature("purchase_days_per_year", "lifecycle", "per year", "purchase days per year since the first one"),
    Feature("lines_per_purchase_day", "lifecycle", "lines", "order lines per purchase day"),
    Feature("active_span_ratio", "lifecycle", "ratio", "time from first to last order / time since the first"),
    Feature("alive_probability", "btyd", "probability", "chance of still being a customer (MBG/NBD or BG/NBD)"),
    Feature("no_order_probability", "btyd", "probability", "chance of no order within the churn horizon"),
    Feature("expected_orders_in_horizon", "btyd", "purchase days", "expected purchase days within the churn horizon"),
    Feature("expected_order_value", "btyd", "currency", "expected value of a purchase day (Gamma-Gamma)"),
]  # fmt: skip

#: Of the churn label `rhythm` alone.
_LIMIT = Feature("days_until_limit", "rhythm", "days", "own limit minus silence; negative past it")

_GROWS_WITH_LOG = frozenset(
    {
        "purchase_days", "purchase_days_per_year", "purchase_days_trend_365_days_ratio", "spend_trend_365_days_ratio",
        "purchase_days_same_window_last_year", "spend_same_window_last_year", "season_share_ratio",
        "largest_order_value", "products_ever", "products_still_bought_ratio", "categories_ever",
        "categories_still_bought_ratio", "days_since_first_order", "active_span_ratio",
        # refitted per snapshot: a longer log gives other parameters, so the same history another prediction
        "alive_probability", "no_order_probability", "expected_orders_in_horizon", "expected_order_value",
    }
)  # fmt: skip


def _trend() -> list[Feature]:
    features = []
    for window in WINDOWS_DAYS:
        for what, unit, word in (
            ("purchase_days", "purchase days", "purchase days"),
            ("spend", "currency", "order value"),
        ):
            if window < 365:
                features.append(
                    Feature(f"{what}_last_{window}_days", "trend", unit, f"{word} in the last {window} days")
                )
            meaning = f"{word}: last {window} days / last {2 * window} days; 0.5 is steady"
            features.append(Feature(f"{what}_trend_{window}_days_ratio", "trend", "ratio", meaning))
    return features


def catalogue(
    *,
    attributes: Sequence[str] = (),
    event_kinds: Sequence[str] = (),
    custom: Sequence[str] = (),
    has_own_limits: bool = False,
) -> list[Feature]:
    """Return all features in column order.

    Parameters
    ----------
    attributes, event_kinds : sequence of str
        Those of a base; their features carry the names.
    custom : sequence of str
        Names of the columns of the user's own features; they come last.
    has_own_limits : bool
        With the churn label ``rhythm`` customers have a limit of their own, and a feature for it.

    Returns
    -------
    list of Feature

    Examples
    --------
    >>> catalogue()[0].name
    'days_since_last_order'
    """
    own = [
        Feature(f"attribute_{name}", "attributes", "", f"customer attribute {name}") for name in attributes
    ]
    for kind in event_kinds:
        own.append(
            Feature(
                f"event_{kind}_last_180_days", "events", "events", f"{kind} events known in the last 180 days"
            )
        )
        own.append(
            Feature(f"event_{kind}_latest_value", "events", "", f"latest known value of {kind} events")
        )
    everything = [f._replace(grows_with_log=f.name in _GROWS_WITH_LOG) for f in (*_FIXED, *_trend(), *own)]
    everything += [_LIMIT] if has_own_limits else []
    theirs = [Feature(name, "custom", "", "your own feature") for name in custom]
    return [*sorted(everything, key=lambda feature: FEATURE_GROUPS.index(feature.group)), *theirs]
