"""What is written for people holds: commands, examples, links, columns, features and the README's Python."""

import hashlib
import inspect
import json
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from patron.cli.app import app
from patron.columns import SCORE_COLUMNS
from patron.config import make_config
from patron.features import catalogue
from patron.ledger import demo_orders
from patron.workflows import train

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
GROUP = typer.main.get_command(app)
COMMANDS = sorted(GROUP.commands)
FOLDERS = sorted(path.parent.name for path in (ROOT / "src" / "patron").glob("*/__init__.py"))
#: Where the README's Python expects the demo's store and model.
DEMO = {
    "name": "cdnow-demo",
    "ledger": {"transactions": "orders.csv", "currency": "USD", "duplicates": "keep"},
    "churn": {"active_days": 365},
    "snapshots": {"every_days": 60},
}


def blocks(page, languages):
    """Code blocks of a page in some languages."""
    text = page.read_text(encoding="utf-8")
    return [
        code for kind, code in re.findall(r"^```(\w+)\n(.*?)^```", text, re.M | re.S) if kind in languages
    ]


def shell_lines():
    """Page and command line of every shell block, without comments."""
    for page in PAGES:
        for block in blocks(page, ("bash", "sh", "shell")):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if words:
                    yield page.name, words


def patron_lines():
    return [(page, words[1:]) for page, words in shell_lines() if words[0] == "patron"]


def parse(words):
    """Parse a command line of `patron` as the program would, without running it."""
    context = GROUP.make_context("patron", list(words))
    left = [*context._protected_args, *context.args]
    if not left:
        return
    name, command, rest = GROUP.resolve_command(context, left)
    command.make_context(name, rest, parent=context)


def test_every_page_is_written():
    """The tests below would pass on empty pages."""
    names = {page.name for page in PAGES}
    assert {"README.md", "getting_started.md", "concepts.md", "model_format.md", "operations.md"} <= names
    assert [page.name for page in PAGES if len(page.read_text(encoding="utf-8")) < 500] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_parses(name):
    """Its help ends with a line to paste."""
    (example,) = re.findall(r"^\s*Example: patron (.+)$", GROUP.commands[name].help or "", re.M)
    assert example.split()[0] == name
    parse(shlex.split(example))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_shown_somewhere(name):
    """In a shell block of the README or of a page in docs/."""
    assert name in {words[0] for _, words in patron_lines() if words}


def test_every_command_line_in_the_docs_parses():
    """No option that does not exist, no argument missing."""
    lines = patron_lines()
    assert len(lines) > 10
    for _, words in lines:
        if "--help" not in words and "--version" not in words:
            parse(words)


def test_a_command_line_that_does_not_parse_is_noticed():
    """So the test above can fail."""
    with pytest.raises(Exception, match="No such option"):
        parse(["score", "patron.yaml", "--no-such-option"])


def test_every_make_target_in_the_docs_exists():
    """And those that the Makefile explains are in the README."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    used = {
        words[1]
        for _, words in shell_lines()
        if words[0] == "make" and len(words) > 1 and "=" not in words[1]
    }
    assert used <= targets
    assert {"demo", "test"} <= used


def test_every_file_named_in_the_docs_exists():
    """Links between pages, and paths in backticks that begin with a folder of the project."""
    missing = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        links = [page.parent / link for link in re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", text)]
        paths = re.findall(r"`((?:src|tests|docs|configs|notebooks|benchmarks|models)/[\w./-]+)`", text)
        missing += [f"{page.name}: {p}" for p in links if not p.exists()]
        missing += [f"{page.name}: {p}" for p in paths if not (ROOT / p).exists()]
    assert missing == []


def test_every_score_column_is_explained():
    """In the tables of docs/concepts.md."""
    text = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
    assert [name for name in SCORE_COLUMNS if f"`{name}`" not in text] == []


def test_every_feature_is_printed_with_its_unit_and_meaning():
    """`patron features` leaves nothing out and nothing empty."""
    printed = CliRunner().invoke(app, ["features"]).stdout
    features = catalogue()
    assert len(features) > 40
    assert [f.name for f in features if not (f.unit and f.meaning and f.group)] == []
    assert [f.name for f in features if f"  {f.name} " not in printed or f.meaning not in printed] == []
    assert len({f.name for f in features}) == len(features)


def public_names():
    return [
        (folder, name)
        for folder in FOLDERS
        for name in getattr(import_module(f"patron.{folder}"), "__all__", ())
    ]


def test_every_folder_lists_its_public_names():
    """What other folders may use stands in `__all__`."""
    assert [f for f in FOLDERS if not getattr(import_module(f"patron.{f}"), "__all__", None)] == []


@pytest.mark.parametrize(("folder", "name"), public_names())
def test_every_public_name_resolves_and_says_what_it_is(folder, name):
    """Functions and classes have a docstring of their own; a dataclass's made-up one does not count."""
    found = getattr(import_module(f"patron.{folder}"), name)
    if callable(found):
        text = inspect.getdoc(found) or ""
        assert text
        assert not text.startswith(f"{name}(")


