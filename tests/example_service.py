"""The example service as a process of its own, and calls to it over real HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from patron.columns import LEDGER_COLUMNS

SERVICE = Path(__file__).parents[1] / "examples" / "service"
TOKEN = "test-token"
MOST_BYTES = 200_000


class Answer(NamedTuple):
    """Status and JSON of an answer, with the text it came in."""

    status: int
    content: Any
    text: str


class Service(NamedTuple):
    """A running service."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Answer:
        """Call on a connection of its own; bytes go as they are, anything else as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            return send(connection, method, path, body, headers=headers)


def send(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Any = None,
    *,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Call on a connection that stays open."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {TOKEN}"} if headers is None else headers
    connection.request(method, path, body=data, headers=given)
    answer = connection.getresponse()
    text = answer.read().decode()
    return Answer(answer.status, json.loads(text) if text else None, text)


@contextlib.contextmanager
def serving(model: str, folder: Path, store: str = "", look_seconds: float = 0.2) -> Iterator[Service]:
    """Start the service, wait until it answers, end it at last."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        **os.environ,
        "PATRON_MODEL": model,
        "PATRON_TOKEN": TOKEN,
        "PATRON_LOOK_SECONDS": str(look_seconds),
        "PATRON_MOST_BYTES": str(MOST_BYTES),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    if store:
        settings["PATRON_TRACKING_URI"] = store
    log = folder / f"service-{port}.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(
            [*command, "--app-dir", str(SERVICE), "--timeout-graceful-shutdown", "10"],
            cwd=folder, env=settings, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    service = Service(port, process, log)
    try:
        _wait(service)
        yield service
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
        process.kill()
        process.wait()


def _wait(service: Service) -> None:
    for _ in range(600):
        if service.process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            if service.call("GET", "/health").status == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"the service did not start:\n{service.log.read_text()[-3000:]}")


def order_rows(orders: Any, customers: int) -> list[dict[str, Any]]:
    """Orders of the first customers as a caller sends them."""
    names = sorted(orders["customer_id"].unique())[:customers]
    some = orders[orders["customer_id"].isin(names)]
    return [
        {**row, "ordered_at": row["ordered_at"].isoformat()}
        for row in some[[name for name in LEDGER_COLUMNS if name in some]].to_dict("records")
    ]
