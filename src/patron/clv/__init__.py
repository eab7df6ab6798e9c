"""Customer lifetime value: who still buys, how often, for how much, and what that is worth.

In: a purchase summary, one row per customer, or a ledger. Out: predictions in orders and money.
Not here: making the summary (``snapshots``), the chance of churn (``churn``).

Importing this folder imports neither ``lifetimes`` nor LightGBM nor scikit-learn; ``lifetimes`` is needed
only where it is asked for as the backend of a fit, LightGBM only by the challenger. What judges a model
(``clv.calibration``, ``clv.pictures``, ``clv.tracking``, ``clv.verification``) is imported from there.
"""

from patron.clv._summary import PurchaseRows, purchase_rows
from patron.clv.challenger import BASELINE, Challenger, fit_challenger
from patron.clv.estimator import CLVModel
from patron.clv.evidence import Evidence, evidence_from, held_out_days
from patron.clv.forecast import (
    PURCHASE_COLUMNS,
    SINGLE_ENTRANTS,
    ValueForecast,
    last_year_per_day,
    rescaled,
    rescaled_columns,
    value_inputs,
    value_matrix,
)
from patron.clv.ledger_view import LedgerView, view_ledger
from patron.clv.margins import customer_margins, net_ratios
from patron.clv.value import customer_value, value_at_risk, value_of_rows

__all__ = [
    "BASELINE",
    "PURCHASE_COLUMNS",
    "SINGLE_ENTRANTS",
    "CLVModel",
    "Challenger",
    "Evidence",
    "LedgerView",
    "PurchaseRows",
    "ValueForecast",
    "customer_margins",
    "customer_value",
    "evidence_from",
    "fit_challenger",
    "held_out_days",
    "last_year_per_day",
    "net_ratios",
    "purchase_rows",
    "rescaled",
    "rescaled_columns",
    "value_at_risk",
    "value_inputs",
    "value_matrix",
    "value_of_rows",
    "view_ledger",
]
