"""Cohort triangles by hand; lifespans against scipy, by hand, and against a simulation with a known mean."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, ecdf
from synthetic_ledger import Line, number, tables_of

from patron.errors import NotEnoughData
from patron.metrics import restricted_mean, survival
from patron.retention import cohorts, lifespan, lifetime_value
from patron.retention.ledger_days import ledger_days
from patron.retention.lifespan import lifetimes
from patron.snapshots import CustomerTables


def lines(orders: dict[str, list[tuple[str, int]]], **more: int) -> list[Line]:
    return [
        Line(name, number(day), amount * 100, amount < 0, f"{name}-{k}", **more)
        for name, rows in orders.items()
        for k, (day, amount) in enumerate(rows)
    ]


TRIANGLE = {
    "a": [("2024-01-05", 100), ("2024-02-01", 50), ("2024-03-31", 10)],
    "b": [("2024-01-31", 300), ("2024-02-10", -100), ("2024-03-01", 20)],
    "c": [("2024-02-29", 40)],
    "d": [("2024-04-02", 5)],
}


def test_cohorts_by_hand() -> None:
    """January: a and b; a refund lowers revenue and is no order; April is not over."""
    table = cohorts(tables_of(lines(TRIANGLE)), number("2024-04-15"))
    january = table[table["cohort"] == date(2024, 1, 1)]
    assert january["period_index"].tolist() == [0, 1, 2, 3]
    assert january["customers"].tolist() == [2, 2, 2, 2]
    assert january["active_customers"].tolist()[:3] == [2, 1, 2]
    assert january["customer_share"].tolist()[:3] == [1.0, 0.5, 1.0]
    assert january["revenue"].tolist()[:3] == [400, -50, 30]
    assert january["revenue_share"].tolist()[:3] == [1.0, -0.125, 0.075]
    assert january.iloc[3, 3:].isna().all()
    february = table[table["cohort"] == date(2024, 2, 1)]
    assert february["active_customers"].tolist()[:2] == [1, 0]
    april = table[table["cohort"] == date(2024, 4, 1)]
    assert april["customers"].tolist() == [1]
    assert april[["active_customers", "revenue"]].isna().all(axis=None)
    assert sorted(set(table["cohort"])) == [date(2024, m, 1) for m in (1, 2, 4)]


def test_a_period_that_ends_at_as_of_has_ended() -> None:
    """Nothing is missing on 1 April."""
    table = cohorts(tables_of(lines(TRIANGLE)), number("2024-04-01"))
    assert not table.isna().any(axis=None)
    assert table["period_index"].max() == 2


def test_cohorts_against_pandas(plain_tables: CustomerTables, ledger_rows: list[Line]) -> None:
    """Another route: groupby over purchase days; later orders change nothing."""
    as_of = number("2024-01-01")
    days = plain_tables.days.collect().to_pandas()
    days = days[days["day"] < as_of]
    days = days.assign(q=pd.to_datetime(days["day"].astype("int64"), unit="D").dt.to_period("Q"))
    bought = days[days["orders"] > 0]
    born = bought.groupby("customer_id")["q"].min().rename("born")
    bought = bought.join(born, on="customer_id")
    bought["index"] = [(a - b).n for a, b in zip(bought["q"], bought["born"], strict=True)]
    expected = bought.groupby(["born", "index"])["customer_id"].nunique()
    table = cohorts(plain_tables, as_of, every="quarter")
    found = table.set_index([pd.PeriodIndex(table["cohort"].astype(str), freq="Q"), "period_index"])
    active = found["active_customers"]
    assert active[active > 0].to_dict() == expected.to_dict()
    sizes = found["customers"].groupby(level=0).first()
    assert sizes.to_dict() == born.value_counts().to_dict()


def test_survival_against_scipy() -> None:
    """Ties between losses and open customers included."""
    random = np.random.default_rng(3)
    duration = random.integers(1, 40, 300).astype(float)
    is_lost = random.random(300) < 0.6
    time, share, _, _ = survival(duration, is_lost)
    oracle = ecdf(CensoredData(uncensored=duration[is_lost], right=duration[~is_lost])).sf
    assert share == pytest.approx(oracle.evaluate(time))
    limit = 30.0
    grid = np.concatenate([[0.0], time[time < limit], [limit]])
    steps = np.concatenate([[1.0], oracle.evaluate(grid[1:-1])])
    mean, _ = restricted_mean(duration, is_lost, limit)
    assert mean == pytest.approx(float((np.diff(grid) * steps).sum()))


def test_without_open_customers_it_is_the_plain_mean() -> None:
    """And the standard error that of a mean (divided by n, as Greenwood's is)."""
    duration = np.array([3.0, 5.0, 5.0, 8.0, 13.0])
    mean, error = restricted_mean(duration, np.ones(5, dtype=bool), 13.0)
    assert mean == pytest.approx(duration.mean())
    assert error == pytest.approx(duration.std() / np.sqrt(5))


def test_the_interval_covers_a_known_mean() -> None:
    """Exponential lives of two years on average, seen for one to four: 95 % of 400 intervals, or so."""
    random = np.random.default_rng(11)
    truth = 2.0 * (1 - np.exp(-3.0 / 2.0))
    covered = 0
    for _ in range(400):
        life, seen = random.exponential(2.0, 150), random.uniform(1.0, 4.0, 150)
        mean, error = restricted_mean(np.minimum(life, seen), life <= seen, 3.0)
        covered += abs(mean - truth) <= 1.96 * error
    assert 0.92 <= covered / 400 <= 0.98


#: Active 100 days, as of day 1000: a lost on day 100 + 101, b open, c lost on day 700 + 101 after a long
#: silence that ended, d silent for exactly 100 days is open.
LIVES = [Line(c, day, 1000) for c, days in {"a": [0, 100], "b": [500, 990], "c": [0, 700], "d": [900]}.items()
         for day in days]  # fmt: skip


def test_lives_by_hand() -> None:
    """Days 0 to 1000; only what lies before as_of."""
    tables = tables_of([*LIVES, Line("a", 1000, 1000), Line("e", 1001, 5)])
    duration, is_lost = lifetimes(ledger_days(tables, 1000), 100)
    assert duration.tolist() == [201, 500, 801, 100]
    assert is_lost.tolist() == [True, False, True, False]


def test_lifespan_by_hand() -> None:
    """At risk: 3 on day 201, 1 on day 801: 201 + (801 - 201) x 2/3, then nobody."""
    found = lifespan(tables_of(LIVES), 1000, active_days=100)
    assert found.mean_years * 365.25 == pytest.approx(201 + 600 * 2 / 3)
    assert found.limit_years * 365.25 == pytest.approx(801)
    assert (found.customers, found.lost, found.possibly_older) == (4, 2, 2)
    error = np.sqrt((600 * 2 / 3) ** 2 * 1 / (3 * 2)) / 365.25
    assert found.low == pytest.approx(found.mean_years - 1.959964 * error)
    shorter = lifespan(tables_of(LIVES), 1000, active_days=100, limit_years=300 / 365.25)
    assert shorter.mean_years * 365.25 == pytest.approx(201 + 99 * 2 / 3)
    with pytest.raises(NotEnoughData, match="limit above 0"):
        lifespan(tables_of(LIVES), 1000, active_days=100, limit_years=0)


def test_value_of_a_life_by_hand() -> None:
    """6 orders of 10 in 1602 days; margin and costs of the customers who bought."""
    attributes = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d", "never"],
            "margin": [0.2, np.nan, 0.2, 0.5, 0.9],
            "acquisition_cost": [10.0, 30.0, np.nan, np.nan, 1000.0],
            "annual_service_cost": [2.0, 2.0, 5.0, np.nan, 1000.0],
        }
    )
    tables = tables_of(LIVES, attributes=attributes, columns=Line._fields[:4])
    span = lifespan(tables, 1000, active_days=100)
    worth = lifetime_value(tables, 1000, span, active_days=100, margin=0.4)
    assert worth.average_order_value == pytest.approx(10)
    assert worth.orders_per_year == pytest.approx(7 / (1602 / 365.25))
    assert worth.ltv == pytest.approx(10 * 7 / 1602 * 601)
    assert worth.margin == pytest.approx((0.2 * 20 + 0.4 * 20 + 0.2 * 20 + 0.5 * 10) / 70)
    assert (worth.acquisition_cost, worth.annual_service_cost) == (20.0, 3.0)
    clv = worth.ltv * 0.3 - 3 * 601 / 365.25 - 20
    assert worth.clv == pytest.approx(clv)
    assert worth.return_on_acquisition == pytest.approx(clv / 20)


def test_no_cost_gives_no_return() -> None:
    """Never zero; the margin of the config where nothing else tells."""
    tables = tables_of(LIVES, columns=Line._fields[:4])
    span = lifespan(tables, 1000, active_days=100)
    worth = lifetime_value(tables, 1000, span, active_days=100, margin=0.4)
    assert worth.return_on_acquisition is None
    assert worth.acquisition_cost is None
    assert worth.clv == pytest.approx(0.4 * worth.ltv)


def test_costs_on_lines_tell_the_margin() -> None:
    """70 sold, 28 of it cost."""
    costly = [line._replace(cost_minor=400) for line in LIVES]
    tables = tables_of(costly)
    span = lifespan(tables, 1000, active_days=100)
    assert lifetime_value(tables, 1000, span, active_days=100).margin == pytest.approx(0.6)
