"""A frame that MLflow hands over becomes score rows.

In: a `PatronModel`, order rows, or one row per customer with its orders or features inside, and parameters.
Out: `SCORE_COLUMNS`; for rows of customers as many rows as came in, in their order. Not here: how MLflow is
told (see `pyfunc_refusal`), how orders are read (see `ledger`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.columns import (
    AMOUNT,
    CUSTOMER_ID,
    LEDGER_COLUMNS,
    ORDERED_AT,
    REQUIRED_LEDGER_COLUMNS,
    SCORE_COLUMNS,
)
from patron.errors import ModelError
from patron.model import PatronModel, load_model_folder
from patron.model.manifest import MANIFEST, read_model
from patron.registry.pyfunc_signature import FEATURES, ORDERS, PARAMS

LANGUAGES = ("en", "zh")
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(2199, 12, 31)
_REGISTERED_AS = "registered_model_meta"  # MLflow writes it beside MLmodel when it fetches `models:/...`
_ALL_COLUMNS = [name for name in LEDGER_COLUMNS if name not in ("quantity", "currency")]
_NOBODY = "patron: nobody"  # a customer of no orders, so that a batch without old orders is still answered


def load_served(folder: Path) -> PatronModel:
    """Load the model folder inside an MLflow model directory.

    Parameters
    ----------
    folder : Path
        `artifacts/model` of the directory.

    Returns
    -------
    PatronModel
        Its name is `name/version` where MLflow fetched a registered version, else the model folder's name.
    """
    registered = _registered_as(folder.parent.parent / _REGISTERED_AS)
    if registered is None:
        manifest, _ = read_model(folder)
        digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
        registered = f"{manifest['name']}@{digest[:12]}"
    return load_model_folder(folder, name=registered)


def _registered_as(note: Path) -> str | None:
    """Read name and version from MLflow's note, two lines of YAML."""
    if not note.is_file():
        return None
    pairs = (line.partition(":") for line in note.read_text(encoding="utf-8").splitlines())
    said = {key.strip(): value.strip().strip("'\"") for key, _, value in pairs}
    name, version = said.get("model_name"), said.get("model_version")
    return f"{name}/{version}" if name and version else None


def answer(model: PatronModel, rows: pd.DataFrame, params: Mapping[str, Any]) -> pd.DataFrame:
    """Score the rows, whichever of the three kinds they are.

    Parameters
    ----------
    model : PatronModel
        Of `load_served`.
    rows : pandas.DataFrame
        Order rows; or rows of customers with `customer_id` and either `orders` (a list of orders without
        the customer) or `features` (a row of `PatronModel.features`).
    params : mapping
        `as_of` (`latest` or an ISO day) and `language` (empty for that of training, `en` or `zh`).

    Returns
    -------
    pandas.DataFrame
        As `PatronModel.score` gives it for order rows. For rows of customers dates are ISO texts and
        `data_through` is null for `orders`: it is a fact of the whole ledger, which such a row does not know.

    Raises
    ------
    PatronError
        If the rows or the parameters cannot be used.
    """
    as_of, language = _checked(params)
    inside = [column for column in (ORDERS, FEATURES) if column in rows.columns]
    if len(inside) == 2:
        raise ModelError(f"give {ORDERS} or {FEATURES}, not both")
    if inside == [ORDERS]:
        return score_customer_rows(model, rows, as_of, language)
    if inside == [FEATURES]:
        return score_feature_rows(model, rows, as_of, language)
    missing = [column for column in REQUIRED_LEDGER_COLUMNS if column not in rows.columns]
    if missing:
        raise ModelError(
            f"the rows lack {' and '.join(missing)}. Give order rows ({', '.join(REQUIRED_LEDGER_COLUMNS)}), "
            f"or one row per customer with {ORDERS} or {FEATURES}."
        )
    return _score(model, rows, as_of, language)


def _score(model: PatronModel, orders: pd.DataFrame, as_of: str, language: str | None) -> pd.DataFrame:
    """Score order rows, in the language of the training where none is named."""
    named: dict[str, Any] = {"language": language} if language else {}
    return pd.DataFrame(model.score(orders, as_of=as_of, **named))


def _checked(params: Mapping[str, Any]) -> tuple[str, str | None]:
    """Refuse what MLflow lets pass: unknown names and values out of range; values are not repeated."""
    problems = (
        [] if set(params) <= set(PARAMS) else [f"unknown parameters; there are {' and '.join(PARAMS)}."]
    )
    as_of, language = (params.get(name, default) for name, default in PARAMS.items())
    if not _is_day(as_of):
        problems.append(
            f"as_of is neither 'latest' nor a day from {FIRST_DAY} to {LAST_DAY} written like 2011-09-01."
        )
    if language not in ("", *LANGUAGES):
        problems.append(f"language is none of {', '.join(LANGUAGES)} (or empty: that of the training).")
    if problems:
        raise ModelError(problems)
    return str(as_of), str(language) or None


def _is_day(as_of: object) -> bool:
    """Say whether a parameter is a day that can be scored."""
    if as_of == "latest":
        return True
    try:
        return (
            isinstance(as_of, str) and len(as_of) == 10 and FIRST_DAY <= date.fromisoformat(as_of) <= LAST_DAY
        )
    except ValueError:
        return False


