"""Why a customer's risk is what it is: the model's own contributions, grouped, with the numbers behind them.

In:  features, contributions in log-odds, and the typical numbers stored in the model.
Out: the three strongest drivers of each customer, as codes, numbers and words. In medium and high risk the
drivers that raise the risk are named, in low risk those that lower it.
Not here: the words themselves (`texts`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import pandas as pd

from patron.scoring._numbers import significant
from patron.scoring.beside import Beside, beside, rounded
from patron.scoring.drivers import DRIVERS, by_driver, driver_matrix
from patron.scoring.parts import ScoringParts
from patron.scoring.texts import driver_name, reason_parts, reason_text

#: Driver -> the features whose values are shown.
SHOWN: dict[str, tuple[str, ...]] = {
    "silence": ("days_since_last_order", "median_gap_days", "longest_gap_days", "purchase_days"),
    "season": ("purchase_days_same_window_last_year",),
    "order_trend": (
        "purchase_days_last_90_days", "purchase_days_last_180_days",
        "spend_last_90_days", "spend_last_180_days",
    ),
    "frequency": ("purchase_days_last_365_days", "median_gap_days", "purchase_days"),
    "rhythm": ("median_gap_days", "gap_spread_ratio", "longest_gap_days", "purchase_days"),
    "spend": ("spend_last_365_days",),
    "order_value": ("mean_order_value", "largest_order_value"),
    "order_spread": ("order_value_spread_ratio", "mean_order_value", "purchase_days"),
    "order_size": ("lines_per_purchase_day",),
    "refunds": ("refund_ratio",),
    "breadth": ("products_last_180_days", "products_ever", "categories_last_180_days", "categories_ever"),
    "tenure": ("days_since_first_order",),
}  # fmt: skip

#: Drivers told in an amount.
_IN_MONEY = frozenset({"order_trend", "spend", "order_value", "order_spread"})
#: Drivers of features that say different things: the strongest are singled out.
_MIXED = frozenset({"event", "attribute", "custom"})
_MOST_TOLD = 3
#: For fewer rows looking for equal ones costs more than it saves.
_FEW = 16

Row = Mapping[str, "float | str | None"]
Shown = dict[str, "float | str | list[str]"]


def reason_columns(
    features: pd.DataFrame,
    contributions: pd.DataFrame,
    risk: np.ndarray,
    peers: Mapping[str, float],
    language: str,
    vocabularies: Mapping[str, Sequence[str] | None] | None = None,
    *,
    peers_by_risk: Mapping[str, Mapping[str, float]] | None = None,
    currency: str | None = None,
) -> pd.DataFrame:
    """Return the nine reason columns of the score row.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, ...)
        The customers' features.
    contributions : pandas.DataFrame, shape (n, n_model_features)
        Of `ChurnModel.contributions`.
    risk : numpy.ndarray of str, shape (n,)
        low, medium or high.
    peers : mapping
        Feature -> median of the base.
    language : str
        ``en`` or ``zh``.
    vocabularies : mapping, optional
        Attribute -> its values in the order of their codes, None for a number (`FeatureRecipe.attributes`).
    peers_by_risk : mapping, optional
        low, medium, high -> feature -> median of the customers at that risk.
    currency : str, optional
        ISO code of the amounts.

    Returns
    -------
    pandas.DataFrame, shape (n, 9)
        ``reason_1_code``, ``reason_1_values``, ``reason_1``, and so on; missing where there are fewer.
    """
    shown_with = beside(peers, peers_by_risk or {}, vocabularies or {}, currency)
    columns = {str(name): features[name].to_numpy(dtype=np.float64) for name in features}
    names = [str(name) for name in contributions.columns]
    told = np.ones(len(features), dtype=bool)
    found = reason_arrays(columns, names, contributions.to_numpy(), risk, told, shown_with, language)
    return pd.DataFrame(found, index=features.index, dtype=object)


def reason_arrays(
    features: Mapping[str, np.ndarray],
    names: Sequence[str],
    contributions: np.ndarray,
    risk: np.ndarray,
    told: np.ndarray,
    shown_with: Beside,
    language: str,
) -> dict[str, np.ndarray]:
    """Return the nine reason columns of the score row as arrays.

    Parameters
    ----------
    features : mapping
        Feature -> values, shape (n,).
    names : sequence of str
        Features that contribute.
    contributions : numpy.ndarray, shape (n, len(names))
        In log-odds.
    risk : numpy.ndarray of str, shape (n,)
        low, medium or high.
    told : numpy.ndarray of bool, shape (n,)
        Who is given reasons at all.
    shown_with : Beside
        Typical numbers, words, currency.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    dict
        ``reason_1_code``, ``reason_1_values``, ``reason_1``, and so on; None where there are fewer.
    """
    codes, grouped = driver_matrix(names, contributions, features)
    sign = np.where(risk == "low", -1.0, 1.0)
    strength = grouped * sign[:, None]
    order = np.argsort(-strength, axis=1, kind="stable")[:, :3]
    pushing = (np.take_along_axis(strength, order, axis=1) > 0) & told[:, None]
    found = np.full((3, 3, len(risk)), None, dtype=object)
    for place, code in enumerate(codes):
        rows, ranks = np.nonzero((order == place) & pushing)
        if len(rows):
            pushes = (names, contributions, sign) if code in _MIXED else None
            said = _told(code, features, rows, sign[rows] > 0, shown_with, language, pushes)
            found[ranks, :, rows] = said
    kinds = ("_code", "_values", "")
    return {f"reason_{r + 1}{kind}": found[r, k] for r in range(3) for k, kind in enumerate(kinds)}


def _told(
    code: str,
    features: Mapping[str, np.ndarray],
    rows: np.ndarray,
    raises: np.ndarray,
    shown_with: Beside,
    language: str,
    pushes: tuple[Sequence[str], np.ndarray, np.ndarray] | None,
) -> np.ndarray:
    """Return code, values and words of one driver for some rows, shape (len(rows), 3).

    Customers with the same numbers are told the same: each combination is put in words once.
    """
    beginnings = DRIVERS[code]
    shown = [n for n in SHOWN.get(code) or [n for n in features if n.startswith(beginnings)] if n in features]
    numbers = np.column_stack([raises.astype(np.float64), *[_as_shown(features[n][rows]) for n in shown]])
    if pushes is None:
        chosen, place = _combinations(numbers)
        told: list[Sequence[str]] = [()] * len(chosen)
    else:
        chosen = place = np.arange(len(rows))
        names, shares, sign = pushes
        told = [_strongest(shown, names, shares[row] * sign[row]) for row in rows]
    said = np.empty((len(chosen), 3), dtype=object)
    for at, (row, strongest) in enumerate(zip(numbers[chosen].tolist(), told, strict=True)):
        values = _values(code, dict(zip(shown, row[1:], strict=True)), strongest, row[0] > 0, shown_with)
        said[at] = code, json.dumps(values, sort_keys=True), reason_text(code, values, language)
    return np.asarray(said[place])


def _strongest(own: Sequence[str], names: Sequence[str], pushes: np.ndarray) -> Sequence[str]:
    """Return a driver's features that push the way it does, the strongest first."""
    pushing = {n: float(push) for n, push in zip(names, pushes, strict=True) if push > 0 and n in own}
    return sorted(pushing, key=lambda name: (-pushing[name], name))


