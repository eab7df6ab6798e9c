"""The example service over HTTP: right scores, clean refusals, none dropped while an alias moves."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import threading
import time
from pathlib import Path

import pandas as pd
import pytest
from example_service import MOST_BYTES, TOKEN, order_rows, send, serving
from trade_project import Project, copied, trained_project

from patron.model import PatronModel, load_model_folder
from patron.model.records import plain_rows
from patron.registry import open_store, register_version, set_champion

AS_OF = "2023-07-02"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return trained_project(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def model(project: Project) -> PatronModel:
    return load_model_folder(project.trained.folder)


@pytest.fixture(scope="module")
def store_folder(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the trained project with a second version of the same files."""
    folder = copied(project, tmp_path_factory.mktemp("served")).parent
    store = open_store("sqlite:///mlflow.db", root=folder, experiment="patron", create=False)
    register_version(store, name="trade", run_id=project.trained.run_id, tags={})
    set_champion(store, "trade", "1", reason="test")
    return folder


@pytest.fixture(scope="module")
def service(store_folder: Path):
    with serving("models:/trade@champion", store_folder) as running:
        yield running


@pytest.fixture(scope="module")
def rows(project: Project) -> list[dict]:
    return order_rows(project.orders, 5)


def expected(model: PatronModel, rows: list[dict], **options) -> list[dict]:
    """What the model says of the same rows in this process."""
    frame = pd.DataFrame(rows)
    frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
    scores = plain_rows(model.score(frame, as_of=AS_OF, **options))
    return [{**row, "model": "trade/1"} for row in scores]


def test_health_and_model_say_what_is_loaded(service, model):
    health = service.call("GET", "/health", headers={})
    assert health.content == {"status": "ok", "model": "trade/1", "reload_failed": False}
    facts = service.call("GET", "/model").content
    assert facts["model"] == "trade/1"
    assert facts["as_of"] == "2023-07-02"
    assert facts["horizon_days"] == 60
    assert facts["label"]["en"].startswith("no order in the 60 days")
    assert facts["grade"] == model.evaluation["grade"]
    assert facts["data_digest"] == model.manifest["data_digest"]


def test_scores_are_those_of_the_model(service, model, rows):
    answer = service.call("POST", "/score", {"as_of": AS_OF, "orders": rows})
    assert answer.status == 200
    assert answer.content["model"] == "trade/1"
    assert len(answer.content["scores"]) == 5
    assert answer.content["scores"] == expected(model, rows)
    assert "NaN" not in answer.text


def test_rows_sent_twice_count_as_the_model_counts_them(service, model, rows):
    answer = service.call("POST", "/score", {"as_of": AS_OF, "orders": rows + rows[:3]})
    assert answer.content["scores"] == expected(model, rows + rows[:3])


def test_feature_rows_give_the_scores_of_their_orders(service, model, rows):
    frame = pd.DataFrame(rows)
    frame["ordered_at"] = pd.to_datetime(frame["ordered_at"])
    features = plain_rows(model.features(frame, as_of=AS_OF))
    answer = service.call("POST", "/score_features", {"features": features})
    assert answer.status == 200, answer.text
    assert answer.content["scores"] == expected(model, rows)


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_without_the_token_there_is_no_answer(service, rows, given):
    for path in ("/score", "/score_features"):
        assert service.call("POST", path, {"as_of": AS_OF, "orders": rows}, headers=given).status == 401
    assert service.call("GET", "/model", headers=given).status == 401


def test_a_large_body_is_refused(service):
    assert service.call("POST", "/score", b" " * (MOST_BYTES + 1)).status == 413


def test_a_large_body_without_a_length_is_refused_before_it_ends(service):
    head = f"POST /score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n"
    piece = b"%x\r\n%s\r\n" % (50_000, b" " * 50_000)
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as raw:
        raw.sendall(head.encode() + piece * 6)  # over the limit, and no end of the body
        assert b" 413 " in raw.recv(200).partition(b"\r\n")[0]


