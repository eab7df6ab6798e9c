"""A scoring service: follows the champion, answers with scores. Start it as README.md says."""

import hmac
import json
import os
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, HTTPException, Request, Response

from patron import PatronError
from patron.model.records import feature_request, order_request, plain_rows, without_values
from patron.registry.follow import FollowedModel

TOKEN = os.environ["PATRON_TOKEN"].encode()  # without one the service does not start
MOST_BYTES = int(os.environ.get("PATRON_MOST_BYTES", "5000000"))
champion = FollowedModel(
    os.environ["PATRON_MODEL"],
    os.environ.get("PATRON_TRACKING_URI", "sqlite:///mlflow.db"),
    look_seconds=float(os.environ.get("PATRON_LOOK_SECONDS", "30")),
)


@asynccontextmanager
async def life(_app):
    champion.start()
    yield
    champion.stop()


app = FastAPI(lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)


async def body_of(request: Request) -> bytes:
    given = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(given, b"Bearer " + TOKEN):
        raise HTTPException(401, "A valid token is needed.", {"WWW-Authenticate": "Bearer"})
    body = bytearray()
    async for piece in request.stream():  # counted as it comes: a chunked body announces no length
        body += piece
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"The body is over {MOST_BYTES} bytes.", {"Connection": "close"})
    return bytes(body)


def answer(body, read, score):
    model, asked = champion.model, None  # taken once: a swap does not reach into a request
    try:
        asked = read(body)
        scores = score(model, asked, {"language": asked.language} if asked.language else {})
    except PatronError as error:
        said = without_values(error, asked.rows) if asked else error.problems
        raise HTTPException(422, said) from None
    text = json.dumps({"model": model.name, "scores": plain_rows(scores)}, allow_nan=False)
    return Response(text, media_type="application/json")


@app.get("/health")
async def health():
    return {"status": "ok", "model": champion.model.name, "reload_failed": champion.failed}


@app.get("/model", dependencies=[Depends(body_of)])
def about():
    model, settings = champion.model, champion.model.parts.settings
    keys = ("as_of", "label", "data_digest", "patron_version")
    facts = {key: model.manifest.get(key) for key in keys} | {"grade": model.evaluation.get("grade")}
    return {"model": model.name, "horizon_days": settings.churn_horizon_days, **facts}


@app.post("/score")  # plain functions run in threads: health answers meanwhile
def score(body: bytes = Depends(body_of)):
    return answer(
        body, order_request, lambda model, asked, more: model.score(asked.rows, asked.as_of, **more)
    )


@app.post("/score_features")
def score_features(body: bytes = Depends(body_of)):
    return answer(body, feature_request, lambda model, asked, more: model.score_features(asked.rows, **more))
