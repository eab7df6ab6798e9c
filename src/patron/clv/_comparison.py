"""One line of a verification, and how far two opinions on the same customers are apart.

In: arrays. Out: ``Comparison``. Not here: what is compared (``verification`` and its parts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Two programs for one formula.
SAME_FORMULA = 1e-8
#: Two searches for one maximum.
SAME_OPTIMUM = 1e-3
_LEVEL = 1e-9  # of the largest value: below it a relative difference says nothing

_BEHIND_ALL = ("parameters", "no_order_probability")


@dataclass(frozen=True)
class Comparison:
    """One line of the verification.

    Parameters
    ----------
    quantity : str
        What is compared.
    between : str
        Which two numbers.
    largest_relative_difference : float
        Over parameters or customers.
    total_difference : float or None
        Of the sums over customers, relative.
    explained_by : str or None
        In words; None where nothing does.
    customers_without : int
        For how many lifetimes gave no number that can be relied on.
    """

    quantity: str
    between: str
    largest_relative_difference: float
    total_difference: float | None
    explained_by: str | None
    customers_without: int = 0


def same_formula(
    ours: Mapping[str, Floats],
    others: Mapping[str, Floats],
    between: str,
    reason: str = "nothing to explain: the same formula",
) -> list[Comparison]:
    """Compare what must agree to eight digits, one line for each of ``ours``."""
    found = []
    for name, values in ours.items():
        off, total, without = difference(values, others[name])
        why = reason if off <= SAME_FORMULA else None
        found.append(Comparison(name, between, off, total, why, without))
    return found


def by_choice(
    ours: Mapping[str, Floats],
    others: Mapping[str, Floats],
    between: str,
    reason: str,
    rests_on: list[Comparison],
) -> list[Comparison]:
    """Say what one choice changes.

    Parameters
    ----------
    ours, others : mapping of str to ndarray, shape (n,)
        With the choice and without.
    between, reason : str
        In words.
    rests_on : list of Comparison
        What must agree first: where the same quantity, or one that is behind all, does not, the choice
        explains nothing.
    """
    doubtful = {line.quantity for line in rests_on if line.explained_by is None}
    found = []
    for name, values in ours.items():
        off, total, without = difference(values, others[name])
        why = None if doubtful & {name, *_BEHIND_ALL} else reason
        found.append(Comparison(name, between, off, total, why, without))
    return found


def explained(lines: list[Comparison]) -> bool:
    """Whether every line is."""
    return all(line.explained_by is not None for line in lines)


def difference(ours: Floats, theirs: Floats) -> tuple[float, float, int]:
    """Compute the largest relative difference, that of the totals, and how many have none to compare with.

    A number of ours that is none differs without bound.
    """
    known = np.isfinite(theirs)
    if not known.any() or not np.isfinite(ours).all():
        return float("inf"), float("inf"), int((~known).sum())
    mine, other = ours[known], theirs[known]
    level = np.maximum(np.abs(other), _LEVEL * float(np.abs(other).max()))
    off = np.abs(mine - other) / np.where(level > 0.0, level, 1.0)
    total = float(other.sum())
    return (
        float(off.max()),
        abs(float(mine.sum()) - total) / abs(total) if total else 0.0,
        int((~known).sum()),
    )
