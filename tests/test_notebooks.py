"""The notebooks: run top to bottom as they are, with this Python, from an empty folder."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from ipykernel.kernelspec import install
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 90
OWN_KERNEL = "patron-tests"


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A kernel of this very Python, in folders of its own: no other on the machine can be meant."""
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter" / name.lower()))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter" / "share" / "jupyter"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    place = install(kernel_name=OWN_KERNEL, prefix=str(tmp_path / "jupyter"))
    assert sys.executable in (Path(place) / "kernel.json").read_text(encoding="utf-8")
    return OWN_KERNEL


def read(path):
    return nbformat.read(path, as_version=4)


def test_there_is_a_notebook():
    """Otherwise the tests below would pass by being empty."""
    assert [path.stem for path in NOTEBOOKS] == [
        "01_first_look", "02_clv", "03_churn", "04_scores_to_actions", "05_retention_metrics",
        "06_did_it_help",
    ]  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# jupyter's own loops and sockets warn while they shut down; warnings of our code show in the kernel's stderr
@pytest.mark.filterwarnings("ignore")
def test_runs_top_to_bottom_without_a_warning(path, kernel, tmp_path):
    """Every claim in it holds, and nothing is printed on stderr."""
    work = tmp_path / "work"
    work.mkdir()
    notebook = read(path)
    place = {"metadata": {"path": str(work)}}
    NotebookClient(notebook, timeout=SECONDS, kernel_name=kernel, resources=place).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    complaints = [out.text for cell in code for out in cell.outputs if out.get("name") == "stderr"]
    assert complaints == []
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_kept_without_outputs_and_with_stable_ids(path):
    """A rerun shows no difference, and cell ids are words."""
    notebook = read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count] == []
    assert [cell.id for cell in notebook.cells if not re.fullmatch(r"[a-z][a-z-]+", cell.id)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_says_at_once_what_it_is_about(path):
    """Question, data and run time stand in the first cell."""
    first = read(path).cells[0]
    assert [word for word in ("Question.", "Data.", "Run time.") if word not in first.source] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_section_makes_a_claim(path):
    """Each numbered section holds an assert, and cells stay short."""
    sections, longest = {}, 0
    for cell in read(path).cells:
        if cell.cell_type == "markdown" and re.match(r"## \d", cell.source):
            heading = cell.source.splitlines()[0]
            sections[heading] = ""
        elif cell.cell_type == "code":
            longest = max(longest, len(cell.source.splitlines()))
            if sections:
                sections[heading] += cell.source
    assert len(sections) >= 4
    assert [heading for heading, code in sections.items() if "assert " not in code] == []
    assert longest <= 8
