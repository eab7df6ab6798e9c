"""A file name for each owner: safe on every system, different for different owners.

In:  names as people write them. Out: names of files, without an ending.
Not here: what stands in the files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

#: Bytes of an owner in a file name. A system takes 255 for the whole name: the day and the ending need some.
LONGEST = 150
_UNSAFE = re.compile(r"[^\w.-]+")


def owner_file_names(owners: Sequence[str | None], prefix: str, nobody: str) -> dict[str | None, str]:
    """Return a file name for each owner.

    Parameters
    ----------
    owners : sequence of str or None
        Each once, in a fixed order: of two that become the same name, the later one gets a number.
    prefix : str
        Begins every name, such as the day of the list.
    nobody : str
        Stands for None.

    Returns
    -------
    dict
        Owner -> name; no two are the same, not even where capital letters do not count.

    Examples
    --------
    >>> owner_file_names(["A/B", "A:B", '张伟 "Sales"', None], "2024-07-01", "no owner")
    {'A/B': '2024-07-01_A_B', 'A:B': '2024-07-01_A_B-2', '张伟 "Sales"': '2024-07-01_张伟_Sales',
     None: '2024-07-01_no_owner'}
    """
    names: dict[str | None, str] = {}
    taken: set[str] = set()
    for owner in owners:
        clean = _clean(nobody if owner is None else owner)
        name, number = clean, 1
        while unicodedata.normalize("NFKC", name).casefold() in taken:
            number += 1
            suffix = f"-{number}"
            name = _cut(clean, LONGEST - len(suffix)) + suffix
        taken.add(unicodedata.normalize("NFKC", name).casefold())
        names[owner] = f"{prefix}_{name}"
    return names


def _clean(owner: str) -> str:
    """Keep letters of any script, digits, dots and hyphens."""
    composed = unicodedata.normalize("NFC", owner)
    return _cut(_UNSAFE.sub("_", composed).strip("._-"), LONGEST) or "owner"


def _cut(text: str, longest: int) -> str:
    """Keep so many bytes, whole characters only: a Chinese one takes three, others up to four."""
    return text.encode("utf-8", "ignore")[:longest].decode("utf-8", "ignore").rstrip("._-")
