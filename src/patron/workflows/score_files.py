"""Files of scores: where they lie and what is read from them.

In:  a config, the name of a file. Out: its rows. Not here: making them (`workflows.score`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from patron.columns import FORMULA
from patron.config import Config
from patron.errors import PatronError

_SCORE_FIRST = "Run patron score, or name another file with --scores."


def scores_path(config: Config, as_of: date) -> Path:
    """Return where the scores of a day are written unless the user says otherwise."""
    return config.output_folder / "scores" / f"{as_of.isoformat()}.parquet"


def read_scores(path: Path) -> pd.DataFrame:
    """Read a scores file.

    Parameters
    ----------
    path : Path
        ``.parquet`` or ``.csv``.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    PatronError
        If it is missing, unreadable, empty or no scores file.
    """
    if not path.exists():
        raise PatronError(f"There is no scores file '{path}'.", next_step=_SCORE_FIRST)
    try:
        if path.suffix == ".csv":
            scores = pd.read_csv(path, converters={"customer_id": _plain_id})
        else:
            scores = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise PatronError(
            f"'{path}' cannot be read as scores ({str(error).splitlines()[0]}).",
            next_step=_SCORE_FIRST,
        ) from None
    missing = [name for name in ("customer_id", "as_of", "model", "status") if name not in scores]
    if missing or scores.empty:
        raise PatronError(
            f"'{path}' is no scores file: "
            + (f"it lacks {', '.join(missing)}." if missing else "it has no row."),
            next_step=_SCORE_FIRST,
        )
    return scores


def _plain_id(text: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from running an id as a formula."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text


def newest_scores(config: Config) -> Path:
    """Return the newest scores file below the output folder."""
    folder = config.output_folder / "scores"
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise PatronError(
            f"There are no scores in '{folder}' yet.",
            next_step="Run patron score first, or name a file with --scores.",
        )
    return files[-1]
