"""One customer's share of the customer tables.

In:  the tables of all customers, a customer id. Out: the same tables with that customer alone, whose rows are
enough for its score.
Not here: scoring.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import narwhals as nw

from patron.errors import PatronError
from patron.snapshots import CustomerTables, day_text, merge_customers, of_customers


def tables_of_customer(tables: CustomerTables, customer_id: str, as_of_day: int) -> CustomerTables:
    """Keep one customer, with all the ids it had.

    Parameters
    ----------
    tables : CustomerTables
        Of all customers.
    customer_id : str
        The newest id, or one that was given up before `as_of_day`.
    as_of_day : int
        Days since 1970-01-01, exclusive.

    Returns
    -------
    CustomerTables

    Raises
    ------
    PatronError
        If nothing is known of the customer before `as_of_day`.
    """
    names = merge_customers(tables.merges, as_of_day)
    newest = names.get(customer_id, customer_id)
    ids = [newest, *(old for old, new in names.items() if new == newest)]
    own = nw.col("customer_id").is_in(ids)
    alone = of_customers(tables, own)
    if len(alone.days.filter(nw.col("day") < as_of_day).select("day").head(1).collect()) == 0:
        raise _unknown(tables, customer_id, as_of_day)
    return alone


def similar_ids(customer_id: str, known: Sequence[str], most: int = 3) -> list[str]:
    """Return ids that may have been meant: the same but for case, spaces and leading zeros before any others.

    Examples
    --------
    >>> similar_ids("sim-214", ["SIM-0214", "SIM-0215", "X9"])[0], similar_ids("7", ["0007", "0008"])
    ('SIM-0214', ['0007'])
    """
    meant = _plain(customer_id)
    plain = [_plain(each) for each in known]
    same = [each for each, text in zip(known, plain, strict=True) if text == meant]
    close = set(difflib.get_close_matches(meant, plain, n=most)) - {meant}
    rest = [each for each, text in zip(known, plain, strict=True) if text in close]
    return [*same, *rest][:most]


def _plain(customer_id: str) -> str:
    folded = "".join(customer_id.casefold().split())
    return re.sub(r"(?<!\d)0+(?=\d)", "", folded)


def _unknown(tables: CustomerTables, customer_id: str, as_of_day: int) -> PatronError:
    """Say among how many, and which ids look alike."""
    known = tables.days.filter(nw.col("day") < as_of_day).select("customer_id").unique().collect()
    everybody = sorted(map(str, known["customer_id"].to_list()))
    alike = similar_ids(customer_id, everybody)
    hint = f" Similar: {', '.join(alike)}." if alike else ""
    return PatronError(
        f"There is no customer '{customer_id}' among the {len(everybody):,} with an order line before "
        f"{day_text(as_of_day)}.{hint}",
        next_step="Give the id as the orders write it, leading zeros included, or a later as_of.",
    )
