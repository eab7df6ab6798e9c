"""The CDNOW sample that ships with lifetimes.

In: nothing. Out: its orders. The package is found, not imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from patron.errors import LedgerError


def demo_orders() -> pd.DataFrame:
    """Return the purchases of 2,357 buyers of a CD shop, January 1997 to June 1998.

    Importing lifetimes would set a global warnings filter and a pandas option, so only its data file is read.

    Returns
    -------
    pandas.DataFrame
        One row per purchase: ``customer_id`` (the sample's own number, text with leading zeros),
        ``ordered_at``, ``quantity``
        (CDs), ``amount`` (dollars). No order ids: load it with ``duplicates="keep"``.

    Raises
    ------
    LedgerError
        lifetimes is not installed.

    References
    ----------
    Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2).

    Examples
    --------
    >>> orders = demo_orders()
    >>> orders.shape, orders["customer_id"].nunique()
    ((6919, 4), 2357)
    """
    spec = find_spec("lifetimes")
    if spec is None or not spec.submodule_search_locations:
        message = "the demo's data ships with lifetimes, which is not installed; pip install lifetimes"
        raise LedgerError(message)
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"
    cells = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
    return pd.DataFrame(
        {
            "customer_id": [row[1] for row in cells],
            "ordered_at": pd.to_datetime([row[2] for row in cells], format="%Y%m%d"),
            "quantity": [int(row[3]) for row in cells],
            "amount": [float(row[4]) for row in cells],
        }
    )
