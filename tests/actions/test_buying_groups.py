"""Sites rolled up to their group, by hand; notes about silent sisters, in two languages, by owner."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.actions import buying_groups, sister_notes
from patron.errors import PatronError

AS_OF = date(2024, 6, 1)


def score(customer: str, status: str = "scored", tier: str = "standard", **more: Any) -> dict[str, Any]:
    row = {"customer_id": customer, "as_of": AS_OF, "status": status, "tier": tier, "churn_risk": "low"}
    row |= {"clv": 100.0, "value_at_risk": 10.0, "revenue_last_12_months": 200.0}
    row["last_order_on"] = date(2024, 5, 20)
    if status == "lapsed":
        row |= {"tier": "at_risk", "churn_risk": None, "value_at_risk": np.nan}
    if status == "excluded":
        row |= dict.fromkeys(["tier", "churn_risk", "clv", "value_at_risk", "last_order_on"])
    return row | more


SCORES = pd.DataFrame(
    [
        score("alone", value_at_risk=999.0),
        score("g1", clv=0.1, churn_risk="medium"),
        score("g2", tier="at_risk", churn_risk="high", clv=0.2, last_order_on=date(2024, 4, 3)),
        score("g3", "lapsed", clv=5.0, last_order_on=date(2023, 10, 7)),
        score("g4", "lapsed", clv=1.0, last_order_on=date(2022, 1, 2)),
        score("g5", "excluded"),
        score("h1", value_at_risk=50.0),
        score("HEAD", "new", value_at_risk=60.0),
        score("z1", "lapsed", last_order_on=date(2023, 12, 1)),
    ]
)
CUSTOMERS = pd.DataFrame(
    [
        ("alone", "Alone Ltd", None, "Ann"),
        ("g1", "North", "g-region", "Ann"),
        ("g2", "South", "g-region", "Ann"),
        ("g3", "East", "GROUP", "Bob"),
        ("g4", None, "GROUP", "Ann"),
        ("g5", "Nobody", "GROUP", None),
        ("g-region", "Region", "GROUP", None),
        ("GROUP", "Group plc", None, None),
        ("h1", "Site", "HEAD", None),
        ("HEAD", "Head office", None, None),
        ("z1", "Last", "unknown", "Ann"),
        ("no orders", "Never", "empty group", "Ann"),
    ],
    columns=["customer_id", "name", "parent_id", "owner"],
)


def test_groups_by_hand() -> None:
    """Largest value at risk first; levels between are no sites, nor is who never ordered."""
    found = buying_groups(SCORES, CUSTOMERS)
    assert list(found) == [
        "group_id",
        "name",
        "sites",
        "sites_active",
        "clv",
        "value_at_risk",
        "revenue_last_12_months",
        "silent_sites",
        "highest_risk",
    ]
    head, group, unknown = found.replace({np.nan: None}).values.tolist()
    assert head == ["HEAD", "Head office", 2, 2, 200.0, 110.0, 400.0, "", "low"]
    assert group == ["GROUP", "Group plc", 4, 2, 6.3, 20.0, 800.0, "South, East, g4", "high"]
    assert unknown == ["unknown", "Group of Last", 1, 0, 100.0, None, 200.0, "Last", None]


@pytest.mark.parametrize(
    ("names", "language", "said"),
    [
        (["Kingham Foods (Hull)", "Kingham Foods (Ely)"], "en", "Kingham Foods"),
        (["Kingham Food", "Kingham Foods"], "en", "Kingham"),
        (["The Oak", "The Ash"], "en", "Group of The Ash"),
        (["福州福诚幼儿园（杭州店）", "福州福诚幼儿园（宁波店）"], "zh", "福州福诚幼儿园"),
        (["福州红星", "福州安达"], "zh", "福州安达所属集团"),
        ([None, "South"], "en", "Group of South"),
        ([None, None], "en", "GROUP"),
    ],
)
def test_a_group_without_a_name_is_called_after_its_sites(
    names: list[str | None], language: str, said: str
) -> None:
    """What their names begin with, in whole words; else the site with the most revenue; else the id."""
    scores = pd.DataFrame(
        [score("a", revenue_last_12_months=10.0), score("b", revenue_last_12_months=30.0, tier="at_risk")]
    )
    customers = pd.DataFrame({"customer_id": ["a", "b"], "name": names, "parent_id": "GROUP"})
    assert buying_groups(scores, customers, language=language)["name"].tolist() == [said]


def test_silent_sites_are_listed_as_the_language_does() -> None:
    """Commas in English, the mark for lists in Chinese."""
    said = {code: buying_groups(SCORES, CUSTOMERS, language=code)["silent_sites"][1] for code in ("en", "zh")}
    assert said == {"en": "South, East, g4", "zh": "South、East、g4"}
    towns = CUSTOMERS.assign(name=CUSTOMERS["name"].replace("East", "East, Ely"))
    assert buying_groups(SCORES, towns)["silent_sites"][1] == "South; East, Ely; g4"


def test_sums_over_sites_are_the_sums_of_the_scores() -> None:
    """Nothing is counted twice, whatever the order of the rows."""
    found = buying_groups(SCORES, CUSTOMERS)
    members = SCORES[~SCORES["customer_id"].isin(["alone", "g5"])]
    assert found["revenue_last_12_months"].sum() == members["revenue_last_12_months"].sum()
    assert found["clv"].sum() == pytest.approx(members["clv"].sum(), rel=1e-12)
    again = buying_groups(SCORES.sample(frac=1, random_state=2), CUSTOMERS.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(found, again)


def test_sisters_are_told_in_english() -> None:
    """The latest of one's own accounts by name; a colleague's is counted; who left in 2022 is no news."""
    notes = sister_notes(SCORES, CUSTOMERS).set_index("customer_id")
    assert notes["sister_note"].to_dict() == {
        "HEAD": "",
        "g1": "Sister site South has not ordered since 3 Apr 2024. A sister site of a colleague fell silent.",
        "g2": "A sister site of a colleague fell silent.",
        "g3": "A sister site of a colleague fell silent.",
        "g4": "Sister site South has not ordered since 3 Apr 2024. A sister site of a colleague fell silent.",
        "h1": "",
        "z1": "",
    }
    assert notes["group_id"].tolist() == ["HEAD", "GROUP", "GROUP", "GROUP", "GROUP", "HEAD", "unknown"]


def test_sisters_are_told_in_chinese() -> None:
    """Same facts."""
    notes = sister_notes(SCORES, CUSTOMERS, language="zh").set_index("customer_id")["sister_note"]
    assert notes["g1"] == "同集团网点“South”自2024年4月3日起未再下单；由同事负责的1家同集团网点已停止下单。"
    assert notes["h1"] == ""


def test_several_silent_sisters_are_one_sentence() -> None:
    """Without owners all of them may be named; the latest is."""
    notes = sister_notes(SCORES, CUSTOMERS.drop(columns="owner")).set_index("customer_id")["sister_note"]
    assert notes["g1"] == "2 sister sites fell silent, the latest is South (last order 3 Apr 2024)."
    assert notes["g2"] == "Sister site East has not ordered since 7 Oct 2023."
    mine = CUSTOMERS.assign(owner=["Ann"] * 3 + ["Bob", "Bob", *["Cy"] * 7])
    told = sister_notes(SCORES.assign(last_order_on="2024-04-03"), mine).set_index("customer_id")[
        "sister_note"
    ]
    assert told["g1"].endswith("2 sister sites of colleagues fell silent.")


def test_a_note_never_names_a_colleagues_account() -> None:
    """Neither id nor name nor date."""
    for language in ("en", "zh"):
        notes = sister_notes(SCORES, CUSTOMERS, language=language).set_index("customer_id")["sister_note"]
        assert not [n for n in notes if "East" in n or "g3" in n or "2023" in n]


def test_a_site_counts_where_it_belonged_on_that_day() -> None:
    """g1 is sold on the day of the scores: not known yet. A parent from the day before is."""
    before = pd.DataFrame(
        [("g1", "OLD", 19_000), ("g1", "NEW", 19_875), ("g2", "OLD", 19_000), ("g2", "NEW", 19_874)],
        columns=["customer_id", "parent_id", "valid_from_day"],
    )
    assert (AS_OF - date(1970, 1, 1)).days == 19_875
    found = buying_groups(SCORES, before)
    assert found[["group_id", "sites"]].values.tolist() == [["NEW", 1], ["OLD", 1]]
    notes = sister_notes(SCORES, before).set_index("customer_id")["group_id"]
    assert notes.to_dict() == {"g1": "OLD", "g2": "NEW"}


def test_a_rekeyed_site_keeps_its_group() -> None:
    """By its old row where there is no new one; parents are renamed as well."""
    customers = pd.DataFrame({"customer_id": ["o1", "o2", "g2"], "parent_id": ["old-head", "h1", "old-head"]})
    customers.loc[3] = ["g1", "HEAD"]
    renamed = {"o1": "g1", "o2": "g3", "old-head": "HEAD"}
    found = sister_notes(SCORES, customers, renamed=renamed).set_index("customer_id")["group_id"]
    assert found.to_dict() == {"HEAD": "HEAD", "g1": "HEAD", "g2": "HEAD", "g3": "h1", "h1": "h1"}


def test_circles_and_hostile_names_do_no_harm() -> None:
    """A circle is no group; names go through as they are."""
    circle = pd.DataFrame({"customer_id": ["g1", "g2", "h1"], "parent_id": ["g2", "g1", "<script>"]})
    assert buying_groups(SCORES, circle)["group_id"].tolist() == ["<script>"]
    named = circle.assign(name=["=HYPERLINK(1)", "x", "y"])
    assert buying_groups(SCORES, named)["name"].tolist() == ["Group of y"]


@pytest.mark.parametrize("attributes", [None, pd.DataFrame({"customer_id": ["g1"]}), CUSTOMERS.iloc[:1]])
def test_without_a_hierarchy_there_are_no_groups(attributes: pd.DataFrame | None) -> None:
    """No customer file, no column, nobody with a parent: empty frames of the same columns."""
    assert len(buying_groups(SCORES, attributes)) == 0
    assert list(sister_notes(SCORES, attributes)) == ["customer_id", "group_id", "sister_note"]
    assert len(sister_notes(SCORES, attributes)) == 0
    assert len(buying_groups(SCORES.iloc[:0], attributes)) == 0


def test_a_customer_twice_is_refused() -> None:
    """Versions without their days cannot be told apart."""
    with pytest.raises(PatronError, match=r"1 customers are there more than once, e\.g\. 'g1'"):
        buying_groups(SCORES, pd.concat([CUSTOMERS, CUSTOMERS.iloc[1:2]]))
