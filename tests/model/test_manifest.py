"""The model folder: the same content gives the same bytes, and nothing that was touched is loaded."""

import hashlib
import json
import os
import random
import re
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from patron.errors import ModelError
from patron.model import manifest as manifest_module
from patron.model.manifest import FORMAT_VERSION, read_model, write_model

FILES = {"churn/trees.txt": b"tree\nleaf\n", "clv.json": b'{"r": 0.243}\n', "notes.md": "客户".encode()}
FACTS = {"horizon_days": 90, "label": "no order in 90 days", "nested": {"b": [1.5, None], "a": True}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "models", "demo", FILES, FACTS)


def change_manifest(folder: Path, **changes: object) -> None:
    """Forge a manifest as somebody who knows the format would: with a matching content hash."""
    path = folder / "manifest.json"
    content = json.loads(path.read_bytes())
    content.update(changes)
    content.pop("content_sha256")
    body = canonical(content)
    path.write_bytes(canonical({**content, "content_sha256": hashlib.sha256(body).hexdigest()}))


def canonical(value: object) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


# -- what is written


def test_round_trip_gives_back_files_and_facts(folder: Path) -> None:
    """What was written comes back, files byte for byte and facts in the manifest."""
    manifest, files = read_model(folder)
    assert files == FILES
    assert {key: manifest[key] for key in FACTS} == FACTS
    assert (manifest["name"], manifest["format_version"]) == ("demo", FORMAT_VERSION)


def test_folder_is_named_after_the_manifests_own_hash(folder: Path) -> None:
    """`sha256sum manifest.json` begins with the 12 characters after the @."""
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert folder.name == f"demo@{digest[:12]}"


def test_content_hash_is_the_manifest_without_that_line(folder: Path) -> None:
    """Anyone can check the manifest with grep and sha256sum."""
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    kept = "".join(line for line in text.splitlines(keepends=True) if '"content_sha256"' not in line)
    assert json.loads(text)["content_sha256"] == hashlib.sha256(kept.encode()).hexdigest()


def test_every_file_is_listed_with_its_sha256(folder: Path) -> None:
    """The manifest vouches for each other file and for nothing else."""
    listed = json.loads((folder / "manifest.json").read_bytes())["files"]
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}


def test_order_of_files_and_facts_does_not_matter(tmp_path: Path, folder: Path) -> None:
    """Same content, same bytes, same name, in whatever order it is given."""
    again = write_model(tmp_path / "b", "demo", dict(reversed(FILES.items())), dict(reversed(FACTS.items())))
    assert again.name == folder.name
    assert (again / "manifest.json").read_bytes() == (folder / "manifest.json").read_bytes()


def test_another_byte_gives_another_name(tmp_path: Path, folder: Path) -> None:
    """The name is a fingerprint of the whole content."""
    other = write_model(tmp_path, "demo", {**FILES, "notes.md": b"x"}, FACTS)
    assert other.name != folder.name


def test_writing_the_same_model_again_changes_nothing(folder: Path) -> None:
    """A second write verifies what is there and leaves it alone."""
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert write_model(folder.parent, "demo", FILES, FACTS) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_damaged_folder_is_not_returned_as_written(folder: Path) -> None:
    """If the same model stands there with a broken file, writing says so instead of passing it on."""
    (folder / "notes.md").write_bytes(b"touched")
    with pytest.raises(ModelError, match=r"exists and is damaged: remove it.*\n.*notes\.md"):
        write_model(folder.parent, "demo", FILES, FACTS)


def test_other_users_can_read_the_folder(folder: Path) -> None:
    """The folder's rights follow the umask, not those of a private temporary folder."""
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777 & ~umask


def test_nothing_hidden_stays_beside_the_folder(folder: Path) -> None:
    """After a write there is the model folder and nothing else."""
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_renamed_copy_still_verifies(tmp_path: Path, folder: Path) -> None:
    """The checks do not depend on what the folder is called, or on being reached through a link."""
    folder.rename(tmp_path / "anything")
    (tmp_path / "current").symlink_to(tmp_path / "anything")
    assert read_model(tmp_path / "current")[1] == FILES


