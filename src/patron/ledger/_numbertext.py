"""Text that stands for a number or for nothing, as patterns that Python and DuckDB's RE2 both understand."""

from __future__ import annotations

import re

from patron.ledger._options import CsvOptions

#: Blanks taken off both ends of every text: also the no-break, the ideographic and the zero-width ones.
BLANKS = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b"
#: Texts that exports write for "nothing here".
NOTHING = ("", "NULL", "null", "\\N", "#N/A", "N/A", "n/a", "<NA>", "NaN", "nan", "None")
INFINITE = "(?i)[+-]?inf(inity)?"
#: Accounting and SAP ways to write a negative number, turned into a leading minus.
NEGATIVES = ((r"^\((.*)\)$", r"-\1"), (r"^([0-9].*)-$", r"-\1"))


def number_pattern(options: CsvOptions) -> str:
    """Return the pattern of a whole number text.

    >>> bool(re.fullmatch(number_pattern(CsvOptions(decimal=",")), "-12,50"))
    True
    """
    mark = re.escape(options.decimal)
    grouped = f"|[0-9]{{1,3}}({re.escape(options.thousands)}[0-9]{{3}})+" if options.thousands else ""
    return f"[+-]?((([0-9]+{grouped})({mark}[0-9]*)?)|({mark}[0-9]+))([eE][+-]?[0-9]+)?"
