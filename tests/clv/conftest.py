"""Customer bases with known truth, and the published one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patron.clv._lifetimes import lifetimes_module, untouched

WEEKS_PER_YEAR = 365.25 / 7


@pytest.fixture(scope="session")
def cdnow():
    """CDNOW sample to 1997-09-30 as a purchase summary."""
    lifetimes_module()
    with untouched():
        from lifetimes.datasets import load_cdnow_summary_data_with_monetary_value, load_dataset

        lines = load_dataset("CDNOW_sample.txt", header=None, sep=r"\s+")
        values = load_cdnow_summary_data_with_monetary_value()["monetary_value"].to_numpy()
    lines = lines.set_axis(["all_id", "customer_id", "day", "pieces", "amount"], axis=1)
    lines["day"] = pd.to_datetime(lines["day"].astype(str), format="%Y%m%d")
    lines = lines[lines["day"] <= "1997-09-30"]
    days = lines.groupby("customer_id")["day"]
    as_of = pd.Timestamp("1997-10-01")
    summary = pd.DataFrame(
        {
            "repeat_orders": days.nunique() - 1,
            "weeks_first_to_last_order": (days.max() - days.min()).dt.days / 7,
            "weeks_observed": (as_of - pd.Timedelta(days=1) - days.min()).dt.days / 7,
        }
    )
    summary["mean_repeat_order_value"] = values
    return summary.reset_index()


def simulate(process, n, weeks, ahead=0.0, spend=(6.0, 4.0, 100.0), rate=0.0, seed=0):
    """Follow customers of a BG/NBD or MBG/NBD world, each followed order by order.

    Returns the purchase summary after ``weeks`` and the discounted revenue of the ``ahead`` weeks after.
    """
    random = np.random.default_rng(seed)
    p, q, v = spend
    rows, future = [], np.zeros(n)
    for customer in range(n):
        observed = float(random.uniform(*weeks))
        pace = random.gamma(process.r) / process.alpha
        leave = random.beta(process.a, process.b)
        nu = random.gamma(q) / v
        times, here = [], not (process.first_order_counts and random.random() < leave)
        now = 0.0
        while here:
            now += random.exponential() / pace
            if now > observed + ahead:
                break
            times.append(now)
            here = random.random() >= leave
        times = np.array(times)
        amounts = random.gamma(p, size=times.size) / nu
        past = times <= observed
        years = (times[~past] - observed) / WEEKS_PER_YEAR
        future[customer] = (amounts[~past] * (1 + rate) ** -years).sum()
        x = int(past.sum())
        rows.append((x, times[past][-1] if x else 0.0, observed, amounts[past].mean() if x else 0.0))
    names = ["repeat_orders", "weeks_first_to_last_order", "weeks_observed", "mean_repeat_order_value"]
    return pd.DataFrame(rows, columns=names), future


@pytest.fixture(scope="session")
def simulated():
    return simulate
