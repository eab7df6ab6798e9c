"""The second opinion: agreement where nothing differs, and a difference that nothing explains is found."""

import pytest

import patron.clv.verification as verification
from patron.clv import CLVModel, verify_model


@pytest.fixture(scope="module")
def lines(cdnow):
    model = CLVModel("mbgnbd").fit(cdnow)
    return verify_model(cdnow, model, horizon_months=12, annual_discount_rate=0.1)


def test_every_difference_is_explained(lines):
    assert [line.quantity for line in lines if line.explained_by is None] == []


def test_the_same_formula_agrees(lines):
    """At lifetimes' parameters, with its months, each prediction agrees to 1e-8."""
    same = [line for line in lines if "same parameters" in line.between and "calendar" not in line.between]
    assert [line.quantity for line in same] == [
        "alive_probability",
        "expected_orders",
        "expected_order_value",
        "clv",
    ]
    assert max(line.largest_relative_difference for line in same) < 1e-8


def test_the_month_explains_about_a_percent(lines):
    """365.25 days a year against 365, discounted half a month earlier: one per cent or so."""
    (month,) = [line for line in lines if "calendar" in line.between]
    assert 0.002 < month.largest_relative_difference < 0.02


def test_the_prior_explains_little(lines):
    """One customer in 2,357."""
    prior = [line for line in lines if (line.explained_by or "").startswith("prior")]
    assert len(prior) == 3
    assert 0 < max(line.largest_relative_difference for line in prior) < 0.02


def test_bgnbd_differs_much_and_the_reason_is_given(lines):
    """P(alive) of one-time buyers is 1 under BG/NBD."""
    against = [
        line
        for line in lines
        if "BG/NBD by lifetimes" in line.between and "as configured and BG" in line.between
    ]
    alive = next(line for line in against if line.quantity == "alive_probability")
    assert alive.largest_relative_difference > 0.3
    assert "one-time buyer" in alive.explained_by


def test_a_wrong_formula_is_not_explained(cdnow, monkeypatch):
    """Were our expected orders off by a millionth, the verification would say that nothing explains it."""
    plain = CLVModel.expected_orders
    monkeypatch.setattr(CLVModel, "expected_orders", lambda self, *given: plain(self, *given) * (1 + 1e-6))
    found = verification._formulas(CLVModel("bgnbd").fit(cdnow), cdnow, 12, 0.1)
    assert {line.quantity for line in found if line.explained_by is None} == {"expected_orders", "clv"}


def test_a_wrong_optimum_is_not_explained(cdnow):
    """A fit that stops short of lifetimes' likelihood cannot be waved through."""
    theirs = CLVModel("bgnbd", backend="lifetimes", prior=False).fit(cdnow)
    ours = CLVModel("bgnbd", prior=False).fit(cdnow)
    ours.params_ = ours.params_ | {"r": ours.params_["r"] * 1.01}
    ours.diagnostics_ = ours.diagnostics_ | {"log_likelihood": ours.diagnostics_["log_likelihood"] - 1.0}
    assert verification._parameters(ours, theirs).explained_by is None
