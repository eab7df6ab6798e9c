"""The four pictures of a value model for notebooks and the tracking store.

In: the plain numbers of ``clv.tracking`` and ``clv.pictures``, or the same parts of ``evaluation.json``. Out:
matplotlib figures. Not here: the numbers; the report, which draws its own pictures.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from patron.errors import PatronError
from patron.reports._language import Language, as_date, language_for
from patron.reports._scales import month_starts, round_amounts
from patron.reports._svg import text_width
from patron.reports._value_section import (
    alive_caption,
    class_name,
    expected_pieces,
    frequency_caption,
    order_values_caption,
    pace_caption,
)

DARK, LIGHT, FORESEEN, GREY, HELD = "#1b4a72", "#a9c3da", "#b5520b", "#56636f", "#eaf0f5"
_SHADES = LinearSegmentedColormap.from_list("alive", ["#f3f6f9", "#a5c0d6", "#44769c", "#123f64"])
_CHINESE = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
)
_DASHED = (0, (4, 2.4))
_INCHES = (7.2, 4.6)
_CHINESE_WIDTH = 100  # half letters per line of a caption


class Plot(Figure):
    """A figure that shows itself at the end of a notebook cell, without pyplot and its global state."""

    def png(self) -> bytes:
        """Write the figure as PNG; the same figure gives the same bytes."""
        buffer = io.BytesIO()
        # the library's version would otherwise be written into the file
        self.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()


def plot_tracking(tracking: Mapping[str, Any], *, language: str = "en") -> Plot:
    """Draw repeat orders added up over time, expected and actual; the held-out part is shaded.

    Parameters
    ----------
    tracking : mapping
        From ``clv.tracking.tracking``, or ``clv_holdout.tracking`` of ``evaluation.json``.
    language : str
        ``en`` or ``zh``; Chinese needs a Chinese font on the machine.

    Returns
    -------
    Plot
        A matplotlib figure; its axes are ``plot.axes[0]``.

    Raises
    ------
    PatronError
        For an unknown language, or one without a font.
    """
    words = language_for(language, None, None)
    first, cut, last = (as_date(tracking[key]) for key in ("first_day", "cut", "as_of"))
    if first is None or cut is None or last is None:
        raise PatronError(
            "the tracking has no first_day, cut and as_of", "make it with clv.tracking.tracking"
        )
    days, held = tracking["days"], (cut - first).days
    plot, axes = _plot(words.text("pace_title"), pace_caption(tracking, words))
    axes.axvspan(held, days[-1], color=HELD, linewidth=0)
    axes.plot(days, tracking["actual"], color=DARK, linewidth=2.6)
    pieces = expected_pieces(tracking, held)
    for piece in pieces:
        axes.plot(*zip(*piece, strict=True), color=FORESEEN, linewidth=2, linestyle=_DASHED)
    _name_ends(axes, words, days[-1], pieces[-1][-1][1], tracking["actual"][-1])
    near_axis = axes.get_xaxis_transform()
    axes.text(days[-1], 0.02, words.text("held_out") + " ", ha="right", color=GREY, transform=near_axis)
    starts = month_starts(first, last, 6)
    axes.set_xticks([(day - first).days for day in starts], [words.month(f"{day:%Y-%m}") for day in starts])
    axes.set(xlim=(0, days[-1]), ylim=(0, None))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.integer(value)))
    _finish(axes, words, "", words.text("pace_y"))
    return plot


def plot_frequency_classes(classes: Sequence[Mapping[str, Any]], *, language: str = "en") -> Plot:
    """Draw mean orders in the held-out days, expected and actual, by the number of repeat orders before.

    Parameters
    ----------
    classes : sequence of mappings
        From ``clv.pictures.frequency_classes``, or ``clv_holdout.frequency_classes``.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    Plot

    Raises
    ------
    PatronError
        As in `plot_tracking`.
    """
    words = language_for(language, None, None)
    plot, axes = _plot(words.text("frequency_title"), frequency_caption(classes, words))
    places = list(range(len(classes)))
    expected, actual = ([row[f"{key}_orders"] for row in classes] for key in ("expected", "actual"))
    axes.plot(places, actual, color=DARK, linewidth=2.6, marker="o", markersize=7)
    axes.plot(
        places,
        expected,
        color=FORESEEN,
        linewidth=2,
        linestyle=_DASHED,
        marker="o",
        mfc="white",
        markersize=7,
    )
    _name_ends(axes, words, places[-1], expected[-1], actual[-1])
    axes.set_xticks(places, [f"{class_name(row)}\n{words.integer(row['n'])}" for row in classes])
    axes.set_ylim(0, None)
    _finish(axes, words, words.text("frequency_x"), words.text("frequency_y"))
    return plot


def plot_alive_grid(grid: Mapping[str, Any], *, language: str = "en") -> Plot:
    """Draw the chance that a customer still buys, by weeks of silence and number of orders.

    Parameters
    ----------
    grid : mapping
        From ``clv.pictures.alive_grid``, or ``clv_holdout.alive_grid``.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    Plot

    Raises
    ------
    PatronError
        As in `plot_tracking`.
    """
    words = language_for(language, None, None)
    plot, axes = _plot(words.text("alive_title"), alive_caption(grid, words))
    chance = np.array(grid["alive_probability"], dtype=np.float64)
    axes.imshow(np.ma.masked_invalid(chance), cmap=_SHADES, vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(chance):
        if math.isfinite(share):
            ink = "white" if share >= 0.6 else "#17212b"
            axes.text(column, row, f"{share * 100:.0f}", color=ink, ha="center", va="center")
    if (chance < 0.5).any():
        _draw_half_line(axes, chance)
    axes.set_xticks(range(chance.shape[1]), [words.integer(week) for week in grid["weeks_of_silence"]])
    axes.set_yticks(range(chance.shape[0]), [words.integer(orders) for orders in grid["orders"]])
    axes.tick_params(length=0)
    _finish(axes, words, words.text("alive_x"), words.text("alive_y"))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return plot


def plot_order_values(
    shares: Mapping[str, Any], *, currency: str | None = None, language: str = "en"
) -> Plot:
    """Draw the mean order values of repeat customers, counted and by the Gamma-Gamma model.

    Parameters
    ----------
    shares : mapping
        From ``clv.pictures.order_value_shares``, or ``clv_holdout.order_values``.
    currency : str, optional
        ISO code, for the axis.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    Plot

    Raises
    ------
    PatronError
        As in `plot_tracking`.
    """
    words = language_for(language, currency, float(np.median(shares["edges"])))
    plot, axes = _plot(words.text("order_values_title"), order_values_caption(shares, words))
    edges, counted, curve = shares["edges"], shares["actual"], shares["curve"]
    axes.stairs(counted, edges, fill=True, color=LIGHT, edgecolor=DARK, linewidth=0.8)
    amounts = np.geomspace(edges[0], edges[-1], len(curve))
    axes.plot(amounts, curve, color=FORESEEN, linewidth=2, linestyle=_DASHED)
    for y, key, color in ((0.98, "the_model", FORESEEN), (0.92, "counted", DARK)):
        corner: dict[str, Any] = {"ha": "right", "va": "top", "transform": axes.transAxes}
        axes.text(0.99, y, words.text(key), color=color, fontweight="bold", **corner)
    axes.set_xscale("log")
    marks = round_amounts(edges[0], edges[-1], 7)
    axes.xaxis.set_major_locator(FixedLocator(marks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.axis_money(value)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.percent(value)))
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, None))
    _finish(axes, words, words.text("order_values_x"), words.text("order_values_y"))
    return plot


def _plot(title: str, caption: str) -> tuple[Plot, Axes]:
    """Make a figure whose caption, what to see in it, stands under its title."""
    plot = Plot(figsize=_INCHES, dpi=110, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    FigureCanvasAgg(plot)
    axes = plot.add_subplot()
    lines = _wrapped(caption)
    axes.set_title(title, loc="left", fontweight="bold", pad=10 + 13 * len(lines))
    axes.annotate(
        "\n".join(lines),
        (0, 1),
        (0, 6),
        xycoords="axes fraction",
        textcoords="offset points",
        color=GREY,
        fontsize=9,
        va="bottom",
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    return plot, axes


def _wrapped(caption: str) -> list[str]:
    """Break a caption into lines; Chinese may break between any two letters, but not inside a number."""
    if not any(letter > "\u2e80" for letter in caption):
        return textwrap.wrap(caption, 88)
    lines = [""]
    for piece in re.findall(r"[!-~]+|.", caption):
        # a stop does not begin a line
        if text_width(lines[-1] + piece, 2) > _CHINESE_WIDTH and piece not in "，。；、）":
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _draw_half_line(axes: Axes, chance: NDArray[np.float64]) -> None:
    """Part the cells below one half from those above them and on their left."""
    x, y = [], []
    for row, line in enumerate(chance):
        below = np.flatnonzero(line < 0.5)  # what is missing is not below
        x += [below[0] - 0.5] * 2 if below.size else [np.nan, chance.shape[1] - 0.5]
        y += [row - 0.5, row + 0.5]
    axes.plot(x, y, color=FORESEEN, linewidth=2.4)
    below_axis: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate("\u2014 50%", (1, 0), (0, -24), color=FORESEEN, fontweight="bold", ha="right", **below_axis)


def _name_ends(axes: Axes, words: Language, x: float, expected: float, actual: float) -> None:
    """Write the names of the two lines beside their ends, one above the other."""
    above = expected >= actual
    for key, y, color, up in (("expected", expected, FORESEEN, above), ("actual", actual, DARK, not above)):
        axes.annotate(
            words.text(key),
            (x, y),
            (8, 2 if up else -2),
            textcoords="offset points",
            color=color,
            fontweight="bold",
            va="bottom" if up else "top",
            annotation_clip=False,
        )


def _finish(axes: Axes, words: Language, x_name: str, y_name: str) -> None:
    """Name the axes, and set every word in a font that has its letters."""
    axes.set_xlabel(x_name, color=GREY)
    axes.set_ylabel(y_name, color=GREY)
    axes.tick_params(colors=GREY)
    if words.code == "zh":
        family = _chinese_fonts()
        axes.tick_params(labelfontfamily=family)
        for said in axes.findobj(Text):
            said.set_fontfamily(family)


def _chinese_fonts() -> list[str]:
    """Name a font with Chinese letters, and the usual one for what it lacks."""
    there = {font.name for font in fontManager.ttflist}
    found = next((name for name in _CHINESE if name in there), None)
    if found is None:
        raise PatronError(
            "there is no font with Chinese letters on this machine",
            "install one, Noto Sans CJK SC for instance, or pass language='en'",
        )
    return [found, "DejaVu Sans"]
