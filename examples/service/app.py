"""A scoring service: follows the champion, answers with scores. Start it as README.md says."""

import hmac
import logging
import os
import threading
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from patron import PatronError
from patron.model.records import feature_request, order_request, plain_rows, without_values
from patron.registry.follow import FollowedModel

TOKEN = os.environ["PATRON_TOKEN"].encode()  # without one the service does not start
MOST_BYTES = int(os.environ.get("PATRON_MOST_BYTES", "5000000"))
ONE_AT_A_TIME = threading.Lock()  # scoring is all CPU: threads would only wait for each other in turns
STORE = os.environ.get("PATRON_TRACKING_URI", "sqlite:///mlflow.db")
LOOK_SECONDS = float(os.environ.get("PATRON_LOOK_SECONDS", "30"))
champion = FollowedModel(os.environ["PATRON_MODEL"], STORE, look_seconds=LOOK_SECONDS)


@asynccontextmanager
async def life(_app):
    champion.start()
    yield
    champion.stop()


app = FastAPI(lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)


async def body_of(request: Request) -> bytes:
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), b"Bearer " + TOKEN):
        raise HTTPException(401, "A valid token is needed.", {"WWW-Authenticate": "Bearer"})
    body = bytearray()
    async for piece in request.stream():  # counted as it comes: a chunked body announces no length
        body += piece
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"The body is over {MOST_BYTES} bytes.", {"Connection": "close"})
    return bytes(body)


def answer(body, read):
    model, asked = champion.model, None  # taken once: a swap does not reach into a request
    try:
        asked = read(body)
        with ONE_AT_A_TIME:
            scores = asked.scores_by(model)
    except PatronError as error:
        raise HTTPException(422, without_values(error, asked.rows) if asked else error.problems) from None
    except Exception as error:  # its text and traceback may hold a customer's values
        logging.error("a request failed: %s", type(error).__name__)
        raise HTTPException(500, "The request failed; the service goes on.") from None
    return JSONResponse({"model": model.name, "scores": plain_rows(scores)})


@app.get("/health")
async def health():
    return {"status": "ok", "model": champion.model.name, "reload_failed": champion.failed}


@app.get("/model", dependencies=[Depends(body_of)])
def about():
    model = champion.model  # taken once here, too
    facts = {key: model.manifest.get(key) for key in ("as_of", "label", "data_digest", "patron_version")}
    horizon, grade = model.parts.settings.churn_horizon_days, model.evaluation.get("grade")
    return {"model": model.name, "horizon_days": horizon, "grade": grade, **facts}


@app.post("/score")  # plain functions run in threads: health answers meanwhile
def score(body: bytes = Depends(body_of)):
    return answer(body, order_request)


@app.post("/score_features")
def score_features(body: bytes = Depends(body_of)):
    return answer(body, feature_request)
