"""A made-up Monday desk beside the made-up base of `fake_report_data`, in the shapes the functions give."""

from __future__ import annotations

import datetime as dt

import fake_report_data
import numpy as np
import pandas as pd

from patron.reports import AccountHistory, Desk, Trialled

AS_OF = fake_report_data.AS_OF
OWNERS = ['Müller, "Sales"', "王伟", "Anna <b>Weber</b>"]
TIERS = ("high_value", "potential", "standard", "at_risk")


def fake_desk(scores: pd.DataFrame | None = None, *, language: str = "en", **changes: object) -> Desk:
    """Everything a desk can hold, seeded."""
    scores = fake_report_data.fake_scores() if scores is None else scores
    rng = np.random.default_rng(5)
    accounts = fake_accounts(scores)
    worklist = fake_worklist(scores, accounts)
    parts: dict[str, object] = {
        "retention": fake_retention(rng),
        "retention_years": fake_years(),
        "cohorts": fake_cohorts(rng),
        "lifespan": {
            "mean_years": 3.4,
            "low": 3.1,
            "high": 3.7,
            "limit_years": 6.0,
            "customers": 2787,
            "lost": 911,
        },
        "moved_since": dt.date(2011, 6, 12),
        **fake_moves(scores, rng),
        "concentration": {"top_20_percent_share": 0.78, "gini": 0.731, "customers": len(scores)},
        "worklist": worklist,
        "left_off": {"cooldown": 5, "snoozed": 1, "not_due": 40, "over_capacity": 120},
        "won": "7 of 31 accounts called ordered again: GBP 18,450.00.",
        **fake_lists(scores, language),
        "accounts": accounts,
        "histories": {c: fake_history(rng) for c in worklist["customer_id"]},
        "active_days": 180,
    }
    return Desk(**{**parts, **changes})


def fake_accounts(scores: pd.DataFrame) -> pd.DataFrame:
    """Names for most, owners for most."""
    ids = sorted(scores["customer_id"])
    return pd.DataFrame(
        {
            "customer_id": ids,
            "name": [None if i % 9 == 0 else f"Firma N{i:03d} & Söhne" for i in range(len(ids))],
            "owner": [None if i % 7 == 0 else OWNERS[i % 3] for i in range(len(ids))],
        }
    )


