"""What the Monday desk shows beside the scores: calls of the retention and action functions, no arithmetic.

Whatever a ledger is too short or too bare for is left out of the desk, and so of the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from patron.actions import (
    Monday,
    buying_groups,
    day_of_scores,
    referral_candidates,
    response_times,
    second_order_due,
    second_order_rates,
    survey_due,
    ticket_topics,
    won_in_words,
)
from patron.config import Config
from patron.model import PatronModel
from patron.reports import AccountHistory, Desk, Trialled, account_histories
from patron.retention import (
    add_months,
    cohorts,
    concentration,
    lifespan,
    lifetime_value,
    migration,
    movers,
    period_start,
    retention_by_column,
    segments_on_two_days,
)
from patron.snapshots import RhythmRule, history_before, merge_customers, own_limits, to_day
from patron.workflows.base import Base
from patron.workflows.lists import lists_of
from patron.workflows.products import products_of, shown_rows, unless_too_little
from patron.workflows.retention import metric_limits

#: Accounts whose details show a timeline: those with the most value at risk.
TIMELINES = 50
#: Tiers are compared with the day of the newest scores that are at least so old, else so many days ago.
LEAST_DAYS_BETWEEN, USUAL_DAYS_BETWEEN = 25, 90
#: Gaps between orders from which on an account has a limit of its own to quote.
LEAST_GAPS = 3
#: Past scorings that a history looks at, newest first.
PAST_SCORINGS = 12
#: Months of retention before the one of the report.
MONTHS_SHOWN = 24
_YEAR = 365
#: Cohorts of first orders, of both tables.
_COHORTS = "quarter"
_JUDGED = (
    *("customer_id", "owner", "owner_rank", "due_on"),
    *("left_off", "left_off_detail", "left_off_until"),
)
_SCORED_COLUMNS = ["customer_id", "as_of", "churn_probability"]


def collect_desk(
    config: Config, base: Base, model: PatronModel, scores: pd.DataFrame, *, language: str
) -> Desk:
    """Gather everything the report shows beside the scores.

    Parameters
    ----------
    config : Config
        Earlier scores and lists are looked for below its output folder.
    base : Base
        Ledger, tables and action log, opened for the day of the scores or a later one.
    model : PatronModel
        What scored.
    scores : pandas.DataFrame
        Score rows of one day.
    language : str
        ``en`` or ``zh``.

    Returns
    -------
    Desk
    """
    as_of = day_of_scores(scores)
    products = products_of(base, model, as_of, language)
    lists, _ = lists_of(
        config, base, model, scores, language=language, stopped=shown_rows(products["stopped"])
    )
    listed = scores[scores["status"] != "excluded"]
    found = {
        **_retention(config, base, model, as_of),
        **_moves(config, base, model, as_of),
        **products | {"peers": _of_active(products["peers"], scores)},
        **_lists(config, base, scores, as_of),
        **_called(lists, language),
        "concentration": unless_too_little(
            lambda: _facts(concentration(listed["revenue_last_12_months"].fillna(0.0)))
        ),
        "groups": _groups(base, scores, as_of, language),
        "accounts": accounts_of(base, as_of),
        "histories": histories_of(config, base, _with_timeline(scores, lists.calls), as_of),
    }
    return Desk(**found, active_days=model.parts.settings.active_days)


def _of_active(found: Trialled | None, scores: pd.DataFrame) -> Trialled | None:
    """Keep what can be offered to customers who still order; win back has a list of its own."""
    if found is None or found.rows.empty:
        return found
    active = scores.loc[scores["status"].isin(["scored", "new"]), "customer_id"].astype(str)
    rows = found.rows[found.rows["customer_id"].astype(str).isin(active)]
    return replace(found, rows=rows.reset_index(drop=True))


def _retention(config: Config, base: Base, model: PatronModel, as_of: date) -> dict[str, Any]:
    tables, day, digits = base.tables, to_day(as_of), base.ledger.minor_digits
    how: dict[str, Any] = {
        "active_days": model.parts.settings.active_days,
        "minor_digits": digits,
        **metric_limits(config),
    }
    years = [(day - 2 * _YEAR, day - _YEAR), (day - _YEAR, day)]
    since = add_months(period_start(day, "month"), -MONTHS_SHOWN)
    span = unless_too_little(lambda: lifespan(tables, day, active_days=how["active_days"]))
    money = None
    if span is not None:
        margin = config.clv.margin
        money = unless_too_little(
            lambda: lifetime_value(
                tables, day, span, active_days=how["active_days"], margin=margin, minor_digits=digits
            )
        )
    return {
        "retention": unless_too_little(
            lambda: retention_by_column(tables, day, None, every="month", start_day=since, **how)
        ),
        "retention_years": _settled(
            unless_too_little(lambda: retention_by_column(tables, day, None, periods=years, **how))
        ),
        "cohorts": unless_too_little(lambda: cohorts(tables, day, every=_COHORTS, minor_digits=digits)),
        "lifespan": None if span is None else _facts(span) | ({} if money is None else _facts(money)),
    }


def _settled(years: pd.DataFrame | None) -> pd.DataFrame | None:
    """Keep the years at whose start the ledger already knew who was active."""
    if years is None:
        return None
    kept = years[years["is_settled"].astype(bool) & (years["customers_start"] > 0)]
    return kept.reset_index(drop=True) if len(kept) else None


def _moves(config: Config, base: Base, model: PatronModel, as_of: date) -> dict[str, Any]:
    """Compare with the day of an earlier scoring, else a quarter ago: one model's rules judge both days."""
    earlier = earlier_scores(config, as_of - timedelta(days=LEAST_DAYS_BETWEEN))
    since = earlier[-1][0] if earlier else as_of - timedelta(days=USUAL_DAYS_BETWEEN)
    days = unless_too_little(
        lambda: segments_on_two_days(
            base.tables,
            to_day(since),
            to_day(as_of),
            rules=model.parts.segments,
            minor_digits=base.ledger.minor_digits,
        )
    )
    if days is None or days.then.empty:
        return {}
    return {"migration": migration(*days), "movers": movers(*days), "moved_since": since}


