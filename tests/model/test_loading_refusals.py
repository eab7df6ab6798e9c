"""Files with right checksums whose content cannot be: refused in one sentence that names the file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patron.errors import ModelError
from patron.model import load_model_folder
from patron.model import manifest as manifest_module
from patron.tree_text import checked_trees

(GOLDEN,) = (Path(__file__).parents[1] / "golden" / "format_1").glob("golden@*")
TREES = (GOLDEN / "trees.txt").read_text(encoding="utf-8")
NAMES = re.search(r"^feature_names=(.*)$", TREES, re.MULTILINE)[1].split(" ")  # type: ignore[index]


def canonical(value: object) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def forged(place: Path, **files: bytes) -> Path:
    """Copy the golden model with other files and with checksums that are right for them."""
    contents = {path.name: path.read_bytes() for path in GOLDEN.iterdir()} | files
    manifest = json.loads(contents.pop("manifest.json"))
    manifest["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    del manifest["content_sha256"]
    manifest["content_sha256"] = hashlib.sha256(canonical(manifest)).hexdigest()
    for name, data in {**contents, "manifest.json": canonical(manifest)}.items():
        (place / name).write_bytes(data)
    return place


def changed(file: str, change: Callable[[Any], object]) -> dict[str, bytes]:
    content = json.loads((GOLDEN / file).read_bytes())
    change(content)
    return {file: canonical(content)}


def set_in(*way: Any) -> Callable[[Any], None]:
    """Return a change: keys, and the value to put there."""
    *keys, last, value = way

    def change(content: Any) -> None:
        for key in keys:
            content = content[key]
        content[last] = value

    return change


def test_the_unchanged_copy_loads(tmp_path: Path) -> None:
    """The forgery of these tests does not itself make a folder unreadable."""
    assert load_model_folder(forged(tmp_path)).parts.churn.name == "average"


def test_keys_of_a_later_version_are_left_alone(tmp_path: Path) -> None:
    """Format 1 only gains keys: a reader takes those that it knows."""
    add = set_in("settings", "from_the_future", [1])
    assert (
        load_model_folder(forged(tmp_path, **changed("scoring.json", add))).parts.settings.currency == "EUR"
    )


CHANGES = {
    "a probability above 1": ("scoring.json", set_in("thresholds", "high", 1.5), r"thresholds\.high is 1\.5"),
    "edges that fall": ("scoring.json", set_in("segments", "silence_edges", [4, 3, 2, 1]), "silence_edges"),
    "a text for a number": ("scoring.json", set_in("settings", "margin", "1"), "settings.margin is '1'"),
    "true for a number": ("scoring.json", set_in("settings", "margin", True), "settings.margin is True"),
    "a zone that is a path": ("scoring.json", set_in("ledger", "timezone", "../../etc/passwd"), "timezone"),
    "a zone that is not there": ("scoring.json", set_in("ledger", "timezone", "Mars/North"), "time zone"),
    "a horizon of a million years": (
        "scoring.json",
        set_in("settings", "clv_horizon_months", 10**7),
        "months",
    ),
    "an unknown feature": ("churn.json", set_in("members", "logistic", "columns", 0, "pass"), "'pass'"),
    "too few parts": ("churn.json", lambda c: c["members"]["logistic"]["parts"].pop(), "one part per column"),
    "a member of no kind": (
        "churn.json",
        set_in("members", "logistic", "kind", "pickle"),
        "kind is 'pickle'",
    ),
    "no member": ("churn.json", set_in("members", {}), "no member"),
    "a number beyond bounds": ("churn.json", set_in("calibrator", "slope", 10**400), "a huge number"),
    "a parameter below 0": ("clv.json", set_in("params", "r", -1), r"params\.r is -1"),
    "a covariance of two rows": (
        "clv.json",
        set_in("covariance", "order_times", "of_logs", [[1], [1]]),
        "square",
    ),
    "weights above 1": ("forecast.json", set_in("weights", {"btyd": 1, "challenger": 1}), "not 1 together"),
    "a rule without action": ("playbook.json", lambda c: c["rules"][0].pop("action"), "lacks action"),
    "an unknown condition": (
        "playbook.json",
        set_in("rules", 0, "when", {"eval": ["x"]}),
        "'eval' is not known",
    ),
    "grades as a list": ("evaluation.json", set_in("grade", []), "grade is a list"),
    "a later reader": ("manifest.json", set_in("min_patron_version", "99.0"), "pip install --upgrade patron"),
    "control characters": (
        "playbook.json",
        set_in("rules", 0, "action", "en", "a\x1b[2J"),
        "plain characters",
    ),
}


@pytest.mark.parametrize(("file", "change", "says"), CHANGES.values(), ids=CHANGES.keys())
def test_content_that_cannot_be(tmp_path: Path, file: str, change: Any, says: str) -> None:
    """One line, with the file and the place in it."""
    with pytest.raises(ModelError, match=says) as refused:
        load_model_folder(forged(tmp_path, **changed(file, change)))
    assert len(refused.value.problems) == 1
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[" + b"0," * 1_000_001 + b"0]", "over 1,000,000 values"),
        (b'{"rules": [], "rules": []}', "a key stands twice"),
        (b"[" * 100_000, "not readable JSON|deeper than"),
        (b"\xff\xfe", "not readable JSON"),
        (b"9" * 5_000, "not readable JSON"),
        (b'{"rules": [{"when": {}, "action": {"en": "\\ud800"}}]}', "plain characters"),
    ],
    ids=["too many values", "a key twice", "too deep", "no text", "a long number", "half a character"],
)
def test_json_that_costs_or_means_two_things(tmp_path: Path, data: bytes, says: str) -> None:
    """Refused before it is built up in memory, or read one way here and another way elsewhere."""
    with pytest.raises(ModelError, match=says):
        load_model_folder(forged(tmp_path, **{"playbook.json": data}))


# -- LightGBM's text: each of these ends the process, hangs, or gives no number when LightGBM reads it alone


def edited(pattern: str, replacement: str) -> str:
    """Change the first line that fits, and state the sizes of the trees again."""
    text, times = re.subn(pattern, replacement, TREES, count=1, flags=re.MULTILINE)
    assert times == 1
    assert text != TREES
    if pattern.startswith("^tree_sizes"):
        return text
    blocks = text.split("\nend of trees")[0].split("\nTree=")[1:]
    sizes = " ".join(str(len(f"Tree={block}\n".encode())) for block in blocks)
    return re.sub(r"^tree_sizes=.*", f"tree_sizes={sizes}", text, count=1, flags=re.MULTILINE)


EDITS = {
    "a child that is not there": (r"^left_child=\S+", "left_child=99999999"),
    "a cycle": (r"^left_child=\S+", "left_child=0"),
    "a leaf that is not there": (r"^left_child=\S+", "left_child=-99999999"),
    "a node twice": (r"^right_child=\S+", "right_child=1"),
    "a feature that is not there": (r"^split_feature=\S+", "split_feature=1000000"),
    "a feature below 0": (r"^split_feature=\S+", "split_feature=-5"),
    "two thousand million leaves": (r"^num_leaves=\d+", "num_leaves=2147483647"),
    "no leaf": (r"^num_leaves=\d+", "num_leaves=0"),
    "sizes beyond the text": (r"^tree_sizes=\d+", "tree_sizes=99999999"),
    "sizes too small": (r"^tree_sizes=\d+", "tree_sizes=3"),
    "sizes of trees that are not there": (r"^tree_sizes=(.*)", r"tree_sizes=\1 \1"),
    "no tree per iteration": (r"^num_tree_per_iteration=1", "num_tree_per_iteration=0"),
    "many classes": (r"^num_class=1", "num_class=2000000000"),
    "a category without codes": (r"^decision_type=\d+", "decision_type=1"),
    "an unknown type of split": (r"^decision_type=\d+", "decision_type=64"),
    "a leaf of NaN": (r"^leaf_value=\S+", "leaf_value=nan"),
    "a leaf of a million": (r"^leaf_value=\S+", "leaf_value=1e6"),
    "no rows": (r"^internal_count=\d+", "internal_count=0"),
    "a linear tree": (r"^is_linear=0", "is_linear=1"),
    "a line too many": (r"^shrinkage=", "leaf_features=1\nshrinkage="),
    "a line missing": (r"^split_gain=.*\n", ""),
    "a feature renamed": (r"^feature_names=\w+", "feature_names=other"),
    "another version": (r"^version=v4", "version=v3"),
    "no end": (r"^end of trees", "end of"),
}


@pytest.mark.parametrize(("pattern", "replacement"), EDITS.values(), ids=EDITS.keys())
def test_trees_that_lightgbm_must_not_see(pattern: str, replacement: str) -> None:
    """Refused in one line before LightGBM's own reader, which trusts every number."""
    with pytest.raises(
        ModelError, match=r"^trees\.txt is not a LightGBM model that can be read: .*Train the model"
    ):
        checked_trees(edited(pattern, replacement), NAMES, "trees.txt")


