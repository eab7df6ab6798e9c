"""The features of patron in pandas, as one would write them without much thought about cost.

In: a Parquet file of lines. Out: a Parquet file of features a snapshot. Not here: checks and reports.
    python benchmarks/scale_pandas.py LINES.parquet FOLDER DAY [DAY ...]
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

HORIZON_DAYS = 91
_CUSTOMER_DAY = ["customer_id", "day"]


def _lines(path: str) -> pd.DataFrame:
    lines = pd.read_parquet(path).drop_duplicates()
    lines["day"] = (lines["ordered_at"] - pd.Timestamp("1970-01-01")).dt.days
    lines["cents"] = (lines["amount"] * 100).round().astype("int64")
    return lines.assign(is_refund=lines["amount"] < 0)


def _days(lines: pd.DataFrame) -> pd.DataFrame:
    document = lines.groupby([*_CUSTOMER_DAY, "order_id", "is_refund"])["cents"].agg(["sum", "size"])
    document = document.reset_index()
    document["value"] = document["sum"].abs()
    document["orders"] = ~document["is_refund"] & (document["sum"] > 0)
    document = document.rename(columns={"is_refund": "refunds", "size": "lines"})
    value = document.groupby([*_CUSTOMER_DAY, "value"])[["orders", "refunds", "lines"]].sum().reset_index()
    cancelled = value[["orders", "refunds"]].min(axis=1)
    value["orders"] -= cancelled
    value["spend"] = value["orders"] * value["value"]
    value["refund"] = (value["refunds"] - cancelled) * value["value"]
    columns = ["orders", "lines", "spend", "refund"]
    return value.groupby(_CUSTOMER_DAY)[columns].sum().reset_index().sort_values(_CUSTOMER_DAY)


def _features(lines: pd.DataFrame, days: pd.DataFrame, day: int) -> pd.DataFrame:
    known = days[days["day"] < day]
    bought = known[known["orders"] > 0].copy()
    bought["gap"] = bought.groupby("customer_id")["day"].diff()
    each = bought.groupby("customer_id")
    n, first, last = each.size(), each["day"].min(), each["day"].max()
    out = pd.DataFrame({"days_since_last_order": day - last, "purchase_days": n})
    windows = {w: _window(bought, day - w, day, n) for w in (30, 60, 90, 180, 365)}
    for w, (orders, spend) in windows.items():
        orders_before, spend_before = _window(bought, day - 2 * w, day - w, n)
        out[f"purchase_days_last_{w}_days"], out[f"spend_last_{w}_days"] = orders, spend / 100
        out[f"purchase_days_trend_{w}_days_ratio"] = orders / (orders + orders_before)
        out[f"spend_trend_{w}_days_ratio"] = spend / (spend + spend_before)
    gap = each["gap"]
    out["median_gap_days"], out["mean_gap_days"] = gap.median(), gap.mean()
    out["longest_gap_days"] = gap.max()
    out["gap_spread_ratio"] = gap.std(ddof=0) / gap.mean()
    bought["log_gap"] = np.log(bought["gap"])
    out["gap_regularity_ratio"] = np.exp(bought.groupby("customer_id")["log_gap"].mean()) / gap.mean()
    for kind in ("median", "mean", "longest"):
        out[f"silence_to_{kind}_gap_ratio"] = (day - last) / out[f"{kind}_gap_days"]
    orders, spend = _window(bought, day - 365, day - 365 + HORIZON_DAYS, n)
    was_there = first <= day - 365
    out["purchase_days_same_window_last_year"] = orders.where(was_there)
    out["spend_same_window_last_year"] = (spend / 100).where(was_there)
    out["season_share_ratio"] = (orders / windows[365][0]).where(was_there)
    spends = each["spend"]
    out["mean_order_value"], out["largest_order_value"] = spends.mean() / 100, spends.max() / 100
    out["order_value_spread_ratio"] = spends.std(ddof=0) / spends.mean()
    out["refund_ratio"] = known.groupby("customer_id")["refund"].sum().reindex(n.index) / spends.sum()
    out["days_since_first_order"] = day - first
    out["purchase_days_per_year"] = n * 365.25 / (day - first)
    out["lines_per_purchase_day"] = each["lines"].sum() / n
    out["active_span_ratio"] = (last - first) / (day - first)
    sold = lines[(lines["day"] < day) & (lines["cents"] > 0)].merge(bought[_CUSTOMER_DAY], on=_CUSTOMER_DAY)
    for kind, column in (("products", "product_id"), ("categories", "category")):
        newest = sold.groupby(["customer_id", column])["day"].max().reset_index()
        ever = newest.groupby("customer_id").size()
        recent = newest[newest["day"] >= day - 180].groupby("customer_id").size()
        recent = recent.reindex(ever.index, fill_value=0)
        out[f"{kind}_ever"], out[f"{kind}_last_180_days"] = ever, recent
        out[f"{kind}_still_bought_ratio"] = recent / ever
    return out.reset_index()


def _window(bought: pd.DataFrame, start: int, end: int, like: pd.Series) -> tuple[pd.Series, pd.Series]:
    inside = bought[(bought["day"] >= start) & (bought["day"] < end)].groupby("customer_id")
    return inside.size().reindex(like.index, fill_value=0), inside["spend"].sum().reindex(
        like.index, fill_value=0
    )


def main(path: str, folder: str, *days: str) -> None:
    """Write the features of each day."""
    lines = _lines(path)
    by_day = _days(lines)
    for day in map(int, days):
        _features(lines, by_day, day).to_parquet(f"{folder}/pandas-{day}.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
