"""The seeded synthetic ledger, 150 customers over two and a half years, shared by many folders' tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from postgres_server import postgres, postgres_server  # noqa: F401
from spark_session import spark_session
from synthetic_ledger import (
    Line,
    lines_frame,
    raw_orders,
    synthetic_attributes,
    synthetic_events,
    synthetic_merges,
    synthetic_rows,
    tables_of,
)

from patron.snapshots import CustomerTables

#: No doctests in these; collecting several files of one name for doctests is an error.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]


#: Tests that share one Spark session; a JVM of its own for each file would cost half a minute.
_ON_SPARK = ("tests/spark/", "tests/registry/test_spark")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, so that what they share is made once; those on Spark, too."""
    for item in items:
        name = item.nodeid.split("::")[0]
        item.add_marker(pytest.mark.xdist_group("spark" if name.startswith(_ON_SPARK) else name))


@pytest.fixture(scope="session")
def ledger_rows() -> list[Line]:
    """Plain rows."""
    return synthetic_rows()


@pytest.fixture(scope="session")
def ledger_lines(ledger_rows: list[Line]) -> pd.DataFrame:
    """Canonical lines in pandas."""
    return lines_frame(ledger_rows)


@pytest.fixture(scope="session")
def orders(ledger_rows: list[Line]) -> pd.DataFrame:
    """The same rows as raw orders, as a user brings them."""
    return raw_orders(ledger_rows)


@pytest.fixture(scope="session")
def tables(ledger_rows: list[Line]) -> CustomerTables:
    """Customer tables in pandas, with attributes, events and merges."""
    return tables_of(
        ledger_rows,
        attributes=synthetic_attributes(),
        events=synthetic_events(),
        merges=synthetic_merges(),
    )


@pytest.fixture(scope="session")
def plain_tables(ledger_rows: list[Line]) -> CustomerTables:
    """Customer tables in pandas, orders only."""
    return tables_of(ledger_rows)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session on two cores."""
    yield from spark_session(tmp_path_factory.mktemp("warehouse"))
