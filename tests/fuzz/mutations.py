"""Ways to spoil a model folder: what accidents do, and what somebody who knows the format would try.

In:  the bytes of a good folder and a random generator. Out: a folder on disk, and whether it must be refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Files = dict[str, bytes]

_POOL: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 0.5, 1e-300, 1e308, -1e308, 2**31, 2**63, 2**64 + 1, 10**400, "",
    "x", "x" * 20_000, "nan", "Infinity", "../../etc/passwd", "a\x00b", "\ud800", "__class__", "en", "0",
    [], {}, [[]], [0], {"a": 1}, "2023-01-01", "days_since_last_order", "purchase_days",
)  # fmt: skip
_TOKENS = (
    "0", "1", "-1", "2", "6", "7", "-8", "99999", "2147483647", "-2147483648", "2147483648", "1e308",
    "-1e308", "nan", "inf", "-inf", "1e-400", "1e400", "0x10", "", " ", "=", "1" * 400,
    "é", "\x00", "1.5", "-0", "true", "[]",
)  # fmt: skip


def canonical(value: Any) -> bytes:
    """Write JSON as the format asks for."""
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode(
        "utf-8", "surrogatepass"
    )


def vouched(files: Files) -> Files:
    """Recompute every checksum, as whoever can write the folder can."""
    try:
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = {
            n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n != "manifest.json"
        }
        manifest.pop("content_sha256", None)
        digest = hashlib.sha256(canonical(manifest)).hexdigest()
        return {**files, "manifest.json": canonical({**manifest, "content_sha256": digest})}
    except (ValueError, TypeError, AttributeError, KeyError):
        return files


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in parsed JSON."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inside for place in _places(child, (*path, key)))]


def _changed(value: Any, old: Any, rng: random.Random) -> Any:
    """Return something else for a value."""
    if isinstance(old, int | float) and not isinstance(old, bool) and rng.random() < 0.5:
        return rng.choice(
            [-old, old * 1e6, old * 1e-6, old + 1, old - 1, old * 1.0001, old * 1e12, 0, 1e9, 1e-9, 1e12]
        )
    if isinstance(old, list) and old and rng.random() < 0.6:
        return rng.choice([old[:-1], old + old[-1:], old[::-1], old * 3, old[1:], old[:1]])
    if isinstance(old, str) and rng.random() < 0.3:
        return rng.choice([old[:-1], old + "x", old.upper(), old + "\n", old * 50])
    if rng.random() < 0.3:
        place = rng.choice(_places(value))
        for key in place:
            value = value[key]
        return value
    return rng.choice(_POOL)


def change_json(files: Files, rng: random.Random) -> Files:
    """Change one to three values of a JSON file."""
    name = rng.choice([n for n in files if n.endswith(".json")])
    value = json.loads(files[name])
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        *way, last = rng.choice(_places(value)[1:] or [("x",)])
        target = value
        for key in way:
            target = target[key]
        if isinstance(target, dict) and rng.random() < 0.15:
            target.pop(last)
        elif isinstance(target, dict) and rng.random() < 0.1:
            target["unknown_" + str(last)] = rng.choice(_POOL)
        else:
            target[last] = json.loads(json.dumps(_changed(value, target[last], rng)))
    return vouched({**files, name: canonical(value)})


def bend_json(files: Files, rng: random.Random) -> Files:
    """Write JSON that is too deep, too large, or that readers take differently."""
    name = rng.choice([n for n in files if n.endswith(".json") and n != "manifest.json"])
    text = files[name].decode()
    bent = rng.choice(
        [
            "[" * rng.choice([70, 5_000, 200_000]) + "]" * 70,
            '{"a":' * 3_000 + "1" + "}" * 3_000,
            text.replace(":", ": NaN, ", 1),
            text.replace("{", '{"name": 1, "name": 2,', 1),
            text + text,
            "\ufeff" + text,
            "[" + "0," * 1_200_000 + "0]",
            text.replace("0.", "1e999", 1),
            "9" * 5_000,
            text[: len(text) // 2],
            "",
        ]
    )
    return vouched({**files, name: bent.encode()})


def _sized(text: str) -> str:
    """State the true sizes of the trees again."""
    sizes = [len(f"Tree={b}\n".encode()) for b in text.split("\nend of trees")[0].split("\nTree=")[1:]]
    return re.sub(r"tree_sizes=.*", "tree_sizes=" + " ".join(map(str, sizes)), text, count=1)


def change_trees(files: Files, rng: random.Random) -> Files:
    """Change numbers, lines or blocks of LightGBM's text."""
    name = rng.choice([n for n in files if n.endswith(".txt")])
    lines = files[name].decode().split("\n")
    until = lines.index("end of trees") + 2
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(until)
        key, equals, rest = lines[at].partition("=")
        tokens = rest.split(" ")
        way = rng.random()
        if way < 0.65 and equals:
            tokens[rng.randrange(len(tokens))] = rng.choice([*_TOKENS, rng.choice(tokens)])
        elif way < 0.75 and equals:
            tokens = rng.choice([tokens[:-1], tokens + tokens[-1:], tokens[::-1], tokens * 2])
        if way < 0.75:
            lines[at] = f"{key}{equals}{' '.join(tokens)}"
        elif way < 0.85:
            lines[at] = rng.choice(["", key, f"{key}x={rest}", f"{lines[at]}=1", lines[rng.randrange(until)]])
        elif way < 0.95:
            lines.insert(
                at, rng.choice([lines[rng.randrange(until)], "linear=1", "Tree=0", "", "end of trees", "[x]"])
            )
        else:
            del lines[at : at + rng.randrange(1, 30)]
        until = min(until, len(lines))
    text = "\n".join(lines)
    return vouched({**files, name: (_sized(text) if rng.random() < 0.8 else text).encode()})


