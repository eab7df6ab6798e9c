"""What a backtest found: plain data for JSON, a table, a sentence.

In:  the blocks of `evaluation.backtest`. Out: one frozen object that notebooks show well.
Not here: how any of it is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

#: Metrics of `Backtest.table`.
_SHOWN = ("auc", "log_loss", "brier", "ece", "top_decile_lift")


@dataclass(frozen=True)
class Backtest:
    """What the past says about the method.

    Parameters
    ----------
    cutoffs : tuple of dict
        One block per date, oldest first.
    churn : dict
        ``entrants``, ``best_rule``, ``calibration``, ``lift`` and ``profit`` over the dates.
    clv : dict
        ``entrants`` over the dates; empty where no value forecast was judged.
    grade, grade_sentences : dict
        ``churn`` and ``clv`` at the newest date; no letter for what was not asked for.
    verdict : dict
        One sentence by language: ``en`` and ``zh``.
    horizon_days : int
        How far ahead churn looks.
    currency : str or None
        ISO code of all money.
    notes : tuple of str
        What was not as asked, in words.
    """

    cutoffs: tuple[dict[str, Any], ...]
    churn: dict[str, Any]
    clv: dict[str, Any]
    grade: dict[str, str | None]
    grade_sentences: dict[str, str | None]
    verdict: dict[str, str]
    horizon_days: int
    currency: str | None
    notes: tuple[str, ...] = ()

    def to_dict(self, language: str = "en") -> dict[str, Any]:
        """Return everything as JSON-able data; null where something is not defined, never NaN."""
        return {
            "cutoffs": list(self.cutoffs),
            "churn": self.churn,
            "clv": self.clv,
            "grade": self.grade,
            "grade_sentences": self.grade_sentences,
            "verdict": self.verdict[language],
            "verdict_in_words": self.verdict,
            "horizon_days": self.horizon_days,
            "currency": self.currency,
            "notes": list(self.notes),
        }

    @property
    def table(self) -> pd.DataFrame:
        """Entrants down, metrics across: averages over the dates with their intervals, and profit."""
        made = self.churn["profit"]["lists"]
        rows = {}
        for name, block in self.churn["entrants"].items():
            gap = (block["chosen_minus_this"] or {}).get("log_loss") or {}
            rows[name] = {
                "cutoffs": block["cutoffs"],
                **{f"{m}{end}": block[f"{m}{end}"] for m in _SHOWN for end in ("", "_low", "_high")},
                "log_loss_chosen_minus_this": gap.get("difference"),
                "log_loss_chosen_minus_this_low": gap.get("low"),
                "log_loss_chosen_minus_this_high": gap.get("high"),
                "profit": made.get(name, {}).get("realised"),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("entrant")

    def __repr__(self) -> str:
        """Show the verdict and the main figures."""
        shown = self.table[[*_SHOWN, "profit"]].astype(float).round(3)
        return f"{self.verdict['en']}\n\n{shown.to_string()}"

    def _repr_html_(self) -> str:
        """Show the same in a notebook."""
        shown = self.table[[*_SHOWN, "profit"]].astype(float).round(3)
        return f"<p>{escape(self.verdict['en'])}</p>{shown.to_html(escape=True)}"
