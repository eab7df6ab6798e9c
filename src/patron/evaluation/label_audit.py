"""What the definition of churn decides: the three labels side by side on the same past days.

In:  the customer tables, days whose outcome is known, and the label in use.
Out: plain data for the evaluation: whom each label judges, how many churn and come back all the same, how far
     two labels agree, and how another label would change the model's ranking.
Not here: the labels themselves (`labels`), the model that ships.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from patron.churn import Panel
from patron.churn.linear import RFM_COLUMNS, LinearScorer, fit_logistic
from patron.evaluation._label_agreement import agreement, likeness
from patron.features import FeatureRecipe, build_features
from patron.labels import LABELS, ChurnLabel, label_customers
from patron.metrics import auc
from patron.snapshots import (
    YEAR_DAYS,
    CustomerTables,
    day_text,
    disjoint_windows,
    history_before,
    purchase_days_between,
)

#: So many newest disjoint windows are looked at: the last one to judge on, those before it to learn from.
AUDITED_WINDOWS = 4


class _Snapshot(NamedTuple):
    """One day: features and outcomes by customer, and who was active.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.
    features : pandas.DataFrame
        Recency, frequency, money, indexed by customer.
    active : pandas.Index
        Customers silent for at most ``active_days``.
    judged : dict
        Label -> of `labels.label_customers`, indexed by customer, with ``came_back`` (0 or 1; missing where a
        further horizon is not known yet).
    """

    day: int
    features: pd.DataFrame
    active: pd.Index
    judged: dict[str, pd.DataFrame]


def audit_labels(tables: CustomerTables, days: Sequence[int], label: ChurnLabel) -> dict[str, Any]:
    """Compare the label in use with the two others.

    Parameters
    ----------
    tables : CustomerTables
        The customer-day tables.
    days : sequence of int
        Snapshot days whose outcome is known; the newest disjoint windows among them are looked at.
    label : ChurnLabel
        The label in use, with the settings of the others.

    Returns
    -------
    dict
        ``chosen``, ``snapshots`` (days), ``definitions`` (label -> counts, rates, ``model``; None where the
        label cannot be told) and ``agreement`` (pairs of labels). JSON-able; None where nothing can be said.
    """
    used = disjoint_windows(list(days), label.horizon_days)[-AUDITED_WINDOWS:]
    labels = {kind: replace(label, kind=kind) for kind in LABELS if _can_be_told(kind, label)}
    snapshots = [_look(tables, day, labels, used[-1]) for day in used]
    risks = {kind: _risk(snapshots, kind) for kind in labels}
    definitions: dict[str, Any] = dict.fromkeys(LABELS)
    for kind in labels:
        definitions[kind] = {
            "in_words": labels[kind].in_words(),
            **_rates(snapshots, kind),
            "model": _effect(snapshots[-1], kind, risks[kind], risks[label.kind]),
        }
    pairs = combinations(labels, 2)
    return {
        "chosen": label.kind,
        "snapshots": [day_text(day) for day in used],
        "definitions": definitions,
        "agreement": [_agreement(snapshots, first, second) for first, second in pairs],
    }


def _can_be_told(kind: str, label: ChurnLabel) -> bool:
    return kind != "decline" or label.horizon_days <= YEAR_DAYS


def _look(tables: CustomerTables, day: int, labels: Mapping[str, ChurnLabel], newest: int) -> _Snapshot:
    history = history_before(tables, day)
    any_label = next(iter(labels.values()))
    horizon = any_label.horizon_days
    recipe = FeatureRecipe(horizon_days=horizon, groups=("rfm",))
    features = build_features(history, recipe).set_index("customer_id")
    judged = {k: label_customers(v, history, tables).set_index("customer_id") for k, v in labels.items()}
    is_known = day + 2 * horizon <= newest + horizon
    back = {k: _came_back(tables, day, horizon, k, v) if is_known else np.nan for k, v in judged.items()}
    active = features.index[features["days_since_last_order"] <= any_label.active_days]
    return _Snapshot(day, features, active, {k: v.assign(came_back=back[k]) for k, v in judged.items()})


def _came_back(tables: CustomerTables, day: int, horizon: int, kind: str, judged: pd.DataFrame) -> pd.Series:
    """Say who ordered within a horizon after its window: without an order inside it, that is the next one."""
    start = day + horizon if kind == "decline" else day
    outcome = purchase_days_between(tables, start, day + 2 * horizon).set_index("customer_id")
    first = outcome["first_day"].reindex(judged.index)
    end = day + judged["window_days"] + horizon
    return pd.Series((first < end).astype(np.float64), index=judged.index)


def _rates(snapshots: Sequence[_Snapshot], kind: str) -> dict[str, Any]:
    """Count the judged, the churned, and those of them that came back, over all snapshots."""
    judged = [snapshot.judged[kind] for snapshot in snapshots]
    active = sum(len(snapshot.active) for snapshot in snapshots)
    both = sum(len(snapshot.active.intersection(snapshot.judged[kind].index)) for snapshot in snapshots)
    labelled, churned = sum(map(len, judged)), int(sum(frame["churned"].sum() for frame in judged))
    gone = pd.concat([frame.loc[frame["churned"] == 1, "came_back"] for frame in judged]).dropna()
    return {
        "active": active,
        "labelled": labelled,
        "labelled_share_of_active": both / active if active else None,
        "churned": churned,
        "churn_rate": churned / labelled if labelled else None,
        "came_back": {"n": len(gone), "share": float(gone.mean()) if len(gone) else None},
    }


def _risk(snapshots: Sequence[_Snapshot], kind: str) -> pd.Series | None:
    """Fit a logistic model on the earlier windows; the score of the newest day's customers, None without."""
    newest, parts = snapshots[-1], [_panel(snapshot, kind) for snapshot in snapshots[:-1]]
    train = _stacked([part for part in parts if len(part)])
    if train is None or len(set(train.churned.tolist())) < 2 or not len(newest.judged[kind]):
        return None
    scorer: LinearScorer = fit_logistic(train, RFM_COLUMNS)
    judged = newest.judged[kind].index
    return pd.Series(scorer.score(newest.features.loc[judged]), index=judged)


