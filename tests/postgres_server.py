"""A PostgreSQL server of the tests' own: fresh data, a free port on loopback, a password that matters."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

#: With marks that an address cannot hold as they are, and long enough to be found where it must not be.
PASSWORD = "geheim/@7 wort%41"
VARIABLE = "PATRON_TEST_PGPASSWORD"
_USER = "patron_owner"


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    programs: Path

    @property
    def url(self) -> str:
        """The address as a config writes it."""
        return f"postgresql://{_USER}:${{{VARIABLE}}}@127.0.0.1:{self.port}/postgres"

    def connect(self) -> Any:
        """Open a connection beside the code under test."""
        import adbc_driver_postgresql.dbapi as driver

        return driver.connect(self.url.replace(f"${{{VARIABLE}}}", quote(PASSWORD, safe="")))

    def run(self, *statements: str) -> None:
        """Run statements and commit each."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Start a server for the session; PostgreSQL refuses to run as root, so it runs as its own user then."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed; .ci/run installs it")
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="patron-postgres-"))
    data = folder / "data"
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["runuser", "-u", "postgres", "--"]
        for path in (folder, secret):
            shutil.chown(path, "postgres", "postgres")

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

    port = _free_port()
    settings = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off "
        "-c full_page_writes=off -c synchronous_commit=off -c shared_buffers=32MB"
    )
    how = ("--no-sync", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C")
    try:
        run(str(programs / "initdb"), "-D", str(data), "-U", _USER, f"--pwfile={secret}", *how)
        control = (str(programs / "pg_ctl"), "-D", str(data), "-w")
        run(*control, "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield Server(port, programs)
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Return the server, with its password in the environment."""
    monkeypatch.setenv(VARIABLE, PASSWORD)
    return postgres_server


def _programs() -> Path | None:
    """Find the folder of `initdb`: Debian keeps it off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
