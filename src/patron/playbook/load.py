"""A YAML file -> a `Playbook`.

In:  a path, or nothing for the playbook that comes with the package.
Out: a checked `Playbook`.
Not here: the rules themselves. YAML is imported inside, because services score without it.
"""

from __future__ import annotations

from pathlib import Path

from patron.errors import ConfigError
from patron.playbook.rules import Playbook


def load_playbook(path: str | Path | None = None) -> Playbook:
    """Read a playbook.

    Parameters
    ----------
    path : str or Path, optional
        A YAML file in UTF-8; the built-in playbook if left out.

    Returns
    -------
    Playbook
        Checked, with warnings about missing translations.

    Raises
    ------
    ConfigError
        With all problems at once: not found, not YAML, unknown keys or values, rules that can never fit.

    Examples
    --------
    >>> load_playbook().action({"status": "scored", "tier": "standard"}, "en")
    'Standard service; look for growth once a quarter.'
    """
    import yaml

    file = Path(path) if path is not None else Path(__file__).with_name("default.yaml")
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        return Playbook.from_dict(content)
    except FileNotFoundError:
        raise ConfigError(
            f"{file}: no such playbook.", "Leave `playbook` out to use the built-in one."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as text in UTF-8: {error}.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not YAML: {error}.") from None
    except ConfigError as error:
        raise ConfigError(
            [f"{file.name}: {problem}" for problem in error.problems], f"Correct {file}."
        ) from None
