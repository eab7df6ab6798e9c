"""`patron worklist`: scores + what was done -> whom to call, as files that people work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from patron.actions import (
    Monday,
    check_worklist_name,
    day_of_scores,
    of_owner,
    owner_file_names,
    owners_of,
    write_list,
    write_memory,
)
from patron.actions.words import words_of
from patron.config import Config
from patron.errors import PatronError
from patron.reports import render_owner_page
from patron.whole_files import write_text
from patron.workflows.actions import about_log, not_counted
from patron.workflows.base import Base, open_base
from patron.workflows.lists import lists_folder, lists_of
from patron.workflows.products import shown_rows, stopped_products
from patron.workflows.report import model_reference
from patron.workflows.score import open_model
from patron.workflows.score_files import newest_scores, read_scores


@dataclass(frozen=True)
class Listed:
    """What a worklist run made.

    Parameters
    ----------
    lists : Monday
        Of everybody.
    files : list of Path
        The workbook and the CSV files, the one to open first.
    by_owner : dict
        Owner (None: accounts without one) -> its workbook and its page; empty without ``--split-by-owner``.
    warnings : list of str
        What a reader should know.
    """

    lists: Monday
    files: list[Path]
    by_owner: dict[str | None, list[Path]]
    warnings: list[str]


def worklist(
    config: Config,
    *,
    scores_file: Path | None = None,
    per_owner: int | None = None,
    split_by_owner: Path | None = None,
    language: str | None = None,
    out: Path | None = None,
) -> Listed:
    """Make the worklist of the day of a scores file.

    Parameters
    ----------
    config : Config
        The whole config.
    scores_file : Path, optional
        The newest one below the output folder when None.
    per_owner : int, optional
        Calls per owner, instead of the config's capacity.
    split_by_owner : Path, optional
        Folder for one workbook and one page per owner.
    language : str, optional
        ``en`` or ``zh``; the config's when None.
    out : Path, optional
        ``.xlsx`` or ``.csv``; below the output folder when None.

    Returns
    -------
    Listed

    Raises
    ------
    PatronError
        If there are no scores yet, or a name is none of a worklist.
    """
    if out is not None:
        check_worklist_name(out)
    scores = read_scores(scores_file or newest_scores(config))
    as_of = day_of_scores(scores)
    base = open_base(config.model_copy(update={"as_of": as_of}))
    model = open_model(config, model_reference(config, str(scores["model"].iloc[0])), to_score=False)
    tongue = language or config.language
    stopped = shown_rows(stopped_products(base, model, as_of, tongue))
    lists, owners = lists_of(
        config, base, model, scores, language=tongue, stopped=stopped, per_owner=per_owner
    )
    files = _written(config, lists, out, tongue)
    _remember(config, lists, is_usual=per_owner is None and out is None)
    by_owner = {} if split_by_owner is None else _split(lists, owners, split_by_owner)
    return Listed(lists, files, by_owner, _warnings(config, base, owners, as_of))


def _remember(config: Config, lists: Monday, *, is_usual: bool) -> None:
    """Write what the next list remembers; a list of another size or place never in place of the usual one."""
    path = lists_folder(config) / f"{lists.facts.as_of.isoformat()}.parquet"
    if is_usual or not path.exists():
        write_memory(lists, lists_folder(config))


def _written(config: Config, lists: Monday, out: Path | None, language: str) -> list[Path]:
    if out is not None:
        return write_list(lists, out)
    stem = lists.facts.as_of.isoformat() + ("" if language == config.language else f".{language}")
    return [
        path
        for ending in (".xlsx", ".csv")
        for path in write_list(lists, lists_folder(config) / f"{stem}{ending}")
    ]


def _split(lists: Monday, owners: Mapping[str, str], folder: Path) -> dict[str | None, list[Path]]:
    """Write a workbook and a page for each owner, with that owner's accounts only."""
    if folder.exists() and not folder.is_dir():
        raise PatronError(f"'{folder}' is a file. Name a folder with --split-by-owner.")
    words = words_of(lists.facts.language)
    everybody = owners_of(lists, owners)
    names = owner_file_names(everybody, lists.facts.as_of.isoformat(), words["no_owner"])
    made = {}
    for owner in everybody:
        own = of_owner(lists, owner, owners)
        page = folder / f"{names[owner]}.html"
        write_text(page, render_owner_page(own))
        made[owner] = [*write_list(own, folder / f"{names[owner]}.xlsx"), page]
    return made


def _warnings(config: Config, base: Base, owners: Mapping[str, str], as_of: date) -> list[str]:
    found = [*not_counted(base.actions, as_of), *about_log(config, base.actions)]
    if not owners:
        found.append(
            "no customer has an owner, so there is one list for all: name a customers file with a column "
            "owner in ledger.customers"
        )
    return found
