"""Where fitted parameters end: nonsense is refused, a limit is told.

In: parameters. Out: words, or nothing. Not here: any fitting.
"""

from __future__ import annotations

import numpy as np

LIMITS = {
    "r": (1e-3, 1e3),
    "a": (1e-3, 1e3),
    "b": (1e-3, 1e3),
    "alpha": (1e-5, 1e3),
}  # alpha over mean weeks
_MOST_P = 1e4  # beyond it all orders of a customer have the same value
_MEAN_RATIO = 5.0  # a population mean further from the observed one is an artefact of the tail


def purchase_limit(params: dict[str, float], mean_weeks: float) -> str | None:
    """Say which parameters of the purchase process ran off, None where none did."""
    relative = params | {"alpha": params["alpha"] / mean_weeks}
    bad = [name for name, (low, high) in LIMITS.items() if not 1.001 * low < relative[name] < 0.999 * high]
    return f"{', '.join(bad)} ran off to a limit ({_shown(params, bad)})" if bad else None


def spend_limit(p: float, q: float, v: float) -> str | None:
    """Say whether the mean order value is an artefact of the tail; p, q, v in units of the observed mean."""
    if not p < _MOST_P:
        return f"p ran off to a limit ({p:.3g}): a customer's orders hardly differ in value"
    ratio = p * v / (q - 1.0)
    if 1.0 / _MEAN_RATIO < ratio < _MEAN_RATIO:
        return None
    return f"the population's mean order value came out {ratio:.3g} times the observed one (q = {q:.3g})"


def refuse_nonsense(params: dict[str, float], log_likelihood: float) -> None:
    """Raise ``ValueError`` unless all is finite and positive."""
    values = [*params.values(), log_likelihood]
    if not np.isfinite(values).all() or min(params.values()) <= 0.0:
        raise ValueError(f"no finite parameters ({_shown(params, list(params))})")


def _shown(params: dict[str, float], names: list[str]) -> str:
    return ", ".join(f"{name} = {params[name]:.3g}" for name in names)
