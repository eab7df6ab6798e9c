"""The features of patron as DuckDB SQL, as one would write it by hand for a file known to be clean.

In: a Parquet file of lines. Out: a Parquet file of features a snapshot. Not here: checks and reports.
    python benchmarks/scale_sql.py LINES.parquet FOLDER DAY [DAY ...]

The same definitions: rows that are there twice count once, an order and a refund of the same value on the
same day cancel each other, a day with an order is a purchase day. Money is added up in cents.
"""

from __future__ import annotations

import sys

import duckdb

HORIZON_DAYS = 91

_LINES = """
CREATE TABLE lines AS
SELECT customer_id, (ordered_at::DATE - DATE '1970-01-01')::INTEGER AS day, order_id, product_id, category,
    amount < 0 AS is_refund, round_even(amount * 100, 0)::BIGINT AS cents
FROM (SELECT DISTINCT * FROM read_parquet('{path}'))
"""

_DAYS = """
CREATE TABLE days AS
WITH documents AS (
    SELECT customer_id, day, order_id, is_refund, sum(cents)::BIGINT AS cents, count(*) AS lines
    FROM lines GROUP BY ALL
), by_value AS (
    SELECT customer_id, day, abs(cents) AS value, sum(lines) AS lines,
        count(*) FILTER (NOT is_refund AND cents > 0) AS orders, count(*) FILTER (is_refund) AS refunds
    FROM documents GROUP BY ALL
), summed AS (
    SELECT customer_id, day, sum(orders - least(orders, refunds))::BIGINT AS orders,
        sum(lines)::BIGINT AS lines,
        sum((orders - least(orders, refunds)) * value)::BIGINT AS spend,
        sum((refunds - least(orders, refunds)) * value)::BIGINT AS refund
    FROM by_value GROUP BY ALL
)
SELECT *, CASE WHEN orders > 0 THEN
    day - lag(day) OVER (PARTITION BY customer_id, orders > 0 ORDER BY day) END::DOUBLE AS gap
FROM summed
"""

_ITEMS = """
CREATE TABLE {kind} AS
SELECT customer_id, day, {column} AS item FROM lines
WHERE cents > 0 AND {column} IS NOT NULL GROUP BY ALL
"""

_BREADTH = """
SELECT customer_id, count(*) AS {kind}_ever, count(*) FILTER (last >= {day} - 180) AS {kind}_last_180_days,
    {kind}_last_180_days / {kind}_ever AS {kind}_still_bought_ratio
FROM (
    SELECT customer_id, item, max(day) AS last
    FROM {kind} SEMI JOIN (FROM days WHERE orders > 0) USING (customer_id, day)
    WHERE day < {day} GROUP BY ALL
) GROUP BY customer_id
"""


def _windows() -> tuple[str, str]:
    sums, features = [], []
    for w in (30, 60, 90, 180, 365):
        for name, start, end in ((f"{w}", w, 0), (f"{w}_before", 2 * w, w)):
            inside = f"day >= {{day}} - {start} AND day < {{day}} - {end}"
            sums.append(f"count(*) FILTER (orders > 0 AND {inside}) AS orders_{name}")
            sums.append(f"coalesce(sum(spend) FILTER ({inside}), 0) AS spend_{name}")
        for what, unit, scale in (("orders", "purchase_days", 1), ("spend", "spend", 100)):
            features.append(f"{what}_{w} / {scale} AS {unit}_last_{w}_days")
            both = f"({what}_{w} + {what}_{w}_before)"
            features.append(
                f"CASE WHEN {both} > 0 THEN {what}_{w} / {both} END AS {unit}_trend_{w}_days_ratio"
            )
    return ", ".join(sums), ", ".join(features)


def _features(day: int) -> str:
    sums, windows = (part.replace("{day}", str(day)) for part in _windows())
    season = f"day >= {day} - 365 AND day < {day} - 365 + {HORIZON_DAYS}"
    return f"""
WITH sums AS (
    SELECT customer_id, count(*) FILTER (orders > 0) AS n, min(day) FILTER (orders > 0) AS first,
        max(day) FILTER (orders > 0) AS last, {sums},
        count(gap) AS gaps, sum(gap) AS gap_sum, sum(gap * gap) AS gap_squares, median(gap) AS gap_median,
        max(gap) AS gap_longest, sum(ln(gap)) AS log_gaps,
        count(*) FILTER (orders > 0 AND {season}) AS orders_season,
        coalesce(sum(spend) FILTER ({season}), 0) AS spend_season,
        sum(spend) AS spend_sum, sum(spend * spend) AS spend_squares, max(spend) AS spend_largest,
        sum(refund) AS refund_sum, sum(lines) FILTER (orders > 0) AS lines_sum
    FROM days WHERE day < {day} GROUP BY customer_id HAVING n > 0
)
SELECT customer_id, {day} - last AS days_since_last_order, n AS purchase_days, {windows},
    gap_median AS median_gap_days, gap_sum / gaps AS mean_gap_days, gap_longest AS longest_gap_days,
    CASE WHEN gap_sum > 0 THEN sqrt(gaps * gap_squares - gap_sum * gap_sum) / gap_sum END AS gap_spread_ratio,
    exp(log_gaps / gaps) / mean_gap_days AS gap_regularity_ratio,
    days_since_last_order / gap_median AS silence_to_median_gap_ratio,
    days_since_last_order / mean_gap_days AS silence_to_mean_gap_ratio,
    days_since_last_order / gap_longest AS silence_to_longest_gap_ratio,
    CASE WHEN first <= {day} - 365 THEN orders_season END AS purchase_days_same_window_last_year,
    CASE WHEN first <= {day} - 365 THEN spend_season / 100 END AS spend_same_window_last_year,
    CASE WHEN first <= {day} - 365 AND orders_365 > 0 THEN orders_season / orders_365 END
        AS season_share_ratio,
    spend_sum / n / 100 AS mean_order_value, spend_largest / 100 AS largest_order_value,
    sqrt((n * spend_squares - spend_sum * spend_sum)::DOUBLE) / spend_sum AS order_value_spread_ratio,
    refund_sum / spend_sum AS refund_ratio, {day} - first AS days_since_first_order,
    n * 365.25 / ({day} - first) AS purchase_days_per_year, lines_sum / n AS lines_per_purchase_day,
    (last - first) / ({day} - first) AS active_span_ratio,
    {", ".join(f"{kind}.* EXCLUDE (customer_id)" for kind in ("products", "categories"))}
FROM sums LEFT JOIN ({_BREADTH.format(kind="products", day=day)}) AS products USING (customer_id)
LEFT JOIN ({_BREADTH.format(kind="categories", day=day)}) AS categories USING (customer_id)
ORDER BY customer_id
"""


def main(path: str, folder: str, *days: str) -> None:
    """Write the features of each day."""
    with duckdb.connect(config={"preserve_insertion_order": "false"}) as connection:
        connection.execute(_LINES.format(path=path))
        connection.execute(_DAYS)
        for kind, column in (("products", "product_id"), ("categories", "category")):
            connection.execute(_ITEMS.format(kind=kind, column=column))
        connection.execute("DROP TABLE lines")
        for day in map(int, days):
            connection.execute(f"COPY ({_features(day)}) TO '{folder}/sql-{day}.parquet'")


if __name__ == "__main__":
    main(*sys.argv[1:])
