"""The shape of every JSON file of a model folder.

In:  parsed JSON. Out: the same with the keys that are known, or one sentence on the first misfit.
Not here: what must agree between files (`_agreement`), the trees (`patron.tree_text`).
"""

from __future__ import annotations

from typing import Any

from patron.errors import ModelError
from patron.model._schema import (
    MOST_FEATURES,
    Misfit,
    Shape,
    anything,
    listed,
    mapped,
    maybe,
    number,
    record,
    text,
)
from patron.model._shapes_learned import CHURN, FORECAST, PURCHASES
from patron.model._shapes_rules import PLAYBOOK, SCORING

_FINITE = number(-1e12, 1e12)
_SHARE = number(0, 1)
_COUNT = number(0, 2**53, whole=True)
_DAYS = number(1, 36_525, whole=True)
_NAME = text(300, r".+")
_CURRENCY = text(3, "[A-Z]{3}")
_LANGUAGES = mapped(text(2_000), 20)
_COLUMNS = listed(_NAME, MOST_FEATURES, 1)
_ISO_DAY = text(10, r"\d{4}-\d\d-\d\d")

_IMPORTANCE = record(
    {
        "driver": text(60),
        "share": _SHARE,
        "features": listed(record({"name": _NAME, "share": _SHARE}), MOST_FEATURES),
    }
)
_EVALUATION = record(
    {},
    {
        "as_of": _ISO_DAY,
        "evaluated_as_of": maybe(_ISO_DAY),
        "n": maybe(_COUNT),
        "counts": mapped(_COUNT, 20),
        "horizon_days": _DAYS,
        "label_in_words": _LANGUAGES,
        "churn": mapped(anything, 100),
        "clv": mapped(mapped(anything, 100), 20),
        "clv_choice": mapped(anything, 20),
        "clv_holdout": mapped(anything, 50),
        "grade": mapped(maybe(text(20)), 5),
        "grade_sentences": mapped(anything, 5),
        "churn_importance": listed(_IMPORTANCE, 100),
        "tuning": maybe(mapped(anything, 20)),
        "warnings": listed(anything, 1_000),
        "label_audit": maybe(mapped(anything, 20)),
    },
    open_=True,
)

_MANIFEST = record(
    {"name": text(60)},
    {
        "as_of": _ISO_DAY,
        "churn_model": text(60, r"[a-z_]+"),
        "config": mapped(anything, 200),
        "customers": mapped(_COUNT, 20),
        "data_digest": text(64, "[0-9a-f]{64}"),
        "feature_names": _COLUMNS,
        "features": listed(
            record({"name": _NAME, "unit": text(100), "meaning": text(2_000)}, open_=True), MOST_FEATURES
        ),
        "label": _LANGUAGES,
        "label_definition": mapped(anything, 20),
        "metrics": mapped(_FINITE, 2_000),
        "min_patron_version": text(30, r"\d{1,4}(\.\d{1,4}){0,3}"),
        "money": record({"currency": maybe(_CURRENCY), "minor_digits": number(0, 4, whole=True)}, open_=True),
        "packages": mapped(text(100), 50),
        "patron_version": text(60),
        "recipe": mapped(anything, 30),
        "rows": mapped(_COUNT, 10),
        "score_schema_version": number(1, 1_000, whole=True),
    },
    open_=True,
)

SHAPES: dict[str, Shape] = {
    "manifest.json": _MANIFEST,
    "churn.json": CHURN,
    "clv.json": PURCHASES,
    "purchases.json": PURCHASES,
    "forecast.json": FORECAST,
    "scoring.json": SCORING,
    "playbook.json": PLAYBOOK,
    "evaluation.json": _EVALUATION,
}


def shaped(value: Any, file: str) -> Any:
    """Read a parsed file by its shape.

    Parameters
    ----------
    value : object
        Parsed JSON.
    file : str
        Its name, of `SHAPES`.

    Returns
    -------
    object
        Without the keys that this version does not know, where they could reach a constructor.

    Raises
    ------
    ModelError
        At the first thing that cannot be.
    """
    try:
        return SHAPES[file](value, "")
    except Misfit as misfit:
        raise ModelError(f"{file}: {misfit}. Copy or export the model again, or train it again.") from None
