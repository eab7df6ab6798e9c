"""Orders from a PostgreSQL server: the same ledger as from a file, and one clear line where it cannot be."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from postgres_server import PASSWORD, VARIABLE, Server

from patron.errors import LedgerError, PatronError
from patron.ledger import Ledger, SqlQuery, load_ledger

#: Every way the password could be written down.
SECRETS = (PASSWORD, quote(PASSWORD, safe=""), "geheim", "wort")


def rows_of(ledger: Ledger) -> pd.DataFrame:
    """Lines in one order."""
    lines = ledger.lines.collect().to_pandas()
    return lines.sort_values(list(lines.columns), ignore_index=True)


def test_a_query_gives_the_ledger_that_a_parquet_file_gives(
    postgres: Server, orders: pd.DataFrame, tmp_path: Path
) -> None:
    """Report and lines, with amounts as numeric and times with a zone."""
    whole = orders.assign(ordered_at=pd.to_datetime(orders["ordered_at"]).astype("datetime64[us]"))
    whole.to_parquet(tmp_path / "orders.parquet", index=False)
    with postgres.connect() as connection, connection.cursor() as cursor:
        import pyarrow as arrow

        table = arrow.Table.from_pandas(whole, preserve_index=False).replace_schema_metadata(None)
        cursor.adbc_ingest("orders_in_euro", table, mode="replace")
        connection.commit()
    query = SqlQuery(
        "SELECT *, amount::text::numeric AS exact, ordered_at AT TIME ZONE 'UTC' AS moment "
        "FROM orders_in_euro; -- all of it",
        postgres.url,
    )
    columns = {"amount": "exact", "ordered_at": "moment"}
    found = load_ledger(query, columns=columns, csv={"decimal": ","}, timezone="UTC", currency="EUR")
    expected = load_ledger(tmp_path / "orders.parquet", timezone="UTC", currency="EUR")
    assert len(rows_of(found)) > 1_000
    assert found.report == expected.report
    pd.testing.assert_frame_equal(rows_of(found), rows_of(expected))


VALUES = """
    ('7.00'::numeric,    '2024-01-01 23:30:00+00'::timestamptz, 1234.565::numeric, 2::int,   'a'::char(3)),
    ('123456789012345678901',     '2024-01-02 00:00:00+00',     -0.5,              NULL,     'b'),
    ('1',                         'infinity',                   1,                 1,        NULL),
    ('2',                         '-infinity',                  1,                 1,        'x'),
    ('3',                         '2024-01-02 00:00:00+00',     'NaN',             1,        'x'),
    (NULL,                        '2024-01-02 00:00:00+00',     3,                 1,        'x')
"""


def test_values_worked_out_by_hand(postgres: Server) -> None:
    """Numbers keep their value whatever the config says of CSV, ids their digits, instants their day."""
    names = "customer_id, ordered_at, amount, quantity, category"
    query = SqlQuery(f"SELECT * FROM (VALUES {VALUES}) AS v ({names})", postgres.url)
    marks = {"decimal": ",", "thousands": "."}
    ledger = load_ledger(query, as_of="2024-02-01", timezone="Asia/Shanghai", csv=marks, currency="EUR")
    found = {row["customer_id"]: row for row in rows_of(ledger).to_dict("records")}
    new_year = (dt.date(2024, 1, 2) - dt.date(1970, 1, 1)).days  # half past seven in the morning there
    assert list(found) == ["123456789012345678901", "7"]
    assert (found["7"]["day"], found["7"]["amount_minor"], found["7"]["category"]) == (new_year, 123456, "a")
    assert found["123456789012345678901"]["amount_minor"] == -50
    away = {reason: n.rows for reason, n in ledger.report.set_aside.items() if n.rows}
    assert away == {"unreadable_date": 2, "no_amount": 1, "no_customer": 1}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELEC 1", "syntax error"),
        ("SELECT 1 AS customer_id", "no column for ordered_at"),
        ("SELECT 'c' AS customer_id, now() AS ordered_at, 1 AS amount LIMIT 0", "gives no rows"),
        ("SELECT 'c' AS customer_id, now() AS ordered_at, 1::money AS amount", "amount::numeric"),
        ("SELECT 'c' AS customer_id, now() AS ordered_at, 1 AS amount, 'd' AS customer_id", "2 columns"),
        ("CREATE TABLE written (a int)", "read-only transaction"),
        ("SELECT 1; DROP TABLE x", "multiple commands"),
        (
            "SELECT 'c' AS customer_id, now() AS ordered_at, 1 / (i - 150000) AS amount "
            "FROM generate_series(1, 200000) AS i",
            "division by zero",
        ),
    ],
)
def test_a_query_that_cannot_be_used_is_one_clear_line(postgres: Server, sql: str, words: str) -> None:
    """What the server says, and that without its noise; also in the middle of the rows."""
    with pytest.raises(LedgerError) as refused:
        load_ledger(SqlQuery(sql, postgres.url))
    assert any(words in problem for problem in refused.value.problems)
    assert all("\n" not in problem for problem in refused.value.problems)


Change = Callable[[str], str]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url.replace(VARIABLE, "PATRON_TEST_NOT_SET"), "PATRON_TEST_NOT_SET is not set"),
        (lambda url: url.replace(f"${{{VARIABLE}}}", "geheim-wort"), "password authentication failed"),
        (lambda url: url.replace(f"${{{VARIABLE}}}", PASSWORD), "cannot stand in an address"),
        (lambda url: url.replace(f"${{{VARIABLE}}}", "geheim%zz"), "invalid percent-encoded"),
        (lambda url: url.replace("127.0.0.1:", "127.0.0.1:1"), "invalid port number"),
        (lambda url: url.rpartition(":")[0] + ":1/postgres", "Connection refused"),
        (lambda url: url.replace("/postgres", "/nowhere").replace("nowhereql", "postgresql"), "nowhere"),
        (lambda url: url.replace("postgresql", "mysql"), "postgresql:// and duckdb:///"),
        (lambda _url: f"${{{VARIABLE}}}", "postgresql:// and duckdb:///"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_clear_line_without_the_password(
    postgres: Server, change: Change, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the password nor the address it stands in."""
    caplog.set_level(logging.DEBUG)
    query = SqlQuery("SELECT 1", change(postgres.url))
    with pytest.raises(PatronError) as refused:
        load_ledger(query)
    said = f"{refused.value} {refused.value.next_step} {refused.value!r} {query!r} {caplog.text}"
    assert words in said
    assert not [secret for secret in SECRETS if secret in said]


def test_a_missing_driver_says_what_to_install(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra, not the module."""
    import sys

    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    with pytest.raises(PatronError, match=r"patron\[postgres\]"):
        load_ledger(SqlQuery("SELECT 1", postgres.url))
