"""Judge every entrant on every past date: metrics, differences to patron's choice, calibration, lift, calls.

In:  what each entrant said on each date, what happened, and what the customers stood for.
Out: plain data for JSON, per date and over the dates.
Not here: fitting (`_backtest_fit`), the sentence for a manager (`_backtest_words`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from patron.churn import NAIVE_RULES, Panel
from patron.evaluation._backtest_fit import CHOSEN, CutoffPredictions
from patron.evaluation._backtest_profit import (
    Called,
    CallTerms,
    call_anybody,
    call_list,
    calls_on,
    expected_gain,
)
from patron.evaluation._backtest_standing import Standing, largest_groups
from patron.metrics import (
    Dated,
    Drawn,
    calibration_table,
    draw_metrics,
    ece,
    found_shares,
    is_calibrated,
    over_dates,
    paired_difference,
    paired_loss_interval,
    with_intervals,
)

#: What differences to the chosen entrant are shown for.
COMPARED = ("log_loss", "brier", "auc")


class JudgedDate(NamedTuple):
    """One date with what happened.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.
    churned : array of 0 or 1, shape (n,)
        What happened.
    customer : array of int, shape (n,)
        Number of each customer over all dates.
    said : CutoffPredictions
        What the entrants said.
    standing : Standing
        What the customers stood for.
    """

    day: int
    churned: np.ndarray
    customer: np.ndarray
    said: CutoffPredictions
    standing: Standing


def dated(
    tests: Sequence[Panel], said: Sequence[CutoffPredictions], standing: Sequence[Standing]
) -> tuple[list[JudgedDate], int]:
    """Give every customer one number on all dates; return the dates and how many customers there are."""
    names, codes = np.unique(np.concatenate([t.customer_id.astype(str) for t in tests]), return_inverse=True)
    ends = np.cumsum([len(t) for t in tests])[:-1]
    rows = zip(tests, np.split(codes, ends), said, standing, strict=True)
    return [JudgedDate(int(t.as_of_day[0]), t.churned, c, s, st) for t, c, s, st in rows], len(names)


def entrants_of(dates: Sequence[JudgedDate]) -> list[str]:
    """Return every entrant of any date: patron's choice, its models, a user's own, the naive rules."""
    names = dict.fromkeys(name for date in dates for name in date.said.probability)
    return [*(n for n in names if n not in NAIVE_RULES), *(n for n in names if n in NAIVE_RULES)]


def draw_all(dates: Sequence[JudgedDate], customers: int, *, seed: int, workers: int) -> dict[str, Drawn]:
    """Resample the customers for every entrant, the same resamples for each."""
    from joblib import Parallel, delayed

    names = entrants_of(dates)
    given = [
        [
            Dated(date.churned, date.said.probability[name], date.customer)
            if name in date.said.probability
            else None
            for date in dates
        ]
        for name in names
    ]
    drawn = Parallel(n_jobs=workers)(delayed(draw_metrics)(rows, customers, seed=seed) for rows in given)
    return dict(zip(names, drawn, strict=True))


def entrant_blocks(drawn: Mapping[str, Drawn], position: int | None = None) -> dict[str, dict[str, Any]]:
    """Return metrics with intervals of every entrant, and how patron's choice differs from each.

    Parameters
    ----------
    drawn : mapping
        Of `draw_all`.
    position : int, optional
        One date; the average over all dates, weighted by their customers, when None.
    """
    dates = drawn[CHOSEN].rows.shape[1]
    wanted = np.ones(dates, bool) if position is None else np.arange(dates) == position
    blocks = {}
    for name, draws in drawn.items():
        there = wanted & (draws.rows[0] > 0)
        if not there.any():
            continue
        mine, chosen = over_dates(draws, there), over_dates(drawn[CHOSEN], there)
        differences = {metric: paired_difference(chosen, mine, metric) for metric in COMPARED}
        blocks[name] = {
            "kind": _kind(name),
            "cutoffs": int(there.sum()),
            **with_intervals(mine),
            "chosen_minus_this": None
            if name == CHOSEN
            else {metric: None if gap is None else gap._asdict() for metric, gap in differences.items()},
        }
    return blocks


def _kind(name: str) -> str:
    return "chosen" if name == CHOSEN else "rule" if name in NAIVE_RULES else "model"


def best_rule(blocks: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the naive rule with the lowest log-loss among those that were there on every date."""
    rules = {name: block for name, block in blocks.items() if name in NAIVE_RULES}
    most = max(block["cutoffs"] for block in rules.values())
    return min((n for n in rules if rules[n]["cutoffs"] == most), key=lambda n: float(rules[n]["log_loss"]))


