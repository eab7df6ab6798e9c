"""What a model inside MLflow says when it refuses: one sentence, without the rows that were sent.

In: an error of patron, or MLflow's warning that it drops a parameter. Out: an MLflow error that the scoring
server answers with 400. Not here: what is refused (see `pyfunc_rows`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE

from patron.errors import LedgerError, PatronError
from patron.registry.pyfunc_signature import PARAMS

_LOG = logging.getLogger(__name__)
_WARNS_OF_PARAMS = "mlflow.models.utils"
_DROPPED = re.compile(
    r"Unrecognized params .* are ignored .*Supported params are: \{(?P<known>.*?)\}", re.DOTALL
)


class Refusal(MlflowException):
    """An MLflow error whose text stays as it was written.

    MLflow's scoring server puts the request's rows in front of an error's ``message``; they would reach
    clients and logs.

    Parameters
    ----------
    sentence : str
        What is wrong and what to do.
    code : int
        MLflow's error code: by default the one that is answered with 400.
    """

    def __init__(self, sentence: str, code: int = INVALID_PARAMETER_VALUE) -> None:
        self._sentence = sentence
        super().__init__(sentence, error_code=code)

    @property
    def message(self) -> str:
        """The sentence."""
        return self._sentence

    @message.setter
    def message(self, _: str) -> None:
        """Keep the sentence."""


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Turn errors into refusals.

    Parameters
    ----------
    doing : str
        What is being done, to follow "cannot".

    Raises
    ------
    Refusal
        For any error of patron (400); for any other error without its text (500), which may hold rows.
    """
    try:
        yield
    except PatronError as error:
        raise Refusal(without_rows(error)) from None
    except MlflowException:
        raise
    except Exception as error:
        _LOG.error("cannot %s: %s", doing, type(error).__name__)
        raise Refusal(f"cannot {doing}: {type(error).__name__} inside patron", INTERNAL_ERROR) from None


def without_rows(error: PatronError) -> str:
    """Return an error's words; of problems with orders the first one, without the row it shows as an example.

    Examples
    --------
    >>> without_rows(LedgerError("3 rows are unreadable (e.g. customer_id 'A'); correct them"))
    '3 rows are unreadable'
    """
    if isinstance(error, LedgerError):
        return error.problems[0].split(" (e.g.")[0]
    return " ".join(error.problems)


class _NoDroppedParams(logging.Filter):
    """MLflow drops parameters it does not know before a model sees them, and only warns: here it refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        found = _DROPPED.match(record.getMessage())
        if found and set(re.findall(r"'([^']*)'", found["known"])) == set(PARAMS):
            raise Refusal(f"unknown parameters; this model takes {' and '.join(PARAMS)}")
        return True


def refuse_unknown_params() -> None:
    """Make MLflow refuse parameters that models of patron do not have; other models are not touched."""
    logger = logging.getLogger(_WARNS_OF_PARAMS)
    if not any(type(known).__name__ == _NoDroppedParams.__name__ for known in logger.filters):
        logger.addFilter(_NoDroppedParams())
    logger.disabled = False
    logger.setLevel(logging.WARNING)  # whatever its parents are set to: a warning not made is not refused


refuse_unknown_params()
