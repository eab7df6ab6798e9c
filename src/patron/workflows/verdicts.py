"""What the gate said is written down, and carried out: the same for a training and for a promotion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patron.evaluation import TOLERATED_LOSS
from patron.registry import ChampionMoved, Store, set_champion, set_gate_verdict
from patron.workflows.gate import Gated

#: Each time another process has made another version champion; more often is no coincidence.
_ATTEMPTS = 3


def decide(store: Store, name: str, version: str, judge: Callable[[], Gated]) -> Gated:
    """Judge a version, write the verdict down, and make it champion if it is let pass.

    The champion may change while it is judged. Then it is judged again, against the new one.

    Parameters
    ----------
    store : Store
        The registry.
    name, version : str
        The candidate.
    judge : callable
        Looks the champion up and judges.

    Returns
    -------
    Gated
        The last judgement, which is the one that was carried out.
    """
    for _ in range(_ATTEMPTS):
        gated = judge()
        _write(store, name, version, gated)
        if not gated.verdict.promote:
            return gated
        try:
            set_champion(store, name, version, reason=gated.verdict.reason, expected=gated.champion)
        except ChampionMoved as moved:
            reason = f"{moved.problems[0]} (judged {_ATTEMPTS} times)"
        else:
            return gated
    gated = gated._replace(verdict=gated.verdict._replace(promote=False, reason=reason))
    _write(store, name, version, gated)
    return gated


def verdict_json(name: str, version: str, gated: Gated) -> dict[str, Any]:
    """Return the figures behind a verdict: those of `gate.json` but decision and reason.

    Parameters
    ----------
    name, version : str
        The candidate.
    gated : Gated
        Of `gate`.

    Returns
    -------
    dict
        Log-losses in nats per customer; None for what was not asked.
    """
    verdict = gated.verdict
    return {
        "candidate": f"{name}/{version}",
        "champion": None if gated.champion is None else f"{name}/{gated.champion}",
        "evaluated_as_of": gated.evaluated_as_of,
        "n": verdict.n,
        "log_loss": {
            "candidate": verdict.candidate_loss,
            "champion": verdict.champion_loss,
            "best_rule": verdict.rule_loss,
        },
        "best_rule": gated.best_rule,
        "difference": verdict.difference,
        "difference_low": verdict.low,
        "difference_high": verdict.high,
        "tolerance": TOLERATED_LOSS,
    }


def _write(store: Store, name: str, version: str, gated: Gated) -> None:
    """Keep the verdict with the version and its run."""
    set_gate_verdict(
        store,
        name,
        version,
        promoted=gated.verdict.promote,
        reason=gated.verdict.reason,
        details=verdict_json(name, version, gated),
    )
