"""Rules of the house that no other tool checks: docstrings, sizes, light imports, pins, no machine paths."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "patron"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
HEAVY = (
    "pandas",
    "numpy",
    "scipy",
    "mlflow",
    "lightgbm",
    "duckdb",
    "sklearn",
    "narwhals",
    "lifetimes",
    "typer",
)
DATA_FILES = (
    "py.typed",
    "actions/words_en.json",
    "actions/words_zh.json",
    "cli/retention_en.json",
    "cli/retention_zh.json",
    "config.schema.json",
    "model/card_en.json",
    "model/card_zh.json",
    "playbook/default.yaml",
    "reports/account.html.j2",
    "reports/backtest.html.j2",
    "reports/macros.html.j2",
    "reports/owner.html.j2",
    "reports/readout.html.j2",
    "reports/report.css",
    "reports/report.html.j2",
    "reports/report.js",
    "reports/strings_en.json",
    "reports/strings_zh.json",
)
LONGEST_FILE, LONGEST_BODY = 400, 40


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def git(*arguments, **keywords):
    """What git says, or None where this is no checkout (an unpacked archive)."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return None
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, **keywords)
    return None if done.returncode > 1 else done.stdout


def tracked_texts():
    """Path and text of every committed file."""
    listed = git("ls-files", "--cached")
    if listed is None:
        pytest.skip("this is no git checkout: which files are tracked is not known")
    for name in listed.splitlines():
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".parquet"):
            yield name, path.read_text(encoding="utf-8")


def test_the_source_is_found():
    """The tests below would pass on an empty list."""
    assert len(SOURCES) > 100
    assert len(TESTS) > 30


def test_every_module_says_what_it_is_for():
    """One docstring each."""
    assert [name_of(path) for path in SOURCES if not ast.get_docstring(tree(path))] == []


def test_no_file_is_too_long():
    """A file of more than 400 lines has more than one job."""
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def functions(module):
    return [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def body_lines(function):
    """Lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_no_function_is_too_long():
    """At most 40 lines without the docstring."""
    lengths = {f"{name_of(p)}:{f.name}": body_lines(f) for p in SOURCES for f in functions(tree(p))}
    assert {name: n for name, n in lengths.items() if n > LONGEST_BODY} == {}


def calls(module):
    return [node for node in ast.walk(module) if isinstance(node, ast.Call)]


def test_nothing_is_printed():
    """Results go through `patron.cli.screen`, everything else through logging."""
    found = [
        f"{name_of(path)}:{call.lineno}"
        for path in SOURCES
        for call in calls(tree(path))
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]
    assert found == []


def looks_at_the_error(function, call):
    """Whether `with pytest.raises(...) as caught` is followed by a use of `caught.value`."""
    named = [item.optional_vars for n in ast.walk(function) if isinstance(n, ast.With) for item in n.items
             if item.context_expr is call]  # fmt: skip
    used = {ast.unparse(n) for n in ast.walk(function) if isinstance(n, ast.Attribute)}
    return any(isinstance(name, ast.Name) and f"{name.id}.value" in used for name in named)


def test_every_expected_error_is_recognised_by_its_words():
    """`pytest.raises` that neither matches nor looks at the error accepts any accident of that type.

    A lower-case name is an error that the test itself has just raised.
    """
    found = [
        f"{name_of(path)}:{call.lineno}"
        for path in TESTS
        for function in functions(tree(path))
        for call in calls(function)
        if ast.unparse(call.func) == "pytest.raises"
        and not ast.unparse(call.args[0]).islower()
        and "match" not in [k.arg for k in call.keywords]
        and not looks_at_the_error(function, call)
    ]
    assert found == []


def test_importing_patron_imports_nothing_heavy():
    """A service that only wants the version or an error class pays for nothing else."""
    code = f"import patron, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_lazy_names_are_there():
    """Every name of the facade leads somewhere, and a wrong one is an ordinary AttributeError."""
    import patron

    assert [name for name in patron.__all__ if getattr(patron, name, None) is None] == []
    with pytest.raises(AttributeError, match="patron has no 'load'"):
        patron.load  # noqa: B018


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def test_constraints_hold_names_and_versions_only():
    """No address, no host, no marker, no package twice."""
    lines = pins()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+!]*", line)] == []
    names = [canonicalize_name(line.partition("==")[0]) for line in lines]
    assert sorted(names) == sorted(set(names))
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(text) for text in [*project["dependencies"], *[t for extra in extras for t in extra]]]


def test_every_dependency_is_pinned_within_its_range():
    """What the tests pass with is what the package says it works with."""
    pinned = {
        canonicalize_name(name): version for name, _, version in (line.partition("==") for line in pins())
    }
    assert len(declared()) > 25
    wrong = [
        str(need)
        for need in declared()
        if not need.specifier.contains(pinned.get(canonicalize_name(need.name), "0"), prereleases=True)
    ]
    assert wrong == []


def test_no_path_of_a_machine_is_written_down():
    """No home folder, and not the folder this checkout happens to lie in."""
    patterns = [r"(?<![\w.:/-])/root\b", r"(?<![\w.:-])/home/(?!me\b)\w", r"\b[A-Z]:\\\\?Users\b"]
    if len(ROOT.parts) > 2:
        patterns.append(re.escape(str(ROOT)) + r"(?![\w.-])")
    wanted = re.compile("|".join(patterns))
    texts = [(n, t) for n, t in tracked_texts() if n != "tests/test_house.py"]
    assert len(texts) > 150
    assert [f"{name}: {wanted.search(text)[0]}" for name, text in texts if wanted.search(text)] == []


RUNS_CODE = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "jsonpickle"}
RUNS_CODE_CALLS = {"joblib.dump", "joblib.load", "pd.read_pickle", "torch.load", "eval", "exec"}


def loads_code(node):
    """Whether a syntax node uses something that runs code while it reads data."""
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] in RUNS_CODE for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        return (node.module or "").partition(".")[0] in RUNS_CODE or (
            node.module == "joblib" and bool(names & {"dump", "load"})
        )
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        allows = any(k.arg == "allow_pickle" and ast.unparse(k.value) != "False" for k in node.keywords)
        return name in RUNS_CODE_CALLS or name.endswith((".to_pickle", ".read_pickle")) or allows
    return False


def test_a_model_is_data():
    """Nothing of the pickle family, no eval: loading never runs what was stored."""
    found = [f"{name_of(p)}:{node.lineno}" for p in SOURCES for node in ast.walk(tree(p)) if loads_code(node)]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "frame.to_pickle(p)",
        "np.load(f, allow_pickle=True)",
        "eval(x)",
    ],
)
def test_the_watch_for_code_in_data_works(code):
    """Each of these is caught, so the test above can fail."""
    assert any(loads_code(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("name", DATA_FILES)
def test_data_files_lie_in_the_package(name):
    """A wheel holds `src/patron` and nothing else."""
    assert (PACKAGE / name).is_file()


def test_no_file_of_the_package_is_git_ignored():
    """An ignored file is missing from a fresh clone, and from the wheel."""
    names = [
        name_of(path) for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    ignored = git("check-ignore", "--no-index", "--stdin", input="\n".join(names))
    if ignored is None:
        pytest.skip("this is no git checkout")
    assert len(names) > 100
    assert ignored.splitlines() == []


def test_every_data_file_of_the_package_is_listed_here():
    """A new one is added above, so that it cannot be forgotten in a wheel."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert found == set(DATA_FILES)
