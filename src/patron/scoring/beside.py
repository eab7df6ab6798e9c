"""What a customer's numbers are shown with: typical numbers of others, words for codes, the currency.

In:  medians and vocabularies stored in a model. Out: a `Beside`, made once per model. Not here: reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patron.scoring.texts import COMPARED


class Beside(NamedTuple):
    """What a customer's numbers are shown with.

    Parameters
    ----------
    typical : mapping
        Feature -> the ``peers_...`` entries that go with its value.
    words : mapping
        Feature that holds codes -> what the codes mean.
    currency : str or None
        ISO code.
    """

    typical: Mapping[str, Mapping[str, float]]
    words: Mapping[str, Sequence[str]]
    currency: str | None


def beside(
    peers: Mapping[str, float],
    peers_by_risk: Mapping[str, Mapping[str, float]],
    vocabularies: Mapping[str, Sequence[str] | None],
    currency: str | None,
) -> Beside:
    """Put together what a customer's numbers are shown with.

    Parameters
    ----------
    peers : mapping
        Feature -> median of the base.
    peers_by_risk : mapping
        low, medium, high -> feature -> median of the customers at that risk.
    vocabularies : mapping
        Attribute -> its values in the order of their codes, None for a number (`FeatureRecipe.attributes`).
    currency : str or None
        ISO code.

    Returns
    -------
    Beside
    """
    words = {f"attribute_{name}": known for name, known in vocabularies.items() if known is not None}
    # an average of codes means nothing
    typical = {name: {f"peers_{name}": rounded(x)} for name, x in peers.items() if name not in words}
    for name in {name for names in COMPARED.values() for name in names}:
        for risk, medians in peers_by_risk.items():
            if name in medians:
                typical.setdefault(name, {})[f"peers_{risk}_{name}"] = rounded(medians[name])
    return Beside(typical, words, currency)


def rounded(value: float) -> float:
    """Round to four significant digits, from 1,000 on to whole numbers."""
    return float(f"{value:.4g}") if abs(value) < 1000 else float(round(value))
