"""The door to lifetimes leaves nothing behind."""

import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pandas as pd
import pytest

from patron.clv._lifetimes import fit_purchases, fit_spend, lifetimes_module, untouched


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
        before = state()
        lifetimes_module()
        assert state() == before, "import"
        count = np.array([0.0, 1, 2, 3, 0, 5] * 5)
        observed = np.linspace(20, 40, 30)
        fit_purchases("mbgnbd", count, np.where(count > 0, 12.0, 0), observed, prior=True)
        assert state() == before, "purchases"
        worth = count > 0
        fit_spend(count[worth], observed[worth], prior=True)
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
    fit = fit_spend(count, value, prior=True)
    assert ("did not converge" in " ".join(fit.attempts), capsys.readouterr().out) == (True, "")


def test_the_log_likelihood_is_that_of_weeks():
    """Reported log-likelihoods are those of the data in weeks, although lifetimes rescales time."""
    from math import lgamma, log

    count = np.array([0.0, 1, 2, 3, 0, 5] * 5)
    span, observed = np.where(count > 0, 12.0, 0.0), np.linspace(20, 40, 30)
    fit = fit_purchases("mbgnbd", count, span, observed, prior=True)
    r, alpha, a, b = (fit.params[name] for name in ("r", "alpha", "a", "b"))

    def beta(left, right):
        return lgamma(left) + lgamma(right) - lgamma(left + right)

    total = 0.0
    for x, tx, T in zip(count, span, observed, strict=True):
        orders = lgamma(r + x) - lgamma(r) + r * log(alpha)
        alive = orders + beta(a, b + x + 1) - beta(a, b) - (r + x) * log(alpha + T)
        left = orders + beta(a + 1, b + x) - beta(a, b) - (r + x) * log(alpha + tx)
        total += np.logaddexp(alive, left)
    assert fit.log_likelihood == pytest.approx(total, rel=1e-10)
