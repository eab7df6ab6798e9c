"""Settings that belong to later versions: refused clearly, never ignored.

In:  the content of a config file.
Out: one problem per setting that asks for something this version cannot do.
Not here: anything else. When a capability arrives, its line goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Dotted path -> (values this version can do, what to write instead).
NOT_YET: dict[str, tuple[tuple[Any, ...], str]] = {
    "ledger.actions": ((None,), "leave it out"),
    "worklist.cooldown_days": ((28,), "leave it out"),
    "nps_scale": (([0, 10], (0, 10)), "leave it out"),
}


def not_available(content: Mapping[str, Any]) -> dict[str, str]:
    """Find the settings of later versions: path -> problem."""
    found = {}
    for path, (possible, advice) in NOT_YET.items():
        wanted = _value_at(content, path.split("."))
        if wanted is not None and wanted not in possible:
            found[path] = _problem(path, str(wanted), advice)
    transactions = (content.get("ledger") or {}).get("transactions")
    if isinstance(transactions, Mapping):
        found["ledger.transactions"] = _problem(
            "ledger.transactions", "reading from a database", "name a file"
        )
    return found


def _value_at(content: Any, keys: Sequence[str]) -> Any:
    """Follow keys into nested mappings; None where they lead nowhere."""
    for key in keys:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content


def _problem(path: str, wanted: str, advice: str) -> str:
    return f"{path}: {wanted} is not available in this version; {advice}."
