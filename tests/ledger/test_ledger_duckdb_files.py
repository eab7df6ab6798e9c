"""Orders in a DuckDB file: its one table, or what a query makes of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from patron.errors import LedgerError
from patron.ledger import Ledger, SqlQuery, load_ledger, propose_config

ORDERS = """
    ('a', TIMESTAMP '2024-01-05 10:00', 12.50::DECIMAL(10, 2), 'DE'),
    ('a', TIMESTAMP '2024-02-05 10:00', -2.50, 'DE'),
    ('b', TIMESTAMP '2024-02-06 10:00', 3.00, 'FR')
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A file with one table of three orders."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        names = "customer_id, ordered_at, amount, country"
        connection.execute(f"CREATE TABLE sales AS SELECT * FROM (VALUES {ORDERS}) AS v ({names})")
    return path


def amounts(ledger: Ledger) -> list[tuple[str, int]]:
    lines = ledger.lines.collect().to_pandas()
    return sorted(zip(lines["customer_id"], lines["amount_minor"], strict=True))


EVERY_ORDER = [("a", -250), ("a", 1250), ("b", 300)]


@pytest.mark.parametrize("view", [False, True])
def test_the_one_table_of_a_file_is_the_orders(shop: Path, view: bool) -> None:
    """A view over what is not stored counts, too; the file is as it was."""
    if view:
        with duckdb.connect(str(shop)) as connection:
            connection.execute("DROP TABLE sales")
            one = "SELECT 'a' AS customer_id, DATE '2024-01-05' AS ordered_at, 1 AS amount"
            connection.execute(f"CREATE VIEW sales AS {one}")
    before = hashlib.sha256(shop.read_bytes()).digest()
    assert amounts(load_ledger(shop, as_of="2024-03-01")) == ([("a", 100)] if view else EVERY_ORDER)
    assert hashlib.sha256(shop.read_bytes()).digest() == before


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM sales", EVERY_ORDER),
        ("FROM main.sales WHERE country = 'FR'; -- the rest; later", [("b", 300)]),
        (
            "WITH w AS (SELECT * FROM sales) SELECT customer_id, ordered_at, 2 * amount AS amount FROM w",
            [(c, 2 * n) for c, n in EVERY_ORDER],
        ),
    ],
)
def test_a_query_on_a_file(shop: Path, sql: str, expected: list[tuple[str, int]]) -> None:
    """Its relative path starts at the given folder."""
    ledger = load_ledger(SqlQuery(sql, "duckdb:///shop.duckdb", shop.parent), as_of="2024-03-01")
    assert amounts(ledger) == expected


def test_a_variable_may_stand_in_the_path(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for the whole of it."""
    monkeypatch.setenv("PATRON_TEST_SHOP", str(shop))
    query = SqlQuery("SELECT * FROM sales", "duckdb:///${PATRON_TEST_SHOP}", Path("/nowhere"))
    assert amounts(load_ledger(query, as_of="2024-03-01")) == EVERY_ORDER


sales_here = pd.DataFrame({"customer_id": ["x"], "ordered_at": ["2024-01-01"], "amount": [1]})


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT * FROM nowhere", "nowhere does not exist"),
        ("SELECT * FROM sales_here", "sales_here does not exist"),  # a frame of this module, not a table
        ("SELEC 1", "syntax error"),
        ("DROP TABLE sales", "must be one SELECT, not DROP"),
        ("SELECT 1; SELECT 2", "must be one SELECT, not SELECT and SELECT"),
        ("COPY sales TO 'out.csv'", "must be one SELECT, not COPY"),
        ("SELECT customer_id FROM sales", "no column for ordered_at"),
        ("SELECT * FROM sales LIMIT 0", "gives no rows"),
    ],
)
def test_a_query_that_cannot_be_used_is_one_clear_line(shop: Path, sql: str, words: str) -> None:
    """What is wrong, without a traceback."""
    with pytest.raises(LedgerError) as refused:
        load_ledger(SqlQuery(sql, f"duckdb:///{shop}"))
    assert words in refused.value.problems[0]
    assert "\n" not in refused.value.problems[0]


def test_a_file_of_several_tables_names_them(shop: Path) -> None:
    """And says how to choose."""
    with duckdb.connect(str(shop)) as connection:
        connection.execute('CREATE TABLE "other ""one""" (a int)')
    with pytest.raises(LedgerError) as refused:
        load_ledger(shop)
    assert refused.value.problems == ['shop.duckdb holds 2 tables: "other ""one""", "sales"; one is needed']
    assert refused.value.next_step is not None
    assert "duckdb:///shop.duckdb" in refused.value.next_step


def test_files_that_are_no_use(tmp_path: Path) -> None:
    """Not there, not DuckDB's, without tables, without rows."""
    found = []
    for name, make in {
        "none": lambda _path: None,
        "text": lambda path: path.write_text("customer_id,amount\n" * 1000),
        "bare": lambda path: duckdb.connect(str(path)).close(),
        "dry": lambda path: duckdb.connect(str(path)).execute("CREATE TABLE t (a int)").close(),
    }.items():
        path = tmp_path / f"{name}.duckdb"
        make(path)
        with pytest.raises(LedgerError) as refused:
            load_ledger(path)
        found.append(refused.value.problems[0])
    assert "none.duckdb does not exist" in found[0]
    assert found[1].startswith("text.duckdb: cannot be opened as a DuckDB file")
    assert found[2:] == [
        "bare.duckdb holds no tables; one is needed",
        "dry.duckdb has columns but no rows; give it the orders",
    ]


def test_a_config_is_proposed_from_the_table(shop: Path) -> None:
    """As for a file of any other kind."""
    mapped = {"customer_id": "customer_id", "ordered_at": "ordered_at", "amount": "amount"}
    assert mapped.items() <= propose_config(shop).columns.items()
