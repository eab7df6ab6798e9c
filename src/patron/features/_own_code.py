"""What a user's function is made of: its source, its helpers, the values it reads from outside, and a digest.

In:  a function.
Out: a `Code`, and the SHA-256 that tells two versions of a function apart.
Not here: running it (`custom`), judging what it reads (`custom_check`).

A function is more than its own lines: a changed constant or a changed helper makes another feature. So the
digest covers the source of the function, that of the user's functions which it calls (of the same package, or
of modules beside it), and the plain values (numbers, texts, dates, lists and dictionaries of them) which they
read from outside. It does not cover other packages.
"""

from __future__ import annotations

import ast
import datetime
import dis
import functools
import hashlib
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, NamedTuple

import numpy as np

from patron.errors import PatronError

FROM_SOURCE = "source"
_PLAIN = (bool, int, float, str, bytes, datetime.date, datetime.time, datetime.timedelta, np.generic)
_LIBRARIES = tuple({sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")})
_CACHED = type(functools.lru_cache(len))
_UNBOUND = (MethodDescriptorType, WrapperDescriptorType, ClassMethodDescriptorType)


class Code(NamedTuple):
    """What a function consists of.

    Parameters
    ----------
    functions : list of function
        The function and the helpers of its own that it calls.
    plain : dict
        Name -> number, text, date, or a list or dictionary of them, read from outside.
    outside : dict
        Name -> any other object read from outside: a data frame, an array, an open file; a partial, a bound
        method or an object that can be called, unless it is a library's.
    names : set of str
        Names of all that is looked up: ``now``, ``read_csv``, ``groupby``.
    texts : set of str
        Text constants.
    """

    functions: list[FunctionType]
    plain: dict[str, object]
    outside: dict[str, object]
    names: set[str]
    texts: set[str]


def not_plain(function: Any) -> str | None:
    """Say why something cannot be a feature though it can be called; None for a plain function.

    What a partial, a bound method or an object with ``__call__`` carries along is in no source that could be
    read: two of them with other arguments would have the same digest.

    Parameters
    ----------
    function : object
        What a user hands over as a feature.

    Returns
    -------
    str or None

    Examples
    --------
    >>> import functools, textwrap
    >>> not_plain(textwrap.dedent)
    >>> not_plain(functools.partial(textwrap.dedent, text=""))
    'it is a partial, not a plain function; write it as a plain function (def ...)'
    """
    if inspect.isfunction(function):
        return None
    kind = "bound method" if isinstance(function, MethodType) else type(function).__name__
    return f"it is a {kind}, not a plain function; write it as a plain function (def ...)"


def code_of(function: Any) -> Code:
    """Take a function apart.

    Parameters
    ----------
    function : function
        A plain Python function.

    Returns
    -------
    Code

    Raises
    ------
    PatronError
        For anything that is no plain function.
    """
    problem = not_plain(function)
    if problem is not None:
        raise PatronError(f"{function!r:.80} cannot be a feature: {problem}.")
    first = inspect.unwrap(function)
    found = Code([], {}, {}, set(), set())
    todo: list[Any] = [function, first] if first is not function else [first]
    while todo:
        one = todo.pop(0)
        if not isinstance(one, FunctionType) or one in found.functions:
            continue
        found.functions.append(one)
        looked_up, attributes = _looked_up(one, found)
        for name, value in (*_read(one, looked_up), *_held(one)):
            todo += _sort_in(name, value, attributes, one, found)
    return found


def digest_of(function: Any) -> tuple[str, str]:
    """Return a SHA-256 of a function's code, and what it was made from.

    Parameters
    ----------
    function : function
        A plain Python function.

    Returns
    -------
    digest : str
        64 hex digits. Blank lines, trailing spaces and indentation of the whole do not count.
    made_from : str
        ``source``; or ``bytecode of Python 3.x`` where the source cannot be read (a prompt, a lambda in a
        call). The latter differs between versions of Python.

    Raises
    ------
    PatronError
        For anything that is no plain function.

    Examples
    --------
    >>> import textwrap
    >>> digest, made_from = digest_of(textwrap.dedent)
    >>> len(digest), made_from
    (64, 'source')
    """
    code = code_of(function)
    sources = [_source(one) for one in code.functions]
    parts = [
        _bytecode(one.__code__) if source is None else source
        for one, source in zip(code.functions, sources, strict=True)
    ]
    values = sorted(f"{name} = {_written(value)}" for name, value in code.plain.items())
    text = "\n\n".join([*parts[:1], *sorted(parts[1:]), *values])
    from_source = None not in sources
    made_from = (
        FROM_SOURCE
        if from_source
        else f"bytecode of Python {sys.version_info.major}.{sys.version_info.minor}"
    )
    return hashlib.sha256(text.encode()).hexdigest(), made_from


def _looked_up(function: FunctionType, found: Code) -> tuple[set[str], set[str]]:
    """Return the global names and the attributes that the bytecode looks up; note names and texts."""
    names, attributes = set(), set()
    for code in _codes(function.__code__):
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                names.add(str(step.argval))
            elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM", "IMPORT_NAME"):
                attributes.add(str(step.argval))
        found.texts.update(value for value in code.co_consts if isinstance(value, str))
    found.names.update(names | attributes)
    return names, attributes


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Go through a code object and those of the functions inside it."""
    yield code
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _codes(value)


def _read(function: FunctionType, names: Iterable[str]) -> list[tuple[str, object]]:
    there = function.__globals__
    return [(name, there[name]) for name in sorted(names) if name in there]


def _held(function: FunctionType) -> list[tuple[str, object]]:
    """Return what a function carries along: variables it closes over, and defaults of its arguments."""
    held: list[tuple[str, object]] = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            held.append((name, cell.cell_contents))
        except ValueError:  # not filled yet
            continue
    code = function.__code__
    arguments = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    held += list(zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True))
    return held + list((function.__kwdefaults__ or {}).items())


def _sort_in(name: str, value: object, attributes: set[str], of: FunctionType, found: Code) -> list[Any]:
    """Note a value that is read from outside; return the functions that are to be looked into as well."""
    if isinstance(value, ModuleType):
        return _members(value, attributes, of, found)
    if isinstance(value, type):
        methods = {k for k, v in vars(value).items() if isinstance(v, FunctionType)}
        return _members(value, attributes | methods, of, found)
    if isinstance(value, (_CACHED, staticmethod)):
        value = inspect.unwrap(value)
    if isinstance(value, FunctionType):
        if not _is_own(value, of):
            return []
        value = inspect.unwrap(value)
        if isinstance(value, FunctionType):
            return [value]
    if callable(value) and _is_of_a_library(value, of):
        return []
    (found.plain if _is_plain(value) else found.outside)[name] = value
    return []


def _members(holder: ModuleType | type, wanted: set[str], of: FunctionType, found: Code) -> list[Any]:
    """Look at what is used of a module or class of the user's own."""
    if not _is_own(holder, of):
        return []
    more: list[Any] = []
    for name in sorted(wanted & vars(holder).keys()):
        value = vars(holder)[name]
        if not isinstance(value, (ModuleType, type)):
            more += _sort_in(f"{holder.__name__.rpartition('.')[2]}.{name}", value, wanted, of, found)
    return more


def _is_own(thing: Any, of: FunctionType) -> bool:
    """Say whether a function, class or module is the user's: of the same package, or of one beside it.

    The answer must be the same in a notebook and in a service, and whether or not the module is still loaded.
    """
    module = (thing.__name__ if isinstance(thing, ModuleType) else thing.__module__) or ""
    if module.partition(".")[0] == (of.__module__ or "").partition(".")[0]:
        return True
    place = _place(module, _file_of(thing))
    return place is not None and place == _place(of.__module__ or "__main__", _file_of(of))


def _is_of_a_library(value: Any, of: FunctionType) -> bool:
    """Say whether something that can be called is a library's as it stands, and carries nothing of the user.

    That is a function of a compiled module, a method without its object, a class method, or whatever a module
    of Python or of an installed package holds under a name (`random.randint` is a bound method).
    """
    if isinstance(value, _UNBOUND):
        return True
    bound_to = getattr(value, "__self__", None)
    if isinstance(value, BuiltinFunctionType) and (
        bound_to is None or isinstance(bound_to, ModuleType | type)
    ):
        return True
    if isinstance(value, MethodType) and isinstance(bound_to, type):
        return not (isinstance(value.__func__, FunctionType) and _is_own(value.__func__, of))
    own = {"__main__", (of.__module__ or "").partition(".")[0]}
    return any(
        held is value
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] not in own and _is_installed(module)
        for held in list(vars(module).values())
    )


def _is_installed(module: object) -> bool:
    """Say whether a module belongs to Python or to an installed package."""
    file = vars(module).get("__file__") if isinstance(module, ModuleType) else ""
    if isinstance(module, ModuleType) and file is None:
        return module.__name__ in sys.builtin_module_names
    return isinstance(file, str) and file.startswith(_LIBRARIES)


def _file_of(thing: Any) -> str | None:
    if isinstance(thing, type):
        thing = next((m for m in vars(thing).values() if isinstance(m, FunctionType)), None)
    if isinstance(thing, FunctionType):
        return thing.__code__.co_filename
    return getattr(thing, "__file__", None)


def _place(module: str, file: str | None) -> Path | None:
    """Return the folder that holds a package; the working directory for a notebook; None for libraries."""
    if module == "__main__":
        return Path.cwd()
    if file is None or file.startswith((*_LIBRARIES, "<")):
        return None
    path = Path(file).resolve()
    up = module.count(".") + (path.stem == "__init__")
    return path.parents[up] if up < len(path.parents) else None


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(k) and _is_plain(v) for k, v in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(_is_plain(v) for v in value)
    return value is None or isinstance(value, _PLAIN)


def _written(value: object) -> str:
    """Write a plain value; the same text on every run and with every version of numpy and pandas."""
    kind = type(value).__name__
    if isinstance(value, dict):
        return f"{kind}({sorted(f'{_written(k)}: {_written(v)}' for k, v in value.items())})"
    if isinstance(value, (set, frozenset)):
        return f"{kind}({sorted(map(_written, value))})"
    if isinstance(value, (list, tuple)):
        return f"{kind}({[_written(v) for v in value]})"
    return repr(value) if isinstance(value, (str, bytes)) else f"{kind}({value})"


def _source(function: FunctionType) -> str | None:
    """Return the source without indentation, blank lines, trailing spaces; None where it cannot be read."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
        nodes = list(ast.walk(ast.parse(text)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    # a notebook or a template may lead to the lines of another file
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    name = function.__code__.co_name
    here = [n for n in nodes if (isinstance(n, kinds) and n.name == name) or isinstance(n, ast.Lambda)]
    if not here:
        return None
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def _bytecode(code: CodeType) -> str:
    consts = [_bytecode(c) if isinstance(c, CodeType) else _written(c) for c in code.co_consts]
    return repr((code.co_code.hex(), consts, code.co_names, code.co_varnames, code.co_freevars))
