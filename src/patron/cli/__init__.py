"""Words in, words out: the command line.

In: arguments. Out: text, files, an exit code. Not here: any work; ``workflows`` does it.
"""

import sys

from patron.errors import MissingPackage

__all__ = ["main"]


def main() -> None:
    """Run the command line; where its packages are not installed, say what to install (exit code 1)."""
    try:
        from patron.cli import app
    except ModuleNotFoundError as missing:
        sys.stderr.write(_what_to_install(missing))
        sys.exit(MissingPackage.exit_code)
    app.main()


def _what_to_install(missing: ModuleNotFoundError) -> str:
    """Return one line; a module of patron itself that is missing is no matter of extras."""
    if (missing.name or "patron").partition(".")[0] == "patron":
        raise missing
    return (
        f"The patron command needs packages that are not installed ('{missing.name}' is the first): "
        "pip install 'patron[train]'\n"
    )
