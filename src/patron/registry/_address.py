"""The address of a tracking store.

One job: read `tracking.uri`. In: the text of the config, the environment. Out: what MLflow is to open, what
people may see, and which parts are secret. Not here: opening it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from patron.errors import RegistryError
from patron.ledger.address import VARIABLE, environment_values, secret_forms, without_secrets

_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")
_FORMS = "Use sqlite:///mlflow.db (relative to the config), or the http(s):// address of an MLflow server."


@dataclass(frozen=True)
class Address:
    """Where a store is.

    Parameters
    ----------
    uri : str
        What MLflow opens; it may hold a password.
    shown : str
        The same for people: variables by name, credentials hidden.
    database : Path or None
        The SQLite file of a local store.
    secrets : tuple of str
        Texts that must not appear in any message.
    """

    uri: str = field(repr=False)
    shown: str
    database: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def scrub(self, text: str) -> str:
        """Remove everything secret from a text."""
        return without_secrets(text.replace(self.uri, self.shown), self.secrets)


def read_address(uri: str, root: Path) -> Address:
    """Read `tracking.uri`.

    Parameters
    ----------
    uri : str
        `sqlite:///relative.db`, `sqlite:////absolute.db` or `http(s)://...`, with `${NAME}` for what the
        environment holds.
    root : Path
        The folder that relative paths start from.

    Returns
    -------
    Address

    Raises
    ------
    RegistryError
        If a variable is missing or the address is of another kind.

    Examples
    --------
    >>> read_address("https://me:secret@mlflow.example.com", Path("."))
    Address(shown='https://***@mlflow.example.com', database=None)
    """
    values = environment_values(uri, "tracking.uri", RegistryError)
    opened = VARIABLE.sub(lambda found: values[found[1]], uri)
    shown = _CREDENTIALS.sub("***@", uri)
    if opened.startswith("sqlite:"):
        database = _database(opened, shown, root)
        return Address(f"sqlite:///{database.as_posix()}", shown, database)
    parts = urlsplit(opened)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise RegistryError(f"{shown!r} is not a tracking store that patron opens. {_FORMS}")
    return Address(opened, shown, None, secret_forms([*values.values(), parts.password]))


def _database(uri: str, shown: str, root: Path) -> Path:
    """Return the absolute path of a SQLite store."""
    path = uri.removeprefix("sqlite:///")
    if path == uri or path in ("", ":memory:"):
        raise RegistryError(f"{shown!r} names no file. {_FORMS}")
    database = (Path(root) / Path(path).expanduser()).resolve()
    if set("%?") & set(str(database)):
        raise RegistryError(
            f"the tracking store may not lie at {str(database)!r}: MLflow cannot open paths with '%' or '?'. "
            "Rename the folder, or give another path in tracking.uri."
        )
    return database