def test_what_follows_the_trees_does_not_reach_lightgbm() -> None:
    """Settings of the training, and pandas' categories, are not needed to predict."""
    kept = checked_trees(TREES, NAMES, "trees.txt")
    assert TREES.startswith(kept)
    assert kept.endswith("\nend of trees\n")
    assert "[learning_rate" in TREES.removeprefix(kept)


# -- the folder between two looks


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
@pytest.mark.parametrize("what", ["link", "pipe"])
def test_a_file_exchanged_after_the_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A listing is a look at the past: what is opened is looked at again, without waiting for a pipe."""
    folder = forged(tmp_path)
    listing = manifest_module.read_folder

    def exchange(place: Path) -> dict[str, Path]:
        found = listing(place)
        (folder / "clv.json").unlink()
        if what == "pipe":
            os.mkfifo(folder / "clv.json")
        else:
            (folder / "clv.json").symlink_to(GOLDEN / "clv.json")
        return found

    monkeypatch.setattr(manifest_module, "read_folder", exchange)
    with pytest.raises(ModelError, match="cannot read the model"):
        load_model_folder(folder)


def test_ten_thousand_files_too_many_are_one_short_message(tmp_path: Path) -> None:
    """The first ten, and how many more."""
    folder = forged(tmp_path)
    for number in range(300):
        (folder / f"x{number}").touch()
    with pytest.raises(ModelError, match="and 290 more") as refused:
        load_model_folder(folder)
    assert len(refused.value.problems) == 11


def test_folders_within_folders_end_somewhere(tmp_path: Path) -> None:
    """No way down is followed for ever."""
    folder = forged(tmp_path)
    (folder.joinpath(*["d"] * 40)).mkdir(parents=True)
    with pytest.raises(ModelError, match="not a plain file"):
        load_model_folder(folder)
