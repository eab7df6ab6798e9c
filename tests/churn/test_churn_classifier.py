"""ChurnClassifier keeps scikit-learn's contract, and its calibration in time keeps the gap."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.special import expit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import patron
from patron import ChurnClassifier, RollingOrigin
from patron.churn import Panel, fit_calibrator
from patron.churn.folds import rolling_folds
from patron.errors import NotEnoughData, PatronError

MODELS = ("average", "lightgbm", "logistic")


def quick(model: str = "average", **settings: Any) -> ChurnClassifier:
    return ChurnClassifier(model=model, rounds=40, **settings)


@pytest.fixture(scope="module")
def table(panel: Panel) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Features with gaps, outcomes and snapshots; every second customer."""
    some = panel.where(np.arange(len(panel)) % 2 == 0)
    return some.features, some.churned, some.as_of_day


@pytest.mark.parametrize("model", MODELS)
def test_scikit_learns_own_checks_pass(model: str) -> None:
    """All of them, with none expected to fail; the check of array backends needs an environment variable."""
    results = check_estimator(ChurnClassifier(model=model), on_skip=None)
    assert len(results) > 50
    left = {result["check_name"]: result["status"] for result in results if result["status"] != "passed"}
    assert left in ({}, {"check_array_api_input": "skipped"})


@pytest.mark.parametrize("model", MODELS)
def test_it_learns_what_drives_churn(
    model: str, table: tuple[pd.DataFrame, np.ndarray, np.ndarray], panel: Panel
) -> None:
    """Far better than chance on customers that it has not seen."""
    X, y, _ = table
    unseen = panel.where(np.arange(len(panel)) % 2 == 1)
    found = quick(model).fit(X, y).predict_proba(unseen.features)[:, 1]
    assert roc_auc_score(unseen.churned, found) > 0.75


