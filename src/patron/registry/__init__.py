"""MLflow and nothing else: training runs, registered versions, the champion.

One job: keep what trainings produced and hand models out again. In: plain values, files, model folders. Out:
run ids, versions, folders. MLflow is imported inside functions only; importing this folder is light. Not
here: the model folder itself, the gate's decision.
"""

from patron.registry._quiet import disable_telemetry
from patron.registry.backtests import log_backtest
from patron.registry.champion import (
    ChampionMoved,
    get_champion,
    look_back,
    set_champion,
    set_gate_verdict,
    swap_champion,
)
from patron.registry.resolve import ResolvedModel, is_registered, resolve
from patron.registry.results import log_result
from patron.registry.store import Store, open_store
from patron.registry.training import log_training
from patron.registry.trials import log_trials
from patron.registry.versions import (
    CHAMPION,
    PREVIOUS,
    check_version,
    delete_version,
    list_versions,
    register_version,
)

__all__ = [
    "CHAMPION",
    "PREVIOUS",
    "ChampionMoved",
    "ResolvedModel",
    "Store",
    "check_version",
    "delete_version",
    "disable_telemetry",
    "get_champion",
    "is_registered",
    "list_versions",
    "log_backtest",
    "log_result",
    "log_training",
    "log_trials",
    "look_back",
    "open_store",
    "register_version",
    "resolve",
    "set_champion",
    "set_gate_verdict",
    "swap_champion",
]
