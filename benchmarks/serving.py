"""Throughput of the example service beside `mlflow models serve`: same model, same machine, same run.

Run it in a trained project: ``python benchmarks/serving.py --model models:/NAME@champion``.
Both servers run at once with one worker each; the rounds alternate between them, so that other load on
the machine meets both. Each client has a connection of its own and asks again as soon as it has its answer.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

from patron import load_model

SERVICE = Path(__file__).parents[1] / "examples" / "service"
TOKEN = "benchmark"
CLIENTS, ORDERS_PER_CUSTOMER = 4, 30
SIZES = (1, 100)


def rows_of(customers: int, as_of: date) -> list[dict[str, object]]:
    """Order rows of customers who order about every two weeks."""
    rng = random.Random(7)
    return [
        {
            "customer_id": f"C{customer:04}",
            "ordered_at": (as_of - timedelta(days=14 * number + rng.randint(1, 14))).isoformat(),
            "amount": round(rng.lognormvariate(5, 1), 2),
            "order_id": f"{customer}-{number}",
            "product_id": f"P{rng.randint(1, 50)}",
            "category": f"G{rng.randint(1, 8)}",
        }
        for customer in range(customers)
        for number in range(ORDERS_PER_CUSTOMER)
    ]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, health: str, settings: dict[str, str]) -> Iterator[int]:
    """Run a server until the block ends; wait until it answers."""
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", health)
                if connection.getresponse().status == 200:
                    break
            if process.poll() is not None:
                raise SystemExit(f"the server ended at its start: {' '.join(command)}")
            time.sleep(0.2)
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # its own group: mlflow starts a child
        process.wait(20)


def one_round(port: int, path: str, body: bytes, headers: dict[str, str], seconds: float) -> list[float]:
    """Let the clients ask for some seconds; return the times of the answers, in seconds."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while time.perf_counter() < end:
            began = time.perf_counter()
            connection.request("POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status} {text[:300]!r}")
            times.append(time.perf_counter() - began)

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return times


def bodies(rows: list[dict[str, object]], as_of: date) -> dict[str, bytes]:
    split = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    asked = {"dataframe_split": split, "params": {"as_of": as_of.isoformat()}}
    ours = {"as_of": as_of.isoformat(), "orders": rows}
    return {"mlflow": json.dumps(asked).encode(), "service": json.dumps(ours).encode()}


def measure(ports: dict[str, int], as_of: date, seconds: float, rounds: int) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    paths = {"mlflow": "/invocations", "service": "/score"}
    print(f"{'customers':>9}  {'server':8} {'requests/s':>10} {'p50 ms':>8} {'p95 ms':>8}")
    for customers in SIZES:
        sent = bodies(rows_of(customers, as_of), as_of)
        for name in paths:
            one_round(ports[name], paths[name], sent[name], headers, 1.0)  # the first answers warm up
        times: dict[str, list[float]] = {name: [] for name in paths}
        spent = dict.fromkeys(paths, 0.0)
        for _ in range(rounds):
            for name in paths:
                began = time.perf_counter()
                times[name] += one_round(ports[name], paths[name], sent[name], headers, seconds)
                spent[name] += time.perf_counter() - began
        rates = {name: len(times[name]) / spent[name] for name in paths}
        for name in paths:
            cuts = statistics.quantiles(times[name], n=20)
            print(f"{customers:9}  {name:8} {rates[name]:10.1f} {cuts[9] * 1e3:8.1f} {cuts[18] * 1e3:8.1f}")
        print(f"{customers:9}  ratio    {rates['service'] / rates['mlflow']:10.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="models:/name@champion")
    parser.add_argument("--store", default="sqlite:///mlflow.db")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    as_of = date.fromisoformat(load_model(given.model, tracking_uri=given.store).manifest["as_of"])
    packages = ("patron", "mlflow", "fastapi", "uvicorn", "pandas", "lightgbm")
    print(f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages), sep=", ")
    print(f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} before; {CLIENTS} clients")
    settings = {  # PATH: mlflow starts uvicorn by name
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": given.store,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PATRON_MODEL": given.model,
        "PATRON_TRACKING_URI": given.store,
        "PATRON_TOKEN": TOKEN,
    }
    ports = {"mlflow": free_port(), "service": free_port()}
    mlflow = [sys.executable, "-m", "mlflow", "models", "serve", "-m", given.model, "--env-manager", "local"]
    mlflow += ["-h", "127.0.0.1", "-p", str(ports["mlflow"])]
    ours = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(SERVICE), "--host", "127.0.0.1"]
    ours += ["--port", str(ports["service"]), "--no-access-log"]
    with (
        running(mlflow, ports["mlflow"], "/ping", settings),
        running(ours, ports["service"], "/health", settings),
    ):
        measure(ports, as_of, given.seconds, given.rounds)
    print(f"load average {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
