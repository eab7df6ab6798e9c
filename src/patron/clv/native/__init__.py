"""The native engine: parameters by maximum likelihood with a weak prior, in numpy and scipy alone.

In: rows in an order of their own (``rows``). Out: ``FitResult`` (``attempts``).
Not here: which process is fitted (``clv._choice``), predictions (``clv.processes``).
"""

from patron.clv.native.order_times import fit_purchases
from patron.clv.native.order_values import fit_spend

__all__ = ["fit_purchases", "fit_spend"]
