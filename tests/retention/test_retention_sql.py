"""The same figures from SQL that knows only the contract, on Online Retail II and on the synthetic ledger."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from synthetic_ledger import Line, number

from patron.config import load_config
from patron.ledger import load_ledger, materialise
from patron.retention import retention_metrics
from patron.snapshots import CustomerTables, customer_tables
from patron.workflows.base import open_base

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs" / "online_retail_ii.yaml"
ORDERS = ROOT.parent / "shared" / "data" / "online_retail_ii.parquet"

YEAR = (number("2010-10-01"), number("2011-10-01"))
#: Active 180 days, over that year, of customers with any line of positive amount.
EVERY_LINE = {
    "customers_start": 2910,
    "customers_end": 2925,
    "customers_new": 1874,
    "customers_lost": 1280,
    "customers_won_back": 139,
}

#: `documents`: one row per customer, day and order or refund, with its amount in minor units. An order and a
#: refund of one value on one day cancel each other.
DAYS = """
CREATE TEMP TABLE days AS
SELECT c, day, sum(greatest(o - r, 0)) AS orders,
       sum(value * (greatest(o - r, 0) - greatest(r - o, 0))) AS revenue
FROM (SELECT c, day, abs(amount) AS value, sum(CASE WHEN NOT refund AND amount > 0 THEN 1 ELSE 0 END) AS o,
             sum(CASE WHEN refund THEN 1 ELSE 0 END) AS r FROM documents GROUP BY c, day, abs(amount))
GROUP BY c, day
"""
FIGURES = """
WITH bought AS (SELECT * FROM days WHERE orders > 0 AND day < $e),
active_s AS (SELECT DISTINCT c FROM bought WHERE day >= $s - $a AND day < $s),
active_e AS (SELECT DISTINCT c FROM bought WHERE day >= $e - $a),
born AS (SELECT c, min(day) AS first FROM bought GROUP BY c),
now AS (SELECT c, sum(orders) AS orders FROM bought WHERE day >= $s GROUP BY c),
life AS (SELECT c, sum(orders) AS orders FROM bought GROUP BY c)
SELECT
 (SELECT count(*) FROM active_s) AS customers_start,
 (SELECT count(*) FROM active_e) AS customers_end,
 (SELECT count(*) FROM born WHERE first >= $s) AS customers_new,
 (SELECT count(*) FROM born JOIN active_e USING (c) WHERE first >= $s) AS customers_new_active,
 (SELECT count(*) FROM active_e JOIN born USING (c) WHERE first < $s AND c NOT IN (FROM active_s))
   AS customers_won_back,
 (SELECT count(*) FROM active_s WHERE c NOT IN (FROM active_e)) AS customers_lost,
 (SELECT count(*) FROM now) AS buyers,
 (SELECT coalesce(sum(orders), 0) FROM now) AS orders,
 (SELECT count(*) FROM now WHERE orders > 1) AS repeat_buyers,
 (SELECT count(*) FROM now JOIN life USING (c) WHERE life.orders > 1) AS returning_buyers,
 (SELECT count(*) FROM now JOIN active_s USING (c)) AS existing_buyers,
 (SELECT coalesce(sum(revenue), 0) FROM days WHERE day >= $s AND day < $e) / 100.0 AS revenue
"""
REVENUE = """
WITH before AS (SELECT c, sum(revenue) AS r FROM days WHERE day >= $s0 AND day < $e0 GROUP BY c
                HAVING sum(orders) > 0),
