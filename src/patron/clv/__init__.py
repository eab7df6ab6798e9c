"""Customer lifetime value: who still buys, how often, for how much, and what that is worth.

In: a purchase summary, one row per customer, or a ledger. Out: predictions in orders and money.
Not here: making the summary (``snapshots``), the chance of churn (``churn``).

Importing this folder imports neither ``lifetimes`` nor LightGBM nor scikit-learn; ``lifetimes`` is needed
only where it is asked for as the backend of a fit, LightGBM only by the challenger.
"""

from patron.clv.calibration import holdout_calibration
from patron.clv.challenger import BASELINE, Challenger, fit_challenger
from patron.clv.estimator import CLVModel
from patron.clv.evidence import Evidence, evidence_from, held_out_days
from patron.clv.forecast import (
    PURCHASE_COLUMNS,
    SINGLE_ENTRANTS,
    ValueForecast,
    last_year_per_day,
    rescaled,
    value_matrix,
)
from patron.clv.ledger_view import LedgerView, view_ledger
from patron.clv.margins import customer_margins, net_ratios
from patron.clv.pictures import alive_grid, frequency_classes, order_value_shares
from patron.clv.tracking import tracking
from patron.clv.value import customer_value, value_at_risk
from patron.clv.verification import Comparison, verify_model

__all__ = [
    "BASELINE",
    "PURCHASE_COLUMNS",
    "SINGLE_ENTRANTS",
    "CLVModel",
    "Challenger",
    "Comparison",
    "Evidence",
    "LedgerView",
    "ValueForecast",
    "alive_grid",
    "customer_margins",
    "customer_value",
    "evidence_from",
    "fit_challenger",
    "frequency_classes",
    "held_out_days",
    "holdout_calibration",
    "last_year_per_day",
    "net_ratios",
    "order_value_shares",
    "rescaled",
    "tracking",
    "value_at_risk",
    "value_matrix",
    "verify_model",
    "view_ledger",
]
