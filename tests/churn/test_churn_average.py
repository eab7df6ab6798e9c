"""The average of members: a mean of their log-odds, of their contributions, and files that read back."""

from __future__ import annotations

import numpy as np
import pytest

from patron.churn import AverageScorer, Calibrator, ChurnModel, LinearScorer, Panel, SeasonShift, TreeSettings
from patron.churn.average import AVERAGES, Member, mean_score, scorer_from_dict, scorer_to_dict
from patron.churn.linear import fit_rule
from patron.churn.smooth import fit_smooth
from patron.churn.trees import fit_trees
from patron.errors import ModelError

COLUMNS = ["days_since_last_order", "purchase_days_last_365_days", "side"]


@pytest.fixture(scope="module")
def members(panel: Panel) -> dict[str, Member]:
    """Trees, regression and purchase model on one panel."""
    given = (panel.features, panel.churned)
    return {
        "lightgbm": fit_trees(*given, columns=COLUMNS, settings=TreeSettings(rounds=20), seed=1),
        "logistic": fit_smooth(*given, columns=COLUMNS[::-1]),
        "mbgnbd": fit_rule("mbgnbd", panel),
    }


@pytest.fixture(scope="module", params=AVERAGES)
def average(request: pytest.FixtureRequest, members: dict[str, Member]) -> AverageScorer:
    """Both averages that there are."""
    return AverageScorer({name: members[name] for name in AVERAGES[request.param]})


def test_the_score_is_the_mean_of_the_members(panel: Panel, average: AverageScorer) -> None:
    """With equal weights, in log-odds."""
    scores = [member.score(panel.features) for member in average.members.values()]
    np.testing.assert_allclose(average.score(panel.features), np.mean(scores, axis=0), atol=1e-12)


def test_the_mean_leaves_its_members_as_they_were() -> None:
    """Log-odds of -1, 0 and 4 mean 1, and no array is written to."""
    scores = [np.array([-1.0]), np.array([0.0]), np.array([4.0])]
    assert mean_score(scores).tolist() == [1.0]
    assert [s.tolist() for s in scores] == [[-1.0], [0.0], [4.0]]


def test_columns_are_those_of_all_members_once(average: AverageScorer) -> None:
    """In the order of the first member that reads them."""
    extra = ("no_order_probability",) if "mbgnbd" in average.members else ()
    assert average.columns == (*COLUMNS, *extra)


def test_contributions_are_means_by_name(members: dict[str, Member], panel: Panel) -> None:
    """A column that two of three members read gets a third of each; the members' orders differ."""
    average = AverageScorer(members)
    found = average.contributions(panel.features.head(50))
    parts = {name: member.contributions(panel.features.head(50)) for name, member in members.items()}
    for column in COLUMNS:
        expected = (parts["lightgbm"][column] + parts["logistic"][column]) / 3
        np.testing.assert_allclose(found[column], expected, atol=1e-12)
    alone = parts["mbgnbd"]["no_order_probability"] / 3
    np.testing.assert_allclose(found["no_order_probability"], alone, atol=1e-12)
    assert tuple(found.columns) == average.columns


def test_contributions_and_one_constant_are_the_score(panel: Panel, average: AverageScorer) -> None:
    """What a reason shows is what the score is made of."""
    rest = average.score(panel.features) - average.contributions(panel.features).to_numpy().sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-9)


def test_a_customer_alone_gets_the_same_bits(panel: Panel, average: AverageScorer) -> None:
    """Score and contributions."""
    some = panel.features.head(30)
    assert average.score(some).tolist() == [average.score(some.iloc[[i]])[0] for i in range(30)]
    parts = [average.contributions(some.iloc[[i]]).to_numpy()[0].tolist() for i in range(10)]
    assert average.contributions(some.head(10)).to_numpy().tolist() == parts


def test_files_read_back_as_the_model(panel: Panel, average: AverageScorer) -> None:
    """Trees as text, the rest as JSON, the season included: the same bits on any day."""
    season = SeasonShift((100,), (0.3,), 0.1, 0.5)
    model = ChurnModel("average", average, Calibrator("sigmoid", 0.9, 0.1), season)
    files = model.to_files()
    assert set(files) == {"churn.json", "trees.txt"}
    again = ChurnModel.from_files(files)
    assert again.columns == model.columns
    assert again.to_files() == files
    for day in (100, 465):
        found = again.probability(panel.features, day)
        assert found.tolist() == model.probability(panel.features, day).tolist()
    assert (model.probability(panel.features, 465) > model.probability(panel.features, 100)).all()


def test_a_model_whose_trees_are_gone_is_refused(average: AverageScorer) -> None:
    """In words."""
    files = ChurnModel("average", average, Calibrator()).to_files()
    with pytest.raises(ModelError, match=r"churn\.json cannot be read.*trees\.txt.*Train the model again"):
        ChurnModel.from_files({"churn.json": files["churn.json"]})


def test_each_member_reads_back_as_its_own_kind(panel: Panel, members: dict[str, Member]) -> None:
    """Trees, smooth and linear."""
    text = getattr(members["lightgbm"], "text", None)
    for member in members.values():
        again = scorer_from_dict(scorer_to_dict(member), text)
        assert type(again) is type(member)
        np.testing.assert_array_equal(again.score(panel.features), member.score(panel.features))
    assert isinstance(members["mbgnbd"], LinearScorer)
