"""What notebooks and services call: `patron.load_model`, `patron.purchase_summary`.

A model folder is loaded without MLflow; a ``models:/`` address opens the tracking store first.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.clv import view_ledger
from patron.model import PatronModel, load_model_folder


def load_model(reference: str | Path, *, tracking_uri: str = "sqlite:///mlflow.db") -> PatronModel:
    """Load a model: every checksum is verified, no code from the model is run.

    Parameters
    ----------
    reference : str or Path
        A model folder (no MLflow is imported then), ``models:/name@alias`` or ``models:/name/version``.
    tracking_uri : str
        Where a registered model is looked up; a relative sqlite path starts at the working directory.

    Returns
    -------
    PatronModel

    Raises
    ------
    ModelError
        If the folder is not as it was written.
    RegistryError
        If there is no such version.
    """
    text = str(reference)
    if not text.startswith("models:/"):
        return load_model_folder(text)
    # imported here: a service that loads a folder does without MLflow
    from patron.registry import open_store, resolve

    store = open_store(tracking_uri, root=Path.cwd(), experiment="patron", create=False)
    found = resolve(store, text, name="")
    return load_model_folder(found.folder, name=found.label)


def purchase_summary(orders: Any, as_of: str | date = "latest", **reading: Any) -> pd.DataFrame:
    """Make the summary that `CLVModel` is fitted on.

    Parameters
    ----------
    orders : pandas or Polars frame, or a path
        Order lines.
    as_of : str or date
        Only what lies before the start of this day is used.
    **reading
        As in `ledger.load_ledger`: ``columns``, ``duplicates``, ``currency`` and so on.

    Returns
    -------
    pandas.DataFrame
        As in `snapshots.purchase_summary`.

    Examples
    --------
    >>> orders = pd.DataFrame(
    ...     {"customer_id": ["a", "a"], "ordered_at": ["2024-01-01", "2024-01-15"], "amount": [10.0, 30.0]})
    >>> purchase_summary(orders, as_of="2024-02-05")[["repeat_orders", "weeks_observed"]].values.tolist()
    [[1.0, 4.857142857142857]]
    """
    return view_ledger(orders, as_of, reading).summary()