def fake_worklist(scores: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """The ten active customers with the most value at risk of each owner."""
    active = scores[scores["status"].isin(["scored", "new"])].merge(accounts, on="customer_id")
    ranked = active.sort_values("value_at_risk", ascending=False, ignore_index=True)
    rank_in = ranked.groupby(ranked["owner"].fillna("")).cumcount() + 1
    chosen = ranked.assign(owner_rank=rank_in)[rank_in <= 10].reset_index(drop=True)
    return chosen.assign(
        rank=np.arange(1, len(chosen) + 1),
        due_on=[AS_OF + dt.timedelta(days=i % 7) for i in range(len(chosen))],
        risk_x_value=chosen["value_at_risk"] * 0.2,
        since_last=["new", "worse", "same"] * (len(chosen) // 3) + ["new"] * (len(chosen) % 3),
        reason=chosen["reason_1"],
        say=["We miss your order of </script> 12 boxes"] * len(chosen),
    )


def fake_retention(rng: np.random.Generator) -> pd.DataFrame:
    """Two years of months whose flows add up."""
    rows, start = [], 2400
    for month in pd.date_range("2009-09-01", periods=24, freq="MS"):
        lost, new, won = (
            int(start * 0.07 * rng.uniform(0.6, 1.5)),
            int(rng.integers(90, 240)),
            int(rng.integers(5, 40)),
        )
        end = start - lost + new + won
        rate = 1 - lost / start
        kinds = rng.multinomial(lost, [0.15, 0.3, 0.4, 0.15])
        rows.append(
            {
                "segment": None,
                "period_start": month.date(),
                "period_end": (month + pd.offsets.MonthBegin()).date(),
                "customers_start": start,
                "customers_end": end,
                "customers_new": new,
                "customers_new_active": new,
                "customers_won_back": won,
                "customers_lost": lost,
                "retention_rate": rate,
                "retention_rate_low": rate - 0.01,
                "retention_rate_high": rate + 0.01,
                "churn_rate": 1 - rate,
                "repeat_customer_rate": 0.3,
                "existing_repurchase_rate": 0.41,
                "purchase_frequency": 1.42,
                "average_order_value": 391.2,
                "net_revenue_retention": 1.02,
                "gross_revenue_retention": 0.61,
                "revenue_compared_with": "same_period_last_year",
                "is_settled": len(rows) >= 6,
                **{
                    f"lost_{k}": int(n)
                    for k, n in zip(("dissatisfaction", "onboarding", "rhythm", "other"), kinds, strict=True)
                },
            }
        )
        start = end
    return pd.DataFrame(rows)


def fake_years() -> pd.DataFrame:
    """Two years, the newer one better."""
    return pd.DataFrame(
        {
            "segment": [None, None],
            "period_start": [dt.date(2009, 9, 10), dt.date(2010, 9, 10)],
            "period_end": [dt.date(2010, 9, 10), dt.date(2011, 9, 10)],
            "customers_start": [2400, 2610],
            "retention_rate": [0.541, 0.575],
            "retention_rate_low": [0.521, 0.556],
            "retention_rate_high": [0.561, 0.594],
            "nps": [12.0, 18.0],
            "nps_low": [5.0, 11.0],
            "nps_high": [19.0, 25.0],
            "nps_answers": [310, 342],
        }
    )


def fake_cohorts(rng: np.random.Generator) -> pd.DataFrame:
    """Eight quarters, later periods missing where they have not ended."""
    rows = []
    for k, first in enumerate(pd.date_range("2009-10-01", periods=8, freq="QS")):
        customers, revenue = 300 - 10 * k, 90_000.0
        for age in range(8 - k):
            share = 1.0 if age == 0 else 0.5 * 0.93**age * rng.uniform(0.9, 1.1)
            rows.append(
                {
                    "cohort": first.date(),
                    "period_index": age,
                    "customers": customers,
                    "active_customers": round(customers * share),
                    "customer_share": share,
                    "revenue": revenue * share * 1.2,
                    "revenue_share": 1.0 if age == 0 else share * 1.2,
                }
            )
        rows.append({"cohort": first.date(), "period_index": 8 - k, "customers": customers})
    return pd.DataFrame(rows)


def fake_moves(scores: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """A matrix and its movers, made from the same pairs of tiers."""
    base = scores[scores["tier"].notna()]
    then = np.where(rng.random(len(base)) < 0.75, base["tier"], rng.choice(TIERS, len(base)))
    revenue_now = base["revenue_last_12_months"].to_numpy()
    pairs = pd.DataFrame(
        {
            "customer_id": base["customer_id"].to_numpy(),
            "tier_then": then,
            "tier_now": base["tier"].to_numpy(),
            "revenue_then": revenue_now * rng.lognormal(0, 0.4, len(base)),
            "revenue_now": revenue_now,
        }
    )
    migration = pairs.groupby(["tier_then", "tier_now"], as_index=False).agg(
        customers=("customer_id", "size"),
        revenue_then=("revenue_then", "sum"),
        revenue_now=("revenue_now", "sum"),
    )
    moved = pairs[pairs["tier_then"] != pairs["tier_now"]]
    place = {tier: i for i, tier in enumerate(TIERS)}
    direction = [
        "to_at_risk"
        if b == "at_risk"
        else "won_back"
        if a == "at_risk"
        else "up"
        if place[b] < place[a]
        else "down"
        for a, b in zip(moved["tier_then"], moved["tier_now"], strict=True)
    ]
    movers = moved.assign(direction=direction, revenue_change=moved["revenue_now"] - moved["revenue_then"])
    order = movers["revenue_change"].abs().sort_values(ascending=False, kind="stable").index
    return {"migration": migration, "movers": movers.loc[order].reset_index(drop=True)}


def fake_lists(scores: pd.DataFrame, language: str) -> dict[str, object]:
    """Products, lists and groups, a few rows of each."""
    ids = sorted(scores["customer_id"])[:18]
    day = AS_OF - dt.timedelta(days=140)
    words = {"en": "On past dates 3 times in 10.", "zh": "历史检验命中率 30%。"}[language]
    stopped = pd.DataFrame(
        {
            "customer_id": ids,
            "category": "Bolts <i>M8</i>",
            "last_bought_on": day,
            "usual_gap_days": 21.4,
            "days_late_ratio": 3.2,
            "revenue_year_before": 1234.5,
        }
    )
    return {
        "stopped": Trialled(stopped, words),
        "peers": Trialled(
            pd.DataFrame(
                {"customer_id": ids, "item": "Gloves", "support": 0.62, "peers": 40, "expected_margin": 210.0}
            ),
            words,
            is_shown=False,
        ),
        "win_back": pd.DataFrame(
            {"customer_id": ids, "owner": OWNERS[0], "clv_if_kept": 900.0, "last_order_on": day}
        ),
        "second_orders": pd.DataFrame(
            {"customer_id": ids, "first_order_on": day, "days_since_first_order": 140}
        ),
        "second_order_rates": pd.DataFrame(
            {
                "cohort": [dt.date(2010, 10, 1)],
                "customers": [210],
                "second_order_rate": [0.61],
                "second_order_rate_low": [0.54],
                "second_order_rate_high": [0.67],
            }
        ),
        "referrals": pd.DataFrame(
            {"customer_id": ids[:3], "nps": 9, "answered_on": day, "score": 9.0, "clv": 5000.0}
        ),
        "surveys": pd.DataFrame({"customer_id": ids[:3], "last_survey_on": [None, day, day], "clv": 700.0}),
        "topics": pd.DataFrame({"topic": ["delivery"], "tickets": [31], "customers": [22], "share": [0.4]}),
        "response_times": pd.DataFrame(
            {"tier": ["high_value"], "tickets": [12], "median_days_to_close": [2.5]}
        ),
        "groups": pd.DataFrame(
            {
                "group_id": ["G1"],
                "name": ["Nordbau Holding"],
                "sites": [4],
                "sites_active": [3],
                "clv": [90_000.0],
                "value_at_risk": [12_000.0],
                "revenue_last_12_months": [140_000.0],
                "silent_sites": [ids[0]],
                "highest_risk": ["high"],
            }
        ),
    }


def fake_history(rng: np.random.Generator) -> AccountHistory:
    """Orders about every three weeks for two years, then silence."""
    back = np.cumsum(rng.gamma(4, 5, 30)).astype(int)[::-1] + 35
    months = [dt.date(2010 + m // 12, m % 12 + 1, 1) for m in range(20)]
    return AccountHistory(
        [(AS_OF - dt.timedelta(days=int(b)), float(rng.lognormal(5, 0.5))) for b in back],
        [(month, 4000.0 + 100 * i) for i, month in enumerate(months)],
        [(dt.date(2011, 7, 16), 0.31), (dt.date(2011, 8, 13), 0.44), (AS_OF, 0.62)],
        20.0,
        46.0,
        int(back[-1]),
    )
