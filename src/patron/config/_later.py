"""Settings that belong to later versions: refused clearly, never ignored.

In:  the content of a config file.
Out: one problem per setting that asks for something this version cannot do.
Not here: anything else. When a capability arrives, its line goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def not_available(content: Mapping[str, Any]) -> dict[str, str]:
    """Find the settings of later versions: path -> problem."""
    transactions = (content.get("ledger") or {}).get("transactions")
    if not isinstance(transactions, Mapping):
        return {}
    path = "ledger.transactions"
    return {path: f"{path}: reading from a database is not available in this version; name a file."}
