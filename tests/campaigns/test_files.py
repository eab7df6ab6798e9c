"""The files of a campaign: what is read is what was drawn."""

from __future__ import annotations

import pandas as pd

from patron.campaigns import ASSIGNMENT_COLUMNS, assignment_bytes
from patron.campaigns.files import _read_assignment


def test_ids_like_formulas_are_inert_and_come_back() -> None:
    """Also those that begin with an apostrophe themselves."""
    ids = ["=A1", "'=A1", "'s-Hertogenbosch", "+1", "NA", "C 1"]
    rows = pd.DataFrame({name: [1.0] * len(ids) for name in ASSIGNMENT_COLUMNS})
    rows = rows.assign(
        customer_id=ids, group_id=ids, stratum="s", arm="control", tier="t", lifecycle_stage="l"
    )
    content = assignment_bytes(rows)
    written = [line.split(",")[0] for line in content.decode("utf-8-sig").splitlines()[1:]]
    assert written == ["'=A1", "''=A1", "'s-Hertogenbosch", "'+1", "NA", "C 1"]
    assert _read_assignment(content)["customer_id"].tolist() == ids
