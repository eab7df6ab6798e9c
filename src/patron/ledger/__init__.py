"""Orders, customers and events that can be trusted: read, check, set aside, and say so."""

from patron.ledger.customers import load_customers
from patron.ledger.demo import demo_orders
from patron.ledger.engines import materialise
from patron.ledger.events import load_events
from patron.ledger.freshness import check_freshness
from patron.ledger.load import Ledger, load_ledger
from patron.ledger.merges import load_merges
from patron.ledger.propose import Proposal, propose_config
from patron.ledger.report import LedgerReport, MonthTotal, SetAside

__all__ = [
    "Ledger",
    "LedgerReport",
    "MonthTotal",
    "Proposal",
    "SetAside",
    "check_freshness",
    "demo_orders",
    "load_customers",
    "load_events",
    "load_ledger",
    "load_merges",
    "materialise",
    "propose_config",
]
