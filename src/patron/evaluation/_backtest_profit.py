"""What calling some customers would have earned, under a rate at which calls save customers.

In:  who churned, what each customer is worth, and lists to call by.
Out: the profit expected from the probabilities and the profit that came, for each list.
Not here: whether a call saves anybody: that is the save rate, an assumption until it is measured.

A call to a customer who was about to leave keeps `save_rate` of the value that leaves with the customer; a
call to anybody else keeps nothing; each costs `cost`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Lists anybody could call by, beside every entrant's own.
PLAIN_LISTS = ("longest_silent", "biggest_spender", "random")
#: Share of the customers that are called unless it is said how many.
CALLED_SHARE = 0.1


class CallTerms(NamedTuple):
    """How calls are counted.

    Parameters
    ----------
    save_rate : float
        Share of customers about to leave whom a call keeps.
    cost : float
        Cost of one call, currency.
    per_owner : int or None
        Calls on one date per owner; a tenth of the customers when None.
    """

    save_rate: float = 0.2
    cost: float = 0.0
    per_owner: int | None = None


class Called(NamedTuple):
    """One list on one date.

    Parameters
    ----------
    calls : int
        Customers called.
    churners : float
        How many of them were about to leave.
    expected : float
        Profit foreseen from the probabilities, currency.
    realised : float
        Profit with what happened, currency.
    by_customer : array of float, shape (n,)
        Realised profit of each customer; 0 for those not called.
    """

    calls: int
    churners: float
    expected: float
    realised: float
    by_customer: np.ndarray


def calls_on(customers: int, owner: np.ndarray | None, terms: CallTerms) -> int:
    """Return how many customers are called on a date.

    Examples
    --------
    >>> calls_on(55, None, CallTerms()), calls_on(55, np.array(["x", "y"]), CallTerms(per_owner=20))
    (6, 40)
    """
    if terms.per_owner is None:
        return max(1, round(customers * CALLED_SHARE))
    owners = 1 if owner is None else len(set(owner.tolist()))
    return min(customers, terms.per_owner * owners)


def expected_gain(probability: np.ndarray, value: np.ndarray, terms: CallTerms) -> np.ndarray:
    """Return what each call is expected to earn, currency: save_rate x probability x value - cost."""
    return np.asarray(terms.save_rate * probability * value - terms.cost)


def call_list(
    ranking: np.ndarray,
    churned: np.ndarray,
    gain: np.ndarray,
    value: np.ndarray,
    calls: int,
    terms: CallTerms,
) -> Called:
    """Call the first by a ranking and count what it earns.

    Parameters
    ----------
    ranking : array of float, shape (n,)
        Highest first; ties in the order of the customers.
    churned : array of 0 or 1, shape (n,)
        Who was about to leave.
    gain : array of float, shape (n,)
        Of `expected_gain`: what the calls were thought to earn.
    value : array of float, shape (n,)
        What leaves with a customer, currency.
    calls : int
        How many are called.
    terms : CallTerms
        Rate and cost.

    Returns
    -------
    Called

    Examples
    --------
    >>> came, worth = np.array([1.0, 0.0, 1.0]), np.array([100.0, 50.0, 10.0])
    >>> terms = CallTerms(save_rate=0.5, cost=2.0)
    >>> gain = expected_gain(np.array([0.5, 0.5, 0.5]), worth, terms)
    >>> called = call_list(gain, came, gain, worth, 2, terms)
    >>> called.expected, called.realised
    (33.5, 46.0)
    """
    rows = np.argsort(-ranking, kind="stable")[:calls]
    each = np.zeros(len(ranking))
    each[rows] = terms.save_rate * value[rows] * churned[rows] - terms.cost
    return Called(len(rows), float(churned[rows].sum()), float(gain[rows].sum()), float(each.sum()), each)


def call_anybody(
    churned: np.ndarray, gain: np.ndarray, value: np.ndarray, calls: int, terms: CallTerms
) -> Called:
    """Count what calling that many customers at random earns on average, without drawing any."""
    share = calls / len(churned)
    each = share * (terms.save_rate * value * churned - terms.cost)
    return Called(calls, float(share * churned.sum()), float(share * gain.sum()), float(each.sum()), each)
