"""What the churn forecast looks at: the share of each driver, as bars.

In:  `churn_importance` of the evaluation. Out: a picture, or none where a model does not hold it.
Not here: how a share is measured (`model`), what a driver is called (`scoring`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from patron.reports._language import Language, as_number
from patron.reports._picture import Picture, Table
from patron.reports._svg import WIDTH, drawing, rectangle, scale, text, text_width
from patron.scoring import driver_name

#: Drivers drawn; the others stand in the table.
MOST_BARS = 8
#: Features named in the table, per driver.
_MOST_NAMED = 3
_ROW_HEIGHT = 38.0


def importance_pictures(evaluation: Mapping[str, Any], words: Language) -> list[Picture]:
    """Draw how much of what moves the churn forecast comes from each driver.

    Parameters
    ----------
    evaluation : mapping
        With ``churn_importance``; older models lack it.
    words : Language
        For names and numbers.

    Returns
    -------
    list of Picture
        One, or none.
    """
    found = [
        (str(entry.get("driver")), share, list(entry.get("features") or []))
        for entry in evaluation.get("churn_importance") or []
        if (share := as_number(entry.get("share"))) is not None
    ]
    if not found:
        return []
    named = [(_name(driver, words), share, features) for driver, share, features in found]
    title = words.text("importance_title")
    caption = words.text("importance_caption", first=named[0][0], share=words.percent(named[0][1]))
    rows = [(name, words.percent(share), _features(features, words)) for name, share, features in named]
    head = (
        words.text("importance_driver"),
        words.text("importance_share"),
        words.text("importance_features"),
    )
    bars = _bars([(name, share) for name, share, _ in named[:MOST_BARS]], words, f"{title}: {caption}")
    return [Picture(title, caption, bars, Table(head, rows))]


def _name(driver: str, words: Language) -> str:
    try:
        return driver_name(driver, words.code)
    except KeyError:  # of a model that was trained with another version
        return driver.replace("_", " ")


def _features(features: Sequence[Mapping[str, Any]], words: Language) -> str:
    return ", ".join(
        f"{feature.get('name')} {words.percent(feature.get('share'))}" for feature in features[:_MOST_NAMED]
    )


def _bars(rows: Sequence[tuple[str, float]], words: Language, label: str) -> Markup:
    """Draw a bar per driver with its name above: names are too long to stand beside."""
    written = [words.percent(share) for _, share in rows]
    widest = max(text_width(percent) for percent in written)
    x = scale(0, max(max(share for _, share in rows), 1e-9), 0, WIDTH - widest - 12)
    marks = []
    for i, ((name, share), percent) in enumerate(zip(rows, written, strict=True)):
        top = i * _ROW_HEIGHT
        marks += [
            text(0, top + 13, name, "name"),
            rectangle(0, top + 18, x(share), 13, "dark", f"{name}: {percent}"),
            text(x(share) + 6, top + 29, percent, "label"),
        ]
    return drawing(marks, len(rows) * _ROW_HEIGHT, label)
