"""Addresses that take parts from the environment, and what of them nobody may see.

In:  an address with ``${VARIABLE}`` in it.
Out: the address to open, which never shows itself, and a way to clean messages of its secrets.
Not here: opening anything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from patron.errors import PatronError

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PARTS = re.compile(
    r"(?P<scheme>[^:/?]*://)(?P<user>[^?]*@)?(?P<place>[^?]*)(?P<parameters>\?.*)?", re.DOTALL
)
_SHORTEST_SECRET = 4


@dataclass(frozen=True)
class Opened:
    """An address with its variables filled in.

    Parameters
    ----------
    text : str
        What to open; it may hold a password.
    secrets : tuple of str
        Texts that must not appear in any message.
    """

    text: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def scrub(self, message: str) -> str:
        """Remove everything secret from a message."""
        return without_secrets(message, self.secrets)


def fill_in(address: str, setting: str, error: type[PatronError] = PatronError) -> Opened:
    """Take every ``${VARIABLE}`` of an address from the environment.

    A value is written into the credentials or the parameters of the address percent-encoded, so that a
    password is exported as it is; elsewhere it is taken literally.

    Parameters
    ----------
    address : str
        As in the config.
    setting : str
        The key it comes from, for messages.
    error : type
        What to raise.

    Returns
    -------
    Opened

    Raises
    ------
    PatronError
        Naming every variable that is not set.

    Examples
    --------
    >>> fill_in("postgresql://db.example.com/shop", "ledger.transactions")
    Opened()
    """
    values = environment_values(address, setting, error)

    def filled(text: str, how: Callable[[str], str]) -> str:
        return VARIABLE.sub(lambda found: how(values[found[1]]), text)

    def encoded(value: str) -> str:
        return quote(value, safe="")

    parts = _PARTS.fullmatch(address)
    if parts is None:
        text = filled(address, str)
    else:
        user, parameters = (filled(parts[name] or "", encoded) for name in ("user", "parameters"))
        text = f"{parts['scheme']}{user}{filled(parts['place'], str)}{parameters}"
    return Opened(text, secret_forms([*values.values(), *_written_secrets(text)]))


def environment_values(address: str, setting: str, error: type[PatronError]) -> dict[str, str]:
    """Look up every variable named in an address; all that are not set are reported at once."""
    names = list(dict.fromkeys(VARIABLE.findall(address)))
    missing = [name for name in names if name not in os.environ]
    if missing:
        problems = [f"the environment variable {name} is not set; {setting} needs it" for name in missing]
        raise error(problems, next_step=f"export {missing[0]}=...")
    return {name: os.environ[name] for name in names}


def secret_forms(values: Iterable[str | None]) -> tuple[str, ...]:
    """Return each secret as it is and as it looks inside an address; tiny ones would only garble messages."""
    forms = {
        form
        for value in values
        if value
        for form in (value, quote(value, safe=""), unquote(value))
        if len(value) >= _SHORTEST_SECRET
    }
    return tuple(sorted(forms))


def without_secrets(message: str, secrets: Iterable[str]) -> str:
    """Replace every secret in a message, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, "***")
    return message


def _written_secrets(text: str) -> list[str]:
    """Return the password of an address, whole and in the pieces a parser makes, and secret parameters."""
    credentials = "".join(re.findall(r"(?<=://).*(?=@)", text, re.DOTALL))
    password = credentials.partition(":")[2]
    parameters = re.findall(r"(?i)\b(?:password|passwd|pwd|token|secret|api_?key)=([^&;\s]*)", text)
    return [password, *re.split(r"[/@?#&=:\s]+", password), *parameters]