def _panel(snapshot: _Snapshot, kind: str) -> Panel:
    judged = snapshot.judged[kind]
    features = snapshot.features.loc[judged.index].reset_index(drop=True)
    day = np.full(len(judged), snapshot.day, dtype=np.int64)
    return Panel(features, judged["churned"].to_numpy(), judged.index.to_numpy(dtype=object), day)


def _stacked(panels: Sequence[Panel]) -> Panel | None:
    if not panels:
        return None
    return Panel(
        pd.concat([p.features for p in panels], ignore_index=True),
        np.concatenate([p.churned for p in panels]),
        np.concatenate([p.customer_id for p in panels]),
        np.concatenate([p.as_of_day for p in panels]),
    )


def _effect(
    newest: _Snapshot, kind: str, risk: pd.Series | None, chosen: pd.Series | None
) -> dict[str, Any] | None:
    """Say how well a label can be foretold, and whether it calls the same customers as the one in use."""
    if risk is None:
        return None
    churned = newest.judged[kind]["churned"].to_numpy()
    return {
        "n": len(churned),
        "rate": float(churned.mean()),
        "auc": auc(churned, risk.to_numpy()),
        **likeness(risk, chosen),
    }


def _agreement(snapshots: Sequence[_Snapshot], first: str, second: str) -> dict[str, Any]:
    pairs = [
        pd.concat([s.judged[kind]["churned"] for kind in (first, second)], axis=1, join="inner")
        for s in snapshots
    ]
    outcomes = pd.concat(pairs).to_numpy()
    return {"labels": [first, second], **agreement(outcomes[:, 0], outcomes[:, 1])}
