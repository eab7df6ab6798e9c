"""`patron demo`: the whole loop on the CDNOW orders that ship with `lifetimes`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from patron.config import Config, load_config
from patron.ledger import demo_orders
from patron.reports import three_sentences
from patron.workflows.desk import collect_desk
from patron.workflows.report import report_on
from patron.workflows.score import Scored, score
from patron.workflows.train import Trained, train

Progress = Callable[[str], None]

_CONFIG = """\
# The CDNOW sample: 2,357 customers of a CD shop who first bought in early 1997, followed until mid-1998.
name: cdnow-demo
ledger:
  transactions: orders.csv
  currency: USD
  duplicates: keep        # one row per purchase and no order numbers: two equal rows are two purchases
churn:
  horizon_days: 90        # no order in 90 days counts as churn
  active_days: 365        # CDs are bought seldom
language: {language}
"""


@dataclass(frozen=True)
class Demonstrated:
    """What the demo made.

    Parameters
    ----------
    config : Config
        Of the demo project.
    trained : Trained
        The model.
    scored : Scored
        The scores.
    report : Path
        The HTML file.
    sentences : list of str
        Three, to be read aloud.
    """

    config: Config
    trained: Trained
    scored: Scored
    report: Path
    sentences: list[str]


def demo(folder: Path, *, language: str = "en", progress: Progress = lambda _step: None) -> Demonstrated:
    """Make a small project in a folder and run it: train, score, report.

    Parameters
    ----------
    folder : Path
        Made if missing; an earlier demo in it is run again.
    language : str
        ``en`` or ``zh``.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    Demonstrated
    """
    folder.mkdir(parents=True, exist_ok=True)
    demo_orders().to_csv(folder / "orders.csv", index=False)
    (folder / "patron.yaml").write_text(_CONFIG.format(language=language), encoding="utf-8")
    config = load_config(folder / "patron.yaml")
    trained = train(config, progress=progress)
    scored = score(config, model=f"models:/{trained.model}", allow_stale=True, progress=progress)
    progress("report")
    scores = scored.scores
    desk = collect_desk(config, scored.base, scored.model, scores, language=language)
    page = report_on(config, scores, scored.model, scored.base.ledger.report, desk=desk)
    sentences = three_sentences(scores, scored.model.evaluation, language=language)
    return Demonstrated(config, trained, scored, page, sentences)