now AS (SELECT c, sum(revenue) AS r FROM days WHERE day >= $s AND day < $e GROUP BY c)
SELECT sum(coalesce(now.r, 0)) / sum(before.r), sum(least(coalesce(now.r, 0), before.r)) / sum(before.r)
FROM before LEFT JOIN now USING (c)
"""


def from_sql(connection: duckdb.DuckDBPyConnection, start: int, end: int, active: int) -> dict[str, float]:
    found = connection.execute(FIGURES, {"s": start, "e": end, "a": active}).df().iloc[0].astype(float)
    return {str(name): float(value) for name, value in found.items()}


def agrees(connection: duckdb.DuckDBPyConnection, row: dict[str, Any], active: int) -> None:
    start, end = number(row["period_start"]), number(row["period_end"])
    expected = from_sql(connection, start, end, active)
    assert {name: row[name] for name in expected} == pytest.approx(expected, abs=0.005)
    if row["revenue_compared_with"] == "same_period_last_year":
        year = pd.DateOffset(years=1)
        then = [number((pd.Timestamp(row[f"period_{edge}"]) - year).date()) for edge in ("start", "end")]
        now = {"s0": then[0], "e0": then[1], "s": start, "e": end}
        net, gross = connection.execute(REVENUE, now).fetchall()[0]
        assert row["net_revenue_retention"] == pytest.approx(net)
        assert row["gross_revenue_retention"] == pytest.approx(gross)


@pytest.mark.parametrize("every", ["month", "quarter", "year"])
def test_the_synthetic_ledger(plain_tables: CustomerTables, ledger_rows: list[Line], every: str) -> None:
    """Refunds of all kinds, cancelled orders, leavers: every period of two and a half years."""
    connection = duckdb.connect()
    connection.register("lines", pd.DataFrame(ledger_rows)[["customer_id", "day", "amount_minor", "is_refund",
                                                            "order_id"]])  # fmt: skip
    connection.execute(
        "CREATE TEMP TABLE documents AS SELECT customer_id AS c, day, order_id, is_refund AS refund, "
        "sum(amount_minor)::BIGINT AS amount FROM lines GROUP BY ALL"
    )
    connection.execute(DAYS)
    table = retention_metrics(plain_tables, number("2024-07-01"), every=every, active_days=120)
    assert len(table) == {"month": 30, "quarter": 10, "year": 2}[every]
    for row in table.to_dict(orient="records"):
        agrees(connection, row, 120)


@pytest.fixture(scope="module")
def online_retail() -> tuple[CustomerTables, duckdb.DuckDBPyConnection]:
    """The tables by the config that ships, and SQL on the file itself by the same rules."""
    if not ORDERS.exists():
        pytest.skip(f"the Online Retail II orders are not at {ORDERS}")
    config = load_config(CONFIG, ["as_of=2011-12-01"])
    connection = duckdb.connect()
    connection.execute(
        """
        CREATE TEMP TABLE lines AS
        SELECT DISTINCT customer_id, order_id, ordered_at, amount, product_id, quantity
        FROM read_parquet($file) WHERE customer_id IS NOT NULL
          AND NOT list_contains($products, coalesce(product_id, '')) AND order_id NOT LIKE 'A%'
        """,
        {"file": str(ORDERS), "products": list(config.ledger.exclude.product_ids)},
    )
    connection.execute(
        """
        CREATE TEMP TABLE documents AS
        SELECT customer_id AS c, date_diff('day', DATE '1970-01-01', ordered_at::DATE) AS day, order_id,
               amount < 0 OR order_id LIKE 'C%' AS refund,
               sum(round(amount * 100)::BIGINT)::BIGINT AS amount
        FROM lines GROUP BY ALL
        """
    )
    connection.execute(DAYS)
    return open_base(config).tables, connection


def test_online_retail_over_a_year(
    online_retail: tuple[CustomerTables, duckdb.DuckDBPyConnection],
) -> None:
    """2010-10 to 2011-10, active 180 days, by the config that ships: close to the figures below."""
    tables, connection = online_retail
    (row,) = retention_metrics(tables, YEAR[1], periods=[YEAR], active_days=180).to_dict("records")
    agrees(connection, row, 180)
    found = {name: row[name] for name in EVERY_LINE}
    assert found == pytest.approx(EVERY_LINE, rel=0.01, abs=5)


def test_online_retail_counting_every_line_of_positive_amount() -> None:
    """Postage, corrections by hand and orders cancelled on their day are then purchases, too."""
    if not ORDERS.exists():
        pytest.skip(f"the Online Retail II orders are not at {ORDERS}")
    ledger = load_ledger(str(ORDERS), as_of="2011-10-01", refunds="ignore")
    tables = customer_tables(ledger.lines, keep=materialise)
    (row,) = retention_metrics(tables, YEAR[1], periods=[YEAR], active_days=180).to_dict("records")
    assert {name: row[name] for name in EVERY_LINE} == EVERY_LINE


def test_online_retail_month_by_month(
    online_retail: tuple[CustomerTables, duckdb.DuckDBPyConnection],
) -> None:
    """All 24 whole months before 2011-12."""
    tables, connection = online_retail
    table = retention_metrics(tables, number("2011-12-01"), active_days=180)
    assert table["period_start"].iloc[[0, -1]].tolist() == [date(2009, 12, 1), date(2011, 11, 1)]
    for row in table.to_dict(orient="records"):
        agrees(connection, row, 180)
