"""The customer lifetime value model, scikit-learn style.

In: a purchase summary. Out: predictions per customer, and a model that travels as JSON.
Not here: value at risk and the churn horizon (``value``).
"""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patron.clv._fitting import PROCESSES, fit_models
from patron.clv._purchases import (
    Purchases,
    alive_probability,
    expected_orders_if_alive,
    order_chance_if_alive,
)
from patron.clv._spend import Spend, expected_order_value
from patron.clv._summary import read_summary
from patron.clv.value import check_horizon, value_table
from patron.errors import ModelError, PatronError

Floats = NDArray[np.float64]

SCHEMA_VERSION = 1
PARAMETERS = ("r", "alpha", "a", "b", "p", "q", "v")


class CLVModel:
    """How often a customer will order, and for how much: BG/NBD or MBG/NBD with Gamma-Gamma.

    For customers who buy without a contract and leave without a word. Orders of a customer come at a constant
    rate, a customer may leave after any order, and the value of an order is independent of both.

    Parameters
    ----------
    purchases : {"auto", "bgnbd", "mbgnbd"}
        Purchase process. BG/NBD takes every customer with a single order to be alive for ever, so ``auto``
        takes MBG/NBD wherever it can be fitted; both log-likelihoods stand in ``diagnostics_``.
    backend : {"native", "lifetimes"}
        What fits the parameters. Predictions never need it.
    prior : bool
        Whether a weak prior may step in where plain maximum likelihood fails or runs off to a limit. Where it
        does neither, both settings give the same parameters.

    Attributes
    ----------
    params_ : dict of str to float
        The literature's letters: r, alpha (weeks), a, b; p, q, v (currency).
    purchases_ : str
        ``bgnbd`` or ``mbgnbd``.
    diagnostics_ : dict
        JSON-able: log-likelihoods, candidates and why one was chosen, what was tried, warnings in words.

    Examples
    --------
    >>> import pandas as pd
    >>> published = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> model = CLVModel.from_params("bgnbd", published)
    >>> customer = pd.DataFrame({"repeat_orders": [26], "weeks_first_to_last_order": [30.86],
    ...                          "weeks_observed": [31.0], "mean_repeat_order_value": [35.0]})
    >>> model.expected_orders(customer, horizon_weeks=52).round(2).tolist()
    [25.76]
    """

    params_: dict[str, float]
    purchases_: str
    diagnostics_: dict[str, Any]

    def __init__(self, purchases: str = "auto", backend: str = "native", prior: bool = True) -> None:
        self.purchases = purchases
        self.backend = backend
        self.prior = prior

    def fit(self, summary: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Fit the parameters.

        Parameters
        ----------
        summary : DataFrame, n rows
            One row per customer: ``repeat_orders`` (purchase days after the first; the literature's x),
            ``weeks_first_to_last_order`` (t_x), ``weeks_observed`` ((as_of - 1 day - first purchase day) / 7;
            T), ``mean_repeat_order_value`` (currency, 0 without repeat orders; z), optionally
        ``customer_id``. y : None
            Not used; scikit-learn's place for it.

        Returns
        -------
        CLVModel
            The model itself. The parameters do not depend on the order of the rows.

        Raises
        ------
        PatronError
            When the summary cannot be used, with all problems; ``NotEnoughData`` when it holds too little.
        """
        fitted = fit_models(
            read_summary(summary), purchases=self.purchases, backend=self.backend, prior=self.prior
        )
        self.purchases_, self.params_, self.diagnostics_ = fitted.purchases, fitted.params, fitted.diagnostics
        return self

    @classmethod
    def from_params(
        cls, purchases: str, params: Mapping[str, float], *, backend: str = "native", prior: bool = True
    ) -> Self:
        """Make a model from known parameters, without fitting.

        Parameters
        ----------
        purchases : {"bgnbd", "mbgnbd"}
            Purchase process.
        params : mapping of str to float
            r, alpha, a, b, p, q, v; time in weeks; all positive, q above 1.
        backend, prior
            As in the constructor, for a later ``fit``.

        Raises
        ------
        PatronError
            For an unknown process or parameters that cannot be, with all problems.
        """
        problems = _parameter_problems(purchases, params)
        if problems:
            raise PatronError(problems)
        model = cls(purchases, backend, prior)
        model.purchases_ = purchases
        model.params_ = {name: float(params[name]) for name in PARAMETERS}
        model.diagnostics_ = {}
        return model

    @property
    def base_order_value(self) -> float:
        """Expected order value (currency) of a customer without repeat orders: p v / (q - 1)."""
        return self._parts()[1].population_mean

    def predict(
        self,
        summary: pd.DataFrame,
        horizon_weeks: float = 52,
        *,
        margin: float | Floats = 1.0,
        annual_discount_rate: float = 0.0,
    ) -> pd.DataFrame:
        """Predict everything at once.

        Parameters
        ----------
        summary : DataFrame, n rows
            As in ``fit``.
        horizon_weeks : float
            How far ahead, weeks.
        margin : float or ndarray, shape (n,)
            Share of an order's value that is earned.
        annual_discount_rate : float
            Yearly rate; 0 does not discount. A month's orders are discounted at its middle.

        Returns
        -------
        DataFrame, n rows, indexed like ``summary``
            ``alive_probability``, ``expected_orders``, ``expected_order_value`` (currency, before margin),
            ``clv``, ``clv_low``, ``clv_high`` (80 % predictive interval of the margin realised, widened to
            hold ``clv``; draws are seeded by ``customer_id``, without ids by the row's values).

        Raises
        ------
        PatronError
            When the model is not fitted, or the summary or an argument cannot be used.
        """
        process, spend = self._parts()
        table, _ = value_table(
            process,
            spend,
            read_summary(summary),
            horizon_weeks=horizon_weeks,
            margin=margin,
            annual_discount_rate=annual_discount_rate,
        )
        return table

    def alive_probability(self, summary: pd.DataFrame) -> Floats:
        """Chance that the customer still buys here at all, shape (n,)."""
        return alive_probability(self._parts()[0], *read_summary(summary).history)

    def no_order_probability(self, summary: pd.DataFrame, horizon_weeks: float) -> Floats:
        """Chance of no order in the next ``horizon_weeks``, shape (n,)."""
        check_horizon("horizon_weeks", horizon_weeks)
        process, rows = self._parts()[0], read_summary(summary)
        chance = order_chance_if_alive(process, rows.repeat_orders, rows.observed, horizon_weeks)
        return 1.0 - alive_probability(process, *rows.history) * chance

    def expected_orders(self, summary: pd.DataFrame, horizon_weeks: float) -> Floats:
        """Expect so many orders in the next ``horizon_weeks``, shape (n,); see ``fit`` for the columns."""
        check_horizon("horizon_weeks", horizon_weeks)
        process, rows = self._parts()[0], read_summary(summary)
        weeks = np.array([horizon_weeks], dtype=np.float64)
        ahead = expected_orders_if_alive(process, rows.repeat_orders, rows.observed, weeks)[:, 0]
        return alive_probability(process, *rows.history) * ahead

    def expected_order_value(self, summary: pd.DataFrame) -> Floats:
        """Estimate the value of an order (currency), shape (n,)."""
        rows = read_summary(summary)
        return expected_order_value(self._parts()[1], rows.repeat_orders, rows.value)

    def to_dict(self) -> dict[str, Any]:
        """Everything needed to predict, JSON-able; floats survive ``json.dumps`` to the bit."""
        self._parts()
        return {
            "schema_version": SCHEMA_VERSION,
            "settings": self.get_params(),
            "purchases": self.purchases_,
            "params": dict(self.params_),
            "diagnostics": copy.deepcopy(self.diagnostics_),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Bring back a model written by ``to_dict``.

        Raises
        ------
        ModelError
            When it was written by another version's layout or is damaged, with all problems.
        """
        if stored.get("schema_version") != SCHEMA_VERSION:
            raise ModelError(
                f"this CLV model has schema version {stored.get('schema_version')!r}, not {SCHEMA_VERSION}",
                "train the model again with this version of patron",
            )
        missing = [key for key in ("settings", "purchases", "params", "diagnostics") if key not in stored]
        if missing:
            raise ModelError(f"this CLV model lacks {', '.join(missing)}", "train the model again")
        problems = _parameter_problems(stored["purchases"], stored["params"])
        if problems:
            raise ModelError(problems, "train the model again")
        model = cls.from_params(stored["purchases"], stored["params"]).set_params(**stored["settings"])
        model.diagnostics_ = copy.deepcopy(dict(stored["diagnostics"]))
        return model

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """Return the constructor arguments by name."""
        return {name: getattr(self, name) for name in _settings()}

    def set_params(self, **params: Any) -> Self:
        """Change constructor arguments; the fitted parameters stay.

        Raises
        ------
        PatronError
            For a name that is not one of them.
        """
        unknown = sorted(set(params) - set(_settings()))
        if unknown:
            raise PatronError(f"CLVModel has no {', '.join(unknown)}; it has {', '.join(_settings())}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        return f"CLVModel(purchases={self.purchases!r}, backend={self.backend!r}, prior={self.prior!r})"

    def _parts(self) -> tuple[Purchases, Spend]:
        """Give the two models inside to the folder's own functions."""
        if not hasattr(self, "params_"):
            raise PatronError(
                "this CLVModel is not fitted", "call fit(summary) first, or use CLVModel.from_params"
            )
        r, alpha, a, b, p, q, v = (self.params_[name] for name in PARAMETERS)
        return Purchases(r, alpha, a, b, self.purchases_ == "mbgnbd"), Spend(p, q, v)


def _settings() -> list[str]:
    return list(inspect.signature(CLVModel.__init__).parameters)[1:]


def _parameter_problems(purchases: str, params: Mapping[str, float]) -> list[str]:
    problems = []
    if purchases not in PROCESSES:
        problems.append(f"purchases {purchases!r} is not one of {', '.join(map(repr, PROCESSES))}")
    missing = [name for name in PARAMETERS if name not in params]
    if missing:
        problems.append(f"params lack {', '.join(missing)}")
    given = {name: params[name] for name in PARAMETERS if name in params}
    for name, value in given.items():
        if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
            problems.append(f"parameter {name} must be a positive number, not {value!r}")
    if not problems and given["q"] <= 1:
        problems.append(f"parameter q must be above 1 for a finite mean order value, not {given['q']!r}")
    return problems
