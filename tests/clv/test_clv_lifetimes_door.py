"""The door to lifetimes leaves nothing behind, and fits what the native engine fits."""

import subprocess
import sys
import textwrap
import warnings

import mpmath
import numpy as np
import pandas as pd
import pytest

from patron.clv import native
from patron.clv._lifetimes import fit_purchases, fit_spend, lifetimes_module, untouched
from patron.clv.native.rows import FitRows, in_own_order, spend_in_own_order
from patron.errors import NotEnoughData, PatronError

COLUMNS = ("repeat_orders", "weeks_first_to_last_order", "weeks_observed")


def run(code):
    """Run code in a fresh interpreter in which every warning is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_clv_imports_no_lifetimes():
    """A service that loads a model needs neither lifetimes nor scikit-learn."""
    done = run(
        """
        import sys
        import patron.clv
        print(sorted({"lifetimes", "sklearn", "autograd", "dill"} & set(sys.modules)))
        """
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_predicting_needs_no_lifetimes():
    """A stored model predicts where lifetimes cannot be imported."""
    done = run(
        """
        import sys
        sys.modules["lifetimes"] = None
        import pandas as pd
        from patron.clv import CLVModel
        letters = {"r": 0.24, "alpha": 4.4, "a": 0.79, "b": 2.4, "p": 6.2, "q": 3.7, "v": 15.4}
        model = CLVModel.from_dict(CLVModel.from_params("mbgnbd", letters).to_dict())
        row = {"repeat_orders": [3], "weeks_first_to_last_order": [9.0], "weeks_observed": [12.0]}
        print(len(model.predict(pd.DataFrame(row | {"mean_repeat_order_value": [5.0]}))))
        """
    )
    assert (done.stdout.strip(), done.stderr) == ("1", "")


def test_first_import_and_fit_restore_global_state():
    """Import and each fit leave warnings filters, the pandas option, numpy's errors and stdout alone."""
    done = run(
        """
        import warnings
        import numpy as np
        import pandas as pd
        def state():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                option = pd.get_option("mode.chained_assignment")
            return list(warnings.filters), option, np.geterr()
        from patron.clv._lifetimes import fit_purchases, fit_spend, lifetimes_module
        from patron.clv.native.rows import FitRows
        before = state()
        lifetimes_module()
        assert state() == before, "import"
        count = np.array([0.0, 1, 2, 3, 0, 5] * 5)
        observed = np.linspace(20, 40, 30)
        rows = FitRows(count, np.where(count > 0, 12.0, 0), observed, np.ones(30))
        for name in ("mbgnbd", "paretonbd"):
            random = np.random.get_state()[1].copy()
            fit_purchases(name, rows, prior=True)
            assert state() == before, name
            assert (np.random.get_state()[1] == random).all(), name
        worth = count > 0
        fit_spend(count[worth], observed[worth], np.ones(worth.sum()), prior=True)
        assert state() == before, "spend"
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_restored_when_the_code_inside_fails():
    """An error inside the door does not leave a filter or an option behind."""
    lifetimes_module()
    before = list(warnings.filters)

    def fail():
        with untouched():
            warnings.simplefilter("ignore", FutureWarning)
            pd.set_option("mode.chained_assignment", "raise")
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        option = pd.get_option("mode.chained_assignment")
    assert (list(warnings.filters), option != "raise") == (before, True)


def test_failures_are_not_printed(capsys):
    """What lifetimes prints when an attempt fails does not reach stdout."""
    count, value = np.array([2.0, 3.0, 4.0, 5.0]), np.full(4, 50.0)
    fit = fit_spend(count, value, np.ones(4), prior=True)
    with pytest.raises(NotEnoughData, match="did not converge"):
        fit_spend(count, value, np.ones(4), prior=False)
    assert (fit.prior_used, capsys.readouterr().out) == (True, "")


def sorted_rows(frame, weight=None):
    columns = [frame[name].to_numpy(float) for name in COLUMNS]
    return in_own_order(FitRows(*columns, np.ones(len(frame)) if weight is None else weight))


@pytest.fixture(scope="module")
def rows(cdnow):
    return sorted_rows(cdnow)


@pytest.fixture(scope="module")
def spend(cdnow):
    count, value = (cdnow[name].to_numpy(float) for name in ("repeat_orders", "mean_repeat_order_value"))
    worth = (count > 0) & (value > 0)
    return spend_in_own_order(count[worth], value[worth], np.ones(int(worth.sum())))


def exact_left(orders, alpha, s, beta, tx, T):
    """Pareto/NBD: density of having left since the last order, over that of being alive."""
    at_end = (alpha + T) ** orders * (beta + T) ** s
    return mpmath.quad(
        lambda u: at_end * s / (beta + u) ** (s + 1) / (alpha + u) ** orders, [tx, (tx + T) / 2, T]
    )


def exact_log_likelihood(purchases, params, rows):
    """Density of the order times in weeks, row by row from the models' definitions, with 30 digits."""
    with mpmath.workdps(30):
        total = mpmath.mpf(0)
        for x, tx, T, weight in zip(*rows[:4], strict=True):
            x, tx, T = int(x), mpmath.mpf(tx), mpmath.mpf(T)
            r, alpha = mpmath.mpf(params["r"]), mpmath.mpf(params["alpha"])
            orders = mpmath.rf(r, x) * alpha**r
            if purchases == "paretonbd":
                s, beta = mpmath.mpf(params["s"]), mpmath.mpf(params["beta"])
                still = (alpha + T) ** -(r + x) * (beta + T) ** -s
                left = exact_left(r + x, alpha, s, beta, tx, T)
                density = orders * beta**s * still * (1 + left)
            else:
                a, b, first = mpmath.mpf(params["a"]), mpmath.mpf(params["b"]), int(purchases == "mbgnbd")
                density = mpmath.beta(a, b + x + first) * (alpha + T) ** -(r + x)
                if x or first:
                    density += mpmath.beta(a + 1, b + x + first - 1) * (alpha + tx) ** -(r + x)
                density *= orders / mpmath.beta(a, b)
            total += float(weight) * mpmath.log(density)
        return float(total)


@pytest.mark.parametrize("purchases", ["bgnbd", "mbgnbd", "paretonbd"])
def test_the_log_likelihood_is_that_of_weeks(purchases):
    """Log-likelihoods are those of the data in weeks, without the prior, although lifetimes rescales time."""
    count = np.array([0.0, 1, 2, 3, 0, 5] * 5)
    span, observed = np.where(count > 0, 12.0, 0.0), np.linspace(20, 40, 30)
    some = FitRows(count, span, observed, np.linspace(0.5, 2.0, 30))
    fit = fit_purchases(purchases, some, prior=True)
    assert fit.log_likelihood == pytest.approx(exact_log_likelihood(purchases, fit.params, some), rel=1e-11)


@pytest.fixture(scope="module")
def pareto(rows):
    return fit_purchases("paretonbd", rows, prior=False)


def test_pareto_nbd_reproduces_the_published_estimates(pareto):
    """CDNOW: r .553, alpha 10.578, s .606, beta 11.669, log-likelihood -9595.0 (Fader & Hardie 2005)."""
    fit = pareto
    published = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}
    assert fit.params == pytest.approx(published, rel=1e-3)
    assert fit.log_likelihood == pytest.approx(-9595.0, abs=0.05)
    assert (fit.prior_used, fit.at_boundary, len(fit.attempts)) == (False, None, 1)


