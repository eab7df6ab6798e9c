"""Customer days on disk: built once from the order lines, then brought up to date."""

from patron.ledger._reading import Reading, reading_of
from patron.store.read import StoredLedger, read_store
from patron.store.update import StoreUpdate, update_store

__all__ = ["Reading", "StoreUpdate", "StoredLedger", "read_store", "reading_of", "update_store"]
