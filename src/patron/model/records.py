"""Rows as a service gets and gives them: JSON in, frames; frames in, rows for JSON.

In:  bytes of a request, or a frame. Out: checked frames, or plain rows (null for unknown). Not here: scoring,
HTTP. No message holds a value of the request: it may be a customer's, and messages end up in logs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pandas as pd

from patron.columns import LEDGER_COLUMNS, ORDERED_AT, REQUIRED_LEDGER_COLUMNS
from patron.errors import ModelError, PatronError
from patron.model._json import from_json

if TYPE_CHECKING:
    from patron.model.patron_model import PatronModel

LANGUAGES = ("en", "zh")
MOST_ROWS = 200_000
LONGEST_TEXT = 200
LARGEST_NUMBER = 1e12
_MOST_PROBLEMS = 10
_UNUSABLE = (
    "The model cannot use these rows: it needs at least one order before as_of, and ids, days, amounts and a "
    "currency such as in its training."
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
_MOMENT = re.compile(rf"{_DAY.pattern}([T ]{_CLOCK})?")


class ScoreRequest(NamedTuple):
    """What a caller asks for."""

    rows: pd.DataFrame
    as_of: str | None
    language: str | None

    def scores_by(self, model: PatronModel) -> pd.DataFrame:
        """Return the score rows: of order rows before ``as_of``, or of feature rows, which hold their day."""
        if self.as_of is None:
            return cast(pd.DataFrame, model.score_features(self.rows, language=self.language))
        return cast(pd.DataFrame, model.score(self.rows, self.as_of, language=self.language))


def order_request(body: bytes) -> ScoreRequest:
    """Read a request with order rows.

    Parameters
    ----------
    body : bytes
        JSON ``{"as_of": "2024-03-01", "orders": [{"customer_id": "7", "ordered_at": "2024-02-03",
        "amount": 12.5}, ...]}``; optional ``language``, and the other columns of an order ledger. ``as_of``
        has no default: the day after the last order of a request would depend on who else is in it.

    Returns
    -------
    ScoreRequest
        Its rows hold text, datetimes and floats (currency units, pieces).

    Raises
    ------
    ModelError
        Listing what is wrong, by row and column; never with a value.

    Examples
    --------
    >>> asked = b'{"as_of": "2024-03-01", "orders": [{"customer_id": "7", "amount": 3.5}]}'
    >>> order_request(asked)
    Traceback (most recent call last):
    patron.errors.ModelError: Row 0: ordered_at missing.
    """
    asked = _asked(body, "orders", {"as_of", "language"})
    as_of = asked.get("as_of")
    if not isinstance(as_of, str) or _moment(as_of, _DAY) is None:
        raise ModelError(
            '"as_of" must be a day such as "2024-03-01": the first day of which nothing is known.'
        )
    rows, problems = asked["orders"], list[str]()
    for number, row in enumerate(rows):
        problems += _order_problems(number, row)
        if len(problems) >= _MOST_PROBLEMS:
            break
    if problems:
        raise ModelError(problems[:_MOST_PROBLEMS])
    names = [name for name in LEDGER_COLUMNS if any(name in row for row in rows)]
    frame = pd.DataFrame({name: _column(name, [row.get(name) for row in rows]) for name in names})
    return ScoreRequest(frame, as_of, asked.get("language"))


def feature_request(body: bytes) -> ScoreRequest:
    """Read a request with rows of `PatronModel.features`.

    Parameters
    ----------
    body : bytes
        JSON ``{"features": [{...}, ...]}``, null for unknown; optional ``language``.

    Returns
    -------
    ScoreRequest
        Rows as sent; `PatronModel.score_features` checks the columns. ``as_of`` is None: the rows hold it.

    Raises
    ------
    ModelError
        As in `order_request`.
    """
    asked = _asked(body, "features", {"language"})
    problems = [said for n, row in enumerate(asked["features"]) for said in _feature_problems(n, row)]
    if problems:
        raise ModelError(problems[:_MOST_PROBLEMS])
    return ScoreRequest(pd.DataFrame(asked["features"]), None, asked.get("language"))


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give rows that JSON can hold: null for unknown, ISO days.

    Examples
    --------
    >>> plain_rows(pd.DataFrame({"day": [date(2024, 3, 1)], "clv": [float("nan")]}))
    [{'day': '2024-03-01', 'clv': None}]
    """
    columns = [
        [None if lacks else _plain(value) for value, lacks in zip(found.tolist(), found.isna(), strict=True)]
        for found in (frame[name] for name in frame.columns)
    ]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def without_values(error: PatronError, rows: pd.DataFrame) -> list[str]:
    """Give the problems of an error, but none that repeats a value of the rows.

    Parameters
    ----------
    error : PatronError
        Of scoring these rows.
    rows : pandas.DataFrame
        As requested.

    Returns
    -------
    list of str
        A general sentence in place of those that were held back.
    """
    pieces = {
        piece for name in rows.columns for value in rows[name].unique().tolist() for piece in _pieces(value)
    }
    said = [text for text in error.problems if not any(piece in text for piece in pieces)]
    return [_sentence(text) for text in said] or [_UNUSABLE]


