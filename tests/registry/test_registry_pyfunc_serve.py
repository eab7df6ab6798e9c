"""`mlflow models serve` on the loopback: the same rows over HTTP, and clean refusals. One server for all."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from trade_project import Project

from patron.model import load_model_folder

AS_OF = "2023-07-02"
READY_WITHIN_SECONDS = 120


@pytest.fixture(scope="module")
def address(mlflow_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("serve")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/trade@champion"]
    command += ["--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)]
    path = f"{Path(sys.executable).parent}:{mlflow_environment['PATH']}"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            command,
            env={**mlflow_environment, "PATH": path},
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/ping", server, folder / "log")
            yield f"http://127.0.0.1:{port}/invocations"
        finally:
            end_group(server)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_group(server: subprocess.Popen[bytes]) -> None:
    """End the command and the worker it started, and wait for both."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def wait_until_ready(ping: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(ping, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server is not ready: {log.read_text()[-2000:]}")


def post(address: str, body: object) -> tuple[int, Any]:
    """Return the status and the answer as JSON."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


@pytest.fixture(scope="module")
def few(project: Project) -> pd.DataFrame:
    ids = [*sorted(set(project.orders["customer_id"]))[:5], "K-none"]
    return project.orders[project.orders["customer_id"].isin(ids)].reset_index(drop=True)


@pytest.fixture(scope="module")
def wanted(project: Project, few: pd.DataFrame) -> list[dict[str, Any]]:
    """Score rows as JSON would write them."""
    scores = load_model_folder(project.trained.folder, name="trade/1").score(few, as_of=AS_OF)
    return as_json(scores)


def as_json(scores: pd.DataFrame) -> list[dict[str, Any]]:
    plain = scores.astype(object).where(scores.notna(), None)
    return [
        {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}
        for row in plain.to_dict("records")
    ]


def in_json(few: pd.DataFrame) -> list[dict[str, Any]]:
    return few.assign(ordered_at=few["ordered_at"].dt.strftime("%Y-%m-%d")).to_dict("records")


def test_order_rows_in_score_rows_out(address: str, few: pd.DataFrame, wanted: list[dict[str, Any]]) -> None:
    """Equal to `model.score`, to the last digit, in both layouts that MLflow knows."""
    rows = in_json(few)
    split = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    for layout in ({"dataframe_records": rows}, {"dataframe_split": split}):
        status, got = post(address, {**layout, "params": {"as_of": AS_OF}})
        assert status == 200
        assert got["predictions"] == wanted


def test_one_row_per_customer(address: str, few: pd.DataFrame, wanted: list[dict[str, Any]]) -> None:
    """A list of orders in every row; as many rows out, in the same order."""
    parts: dict[str, list[dict[str, Any]]] = {row["customer_id"]: [] for row in in_json(few)}
    for row in in_json(few):
        parts[row["customer_id"]].append({key: value for key, value in row.items() if key != "customer_id"})
    rows = [{"customer_id": key, "orders": orders} for key, orders in sorted(parts.items(), reverse=True)]
    status, got = post(address, {"dataframe_records": rows, "params": {"as_of": AS_OF}})
    assert status == 200
    assert got["predictions"] == [{**row, "data_through": None} for row in reversed(wanted)]


def test_the_language_is_a_parameter(address: str, few: pd.DataFrame) -> None:
    """Reasons in Chinese, figures as they were."""
    status, got = post(
        address, {"dataframe_records": in_json(few), "params": {"as_of": AS_OF, "language": "zh"}}
    )
    assert status == 200
    assert any("\u4e00" <= letter <= "\u9fff" for letter in got["predictions"][0]["reason_1"])


def test_whole_and_missing_numbers_are_taken(address: str, few: pd.DataFrame) -> None:
    """JSON writes 5.0 as 5; null is no number."""
    rows = [{**row, "amount": int(row["amount"]), "quantity": None} for row in in_json(few)]
    floats = [{**row, "amount": float(row["amount"])} for row in rows]
    answers = [
        post(address, {"dataframe_records": each, "params": {"as_of": AS_OF}}) for each in (rows, floats)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"as_off": AS_OF}, "unknown parameters; this model takes as_of and language"),
        ({"as_of": "SECRET"}, "as_of is neither 'latest' nor a day"),
        ({"as_of": "1900-01-01"}, "as_of is neither 'latest' nor a day"),
        ({"language": "fr"}, "language is none of en, zh"),
    ],
)
def test_parameters_are_checked(address: str, few: pd.DataFrame, params: dict[str, str], words: str) -> None:
    """400 with one sentence and nothing of the rows."""
    status, told = post(address, {"dataframe_records": in_json(few), "params": params})
    assert status == 400
    assert words in told["message"]
    assert not [private for private in ("SECRET", "K-00", "Traceback") if private in json.dumps(told)]


@pytest.mark.parametrize(
    ("change", "words"),
    [({"amount": "SECRET"}, "unreadable_amount"), ({"ordered_at": "SECRET"}, "unreadable_date")],
)
def test_rows_that_cannot_be_read_are_refused(
    address: str, few: pd.DataFrame, change: dict[str, str], words: str
) -> None:
    """400, without the rows."""
    rows = [{**row, **change} for row in in_json(few)]
    status, told = post(address, {"dataframe_records": rows, "params": {"as_of": AS_OF}})
    assert (status, words in told["message"]) == (400, True)
    assert not [private for private in ("SECRET", "K-00", "Traceback") if private in json.dumps(told)]


def test_a_column_that_is_missing_is_named(address: str) -> None:
    """Rows without a time are no orders."""
    status, told = post(address, {"dataframe_records": [{"customer_id": "a", "amount": 1.0}]})
    assert (status, "the rows lack ordered_at" in told["message"]) == (400, True)
