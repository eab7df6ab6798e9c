"""Choose by lot who is called: stratified, whole buying groups, the same for the same seed.

In:  the accounts of a campaign. Out: stratum and arm of each.
Not here: who takes part (`workflows.campaign_design`), what comes of it (`effects`).

A stratum is tier x stage x half of value at risk, of the group's largest account. One with fewer than four
groups gives up the stage, then the half, then the tier. Along the strata, in an order drawn within each, the
places of treatment are evenly spaced: every stratum and the whole are within one group of the share.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from patron.errors import NotEnoughData, PatronError

TREATMENT, CONTROL = "treatment", "control"
#: Groups that a stratum needs, so that both arms can have two.
LEAST_GROUPS = 4


def assign(accounts: pd.DataFrame, *, treated_share: float, seed: int) -> pd.DataFrame:
    """Assign accounts to treatment and control.

    Parameters
    ----------
    accounts : pandas.DataFrame, shape (n, ...)
        ``customer_id``, ``group_id``, ``tier``, ``lifecycle_stage``, ``value_at_risk``; one row per account.
    treated_share : float
        Between 0 and 1.
    seed : int
        The same seed and accounts give the same arms, in whatever order the rows come.

    Returns
    -------
    pandas.DataFrame
        The accounts with ``stratum`` and ``arm``, sorted by customer.

    Raises
    ------
    PatronError
        If the share leaves nobody for an arm, or an account comes twice.
    NotEnoughData
        With fewer than two groups in an arm.

    Examples
    --------
    >>> accounts = pd.DataFrame({"customer_id": list("abcdefgh"), "group_id": list("aacdefgh"),
    ...     "tier": "at_risk", "lifecycle_stage": "mature", "value_at_risk": range(8)})
    >>> found = assign(accounts, treated_share=0.5, seed=7)
    >>> bool(found["arm"].value_counts().min() >= 3), found["arm"][0] == found["arm"][1]
    (True, True)
    """
    if not 0 < treated_share < 1:
        raise PatronError(f"treated_share {treated_share} leaves nobody for an arm; say a share such as 0.5.")
    if accounts["customer_id"].duplicated().any():
        raise PatronError("an account stands twice among those to assign.")
    groups = _groups(accounts)
    treated = draw_arms(groups["stratum"].to_numpy(), treated_share, np.random.default_rng(seed))
    if min(treated.sum(), (~treated).sum()) < 2:
        raise NotEnoughData(
            f"{len(groups)} groups of accounts give {treated.sum()} to treatment and {(~treated).sum()} to "
            "control; an effect needs two of each at least, and many more to be found.",
            next_step="Take more accounts with --size, or a share nearer to one half.",
        )
    found = accounts.merge(
        pd.DataFrame(
            {
                "group_id": groups.index,
                "stratum": groups["stratum"].to_numpy(),
                "arm": np.where(treated, TREATMENT, CONTROL),
            }
        ),
        on="group_id",
        validate="many_to_one",
    )
    return found.sort_values("customer_id", ignore_index=True)


def draw_arms(stratum: np.ndarray, treated_share: float, draw: np.random.Generator) -> np.ndarray:
    """Draw who is treated: evenly spaced places along the strata, in an order drawn within each.

    Parameters
    ----------
    stratum : numpy.ndarray, shape (n_groups,)
        Of each group.
    treated_share : float
        Between 0 and 1.
    draw : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    numpy.ndarray of bool, shape (n_groups,)
    """
    # the first place is drawn from a whole step: every group has the same chance
    places = np.arange(len(stratum)) * treated_share + draw.random()
    order = np.lexsort((draw.random(len(stratum)), stratum))
    treated = np.empty(len(stratum), dtype=bool)
    treated[order] = np.floor(places + treated_share) > np.floor(places)
    return treated


def _groups(accounts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group, sorted by its id: its stratum."""
    rows = accounts.sort_values(["value_at_risk", "customer_id"], ascending=[False, True])
    by_group = rows.groupby("group_id", sort=True)
    largest = by_group[["tier", "lifecycle_stage"]].first().astype(str)
    value = by_group["value_at_risk"].sum()
    half = np.where(value > value.median(), "high", "low")
    stratum: np.ndarray = (largest["tier"] + "/" + largest["lifecycle_stage"] + "/" + half).to_numpy()
    for wider in (
        largest["tier"] + "/all/" + half,
        largest["tier"] + "/all/all",
        largest["tier"] * 0 + "rest",
    ):
        counts = pd.Series(stratum).map(pd.Series(stratum).value_counts()).to_numpy()
        stratum = np.where(counts < LEAST_GROUPS, wider.to_numpy(), stratum)
    return pd.DataFrame({"stratum": stratum}, index=by_group.size().index)
