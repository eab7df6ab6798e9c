"""Which B2B customers are about to stop buying, what each is worth, and whom to call first.

``import patron`` is light: a name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from patron.api import check_feature, load_model, purchase_summary
    from patron.api_desk import assign_segments, cohorts, retention_metrics
    from patron.api_evaluation import backtest, panel
    from patron.churn.classifier import ChurnClassifier
    from patron.churn.splitter import RollingOrigin
    from patron.clv import CLVModel
    from patron.errors import PatronError
    from patron.simulation import simulate_distributor, simulate_ledger
    from patron.spark import score_with_spark

_HOMES = {
    "CLVModel": "patron.clv",
    "ChurnClassifier": "patron.churn.classifier",
    "PatronError": "patron.errors",
    "RollingOrigin": "patron.churn.splitter",
    "assign_segments": "patron.api_desk",
    "backtest": "patron.api_evaluation",
    "check_feature": "patron.api",
    "cohorts": "patron.api_desk",
    "load_model": "patron.api",
    "panel": "patron.api_evaluation",
    "purchase_summary": "patron.api",
    "retention_metrics": "patron.api_desk",
    "score_with_spark": "patron.spark",
    "simulate_distributor": "patron.simulation",
    "simulate_ledger": "patron.simulation",
}

__all__ = [
    "CLVModel",
    "ChurnClassifier",
    "PatronError",
    "RollingOrigin",
    "__version__",
    "assign_segments",
    "backtest",
    "check_feature",
    "cohorts",
    "load_model",
    "panel",
    "purchase_summary",
    "retention_metrics",
    "score_with_spark",
    "simulate_distributor",
    "simulate_ledger",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its folder on first use."""
    if name not in _HOMES:
        raise AttributeError(f"patron has no '{name}'; it has {', '.join(__all__)}")
    from patron.errors import saying_what_to_install  # at use, so that importing patron stays free of work

    with saying_what_to_install():
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