# -- what is refused when writing


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".hidden", "a b", "a@b", "a:b", "x" * 61, "a'b", "a%b"])
def test_odd_model_names_are_refused(tmp_path: Path, name: str) -> None:
    """A model's name is safe in a path and in an address."""
    with pytest.raises(ModelError, match="a model cannot be called"):
        write_model(tmp_path, name, FILES, FACTS)


BAD_FILES = [
    "../x",
    "/etc/x",
    "a\\b",
    "C:x",
    "a//b",
    "./a",
    "a/..",
    "",
    ".hid",
    "a\x00b",
    "manifest.json",
    "客户.txt",
]


@pytest.mark.parametrize("file", BAD_FILES)
def test_odd_file_names_are_refused_when_writing(tmp_path: Path, file: str) -> None:
    """No name can leave the folder, hide in it, or replace the manifest."""
    with pytest.raises(ModelError, match="cannot hold a file called"):
        write_model(tmp_path, "demo", {file: b""}, {})


def test_all_bad_names_are_reported_at_once(tmp_path: Path) -> None:
    """One error lists every problem."""
    with pytest.raises(ModelError) as caught:
        write_model(tmp_path, "demo", {"../a": b"", "b\\c": b"", "A": b"", "a": b""}, {"files": 1})
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize("fact", [float("nan"), float("inf"), {1, 2}, "\ud800", object()])
def test_facts_that_are_not_json_are_refused(tmp_path: Path, fact: object) -> None:
    """NaN, sets, broken Unicode and objects never reach the disk."""
    with pytest.raises(ModelError, match="cannot be written as JSON"):
        write_model(tmp_path, "demo", {}, {"fact": fact})
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size limits hold when writing too."""
    monkeypatch.setattr(manifest_module, "MAX_JSON_BYTES", 10)
    monkeypatch.setattr(manifest_module, "MAX_FOLDER_BYTES", 500)
    with pytest.raises(ModelError, match=r"big\.json would be 11 bytes") as caught:
        write_model(tmp_path, "demo", {"big.json": b"x" * 11, "fine.txt": b"x" * 490}, {})
    assert "the model would be" in caught.value.problems[-1]


def test_a_full_or_forbidden_disk_is_said_in_words(tmp_path: Path) -> None:
    """A parent that cannot be a folder gives one sentence with the path."""
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ModelError, match=r"cannot write the model to .*taken"):
        write_model(tmp_path / "taken", "demo", FILES, FACTS)


# -- what is refused when reading


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    """Any other folder is not a model."""
    with pytest.raises(ModelError, match=r"holds no manifest\.json"):
        read_model(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A path that is no folder is named."""
    with pytest.raises(ModelError, match="nowhere is not a folder"):
        read_model(tmp_path / "nowhere")


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff\xfe", b"[1]", b'"x"', b'{"a": NaN}', b'{"a": 1e999}'])
def test_an_unreadable_manifest_is_refused(folder: Path, broken: bytes) -> None:
    """Broken text, broken JSON and JSON of another shape end in one sentence about the manifest."""
    (folder / "manifest.json").write_bytes(broken)
    with pytest.raises(ModelError, match=r"manifest\.json is not (readable JSON|a JSON object)"):
        read_model(folder)


@pytest.mark.parametrize("depth", [70, 100_000])
def test_deep_json_is_refused_before_the_stack_ends(folder: Path, depth: int) -> None:
    """Nesting is limited in the manifest."""
    (folder / "manifest.json").write_bytes(b'{"a":' + b"[" * depth + b"]" * depth + b"}")
    with pytest.raises(ModelError, match="nests deeper than 64 levels"):
        read_model(folder)


