"""What notebooks and services call: `patron.load_model`, `patron.check_feature`, `patron.purchase_summary`.

A model folder is loaded without MLflow; a ``models:/`` address opens the tracking store first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from patron.clv import view_ledger
from patron.errors import saying_what_to_install
from patron.features import FeatureCheck, FeatureFunction, check_custom_feature
from patron.model import PatronModel, load_model_folder


@saying_what_to_install()
def load_model(
    reference: str | Path,
    *,
    features: Mapping[str, FeatureFunction] | None = None,
    tracking_uri: str = "sqlite:///mlflow.db",
) -> PatronModel:
    """Load a model: every checksum is verified, no code from the model is run.

    Parameters
    ----------
    reference : str or Path
        A model folder (no MLflow is imported then), ``models:/name@alias`` or ``models:/name/version``.
    features : mapping, optional
        Name -> function: your own features that the model was trained with. A model holds their names and
        digests, never their code; each function must be the one of the training.
    tracking_uri : str
        Where a registered model is looked up; a relative sqlite path starts at the working directory.

    Returns
    -------
    PatronModel

    Raises
    ------
    ModelError
        If the folder is not as it was written, or one of your features is missing or another one.
    RegistryError
        If there is no such version.
    MissingPackage
        If MLflow is not installed and a registered model is asked for.
    """
    text = str(reference)
    if not text.startswith("models:/"):
        return load_model_folder(text, features=features)
    if find_spec("mlflow") is None:  # before anything is said about the store
        raise ModuleNotFoundError(name="mlflow")
    # imported here: a service that loads a folder does without MLflow
    from patron.registry import open_store, resolve

    store = open_store(tracking_uri, root=Path.cwd(), experiment="patron", create=False)
    found = resolve(store, text, name="")
    return load_model_folder(found.folder, name=found.label, features=features)


def check_feature(
    function: FeatureFunction, orders: Any, as_of: str | date = "latest", **reading: Any
) -> FeatureCheck:
    """Try a feature of your own: it must not know the future, nor look at other customers.

    The function is asked about three days, each time also with histories changed in ways that must not change
    the answer; `FeatureCheck.text` says what was tried, and what cannot be seen that way. `patron train` runs
    the same test on what ``features.custom`` names.

    Parameters
    ----------
    function : callable
        ``function(history, as_of)``. ``history`` is a pandas frame, one row per customer and day before
        ``as_of``, sorted by both: ``customer_id``, ``day`` (datetime64), ``orders``, ``lines``, ``spend``,
        ``refund`` and, with costs, ``cost`` (currency units). ``as_of`` is a `datetime.date`. It returns a
        frame with ``customer_id`` and one or more columns of numbers, one row per customer.
    orders : pandas or Polars frame, or a path
        Order lines to try it on.
    as_of : str or date
        The newest day it is asked about.
    **reading
        As in `ledger.load_ledger`: ``columns``, ``duplicates``, ``currency`` and so on.

    Returns
    -------
    FeatureCheck
        ``ok``, ``problems``, ``columns``, ``text``.

    Raises
    ------
    PatronError
        If the function has no name that a column can carry, or there are no orders.

    Examples
    --------
    >>> def weekend(history, as_of):
    ...     share = (history["day"].dt.day_of_week >= 5).groupby(history["customer_id"]).mean()
    ...     return share.rename("share").reset_index()
    >>> orders = pd.DataFrame(
    ...     {"customer_id": ["a", "b", "a"], "ordered_at": ["2024-01-05", "2024-01-06", "2024-01-21"],
    ...      "amount": [10.0, 30.0, 5.0]})
    >>> check = check_feature(weekend, orders, as_of="2024-02-05")
    >>> check.ok, check.columns
    (True, ('share',))
    """
    view = view_ledger(orders, as_of, reading)
    name = getattr(function, "__name__", type(function).__name__)
    return check_custom_feature(name, function, view.tables, view.as_of_day, minor_digits=view.minor_digits)


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
