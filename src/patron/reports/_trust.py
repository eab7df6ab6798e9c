"""How far to trust the forecasts: grades, calibration, lift, value by tenths, metrics against rules.

In: the evaluation. Out: pictures, tables and sentences. Not here: how a metric is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patron.reports._charts import Curve, Dot, calibration, column_pairs, curves
from patron.reports._language import Language, as_number
from patron.reports._picture import Picture, Table
from patron.reports.sentences import best_rule

RULE_CLASSES = ("rule-a", "rule-b", "rule-c", "rule-d")


@dataclass(frozen=True)
class Grade:
    """A grade with its meaning in words; `letter` is empty where nothing was graded."""

    subject: str
    letter: str
    meaning: str
    detail: str


def grades(evaluation: Mapping[str, Any], words: Language) -> list[Grade]:
    """Say the grade of the churn and of the value forecast in words."""
    found = []
    for subject in ("churn", "clv"):
        letter = str((evaluation.get("grade") or {}).get(subject) or "")
        key = f"grade_{subject}_{letter}"
        meaning = words.text(key if words.has(key) else "grade_none")
        if subject == "churn" and _without_skill(evaluation):
            meaning += words.text("grade_no_skill")
        detail = _DETAILS[subject](evaluation, words)
        found.append(Grade(words.text(f"grade_{subject}"), letter, meaning, detail or ""))
    return found


def _churn_detail(evaluation: Mapping[str, Any], words: Language) -> str | None:
    """Say the two numbers that the grade of the churn forecast compares."""
    churn = evaluation.get("churn") or {}
    rule, model = best_rule(churn), as_number((churn.get("model") or {}).get("log_loss"))
    if rule is None or model is None or churn.get("kind") == "rule":
        return None
    return words.text(
        "grade_churn_detail",
        model=words.number(model, 3),
        rule=words.label("entrant", rule),
        best=words.number(churn["baselines"][rule]["log_loss"], 3),
    )


def _value_detail(evaluation: Mapping[str, Any], words: Language) -> str | None:
    """Say how far off the value forecast and last year's revenue were, per customer and in all."""
    clv = evaluation.get("clv") or {}
    shipped = clv.get(str((evaluation.get("clv_holdout") or {}).get("entrant") or "btyd")) or {}
    model, rule = (as_number(row.get("mae")) for row in (shipped, clv.get("last_year") or {}))
    if model is None or rule is None or as_number(shipped.get("bias")) is None:
        return None
    return words.text(
        "grade_clv_detail",
        model=words.money(model),
        best=words.money(rule),
        bias=words.signed_percent(shipped["bias"]),
    )


_DETAILS = {"churn": _churn_detail, "clv": _value_detail}


def _without_skill(evaluation: Mapping[str, Any]) -> bool:
    """Whether one probability for everybody would have done as well (older models do not say)."""
    high = as_number(((evaluation.get("churn") or {}).get("skill") or {}).get("high"))
    return high is not None and high >= 0


def in_language(said: object, words: Language) -> str | None:
    """Give a sentence from the evaluation if it is in the report's language, else None.

    The evaluation is written once, at training; a mapping holds one sentence per language.
    """
    if isinstance(said, Mapping):
        said = said.get(words.code)
    if not isinstance(said, str) or not said:
        return None
    chinese = any("一" <= letter <= "鿿" for letter in said)
    return said if chinese == (words.code == "zh") else None


def calibration_picture(churn: Mapping[str, Any], words: Language) -> Picture:
    """Draw forecast probability against outcome by tenths."""
    title, rows = words.text("calibration_title"), list(churn.get("calibration") or [])
    dots = [
        Dot(x, y, as_number(row.get("low")), as_number(row.get("high")))
        for row in rows
        if (x := as_number(row.get("mean_probability"))) is not None
        and (y := as_number(row.get("churn_rate"))) is not None
    ]
    if not dots:
        return Picture(title, words.text("not_available"))
    said, came = churn.get("mean_probability"), churn.get("rate")
    means = words.text("calibration_means", said=words.percent(said, 1), came=words.percent(came, 1))
    caption = words.joined(words.text("calibration_caption"), means if as_number(said) is not None else None)
    axes = (words.text("calibration_x"), words.text("calibration_y"))
    return Picture(
        title,
        caption,
        calibration(dots, axes, words.text("calibration_ideal"), f"{title} {caption}"),
        Table(
            (words.text("group_n"), *(words.text(k) for k in ("n_customers", "said", "came")), "95%"),
            [_calibration_row(i, row, words) for i, row in enumerate(rows, 1)],
        ),
    )


def _calibration_row(i: int, row: Mapping[str, Any], words: Language) -> tuple[str, ...]:
    low, high = (words.percent(row.get(end), 1) for end in ("low", "high"))
    return (
        str(i),
        words.integer(row.get("n")),
        words.percent(row.get("mean_probability"), 1),
        words.percent(row.get("churn_rate"), 1),
        words.text("interval", low=low, high=high),
    )


