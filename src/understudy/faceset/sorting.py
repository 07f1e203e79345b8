"""Orders and conditions for a wall of faces: by any property, by likeness of the pictures to each other, and the best of everything first."""

from __future__ import annotations

import difflib
import json
import operator
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..files import write_text
from .wall import PROPERTIES, Wall

ORDERS = ("similar", "unlike", "pixels", "best")
"""similar: each face followed by the one whose colours are nearest. unlike: those whose colours are rarest first. pixels: as similar, by the
pictures themselves. best: the best face of every direction and expression, then the second best of each, and so on."""
SORTS = (*PROPERTIES, *ORDERS)
_CHAINS = ("similar", "pixels")
_HIGH_FIRST = {"sharpness", "size", "likeness", "quality", "smile", "mouth"}
"""Sorted from high to low unless asked otherwise."""
_OPERATORS: dict[str, Callable[[NDArray[np.float32], float], NDArray[np.bool_]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": np.isclose,
}  # fmt: skip
_CONDITION = re.compile(r"\s*([a-z]+)\s*(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*")


def order(wall: Wall, by: str, *, reverse: bool = False) -> NDArray[np.intp]:
    """The numbers of all faces in the order `by` (one of SORTS). Raises UsageError."""
    if by not in SORTS:
        raise UsageError(f"Faces cannot be sorted by '{by}'.", remedy=f"did you mean {_near(by, SORTS)}? There are: {', '.join(SORTS)}")
    if not len(wall):
        return np.zeros(0, np.intp)
    kept = _kept(wall.folder, by)
    if kept.is_file():
        found = np.asarray(json.loads(kept.read_text(encoding="utf-8")), np.intp)
    elif by in PROPERTIES:
        values = wall.values[by]
        found = np.argsort(-values if by in _HIGH_FIRST else values, kind="stable")
    elif by == "similar":
        found = _chain(wall.histograms)
    elif by == "unlike":
        found = np.argsort(wall.histograms @ wall.histograms.mean(0), kind="stable")
    elif by == "pixels":
        found = _chain(_unit(wall.tiny.reshape(len(wall), -1).astype(np.float32)))
    else:
        found = _best_first(wall)
    return found[::-1] if reverse else found


def keep_orders(wall: Wall) -> None:
    """Work out once the orders in which every face is compared with every other (seconds, for ten thousand), beside the wall."""
    for by in _CHAINS:
        if len(wall) and not _kept(wall.folder, by).is_file():
            write_text(_kept(wall.folder, by), json.dumps(order(wall, by).tolist()))


def _kept(folder: Path, by: str) -> Path:
    return folder / f"order-{by}.json"


def matching(wall: Wall, conditions: Sequence[str]) -> NDArray[np.bool_]:
    """(N,): the faces that fulfil all conditions, such as `yaw>40` or `quality<0.2`. Raises UsageError."""
    fits = np.ones(len(wall), bool)
    for condition in conditions:
        found = _CONDITION.fullmatch(condition.lower())
        if found is None or found[1] not in PROPERTIES:
            near = _near(found[1], PROPERTIES) if found else "yaw>40"
            raise UsageError(
                f"'{condition}' is no condition.", remedy=f"did you mean {near}? Write it as yaw>40, with one of: {', '.join(PROPERTIES)}"
            )
        fits &= _OPERATORS[found[2]](wall.values[found[1]], float(found[3]))
    return fits


def _near(word: str, words: Sequence[str]) -> str:
    return next(iter(difflib.get_close_matches(word, words, n=1, cutoff=0.0)), words[0])


def _unit(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _chain(rows: np.ndarray) -> NDArray[np.intp]:
    """Each row followed by the nearest one that is left; begins with the one most like all."""
    numbers, left = np.arange(len(rows)), np.ones(len(rows), bool)
    at = int((rows @ rows.mean(0)).argmax())
    out = [at]
    for _ in range(len(rows) - 1):
        left[at] = False
        row = rows[at]
        if left.sum() < 0.8 * len(left):
            # those that have their place are not looked at again
            rows, numbers, left = rows[left], numbers[left], left[left]
        at = int(np.where(left, rows @ row, -np.inf).argmax())
        out.append(int(numbers[at]))
    return np.asarray(out, np.intp)


def _best_first(wall: Wall) -> NDArray[np.intp]:
    v = wall.values
    parts = [v["yaw"] // 15, v["pitch"] // 15, np.digitize(v["mouth"], [0.05, 0.2, 0.4]), v["eyes"] < 0.5, v["smile"] > 0.4]
    kinds = np.unique(np.stack(parts, 1), axis=0, return_inverse=True)[1].reshape(-1)
    ranked = np.argsort(-v["quality"], kind="stable")
    turn = np.empty(len(wall), np.intp)
    seen: dict[int, int] = {}
    for number in ranked:
        kind = int(kinds[number])
        turn[number] = seen[kind] = seen.get(kind, -1) + 1
    return np.lexsort((-v["quality"], turn)).astype(np.intp)
