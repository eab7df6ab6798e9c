"""Customer attributes chosen in the config: numbers as they are, texts as codes of a stored vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from patron.errors import LedgerError
from patron.snapshots import History

Vocabulary = Sequence[str] | None


def known_attributes(attributes: pd.DataFrame | None, as_of_day: int) -> pd.DataFrame | None:
    """Return every version of the attributes known by a day: older snapshots hold values gone since."""
    if attributes is None or "valid_from_day" not in attributes:
        return attributes
    return attributes[attributes["valid_from_day"] < as_of_day]


def attribute_vocabularies(
    attributes: pd.DataFrame | None, columns: Sequence[str]
) -> dict[str, list[str] | None]:
    """Return the values of each text attribute, None for a numeric one.

    Parameters
    ----------
    attributes : pandas.DataFrame or None
        The customers table.
    columns : sequence of str
        ``features.attributes`` of the config.

    Returns
    -------
    dict
        Column -> sorted values, or None.

    Raises
    ------
    LedgerError
        If a column is not in the table.
    """
    known = [] if attributes is None else list(attributes.columns)
    missing = [c for c in columns if c not in known]
    if missing:
        raise LedgerError(f"features.attributes names {missing}, but the customers table has {known}.")
    return {c: _values(attributes[c]) for c in columns} if attributes is not None else {}


def attributes_of(history: History, vocabularies: Mapping[str, Vocabulary]) -> pd.DataFrame:
    """Return the attributes as numbers; an unknown value is missing, not a new code.

    Parameters
    ----------
    history : History
        With its ``attributes``.
    vocabularies : mapping
        From `attribute_vocabularies`, as stored in the model.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` and ``attribute_<name>`` per column.
    """
    table = history.attributes
    if table is None:
        table = pd.DataFrame(
            {"customer_id": pd.Series([], dtype=str), **{c: pd.Series([], dtype=float) for c in vocabularies}}
        )
    columns = {f"attribute_{c}": _numbers(table, c, vocabularies[c]) for c in vocabularies}
    return pd.DataFrame({"customer_id": table["customer_id"].to_numpy(), **columns})


def _values(column: pd.Series) -> list[str] | None:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return None
    return sorted({str(v) for v in column.dropna()})


def _numbers(table: pd.DataFrame, name: str, vocabulary: Vocabulary) -> np.ndarray:
    if name not in table:
        return np.full(len(table), np.nan)
    if vocabulary is None:
        return pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    codes = {value: float(i) for i, value in enumerate(vocabulary)}
    return np.array(
        [codes.get(str(v), np.nan) if pd.notna(v) else np.nan for v in table[name]], dtype=np.float64
    )
