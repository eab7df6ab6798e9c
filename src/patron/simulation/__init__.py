"""Customers whose truth is known: to test a model, to teach with, to show what patron does.

In: how many customers, in which world. Out: an order ledger, or a purchase summary, beside the truth.
Not here: any estimate.
"""

from patron.simulation.distributor import SimulatedDistributor, simulate_distributor
from patron.simulation.fading import Fading
from patron.simulation.ledger import SimulatedLedger, simulate_ledger
from patron.simulation.parameters import DEFAULTS, LETTERS
from patron.simulation.season import SeasonalRate
from patron.simulation.summary import simulate_summary

__all__ = [
    "DEFAULTS",
    "LETTERS",
    "Fading",
    "SeasonalRate",
    "SimulatedDistributor",
    "SimulatedLedger",
    "simulate_distributor",
    "simulate_ledger",
    "simulate_summary",
]
