"""Scores to the database that a config names. In: config, scores file. Out: what was published, or None."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from patron.config import Config
from patron.errors import PatronError
from patron.ledger.publish import Published, publish_scores


def publish(config: Config, path: Path, progress: Callable[[str], None]) -> Published | None:
    """Publish a scores file if the config says where.

    Parameters
    ----------
    config : Config
        With ``publish``.
    path : Path
        The scores file, complete, or a folder of its parts.
    progress : callable
        Called with the name of the step if there is anything to do.

    Returns
    -------
    Published or None
        None without ``publish.url``.

    Raises
    ------
    PatronError
        If it cannot be done; the file stays, and so does what the table held.
    """
    if config.publish.url is None:
        return None
    progress("database")
    try:
        return publish_scores(path, config.publish.url, config.publish.table)
    except PatronError as error:
        kept = f"the scores are in {path}; none of them were published"
        raise PatronError([*error.problems, kept], error.next_step) from None
