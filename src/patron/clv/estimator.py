"""The customer lifetime value model, scikit-learn style.

In: a purchase summary or a ledger. Out: predictions per customer, and a model that travels as JSON.
Not here: value at risk and the churn horizon (``value``); how it is stored (``_stored``).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from patron.clv._months import stretches
from patron.clv._parts import Compute, columns_by_part, for_each_part, models_of
from patron.clv._portfolio import PortfolioValue, portfolio_value
from patron.clv._settings import Settings
from patron.clv._spend import Spend, expected_order_value
from patron.clv._stored import Parameters, letters_of, parameter_problems, stored_form, stored_problems
from patron.clv._summary import PurchaseRows, check_times, check_weights, read_summary
from patron.clv.evidence import Evidence
from patron.clv.ledger_view import is_ledger, view_ledger
from patron.clv.processes import PurchaseProcess, expected_orders
from patron.clv.processes.histories import Histories
from patron.clv.value import checked_share, clv_columns, own_horizons, value_columns
from patron.errors import PatronError

Floats = NDArray[np.float64]
Summary: TypeAlias = pd.DataFrame | PurchaseRows  # rows: of a summary that has been read


class CLVModel(Settings):
    """How often a customer will order, and for how much: a "buy till you die" model with Gamma-Gamma values.

    For customers who buy without a contract and leave without a word. Orders of a customer come at a constant
    rate, a customer may leave after any order, and the value of an order is independent of both.

    Parameters
    ----------
    purchases : {"auto", "bgnbd", "mbgnbd", "mbgcnbd", "paretonbd"}
        Purchase process. MBG/NBD; MBG/CNBD-k, whose gaps between orders are regular; BG/NBD, which takes
        every customer with a single order to be alive for ever; Pareto/NBD (backend lifetimes only).
        ``auto`` chooses between the first two, see ``diagnostics_["chosen_because"]``.
    backend : {"native", "lifetimes"}
        What fits the parameters. Predictions never need it.
    prior : bool
        Whether a weak prior joins the likelihood: independent normal densities of the logs of the
        parameters, standard deviation 3, with the weight of one customer in all. It vanishes with their
        number and keeps parameters finite that the data leave open. False is plain maximum likelihood.
    by : str, optional
        Column of the summary that tells segments apart (industry, size). Each gets own parameters, drawn
        towards the whole base's the less it says itself; customers without a segment, or of one never seen,
        use the whole base's.

    Attributes
    ----------
    params_ : dict of str to float
        The literature's letters: r, alpha (weeks), a, b (Pareto/NBD: s, beta in weeks; MBG/CNBD-k: also k);
        p, q, v (currency).
    purchases_ : str
        Name of the process that was taken.
    covariance_ : dict
        Of the logs of the parameters, for order times and order values.
    segments_ : dict
        Segment -> parameters, customers, how much is its own, a note where it borrows most.
    diagnostics_ : dict
        JSON-able: log-likelihoods, candidates and why one was chosen, gradient and steps, what is not
        identified, share of one-time buyers, correlation of orders and value, season, and ``warnings`` in
        words.

    References
    ----------
    Fader, Hardie & Lee (2005), Marketing Science 24(2): BG/NBD. Batislam, Denizel & Filiztekin (2007), IJRM
    24(3): MBG/NBD. Platzer & Reutterer (2016), Marketing Science 35(5), and Reutterer, Platzer & Schroeder
    (2021), IJRM 38(1): regular gaps. Schmittlein, Morrison & Colombo (1987), Management Science 33(1):
    Pareto/NBD. Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value".

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

    diagnostics_: dict[str, Any]

    def __init__(
        self, purchases: str = "auto", backend: str = "native", prior: bool = True, by: str | None = None
    ) -> None:
        self.purchases = purchases
        self.backend = backend
        self.prior = prior
        self.by = by

    def fit(
        self,
        data: Any,
        y: object = None,  # noqa: ARG002
        *,
        sample_weight: ArrayLike | None = None,
        evidence: Evidence | None = None,
        as_of: str | date = "latest",
        **reading: Any,
    ) -> Self:
        """Fit the parameters.

        Parameters
        ----------
        data : DataFrame, n rows, or order lines
            One row per customer: ``repeat_orders`` (purchase days after the first; the literature's x),
            ``weeks_first_to_last_order`` (t_x), ``weeks_observed`` ((as_of - 1 day - first purchase day) / 7;
            T), ``mean_repeat_order_value`` (currency, 0 without repeat orders; z), optionally
            ``customer_id``, ``sum_log_gap_weeks`` (sum of the logs of the gaps between orders; regular gaps
            need it), and the column ``by``. Or order lines: a pandas or Polars frame or a path, as in
            ``patron.purchase_summary``.
        y : None
            Not used; scikit-learn's place for it.
        sample_weight : array_like, shape (n,), optional
            How many customers each row of a summary stands for; positive.
        evidence : Evidence, optional
            A held-out period for ``purchases="auto"``; made by itself from order lines.
        as_of, **reading
            For order lines only: the day before whose start orders count, and how they are read.

        Returns
        -------
        CLVModel
            The model itself. The parameters do not depend on the order of the rows.

        Raises
        ------
        PatronError
            When the data cannot be used, with all problems; ``NotEnoughData`` when they hold too little.
        """
        from patron.clv._learning import learn_parameters  # at use: predicting does without the fitting

        summary = data
        if is_ledger(data, as_of, reading):
            view = view_ledger(data, as_of, reading)
            summary, evidence = view.summary(self.by), evidence or view.evidence()
        rows = read_summary(summary, self.by)
        known, self.diagnostics_ = learn_parameters(
            rows,
            check_weights(sample_weight, len(rows)),
            purchases=self.purchases,
            backend=self.backend,
            prior=self.prior,
            evidence=evidence,
        )
        return self._knowing(known)

    @classmethod
    def from_params(
        cls,
        purchases: str,
        params: Mapping[str, float],
        *,
        backend: str = "native",
        prior: bool = True,
        by: str | None = None,
    ) -> Self:
        """Make a model from known parameters, without fitting.

        Parameters
        ----------
        purchases : {"bgnbd", "mbgnbd", "mbgcnbd", "paretonbd"}
            Purchase process.
        params : mapping of str to float
            r, alpha, a, b (mbgcnbd: also a whole k; paretonbd: r, alpha, s, beta), p, q, v; time in weeks;
            all positive, q above 1.
        backend, prior, by
            As in the constructor, for a later ``fit``.

        Raises
        ------
        PatronError
            For an unknown process or parameters that cannot be, with all problems.
        """
        problems = parameter_problems(purchases, params)
        if problems:
            raise PatronError(problems)
        model = cls(purchases, backend, prior, by)
        model.diagnostics_ = {}
        kinds = {"k": int}
        params = {name: kinds.get(name, float)(params[name]) for name in letters_of(purchases)}
        return model._knowing(Parameters(purchases, params, {}, {}))

    @property
    def base_order_value(self) -> float:
        """Expected order value (currency) of a customer without repeat orders: p v / (q - 1)."""
        return self._pooled()[1].population_mean

    def predict(
        self,
        data: Any,
        horizon_weeks: float = 52,
        *,
        margin: float | Floats = 1.0,
        annual_discount_rate: float = 0.0,
        as_of: str | date = "latest",
        **reading: Any,
    ) -> pd.DataFrame:
        """Predict everything at once.

        Parameters
        ----------
        data : DataFrame, n rows, or order lines
            As in ``fit``; of order lines the result has one row per customer, indexed by ``customer_id``.
        horizon_weeks : float
            How far ahead, weeks.
        margin : float or ndarray, shape (n,)
            Share of an order's value that is earned.
        annual_discount_rate : float
            Yearly rate; 0 does not discount. A month's orders are discounted at its middle.
        as_of, **reading
            For order lines only, as in ``fit``.

        Returns
        -------
        DataFrame, n rows, indexed like the summary
            ``alive_probability``, ``expected_orders``, ``expected_order_value`` (currency, before margin),
            ``clv``, ``clv_low``, ``clv_high`` (80 % predictive interval of the margin realised, zero to
            zero where more than four fifths of the futures bring nothing; draws are seeded by
            ``customer_id``, without ids by the row's values).

        Raises
        ------
        PatronError
            When the model is not fitted, or the data or an argument cannot be used.
        """
        rows = self._rows(data, as_of, reading)
        return for_each_part(
            self._known(),
            rows,
            checked_share(rows, horizon_weeks, margin, annual_discount_rate),
            lambda process, spend, some, own: value_columns(
                process, spend, some, own, horizon_weeks, annual_discount_rate
            )[0],
        )

    def predict_total(
        self,
        summary: pd.DataFrame,
        horizon_weeks: float = 52,
        *,
        margin: float | Floats = 1.0,
        annual_discount_rate: float = 0.0,
    ) -> PortfolioValue:
        """Predict what all customers together bring, with an 80 % interval.

        The interval holds what customers do by chance and the uncertainty of fitted parameters. What changes
        for everybody between periods (season, prices, a crisis) is in no model here, and not in the interval.

        Returns
        -------
        PortfolioValue
            ``expected``, ``low``, ``high``, currency; the arguments are those of ``predict``.
        """
        rows = read_summary(summary, self.by)
        return portfolio_value(
            self._known(),
            rows,
            checked_share(rows, horizon_weeks, margin, annual_discount_rate),
            horizon_weeks=horizon_weeks,
            annual_discount_rate=annual_discount_rate,
        )

    def clv(
        self,
        summary: Summary,
        horizon_weeks: float = 52,
        *,
        margin: float | Floats = 1.0,
        annual_discount_rate: float = 0.0,
    ) -> Floats:
        """Compute the column ``clv`` of ``predict`` alone, shape (n,), without its interval."""
        rows = read_summary(summary, self.by)
        share = checked_share(rows, horizon_weeks, margin, annual_discount_rate)
        months = stretches(0.0, horizon_weeks, annual_discount_rate)
        return self._one(
            rows, lambda process, spend, some, own: clv_columns(process, spend, some, own, months), share
        )

    def alive_probability(self, summary: Summary) -> Floats:
        """Chance that the customer still buys here at all, shape (n,)."""
        return self._of_process(summary, lambda process, past: process.alive_probability(past))

    def no_order_probability(self, summary: Summary, horizon_weeks: float | Floats) -> Floats:
        """Chance of no order in the next ``horizon_weeks`` (of all, or of each), shape (n,)."""
        return self._within(
            summary,
            horizon_weeks,
            lambda process, past, weeks: (
                1.0 - process.alive_probability(past) * process.order_chance_if_alive(past, weeks)
            ),
        )

    def expected_orders(self, summary: Summary, horizon_weeks: float | Floats) -> Floats:
        """Expect so many orders in the next ``horizon_weeks`` (of all, or of each), shape (n,)."""
        return self._within(summary, horizon_weeks, expected_orders)

    def expected_orders_since_first(self, weeks: ArrayLike) -> Floats:
        """Expect so many repeat orders of a new customer within each of these times, shape (k,), weeks.

        Of the whole base's parameters; what the tracking plot adds up.
        """
        return self._pooled()[0].expected_orders_since_first(check_times(weeks))

    def expected_order_value(self, summary: Summary) -> Floats:
        """Estimate the value of an order (currency), shape (n,)."""
        return self._one(
            read_summary(summary, self.by),
            lambda _, spend, rows, __: {
                "": expected_order_value(spend, rows.history.repeat_orders, rows.value)
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything needed to predict, JSON-able; floats survive ``json.dumps`` to the bit."""
        return stored_form(self.get_params(), self._known(), self.diagnostics_)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Bring back a model written by ``to_dict``.

        Raises
        ------
        ModelError
            When it was written by another version's layout or is damaged, with all problems.
        """
        stored_problems(stored)
        model = cls.from_params(stored["purchases"], stored["params"]).set_params(**stored["settings"])
        for name in ("covariance", "segments", "diagnostics"):
            setattr(model, f"{name}_", copy.deepcopy(dict(stored[name])))
        return model

    def _knowing(self, known: Parameters) -> Self:
        self.purchases_, self.params_ = known.purchases, dict(known.params)
        self.covariance_, self.segments_ = dict(known.covariance), dict(known.segments)
        return self

    def _rows(self, data: Any, as_of: str | date, reading: dict[str, Any]) -> PurchaseRows:
        self._pooled()
        if is_ledger(data, as_of, reading):
            summary = view_ledger(data, as_of, reading).summary(self.by)
            return read_summary(summary.set_index("customer_id", drop=False), self.by)
        return read_summary(data, self.by)

    def _of_process(
        self, summary: Summary, compute: Callable[[PurchaseProcess, Histories], Floats]
    ) -> Floats:
        rows = read_summary(summary, self.by)
        return self._one(rows, lambda process, _, some, __: {"": compute(process, some.history)})

    def _within(
        self,
        summary: Summary,
        horizon_weeks: float | Floats,
        compute: Callable[[PurchaseProcess, Histories, float | Floats], Floats],
    ) -> Floats:
        """Compute a column from a horizon of all customers or of each."""
        rows = read_summary(summary, self.by)
        own = own_horizons("horizon_weeks", horizon_weeks, len(rows))
        return self._one(
            rows,
            lambda process, _, some, weeks: {
                "": compute(process, some.history, horizon_weeks if own is None else weeks)
            },
            own,
        )

    def _one(self, rows: PurchaseRows, compute: Compute, share: Floats | None = None) -> Floats:
        """Compute a single column."""
        given = np.ones(len(rows)) if share is None else share
        return next(iter(columns_by_part(self._known(), rows, given, compute).values()))

    def _known(self) -> Parameters:
        """Give everything fitted to the folder's own functions."""
        if not hasattr(self, "params_"):
            raise PatronError(
                "this CLVModel is not fitted", "call fit(summary) first, or use CLVModel.from_params"
            )
        return Parameters(self.purchases_, self.params_, self.covariance_, self.segments_)

    def _pooled(self) -> tuple[PurchaseProcess, Spend]:
        known = self._known()
        return models_of(known.purchases, known.params)