def _combinations(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one row of each combination of numbers, and which combination each row has."""
    if len(numbers) < _FEW:
        return np.arange(len(numbers)), np.arange(len(numbers))
    combination = np.zeros(len(numbers), dtype=np.int64)
    for column in numbers.T:
        codes, known = pd.factorize(column)
        # numbered anew with each column, so that the number stays small
        combination, _ = pd.factorize(combination * (len(known) + 1) + codes + 1)
    _, first = np.unique(combination, return_index=True)
    return first, combination


def _as_shown(values: np.ndarray) -> np.ndarray:
    """Round as `_rounded` does."""
    return np.where(np.abs(values) < 1000, significant(values, 4), np.rint(values))


def explained_drivers(
    parts: ScoringParts, features: pd.DataFrame, contributions: pd.DataFrame
) -> pd.DataFrame:
    """Return every driver of one customer, in numbers and in words.

    Parameters
    ----------
    parts : ScoringParts
        The trained model.
    features : pandas.DataFrame, shape (1, n_features)
        The customer's features.
    contributions : pandas.DataFrame, shape (1, n_model_features)
        Of `ChurnModel.contributions`.

    Returns
    -------
    pandas.DataFrame, shape (n_drivers, 9)
        ``driver``, ``name``, ``effect_log_odds``, the parts of `ReasonParts`, ``text`` and ``values``.
    """
    language = parts.settings.language
    shown_with = beside(parts.peers, parts.peers_by_risk, parts.recipe.attributes, parts.settings.currency)
    (row,) = rows_in_words(features, shown_with)
    found = []
    for code, effect in by_driver(contributions, features).iloc[0].items():
        raises = effect > 0
        pushes = {str(name): x if raises else -x for name, x in contributions.iloc[0].items()}
        values = values_of(str(code), row, pushes, raises, shown_with)
        found.append(
            {
                "driver": str(code),
                "name": driver_name(str(code), language),
                "effect_log_odds": float(effect),
                **reason_parts(str(code), values, language)._asdict(),
                "text": reason_text(str(code), values, language),
                "values": values,
            }
        )
    # as objects: what is missing stays None, whatever pandas makes of texts
    return pd.DataFrame(found, dtype=object).astype({"effect_log_odds": np.float64})


def rows_in_words(features: pd.DataFrame, shown_with: Beside) -> list[Row]:
    """Return the features of each customer, the values of the customer file in the place of their codes.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, ...)
        The customers' features.
    shown_with : Beside
        With the words.

    Returns
    -------
    list of dict, length n
    """
    named = {
        name: [None if math.isnan(code) else known[int(code)] for code in features[name]]
        for name, known in shown_with.words.items()
        if name in features
    }
    said = features.assign(**{name: pd.Series(v, features.index, dtype=object) for name, v in named.items()})
    return cast(list[Row], said.to_dict("records"))


def values_of(code: str, row: Row, pushes: Mapping[str, float], raises: bool, shown_with: Beside) -> Shown:
    """Return the numbers behind one driver of one customer.

    Parameters
    ----------
    code : str
        Driver.
    row : mapping
        Of `rows_in_words`.
    pushes : mapping
        Feature -> how far it pushes the way the driver does, in log-odds.
    raises : bool
        Whether the driver raises the risk.
    shown_with : Beside
        Typical numbers, currency.

    Returns
    -------
    dict
        ``effect``, the customer's numbers, those of others (``peers_...``), ``currency`` where there is
        money, and ``told`` (the strongest features) where a driver holds different things.
    """
    own = [str(name) for name in row if str(name).startswith(DRIVERS[code])]
    numbers: dict[str, float | str] = {}
    for name in SHOWN.get(code) or own:
        value = row.get(name)
        if isinstance(value, str):
            numbers[name] = value
        else:
            numbers[name] = math.nan if value is None or math.isnan(value) else rounded(value)
    pushing = sorted((name for name in own if pushes.get(name, 0.0) > 0), key=lambda n: (-pushes[n], n))
    return _values(code, numbers, pushing, raises, shown_with)


def _values(
    code: str,
    numbers: Mapping[str, float | str],
    strongest: Sequence[str],
    raises: bool,
    shown_with: Beside,
) -> Shown:
    """Put the numbers behind a driver together, rounded already; codes become words, missing ones go."""
    values: Shown = {"effect": "raises" if raises else "lowers"}
    for name in SHOWN.get(code) or numbers:
        value = numbers.get(name)
        if isinstance(value, str):
            values[name] = value
        elif value is not None and not math.isnan(value):
            words = shown_with.words.get(name)
            values[name] = value if words is None else words[int(value)]
        values.update(shown_with.typical.get(name, {}))
    if code in _IN_MONEY and shown_with.currency:
        values["currency"] = shown_with.currency
    if code in _MIXED:
        values["told"] = [name for name in strongest if name in values][:_MOST_TOLD]
    return values
