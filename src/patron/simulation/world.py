"""What a simulation is asked for, checked.

In: the arguments of `simulate_ledger` or `simulate_summary`.
Out: a `World`, or one error with every problem. Not here: any draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patron.errors import PatronError
from patron.simulation.parameters import is_number, is_whole, param_problems, settled_params

ARRIVALS = ("spread", "cohort")
_MOST_CUSTOMERS = 50_000_000
_MOST_WEEKS = 5_218  # a hundred years
# orders per customer, expected, and of the fastest of them: more do not fit the memory of a block
_MOST_ORDERS, _MOST_OF_ONE = 5_000, 2_000_000
_FAR_OUT = 20.0  # a gamma variable of mean r hardly ever exceeds r + 20 for small r


@dataclass(frozen=True)
class World:
    """A checked order for a simulation.

    Parameters
    ----------
    customers : int
        How many.
    weeks, holdout_weeks : float
        Weeks before as_of, and after.
    purchases : str
        Purchase process.
    params : dict
        All its letters.
    arrival : str
        ``"spread"`` or ``"cohort"``.
    seed : int
        Seed of everything.
    """

    customers: int
    weeks: float
    holdout_weeks: float
    purchases: str
    params: dict[str, float]
    arrival: str
    seed: int

    @property
    def k(self) -> int:
        """Events that make an order."""
        return int(self.params.get("k", 1))


def checked_world(
    customers: int,
    weeks: float,
    holdout_weeks: float,
    purchases: str,
    params: Mapping[str, float] | None,
    arrival: str,
    seed: int,
    more_problems: list[str],
) -> World:
    """Check all arguments; further problems found by the caller are told along.

    Raises
    ------
    PatronError
        With every problem at once.
    """
    problems = _whole_problems("customers", customers, 1, _MOST_CUSTOMERS)
    problems += _whole_problems("seed", seed, 0, 2**128 - 1)
    spans = _span_problems(weeks, holdout_weeks)
    if arrival not in ARRIVALS:
        problems.append(f"arrival {arrival!r} is not one of 'spread', 'cohort'")
    letters = param_problems(purchases, params)
    problems += spans + letters + more_problems
    if not spans and not letters:
        settled = settled_params(purchases, params)
        problems += _crowd_problems(settled, weeks + holdout_weeks)
    if problems:
        raise PatronError(problems, "see the docstring of patron.simulation.simulate_ledger")
    return World(int(customers), float(weeks), float(holdout_weeks), purchases, settled, arrival, int(seed))


def _whole_problems(name: str, value: object, least: int, most: int) -> list[str]:
    if is_whole(value) and least <= value <= most:
        return []
    return [f"{name} must be a whole number from {least} to {most}, not {value!r}"]


def _span_problems(weeks: object, holdout_weeks: object) -> list[str]:
    problems = []
    if not is_number(weeks) or not 0 < weeks <= _MOST_WEEKS:
        problems.append(f"weeks must be positive and at most {_MOST_WEEKS}, not {weeks!r}")
    if not is_number(holdout_weeks) or not 0 <= holdout_weeks <= _MOST_WEEKS:
        problems.append(f"holdout_weeks must lie in 0 to {_MOST_WEEKS}, not {holdout_weeks!r}")
    return problems


def _crowd_problems(params: Mapping[str, float], weeks: float) -> list[str]:
    per_rate = weeks / params["alpha"] / params.get("k", 1)
    mean, most = params["r"] * per_rate, (params["r"] + _FAR_OUT) * per_rate
    if mean <= _MOST_ORDERS and most <= _MOST_OF_ONE:
        return []
    return [
        f"r and alpha ask for about {mean:,.0f} orders per customer, {most:,.0f} of the fastest; "
        f"at most {_MOST_ORDERS:,} and {_MOST_OF_ONE:,} can be simulated"
    ]