ROW = {
    "customer_id": "SECRET-1",
    "ordered_at": "2023-05-01",
    "amount": 4711.25,
    "product_id": "SECRET-1",
    "category": "SECRET-1",
}
BAD = {
    "no JSON": b"{SECRET-1",
    "no UTF-8": b'{"as_of": "\xff"}',
    "NaN": json.dumps({"as_of": AS_OF, "orders": [{**ROW, "amount": float("nan")}]}).encode(),
    "Infinity": json.dumps({"as_of": AS_OF, "orders": [{**ROW, "amount": float("inf")}]}).encode(),
    "1e999": b'{"as_of": "2023-07-02", "orders": [{"customer_id": "SECRET-1", "amount": 1e999}]}',
    "deep": b'{"orders": ' + b"[" * 50_000,
    "a list": [ROW],
    "no rows": {"as_of": AS_OF, "orders": []},
    "rows that are none": {"as_of": AS_OF, "orders": ["SECRET-1"]},
    "no as_of": {"orders": [ROW]},
    "as_of latest": {"as_of": "latest", "orders": [ROW]},
    "no such day": {"as_of": "2023-02-30", "orders": [ROW]},
    "a text for a number": {"as_of": AS_OF, "orders": [{**ROW, "amount": "4711.25"}]},
    "a number for a text": {"as_of": AS_OF, "orders": [{**ROW, "customer_id": 4711}]},
    "true": {"as_of": AS_OF, "orders": [{**ROW, "amount": True}]},
    "a day that is none": {"as_of": AS_OF, "orders": [{**ROW, "ordered_at": "SECRET-1"}]},
    "an unknown column": {"as_of": AS_OF, "orders": [{**ROW, "SECRET-1": 1}]},
    "an unknown key": {"as_of": AS_OF, "orders": [ROW], "SECRET-1": 1},
    "an unknown language": {"as_of": AS_OF, "orders": [ROW], "language": "SECRET-1"},
    "a missing id": {"as_of": AS_OF, "orders": [{**ROW, "customer_id": None}]},
    "half a letter": b'{"as_of": "2023-07-02", "orders": [{"customer_id": "\\ud800", "amount": 4711.25}]}',
    "zones mixed": {"as_of": AS_OF, "orders": [ROW, {**ROW, "ordered_at": "2023-05-01T10:00:00Z"}]},
    "other money": {"as_of": AS_OF, "orders": [{**ROW, "currency": "SECRET-1"}]},
    "only later orders": {"as_of": AS_OF, "orders": [{**ROW, "ordered_at": "2024-05-01"}]},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_bad_requests_get_a_sentence_without_their_values(service, body):
    answer = service.call("POST", "/score", body)
    assert answer.status == 422, answer.text
    assert all(said.endswith(".") for said in answer.content["detail"])
    for value in ("SECRET-1", "4711", "\\ud800"):
        assert value not in answer.text
        assert value not in service.log.read_text()


def test_health_answers_while_scores_are_made(service, project):
    """A long request in one thread does not hold up the next one."""
    many = {"as_of": AS_OF, "orders": order_rows(project.orders, 35)}
    at_work = threading.Thread(target=service.call, args=("POST", "/score", many))
    at_work.start()
    time.sleep(0.05)
    assert service.call("GET", "/health").status == 200
    assert at_work.is_alive()
    at_work.join()


def test_no_request_is_dropped_while_the_alias_moves(service, store_folder, rows):
    store = open_store("sqlite:///mlflow.db", root=store_folder, experiment="patron", create=False)
    answers, over = [], threading.Event()

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        while not over.is_set():
            answers.append(send(connection, "POST", "/score", {"as_of": AS_OF, "orders": rows[:40]}))
        connection.close()

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    for version in ("2", "1", "2"):
        set_champion(store, "trade", version, reason="test")
        _until(service, f"trade/{version}")
    over.set()
    for client in clients:
        client.join()
    set_champion(store, "trade", "1", reason="test")
    _until(service, "trade/1")
    assert {answer.status for answer in answers} == {200}
    assert {answer.content["model"] for answer in answers} == {"trade/1", "trade/2"}
    for answer in answers:  # one model from end to end
        assert {row["model"] for row in answer.content["scores"]} == {answer.content["model"]}


def _until(service, name: str) -> None:
    for _ in range(150):
        if service.call("GET", "/health").content["model"] == name:
            return
        time.sleep(0.1)
    raise AssertionError(f"the service did not turn to {name}")


def test_a_failed_reload_keeps_the_model_and_a_stop_finishes_what_is_asked(project, model, rows, tmp_path):
    """Last, with a service of its own: its model goes away under it, then it is told to stop."""
    folder = model.save(tmp_path / "models")
    here = tmp_path / "now"
    here.symlink_to(folder)
    with serving(str(here), tmp_path) as service:
        here.unlink()
        for _ in range(100):
            if service.call("GET", "/health").content["reload_failed"]:
                break
            time.sleep(0.1)
        assert service.call("GET", "/health").content == {
            "status": "ok", "model": folder.name, "reload_failed": True,
        }  # fmt: skip
        body = json.dumps({"as_of": AS_OF, "orders": rows}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        assert send(connection, "GET", "/health").status == 200
        connection.putrequest("POST", "/score")
        connection.putheader("Authorization", f"Bearer {TOKEN}")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:100])
        time.sleep(0.5)  # the request is at work
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        connection.send(body[100:])
        answer = connection.getresponse()
        assert answer.status == 200
        assert len(json.loads(answer.read())["scores"]) == 5
        connection.close()
        assert service.process.wait(15) in (0, -signal.SIGTERM)
