"""DuckDB SQL of the typed frame. In: column names and their SQL types. Out: expressions as text.

The same patterns and rules as ``_eager*``, written for DuckDB; the tests compare the two on every kind of
value.
Every name and every literal goes through ``identifier`` and ``literal``.
"""

from __future__ import annotations

import re

from patron.ledger._datetext import GROUPS, MONTHS
from patron.ledger._eager_numbers import LARGEST_MINOR, MISSING, NOT_FINITE, OK, UNREADABLE
from patron.ledger._numbertext import BLANKS, INFINITE, NEGATIVES, NOTHING, number_pattern
from patron.ledger._options import CsvOptions


def identifier(name: str) -> str:
    """Quote a name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text."""
    return "'" + text.replace("'", "''") + "'"


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is numeric."""
    return bool(re.match("(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|REAL)", kind))


def is_moment(kind: str) -> bool:
    """Whether a DuckDB type is a date or a timestamp."""
    return kind == "DATE" or kind.startswith("TIMESTAMP")


def has_zone(kind: str) -> bool:
    """Whether a DuckDB type is a timestamp with a time zone."""
    return kind == "TIMESTAMP WITH TIME ZONE"


def text_expression(column: str, kind: str) -> str:
    """Trimmed text, null for nothing; whole floats without ``.0``."""
    if kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL"):
        number = f"{column}::DOUBLE"
        whole = f"{number} = trunc({number}) AND abs({number}) < {LARGEST_MINOR}::DOUBLE"
        exact = column if kind.startswith("DECIMAL") else number
        return (
            f"CASE WHEN isfinite({number}) THEN CASE WHEN {whole} THEN {column}::BIGINT::VARCHAR "
            f"ELSE {exact}::VARCHAR END END"
        )
    if is_moment(kind):
        return f"replace({column}::VARCHAR, ' ', 'T')"
    plain = f"({column}::VARCHAR)"
    # most texts have nothing to trim, and trimming many kinds of blanks is slow
    trimmed = f"CASE WHEN {_has_no_blank_ends(plain)} THEN {plain} ELSE trim({plain}, {literal(BLANKS)}) END"
    return f"CASE WHEN {_is_something(trimmed)} THEN {trimmed} END"


def stands_as_it_is(column: str) -> str:
    """Test a text that `text_expression` would give back unchanged; a few odd ones fail, too."""
    return f"({_has_no_blank_ends(column)} AND {_is_something(column)})"


def _has_no_blank_ends(text: str) -> str:
    return f"{text} BETWEEN '!' AND '~' AND {text}[-1] BETWEEN '!' AND '~'"


def _is_something(text: str) -> str:
    # no IN, which DuckDB turns into a join that it works out for every row of every query, needed or not
    nothing, longest = "|".join(map(re.escape, NOTHING)), max(map(len, NOTHING))
    is_nothing = f"regexp_full_match({text}, {literal(nothing)})"
    return f"CASE WHEN strlen({text}) > {longest} THEN true ELSE NOT {is_nothing} END"


def number_stages(name: str, kind: str, options: CsvOptions) -> list[dict[str, str]]:
    """Columns ``<name>_value``, ``<name>_state``, ``<name>_text`` from ``raw_<name>``, stage upon stage.

    Each stage may use the columns of the ones before, so that nothing is worked out twice.
    """
    value, state, text, clean = (f"{name}_{part}" for part in ("value", "state", "text", "clean"))
    if is_number(kind):
        number = {value: f"(raw_{name}::DOUBLE + 0::DOUBLE)"}  # no negative zero
        cases = (
            f"CASE WHEN {value} IS NULL OR isnan({value}) THEN {MISSING} WHEN isinf({value}) THEN "
            f"{NOT_FINITE}"
        )
        shown = f"CASE WHEN isinf({value}) THEN {value}::VARCHAR END"
        return [number, {state: f"{cases} ELSE {OK} END", text: shown}]
    digits = f"replace({clean}, {literal(options.thousands)}, '')" if options.thousands else clean
    number_text = f"replace({digits}, {literal(options.decimal)}, '.')"
    whole = f"regexp_full_match({clean}, {literal(number_pattern(options))})"
    infinite = f"isinf({value}) OR regexp_full_match({clean}, {literal(INFINITE)})"
    return [
        {text: text_expression(f"raw_{name}", kind)},
        {clean: _leading_minus(text)},
        {value: f"CASE WHEN {whole} THEN try_cast({number_text} AS DOUBLE) + 0::DOUBLE END"},
        {
            state: f"CASE WHEN {text} IS NULL THEN {MISSING} WHEN isfinite({value}) THEN {OK} "
            f"WHEN {infinite} THEN {NOT_FINITE} ELSE {UNREADABLE} END"
        },
    ]


def _leading_minus(text: str) -> str:
    clean = f"replace({text}, '\u2212', '-')"
    for pattern, replacement in NEGATIVES:
        clean = f"regexp_replace({clean}, {literal(pattern)}, {literal(replacement)})"
    return f"CASE WHEN {text}[-1] IN ('-', ')') OR contains({text}, '\u2212') THEN {clean} ELSE {text} END"


def plain_number_stages(name: str) -> list[dict[str, str]]:
    """Columns of `number_stages` where each value of a column of numbers is known to be readable."""
    return [
        {
            f"{name}_value": f"(raw_{name}::DOUBLE + 0::DOUBLE)",
            f"{name}_state": str(OK),
            f"{name}_text": "NULL::VARCHAR",
        }
    ]


def minor_expression(name: str, minor_digits: int, is_plain: bool = False) -> tuple[str, str, str]:
    """Minor units, what rounding took, and the state, from the columns of ``number_stages``.

    Plain: every value is known to fit.
    """
    exact = f"({name}_value * {10**minor_digits}::DOUBLE)"
    minor = f"round_even({exact}, 0)::BIGINT"
    rest = f"round_even(({exact} - round_even({exact}, 0)) * 1e6::DOUBLE, 0)::BIGINT"
    if is_plain:
        return minor, rest, str(OK)
    fits = f"{name}_state = {OK} AND abs({exact}) <= {LARGEST_MINOR}::DOUBLE"
    state = f"CASE WHEN {name}_state <> {OK} THEN {name}_state WHEN {fits} THEN {OK} ELSE {NOT_FINITE} END"
    return f"CASE WHEN {fits} THEN {minor} ELSE 0 END", f"CASE WHEN {fits} THEN {rest} ELSE 0 END", state


def moment_expression(column: str, kind: str, timezone: str | None, stored_zone: str) -> str:
    """Wall time of a date or timestamp column, of any year and infinity."""
    if not has_zone(kind):
        return f"try_cast({column} AS TIMESTAMP)"
    return f"CASE WHEN isfinite({column}) THEN {column} AT TIME ZONE {literal(timezone or stored_zone)} END"


def written_year(moment: str) -> str:
    """Test for the years 1 to 9999: others are no year of an order, and dates of Python cannot hold them."""
    return f"{moment} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"


def shape_parts(text: str, shape: str) -> str:
    """Take a text apart into the groups of a shape; all empty where it does not fit."""
    names = ", ".join(map(literal, _groups(shape)))
    return f"regexp_extract({text}, {literal(f'^(?:{shape})$')}, [{names}])"


def _groups(shape: str) -> list[str]:
    return [g for g in re.findall("P<([a-z0-9]+)>", shape) if g in GROUPS]


def parts_moment(parts: str, shape: str, timezone: str | None) -> str:
    """Wall time of the column ``parts``, null where the text does not fit or the day does not exist."""
    groups = _groups(shape)
    part = {g: f"{parts}.{g}" if g in groups else "''" for g in GROUPS}
    clock, clock_valid = _clock(part)
    moment = f"({_civil_day(part)}::TIMESTAMP + to_microseconds({clock}))"
    if timezone and "tz" in groups:
        shifted = f"(({moment} - {_offset(part['tz'])}) AT TIME ZONE 'UTC') AT TIME ZONE {literal(timezone)}"
        moment = f"CASE WHEN {part['tz']} = '' THEN {moment} ELSE {shifted} END"
    return f"CASE WHEN {clock_valid} THEN {moment} END"


def _civil_day(part: dict[str, str]) -> str:
    year = part["y"]
    if part["y2"] != "''":
        two = f"try_cast({part['y2']} AS INTEGER)"
        year = f"({two} + CASE WHEN {two} < 69 THEN 2000 ELSE 1900 END)::VARCHAR"
    month = part["mo"]
    if part["bn"] != "''":
        names = ", ".join(map(literal, MONTHS))
        month = f"list_position([{names}], lower({part['bn']}[1:3]))::VARCHAR"
    return f"try_cast({year} || '-' || lpad({month}, 2, '0') || '-' || lpad({part['d']}, 2, '0') AS DATE)"


def _clock(part: dict[str, str]) -> tuple[str, str]:
    hour, minute, second = (f"coalesce(try_cast({part[g]} AS BIGINT), 0)" for g in ("hh", "mi", "ss"))
    valid = f"{hour} < 24 AND {minute} < 60 AND {second} < 60"
    if part["ap"] != "''":
        half = f"lower({part['ap']})"
        valid += f" AND ({half} = '' OR {hour} BETWEEN 1 AND 12)"
        hour = (
            f"CASE WHEN {half} = '' THEN {hour} ELSE {hour} % 12 + CASE WHEN {half} = 'pm' THEN 12 "
            "ELSE 0 END END"
        )
    fraction = f"coalesce(try_cast(rpad({part['fr']}, 6, '0')[1:6] AS BIGINT), 0)"
    return f"((({hour}) * 60 + {minute}) * 60 + {second}) * 1000000 + {fraction}", valid


def _offset(zone: str) -> str:
    digits = f"replace({zone}, ':', '')"
    minutes = f"coalesce(try_cast({digits}[2:3] AS BIGINT) * 60 + try_cast({digits}[4:5] AS BIGINT), 0)"
    return f"to_microseconds({minutes} * CASE WHEN {zone}[1:1] = '-' THEN -60000000 ELSE 60000000 END)"
