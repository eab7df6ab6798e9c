"""A simulated B2B ledger with a known truth: customers order at their own rhythm, fade, and leave."""

from __future__ import annotations

import numpy as np
import pandas as pd

START = np.datetime64("2021-01-01")
DAYS = 912  # two and a half years: the ledger ends on 2023-07-01
AS_OF = "2023-07-02"


def simulate_orders(customers: int = 300, seed: int = 11) -> pd.DataFrame:
    """Order lines of customers who stay for a random number of orders.

    Ids look like "K-0001", so that none of them can be mistaken for a number elsewhere.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``ordered_at``, ``amount``, ``order_id``, ``product_id``, ``category``; shuffled.
    """
    rng = np.random.default_rng(seed)
    rows = [line for number in range(customers) for line in _lines(rng, f"K-{number:04d}")]
    names = ["customer_id", "day", "amount", "order_id", "product_id", "category"]
    lines = pd.DataFrame(rows, columns=names).sample(frac=1, random_state=seed, ignore_index=True)
    moments = pd.to_datetime(START + lines.pop("day").to_numpy().astype("timedelta64[D]"))
    lines.insert(1, "ordered_at", moments.as_unit("us"))
    return lines


def _lines(rng: np.random.Generator, customer: str) -> list[tuple[str, int, float, str, str, str]]:
    """One customer's life: a steady rhythm; the last four orders shrink (partial defection); silence."""
    gap, stays, size = rng.gamma(4.0, 7.0), rng.geometric(rng.beta(1.0, 9.0)), rng.lognormal(5.0, 0.8)
    shape = rng.choice([1.0, 1.0, 3.0])  # from erratic to rather regular
    day, lines = int(rng.integers(0, DAYS - 60)), []
    favourites = rng.choice(40, size=4, replace=False)
    for number in range(stays):
        order, fading = f"{customer}/{number}", 0.2 if stays - number <= 4 else 1.0
        for product in rng.choice(favourites, size=int(rng.integers(1, 4)), replace=False):
            amount = round(float(size * fading * rng.lognormal(0, 0.3)), 2)
            lines.append((customer, day, amount, order, f"P{product:02d}", f"C{product % 7}"))
        if rng.random() < 0.04:
            back = -round(float(size) / 4, 2)
            lines.append((customer, day + 3, back, f"R{order}", f"P{product:02d}", "C0"))
        day += max(1, round(float(rng.gamma(shape, gap / shape))))
    return [line for line in lines if line[1] < DAYS]
