"""One rendered report per language for every test that only reads it."""

import fake_report_data
import pytest

from patron.reports import render_report


def render(language="en", **changes):
    """Render the made-up base, with some arguments replaced."""
    arguments = {
        "scores": fake_report_data.fake_scores(language="zh" if language == "zh" else "en"),
        "evaluation": fake_report_data.fake_evaluation(),
        "ledger": fake_report_data.fake_ledger(),
        "title": "Harbour Supplies <Ltd> & Co",
        "model_facts": fake_report_data.MODEL_FACTS,
        "language": language,
    }
    return render_report(**{**arguments, **changes})


@pytest.fixture(scope="session")
def report_of():
    """The function that renders."""
    return render


@pytest.fixture(scope="session")
def english():
    """The report in English."""
    return render("en")


@pytest.fixture(scope="session")
def chinese():
    """The report in Chinese."""
    return render("zh")
