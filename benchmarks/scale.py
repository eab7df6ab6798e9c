"""Measures patron against the size of its data, on lines like a wholesaler's (`b2b_lines`).

In: a number of lines and the parts to run. Out: a table a part. Not here: the parts (`scale_<part>`).
    python benchmarks/scale.py [--lines 1e7] [--folder FOLDER] [PART ...]
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from pathlib import Path

#: In the order they are run in.
PARTS = ("lines", "features", "size", "store", "bad", "kill")


def main() -> None:
    """Run the parts one after another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", default=PARTS, choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--lines", type=lambda text: int(float(text)), default=10_000_000)
    parser.add_argument("--folder", type=Path, help="for the data; a temporary one without")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="patron-scale-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for part in given.parts:
            print(f"\n## {part}, {given.lines:,} lines", flush=True)
            importlib.import_module(f"scale_{part}").run(folder, given.lines)


if __name__ == "__main__":
    main()
