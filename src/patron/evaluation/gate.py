"""The gate: whether a new model may take the place of the one in use.

In:  outcomes and probabilities of candidate, champion and best naive rule on the same customers.
Out: a verdict with the numbers and the reason in words.
Not here: fitting the champion's recipe on data before the window, and moving the alias (`registry`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from patron.metrics import log_losses, paired_loss_interval

#: How much worse than the champion a candidate may be, at the far end of the interval: nats per customer.
TOLERATED_LOSS = 0.005
#: Equal models differ by rounding: a rule that ships as candidate is its own best baseline.
_ROUNDING = 1e-9


class Verdict(NamedTuple):
    """What the gate says.

    Parameters
    ----------
    promote : bool
        Whether the candidate becomes champion.
    reason : str
        Why, in words.
    difference, low, high : float or None
        Log-loss of candidate minus champion with its 95 % interval, nats per customer; None without a
        champion.
    n : int or None
        Customers that were compared; None where there was no window to judge on.
    candidate_loss, champion_loss, rule_loss : float or None
        Log-loss of each, nats per customer; None where it was not asked or could not be.
    """

    promote: bool
    reason: str
    difference: float | None
    low: float | None
    high: float | None
    n: int | None = None
    candidate_loss: float | None = None
    champion_loss: float | None = None
    rule_loss: float | None = None


def promotion_gate(
    y: ArrayLike, candidate: ArrayLike, champion: ArrayLike | None, best_baseline: ArrayLike, *, seed: int = 0
) -> Verdict:
    """Compare a candidate with the champion and the best naive rule.

    Parameters
    ----------
    y : array of 0 or 1, shape (n_customers,)
        1 for customers who churned.
    candidate : array of float, shape (n_customers,)
        The new model's churn probabilities.
    champion : array of float, shape (n_customers,), optional
        Those of the model in use; None if there is none.
    best_baseline : array of float, shape (n_customers,)
        Those of the naive rule with the lowest log-loss.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    Verdict
        Promote without a champion; otherwise if the interval of the difference lies below `TOLERATED_LOSS`
        and the candidate is no worse than the naive rule.

    Raises
    ------
    PatronError
        If arrays do not fit together.

    Examples
    --------
    >>> promotion_gate([1, 0], [0.8, 0.2], None, [0.5, 0.5]).promote
    True
    """
    losses, of_rule = log_losses(y, candidate), log_losses(y, best_baseline)
    seen = (len(losses), float(losses.mean()))
    if champion is None:
        first = "There is no champion yet: the first model is taken."
        return Verdict(True, first, None, None, None, *seen, None, float(of_rule.mean()))
    of_champion = log_losses(y, champion)
    difference, low, high = paired_loss_interval(losses, of_champion, seed=seed)
    behind_rule = float(losses.mean() - of_rule.mean())
    refusals = []
    if high >= TOLERATED_LOSS:
        refusals.append(
            f"it could be worse than the champion by {high:.4f}; up to {TOLERATED_LOSS} is tolerated"
        )
    if behind_rule > _ROUNDING:
        refusals.append(f"it is worse than the best naive rule by {behind_rule:.4f}")
    spread = f"{difference:+.4f} [{low:+.4f}, {high:+.4f}]"
    numbers = f"log-loss {spread} against the champion on {len(losses):,} customers"
    reason = f"Refused: {', and '.join(refusals)} ({numbers})." if refusals else f"Promoted: {numbers}."
    means = (float(of_champion.mean()), float(of_rule.mean()))
    return Verdict(not refusals, reason, difference, low, high, *seen, *means)


def gate_without_champion(
    y: ArrayLike, candidate: ArrayLike, best_baseline: ArrayLike, *, why: str
) -> Verdict:
    """Judge a candidate where there is a champion that it cannot be compared with.

    Parameters
    ----------
    y, candidate, best_baseline : array, shape (n_customers,)
        As for `promotion_gate`.
    why : str
        Why there is nothing to compare with: the beginning of the reason.

    Returns
    -------
    Verdict
        Promote if the candidate is no worse than the best naive rule.

    Examples
    --------
    >>> gate_without_champion([1, 0], [0.8, 0.2], [0.5, 0.5], why="it asks another question").promote
    True
    """
    loss, of_rule = float(log_losses(y, candidate).mean()), float(log_losses(y, best_baseline).mean())
    worse = loss - of_rule > _ROUNDING
    than_rule = f"{'worse' if worse else 'no worse'} than the best naive rule"
    reason = f"{why}; the new one is {than_rule} (log-loss {loss:.4f} and {of_rule:.4f})"
    return Verdict(not worse, reason, None, None, None, np.size(y), loss, None, of_rule)