def calibration_blocks(dates: Sequence[JudgedDate]) -> dict[str, Any]:
    """Say how well the chosen probabilities hold: in all, by tier and by attribute, over the dates."""
    churned = np.concatenate([date.churned for date in dates])
    said = np.concatenate([date.said.probability[CHOSEN] for date in dates])
    tier = np.concatenate([date.standing.tier for date in dates])
    names = sorted(set.intersection(*(set(date.standing.groups) for date in dates)))
    by_segment = {}
    for name in names:
        values = largest_groups(np.concatenate([date.standing.groups[name] for date in dates]))
        by_segment[name] = _by_group(churned, said, values)
    return {
        "all": {**calibration_of(churned, said), "table": calibration_table(churned, said)},
        "by_tier": _by_group(churned, said, tier),
        "by_segment": by_segment,
    }


def calibration_of(churned: np.ndarray, said: np.ndarray) -> dict[str, Any]:
    """Return customers, churn rate, mean probability, calibration error and the judgement."""
    return {
        "n": len(churned),
        "rate": float(churned.mean()),
        "mean_probability": float(said.mean()),
        "ece": ece(churned, said),
        "calibrated": is_calibrated(churned, said),
    }


def _by_group(churned: np.ndarray, said: np.ndarray, group: np.ndarray) -> list[dict[str, Any]]:
    sizes = {str(name): int((group == name).sum()) for name in sorted(set(group.tolist()))}
    largest_first = sorted(sizes, key=lambda name: -sizes[name])
    return [{"group": g, **calibration_of(churned[group == g], said[group == g])} for g in largest_first]


def lift_block(dates: Sequence[JudgedDate], names: Sequence[str]) -> dict[str, list[float]]:
    """Return the share of churners found by calling the riskiest 10 %, 20 % ... on each date, on average."""
    weight = np.array([len(date.churned) for date in dates], dtype=np.float64)
    found = {}
    for name in names:
        there = np.array([name in date.said.probability for date in dates])
        shares = np.array(
            [found_shares(d.churned, d.said.probability[name]) for d in dates if name in d.said.probability]
        )
        found[name] = [float(v) for v in np.average(shares, axis=0, weights=weight[there])]
    return found


def call_lists(date: JudgedDate, terms: CallTerms) -> dict[str, Called]:
    """Call the top of every entrant's list, the longest silent, the biggest spenders, and anybody."""
    value, churned = date.standing.value, date.churned
    calls = calls_on(len(churned), date.standing.owner, terms)
    gains = {name: expected_gain(p, value, terms) for name, p in date.said.probability.items()}
    made = {name: call_list(gain, churned, gain, value, calls, terms) for name, gain in gains.items()}
    plain = {"longest_silent": date.standing.silence, "biggest_spender": date.standing.spend}
    made |= {n: call_list(r, churned, gains[CHOSEN], value, calls, terms) for n, r in plain.items()}
    return made | {"random": call_anybody(churned, gains[CHOSEN], value, calls, terms)}


def profit_of_date(made: Mapping[str, Called]) -> dict[str, dict[str, float]]:
    """Return the figures of each list on one date."""
    return {
        name: {k: v for k, v in called._asdict().items() if k != "by_customer"}
        for name, called in made.items()
    }


def profit_over_dates(
    dates: Sequence[JudgedDate], made: Sequence[Mapping[str, Called]], customers: int, *, seed: int
) -> dict[str, dict[str, Any]]:
    """Add the lists up over the dates; patron's list minus each other one with its interval by customer."""
    names = [name for name in made[0] if all(name in one for one in made)]
    sums = {}
    for name in names:
        sums[name] = np.zeros(customers)
        for date, one in zip(dates, made, strict=True):
            np.add.at(sums[name], date.customer, one[name].by_customer)
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        totals = {
            k: sum(getattr(one[name], k) for one in made)
            for k in ("calls", "churners", "expected", "realised")
        }
        gap = paired_loss_interval(sums[CHOSEN], sums[name], seed=seed)
        ends = {k: float(v * customers) for k, v in gap._asdict().items()}
        found[name] = {**totals, "chosen_minus_this": None if name == CHOSEN else ends}
    return found
