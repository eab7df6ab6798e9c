"""`patron account`: one customer on one page, from its scores, its orders and what was tried."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.actions import buying_groups, day_of_scores, history_of_actions, sister_notes
from patron.config import Config
from patron.model import Explanation, PatronModel
from patron.reports import Account, AccountHistory, Trialled, account_lines, render_account
from patron.scoring import in_language
from patron.snapshots import day_of, history_before, merge_customers, to_day
from patron.whole_files import write_text
from patron.workflows.base import Base, open_base
from patron.workflows.desk import accounts_of, histories_of
from patron.workflows.lists import playbook_of
from patron.workflows.products import products_of, shown_rows
from patron.workflows.report import model_reference
from patron.workflows.score import open_model
from patron.workflows.score_files import newest_scores, read_scores

#: Characters that are kept in a file's name; others become an underscore.
_PLAIN = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class AccountShown:
    """What an account page was made from.

    Parameters
    ----------
    path : Path
        The HTML file.
    lines : list of str
        The account in a few lines.
    account : Account
        Everything on the page.
    explanation : Explanation
        What drives the forecast.
    is_simulated : bool
        The orders are made up.
    """

    path: Path
    lines: list[str]
    account: Account
    explanation: Explanation
    is_simulated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the account as JSON-able data; null where something is missing."""
        history = self.account.history
        tables = ("stopped", "peers", "events", "actions")
        return {
            "account": str(self.path.resolve()),
            "simulated": self.is_simulated,
            **self.explanation.to_dict(),
            "name": self.account.name,
            "owner": self.account.owner,
            "score": {key: _plain(value) for key, value in self.account.row.items()},
            "history": {
                "purchase_days": _points(history.purchase_days),
                "revenue_by_month": _points(history.revenue_by_month),
                "risk": _points(history.risk),
                "usual_gap_days": history.usual_gap_days,
                "limit_days": history.limit_days,
                "silence_days": history.silence_days,
            },
            "group": None
            if self.account.group is None
            else {k: _plain(v) for k, v in self.account.group.items()},
            **{name: _records(getattr(self.account, name)) for name in tables},
        }


def account(
    config: Config,
    customer_id: str,
    *,
    scores_file: Path | None = None,
    language: str | None = None,
    out: Path | None = None,
) -> AccountShown:
    """Write the page of one customer.

    Parameters
    ----------
    config : Config
        The whole config.
    customer_id : str
        As in the orders; an id that was given up stands for the one that replaced it.
    scores_file : Path, optional
        Decides the day and the model; the newest one below the output folder when None.
    language : str, optional
        ``en`` or ``zh``; the config's when None.
    out : Path, optional
        HTML file; below the output folder when None.

    Returns
    -------
    AccountShown

    Raises
    ------
    PatronError
        If there are no scores yet, or nothing is known of the customer before their day.
    """
    tongue = language or config.language
    scores = read_scores(scores_file or newest_scores(config))
    as_of = day_of_scores(scores)
    base = open_base(config.model_copy(update={"as_of": as_of}))
    model = open_model(config, model_reference(config, str(scores["model"].iloc[0])))
    explanation = model.explain_tables(base.tables, base.ledger, customer_id, language=tongue)
    found = _collected(config, base, model, scores, explanation)
    page = render_account(found, language=tongue, simulated=config.simulated)
    path = out or config.output_folder / "accounts" / _file_name(
        explanation.customer_id, as_of, tongue, config
    )
    write_text(path, page)
    return AccountShown(
        path,
        account_lines(found, language=tongue, simulated=config.simulated),
        found,
        explanation,
        config.simulated,
    )


def _file_name(customer: str, as_of: date, language: str, config: Config) -> str:
    ending = "" if language == config.language else f".{language}"
    return f"{_PLAIN.sub('_', customer)[:_LONGEST_NAME]}.{as_of.isoformat()}{ending}.html"


def _collected(
    config: Config, base: Base, model: PatronModel, scores: pd.DataFrame, explanation: Explanation
) -> Account:
    customer, as_of = explanation.customer_id, explanation.as_of
    row = _row(config, base, model, scores, explanation)
    known = accounts_of(base, as_of)
    facts = {} if known is None else known.set_index("customer_id").to_dict("index").get(customer, {})
    products = products_of(base, model, as_of, explanation.language)
    return Account(
        row=row,
        history=histories_of(config, base, [customer], as_of).get(customer, AccountHistory()),
        text=explanation.text,
        drivers=explanation.drivers,
        name=_text(facts.get("name")),
        owner=_text(facts.get("owner")),
        group=_group(base, scores, customer, as_of, explanation.language),
        stopped=_own(products.get("stopped"), customer),
        peers=_own(products.get("peers"), customer),
        events=_events(base, customer, to_day(as_of)),
        actions=history_of_actions(
            base.actions, base.tables, customer, to_day(as_of), minor_digits=base.ledger.minor_digits
        ),
    )


def _row(
    config: Config, base: Base, model: PatronModel, scores: pd.DataFrame, explanation: Explanation
) -> dict[str, Any]:
    """Return the score row as it was written, with its texts in the page's language."""
    own = scores[scores["customer_id"].astype(str) == explanation.customer_id]
    if own.empty:  # an old file, from before the customer was re-keyed
        own = model.score_tables(base.tables, base.ledger)
        own = own[own["customer_id"] == explanation.customer_id]
    active_days = model.parts.settings.active_days
    said = in_language(own, playbook_of(config), explanation.language, active_days=active_days)
    return {str(key): value for key, value in said.iloc[0].items()}


def _own(found: Trialled | None, customer: str) -> pd.DataFrame | None:
    """Keep one customer's rows of a list that has passed its trial."""
    rows = shown_rows(found)
    return None if rows is None else rows[rows["customer_id"] == customer].reset_index(drop=True)


def _group(
    base: Base, scores: pd.DataFrame, customer: str, as_of: date, language: str
) -> dict[str, Any] | None:
    day = to_day(as_of)
    attributes = history_before(base.tables, day).attributes
    if attributes is None or "parent_id" not in attributes:
        return None
    renamed = merge_customers(base.tables.merges, day)
    member = sister_notes(scores, attributes, renamed=renamed).set_index("customer_id")["group_id"]
    if customer not in member.index:
        return None
    groups = buying_groups(scores, attributes, renamed=renamed, language=language)
    groups = groups.set_index("group_id", drop=False)
    return {str(key): value for key, value in groups.loc[member[customer]].items()}


def _events(base: Base, customer: str, day: int) -> pd.DataFrame | None:
    """Return what was known of a customer's events before a day, the oldest first."""
    events = history_before(base.tables, day).events
    if events is None:
        return None
    own = events[events["customer_id"] == customer].sort_values("happened_day", kind="stable")
    closed = own["closed_day"] if "closed_day" in own else pd.Series(float("nan"), index=own.index)
    dates: dict[str, Any] = {
        "happened_on": [day_of(int(when)) for when in own["happened_day"]],
        "closed_on": [None if pd.isna(when) else day_of(int(when)) for when in closed],
    }
    return own.assign(**dates).reset_index(drop=True)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _points(points: Sequence[tuple[date, float]]) -> list[list[Any]]:
    return [[day.isoformat(), value] for day, value in points]


def _records(frame: pd.DataFrame | None) -> list[dict[str, Any]] | None:
    if frame is None:
        return None
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """Give what JSON can hold: null for anything missing, ISO text for a day."""
    if value is None or (not isinstance(value, list | dict) and pd.isna(value)):
        return None
    if isinstance(value, date):
        return value.isoformat()[:10]
    return value.item() if hasattr(value, "item") else value