@pytest.mark.parametrize("depth", [70, 100_000])
def test_deep_json_in_any_file_is_refused(tmp_path: Path, depth: int) -> None:
    """A JSON file with a correct checksum may still not exhaust the reader behind."""
    folder = write_model(tmp_path, "demo", {"a.txt": b"", "deep.txt": b"[" * depth + b"]" * depth}, {})
    (folder / "deep.txt").rename(folder / "deep.json")
    listed = json.loads((folder / "manifest.json").read_bytes())["files"]
    listed["deep.json"] = listed.pop("deep.txt")
    change_manifest(folder, files=listed)
    with pytest.raises(ModelError, match=r"deep\.json nests deeper than 64 levels"):
        read_model(folder)


def test_json_of_exactly_64_levels_is_read(tmp_path: Path) -> None:
    """The limit is the limit."""
    folder = write_model(tmp_path, "demo", {"a.json": b"[" * 64 + b"]" * 64}, {})
    assert read_model(folder)[1]["a.json"] == b"[" * 64 + b"]" * 64


def test_a_newer_format_asks_for_a_newer_patron(folder: Path) -> None:
    """The version is looked at first: a newer format may hash differently."""
    (folder / "manifest.json").write_bytes(b'{"format_version": 2}')
    with pytest.raises(ModelError, match=r"format_version 2.*needs a newer patron.*pip install"):
        read_model(folder)


@pytest.mark.parametrize("version", [0, -1, None, "1", True, 1.0])
def test_an_unknown_format_is_refused(folder: Path, version: object) -> None:
    """Only the whole number 1 is format 1."""
    change_manifest(folder, format_version=version)
    with pytest.raises(ModelError, match="unknown format_version"):
        read_model(folder)


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_touched_file_is_named(folder: Path, file: str) -> None:
    """One changed byte anywhere names the file it is in."""
    data = bytearray((folder / file).read_bytes())
    data[0] ^= 1
    (folder / file).write_bytes(bytes(data))
    with pytest.raises(ModelError, match=re.escape(f"{file!r} was changed")):
        read_model(folder)


def test_any_changed_bit_of_the_manifest_is_refused(folder: Path) -> None:
    """300 random single-bit changes of the manifest: none is loaded, none ends in another exception."""
    path = folder / "manifest.json"
    whole, draw = path.read_bytes(), random.Random(7)
    for _ in range(300):
        data = bytearray(whole)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(bytes(data))
        with pytest.raises(ModelError, match=r"manifest\.json|cannot be written"):
            read_model(folder)


def test_a_changed_fact_is_noticed(folder: Path) -> None:
    """A hand-edited horizon does not pass as the trained one."""
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"horizon_days": 90', '"horizon_days": 30'))
    with pytest.raises(ModelError, match="content_sha256 does not match"):
        read_model(folder)


def test_reformatted_json_is_noticed(folder: Path) -> None:
    """Even white space in the manifest is vouched for: the folder's name is made of its bytes."""
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match="content_sha256 does not match"):
        read_model(folder)


def test_missing_and_extra_files_are_named_together(folder: Path) -> None:
    """All problems with files come in one error."""
    (folder / "notes.md").unlink()
    (folder / "extra.py").write_text("print('run me')")
    with pytest.raises(ModelError) as caught:
        read_model(folder)
    assert ["'notes.md' is missing" in problem for problem in caught.value.problems] == [True, False]
    assert "'extra.py' does not belong to the model" in caught.value.problems[1]


@pytest.mark.parametrize("file", [name for name in BAD_FILES if "\x00" not in name])
def test_a_forged_manifest_cannot_name_files_outside(folder: Path, file: str) -> None:
    """Correct checksums do not make `../` acceptable."""
    change_manifest(folder, files={file: hashlib.sha256(b"").hexdigest()})
    with pytest.raises(ModelError, match="could lie outside the folder"):
        read_model(folder)


@pytest.mark.parametrize("linked", ["notes.md", "manifest.json", "churn"])
def test_links_are_not_followed(tmp_path: Path, folder: Path, linked: str) -> None:
    """A link is refused even if what it leads to has the right content."""
    (folder / linked).rename(tmp_path / "elsewhere")
    (folder / linked).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=f"'{linked}' is a link"):
        read_model(folder)


