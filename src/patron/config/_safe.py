"""A config without what must not leave the machine: passwords and absolute paths.

In:  the plain values of a config, its folder.
Out: the same with addresses masked and absolute paths cut to their last part; resolved store addresses.
Not here: the settings (`schema`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_PATHS = (
    ("ledger", "transactions"),
    ("ledger", "customers"),
    ("ledger", "events"),
    ("ledger", "actions"),
    ("ledger", "customer_merges"),
    ("playbook",),
    ("tracking", "uri"),
    ("publish", "url"),
    ("output",),
)
_USER_INFO = re.compile(r"(?<=://)\S*@")  # up to the last @, for passwords that hold one
_SECRET_PARAMETER = re.compile(r"(?i)\b(password|passwd|pwd|token|secret|user|api_?key)=[^&;\s]*")
_LOCAL = re.compile(r"(?P<scheme>sqlite:///|duckdb:///|file://|file:|)(?P<path>[^:]+)")


def as_plain(content: dict[str, Any]) -> dict[str, Any]:
    """Mask addresses and cut absolute paths; everything else stays as written."""
    for keys in _PATHS:
        *parents, last = keys
        place = content
        for key in parents:
            place = place[key]
        if isinstance(place[last], str):
            place[last] = _without_folder(_masked(place[last]))
        elif isinstance(place[last], dict):
            place[last]["url"] = _without_folder(_masked(place[last]["url"]))
    return content


def resolved_uri(uri: str, folder: Path) -> str:
    """Store address with a relative local path made absolute; addresses of servers stay as they are."""
    local = _LOCAL.fullmatch(uri)
    if local is None or "${" in uri or uri.startswith("databricks"):
        return uri
    return f"{local['scheme']}{(folder / local['path']).resolve()}"


def _masked(text: str) -> str:
    return _SECRET_PARAMETER.sub(r"\1=***", _USER_INFO.sub("***@", text))


def _without_folder(text: str) -> str:
    local = _LOCAL.fullmatch(text)
    if local is None or not Path(local["path"]).is_absolute():
        return text
    return f"{local['scheme']}{Path(local['path']).name}"
