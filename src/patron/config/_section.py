"""How a setting is declared: default, meaning, unit and limits in one line.

In:  nothing.
Out: `Section`, the parent of all blocks, and what declares a key in one.
Not here: the settings themselves (`schema`, `_ledger`).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

# YAML has lists, frozen settings hold tuples; strict=False allows that one conversion.
Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)]


def setting(default: Any, meaning: str, *, unit: str = "", **limits: Any) -> Any:
    """Declare a key: its default (``...`` for required), what it means, its unit and its limits."""
    description = f"{meaning} [{unit}]" if unit else meaning
    return Field(
        default, description=description, json_schema_extra={"unit": unit} if unit else None, **limits
    )


def block(section: type[Section], meaning: str) -> Any:
    """Declare a block of keys that may be left out."""
    return Field(default_factory=section, description=meaning)


class Section(BaseModel):
    """A block of settings: frozen, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())
