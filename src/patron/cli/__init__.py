"""Words in, words out: the command line."""

from patron.cli.app import main

__all__ = ["main"]
