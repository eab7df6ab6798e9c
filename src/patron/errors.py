"""The exception family.

::

    PatronError                 what a user can fix; says what, how many, an instance, what to do
      ConfigError               the YAML file
      LedgerError               the order ledger, customers or events
      NotEnoughData             too few customers, days or windows for what was asked
      ModelError                a model folder that cannot be loaded or does not fit
      RegistryError             the tracking store or the model registry
      Refused                   a deliberate no: the gate, stale or collapsed data (exit code 3)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import gettempdir

_EXTRA_OF = {  # by the name it is imported under
    "adbc_driver_manager": "postgres",
    "adbc_driver_postgresql": "postgres",
    "duckdb": "files",
    "pyarrow": "files",
    "filelock": "registry",
    "mlflow": "registry",
    "sqlalchemy": "registry",
    "jinja2": "report",
    "markupsafe": "report",
    "matplotlib": "report",
    "openpyxl": "report",
    "fastapi": "service",
    "uvicorn": "service",
    "pyspark": "spark",
    "joblib": "train",
    "lifetimes": "train",
    "pydantic": "train",
    "rich": "train",
    "sklearn": "train",
    "threadpoolctl": "train",
    "typer": "train",
    "yaml": "train",
    "optuna": "tune",
}


class PatronError(Exception):
    """Something the user can fix; the text is written for them.

    Parameters
    ----------
    message : str or iterable of str
        One problem, or all of them at once.
    next_step : str, optional
        A command or an edit to try next.
    """

    exit_code = 1

    def __init__(self, message: str | Iterable[str], next_step: str | None = None) -> None:
        self.problems = [message] if isinstance(message, str) else list(message)
        self.next_step = next_step
        super().__init__("\n".join(self.problems))


class ConfigError(PatronError):
    """A config file that cannot be used."""


class LedgerError(PatronError):
    """Orders, customers or events that cannot be used."""


class NotEnoughData(PatronError):
    """Too few customers, days or windows for what was asked."""


class ModelError(PatronError):
    """A model folder that cannot be loaded, or does not fit what it is asked to score."""


class RegistryError(PatronError):
    """The tracking store or the model registry cannot do what was asked."""


class Refused(PatronError):
    """A deliberate no: the promotion gate, stale or collapsed data."""

    exit_code = 3


class MissingPackage(PatronError, ImportError):
    """A package that the base installation does without; the text says what to install."""


@contextmanager
def saying_what_to_install() -> Iterator[None]:
    """Turn a package that is not installed into one line with the extra that brings it.

    For a block or, as a decorator, a function. A module missing for any other reason stays what it is.

    Raises
    ------
    MissingPackage
        If a package of one of the extras is not there.

    Examples
    --------
    >>> with saying_what_to_install():
    ...     raise ModuleNotFoundError(name="duckdb")
    Traceback (most recent call last):
    patron.errors.MissingPackage: this needs 'duckdb', which is not installed: pip install 'patron[files]'
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in _EXTRA_OF:
            raise
        extra = _EXTRA_OF[package]
        raise MissingPackage(
            f"this needs '{package}', which is not installed: pip install 'patron[{extra}]'"
        ) from None


@contextmanager
def saying_what_to_free() -> Iterator[None]:
    """Turn DuckDB's error of a query that found no room into one line with what to do.

    For a block or, as a decorator, a function. Every other error stays what it is.

    Raises
    ------
    LedgerError
        If DuckDB had to stop for want of memory, or of room for temporary files.

    Examples
    --------
    >>> with saying_what_to_free():
    ...     raise ValueError("No space left on device")
    Traceback (most recent call last):
    ValueError: No space left on device
    """
    try:
        yield
    except Exception as error:
        kinds = {kind.__name__ for kind in type(error).__mro__ if kind.__module__.endswith("duckdb")}
        on_disk = any(words in str(error) for words in ("offload", "No space left"))
        if "OutOfMemoryException" not in kinds and not (kinds and on_disk):
            raise
        if on_disk and "no temporary directory" not in str(error):
            raise LedgerError(
                f"the query engine has no room for its temporary files in '{gettempdir()}'; free some, set "
                "TMPDIR to a folder on a larger disk, or raise engine.memory_limit so that less is written"
            ) from None
        raise LedgerError(
            "the query engine has no memory left; raise engine.memory_limit, or lower engine.threads"
        ) from None
