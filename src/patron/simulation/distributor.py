"""A simulated B2B distributor: orders, customers, events and past calls, with the truth beside them.

In: how many accounts, for how many years, in which language. Out: frames such as a seller's systems export.
Not here: purchase processes of the literature (``ledger``); here nothing follows the models that are fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from patron.errors import PatronError
from patron.simulation._distributor_accounts import WEEKS_PER_YEAR, draw_accounts
from patron.simulation._distributor_events import draw_calls, draw_events
from patron.simulation._distributor_frames import (
    account_ids,
    actions_frame,
    customers_frame,
    events_frame,
    orders_frame,
    truth_frame,
)
from patron.simulation._distributor_orders import draw_lines, draw_orders
from patron.simulation._distributor_words import LANGUAGES
from patron.simulation.ledger import as_date
from patron.simulation.parameters import is_number, is_whole
from patron.simulation.season import SeasonalRate, season_clock

_MOST_ACCOUNTS, _YEARS, _FIRST_YEARS = 1_000_000, (0.5, 20.0), (1900, 2200)
SEASON = SeasonalRate((0.80, 0.85, 1.00, 1.00, 1.05, 1.00, 0.80, 0.75, 1.15, 1.25, 1.35, 1.00))


@dataclass(frozen=True, eq=False)
class SimulatedDistributor:
    """What the systems of a distributor would export on ``as_of``, and what they do not know.

    Parameters
    ----------
    orders : pandas.DataFrame
        Order lines: ``customer_id``, ``ordered_at``, ``order_id``, ``product_id``, ``category``,
        ``quantity``, ``amount`` and ``cost`` (currency; negative in returns, which are orders ``CN-...``).
    customers : pandas.DataFrame
        ``customer_id`` (``SIM-0001``), ``name``, ``industry``, ``size``, ``country``, ``town``, ``owner``,
        ``parent_id``, ``acquisition_cost``, ``annual_service_cost`` (currency, currency per year).
    events : pandas.DataFrame
        ``customer_id``, ``happened_at``, ``kind`` (nps on 0 to 10, csat on 1 to 5, ticket, complaint,
        late_payment with days late), ``value``, ``known_at``, ``closed_at``, ``topic``, ``respondent``.
    actions : pandas.DataFrame
        Calls of the last year: ``customer_id``, ``happened_at``, ``owner``, ``action``, ``outcome``,
        ``reason``, ``snoozed_until``. They change nothing.
    truth : pandas.DataFrame
        One row per account: ``customer_id``, ``first_order_on``, ``usual_gap_days``, ``mean_order_value``,
        ``left_on`` and ``fades_from`` (up to a year after ``as_of``, NaT later), ``leaves_because``,
        ``leaving_per_year``, ``stopped_category``, ``stopped_category_on``, ``mean_satisfaction``.
    as_of : date
        The first day that is not known.
    currency : str
        ISO code.
    language : str
        ``en`` or ``zh``.
    """

    orders: pd.DataFrame
    customers: pd.DataFrame
    events: pd.DataFrame
    actions: pd.DataFrame
    truth: pd.DataFrame
    as_of: date
    currency: str
    language: str


def simulate_distributor(
    accounts: int = 300,
    *,
    years: float = 3.0,
    start: date | str = "2021-01-04",
    language: str = "en",
    seed: int = 0,
) -> SimulatedDistributor:
    """Simulate a distributor of cleaning, catering, work and office supplies.

    About 40 % of the accounts come within the time, the others before. Each has its own rhythm (weekly,
    monthly, quarterly or yearly, gamma gaps), season and order value: a fifth of them brings about four
    fifths of the revenue. It buys what its industry buys, mostly. Small accounts leave more often than large
    ones; some fade first (longer gaps, smaller orders, categories dropped one by one), some complain first,
    some just stop or close. A late warehouse and a price rise drive some away; some new ones order once.
    Some sites belong to buying groups; some accounts have no owner; some lines come back.

    Parameters
    ----------
    accounts : int
        How many order, 1 to 1,000,000.
    years : float
        Length of the ledger, 0.5 to 20; rounded to whole weeks.
    start : date or str
        First day.
    language : str
        ``en`` (pounds) or ``zh`` (yuan): other words and currency, the same accounts and orders.
    seed : int
        The same seed gives the same distributor, as long as NumPy does not change its streams.

    Returns
    -------
    SimulatedDistributor

    Raises
    ------
    PatronError
        With everything that is wrong with the arguments.

    Examples
    --------
    >>> made = simulate_distributor(60, years=2, seed=1)
    >>> made.orders["customer_id"].nunique(), str(made.as_of), made.currency
    (60, '2023-01-02', 'GBP')
    >>> sorted(made.events["kind"].unique())
    ['complaint', 'csat', 'late_payment', 'nps', 'ticket']
    """
    first_day = as_date(start)
    problems = _problems(accounts, years, first_day, start, language, seed)
    if problems or first_day is None:
        raise PatronError(problems, "see the docstring of patron.simulation.simulate_distributor")
    weeks, words = float(round(years * WEEKS_PER_YEAR)), LANGUAGES[language]
    drawn = draw_accounts(accounts, weeks, seed, len(words.towns))
    orders = draw_orders(drawn, season_clock(SEASON, first_day, weeks + 60.0), weeks, seed)
    lines = draw_lines(drawn, orders, weeks, first_day.weekday(), seed)
    ids = account_ids(accounts)
    return SimulatedDistributor(
        orders=orders_frame(lines, orders, ids, first_day, words),
        customers=customers_frame(drawn, ids, words, seed),
        events=events_frame(draw_events(drawn, weeks, seed), ids, first_day, words),
        actions=actions_frame(
            draw_calls(drawn, orders, weeks, first_day.weekday(), seed), drawn, ids, first_day, words
        ),
        truth=truth_frame(drawn, ids, first_day, weeks, words),
        as_of=first_day + timedelta(weeks=weeks),
        currency=words.currency,
        language=language,
    )


def _problems(
    accounts: object, years: object, first_day: date | None, start: object, language: object, seed: object
) -> list[str]:
    problems = []
    if not (is_whole(accounts) and 1 <= accounts <= _MOST_ACCOUNTS):
        problems.append(f"accounts must be a whole number from 1 to {_MOST_ACCOUNTS:,}, not {accounts!r}")
    if not (is_number(years) and _YEARS[0] <= years <= _YEARS[1]):
        problems.append(f"years must lie in {_YEARS[0]:g} to {_YEARS[1]:g}, not {years!r}")
    if first_day is None or not _FIRST_YEARS[0] <= first_day.year <= _FIRST_YEARS[1]:
        problems.append(f"start must be a day of the years 1900 to 2200, not {start!r}")
    if language not in LANGUAGES:
        problems.append(f"language {language!r} is not one of 'en', 'zh'")
    if not (is_whole(seed) and seed >= 0):
        problems.append(f"seed must be a whole number from 0 on, not {seed!r}")
    return problems
