"""The stories, top to bottom: each is a few calls and no arithmetic."""

from patron.workflows.account import AccountShown, account
from patron.workflows.actions import ActionsImported, import_actions
from patron.workflows.backtest import Backtested, backtest
from patron.workflows.base import bring_store_up_to_date, set_aside_file
from patron.workflows.campaign_design import Designed, design_campaign
from patron.workflows.campaign_readout import CampaignRead, read_out_campaign
from patron.workflows.check import check
from patron.workflows.demo import demo
from patron.workflows.demo_desk import DemonstratedDesk, demo_desk, write_distributor
from patron.workflows.export import Exported, export
from patron.workflows.initialise import initialise
from patron.workflows.models import Promoted, RolledBack, delete_model, models, promote, rollback
from patron.workflows.monitor import Monitored, monitor
from patron.workflows.report import report
from patron.workflows.retention import Retained, retention
from patron.workflows.run import Ran, run_week
from patron.workflows.score import Scored, score
from patron.workflows.score_spark import ScoredOnSpark, score_on_spark
from patron.workflows.train import Trained, train
from patron.workflows.verify import Verified, verify
from patron.workflows.worklist import Listed, worklist

__all__ = [
    "AccountShown",
    "ActionsImported",
    "Backtested",
    "CampaignRead",
    "DemonstratedDesk",
    "Designed",
    "Exported",
    "Listed",
    "Monitored",
    "Promoted",
    "Ran",
    "Retained",
    "RolledBack",
    "Scored",
    "ScoredOnSpark",
    "Trained",
    "Verified",
    "account",
    "backtest",
    "bring_store_up_to_date",
    "check",
    "delete_model",
    "demo",
    "demo_desk",
    "design_campaign",
    "export",
    "import_actions",
    "initialise",
    "models",
    "monitor",
    "promote",
    "read_out_campaign",
    "report",
    "retention",
    "rollback",
    "run_week",
    "score",
    "score_on_spark",
    "set_aside_file",
    "train",
    "verify",
    "worklist",
    "write_distributor",
]