@pytest.fixture(scope="module")
def demo_project(tmp_path_factory):
    """What `make demo` leaves behind, from a fifth of its customers."""
    root = tmp_path_factory.mktemp("readme")
    folder = root / "patron-demo"
    folder.mkdir()
    orders = demo_orders()
    few = orders[orders["customer_id"].astype(int) % 5 == 0]
    few.to_csv(folder / "orders.csv", index=False)
    train(make_config(DEMO, folder))
    return root


def test_the_python_of_the_readme_runs(demo_project, monkeypatch):
    """Top to bottom, in the folder where `make demo` was run."""
    monkeypatch.chdir(demo_project)
    code = blocks(README, ("python",))
    assert len(code) >= 2
    names = {}
    for block in code:
        exec(compile(block, "README.md", "exec"), names)
    assert list(names["scores"].columns) == list(SCORE_COLUMNS)
    assert names["scores"]["customer_id"].is_unique
    assert (names["value"]["clv"] >= 0).all()


def keys_of_a_model(folder):
    """Keys of every JSON file of a model folder: the first level, and those a reader needs below it."""
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        yield from ((path.name, key) for key in content)
        below = {"scoring.json": content.keys() - {"peers"}, "evaluation.json": {"churn", "clv_holdout"}}
        for block in below.get(path.name, ()):
            yield from ((path.name, key) for key in content.get(block, ()))
        yield from ((path.name, key) for key in content.get("calibrator", ()))
        yield from ((path.name, key) for key in content.get("linear", ()))


def test_every_key_of_a_model_folder_is_described(demo_project):
    """A reader in another language finds each file and key in docs/model_format.md."""
    (folder,) = (demo_project / "patron-demo" / "runs" / "models").iterdir()
    text = (ROOT / "docs" / "model_format.md").read_text(encoding="utf-8")
    keys = list(keys_of_a_model(folder))
    assert len(keys) > 60
    assert [pair for pair in keys if f"`{pair[1]}`" not in text] == []
    assert [path.name for path in folder.iterdir() if f"`{path.name}`" not in text] == []


def test_the_manifest_is_checked_as_described(demo_project):
    """SHA-256 of the file without the line that holds it, and the folder's name from the whole file."""
    (folder,) = (demo_project / "patron-demo" / "runs" / "models").iterdir()
    written = (folder / "manifest.json").read_bytes()
    own_line = re.search(rb'^  "content_sha256": "(\w+)",\n', written, re.M)
    without = written.replace(own_line[0], b"")
    assert hashlib.sha256(without).hexdigest().encode() == own_line[1]
    assert folder.name.endswith("@" + hashlib.sha256(written).hexdigest()[:12])


def test_the_walk_of_the_readme_begins_well(tmp_path):
    """`patron init` on a file with other column names gives a config that `patron check` takes."""
    theirs = {"customer_id": "Customer No", "ordered_at": "Order Date", "amount": "Net Amount"}
    orders = demo_orders().rename(columns=theirs)
    orders["Order Date"] = orders["Order Date"].dt.strftime("%d/%m/%Y")
    orders.to_csv(tmp_path / "orders.csv", index=False)
    done = CliRunner().invoke(
        app, ["init", str(tmp_path / "my-shop"), "--ledger", str(tmp_path / "orders.csv")]
    )
    assert done.exit_code == 0
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "my-shop" / "patron.yaml")])
    assert "6,919 rows in = 6,919 used + 0 set aside + 0 later." in checked.stdout
