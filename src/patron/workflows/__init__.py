"""The stories, top to bottom: each is a few calls and no arithmetic."""

from patron.workflows.backtest import Backtested, backtest
from patron.workflows.check import check
from patron.workflows.demo import demo
from patron.workflows.initialise import initialise
from patron.workflows.report import report
from patron.workflows.score import Scored, score
from patron.workflows.train import Trained, train
from patron.workflows.verify import Verified, verify

__all__ = [
    "Backtested",
    "Scored",
    "Trained",
    "Verified",
    "backtest",
    "check",
    "demo",
    "initialise",
    "report",
    "score",
    "train",
    "verify",
]
