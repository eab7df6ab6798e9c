"""Mutated requests against the code behind the example service; the long run is marked slow (`make fuzz`)."""

import fuzz_requests
import pytest
from example_service import serving
from trade_project import trained_project

from patron.model import load_model_folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model_folder(trained_project(tmp_path_factory.getbasetemp()).trained.folder)


def test_a_hundred_mutated_requests_are_answered_or_refused(model):
    outcomes = fuzz_requests.run(fuzz_requests.answered(model), model, 100)
    assert outcomes["200"] > 5
    assert outcomes["422"] > 40


def test_the_judge_sees_wrong_answers(model):
    """Wrong scores, a repeated value, a 500 and an answer without a sentence are all noticed."""
    body = (
        b'{"as_of": "2023-07-02", "orders": [{"customer_id": "7", "ordered_at": "2023-05-01", "amount": 5, '
        b'"product_id": "p", "category": "c"}]}'
    )
    status, text = fuzz_requests.answered(model)(body)
    judged = [
        fuzz_requests.complaint(body, *answer, 0.1, model)
        for answer in (
            (status, text),
            (200, text.replace('"customer_id": "7"', '"customer_id": "8"')),
            (422, '{"detail": ["Zq7Marker is no number."]}'),
            (500, '{"detail": ["Oh."]}'),
            (422, '{"detail": []}'),
        )
    ]
    assert judged[0] is None
    assert all(judged[1:])


@pytest.mark.slow
def test_ten_thousand_mutated_requests_over_http(model, tmp_path):
    with serving(str(model.save(tmp_path)), tmp_path, look_seconds=600) as service:

        def ask(body):
            answer = service.call("POST", "/score", body)
            return answer.status, answer.text

        outcomes = fuzz_requests.run(ask, model, 10_000, seed=11)
        log = service.log.read_text()
    assert sum(outcomes.values()) == 10_000
    assert fuzz_requests.MARKER not in log
    assert "Traceback" not in log
