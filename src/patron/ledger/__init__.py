"""Orders, customers, events and actions that can be trusted: read, check, set aside, and say so."""

from patron.ledger.action_file import append_actions
from patron.ledger.actions import load_actions
from patron.ledger.customers import load_customers
from patron.ledger.demo import demo_orders
from patron.ledger.engines import at_hand, batches, in_memory, materialise
from patron.ledger.events import load_events
from patron.ledger.freshness import check_freshness
from patron.ledger.hierarchy import HierarchyCheck, check_hierarchy, top_parents
from patron.ledger.load import Ledger, load_ledger
from patron.ledger.merges import load_merges
from patron.ledger.outcomes import OUTCOMES
from patron.ledger.propose import Proposal, propose_config
from patron.ledger.report import LedgerReport, MonthTotal, SetAside
from patron.ledger.sql_query import SqlQuery

__all__ = [
    "OUTCOMES",
    "HierarchyCheck",
    "Ledger",
    "LedgerReport",
    "MonthTotal",
    "Proposal",
    "SetAside",
    "SqlQuery",
    "append_actions",
    "at_hand",
    "batches",
    "check_freshness",
    "check_hierarchy",
    "demo_orders",
    "in_memory",
    "load_actions",
    "load_customers",
    "load_events",
    "load_ledger",
    "load_merges",
    "materialise",
    "propose_config",
    "top_parents",
]