def test_the_average_is_that_of_the_log_odds(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """Half the trees, half the regression."""
    X, y, _ = table
    odds = {model: quick(model).fit(X, y).decision_function(X) for model in MODELS}
    np.testing.assert_allclose(odds["average"], (odds["lightgbm"] + odds["logistic"]) / 2, atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_contributions_add_up_to_the_log_odds(
    model: str, table: tuple[pd.DataFrame, np.ndarray, np.ndarray]
) -> None:
    """Named and indexed as the frame."""
    X, y, _ = table
    fitted, asked = quick(model).fit(X, y), X.iloc[5:25]
    shares = fitted.contributions(asked)
    assert list(shares.columns) == list(X.columns)
    assert shares.index.equals(asked.index)
    np.testing.assert_allclose(
        fitted.base_log_odds_ + shares.sum(axis=1), fitted.decision_function(asked), atol=1e-9
    )
    assert list(quick(model).fit(X.to_numpy(), y).contributions(asked.to_numpy()).columns)[:2] == ["x0", "x1"]


@pytest.mark.parametrize("labels", [("bought", "left"), (False, True), (-1, 1), (3.0, 7.0)])
def test_any_two_labels_will_do(
    labels: tuple[Any, Any], table: tuple[pd.DataFrame, np.ndarray, np.ndarray]
) -> None:
    """Probabilities are those of the second in order; predictions are labels."""
    X, y, _ = table
    named = quick("logistic").fit(X, np.array(labels)[y])
    assert named.classes_.tolist() == list(labels)
    np.testing.assert_array_equal(named.predict_proba(X), quick("logistic").fit(X, y).predict_proba(X))
    assert set(named.predict(X).tolist()) == set(labels)


def test_another_order_of_rows_gives_the_same_bytes(
    table: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    """Calibrated in time, with weights."""
    X, y, as_of = table
    weight = np.arange(len(y)) % 3
    rows = np.random.default_rng(0).permutation(len(y))
    model = quick(calibration="sigmoid", horizon_days=60)
    first = model.fit(X, y, sample_weight=weight, as_of=as_of)
    second = clone(model).fit(X.iloc[rows], y[rows], sample_weight=weight[rows], as_of=as_of[rows])
    assert first.scorer_ == second.scorer_
    assert first.calibrator_ == second.calibrator_


def test_a_row_does_not_depend_on_its_neighbours(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """Alone or among others: the same bytes."""
    X, y, _ = table
    fitted = quick().fit(X, y)
    alone = np.vstack([fitted.predict_proba(X.iloc[[i]]) for i in range(20)])
    assert alone.tobytes() == fitted.predict_proba(X)[:20].tobytes()


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_calibration_in_time_uses_the_folds_with_a_gap(
    kind: str, table: tuple[pd.DataFrame, np.ndarray, np.ndarray]
) -> None:
    """The same calibrator as from predicting each fold by hand with an uncalibrated model."""
    X, y, as_of = table
    fitted = quick("logistic", calibration=kind, horizon_days=60).fit(X, y, as_of=as_of)
    scores, outcomes = [], []
    for fold in rolling_folds(as_of, horizon_days=60):
        learned = quick("logistic").fit(X[fold.train], y[fold.train])
        scores.append(learned.decision_function(X[fold.test]))
        outcomes.append(y[fold.test])
    assert len(scores) == 3
    expected = fit_calibrator(kind, np.concatenate(scores), np.concatenate(outcomes))
    plain = quick("logistic").fit(X, y).decision_function(X)
    np.testing.assert_allclose(fitted.predict_proba(X)[:, 1], expected.probability(plain), atol=1e-9)


def test_calibration_in_time_looks_at_nothing_that_was_not_known() -> None:
    """Outcomes of the snapshot just before the test day, still open on that day, change no calibrator."""
    rng = np.random.default_rng(4)
    as_of = np.repeat([0, 60, 90, 120], 60)
    X = rng.normal(size=(240, 2))
    y = (rng.random(240) < expit(X[:, 0])).astype(int)
    changed = np.where(as_of == 90, 1 - y, y)  # its window ends on day 150, and it is no test day itself
    model = quick("logistic", calibration="sigmoid", horizon_days=60)
    first = model.fit(X, y, as_of=as_of).calibrator_
    assert clone(model).fit(X, changed, as_of=as_of).calibrator_ == first
    learned_from = np.where(as_of == 60, 1 - y, y)
    assert clone(model).fit(X, learned_from, as_of=as_of).calibrator_ != first


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_calibration_mends_probabilities_that_are_too_sure(kind: str) -> None:
    """Noise columns make the trees overconfident; true probabilities are known here."""
    rng = np.random.default_rng(2)
    X, fresh = rng.normal(size=(800, 12)), rng.normal(size=(4000, 12))
    y, truth = (rng.random(800) < expit(0.7 * X[:, 0])).astype(int), expit(0.7 * fresh[:, 0])
    sure = ChurnClassifier("lightgbm", rounds=400).fit(X, y).predict_proba(fresh)[:, 1]
    mended = ChurnClassifier("lightgbm", rounds=400, calibration=kind).fit(X, y)
    found = mended.predict_proba(fresh)[:, 1]
    assert np.mean((found - truth) ** 2) < 0.8 * np.mean((sure - truth) ** 2)
    odds = mended.decision_function(fresh)
    np.testing.assert_allclose(expit(odds), found, atol=1e-12)


def test_a_whole_weight_is_so_many_copies(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """In the model and in the calibrator, where folds are in time."""
    X, y, as_of = table
    weight = np.arange(len(y)) % 3
    rows = np.repeat(np.arange(len(y)), weight)
    model = quick(calibration="isotonic", horizon_days=60)
    weighted = model.fit(X, y, sample_weight=weight, as_of=as_of)
    copied = clone(model).fit(X.iloc[rows], y[rows], as_of=as_of[rows])
    np.testing.assert_allclose(weighted.predict_proba(X), copied.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_weight_on_the_lost_moves_probabilities_up(
    model: str, table: tuple[pd.DataFrame, np.ndarray, np.ndarray]
) -> None:
    """To the share of the lost among the weights, whether fractions or money."""
    X, y, _ = table
    for lost, kept in [(2.5, 0.5), (25_000, 5_000)]:
        weight = np.where(y == 1, lost, kept)
        heavier = quick(model).fit(X, y, sample_weight=weight).predict_proba(X)[:, 1]
        assert np.average(heavier, weights=weight) == pytest.approx(np.average(y, weights=weight), abs=0.05)


@pytest.mark.parametrize("weight", [0.5, 10_000])
def test_weights_that_are_no_copies_are_not_calibrated(
    weight: float, table: tuple[pd.DataFrame, np.ndarray, np.ndarray]
) -> None:
    """A calibrator counts rows."""
    X, y, _ = table
    with pytest.raises(PatronError, match="fractions or asks for millions of copies") as caught:
        quick(calibration="sigmoid").fit(X, y, sample_weight=np.full(len(y), weight))
    assert "CalibratedClassifierCV" in (caught.value.next_step or "")


def test_wrong_weights_are_refused(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """Below zero, too few, all zero, or on one label only."""
    X, y, _ = table
    for weight, words in [(-np.ones(len(y)), "below zero"), (np.ones(3), "inconsistent"), (0 * y, "zero")]:
        with pytest.raises(ValueError, match=words):
            quick().fit(X, y, sample_weight=weight)
    with pytest.raises(NotEnoughData, match="one class"):
        quick().fit(X, y, sample_weight=y)


def test_it_works_in_pipelines_and_searches(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """Scaling changes no model of ranks; a search over the models keeps the gap."""
    X, y, as_of = table
    pipeline = make_pipeline(StandardScaler(), quick("logistic"))
    np.testing.assert_allclose(
        pipeline.fit(X, y).predict_proba(X), quick("logistic").fit(X, y).predict_proba(X), atol=1e-6
    )
    grid = {"churnclassifier__model": ["lightgbm", "logistic"]}
    search = GridSearchCV(pipeline, grid, cv=RollingOrigin(60, n_splits=2), scoring="neg_log_loss")
    search.fit(X, y, groups=as_of)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_score_ > -log_loss(y, np.full(len(y), y.mean()))


def test_it_works_in_cross_validators(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """Gap in time, plain folds, out-of-fold predictions, and snapshots handed to each fit."""
    X, y, as_of = table
    auc = {"scoring": "roc_auc", "error_score": "raise"}
    splitter = RollingOrigin(60, n_splits=2)
    assert (cross_val_score(quick(), X, y, cv=splitter, groups=as_of, **auc) > 0.7).all()
    assert (cross_val_score(quick(), X, y, cv=StratifiedKFold(3), **auc) > 0.7).all()
    assert cross_val_predict(quick(), X, y, cv=3, method="predict_proba").shape == (len(y), 2)
    dated = quick(calibration="sigmoid", horizon_days=60)
    scores = cross_val_score(dated, X, y, cv=StratifiedKFold(3), params={"as_of": as_of}, **auc)
    assert (scores > 0.7).all()


def test_snapshots_are_routed_where_metadata_is_routed(
    table: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    """Through a pipeline, by name."""
    X, y, as_of = table
    with sklearn.config_context(enable_metadata_routing=True):
        model = quick("logistic", calibration="sigmoid", horizon_days=60).set_fit_request(as_of=True)
        routed = make_pipeline(StandardScaler(), model).fit(X, y, as_of=as_of)
    plain = quick("logistic", calibration="sigmoid", horizon_days=60).fit(X, y, as_of=as_of)
    np.testing.assert_allclose(routed.predict_proba(X), plain.predict_proba(X), atol=1e-6)


def test_scikit_learn_can_calibrate_and_explain_it(
    table: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    """CalibratedClassifierCV, and permutation importance: what decides most is asked most."""
    X, y, _ = table
    outer = CalibratedClassifierCV(quick(), cv=3).fit(X, y)
    assert roc_auc_score(y, outer.predict_proba(X)[:, 1]) > 0.75
    found = permutation_importance(quick().fit(X, y), X, y, scoring="roc_auc", n_repeats=2, random_state=0)
    weight = dict(zip(X.columns, found.importances_mean, strict=True))
    assert weight["purchase_days_last_365_days"] > weight["spend_last_365_days"]


def test_copies_predict_the_same(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """A clone is unfitted; a deep copy and a pickle are the model itself."""
    X, y, as_of = table
    fitted = quick(calibration="isotonic", horizon_days=60).fit(X, y, as_of=as_of)
    expected = fitted.predict_proba(X).tobytes()
    for copied in (copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))):
        assert copied.predict_proba(X).tobytes() == expected
    assert clone(fitted).get_params() == fitted.get_params()
    with pytest.raises(NotFittedError, match="not fitted"):
        clone(fitted).predict(X)


def test_wrong_settings_are_all_named_at_once(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """When it is fitted, as scikit-learn wants it."""
    X, y, _ = table
    wrong = ChurnClassifier("forest", rounds=0, calibration="beta", horizon_days=1.5, seed=-1)  # type: ignore[arg-type]
    with pytest.raises(PatronError, match="model is 'forest'; it must be one of average") as caught:
        wrong.fit(X, y)
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    ("settings", "extra", "words"),
    [
        ({"horizon_days": 400}, {"as_of": True}, "no snapshot lies 400 days after"),
        ({}, {"as_of": False}, "1 row of the rarer label"),
    ],
)
def test_too_little_to_calibrate_on_is_said(
    settings: dict[str, Any],
    extra: dict[str, bool],
    words: str,
    table: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    """With what to do instead."""
    X, y, as_of = table
    if not extra["as_of"]:
        y = np.eye(1, len(y), 3, dtype=int)[0]
    with pytest.raises(NotEnoughData, match=words) as caught:
        quick(calibration="sigmoid", **settings).fit(X, y, as_of=as_of if extra["as_of"] else None)
    assert "calibration='none'" in (caught.value.next_step or "")


def test_frames_of_pandas_own_types_are_read(table: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    """Nullable columns and an infinite value."""
    X, y, _ = table
    fitted = quick("logistic").fit(X, y)
    np.testing.assert_array_equal(fitted.predict_proba(X.convert_dtypes()), fitted.predict_proba(X))
    with pytest.raises(ValueError, match="infinity"):
        fitted.predict(X.assign(side=np.inf))
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(X.rename(columns={"side": "aside"}))


def test_the_package_and_a_service_need_no_scikit_learn() -> None:
    """Only the two public names bring it in (LightGBM imports it where it is installed, and does without)."""
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import patron, patron.churn, patron.model, patron.scoring\n"
        "for name in ('ChurnClassifier', 'RollingOrigin'):\n"
        "    try: getattr(patron, name)\n"
        "    except ImportError: print(name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ChurnClassifier", "RollingOrigin"]
    assert {"ChurnClassifier", "RollingOrigin"} <= set(patron.__all__)
