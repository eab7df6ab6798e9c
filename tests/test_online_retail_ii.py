"""The figures the package stands for, on 1.07 million real order lines, judged from the written scores alone.

The judge knows nothing of the package: scores file and raw orders go in, scikit-learn's metrics come out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "configs" / "online_retail_ii.yaml"
ORDERS = ROOT.parent / "shared" / "data" / "online_retail_ii.parquet"
AS_OF, HORIZON, ACTIVE = pd.Timestamp("2011-09-10"), pd.Timedelta(days=90), pd.Timedelta(days=180)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ORDERS.exists(), reason=f"the Online Retail II orders are not at {ORDERS}"),
]


class Outcome(NamedTuple):
    """What the commands said, and the customers who were active with what they did."""

    trained: dict[str, Any]
    scored: dict[str, Any]
    checked: dict[str, Any]
    scores: pd.DataFrame
    people: pd.DataFrame


def patron(*words: str, **environment: str) -> dict[str, Any]:
    """Run a command with --json."""
    done = subprocess.run(
        [sys.executable, "-m", "patron", *words, "--json"],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def project(folder: Path, orders: Path) -> Path:
    """The config that ships, with orders, output and store in a folder of the test."""
    text = CONFIG.read_text(encoding="utf-8")
    text = text.replace("../../shared/data/online_retail_ii.parquet", str(orders))
    text = text.replace("../runs/online_retail_ii", str(folder / "runs"))
    config = folder / "patron.yaml"
    config.write_text(text.replace("sqlite:///../mlflow.db", "sqlite:///mlflow.db"), encoding="utf-8")
    return config


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    config = project(tmp_path_factory.mktemp("online-retail-ii"), ORDERS)
    checked, trained = patron("check", str(config)), patron("train", str(config))
    scored = patron("score", str(config), "--model", f"models:/{trained['model']}")
    scores = pd.read_parquet(scored["scores"])
    return Outcome(trained, scored, checked, scores, truth(pd.read_parquet(ORDERS)))


def truth(orders: pd.DataFrame) -> pd.DataFrame:
    """Who had bought within 180 days, and whether an order followed within 90."""
    bought = orders[(orders["amount"] > 0) & orders["customer_id"].notna()]
    before = bought[bought["ordered_at"] < AS_OF]
    last = before.groupby("customer_id")["ordered_at"].max().dt.normalize()
    people = last.index[last >= AS_OF - ACTIVE]
    after = bought[(bought["ordered_at"] >= AS_OF) & (bought["ordered_at"] < AS_OF + HORIZON)]
    churned = ~people.isin(after["customer_id"].unique())
    return pd.DataFrame({"churned": churned.astype(int)}, index=people)


@pytest.fixture(scope="module")
def judged(outcome: Outcome) -> pd.DataFrame:
    """Active customers with outcome and written probability."""
    scores = outcome.scores.set_index("customer_id")
    return outcome.people.join(scores["churn_probability"], how="left").dropna()


def test_the_customers_are_those_of_the_log(outcome: Outcome, judged: pd.DataFrame) -> None:
    """About 2,787 by the raw lines; a few bought nothing but postage or cancelled on the day."""
    assert len(outcome.people) == pytest.approx(2787, abs=10)
    assert len(judged) == pytest.approx(2783, abs=5)
    assert judged["churned"].mean() == pytest.approx(0.382, abs=0.005)


def test_ranking(judged: pd.DataFrame) -> None:
    """AUC at least 0.755."""
    assert roc_auc_score(judged["churned"], judged["churn_probability"]) >= 0.755


def test_probabilities(judged: pd.DataFrame) -> None:
    """Brier at most 0.212."""
    assert brier_score_loss(judged["churned"], judged["churn_probability"]) <= 0.212


def test_the_ranking_is_better_than_a_logistic_regression(judged: pd.DataFrame) -> None:
    """Recency, frequency, money, fitted one horizon earlier; the paired interval of the gain excludes 0."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    orders = pd.read_parquet(ORDERS)
    bought = orders[(orders["amount"] > 0) & orders["customer_id"].notna()]

    def rfm(day: pd.Timestamp) -> pd.DataFrame:
        before = bought[bought["ordered_at"] < day].assign(day=lambda f: f["ordered_at"].dt.normalize())
        recent = before[before["day"] >= day - pd.Timedelta(days=365)].groupby("customer_id")
        silence = (day - before.groupby("customer_id")["day"].max()).dt.days
        table = pd.DataFrame(
            {"silence": silence, "days": recent["day"].nunique(), "spend": recent["amount"].sum()}
        )
        return np.log1p(table[silence <= ACTIVE.days].fillna(0))

    earlier = rfm(AS_OF - HORIZON)
    came = bought[(bought["ordered_at"] >= AS_OF - HORIZON) & (bought["ordered_at"] < AS_OF)]["customer_id"]
    labels = (~earlier.index.isin(came.unique())).astype(int)
    rule = make_pipeline(StandardScaler(), LogisticRegression()).fit(earlier, labels)
    y, p = judged["churned"].to_numpy(), judged["churn_probability"].to_numpy()
    r = rule.predict_proba(rfm(AS_OF).loc[judged.index])[:, 1]
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(y), len(y)) for _ in range(400)]
    gains = [roc_auc_score(y[i], p[i]) - roc_auc_score(y[i], r[i]) for i in draws]
    assert np.quantile(gains, 0.025) > 0


def test_no_row_is_lost(outcome: Outcome) -> None:
    """Rows in = used + set aside + later, and rows in are those of the file."""
    found = outcome.checked
    assert found["rows_in"] == len(pd.read_parquet(ORDERS, columns=["customer_id"]))
    assert found["rows_in"] == found["rows_used"] + sum(found["set_aside"].values()) + found["later"]


def test_every_customer_is_counted_once(outcome: Outcome) -> None:
    """Status by status."""
    counts = outcome.scored["counts"]
    assert counts["customers"] == sum(v for k, v in counts.items() if k != "customers") == len(outcome.scores)
    assert outcome.scores["customer_id"].is_unique


def test_the_model_beats_the_rules(outcome: Outcome) -> None:
    """Grade B at least, on the window before."""
    assert outcome.trained["grade"]["churn"] in ("A", "B")


def test_shuffled_lines_on_one_thread_give_the_same_bytes(outcome: Outcome, tmp_path: Path) -> None:
    """A million lines in another order, one thread for engine, LightGBM and BLAS: the files agree."""
    shuffled = tmp_path / "online_retail_ii.parquet"  # the model tells the file by its name
    pd.read_parquet(ORDERS).sample(frac=1, random_state=3).to_parquet(shuffled, index=False)
    config = str(project(tmp_path, shuffled))
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    trained = patron("train", config, "--set", "engine.threads=1", **one)
    assert Path(trained["folder"]).name == Path(outcome.trained["folder"]).name
    scored = patron("score", config, "--model", f"models:/{trained['model']}", **one)
    assert Path(scored["scores"]).read_bytes() == Path(outcome.scored["scores"]).read_bytes()