def lift_picture(churn: Mapping[str, Any], words: Language) -> Picture:
    """Draw the share of leavers reached against the share of customers called, model against rules."""
    title = words.text("lift_title")
    found = {name: [as_number(v) for v in values or []] for name, values in (churn.get("lift") or {}).items()}
    known = {name: [v for v in values if v is not None] for name, values in found.items()}
    names = [name for name in ("model", *sorted(set(known) - {"model"})) if known.get(name)]
    if not names:
        return Picture(title, words.text("not_available"))
    labels = {
        name: words.text("the_model") if name == "model" else words.label("entrant", name) for name in names
    }
    rules = [name for name in names if name != "model"]
    classes = {"model": "main", **{name: RULE_CLASSES[i % 4] for i, name in enumerate(rules)}}
    drawn = [Curve(labels[name], _from_origin(known[name]), classes[name]) for name in names]
    drawn.append(Curve(words.text("lift_random"), [(0, 0), (1, 1)], "guide"))
    caption = _lift_caption(known, best_rule(churn), labels, words)
    axes = (words.text("lift_x"), words.text("lift_y"))
    return Picture(
        title,
        caption,
        curves(drawn, axes, f"{title}: {caption}", mark_x=0.2),
        Table(
            (axes[0], *(labels[name] for name in names)),
            [
                (
                    words.percent((i + 1) / 10),
                    *(words.percent(known[n][i], 1) if i < len(known[n]) else "–" for n in names),
                )
                for i in range(max(len(known[name]) for name in names))
            ],
        ),
    )


def _from_origin(shares: list[float]) -> list[tuple[float, float]]:
    return [(0.0, 0.0), *((min(1.0, (i + 1) / 10), share) for i, share in enumerate(shares))]


def _lift_caption(
    known: Mapping[str, list[float]], rule: str | None, labels: Mapping[str, str], words: Language
) -> str:
    at_20 = {name: shares[1] for name, shares in known.items() if len(shares) > 1}
    model, caption = at_20.pop("model", None), words.text("lift_caption")
    if model is None or not at_20:
        return caption
    best = rule if rule in at_20 else max(sorted(at_20), key=lambda name: at_20[name])
    said = words.text(
        "lift_words", model=words.percent(model), rule=labels[best], best=words.percent(at_20[best])
    )
    return words.joined(caption, said)


def value_picture(clv: Mapping[str, Any], holdout: Mapping[str, Any], words: Language) -> Picture:
    """Draw expected against actual value by tenths of the forecast."""
    title, rows = words.text("clv_title"), list(holdout.get("deciles") or [])
    pairs = [
        (expected, actual)
        for row in rows
        if (expected := as_number(row.get("expected_value"))) is not None
        and (actual := as_number(row.get("actual_value"))) is not None
    ]
    if not pairs:
        return Picture(title, words.text("not_available"))
    caption = _value_caption(clv, holdout, words)
    names = (words.text("expected"), words.text("actual"))
    return Picture(
        title,
        caption,
        column_pairs(pairs, names, words.text("clv_x"), words.axis_money, f"{title}: {caption}"),
        Table(
            [
                words.text(k)
                for k in (
                    "group_n",
                    "n_customers",
                    "expected_value",
                    "actual_value",
                    "expected_orders",
                    "actual_orders",
                )
            ],
            [_value_row(i, row, words) for i, row in enumerate(rows, 1)],
        ),
    )


def _value_caption(clv: Mapping[str, Any], holdout: Mapping[str, Any], words: Language) -> str:
    caption, days = words.text("clv_caption"), as_number(holdout.get("evaluation_days"))
    bias = as_number((clv.get(str(holdout.get("entrant") or "btyd")) or {}).get("bias"))
    if days is None or bias is None:
        return caption
    said = words.text("clv_words", days=words.integer(days), bias=words.signed_percent(bias, 1))
    return words.joined(caption, said)


def _value_row(i: int, row: Mapping[str, Any], words: Language) -> tuple[str, ...]:
    return (
        str(i),
        words.integer(row.get("n")),
        words.money(row.get("expected_value")),
        words.money(row.get("actual_value")),
        words.number(row.get("expected_orders"), 2),
        words.number(row.get("actual_orders"), 2),
    )


def difference_sentence(churn: Mapping[str, Any], words: Language) -> str | None:
    """Say by how much the model's AUC differs from the rule it was paired with."""
    difference = churn.get("auc_difference") or {}
    if as_number(difference.get("difference")) is None:
        return None
    value, low, high = (words.number(difference.get(key), 3) for key in ("difference", "low", "high"))
    rule = words.label("entrant", difference.get("versus") or best_rule(churn))
    return words.text("difference", rule=rule, value=value, low=low, high=high)