def _pieces(value: object) -> Iterator[str]:
    """Give the ways in which a value may stand in a message; single characters stand in any."""
    text = value.isoformat()[:10] if isinstance(value, date) else str(value)
    if value is not None and len(text) > 1:
        yield text
    if isinstance(value, float) and value.is_integer() and len(text) > 3:
        yield text[:-2]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "。")) else ".")


def _asked(body: bytes, rows: str, optional: set[str]) -> dict[str, Any]:
    try:
        asked = from_json(body, "the body")
    except (ModelError, MemoryError):
        raise ModelError(
            "The body is not JSON that can be read (UTF-8, finite numbers, each key once)."
        ) from None
    if not isinstance(asked, dict) or rows not in asked or set(asked) - optional - {rows}:
        named = ", ".join(f'"{name}"' for name in (rows, *sorted(optional)))
        raise ModelError(f'The body must be an object with "{rows}" and no other keys than {named}.')
    if not isinstance(asked[rows], list) or not 0 < len(asked[rows]) <= MOST_ROWS:
        raise ModelError(f'"{rows}" must be a list of 1 to {MOST_ROWS:,} rows.')
    language = asked.get("language")
    if language is not None and (not isinstance(language, str) or language not in LANGUAGES):
        raise ModelError(f'"language" must be one of {", ".join(LANGUAGES)}.')
    return asked


def _order_problems(number: int, row: object) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"Row {number}: not an object."
        return
    missing = [name for name in REQUIRED_LEDGER_COLUMNS if row.get(name) is None]
    if missing:
        yield f"Row {number}: {', '.join(missing)} missing."
    unknown = sum(name not in LEDGER_COLUMNS for name in row)
    if unknown:
        yield f"Row {number}: {unknown} unknown column(s). Known are {', '.join(LEDGER_COLUMNS)}."
    for name, column in LEDGER_COLUMNS.items():
        value = row.get(name)
        if value is not None and not _FITS[column.kind](value):
            yield f"Row {number}: {name} must be {_WANTED[column.kind]}."


def _feature_problems(number: int, row: object) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"Row {number}: not an object."
        return
    for value in row.values():
        if not (value is None or isinstance(value, bool) or _is_number(value) or _is_text(value)):
            yield f"Row {number}: values must be numbers, texts or null."
            return


def _is_text(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value.strip()) > 0
        and len(value) <= LONGEST_TEXT
        and value.isprintable()
    )


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST_NUMBER and math.isfinite(value)


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "float": _is_number,
    "date": lambda value: _moment(value, _MOMENT) is not None,
}
_WANTED = {
    "text": f"a text of 1 to {LONGEST_TEXT} printable characters",
    "float": f"a number between -{LARGEST_NUMBER:.0e} and {LARGEST_NUMBER:.0e}",
    "date": "a day or a time such as 2024-02-03 or 2024-02-03T10:15:00+01:00",
}


def _moment(value: object, form: re.Pattern[str]) -> datetime | None:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _column(name: str, values: Sequence[Any]) -> pd.Series[Any]:
    """Give a column its type; times with and without a zone cannot stand in one."""
    kind = LEDGER_COLUMNS[name].kind
    if kind == "float":
        return pd.Series([math.nan if value is None else float(value) for value in values], dtype="float64")
    if kind == "text":
        return pd.Series(values, dtype="str")
    moments = [datetime.fromisoformat(value) for value in values]
    zoned = sum(moment.tzinfo is not None for moment in moments)
    if zoned not in (0, len(moments)):
        raise ModelError(f"{ORDERED_AT}: either all rows name a time zone, or none.")
    plain = pd.Series([m.astimezone(UTC).replace(tzinfo=None) if zoned else m for m in moments])
    plain = plain.astype("datetime64[us]")
    return plain.dt.tz_localize("UTC") if zoned else plain


def _plain(value: Any) -> Any:
    return value.isoformat()[:10] if isinstance(value, date) else value
