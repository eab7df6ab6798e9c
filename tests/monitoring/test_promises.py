"""Promised against realised: rules fire at damage, and at nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.errors import PatronError
from patron.monitoring import (
    VINTAGE_COLUMNS,
    Finding,
    Vintage,
    damage_rules,
    data_rules,
    judge_value,
    pool,
    status_of,
    vintages_before,
    write_vintage,
)

EXPECTED = {"auc": 0.7, "auc_low": 0.65}


def vintages(factor: float, *, is_shuffled: bool = False, n: int = 600) -> list[pd.DataFrame]:
    """Three vintages of the same customers; `factor` times the promised share leaves."""
    draw, frames = np.random.default_rng(5), []
    for _ in range(3):
        said = draw.beta(2, 5, n)
        left = (draw.random(n) < factor * said).astype(int)
        shown = draw.permutation(said) if is_shuffled else said
        ids = [f"c{number}" for number in range(n)]
        frames.append(pd.DataFrame({"customer_id": ids, "churn_probability": shown, "churned": left}))
    return frames


def fired(frames: list[pd.DataFrame], value: dict[str, Any] | None = None, months: int = 12) -> list[str]:
    return [rule.rule for rule in damage_rules(pool(frames), EXPECTED, value, value_months=months)]


def test_kept_promises_fire_nothing() -> None:
    """What was said came."""
    found = pool(vintages(1.0))
    assert found is not None
    assert (found.vintages, found.n) == (3, 1800)
    assert found.ratio == pytest.approx(found.realised / found.promised)
    assert fired(vintages(1.0)) == []
    assert pool([]) is None


def test_damage_is_named() -> None:
    """Twice as many leave; or the right number, and others than said."""
    assert "calibration" in fired(vintages(2.0))
    assert "calibration" in fired(vintages(0.5))
    assert fired(vintages(1.0, is_shuffled=True))[:1] == ["ranking"]
    assert "skill" in fired(vintages(1.0, is_shuffled=True))
    assert fired([frame.head(20) for frame in vintages(2.0)]) == [], "sixty rows say nothing"


def test_value_is_judged_over_whole_years() -> None:
    """Half of the promised value came."""
    draw = np.random.default_rng(2)
    promised = draw.lognormal(3, 0.5, 300)
    value = judge_value(promised, 0.5 * promised)
    assert value["ratio"] == pytest.approx(0.5)
    assert fired(vintages(1.0), value) == ["value"]
    assert fired(vintages(1.0), value, months=3) == []


def test_broken_data_come_before_training() -> None:
    """A model trained on broken data is a broken model."""
    damage = damage_rules(pool(vintages(2.0)), EXPECTED, None, value_months=12)
    data = data_rules([Finding("prices", "other prices", "价格变化", {"ratio": 1.2})])
    assert status_of(damage) == "retrain"
    assert status_of([*damage, *data]) == "watch"
    assert status_of(data) == "watch"


def vintage(day: str, model: str = "m/1") -> Vintage:
    rows = pd.DataFrame({column: ["x"] for column in VINTAGE_COLUMNS})
    facts: dict[str, Any] = dict.fromkeys(("churn_horizon_days", "clv_horizon_months"), 3)
    return Vintage(rows, {**facts, "as_of": day, "model": model, "label": {}, "expected": {}, "data": {}})


def test_a_promise_is_kept_as_it_was_made(tmp_path: Path) -> None:
    """The same model may score a day again; another model, which has seen what came, does not replace it."""
    assert write_vintage(tmp_path, vintage("2024-01-01"))
    assert write_vintage(tmp_path, vintage("2024-01-01"))
    assert not write_vintage(tmp_path, vintage("2024-01-01", "m/2"))
    write_vintage(tmp_path, vintage("2024-02-01", "m/2"))
    read = vintages_before(tmp_path, date(2024, 2, 1))
    assert [(one.as_of, one.model) for one in read] == [(date(2024, 1, 1), "m/1")]
    assert vintages_before(tmp_path / "none", date(2024, 2, 1)) == []


def test_a_changed_promise_is_refused(tmp_path: Path) -> None:
    """All damaged days are named at once."""
    for day in ("2024-01-01", "2024-02-01"):
        write_vintage(tmp_path, vintage(day))
    path = tmp_path / "2024-01-01.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    (tmp_path / "2024-02-01.json").write_text("{}", encoding="utf-8")
    with pytest.raises(PatronError, match="changed after it was written") as caught:
        vintages_before(tmp_path, date(2024, 3, 1))
    assert len(caught.value.problems) == 2
