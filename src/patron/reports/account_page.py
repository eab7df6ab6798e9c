"""One account on one page: what it did, what is expected, why, and what was tried.

In: its score row, its history, its explanation, the tables that name it. Out: HTML text that loads nothing.
Not here: who collects these (`workflows.account`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from markupsafe import Markup

from patron.reports._account_charts import orders_picture, rhythm_words, risk_picture, value_picture
from patron.reports._desk_lists import with_buying_peer_margin
from patron.reports._desk_tables import frame_table, named
from patron.reports._headline import HeadlineFigure
from patron.reports._language import Language, as_date, as_number, language_for
from patron.reports._picture import Table
from patron.reports._sections import Block
from patron.reports.desk import AccountHistory, has_rows
from patron.reports.html import environment_for, package_text, simulated_banner

_STOPPED = ("category", "last_bought_on", "usual_gap_days", "days_late_ratio", "revenue_year_before")
_PEERS = ("item", "support", "peers", "buying_peer_margin")
_EVENTS = ("happened_on", "kind", "value", "topic", "respondent", "closed_on")
_ACTIONS = (
    "day", "owner", "action", "outcome", "reason", "next_order_on", "days_to_order", "within_90_days",
)  # fmt: skip
_DRIVERS = {
    "name": "account_driver", "effect_points": "account_points", "now": "account_now", "past": "account_past",
    "peers_low": "account_peers_low", "peers_high": "account_peers_high",
}  # fmt: skip


@dataclass(frozen=True)
class Account:
    """What is known of one account.

    Parameters
    ----------
    row : mapping
        Its score row.
    history : AccountHistory
        Order days, rolling revenue, rhythm, past risk.
    text : str
        The paragraph of its explanation.
    drivers : pandas.DataFrame, optional
        Of `Explanation.drivers`.
    name, owner : str, optional
        From the customer file.
    group : mapping, optional
        Its row of `actions.buying_groups`.
    stopped, peers, events, actions : pandas.DataFrame, optional
        Its rows of `actions.stopped_categories`, `actions.peers_also_buy`; its events (``happened_on``,
        ``kind``, ``value``, ``topic``, ``respondent``, ``closed_on``); of `actions.history_of_actions`.
    """

    row: Mapping[str, Any]
    history: AccountHistory = field(default_factory=AccountHistory)
    text: str = ""
    drivers: pd.DataFrame | None = None
    name: str | None = None
    owner: str | None = None
    group: Mapping[str, Any] | None = None
    stopped: pd.DataFrame | None = None
    peers: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    actions: pd.DataFrame | None = None


def render_account(account: Account, *, language: str = "en", simulated: bool = False) -> str:
    """Render the page of one account.

    Parameters
    ----------
    account : Account
        What is known.
    language : str
        ``en`` or ``zh``.
    simulated : bool
        A banner on top says in both languages that the data are made up.

    Returns
    -------
    str
        HTML without any script or external resource. The same input gives the same text.

    Raises
    ------
    PatronError
        If the language is unknown.
    """
    row = account.row
    words = language_for(language, row.get("currency"), _usual_amount(row))
    as_of = as_date(row.get("as_of"))
    expected = as_date(row.get("next_order_expected_on"))
    marks = _marks(account.events, words)
    pictures = [value_picture(account.history, words), risk_picture(account.history, words)]
    orders = None
    if as_of is not None:
        upcoming = expected if expected is not None and expected > as_of else None
        orders = orders_picture(account.history, as_of, words, expected=upcoming, marks=marks)
    customer = str(row.get("customer_id"))
    page = environment_for(words).from_string(package_text("account.html.j2"))
    return page.render(
        words=words,
        title=account.name or customer,
        customer=customer,
        simulated=simulated_banner(simulated=simulated),
        facts=_facts(account, words),
        figures=account_figures(row, words),
        text=account.text,
        reasons=[str(row[f"reason_{i}"]) for i in (1, 2, 3) if _is_text(row.get(f"reason_{i}"))],
        todo=row["action"] if _is_text(row.get("action")) else None,
        orders=orders,
        pictures=pictures,
        drivers=_drivers(account.drivers, words),
        blocks=_blocks(account, words),
        style=Markup(package_text("report.css")),  # noqa: S704
    )


def account_figures(row: Mapping[str, Any], words: Language) -> list[HeadlineFigure]:
    """Write risk, value at risk, value, revenue and the last order of a score row."""
    months = int(as_number(row.get("clv_horizon_months")) or 12)
    low, high = (as_number(row.get(f"clv_{end}")) for end in ("low", "high"))
    between = (
        ""
        if low is None or high is None
        else words.text("range", low=words.money(low), high=words.money(high))
    )
    change = as_number(row.get("revenue_change_ratio"))
    turn = "" if change is None else words.text("change", change=words.signed_percent(change - 1))
    found = (
        (
            words.text("col_probability"),
            words.percent(row.get("churn_probability")),
            words.label("risk", row.get("churn_risk")),
        ),
        (words.text("col_at_risk"), words.money(row.get("value_at_risk")), ""),
        (words.text("col_value", months=months), words.money(row.get("clv")), between),
        (words.text("col_revenue"), words.money(row.get("revenue_last_12_months")), turn),
        (
            words.text("col_tier"),
            words.label("tier", row.get("tier")),
            words.label("stage", row.get("lifecycle_stage")),
        ),
    )
    return [HeadlineFigure(name, value, note, value) for name, value, note in found]


def account_lines(account: Account, *, language: str = "en", simulated: bool = False) -> list[str]:
    """Say the account in a few lines for a screen.

    Parameters
    ----------
    account : Account
        What is known.
    language : str
        ``en`` or ``zh``.
    simulated : bool
        The first line says that the data are made up.

    Returns
    -------
    list of str
    """
    words = language_for(language, account.row.get("currency"), _usual_amount(account.row))
    customer = str(account.row.get("customer_id"))
    head = named(customer, {customer: account.name or ""}, words)
    facts = _listed([(name, value, "") for name, value in _facts(account, words)], words)
    figures = _listed([(i.name, i.value, i.note) for i in account_figures(account.row, words)], words)
    banner = words.text("simulated_banner") if simulated else ""
    lines = [banner, head, facts, figures, rhythm_words(account.history, words), account.text]
    if account.stopped is not None and has_rows(account.stopped):
        stopped = words.listing(str(value) for value in account.stopped["category"].head(3))
        lines.append(words.text("own_tag", name=words.text("account_stopped_title"), value=stopped))
    if account.group is not None:
        lines.extend(_group_sentences(account.group, words))
    return [said for said in lines if said]


def _listed(facts: Sequence[tuple[str, str, str]], words: Language) -> str:
    """Write names with their values and notes in one line, with the marks of the language."""
    said = [
        words.text("own_tag", name=name, value=words.aside(value, note) if note else value)
        for name, value, note in facts
    ]
    return words.text("between_facts").join(said)


def _facts(account: Account, words: Language) -> list[tuple[str, str]]:
    row = account.row
    found = [(words.text("account_as_of"), words.date(row.get("as_of")))]
    found.append((words.text("col_last"), words.date(row.get("last_order_on"))))
    if account.owner:
        found.append((words.text("account_owner"), account.owner))
    if account.group is not None:
        found.append(
            (words.text("account_group"), str(account.group.get("name") or account.group.get("group_id")))
        )
    found.append((words.text("model"), str(row.get("model") or words.text("missing"))))
    return found


def _usual_amount(row: Mapping[str, Any]) -> float:
    """Give the larger of value and revenue: it decides whether amounts need decimals."""
    return max(as_number(row.get(name)) or 0.0 for name in ("clv", "revenue_last_12_months"))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _marks(events: pd.DataFrame | None, words: Language) -> list[tuple[Any, str]]:
    if events is None or not has_rows(events):
        return []
    pairs = zip(events["happened_on"], events["kind"], strict=True)
    return [(day, words.label("event_kind", kind)) for on, kind in pairs if (day := as_date(on)) is not None]


def _drivers(drivers: pd.DataFrame | None, words: Language) -> Table | None:
    if drivers is None or not has_rows(drivers):
        return None
    kept = [name for name in _DRIVERS if name in drivers]
    rows = []
    for row in drivers.head(8).to_dict("records"):
        cells = []
        for name in kept:
            value = row[name]
            points = as_number(value) if name == "effect_points" else None
            if name == "effect_points":
                plus = "+" if points is not None and points > 0 else ""
                cells.append(plus + words.number(points, 1))
            else:
                cells.append(str(value) if _is_text(value) else words.text("missing"))
        rows.append(cells)
    texts = [i for i, name in enumerate(kept) if i and name != "effect_points"]
    return Table([words.text(_DRIVERS[name]) for name in kept], rows, texts)


def _group_sentences(group: Mapping[str, Any], words: Language) -> list[str]:
    said = [
        words.text(
            "group_sites",
            active=words.integer(group.get("sites_active")),
            sites=words.integer(group.get("sites")),
            at_risk=words.money(group.get("value_at_risk")),
            revenue=words.money(group.get("revenue_last_12_months")),
        )
    ]
    silent = group.get("silent_sites")
    if isinstance(silent, str) and silent:
        said.append(words.text("group_silent", sites=silent))
    return said


def _blocks(account: Account, words: Language) -> list[Block]:
    blocks = []
    peers = None if account.peers is None else with_buying_peer_margin(account.peers)
    for title, frame, columns in (
        ("account_stopped_title", account.stopped, _STOPPED),
        ("account_peers_title", peers, _PEERS),
        ("account_events_title", _written_events(account.events, words), _EVENTS),
    ):
        if frame is not None and len(frame):
            blocks.append(Block(words.text(title), frame_table(frame.head(20), columns, words)))
    if account.actions is not None and has_rows(account.actions):
        table = frame_table(_written_actions(account.actions.head(20), words), _ACTIONS, words)
        blocks.append(
            Block(words.text("account_actions_title"), table, [words.text("account_actions_caption")])
        )
    if account.group is not None:
        blocks.append(Block(words.text("account_group_title"), None, _group_sentences(account.group, words)))
    return blocks


def _written_actions(actions: pd.DataFrame, words: Language) -> pd.DataFrame:
    """Write outcomes in words; revenue of days that are not over yet is no final figure."""
    passed = actions.get("has_90_days_passed", pd.Series(True, index=actions.index))
    revenue = [
        words.money(amount) if is_over else words.text("account_still_running", amount=words.money(amount))
        for amount, is_over in zip(actions["revenue_within_90_days"], passed, strict=True)
    ]
    said = [words.label("outcome", code) for code in actions["outcome"]]
    return actions.assign(outcome=said, within_90_days=revenue)


def _written_events(events: pd.DataFrame | None, words: Language) -> pd.DataFrame | None:
    """Write kinds in words, and leave out columns without anything in them."""
    if events is None or not has_rows(events):
        return None
    kinds = [words.label("event_kind", kind) for kind in events["kind"]]
    return events.assign(kind=kinds).dropna(axis="columns", how="all").iloc[::-1]
