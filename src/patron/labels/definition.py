"""What counts as churn: which of the three definitions, and its settings.

In:  plain settings. Out: the definition, in numbers and in words.
Not here: who fulfils it (`silence`, `rhythm`, `decline`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from patron.errors import PatronError
from patron.snapshots import RhythmRule

#: Every definition, with the settings that its outcome depends on.
LABELS: dict[str, tuple[str, ...]] = {
    "silence": ("horizon_days", "active_days"),
    "rhythm": ("horizon_days", "quantile", "min_days", "max_days"),
    "decline": ("horizon_days", "active_days", "share"),
}
_YEAR_DAYS = 365

_WORDS = {
    "silence": {
        "en": "no order in the {horizon_days} days from the date of the forecast on",
        "zh": "自预测日起 {horizon_days} 天内没有下单",
    },
    "rhythm": {
        "en": (
            "within the {horizon_days} days from the date of the forecast on, silent for longer than is "
            "usual for this customer: longer than {percent} % of its gaps between orders (at least "
            "{min_days} and at most {max_days} days)"
        ),
        "zh": (
            "自预测日起 {horizon_days} 天内，未下单的时间超过该客户自己的常态：长于其 {percent}% 的下单间隔"
            "（不少于 {min_days} 天，不多于 {max_days} 天）"
        ),
    },
    "decline": {
        "en": (
            "in the {horizon_days} days from the date of the forecast on, earns under {percent} % of what it "
            "earned in the same days last year"
        ),
        "zh": "自预测日起 {horizon_days} 天内，带来的毛利不到去年同期的 {percent}%",
    },
}


@dataclass(frozen=True)
class ChurnLabel:
    """A definition of churn.

    Parameters
    ----------
    kind : str
        ``silence`` (no order within the horizon), ``rhythm`` (silent beyond the customer's own limit) or
        ``decline`` (earns much less than a year ago).
    horizon_days : int
        How far ahead it looks.
    active_days : int
        Silent for longer has lapsed already; ``rhythm`` asks the customer's own limit instead.
    quantile, min_days, max_days : float
        Of ``rhythm``: the quantile of a customer's gaps that is still usual, and bounds of the limit in days.
    share : float
        Of ``decline``: less than this share of last year's margin is a decline.

    Raises
    ------
    PatronError
        For an unknown kind, and for ``decline`` over more than a year: its days last year would not be over.

    Examples
    --------
    >>> ChurnLabel("silence", horizon_days=90, active_days=180).in_words()["en"]
    'no order in the 90 days from the date of the forecast on'
    """

    kind: str
    horizon_days: int
    active_days: int
    quantile: float = 0.9
    min_days: float = 30
    max_days: float = 400
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in LABELS:
            raise PatronError(
                f"there is no churn label {self.kind!r}",
                next_step=f"set churn.label to one of {', '.join(LABELS)}",
            )
        if self.kind == "decline" and self.horizon_days > _YEAR_DAYS:
            raise PatronError(
                "churn.label decline compares with the same days last year, which are not over for a "
                f"horizon of {self.horizon_days} days",
                next_step=f"set churn.horizon_days to {_YEAR_DAYS} or less, or churn.label to silence",
            )

    @property
    def rhythm_rule(self) -> RhythmRule:
        """Which silence is usual for a customer; not yet fitted to a base."""
        return RhythmRule(self.quantile, float(self.min_days), float(self.max_days))

    @property
    def rhythm(self) -> RhythmRule | None:
        """The same for ``rhythm`` alone: with the other labels, customers have no limit of their own."""
        return self.rhythm_rule if self.kind == "rhythm" else None

    @property
    def decline_share(self) -> float | None:
        """The share of ``decline``, None for the other labels."""
        return self.share if self.kind == "decline" else None

    def asks_the_same(self, other: ChurnLabel) -> bool:
        """Say whether two labels give every customer the same outcome: settings of other kinds do not count.

        Examples
        --------
        >>> a, b = (ChurnLabel("silence", 90, 180, share=share) for share in (0.5, 0.7))
        >>> a == b, a.asks_the_same(b)
        (False, True)
        """
        return self._question() == other._question()

    def _question(self) -> tuple[object, ...]:
        return (self.kind, *(getattr(self, name) for name in LABELS[self.kind]))

    def in_words(self) -> dict[str, str]:
        """Say what counts as churn, by language."""
        percent = f"{100 * (self.share if self.kind == 'decline' else self.quantile):g}"
        facts = {"horizon_days": self.horizon_days, "percent": percent}
        facts |= {"min_days": f"{self.min_days:g}", "max_days": f"{self.max_days:g}"}
        return {language: text.format(**facts) for language, text in _WORDS[self.kind].items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the label as JSON-able data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ChurnLabel:
        """Read what `to_dict` wrote."""
        return cls(**data)
