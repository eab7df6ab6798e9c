"""The metrics of the forecasts beside those of the naive rules.

In: entrants with their metrics. Out: rows of written cells, the best in a row marked. Not here: the
metrics themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patron.reports._language import Language, as_number


@dataclass(frozen=True)
class Cell:
    """A written value with its interval."""

    value: str
    interval: str
    best: bool


@dataclass(frozen=True)
class MetricRow:
    """One metric over all entrants."""

    name: str
    meaning: str
    direction: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class MetricsTable:
    """Entrants across, metrics down."""

    entrants: Sequence[str]
    rows: Sequence[MetricRow]


#: Metric -> (what is better, how it is written).
CHURN_METRICS = {
    "auc": ("higher", "3"),
    "average_precision": ("higher", "3"),
    "brier": ("lower", "3"),
    "log_loss": ("lower", "3"),
    "ece": ("lower", "3"),
    "top_decile_lift": ("higher", "2"),
}
CLV_METRICS = {
    "mae": ("lower", "money"),
    "rmse": ("lower", "money"),
    "gini": ("higher", "3"),
    "spearman": ("higher", "3"),
    "bias": ("near_zero", "signed"),
    "top_decile_share": ("higher", "percent"),
    "interval_coverage": ("near_80", "percent"),
}

#: What is better -> how bad a value is; the best in a row has the least of it.
BADNESS: dict[str, Callable[[float], float]] = {
    "higher": lambda value: -value,
    "lower": lambda value: value,
    "near_zero": abs,
    "near_80": lambda value: abs(value - 0.8),
}


def churn_table(churn: Mapping[str, Any], words: Language) -> MetricsTable | None:
    """Set the churn model beside the naive rules; None where nothing was measured."""
    baselines = churn.get("baselines") or {}
    entrants = {"model": churn.get("model"), **{name: baselines[name] for name in sorted(baselines)}}
    return _table(entrants, CHURN_METRICS, words)


def clv_table(clv: Mapping[str, Any], words: Language) -> MetricsTable | None:
    """Set the value forecasts beside the naive rules; None where nothing was measured."""
    first = {"btyd": 0, "challenger": 1}
    names = sorted((n for n in clv if isinstance(clv[n], Mapping)), key=lambda n: (first.get(n, 2), n))
    return _table({name: clv[name] for name in names}, CLV_METRICS, words)


def _table(
    entrants: Mapping[str, Mapping[str, Any] | None], metrics: Mapping[str, tuple[str, str]], words: Language
) -> MetricsTable | None:
    measured = {name: values for name, values in entrants.items() if values}
    names = [
        words.text("the_model") if name == "model" else words.label("entrant", name) for name in measured
    ]
    return metrics_table(measured, metrics, words, names)


def metrics_table(
    measured: Mapping[str, Mapping[str, Any]],
    metrics: Mapping[str, tuple[str, str]],
    words: Language,
    names: Sequence[str],
    ranked: Sequence[str] | None = None,
) -> MetricsTable | None:
    """Set entrants beside metrics; None where nothing was measured.

    Parameters
    ----------
    measured : mapping
        Entrant -> metrics.
    metrics : mapping
        Metric -> (what is better, how it is written).
    words : Language
        How to write.
    names : sequence of str
        What the entrants are called.
    ranked : sequence of str, optional
        Entrants that may be marked as the best; all when None.
    """
    fair = [ranked is None or name in ranked for name in measured]
    rows = [_row(metric, *metrics[metric], list(measured.values()), words, fair) for metric in metrics]
    rows = [row for row in rows if any(cell.value != words.text("missing") for cell in row.cells)]
    return MetricsTable(names, rows) if rows else None


def _row(
    metric: str,
    direction: str,
    style: str,
    entrants: Sequence[Mapping[str, Any]],
    words: Language,
    ranked: Sequence[bool],
) -> MetricRow:
    fair = [values for values, may in zip(entrants, ranked, strict=True) if may]
    known = [v for values in fair if (v := as_number(values.get(metric))) is not None]
    badness = BADNESS[direction]
    least = min(map(badness, known)) if len(known) > 1 else None
    cells = []
    for values, may in zip(entrants, ranked, strict=True):
        value = as_number(values.get(metric))
        best = may and least is not None and value is not None and badness(value) == least
        cells.append(Cell(_write(value, style, words), _interval(values, metric, style, words), best))
    return MetricRow(words.text(metric), words.text(f"{metric}_words"), words.text(direction), cells)


def _interval(values: Mapping[str, Any], metric: str, style: str, words: Language) -> str:
    low, high = as_number(values.get(f"{metric}_low")), as_number(values.get(f"{metric}_high"))
    if low is None or high is None:
        return ""
    return words.text("interval", low=_write(low, style, words), high=_write(high, style, words))


def _write(value: float | None, style: str, words: Language) -> str:
    writers: dict[str, Callable[[float | None], str]] = {
        "money": words.short_money,
        "percent": lambda v: words.percent(v, 1),
        "signed": lambda v: words.signed_percent(v, 1),
    }
    write = writers.get(style)
    return write(value) if write else words.number(value, int(style))
