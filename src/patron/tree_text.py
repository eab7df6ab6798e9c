"""LightGBM's text format, read strictly before LightGBM sees it.

In:  a text that somebody else wrote, and the features it should speak of.
Out: the part of it that predicts, every number of it checked; or one sentence about what is wrong.
Not here: LightGBM itself, whose own reader trusts what it reads: child numbers out of range, cycles or
missing lines end the process or never end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from patron.errors import ModelError

MAX_TEXT_CHARACTERS = 50_000_000
MAX_TREES = 20_000
MAX_LEAVES = 256
#: Leaves x squared depth, over all trees: what explaining one row costs.
MAX_WORK = 200_000_000
#: Largest sum over the trees of their largest value: behind a log link, exp of it must stay a number.
MAX_RAW_SCORE = 200.0

_END = "end of trees"
_OBJECTIVE = re.compile(r"[a-z]+( [a-z_]+:[0-9.]{1,20}){0,3}")
_INFO = re.compile(r"none|\[-?[0-9.e+-]{1,30}:-?[0-9.e+-]{1,30}\]|-?\d{1,10}(:-?\d{1,10}){0,5000}")
_FIXED = {"num_class": "1", "num_tree_per_iteration": "1", "label_index": "0"}
_HEADER = (*_FIXED, "max_feature_idx", "objective", "feature_names", "feature_infos", "tree_sizes")
_INTEGER = r"-?\d{1,10}"
_NUMBER = r"-?\d{1,20}(?:\.\d{1,25})?(?:e[+-]?\d{1,3})?"
_LINES = {
    kind: re.compile(rf"(?:{one}(?: {one})*)?")
    for kind, one in (("i", _INTEGER), ("f", _NUMBER), ("t", rf"(?:{_NUMBER}|-?inf)"))
}
#: Line of a tree -> its kind of number.
_TREE = {
    "num_leaves": "i",
    "num_cat": "i",
    "split_feature": "i",
    "split_gain": "f",
    "threshold": "t",  # inf where only missing values go right
    "decision_type": "i",
    "left_child": "i",
    "right_child": "i",
    "cat_boundaries": "i",
    "cat_threshold": "i",
    "leaf_value": "f",
    "leaf_weight": "f",
    "leaf_count": "i",
    "internal_value": "f",
    "internal_weight": "f",
    "internal_count": "i",
    "is_linear": "i",
    "shrinkage": "f",
}
_PER_SPLIT = (
    "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
    "internal_value", "internal_weight", "internal_count",
)  # fmt: skip
_PER_LEAF = ("leaf_value", "leaf_weight", "leaf_count")
_SETS = ("cat_boundaries", "cat_threshold")
_CATEGORICAL = 1
_HIGHEST_DECISION = 11  # bit 0 categorical, bit 1 missing goes left, bits 2 and 3: no, zero or NaN is missing

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class _Wrong(Exception):
    """What is wrong with a text, in a few words."""


def checked_trees(text: str, feature_names: Sequence[str], file: str) -> str:
    """Check LightGBM's text and return the part of it that predicts.

    Parameters
    ----------
    text : str
        Version 4 of the format, one class, no linear trees.
    feature_names : sequence of str
        What the trees must have been trained on, in order.
    file : str
        Name of the file, for the message.

    Returns
    -------
    str
        Header and trees as they stand; what follows them (settings of the training) is left out.

    Raises
    ------
    ModelError
        If anything in it is not as LightGBM writes it, or larger than the bounds of this module.
    """
    try:
        if len(text) > MAX_TEXT_CHARACTERS or not text.startswith("tree\nversion=v4\n"):
            raise _Wrong("it does not begin like one of version 4, or is longer than any that is read")
        head, *blocks = text.split("\nTree=")
        if not blocks or len(blocks) > MAX_TREES:
            raise _Wrong(f"it holds {len(blocks)} trees; 1 to {MAX_TREES:,} are read")
        last, end, _ = blocks[-1].partition(f"\n{_END}\n")
        if not end or any(f"\n{_END}" in block for block in (*blocks[:-1], last)):
            raise _Wrong(f"the line {_END!r} is not behind the trees")
        blocks[-1] = last
        header = _header(head, feature_names)
        _check_trees([_tree(number, block) for number, block in enumerate(blocks)], len(feature_names))
        _check_sizes(header["tree_sizes"], blocks)
    except _Wrong as wrong:
        raise ModelError(
            f"{file} is not a LightGBM model that can be read: {wrong}. Train the model again."
        ) from None
    return "\nTree=".join((head, *blocks)) + f"\n{_END}\n"


def _header(head: str, feature_names: Sequence[str]) -> dict[str, str]:
    """Read the lines before the first tree."""
    pairs = [line.partition("=") for line in head.split("\n")[2:] if line]
    found = {key: value for key, _, value in pairs}
    if tuple(key for key, _, _ in pairs) != _HEADER or any(found[key] != _FIXED[key] for key in _FIXED):
        raise _Wrong("its first lines are not those of a model with one class")
    # LightGBM itself writes _ for a space
    if found["feature_names"].split(" ") != [name.replace(" ", "_") for name in feature_names]:
        raise _Wrong("its feature names are not those of the model")
    infos = found["feature_infos"].split(" ")
    if found["max_feature_idx"] != str(len(feature_names) - 1) or len(infos) != len(feature_names):
        raise _Wrong(f"it does not speak of {len(feature_names)} features")
    if not _OBJECTIVE.fullmatch(found["objective"]) or not all(map(_INFO.fullmatch, infos)):
        raise _Wrong("its objective or the ranges of its features cannot be")
    return found


def _check_sizes(stated: str, blocks: Sequence[str]) -> None:
    """LightGBM jumps to each tree by these numbers of bytes."""
    sizes = [len(f"Tree={block}\n".encode()) for block in blocks]
    if stated.split(" ") != list(map(str, sizes)):
        raise _Wrong("its tree_sizes are not the sizes of its trees")


def _tree(number: int, block: str) -> dict[str, str]:
    """Read the lines of one tree as texts."""
    first, *lines = block.split("\n")
    if first != str(number) or lines[-2:] != ["", ""] or "" in lines[:-2]:
        raise _Wrong(f"tree {number} is not set apart as LightGBM does it")
    pairs = [line.partition("=") for line in lines[:-2]]
    tree = {key: value for key, _, value in pairs}
    if len(tree) < len(pairs) or any(key not in _TREE for key in tree):
        raise _Wrong(f"tree {number} has lines that are not known, or twice")
    without = set(_SETS) if tree.get("num_cat") == "0" else set()
    if tree.keys() != _TREE.keys() - without:
        raise _Wrong(f"tree {number} lacks lines or has too many")
    return tree


def _numbers(trees: Sequence[dict[str, str]], key: str) -> Floats:
    """Read one line of all trees, one tree after the other."""
    text = " ".join(tree[key] for tree in trees if tree.get(key))
    if not _LINES[_TREE[key]].fullmatch(text):
        raise _Wrong(f"a line {key} holds what is not a number")
    values = np.array(text.split(), dtype=np.float64)
    if key != "threshold" and not np.isfinite(values).all():
        raise _Wrong(f"a line {key} holds too large a number")
    return values


def _counts(trees: Sequence[dict[str, str]], key: str) -> Ints:
    """Say how many numbers a line has, by tree."""
    return np.array([tree[key].count(" ") + 1 if tree.get(key) else 0 for tree in trees], dtype=np.int64)


def _check_trees(trees: Sequence[dict[str, str]], n_features: int) -> None:
    """Check the numbers of all trees at once."""
    values = {key: _numbers(trees, key) for key in _TREE}
    leaves, cats = (values[key].astype(np.int64) for key in ("num_leaves", "num_cat"))
    if not (len(leaves) == len(cats) == len(trees)) or leaves.min() < 1 or leaves.max() > MAX_LEAVES:
        raise _Wrong(f"a tree has no leaf, or more than {MAX_LEAVES}")
    if values["is_linear"].any() or (_counts(trees, "is_linear") != 1).any():
        raise _Wrong("it holds linear trees")
    if (_counts(trees, "shrinkage") != 1).any():
        raise _Wrong("a tree has not one shrinkage")
    _check_lengths(trees, leaves)
    largest = np.maximum.reduceat(np.abs(values["leaf_value"]), np.cumsum(leaves) - leaves)
    if largest.sum() > MAX_RAW_SCORE:
        raise _Wrong("the values of its leaves are out of all proportion")
    splits = leaves - 1
    if (values["split_feature"] < 0).any() or (values["split_feature"] >= n_features).any():
        raise _Wrong("a split is on a feature that it does not have")
    decisions = values["decision_type"].astype(np.int64)
    if (decisions < 0).any() or (decisions > _HIGHEST_DECISION).any():
        raise _Wrong("a split has an unknown type")
    depth = _check_shape(values["left_child"], values["right_child"], leaves)
    if float((leaves * depth.astype(np.float64) ** 2).sum()) > MAX_WORK:
        raise _Wrong("it is so large that explaining one row would take seconds")
    several = [tree for tree in trees if tree["num_leaves"] != "1"]
    _check_rows(several, splits[splits > 0], values)
    _check_categories(trees, cats, values, np.repeat(np.arange(len(trees)), splits), decisions)


def _check_lengths(trees: Sequence[dict[str, str]], leaves: Ints) -> None:
    """Each split and each leaf has one number on every line; a single leaf may stand without the others."""
    for key in (*_PER_SPLIT, *_PER_LEAF):
        expected = leaves if key in _PER_LEAF else leaves - 1
        found = _counts(trees, key)
        wrong = found != expected
        if key in ("leaf_weight", "leaf_count"):
            wrong &= (leaves > 1) | (found > 1)
        if wrong.any():
            number = int(np.argmax(wrong))
            raise _Wrong(
                f"tree {number} has {found[number]} numbers on its line {key}, not {expected[number]}"
            )


def _check_shape(left: Floats, right: Floats, leaves: Ints) -> Ints:
    """Make sure that every tree is one, and return how deep each is.

    LightGBM numbers splits as it makes them, so a child comes behind its parent, which rules out cycles; a
    leaf i is written as -i - 1.
    """
    splits = leaves - 1
    tree = np.repeat(np.arange(len(leaves)), splits)
    own = np.arange(len(tree)) - np.repeat(np.cumsum(splits) - splits, splits)
    children, parents = np.concatenate([left, right]).astype(np.int64), np.concatenate([own, own])
    trees = np.concatenate([tree, tree])
    inner = children >= 0
    behind = np.where(inner, (children > parents) & (children < splits[trees]), -children - 1 < leaves[trees])
    # with the root, as many children as there are nodes: none twice means each once
    codes = (trees * MAX_LEAVES + np.where(inner, children, -children - 1)) * 2 + inner
    if not behind.all() or len(np.unique(codes)) != len(codes):
        raise _Wrong("the children of its splits do not form trees")
    starts = np.cumsum(splits) - splits
    level, depth = starts[splits > 0], np.zeros(len(leaves), dtype=np.int64)
    both = np.stack([left, right], axis=1).astype(np.int64)
    while len(level):
        depth[tree[level]] += 1
        below = both[level]
        level = (np.repeat(starts[tree[level]], 2).reshape(-1, 2) + below)[below >= 0]
    return depth


def _check_rows(trees: Sequence[dict[str, str]], splits: Ints, values: dict[str, Floats]) -> None:
    """See that a split holds as many training rows as its children: their shares explain a row."""
    if not trees:
        return
    leaf_counts, inner_counts = _numbers(trees, "leaf_count"), _numbers(trees, "internal_count")
    if leaf_counts.min() < 1 or inner_counts.min() < 1 or inner_counts.max() >= 2**31:
        raise _Wrong("a leaf or a split counts no training rows")
    first_split, first_leaf = np.cumsum(splits) - splits, np.cumsum(splits + 1) - (splits + 1)
    total = np.zeros(len(inner_counts))
    for side in ("left_child", "right_child"):
        child = values[side].astype(np.int64)
        inner = np.repeat(first_split, splits) + np.maximum(child, 0)
        leaf = np.repeat(first_leaf, splits) + np.maximum(-child - 1, 0)
        total += np.where(child >= 0, inner_counts[inner], leaf_counts[leaf])
    if (total != inner_counts).any():
        raise _Wrong("the training rows of a split are not those of its children")


def _check_categories(
    trees: Sequence[dict[str, str]],
    cats: Ints,
    values: dict[str, Floats],
    tree: NDArray[np.intp],
    decisions: Ints,
) -> None:
    """See that a split on a category names one of the sets of codes of its tree."""
    categorical = (decisions & _CATEGORICAL) == _CATEGORICAL
    number = values["threshold"][categorical]
    known = (number == np.floor(number)) & (number >= 0) & (number < cats[tree[categorical]])
    if (cats < 0).any() or not known.all():
        raise _Wrong("a split on a category names no set of codes that is there")
    for place, boundaries, words in _sets(trees):
        if len(boundaries) != cats[place] + 1 or boundaries[0] != 0 or boundaries[-1] != len(words):
            raise _Wrong(f"the sets of codes of tree {place} do not add up")
        if any(after <= before for before, after in pairwise(boundaries)):
            raise _Wrong(f"a set of codes of tree {place} is empty")
        if any(not 0 <= word < 2**32 for word in words):
            raise _Wrong(f"the sets of codes of tree {place} are not bits")


def _sets(trees: Sequence[dict[str, str]]) -> Iterator[tuple[int, list[int], list[int]]]:
    """Yield the sets of codes of the trees that have some; their lines were seen to be numbers."""
    for place, tree in enumerate(trees):
        if tree["num_cat"] != "0":
            boundaries, words = ([int(part) for part in tree[key].split()] for key in _SETS)
            yield place, boundaries, words
