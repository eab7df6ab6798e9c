"""Healthy, watch or retrain: which rules fire, in words.

In:  figures of matured vintages, findings about the data, drift.
Out: rules that fired, and the status they give.
Not here: the figures (`realised`, `data_checks`, `drift`).

- ``retrain`` needs damage: what came is worse than promised, by more than chance and by enough to matter.
- Faults of the data come first: a model trained on broken data is a broken model, so they give ``watch`` and
  no training, whatever else fires.
- Drift alone gives ``watch`` only while no promise of the model has come due: customers may change without
  the model being wrong about them, and promises that came due tell more than any drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from patron.monitoring.data_checks import Finding
from patron.monitoring.realised import Pooled

STATUSES = ("healthy", "watch", "retrain")
#: Realised / promised outside these is enough to matter; calls are ranked by promised x value.
RATIO_LOW, RATIO_HIGH = 0.8, 1.25
#: A Gini (2 AUC - 1) this share under that of the model's evaluation is enough to matter.
GINI_LOSS = 0.2
#: Under these many judged rows, or promised churners, nothing is said.
LEAST_ROWS, LEAST_EXPECTED = 100, 10
WHOLE_YEAR_MONTHS = 12
_DAMAGE, _DATA, _DRIFT = "damage", "data", "drift"


class Rule(NamedTuple):
    """A rule that fired.

    Parameters
    ----------
    rule : str
        ``calibration``, ``ranking``, ``skill``, ``value`` (damage), ``data``, ``drift``.
    kind : str
        ``damage``, ``data`` or ``drift``.
    en, zh : str
        A sentence with the figures.
    figures : dict
        The figures.
    """

    rule: str
    kind: str
    en: str
    zh: str
    figures: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return self._asdict()


def status_of(rules: Iterable[Rule]) -> str:
    """Return the status that rules give.

    Examples
    --------
    >>> status_of([]), status_of([Rule("drift", "drift", "", "", {})])
    ('healthy', 'watch')
    """
    kinds = {rule.kind for rule in rules}
    if not kinds:
        return "healthy"
    return "retrain" if _DAMAGE in kinds and _DATA not in kinds else "watch"


def damage_rules(
    pooled: Pooled | None,
    expected: Mapping[str, float | None],
    value: Mapping[str, Any] | None,
    *,
    value_months: int,
) -> list[Rule]:
    """Say which promises were not kept.

    Parameters
    ----------
    pooled : Pooled or None
        The newest matured vintages of the model in use; None without any.
    expected : mapping
        Metrics of the model's own evaluation: ``auc``, ``auc_low``.
    value : mapping or None
        Of `realised.judge_value` for the newest vintage whose CLV horizon is over.
    value_months : int
        That horizon. Under a year it misses or meets a season, and what comes of it says little of the model.

    Returns
    -------
    list of Rule
    """
    found = []
    if pooled is not None and pooled.n >= LEAST_ROWS:
        found += [_calibration(pooled), _ranking(pooled, expected), _skill(pooled)]
    if value is not None and value["n"] >= LEAST_ROWS and value_months >= WHOLE_YEAR_MONTHS:
        found.append(_value(value))
    return [rule for rule in found if rule is not None]


def data_rules(findings: Sequence[Finding]) -> list[Rule]:
    """Turn findings about the data (`data_checks.Finding`) into rules."""
    return [Rule("data", _DATA, f.en, f.zh, {"check": f.check, **f.figures}) for f in findings]


def drift_rules(drifted: Mapping[str, float], *, is_proven: bool) -> list[Rule]:
    """Say which features and scores are no longer distributed as in the year before.

    Parameters
    ----------
    drifted : mapping of str to float
        Name -> population stability index, of those that drifted.
    is_proven : bool
        Whether promises of the model in use have come due.

    Returns
    -------
    list of Rule
    """
    if not drifted or is_proven:
        return []
    largest = sorted(drifted, key=lambda name: (-drifted[name], name))
    shown = ", ".join(f"{name} (PSI {drifted[name]:.2f})" for name in largest[:3])
    more_en = f" and {len(largest) - 3} more" if len(largest) > 3 else ""
    more_zh = f"等{len(largest)}项" if len(largest) > 3 else ""
    return [
        Rule(
            "drift",
            _DRIFT,
            f"{shown}{more_en} moved further than in the year before, and no promise of the model is due yet",
            f"{shown}{more_zh} 的分布变化超出过去一年的范围，而该模型的预测尚未到期，无法验证",
            {"features": dict(sorted(drifted.items())), "count": len(drifted)},
        )
    ]


def _calibration(pooled: Pooled) -> Rule | None:
    ratio, low, high = pooled.ratio, pooled.ratio_low, pooled.ratio_high
    if ratio is None or low is None or high is None or pooled.promised * pooled.n < LEAST_EXPECTED:
        return None
    if not (ratio < RATIO_LOW and high < 1) and not (ratio > RATIO_HIGH and low > 1):
        return None
    few = f"{pooled.realised:.1%} of the customers of the last {pooled.vintages} judged scorings left"
    return Rule(
        "calibration",
        _DAMAGE,
        f"{few}, {pooled.promised:.1%} were promised: {ratio:.2f} times as many [{low:.2f}, {high:.2f}]",
        f"最近{pooled.vintages}次已到期的评分中，实际流失{pooled.realised:.1%}，预测{pooled.promised:.1%}："
        f"为预测的{ratio:.2f}倍 [{low:.2f}, {high:.2f}]",
        {"ratio": ratio, "ratio_low": low, "ratio_high": high, "n": pooled.n},
    )


def _ranking(pooled: Pooled, expected: Mapping[str, float | None]) -> Rule | None:
    auc, high = pooled.auc, pooled.auc_high
    promised, low = expected.get("auc"), expected.get("auc_low")
    if auc is None or high is None or promised is None or low is None:
        return None
    if auc - 0.5 >= (1 - GINI_LOSS) * (promised - 0.5) or high >= low:
        return None
    return Rule(
        "ranking",
        _DAMAGE,
        f"the scores tell who leaves less well than at the training: AUC {auc:.3f}, then {promised:.3f}",
        f"区分流失客户的能力下降：AUC {auc:.3f}，训练时为 {promised:.3f}",
        {"auc": auc, "auc_high": high, "auc_at_training": promised, "auc_at_training_low": low},
    )


def _skill(pooled: Pooled) -> Rule | None:
    excess, low = pooled.excess_loss, pooled.excess_loss_low
    if excess is None or low is None or low <= 0:
        return None
    return Rule(
        "skill",
        _DAMAGE,
        "the scores are worse than saying the same for everybody: log-loss higher by "
        f"{excess:.3f} (at least {low:.3f})",
        f"预测不如对所有客户给出同一概率：对数损失高出 {excess:.3f}（至少 {low:.3f}）",
        {"excess_log_loss": excess, "excess_log_loss_low": low},
    )


def _value(value: Mapping[str, Any]) -> Rule | None:
    ratio, low, high = value["ratio"], value["ratio_low"], value["ratio_high"]
    if ratio is None or low is None or high is None:
        return None
    if not (ratio < RATIO_LOW and high < 1) and not (ratio > RATIO_HIGH and low > 1):
        return None
    return Rule(
        "value",
        _DAMAGE,
        f"customers brought {ratio:.2f} times the promised value [{low:.2f}, {high:.2f}]",
        f"客户实际带来的价值为预测的{ratio:.2f}倍 [{low:.2f}, {high:.2f}]",
        {key: value[key] for key in ("promised", "realised", "ratio", "ratio_low", "ratio_high")},
    )
