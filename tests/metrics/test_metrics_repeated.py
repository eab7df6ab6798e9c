"""Metrics over dates: the same as scikit-learn's on each, customers drawn as blocks, differences paired."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from patron.metrics import (
    DRAWN_VALUE_METRICS,
    Dated,
    DatedValue,
    bias,
    draw_metrics,
    draw_value_metrics,
    found_shares,
    gini,
    mae,
    over_dates,
    paired_difference,
    with_intervals,
)
from patron.metrics.summary import CHURN_METRICS

RNG = np.random.default_rng(3)


def one_date(n: int, customers: int, noise: float = 0.0) -> Dated:
    """Outcomes drawn from rounded probabilities (so that there are ties), said with some noise."""
    truth = np.round(RNG.random(n), 2)
    said = np.clip(np.round(truth + noise * RNG.normal(size=n), 2), 0.01, 0.99)
    return Dated((RNG.random(n) < truth).astype(float), said, RNG.permutation(customers)[:n])


def test_every_metric_of_every_date_is_scikit_learns() -> None:
    """On the customers as they are."""
    dates = [one_date(200, 300), one_date(150, 300)]
    drawn = draw_metrics(dates, 300, draws=3)
    for position, date in enumerate(dates):
        found = dict(zip(CHURN_METRICS, drawn.values[0, position], strict=True))
        y, p = date.churned, date.probability
        assert found["auc"] == pytest.approx(roc_auc_score(y, p))
        assert found["average_precision"] == pytest.approx(average_precision_score(y, p))
        assert found["brier"] == pytest.approx(brier_score_loss(y, p))
        assert found["log_loss"] == pytest.approx(log_loss(y, p))


def test_an_average_over_dates_has_the_weight_of_their_customers() -> None:
    """For losses that is the mean over all rows."""
    dates = [one_date(50, 300), one_date(250, 300)]
    found = with_intervals(over_dates(draw_metrics(dates, 300, draws=50)))
    y, p = (
        np.concatenate(column) for column in zip(*((d.churned, d.probability) for d in dates), strict=True)
    )
    assert found["brier"] == pytest.approx(brier_score_loss(y, p))
    aucs = [roc_auc_score(d.churned, d.probability) for d in dates]
    assert found["auc"] == pytest.approx((50 * aucs[0] + 250 * aucs[1]) / 300)
    assert found["auc_low"] < found["auc"] < found["auc_high"]


def test_the_same_customers_four_times_are_not_four_times_the_evidence() -> None:
    """A customer is drawn with all of its rows, so copies of a date leave the interval as wide as it was."""
    date = one_date(200, 200)
    once = with_intervals(over_dates(draw_metrics([date], 200, draws=300)))
    copies = with_intervals(over_dates(draw_metrics([date] * 4, 200, draws=300)))
    assert copies == pytest.approx(once)
    strangers = [date._replace(customer=date.customer + 200 * k) for k in range(4)]
    apart = with_intervals(over_dates(draw_metrics(strangers, 800, draws=300)))
    width = [found["log_loss_high"] - found["log_loss_low"] for found in (once, apart)]
    assert width[1] == pytest.approx(width[0] / 2, rel=0.25)


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    """Brier score of 2,000 customers: mean +- 1.96 standard errors."""
    date = one_date(2000, 2000)
    found = with_intervals(over_dates(draw_metrics([date], 2000, draws=1000)))
    error = np.std((date.probability - date.churned) ** 2) / np.sqrt(2000)
    assert found["brier_high"] - found["brier_low"] == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_differences_are_paired() -> None:
    """A model against itself differs by nothing in every draw; against noise its interval leaves out 0."""
    good = one_date(600, 600)
    bad = good._replace(probability=RNG.permutation(good.probability))
    a, b = (over_dates(draw_metrics([date], 600, draws=200)) for date in (good, bad))
    assert paired_difference(a, a, "auc") == (0, 0, 0)
    gap = paired_difference(a, b, "log_loss")
    assert gap is not None
    assert gap.high < 0
    assert gap.difference == pytest.approx(a[0, 3] - b[0, 3])


def test_a_model_that_was_not_there_is_left_out() -> None:
    """One date without it: the average is that of the other; a metric without both outcomes is none."""
    date = one_date(100, 100)
    drawn = draw_metrics([None, date], 100, draws=5)
    assert over_dates(drawn)[0].tolist() == pytest.approx(drawn.values[0, 1].tolist())
    nobody = date._replace(churned=np.zeros(100))
    assert with_intervals(over_dates(draw_metrics([nobody], 100, draws=5)))["auc"] is None


def test_the_order_of_rows_leaves_no_trace() -> None:
    """Bit by bit."""
    date, order = one_date(300, 300), RNG.permutation(300)
    shuffled = Dated(*(column[order] for column in date))
    one, other = (draw_metrics([d], 300, draws=20).values for d in (date, shuffled))
    assert one.tobytes() == other.tobytes()


def test_value_metrics_are_those_of_the_plain_functions() -> None:
    """Zeros, ties and negative values included; also in a draw, against rows written out."""
    actual = np.round(np.maximum(RNG.normal(size=300), 0) * 100) - (np.arange(300) % 50 == 0) * 5.0
    said = np.round(actual * RNG.random(300), -1)
    drawn = draw_value_metrics([DatedValue(actual, said, np.arange(300))], 300, draws=1, seed=4)
    plain = [mae(actual, said), gini(actual, said), bias(actual, said)]
    assert drawn.values[0, 0].tolist() == pytest.approx(plain)
    rows = np.random.default_rng(4).integers(0, 300, 300)
    plain = [metric(actual[rows], said[rows]) for metric in (mae, gini, bias)]
    assert drawn.values[1, 0].tolist() == pytest.approx(plain)
    assert next(iter(with_intervals(over_dates(drawn), DRAWN_VALUE_METRICS))) == "mae"


def test_found_shares_of_a_perfect_and_of_a_constant_score() -> None:
    """Three of ten left: found by the first three tenths; a constant finds them evenly."""
    y = np.array([1, 1, 1] + [0] * 7)
    assert found_shares(y, y) == pytest.approx([1 / 3, 2 / 3] + [1] * 8)
    assert found_shares(y, np.ones(10)) == pytest.approx(np.arange(1, 11) / 10)
    assert found_shares(np.zeros(10), y) == [0.0] * 10