def change_bytes(files: Files, rng: random.Random) -> Files:
    """Flip, cut or repeat bytes of any file."""
    name = rng.choice(list(files))
    data = bytearray(files[name])
    way = rng.randrange(3)
    at = rng.randrange(len(data))
    if way == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif way == 1:
        del data[at : at + rng.choice([1, 10, len(data)])]
    else:
        data[at:at] = data[at : at + 50] or b"x"
    return {**files, name: bytes(data)}


def rename_files(files: Files, rng: random.Random) -> Files:
    """Leave out, add, exchange or rename files."""
    name = rng.choice([n for n in files if n != "manifest.json"])
    rest = {n: d for n, d in files.items() if n != name}
    other = rng.choice(list(rest))
    return rng.choice(
        [
            vouched(rest),
            vouched({**rest, name.upper(): files[name]}),
            vouched({**files, "sub/extra.json": b"{}\n"}),
            vouched({**files, "evil.py": b"raise SystemExit\n"}),
            vouched({**rest, name: rest[other]}),
            vouched({**files, name: b""}),
        ]
    )


def forge_manifest(files: Files, rng: random.Random) -> Files:
    """Change the manifest with its own checksum right, but not those of the files."""
    manifest = json.loads(files["manifest.json"])
    key = rng.choice(list(manifest))
    if rng.random() < 0.4:
        manifest["files"][
            rng.choice(["../x", "/etc/passwd", "a\\b", "CON ", "ａ.json", "Clv.json", "a/../b"])
        ] = "0" * 64
    else:
        manifest[key] = _changed(manifest, manifest[key], rng)
    manifest.pop("content_sha256", None)
    try:
        digest = hashlib.sha256(canonical(manifest)).hexdigest()
        return {**files, "manifest.json": canonical({**manifest, "content_sha256": digest})}
    except (ValueError, TypeError):
        return {**files, "manifest.json": b"{"}


#: Mutation -> how often it is taken, and whether every change by it must be refused.
MUTATIONS: dict[str, tuple[Callable[[Files, random.Random], Files], int, bool]] = {
    "json values, checksums right": (change_json, 40, False),
    "tree text, checksums right": (change_trees, 25, False),
    "bytes, checksums right": (lambda files, rng: vouched(change_bytes(files, rng)), 10, False),
    "bytes, checksums wrong": (change_bytes, 5, True),
    "odd json, checksums right": (bend_json, 5, False),
    "files left out or renamed": (rename_files, 5, False),
    "manifest forged": (forge_manifest, 5, False),
    "links, pipes, folders": (lambda files, _rng: dict(files), 5, True),
}


def write_odd_entry(folder: Path, rng: random.Random) -> None:
    """Put something into a folder that is no plain file of the model."""
    file = folder / rng.choice(["churn.json", "clv.json", "scoring.json"])
    way = rng.randrange(6)
    if way == 0:
        os.mkfifo(folder / "pipe")
    elif way == 1:
        outside = folder.parent / "outside.json"
        outside.write_bytes(file.read_bytes())
        file.unlink()
        file.symlink_to(outside)
    elif way == 2:
        file.unlink()
        file.mkdir()
    elif way == 3:
        (folder / "loop").symlink_to(folder, target_is_directory=True)
    elif way == 4:
        deep = folder
        for _ in range(40):
            deep = deep / "d"
            deep.mkdir()
        (deep / "x").write_bytes(b"x")
    else:
        with (folder / "sparse.bin").open("wb") as sparse:
            sparse.truncate(50_000_000_000)


def mutate(files: Files, seed: int, folder: Path) -> tuple[str, bool]:
    """Write a spoilt folder; return the kind, and whether it must be refused."""
    rng = random.Random(seed)
    names = list(MUTATIONS)
    name = rng.choices(names, [MUTATIONS[n][1] for n in names])[0]
    change, _, must_refuse = MUTATIONS[name]
    changed = change(dict(files), rng)
    for file, data in changed.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    if name == "links, pipes, folders":
        write_odd_entry(folder, rng)
    return name, (must_refuse and changed != files) or name == "links, pipes, folders"
