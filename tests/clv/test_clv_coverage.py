"""Do intervals hold what they promise? Counted over simulated bases with known truth.

2,000 bases: the 95 % intervals of the parameters, and the 80 % intervals of what customers really bring, by
decile of CLV. The fast test counts fewer and allows for it: bounds are three binomial standard errors.
"""

import numpy as np
import pandas as pd
import pytest

from patron.clv import CLVModel
from patron.simulation import simulate_summary

TRUTH = {"r": 1.5, "alpha": 8.0, "a": 0.8, "b": 5.0, "p": 4.0, "q": 4.0, "v": 300.0}
WEEKS, AHEAD = 104, 26
Z95 = 1.959963984540054


def bases(sets, customers):
    """Bases of one world; the n-th is the same whatever is asked for."""
    for seed in range(sets):
        yield simulate_summary(
            customers, weeks=WEEKS, holdout_weeks=AHEAD, purchases="mbgnbd", params=TRUTH, seed=10_000 + seed
        )


def parameters_inside(model):
    """Letter -> whether the true value lies within the 95 % interval of the log."""
    inside = {}
    for block in model.covariance_.values():
        spread = np.sqrt(np.diag(np.array(block["of_logs"])))
        for name, error in zip(block["letters"], spread, strict=True):
            inside[name] = abs(np.log(model.params_[name] / TRUTH[name])) <= Z95 * error
    return inside


def customers_inside(model, base):
    """What customers bring against their intervals, with the share that the interval promises."""
    got = model.predict(base, AHEAD)
    realised = base["value_ahead"].to_numpy()
    inside = (got["clv_low"] <= realised) & (realised <= got["clv_high"])
    nominal = np.maximum(0.8, model.no_order_probability(base, AHEAD))
    return pd.DataFrame({"clv": got["clv"], "inside": inside, "nominal": nominal})


def count(sets, customers, followed):
    parameters, outcomes = [], []
    for number, base in enumerate(bases(sets, customers)):
        model = CLVModel("mbgnbd").fit(base)
        parameters.append(parameters_inside(model))
        some = base.iloc[:followed].assign(customer_id=[f"{number} {i}" for i in range(followed)])
        outcomes.append(customers_inside(model, some))
    return pd.DataFrame(parameters), pd.concat(outcomes, ignore_index=True)


def check(parameters, outcomes):
    sets = len(parameters)
    off = (parameters.mean() - 0.95).abs()
    assert (off <= 3 * np.sqrt(0.95 * 0.05 / sets)).all(), parameters.mean().to_dict()
    decile = pd.qcut(outcomes["clv"], 10, labels=False)
    table = outcomes.groupby(decile).agg(
        n=("inside", "size"), counted=("inside", "mean"), nominal=("nominal", "mean")
    )
    error = np.sqrt(table["nominal"] * (1 - table["nominal"]) / table["n"])
    assert ((table["counted"] - table["nominal"]).abs() <= 3 * error).all(), table


def test_intervals_hold_what_they_promise():
    """150 bases of 3,000 customers, 40 of each followed."""
    check(*count(150, 3000, 40))


@pytest.mark.slow
def test_intervals_hold_what_they_promise_over_2000_bases():
    """2,000 bases of 3,000 customers, 100 of each followed: 20,000 customers in each decile of CLV."""
    check(*count(2000, 3000, 100))
