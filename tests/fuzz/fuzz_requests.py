"""Mutated requests: each is answered with right scores or refused with a sentence, and never repeats a value.

The reading and scoring that stands behind the example service is called as its endpoint calls it; `ask` may
as well be an HTTP call. Run it: ``python tests/fuzz/fuzz_requests.py MODEL_FOLDER 10000 [seed]``.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from patron.errors import PatronError
from patron.model import PatronModel, load_model_folder
from patron.model.records import order_request, plain_rows, without_values

MARKER = "Zq7Marker"
MOST_SECONDS = 20.0
AS_OF = "2023-07-02"

#: What stands in place of a value: other types, edges of numbers and dates, hostile texts.
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**63,
    -(2**63) - 1,
    10**400,
    1e308,
    -1e308,
    5e-324,
    1e12,
    -1e12,
    1.0000000001e12,
    0.1,
    0.005,
    -0.0,
    "",
    " ",
    "\x00",
    "0",
    "NaN",
    "-1e5",
    "null",
    MARKER,
    MARKER * 40,
    f"<{MARKER}>",
    f"'; {MARKER}",
    f"=1+{MARKER}",
    "\u202e" + MARKER,
    "中文",
    "é",
    "e\u0301",
    "\ud800",
    "🙂",
    "007",
    [],
    {},
    [MARKER],
    {MARKER: MARKER},
    "2023-02-30",
    "2023-13-01",
    "0001-01-01",
    "9999-12-31",
    "1900-01-01",
    "2199-12-31",
    "1969-12-31",
    "2023-07-01",
    "2023-07-02",
    "2023-07-01T23:59:59.999999",
    "2023-07-01T24:00:00",
    "2023-07-01T10:00:00+14:00",
    "20230701",
    "2023-W01-1",
    "2023-06-30T10:00:00Z",
    "2024-02-29",
    "2023-07-01 08:00",
    "01.07.2023",
    "2023-7-1",
)
FIELDS = (
    "customer_id",
    "ordered_at",
    "amount",
    "order_id",
    "product_id",
    "category",
    "quantity",
    "cost",
    "currency",
    MARKER,
    "",
    "__proto__",
)
TOP = ("as_of", "language", "orders", "features", MARKER)


def one_request(rng: random.Random) -> dict[str, Any]:
    """A request as a caller would send it: one to three customers, a few orders each."""
    rows = [
        {
            "customer_id": f"C{customer}",
            "ordered_at": f"202{rng.randint(1, 3)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            "amount": round(rng.uniform(-50, 900), 2),
            "order_id": f"O{customer}-{number}",
            "product_id": f"P{rng.randint(1, 9)}",
            "category": f"G{rng.randint(1, 3)}",
        }
        for customer in range(rng.randint(1, 3))
        for number in range(rng.randint(1, 6))
    ]
    return {"as_of": AS_OF, "orders": rows}


def mutated(rng: random.Random) -> bytes:
    """Change a request in one to four places, then perhaps its bytes."""
    asked: Any = one_request(rng)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        asked = _change(asked, rng)
    body = json.dumps(asked, ensure_ascii=rng.random() < 0.9).encode("utf-8", "surrogatepass")
    return _changed_bytes(body, rng) if rng.random() < 0.15 else body


def _change(asked: Any, rng: random.Random) -> Any:
    rows = asked.get("orders") if isinstance(asked, dict) else None
    kind = rng.randrange(10)
    if isinstance(rows, list) and rows and kind < 7:
        at = rng.randrange(len(rows))
        if kind < 4 and isinstance(rows[at], dict):
            rows[at][rng.choice(FIELDS)] = rng.choice(ODD)
        elif kind == 4 and isinstance(rows[at], dict) and rows[at]:
            rows[at].pop(rng.choice(list(rows[at])))
        elif kind == 5:
            rows.append(rows[at])
        else:
            rows[at] = rng.choice(ODD)
        return asked
    if isinstance(asked, dict) and kind < 9:
        asked[rng.choice(TOP)] = rng.choice(ODD)
        return asked
    return rng.choice((asked, [asked], MARKER, None, 7, {MARKER: asked}))


def _changed_bytes(body: bytes, rng: random.Random) -> bytes:
    at, kind = rng.randrange(len(body)), rng.randrange(6)
    if kind == 0:
        return body[:at]
    if kind == 1:
        return body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :]
    if kind == 2:
        return body + body
    if kind == 3:
        return (
            body[:at]
            + rng.choice((b"NaN", b"Infinity", b"1e999", b"[" * 5000, b"\xff", b"\\u0000"))
            + body[at:]
        )
    if kind == 4:
        return b'{"orders": ' * 200 + body
    return body.replace(b'"amount"', b'"amount": 1, "amount"', 1)


def answered(model: PatronModel) -> Callable[[bytes], tuple[int, str]]:
    """Answer in this process, the way the endpoint does."""

    def ask(body: bytes) -> tuple[int, str]:
        asked = None
        try:
            asked = order_request(body)
            scores = plain_rows(model.score(asked.rows, asked.as_of))
        except PatronError as error:
            said = without_values(error, asked.rows) if asked else error.problems
            return 422, json.dumps({"detail": said})
        return 200, json.dumps({"model": model.name, "scores": scores}, allow_nan=False)

    return ask


def complaint(body: bytes, status: int, text: str, seconds: float, model: PatronModel) -> str | None:
    """Say what is wrong with an answer; None where all is well."""
    if seconds > MOST_SECONDS:
        return f"took {seconds:.0f} seconds"
    if status == 200:
        asked = json.loads(body)
        wanted = [
            {**row, "model": None} for row in plain_rows(model.score(_frame(asked["orders"]), asked["as_of"]))
        ]
        given = [{**row, "model": None} for row in json.loads(text)["scores"]]
        return None if given == wanted else "the scores are not those of the model"
    if status not in (400, 401, 413, 422):
        return f"status {status}"
    said = json.loads(text).get("detail")
    if not said or not all(str(sentence).strip().endswith(".") for sentence in said):
        return f"no sentence: {text[:200]}"
    return "the marker came back" if MARKER in text else None


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Order rows as a user of the package would make a frame of them."""
    frame = pd.DataFrame(rows)
    frame["ordered_at"] = pd.to_datetime(frame["ordered_at"], format="ISO8601", utc=_zoned(frame))
    frame["amount"] = frame["amount"].astype("float64")
    for name in ("quantity", "cost"):
        if name in frame:
            frame[name] = frame[name].astype("float64")
    return frame


def _zoned(frame: pd.DataFrame) -> bool:
    return bool(frame["ordered_at"].str.contains(r"(?:Z|[+-]\d\d:\d\d)$", regex=True).all())


def run(
    ask: Callable[[bytes], tuple[int, str]], model: PatronModel, count: int, seed: int = 7
) -> Counter[str]:
    """Ask `count` times; raise AssertionError with the request of the first wrong answer."""
    rng, outcomes = random.Random(seed), Counter[str]()
    for number in range(count):
        body = mutated(rng)
        began = time.perf_counter()
        try:
            status, text = ask(body)
        except Exception as error:
            raise AssertionError(
                f"request {number}: {type(error).__name__}: {error}\n{body[:1500]!r}"
            ) from error
        wrong = complaint(body, status, text, time.perf_counter() - began, model)
        assert wrong is None, f"request {number}: {wrong}\n{body[:1500]!r}\n{text[:600]}"
        outcomes[str(status)] += 1
    return outcomes


if __name__ == "__main__":
    loaded = load_model_folder(Path(sys.argv[1]))
    found = run(answered(loaded), loaded, int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 7)
    sys.stdout.write(f"{dict(found)}\n")