def earlier_scores(config: Config, until: date) -> list[tuple[date, Path]]:
    """List the scores files of the output folder up to a day, by the day in their name, oldest first.

    Parameters
    ----------
    config : Config
        With the output folder.
    until : date
        Inclusive.

    Returns
    -------
    list of (date, Path)
    """
    found = []
    for path in (config.output_folder / "scores").glob("*.parquet"):
        try:
            day = date.fromisoformat(path.stem)
        except ValueError:
            continue
        if day <= until:
            found.append((day, path))
    return sorted(found)


def _lists(config: Config, base: Base, scores: pd.DataFrame, as_of: date) -> dict[str, Any]:
    tables, day, digits = base.tables, to_day(as_of), base.ledger.minor_digits
    named = _with_names(scores, accounts_of(base, as_of))
    return {
        "second_orders": unless_too_little(lambda: second_order_due(tables, day, minor_digits=digits)),
        "second_order_rates": unless_too_little(
            lambda: second_order_rates(tables, day, every=_COHORTS).tail(10)
        ),
        "referrals": unless_too_little(
            lambda: referral_candidates(tables, day, named, nps_scale=config.nps_scale)
        ),
        "surveys": unless_too_little(lambda: survey_due(tables, day, named)),
        "topics": unless_too_little(lambda: ticket_topics(tables, day)),
        "response_times": unless_too_little(lambda: response_times(tables, day, scores)),
    }


def _with_names(scores: pd.DataFrame, accounts: pd.DataFrame | None) -> pd.DataFrame:
    return scores if accounts is None else scores.merge(accounts, on="customer_id", how="left")


def _called(lists: Monday, language: str) -> dict[str, Any]:
    won = won_in_words(lists.won, currency=lists.facts.currency, language=language)
    return {
        "worklist": lists.calls,
        "win_back": lists.win_back,
        "judged": _judged(lists),
        "left_off": {k: n for k, n in lists.counts.items() if k not in ("candidates", "on_list")},
        "won": won if lists.won.accounts_called else None,
    }


def _judged(lists: Monday) -> pd.DataFrame:
    """Put the candidates of both lists below each other."""
    parts = [part.reindex(columns=list(_JUDGED)).astype(object) for part in (lists.judged, lists.judged_back)]
    return pd.concat(parts, ignore_index=True)


def _groups(base: Base, scores: pd.DataFrame, as_of: date, language: str) -> pd.DataFrame | None:
    attributes = history_before(base.tables, to_day(as_of)).attributes
    if attributes is None or "parent_id" not in attributes:
        return None
    renamed = merge_customers(base.tables.merges, to_day(as_of))
    return buying_groups(scores, attributes, renamed=renamed, language=language)


def accounts_of(base: Base, as_of: date) -> pd.DataFrame | None:
    """Return names and owners as known on a day, under the customers' newest ids.

    Parameters
    ----------
    base : Base
        With the customer file, if there is any.
    as_of : date
        Nothing of this day or later is looked at.

    Returns
    -------
    pandas.DataFrame or None
        ``customer_id`` and what is known of ``name`` and ``owner``.
    """
    attributes = history_before(base.tables, to_day(as_of)).attributes
    if attributes is None:
        return None
    kept = ["customer_id", *(name for name in ("name", "owner") if name in attributes)]
    return attributes[kept]


def _with_timeline(scores: pd.DataFrame, worklist: pd.DataFrame) -> list[str]:
    top = scores.nlargest(TIMELINES, "value_at_risk")["customer_id"]
    return sorted({*top.astype(str), *worklist["customer_id"].head(TIMELINES).astype(str)})


def histories_of(config: Config, base: Base, customers: list[str], as_of: date) -> dict[str, AccountHistory]:
    """Tell what some customers did before a day.

    Parameters
    ----------
    config : Config
        Past scores are looked for below its output folder.
    base : Base
        Ledger and tables.
    customers : list of str
        Their newest ids.
    as_of : date
        Nothing of this day or later is looked at.

    Returns
    -------
    dict of str to AccountHistory
    """
    import narwhals as nw

    day = to_day(as_of)
    history = history_before(base.tables, day)
    days = history.days.filter(nw.col("customer_id").is_in(customers)).collect().to_pandas()
    limits = own_limits(history, RhythmRule()).set_index("customer_id")
    # of fewer gaps the limit is mostly the base's, which says nothing about this account
    known = limits["limit_days"].where(limits["gaps"] >= LEAST_GAPS)
    usual = own_limits(history, RhythmRule(quantile=0.5)).set_index("customer_id")["own_gap"]
    rhythm = pd.DataFrame({"limit_days": known, "usual_gap_days": usual}).rename_axis("customer_id")
    return account_histories(
        days,
        day,
        rhythm=rhythm[rhythm.index.isin(customers)].reset_index(),
        past_scores=_past_scores(config, as_of),
        minor_digits=base.ledger.minor_digits,
    )


def _past_scores(config: Config, as_of: date) -> Iterator[pd.DataFrame]:
    for _, path in earlier_scores(config, as_of)[-PAST_SCORINGS:]:
        yield pd.read_parquet(path, columns=_SCORED_COLUMNS)


def _facts(found: Any) -> dict[str, Any]:
    return asdict(found)