def score_customer_rows(
    model: PatronModel, rows: pd.DataFrame, as_of: str, language: str | None
) -> pd.DataFrame:
    """Score rows that each hold one customer with all its orders."""
    if as_of == "latest":
        raise ModelError(
            "with one row per customer, as_of must be a day: 'latest' would differ from batch to batch."
        )
    customers = _customers(rows)
    lines = _lines(customers, rows[ORDERS])
    texts = all(isinstance(value, str) for value in lines[ORDERED_AT])
    known = []
    if len(lines):
        guard = _without_orders([_NOBODY], list(lines.columns), as_of, texts=texts)
        together = pd.concat([lines, guard], ignore_index=True)
        known = [_score(model, together, as_of, language)]
    left = sorted(set(customers).difference(*(scores[CUSTOMER_ID] for scores in known)))
    if left:
        silent = _without_orders([*left, _NOBODY], _ALL_COLUMNS, as_of, texts=texts)
        known.append(_score(model, silent, as_of, language))
    scores = pd.concat([each[each[CUSTOMER_ID] != _NOBODY] for each in known], ignore_index=True)
    scores = scores.astype(known[0].dtypes.to_dict())
    scores["data_through"] = None
    return _plain(scores.set_index(CUSTOMER_ID, drop=False).loc[customers])


def score_feature_rows(
    model: PatronModel, rows: pd.DataFrame, as_of: str, language: str | None
) -> pd.DataFrame:
    """Score rows that each hold one row of `PatronModel.features`."""
    customers = _customers(rows)
    mappings = [_mapping(value) for value in rows[FEATURES]]
    if any(value is None for value in mappings):
        raise ModelError(
            f"{FEATURES} is not a mapping in every row: give a row of PatronModel.features each."
        )
    frame = pd.DataFrame(mappings).assign(**{CUSTOMER_ID: customers})
    if as_of != "latest" and ("as_of" not in frame or set(frame["as_of"].astype(str).str[:10]) != {as_of}):
        raise ModelError("as_of is not the day the features were made for. Leave it out.")
    scores = model.score_features(frame, language=language)
    return _plain(scores.set_index(CUSTOMER_ID, drop=False).loc[customers])


def _customers(rows: pd.DataFrame) -> list[str]:
    """Return the customers' ids, which must be texts and differ."""
    ids = list(rows[CUSTOMER_ID])
    if not all(isinstance(value, str) and value for value in ids) or len(set(ids)) < len(ids):
        raise ModelError("with one row per customer, every row needs a customer_id (text) of its own.")
    return ids


def _mapping(value: Any) -> dict[str, Any] | None:
    """Take a mapping or a Spark row as a dict, None for anything else."""
    if hasattr(value, "asDict"):
        value = value.asDict()
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else None


def _lines(customers: Sequence[str], orders: pd.Series[Any]) -> pd.DataFrame:
    """Write every order as a row of its own; here nothing is set aside: what cannot be read is refused."""
    found: list[dict[str, Any]] = []
    for customer, value in zip(customers, orders, strict=True):
        each = [] if value is None or (isinstance(value, float) and value != value) else value
        if isinstance(each, str | Mapping) or not hasattr(each, "__len__"):
            raise ModelError(f"{ORDERS} is not a list of orders in every row.")
        mappings = [_mapping(order) for order in each]
        if any(order is None or not {ORDERED_AT, AMOUNT} <= order.keys() for order in mappings):
            raise ModelError(f"an order lacks {ORDERED_AT} or {AMOUNT}: give both in every order.")
        found += [{**order, CUSTOMER_ID: customer} for order in mappings if order is not None]
    names = [name for name in LEDGER_COLUMNS if any(name in order for order in found)] or [
        *REQUIRED_LEDGER_COLUMNS
    ]
    lines = pd.DataFrame({name: [order.get(name) for order in found] for name in names})
    times = pd.to_datetime(lines[ORDERED_AT].astype(str), format="ISO8601", utc=True, errors="coerce")
    unreadable = int((times.isna() | pd.to_numeric(lines[AMOUNT], errors="coerce").isna()).sum())
    if unreadable:
        raise ModelError(
            f"{unreadable} of {len(lines)} orders have an unreadable {ORDERED_AT} or {AMOUNT}: "
            "give ISO days or timestamps, and numbers."
        )
    return lines


def _without_orders(
    customers: Sequence[str], columns: Sequence[str], as_of: str, *, texts: bool
) -> pd.DataFrame:
    """Give each customer a line of no money on the eve of `as_of`: no purchase, but they are known."""
    eve = pd.Timestamp(as_of) - pd.Timedelta(days=1)
    line = {**dict.fromkeys(columns), ORDERED_AT: str(eve.date()) if texts else eve, AMOUNT: 0.0}
    line |= {"cost": 0.0} if "cost" in columns else {}
    return pd.DataFrame([{**line, CUSTOMER_ID: customer} for customer in customers])


def as_json(scores: pd.DataFrame) -> pd.DataFrame:
    """Write nulls for what is unknown: MLflow's server would send NaN, which is not JSON."""
    return scores.astype(object).where(scores.notna(), None)


def _plain(scores: pd.DataFrame) -> pd.DataFrame:
    """Turn dates into ISO texts, and drop the index: Spark and JSON know both."""
    plain = scores.reset_index(drop=True)
    for name, column in SCORE_COLUMNS.items():
        if column.kind == "date":
            plain[name] = pd.Series(
                [None if pd.isna(day) else str(day)[:10] for day in plain[name]], dtype=object
            )
    return plain
