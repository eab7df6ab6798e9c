"""MLflow without its noise, and its errors in words.

One job: run calls into MLflow so that neither its log lines, warnings and progress bars nor its tracebacks
reach a user's terminal. Not here: the calls.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from patron.errors import RegistryError

_LOGGERS = ("mlflow", "alembic", "sqlalchemy", "urllib3")
_SILENT = logging.CRITICAL + 1
_SETTINGS = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # with seven a user waits minutes for a server that is off
    "MLFLOW_UV_AUTO_DETECT": "false",  # or a uv project in the working directory is copied into the model
}
_LONGEST_REASON = 500
_DATABASE_ECHO = ("[SQL:", "[parameters:", "(Background on this error")


def disable_telemetry() -> None:
    """Tell MLflow not to report usage to its makers, unless the user has decided otherwise.

    Call it before anything else of this folder: MLflow looks when it is first imported. Only the command
    line does so; a library has no business in the environment of the program that uses it.

    Examples
    --------
    >>> disable_telemetry()
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@contextmanager
def in_words(doing: str, scrub: Callable[[str], str] | None = None) -> Iterator[None]:
    """Run calls into MLflow quietly and turn what they raise into one sentence.

    Parameters
    ----------
    doing : str
        What is being done, to follow "cannot".
    scrub : callable, optional
        Removes secrets from a text. If given, the original exception, which may hold them, is not chained.

    Raises
    ------
    RegistryError
        For any exception of MLflow and any refusal of the disk.
    """
    with _quiet():
        from mlflow.exceptions import MlflowException

        try:
            yield
        except (MlflowException, OSError) as problem:
            message = f"cannot {doing}: {_reason(str(problem), scrub or str)}"
            raise RegistryError(message) from (None if scrub else problem)


def _reason(text: str, scrub: Callable[[str], str]) -> str:
    """Put a message on one line, without the statements and values that a database error repeats."""
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for line in lines if line and not line.startswith(_DATABASE_ECHO)]
    return scrub(" ".join(kept))[:_LONGEST_REASON]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence warnings, loggers, links and progress bars; put everything back afterwards."""
    with _environment(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow  # noqa: F401  (sets its loggers' levels when first imported, so they are silenced after it)

        loggers = [logging.getLogger(name) for name in _LOGGERS]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(_SILENT)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def _environment() -> Iterator[None]:
    """Lend MLflow the settings it reads from nowhere else; what the user has set stays."""
    lent = [key for key in _SETTINGS if key not in os.environ]
    os.environ.update({key: _SETTINGS[key] for key in lent})
    try:
        yield
    finally:
        for key in lent:
            os.environ.pop(key, None)
