"""Plots for the tracking store.

In: the evaluation. Out: PNG bytes by file name. Not here: the report, which draws its own pictures.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from patron.reports._language import Language, as_number
from patron.reports.value_plots import (
    Plot,
    plot_alive_grid,
    plot_frequency_classes,
    plot_order_values,
    plot_tracking,
)

DARK, LIGHT, GREY = "#1b4a72", "#a9c3da", "#6b7680"
RULE_STYLES = ("--", ":", "-.", (0, (1, 3)))
#: File -> (part of the held-out evaluation, what draws it).
VALUE_PLOTS: Mapping[str, tuple[str, Callable[[Any], Plot]]] = {
    "clv_tracking.png": ("tracking", plot_tracking),
    "clv_frequency.png": ("frequency_classes", plot_frequency_classes),
    "clv_alive.png": ("alive_grid", plot_alive_grid),
    "clv_order_values.png": ("order_values", plot_order_values),
}


def training_plots(evaluation: Mapping[str, Any]) -> dict[str, bytes]:
    """Draw what the evaluation found.

    Parameters
    ----------
    evaluation : mapping
        The content of ``evaluation.json``; anything in it may be missing.

    Returns
    -------
    dict of str to bytes
        ``calibration.png``, ``lift.png``, ``clv_deciles.png``, ``clv_tracking.png``, ``clv_frequency.png``,
        ``clv_alive.png`` and ``clv_order_values.png``, each only where its figures were given.
        The same evaluation gives the same bytes.

    Examples
    --------
    >>> training_plots({})
    {}
    """
    churn, holdout = evaluation.get("churn") or {}, evaluation.get("clv_holdout") or {}
    plots = {}
    if any(as_number(row.get("mean_probability")) is not None for row in churn.get("calibration") or []):
        plots["calibration.png"] = _calibration(churn["calibration"])
    if churn.get("lift"):
        plots["lift.png"] = _lift(churn["lift"])
    if any(as_number(row.get("expected_value")) is not None for row in holdout.get("deciles") or []):
        plots["clv_deciles.png"] = _deciles(holdout["deciles"])
    for name, (key, draw) in VALUE_PLOTS.items():
        if holdout.get(key):
            plots[name] = draw(holdout[key]).png()
    return plots


def _canvas(title: str, x_name: str, y_name: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 4.8), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x_name, ylabel=y_name)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # the library's version would otherwise be written into the file
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _calibration(rows: list[Mapping[str, Any]]) -> bytes:
    figure, axes = _canvas(
        "Calibration by tenths", "forecast churn probability", "share that left (95% interval)"
    )
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    for row in rows:
        x, y, low, high = (as_number(row.get(k)) for k in ("mean_probability", "churn_rate", "low", "high"))
        if x is None or y is None:
            continue
        if low is not None and high is not None:
            axes.plot([x, x], [low, high], color=DARK, linewidth=1.2)
        axes.plot([x], [y], color=DARK, marker="o", linestyle="none")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    _percent_axes(axes)
    axes.legend(frameon=False)
    return _png(figure)


def _lift(lift: Mapping[str, Any]) -> bytes:
    words = Language("en", None, 0)
    figure, axes = _canvas(
        "Leavers reached by a call list", "share of customers called", "share of leavers reached"
    )
    tenths = [i / 10 for i in range(11)]
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, label="At random")
    rules = sorted(set(lift) - {"model"})
    for i, name in enumerate([*rules, *(["model"] if "model" in lift else [])]):
        shares = [0.0, *(as_number(v) or 0.0 for v in lift[name] or [])][:11]
        style: dict[str, Any] = {
            "color": GREY,
            "linestyle": RULE_STYLES[i % 4],
            "label": words.label("entrant", name),
        }
        if name == "model":
            style = {"color": DARK, "linewidth": 2.4, "label": "Model"}
        axes.plot(tenths[: len(shares)], shares, **style)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    _percent_axes(axes)
    axes.legend(frameon=False)
    return _png(figure)


def _deciles(rows: list[Mapping[str, Any]]) -> bytes:
    figure, axes = _canvas(
        "Expected and actual value by tenths of the forecast", "tenth of customers", "value"
    )
    for shift, key, color in ((-0.2, "expected_value", LIGHT), (0.2, "actual_value", DARK)):
        heights = [as_number(row.get(key)) or 0.0 for row in rows]
        places = [i + shift for i in range(1, len(rows) + 1)]
        axes.bar(places, heights, width=0.38, color=color, edgecolor=DARK, label=key.split("_")[0])
    axes.set_xticks(range(1, len(rows) + 1))
    axes.legend(frameon=False)
    return _png(figure)


def _percent_axes(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
