"""A model that follows its alias while it is in use.

In:  what `--model` takes, a store's address. Out: always one whole model; a thread looks where the
alias points and swaps the model at once. Not here: finding and reading a model (`resolve`, `patron.model`).
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from patron.model import PatronModel, load_model_folder
from patron.registry.resolve import ResolvedModel, is_registered, resolve
from patron.registry.store import open_store

_LOG = logging.getLogger(__name__)


class FollowedModel:
    """The model behind a reference, now and after the alias has moved.

    Parameters
    ----------
    reference : str
        ``models:/name@alias``, ``models:/name/version`` or a model folder.
    tracking_uri : str
        Where a registered model is looked up; a relative sqlite path starts at the working directory.
    look_seconds : float
        How often the alias is looked up. A model is read only when another version has it.

    Raises
    ------
    PatronError
        If there is no model to start with. Later failures keep the model there is; `failed` says so.

    Notes
    -----
    Take `model` once per request: a swap is one assignment, so that a request has one model from end to end.
    """

    def __init__(
        self, reference: str, tracking_uri: str = "sqlite:///mlflow.db", *, look_seconds: float = 30.0
    ) -> None:
        self._reference, self._tracking_uri, self._look_seconds = reference, tracking_uri, look_seconds
        self._stopped = threading.Event()
        self._found = self._resolve()
        self.failed = False
        self.model: PatronModel = load_model_folder(self._found.folder, name=self._found.label)
        self._thread = threading.Thread(target=self._follow, name="patron-follow", daemon=True)

    def start(self) -> FollowedModel:
        """Begin to follow; return itself."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop following; the model stays."""
        self._stopped.set()

    def look(self) -> None:
        """Look once where the reference points, and take that model if it is another one."""
        try:
            found = self._resolve()
            if found != self._found:
                self.model = load_model_folder(found.folder, name=found.label)
                self._found = found
                _LOG.info("%s is now %s", self._reference, found.label)
            self.failed = False
        except Exception as error:  # whatever it is, the old model goes on answering
            if not self.failed:
                _LOG.error("the model was not reloaded (%s); the old one stays in use", type(error).__name__)
            self.failed = True

    def _resolve(self) -> ResolvedModel:
        if not is_registered(self._reference):
            return resolve(None, self._reference, name="")
        store = open_store(self._tracking_uri, root=Path.cwd(), experiment="patron", create=False)
        return resolve(store, self._reference, name="")

    def _follow(self) -> None:
        while not self._stopped.wait(self._look_seconds):
            self.look()
