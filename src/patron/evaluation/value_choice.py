"""Which value forecast ships, by windows that are over before the reported one begins.

In:  what every single entrant expected on several past days, and what came.
Out: the chosen entrant, the weights of the blend, the reason in words, and the figures of every window.
Not here: the forecasts themselves (`evaluation.value_entrants`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from patron.clv import SINGLE_ENTRANTS
from patron.evaluation.grade import TOLERATED_BIAS
from patron.evaluation.value_entrants import blend_of
from patron.metrics import bias, gini, mae
from patron.snapshots import day_text

BLEND = "blend"
#: An order of customers this much worse than the best one's is not made good by smaller errors.
_TOLERATED_GINI = 0.02
#: A total that is further off than this over all windows is no forecast, however small its errors.
_MOST_BIAS = 2 * TOLERATED_BIAS
#: A blend must have errors this much smaller than the best single entrant's to be worth its parts.
_BLEND_GAIN = 0.02
#: An entrant with larger errors than this multiple of the best one's takes no part in a blend, ...
_HOPELESS_ERROR = 1.5
#: ... nor one whose total is this far off.
_HOPELESS_BIAS = 0.5
_STEPS = 10


class ValueWindow(NamedTuple):
    """A past day: `day`, `days` ahead, forecasts of the single entrants, and the `value` that came."""

    day: int
    days: int
    predicted: Mapping[str, np.ndarray]
    value: np.ndarray


class Figures(NamedTuple):
    """One entrant over the windows: relative MAE (1 is the best single entrant), mean Gini, total bias."""

    mae_ratio: float
    gini: float
    bias: float


@dataclass(frozen=True)
class ValueChoice:
    """The entrant that ships.

    Parameters
    ----------
    kind : str
        btyd, challenger, last_year or blend.
    why : str
        In words.
    weights : mapping
        Of the blend, chosen or not.
    windows : sequence of dict
        The windows it was chosen on, with the figures of every entrant.
    """

    kind: str
    why: str
    weights: Mapping[str, float]
    windows: Sequence[dict[str, Any]]

    def shares(self) -> dict[str, float]:
        """Return the share of each single entrant in what ships."""
        return {n: w for n, w in self.weights.items() if w > 0} if self.kind == BLEND else {self.kind: 1.0}

    def to_dict(self) -> dict[str, Any]:
        """Return the block of ``evaluation.json``."""
        return {
            "chosen": self.kind,
            "why": self.why,
            "weights": dict(self.weights),
            "windows": list(self.windows),
        }


def choose_value(windows: Sequence[ValueWindow], wanted: str, available: Sequence[str]) -> ValueChoice:
    """Choose by held-out windows; the reported window must not be among them.

    Parameters
    ----------
    windows : sequence of ValueWindow
        Every one with all single entrants.
    wanted : str
        ``clv.model`` of the config.
    available : sequence of str
        Single entrants that could be fitted for the reported day.

    Returns
    -------
    ValueChoice

    Notes
    -----
    MAE alone rewards predicting medians. So an entrant is out when its total over all windows is off by more
    than 30 %, or its Gini lies more than 0.02 below the best one's; of the rest the smallest MAE counts. A
    blend must beat the best single entrant by 2 % of MAE; where no single one is left, it ships.
    """
    usable = [window for window in windows if set(window.predicted) >= set(SINGLE_ENTRANTS)]
    weights = learned_weights(usable, available)
    figures = _figures(usable, available) if usable else {}
    said = [_window_figures(w, usable, available) for w in usable]
    if wanted != "auto":
        return _as_wanted(wanted, available, weights, said)
    if not figures or "challenger" not in available:
        return ValueChoice("btyd", _UNTESTED, weights, said)
    kind, why = _best(figures)
    return ValueChoice(kind, f"{why}{_over(usable)}", weights, said)


def learned_weights(windows: Sequence[ValueWindow], available: Sequence[str]) -> dict[str, float]:
    """Return the weights of the blend: non-negative, 1 together.

    Parameters
    ----------
    windows : sequence of ValueWindow
        That are over.
    available : sequence of str
        Single entrants to blend.

    Returns
    -------
    dict
        Of the entrants that are not hopeless: equal ones without a window; with d disjoint windows,
        d / (d + 1) of the way from there to those with the smallest errors (relative MAE and bias).
    """
    members = _members(windows, available)
    equal = {name: (1 / len(members) if name in members else 0.0) for name in available}
    if not windows or len(members) < 2:
        return equal
    trust = len(_disjoint(windows)) / (len(_disjoint(windows)) + 1)
    grid = [
        np.array(steps) / _STEPS
        for steps in product(range(_STEPS + 1), repeat=len(members))
        if sum(steps) == _STEPS
    ]
    losses = [np.mean([_loss(w, dict(zip(members, point, strict=True))) for w in windows]) for point in grid]
    best = dict(zip(members, grid[int(np.argmin(losses))].tolist(), strict=True))
    return {name: (1 - trust) * equal[name] + trust * best.get(name, 0.0) for name in available}


_UNTESTED = (
    "the purchase model ships: the log is too short to compare forecasts on a window before the reported one"
)


def _as_wanted(
    wanted: str, available: Sequence[str], weights: Mapping[str, float], said: Sequence[dict[str, Any]]
) -> ValueChoice:
    if wanted == "challenger" and wanted not in available:
        why = (
            "the purchase model ships: clv.model asks for the challenger, which has too little to learn from"
        )
        return ValueChoice("btyd", why, weights, said)
    return ValueChoice(wanted, f"clv.model asks for {wanted}", weights, said)


def _best(figures: Mapping[str, Figures]) -> tuple[str, str]:
    """Return the chosen entrant and the reason."""
    best_gini = max(found.gini for found in figures.values())
    out = {name: _fault(found, best_gini) for name, found in figures.items()}
    left = [name for name in figures if not out[name]]
    singles = [name for name in left if name != BLEND]
    if singles:
        kind = min(singles, key=lambda name: figures[name].mae_ratio)
        blended = figures.get(BLEND)
        if BLEND in left and blended and blended.mae_ratio < (1 - _BLEND_GAIN) * figures[kind].mae_ratio:
            kind = BLEND
    else:
        kind = BLEND
    faults = "; ".join(f"{name} {fault}" for name, fault in out.items() if fault and name != kind)
    if not singles:
        reason = "the blend ships: no single forecast holds up alone"
    elif kind == BLEND:
        reason = f"the blend ships: its errors are over {_BLEND_GAIN:.0%} smaller than any single forecast's"
    else:
        reason = f"{kind} ships: the smallest errors of the forecasts that hold up"
    return kind, reason + (f" ({faults})" if faults else "")


def _fault(found: Figures, best_gini: float) -> str:
    """Say why an entrant may not ship; empty where it may."""
    if abs(found.bias) > _MOST_BIAS:
        return f"is {found.bias:+.0%} off in total"
    if found.gini < best_gini - _TOLERATED_GINI:
        return f"orders customers worse (Gini {found.gini:.3f} against {best_gini:.3f})"
    return ""


def _over(windows: Sequence[ValueWindow]) -> str:
    first, last = windows[0], windows[-1]
    return (
        f", over {len(windows)} window(s) of {last.days} days from {day_text(first.day)} to "
        f"{day_text(last.day + last.days)}, which end before the reported one begins"
    )


def _figures(windows: Sequence[ValueWindow], available: Sequence[str]) -> dict[str, Figures]:
    """Sum up each entrant over the windows; the blend of a window has weights known on its day."""
    errors: dict[str, list[float]] = {}
    orders: dict[str, list[float]] = {}
    totals: dict[str, float] = {}
    for window in windows:
        forecasts = _with_blend(window, windows, available)
        best = min(mae(window.value, forecasts[name]) for name in available)
        for name, values in forecasts.items():
            errors.setdefault(name, []).append(mae(window.value, values) / best if best > 0 else 1.0)
            orders.setdefault(name, []).append(gini(window.value, values) or 0.0)
            totals[name] = totals.get(name, 0.0) + float(values.sum())
    actual = sum(float(window.value.sum()) for window in windows)
    return {
        name: Figures(
            float(np.mean(errors[name])),
            float(np.mean(orders[name])),
            totals[name] / actual - 1.0 if actual > 0 else 0.0,
        )
        for name in errors
    }


def _window_figures(
    window: ValueWindow, windows: Sequence[ValueWindow], available: Sequence[str]
) -> dict[str, Any]:
    forecasts = _with_blend(window, windows, available)
    figures = {
        name: {
            "mae": mae(window.value, values),
            "gini": gini(window.value, values),
            "bias": bias(window.value, values),
        }
        for name, values in forecasts.items()
    }
    return {
        "from": day_text(window.day),
        "until": day_text(window.day + window.days),
        "n": len(window.value),
        "entrants": figures,
    }


def _with_blend(
    window: ValueWindow, windows: Sequence[ValueWindow], available: Sequence[str]
) -> dict[str, np.ndarray]:
    """Add the blend: weights from windows over by then, else equal ones of the same members."""
    before = [w for w in windows if w.day + w.days <= window.day]
    if before:
        weights = learned_weights(before, available)
    else:
        members = _members(windows, available)
        weights = {name: 1 / len(members) for name in members}
    forecasts = {name: window.predicted[name] for name in SINGLE_ENTRANTS if name in available}
    return {**forecasts, BLEND: blend_of(window.predicted, weights)}


def _members(windows: Sequence[ValueWindow], available: Sequence[str]) -> list[str]:
    """Leave out entrants that would only spoil a blend; all where there is no window to tell."""
    names = [name for name in SINGLE_ENTRANTS if name in available]
    if not windows:
        return names
    error = {n: float(np.sum([mae(w.value, w.predicted[n]) for w in windows])) for n in names}
    actual = sum(float(w.value.sum()) for w in windows)
    total = {n: sum(float(w.predicted[n].sum()) for w in windows) for n in names}
    least = min(error.values())
    kept = [
        n
        for n in names
        if error[n] <= _HOPELESS_ERROR * least and actual > 0 and abs(total[n] / actual - 1) <= _HOPELESS_BIAS
    ]
    return kept or [min(names, key=lambda n: error[n])]


def _loss(window: ValueWindow, weights: Mapping[str, float]) -> float:
    """MAE as a share of the mean value, and the bias: convex in the weights."""
    mean = float(window.value.mean())
    if mean <= 0:
        return 0.0
    values = blend_of(window.predicted, weights)
    return mae(window.value, values) / mean + abs(float(values.mean()) / mean - 1)


def _disjoint(windows: Sequence[ValueWindow]) -> list[int]:
    chosen: list[int] = []
    for window in sorted(windows, key=lambda w: -w.day):
        if not chosen or chosen[-1] - window.day >= window.days:
            chosen.append(window.day)
    return chosen
