"""`patron demo --b2b`: the desk of a simulated distributor, from its files to the worklist and the report.

The model learns what was known eight weeks ago and scores then, four weeks ago and today, as a model in use
does: the account page has a history, and the worklist knows what is new.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from patron.actions import won_in_words
from patron.config import Config, load_config
from patron.reports import three_sentences
from patron.simulation import SimulatedDistributor, simulate_distributor
from patron.workflows.desk import collect_desk
from patron.workflows.report import report_on
from patron.workflows.score import Scored, score
from patron.workflows.train import Trained, train
from patron.workflows.worklist import Listed, worklist

Progress = Callable[[str], None]
_DAYS_BEFORE = (56, 28)  # the earlier scorings; the model is trained for the first of them
_OWNERS_FOLDER = "worklists/by_owner"  # below the output folder
_FILES = ("orders", "customers", "events", "actions")
_CONFIG = """\
# A simulated distributor of cleaning, catering, work and office supplies: nobody in these files exists.
name: simulated-distributor
simulated: true             # every output says so
ledger:
  transactions: orders.csv  # order lines with category and cost: margin = amount - cost
  customers: customers.csv  # name, industry, size, town, owner, parent_id, acquisition and service cost
  events: events.csv        # survey scores, tickets, complaints, late payments
  actions: actions.csv      # the calls of the last year and what came of them
  currency: {currency}
as_of: {as_of}           # a Monday
churn:
  horizon_days: 90          # no order in 90 days counts as churn
  active_days: 180          # silent for longer: on the win-back list
features:
  attributes: [industry, size]
clv:
  model: btyd               # auto would compare more models and take longer
worklist:
  capacity: 8               # calls per owner and week
  cost: {cost}                  # of one call
  save_rate: 0.2            # of those about to leave whom a call keeps: a guess until a campaign is measured
  cooldown_days: 28
language: {language}
"""
_COST_OF_CALL = {"GBP": 20, "CNY": 150}


@dataclass(frozen=True)
class DemonstratedDesk:
    """What the demo made.

    Parameters
    ----------
    config : Config
        Of the demo project.
    trained : Trained
        The model.
    earlier : list of Path
        The scores of the earlier Mondays, oldest first.
    scored : Scored
        Today's scores.
    listed : Listed
        Today's worklist.
    owners_folder : Path
        Where each owner's own worklist lies.
    report : Path
        The HTML file.
    sentences : list of str
        To be read aloud: three about the customers, one about what past calls brought.
    """

    config: Config
    trained: Trained
    earlier: list[Path]
    scored: Scored
    listed: Listed
    owners_folder: Path
    report: Path
    sentences: list[str]


def demo_desk(
    folder: Path, *, language: str = "en", accounts: int = 300, progress: Progress = lambda _step: None
) -> DemonstratedDesk:
    """Make the project of a simulated distributor and run it: train, score and list three times, report.

    Parameters
    ----------
    folder : Path
        Made if missing; an earlier demo in it is run again.
    language : str
        ``en`` or ``zh``: of the names in the files as well as of the report.
    accounts : int
        How many customers the distributor has.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    DemonstratedDesk
    """
    progress("simulated distributor")
    as_of = write_distributor(folder, simulate_distributor(accounts, language=language))
    days = [as_of - timedelta(days=before) for before in _DAYS_BEFORE]
    trained = train(_config(folder, days[0]), progress=progress)
    model = f"models:/{trained.model}"
    earlier = [_earlier(_config(folder, day), model, progress) for day in days]
    config = _config(folder, as_of)
    scored = score(config, model=model, allow_stale=True, progress=progress)
    progress("worklist")
    owners = config.output_folder / _OWNERS_FOLDER
    listed = worklist(config, scores_file=scored.path, split_by_owner=owners)
    progress("report")
    scores = scored.scores
    desk = collect_desk(config, scored.base, scored.model, scores, language=language)
    page = report_on(config, scores, scored.model, scored.base.ledger.report, desk=desk)
    sentences = three_sentences(scores, scored.model.evaluation, language=language)
    sentences.append(won_in_words(listed.lists.won, currency=listed.lists.facts.currency, language=language))
    return DemonstratedDesk(config, trained, earlier, scored, listed, owners, page, sentences)


def _earlier(config: Config, model: str, progress: Progress) -> Path:
    """Do an earlier Monday's work: its scores and its list are what today is compared with."""
    progress(f"scores and worklist of {config.as_of}")
    path = score(config, model=model, allow_stale=True).path
    worklist(config, scores_file=path)
    return path


def write_distributor(folder: Path, made: SimulatedDistributor) -> date:
    """Write the files of a simulated distributor and a config for them.

    Parameters
    ----------
    folder : Path
        Made if missing.
    made : SimulatedDistributor
        What is written; its truth is not.

    Returns
    -------
    date
        The day to score.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        getattr(made, name).to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    text = _CONFIG.format(
        currency=made.currency, as_of=made.as_of, cost=_COST_OF_CALL[made.currency], language=made.language
    )
    (folder / "patron.yaml").write_text(text, encoding="utf-8")
    return made.as_of


def _config(folder: Path, as_of: date) -> Config:
    return load_config(folder / "patron.yaml", [f"as_of={as_of}"])
