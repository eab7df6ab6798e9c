"""Constructor arguments by name, as scikit-learn's tools want them (``clone``, grid searches).

In: a class whose constructor only stores its arguments. Out: ``get_params``, ``set_params``.
Not here: fitting. scikit-learn itself is not imported: a service that predicts does without it.
"""

from __future__ import annotations

import inspect
from typing import Any, Self

from patron.errors import PatronError


class Settings:
    """Mixin for estimators; see the module's text."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """Return the constructor arguments by name."""
        return {name: getattr(self, name) for name in self._settings()}

    def set_params(self, **params: Any) -> Self:
        """Change constructor arguments; the fitted parameters stay.

        Raises
        ------
        PatronError
            For a name that is not one of them.
        """
        unknown = sorted(set(params) - set(self._settings()))
        if unknown:
            name = type(self).__name__
            raise PatronError(f"{name} has no {', '.join(unknown)}; it has {', '.join(self._settings())}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({shown})"

    @classmethod
    def _settings(cls) -> list[str]:
        return list(inspect.signature(cls.__init__).parameters)[1:]