def test_a_pipe_is_refused_without_waiting(folder: Path) -> None:
    """A named pipe would block the reader for ever."""
    os.mkfifo(folder / "pipe")
    with pytest.raises(ModelError, match="'pipe' is a link or not a plain file"):
        read_model(folder)


@pytest.mark.parametrize(
    ("limit", "match"),
    [
        ("MAX_MANIFEST_BYTES", r"manifest\.json is larger than 8"),
        ("MAX_JSON_BYTES", r"clv\.json is larger than 8"),
    ],
)
def test_large_files_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, match: str
) -> None:
    """A file over its limit is not read into memory."""
    monkeypatch.setattr(manifest_module, limit, 8)
    with pytest.raises(ModelError, match=match):
        read_model(folder)


def test_a_large_folder_is_refused_unread(folder: Path) -> None:
    """Over 1 GB nothing is read; a sparse file keeps the test cheap."""
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(1_000_000_001)
    with pytest.raises(ModelError, match="holds more than 1,000,000,000 bytes"):
        read_model(folder)


# -- killed while writing

KILLED = """
import os, signal, sys
from pathlib import Path
from patron.model.manifest import write_model

calls, real = 0, os.fsync

def fsync(handle):
    global calls
    calls += 1
    if calls == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    real(handle)

os.fsync = fsync
write_model(Path(sys.argv[1]), "demo", {f"{i}.txt": b"x" * 1000 for i in range(5)}, {})
"""


@pytest.mark.parametrize("at", [1, 4, 6, 7])
def test_a_killed_write_leaves_no_folder_and_no_rubbish(tmp_path: Path, at: int) -> None:
    """SIGKILL at any step leaves nothing under the final name, and the next write sweeps what is left."""
    script = textwrap.dedent(KILLED)
    child = subprocess.run([sys.executable, "-c", script, str(tmp_path), str(at)], check=False)
    assert child.returncode == -signal.SIGKILL
    left = [path.name for path in tmp_path.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".patron-unfinished-")
    folder = write_model(tmp_path, "demo", {f"{i}.txt": b"x" * 1000 for i in range(5)}, {})
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert len(read_model(folder)[1]) == 5


def test_the_unfinished_folder_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    """Sweeping takes only what nobody is writing any more."""
    from patron.model import _folder

    alive = tmp_path / f".patron-unfinished-{_folder._this_host()}-{os.getpid()}-abcdef01"
    elsewhere = tmp_path / ".patron-unfinished-00000000-1-abcdef01"
    old = tmp_path / ".patron-unfinished-00000000-2-abcdef01"
    for path in (alive, elsewhere, old):
        path.mkdir()
    os.utime(old, (0, 0))
    write_model(tmp_path, "demo", FILES, FACTS)
    assert (alive.exists(), elsewhere.exists(), old.exists()) == (True, True, False)


def test_two_writers_of_one_model_both_succeed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the folder appears while ours is being written, it is verified and used."""
    real = manifest_module.write_folder

    def after_the_other(target: Path, files: dict[str, bytes]) -> None:
        real(target, files)
        real(target, files)

    monkeypatch.setattr(manifest_module, "write_folder", after_the_other)
    folder = write_model(tmp_path, "demo", FILES, FACTS)
    assert read_model(folder)[1] == FILES
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_reading_needs_only_the_standard_library(folder: Path) -> None:
    """The manifest can be checked where nothing is installed but Python."""
    sources = Path(manifest_module.__file__).parent
    allowed = set(sys.stdlib_module_names) | {"patron"}
    for file in ("manifest.py", "_folder.py", "_json.py"):
        text = (sources / file).read_text(encoding="utf-8")
        roots = {found.split(".")[0] for found in re.findall(r"^(?:from|import) (\S+)", text, re.MULTILINE)}
        assert roots <= allowed