def test_the_prior_moves_pareto_nbd_little_on_cdnow(pareto, rows):
    """With 2,357 customers the prior costs next to no likelihood and stays within a tenth of an error."""
    plain, weak = pareto, fit_purchases("paretonbd", rows, prior=True)
    logs = [np.log(list(fit.params.values())) for fit in (plain, weak)]
    assert (abs(logs[1] - logs[0]) < 0.1 * np.sqrt(np.diag(plain.covariance))).all()
    assert 0.0 < plain.log_likelihood - weak.log_likelihood < 0.01
    assert weak.prior_used


@pytest.mark.parametrize("prior", [False, True])
@pytest.mark.parametrize("purchases", ["bgnbd", "mbgnbd"])
def test_finds_the_same_as_the_native_engine(rows, purchases, prior):
    """Parameters, log-likelihood and covariance agree; differences of lifetimes' likelihood curve 1e-6."""
    theirs = fit_purchases(purchases, rows, prior=prior)
    ours = native.fit_purchases(purchases, rows, prior=prior)
    assert theirs.params == pytest.approx(ours.params, rel=1e-5)
    assert theirs.log_likelihood == pytest.approx(ours.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(theirs.covariance, ours.covariance, rtol=1e-4)
    np.testing.assert_allclose(theirs.information, ours.information, rtol=1e-4)


@pytest.mark.parametrize("prior", [False, True])
def test_finds_the_same_order_values_as_the_native_engine(spend, prior):
    """The same for the Gamma-Gamma model, whose flat direction magnifies the error of differences."""
    theirs, ours = (fit(*spend, prior=prior) for fit in (fit_spend, native.fit_spend))
    assert theirs.params == pytest.approx(ours.params, rel=1e-5)
    assert theirs.log_likelihood == pytest.approx(ours.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(theirs.covariance, ours.covariance, rtol=5e-4)
    np.testing.assert_allclose(theirs.information, ours.information, rtol=1e-5)


def test_a_tight_prior_pulls_towards_given_parameters(rows, spend):
    """Between the data's own and what a segment is shrunk towards, where the native engine finds it too."""
    towards = {"r": 1.0, "alpha": 10.0, "a": 0.5, "b": 2.0}
    theirs, ours = (
        fit("mbgnbd", rows, prior=True, towards=towards, sd=0.05)
        for fit in (fit_purchases, native.fit_purchases)
    )
    assert theirs.params == pytest.approx(ours.params, rel=1e-5)
    assert 0.53 < theirs.params["r"] < 1.0
    values = {"p": 3.0, "q": 5.0, "v": 40.0}
    theirs, ours = (fit(*spend, prior=True, towards=values, sd=0.05) for fit in (fit_spend, native.fit_spend))
    assert theirs.params == pytest.approx(ours.params, rel=1e-5)
    pulled = {"r": 2.0, "alpha": 20.0, "s": 3.0, "beta": 50.0}
    fit = fit_purchases("paretonbd", rows, prior=True, towards=pulled, sd=1e-4)
    assert fit.params == pytest.approx(pulled, rel=1e-2)


@pytest.mark.parametrize("purchases", ["mbgnbd", "paretonbd"])
def test_a_weight_is_so_many_customers(cdnow, purchases):
    """Rows twice and rows of weight two are the same fit; weights may be fractions."""
    some = cdnow.iloc[::12]
    double = fit_purchases(purchases, sorted_rows(pd.concat([some, some])), prior=False)
    twos, halves = (
        fit_purchases(purchases, sorted_rows(some, np.full(len(some), weight)), prior=False)
        for weight in (2.0, 0.5)
    )
    assert twos.params == pytest.approx(double.params, rel=1e-5)
    assert twos.log_likelihood == pytest.approx(double.log_likelihood, rel=1e-9)
    assert halves.params == pytest.approx(double.params, rel=1e-5)
    assert 4.0 * halves.log_likelihood == pytest.approx(double.log_likelihood, rel=1e-9)


def pareto_customers(r, alpha, s, beta, n, weeks, seed):
    """Follow customers of a Pareto/NBD world, to the day."""
    random = np.random.default_rng(seed)
    observed = np.ceil(random.uniform(*weeks, n) * 7) / 7
    rate = random.gamma(r, 1 / alpha, n)
    life = beta * np.expm1(np.minimum(random.exponential(size=n) / s, 700.0))  # Pareto
    end = np.minimum(observed, life)
    count = random.poisson(rate * end).astype(float)
    span = np.where(count > 0, end * random.random(n) ** (1 / np.maximum(count, 1)), 0.0)
    return in_own_order(FitRows(count, span, observed, np.ones(n)))


def test_pareto_nbd_finds_the_truth_again():
    """Of 2,500 simulated customers, within 4 standard errors, which are of the size the data allow."""
    truth = {"r": 1.2, "alpha": 3.0, "s": 0.8, "beta": 30.0}
    fit = fit_purchases("paretonbd", pareto_customers(*truth.values(), 2500, (26, 156), 5), prior=True)
    errors = np.sqrt(np.diag(fit.covariance))
    off = np.log([fit.params[name] / truth[name] for name in truth])
    assert (abs(off) < 4.0 * errors).all()
    assert errors[0] < 0.05
    assert errors.max() < 0.5


@pytest.mark.parametrize(
    "world",
    [
        (30.0, 5.0, 0.5, 60.0, 300, (10, 72)),  # daily buyers
        (0.02, 4.0, 0.5, 10.0, 1000, (10, 52)),  # hardly anybody comes back
        (3.0, 10.0, 1e-3, 1e3, 300, (10, 104)),  # nobody leaves
        (1.0, 2.0, 2.0, 1.0, 500, (10, 104)),  # all leave at once
    ],
    ids=str,
)
def test_pareto_nbd_with_the_prior_never_fails(world):
    """Where plain maximum likelihood may have no maximum, the prior gives finite parameters, no slope."""
    fit = fit_purchases("paretonbd", pareto_customers(*world, seed=1), prior=True)
    assert np.isfinite(list(fit.params.values())).all()
    assert fit.at_boundary is None
    assert fit.gradient_norm < 1e-4
    assert fit.covariance is not None


def test_pareto_nbd_where_lifetimes_overflows():
    """With hundreds of orders lifetimes' likelihood is not a number; ours takes over, and it is recorded."""
    random = np.random.default_rng(0)
    count = random.integers(400, 502, 300).astype(float)
    span, observed = (501 - random.integers(0, 5, 300)) / 7, np.full(300, 501 / 7)
    fit = fit_purchases("paretonbd", in_own_order(FitRows(count, span, observed, np.ones(300))), prior=True)
    assert "not a number" in " ".join(fit.attempts[:-1])
    assert fit.attempts[-1].endswith("likelihood by quadrature")
    assert fit.params["r"] / fit.params["alpha"] == pytest.approx(450 / (500 / 7), rel=0.02)


def test_without_a_prior_no_maximum_is_an_error():
    """Everybody has just ordered: the likelihood rises for ever, and the message says what to do."""
    random = np.random.default_rng(2)
    observed, count = random.integers(70, 700, 60) / 7, random.poisson(8, 60) + 1.0
    just_ordered = in_own_order(FitRows(count, observed, observed, np.ones(60)))
    with pytest.raises(NotEnoughData, match="rises for ever") as caught:
        fit_purchases("paretonbd", just_ordered, prior=False)
    assert "prior=True" in caught.value.next_step


def heavy_tail(n=400, seed=7):
    random = np.random.default_rng(seed)
    count = random.integers(1, 9, n).astype(float)
    value = random.gamma(6.0 * count) / count * 100.0 / random.gamma(0.7, size=n)
    return spend_in_own_order(count, value, np.ones(n))


def test_a_heavy_tail_needs_the_tie():
    """q below 1 is refused without the prior; with it the mean is the observed one, as in the native fit."""
    data = heavy_tail()
    with pytest.raises(NotEnoughData, match="not above 1"):
        fit_spend(*data, prior=False)
    theirs, ours = (fit(*data, prior=True) for fit in (fit_spend, native.fit_spend))
    assert "tied to the observed mean" in theirs.attempts[-1]
    assert theirs.params == pytest.approx(ours.params, rel=1e-4)
    p, q, v = (theirs.params[letter] for letter in "pqv")
    assert p * v / (q - 1.0) == pytest.approx(data[1].mean(), rel=1e-9)
    assert theirs.covariance is None


def test_regular_ordering_is_not_in_lifetimes(rows):
    """Asking for MBG/CNBD-k says which models there are and where to go."""
    with pytest.raises(PatronError, match="'paretonbd'") as caught:
        fit_purchases("mbgcnbd", rows, prior=True)
    assert "native" in caught.value.next_step


@pytest.mark.parametrize("purchases", ["bgnbd", "paretonbd"])
def test_fits_repeat_to_the_bit(cdnow, purchases):
    """The same rows in another order give the same numbers; lifetimes' random start is not used."""
    some = cdnow.iloc[::8]
    first, second = (
        fit_purchases(purchases, sorted_rows(frame), prior=True)
        for frame in (some, some.sample(frac=1.0, random_state=1))
    )
    assert first == second
