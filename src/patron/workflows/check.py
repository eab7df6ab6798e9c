"""`patron check`: what the ledger holds, what was set aside and why."""

from __future__ import annotations

from patron.config import Config
from patron.ledger import LedgerReport
from patron.workflows.base import open_base


def check(config: Config) -> LedgerReport:
    """Read everything a config names and report on it.

    Parameters
    ----------
    config : Config
        The whole config.

    Returns
    -------
    LedgerReport
        Rows in = rows used + set aside + later.
    """
    return open_base(config).ledger.report
