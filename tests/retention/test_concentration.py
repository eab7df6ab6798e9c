"""The share of the top 20 %, Gini and the curve: by hand, by another formula, on odd bases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from patron.errors import PatronError
from patron.retention import concentration


def test_five_customers_by_hand() -> None:
    """The largest one is the top 20 %; Gini = (4*700 + 2*100 + 0 - 2*50 - 4*50) / (5 * 1000)."""
    found = concentration([50.0, 700.0, 100.0, 50.0, 100.0])
    assert found.top_20_percent_share == pytest.approx(0.7, rel=1e-12)
    assert found.gini == pytest.approx(0.54, rel=1e-12)
    assert found.customers == 5
    assert found.revenue == 1000.0
    shares = [(0.0, 0.0), (0.2, 0.7), (0.4, 0.8), (0.6, 0.9), (0.8, 0.95), (1.0, 1.0)]
    assert [point for pair in found.curve for point in pair] == pytest.approx([x for p in shares for x in p])


@pytest.mark.parametrize(
    ("revenue", "share"),
    [
        ([60.0, 30.0, 10.0], 0.36),  # 0.6 of the largest
        ([50.0, 30.0, 10.0, 5.0, 3.0, 2.0, 0.0], 0.62),  # the largest and 0.4 of the second
        ([4.0] * 7, 0.2),
        ([10.0], 0.2),
        ([3.0] * 15, 0.2),
    ],
)
def test_a_part_of_a_customer_counts_in_proportion(revenue: list[float], share: float) -> None:
    """Bases whose fifth is no whole number."""
    assert concentration(revenue).top_20_percent_share == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 99, 101, 1000])
def test_gini_is_half_the_mean_difference_over_the_mean(n: int) -> None:
    """The definition by all pairs."""
    revenue = np.random.default_rng(n).pareto(1.2, n).round(2) + 0.01
    pairs = np.abs(revenue[:, None] - revenue[None, :]).mean()
    assert concentration(revenue).gini == pytest.approx(pairs / (2 * revenue.mean()), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("n", [7, 100, 101, 4321])
def test_the_curve_has_at_most_101_points_and_holds_gini(n: int) -> None:
    """Rising, concave; twice the area over the diagonal is Gini but for the points left out."""
    revenue = np.random.default_rng(n).lognormal(3, 1.5, n)
    found = concentration(revenue)
    x, y = np.array(found.curve).T
    assert len(x) == min(n, 100) + 1
    assert (x[0], y[0], x[-1], y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert (np.diff(y) > 0).all()
    assert (np.diff(np.diff(y)) < 1e-12).all()
    assert 2 * np.trapezoid(y, x) - 1 == pytest.approx(found.gini, abs=0 if n <= 100 else 0.01, rel=1e-9)
    assert y[20 * (len(x) - 1) // 100] == pytest.approx(found.top_20_percent_share) or n == 7


def test_more_refunds_than_spend_counts_as_no_revenue() -> None:
    """Otherwise the others would hold more than everything; how many and how much is said."""
    found = concentration([80.0, 20.0, -30.0, 0.0, 0.0])
    plain = concentration([80.0, 20.0, 0.0, 0.0, 0.0])
    assert (found.top_20_percent_share, found.gini, found.curve) == (0.8, plain.gini, plain.curve)
    assert (found.revenue, found.negative_customers, found.negative_revenue) == (70.0, 1, -30.0)
    assert max(share for _, share in found.curve) == 1.0


@pytest.mark.parametrize("revenue", [[], [0.0, 0.0], [-5.0], [float("nan")]])
def test_without_positive_revenue_there_is_nothing_to_share(revenue: list[float]) -> None:
    """None, not 0 / 0."""
    found = concentration(revenue)
    assert (found.top_20_percent_share, found.gini, found.curve) == (None, None, [])


def test_missing_revenue_is_left_out_and_infinite_refused() -> None:
    """Score rows of excluded customers have none."""
    assert concentration([10.0, float("nan")]).customers == 1
    with pytest.raises(PatronError, match="1 values are infinite"):
        concentration([10.0, float("inf")])


def test_a_missing_value_of_any_kind_is_left_out() -> None:
    """Nullable integers hold NA, object columns None."""
    whole = pd.array([700, 300, None], dtype="Int64")
    for given in (whole, [700.0, None, 300.0], pd.Series([pd.NA, 700, 300])):
        found = concentration(given)
        assert (found.customers, found.revenue, found.negative_customers) == (2, 1000.0, 0)


def test_row_order_leaves_no_trace() -> None:
    """Bit for bit."""
    revenue = np.random.default_rng(5).pareto(1.1, 5000)
    assert concentration(revenue) == concentration(revenue[::-1])
