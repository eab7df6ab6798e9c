"""Where fitted parameters end, in words.

In: parameters. Out: words, or nothing. Not here: any fitting.
"""

from __future__ import annotations

_SHAPE, _SCALE = (1e-3, 1e3), (1e-5, 1e3)  # a scale over mean weeks observed
LIMITS = {"r": _SHAPE, "a": _SHAPE, "b": _SHAPE, "s": _SHAPE, "alpha": _SCALE, "beta": _SCALE}
IN_WEEKS = ("alpha", "beta")
MOST_SHAPE = 1e4  # of p or q: beyond it order values differ by less than 1 %
_MEAN_RATIO = 5.0  # a population mean further from the observed one is an artefact of the tail


def purchase_limit(params: dict[str, float], mean_weeks: float) -> str | None:
    """Say which parameters of the purchase process ran off, None where none did."""
    relative = {name: value / mean_weeks if name in IN_WEEKS else value for name, value in params.items()}
    bad = [
        name
        for name, (low, high) in LIMITS.items()
        if name in relative and not 1.001 * low < relative[name] < 0.999 * high
    ]
    return f"{', '.join(bad)} ran off to a limit ({_shown(params, bad)})" if bad else None


def shape_limit(p: float, q: float) -> str | None:
    """Say whether order values hardly differ, within customers or between them; None where they do."""
    if not p < 0.999 * MOST_SHAPE:
        return f"p ran off to a limit ({p:.3g}): a customer's orders hardly differ in value"
    if not q < 0.999 * MOST_SHAPE:
        return f"q ran off to a limit ({q:.3g}): customers hardly differ in their mean order value"
    return None


def mean_is_absurd(p: float, q: float, v: float) -> str | None:
    """Say why the population's mean order value cannot be used; p, q, v in units of the observed mean."""
    if q <= 1.0:
        return (
            f"q = {q:.3g} is not above 1, so the mean order value would be infinite: "
            "a few customers' orders outweigh all others"
        )
    if not q < 0.999 * MOST_SHAPE:
        return shape_limit(0.0, q)
    ratio = p * v / (q - 1.0)
    if 1.0 / _MEAN_RATIO < ratio < _MEAN_RATIO:
        return None
    return f"the population's mean order value came out {ratio:.3g} times the observed one (q = {q:.3g})"


def spend_limit(p: float, q: float, v: float) -> str | None:
    """Say what is wrong with order values' parameters, None where nothing is."""
    return shape_limit(p, q) or mean_is_absurd(p, q, v)


def _shown(params: dict[str, float], names: list[str]) -> str:
    return ", ".join(f"{name} = {params[name]:.3g}" for name in names)
