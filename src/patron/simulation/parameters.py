"""The letters of a simulated world, with defaults that resemble a distributor.

In: the name of a purchase process, the letters somebody wants otherwise.
Out: all letters of that world, or what is wrong with them. Not here: any draw.

A typical customer of the defaults orders once a month for around 800, and leaves after an order with a chance
of 7.5 % (Pareto/NBD: 2 % a week), very different from customer to customer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from types import MappingProxyType
from typing import TypeGuard

#: Letters of each purchase process, in the literature's order.
LETTERS = MappingProxyType(
    {
        "bgnbd": ("r", "alpha", "a", "b"),
        "mbgnbd": ("r", "alpha", "a", "b"),
        "mbgcnbd": ("k", "r", "alpha", "a", "b"),
        "paretonbd": ("r", "alpha", "s", "beta"),
    }
)
#: Letters of the Gamma-Gamma order values.
SPEND_LETTERS = ("p", "q", "v")

_PACE = {"r": 1.5, "alpha": 6.5}
_LEAVING = {"a": 0.6, "b": 7.4}
_SPEND = {"p": 4.0, "q": 5.0, "v": 800.0}
#: All letters of each process where nothing else is asked for; alpha and beta in weeks, v in currency.
DEFAULTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "bgnbd": {**_PACE, **_LEAVING, **_SPEND},
        "mbgnbd": {**_PACE, **_LEAVING, **_SPEND},
        # two events make an order, so events come twice as fast
        "mbgcnbd": {"k": 2, "r": 1.5, "alpha": 3.25, **_LEAVING, **_SPEND},
        "paretonbd": {**_PACE, "s": 0.6, "beta": 30.0, **_SPEND},
    }
)


def settled_params(purchases: str, params: Mapping[str, float] | None) -> dict[str, float]:
    """Lay what is asked for over the defaults; to be checked with `param_problems` first."""
    return {name: DEFAULTS[purchases][name] for name in DEFAULTS[purchases]} | {
        name: int(value) if name == "k" else float(value) for name, value in (params or {}).items()
    }


def param_problems(purchases: str, params: Mapping[str, float] | None) -> list[str]:
    """Name everything that is wrong with the letters, nothing where all is well."""
    if not isinstance(purchases, str) or purchases not in LETTERS:
        return [f"purchases {purchases!r} is not one of {', '.join(map(repr, LETTERS))}"]
    if params is None:
        return []
    if not isinstance(params, Mapping):
        return [f"params must be a mapping of letters to numbers, not a {type(params).__name__}"]
    known = (*LETTERS[purchases], *SPEND_LETTERS)
    strange = [str(name) for name in params if name not in known]
    problems = [
        f"{purchases} has no parameter {', '.join(strange)}; it has {', '.join(known)}" for _ in strange[:1]
    ]
    for name, value in params.items():
        if name in known:
            problems += _value_problems(name, value)
    return problems


def _value_problems(name: str, value: object) -> list[str]:
    if not is_number(value) or not 1e-6 <= float(value) <= 1e9:
        return [f"parameter {name} must be a number from 1e-6 to 1e9, not {value!r}"]
    if name == "k" and (not is_whole(value) or value > 100):
        return [f"parameter k must be a whole number from 1 to 100, not {value!r}"]
    if name == "q" and float(value) <= 1:
        return [f"parameter q must be above 1 for a finite mean order value, not {value!r}"]
    return []


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a finite real number; yes and no are none."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object) -> TypeGuard[int]:
    """Tell whether a value is of a whole type; yes and no are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)
