"""Which pictures of the source serve each frame: the cheapest path through the source's own film (Viterbi 1967).

Staying on a picture or running on with the source's film is free; a jump costs. After a jump the old run and the new one are cross-faded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Choice:
    """One picture of the source for one frame, and its share (the shares of a frame sum to 1)."""

    row: int
    share: float


def cheapest_path(cost: np.ndarray, *, jump: float, follows: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(T, N) costs -> (T,) rows. `follows[n]`: picture n comes right after n - 1 in the source's film (False for the first)."""
    frames, n = cost.shape
    back = np.empty((frames, n), np.int32)
    total = cost[0].astype(np.float64)
    rows = np.arange(n)
    for t in range(1, frames):
        best = int(total.argmin())
        came, value = rows.copy(), total.copy()
        onward = np.where(follows[1:], total[:-1], np.inf)
        quicker = onward < value[1:]
        value[1:][quicker], came[1:][quicker] = onward[quicker], rows[:-1][quicker]
        backward = np.where(follows[1:], total[1:], np.inf)
        quicker = backward < value[:-1]
        value[:-1][quicker], came[:-1][quicker] = backward[quicker], rows[1:][quicker]
        jumped = total[best] + jump < value
        came[jumped], value[jumped] = best, total[best] + jump
        back[t], total = came, value + cost[t]
    path = np.empty(frames, np.intp)
    path[-1] = int(total.argmin())
    for t in range(frames - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def cross_faded(path: NDArray[np.intp], *, reach: int, follows: NDArray[np.bool_]) -> list[tuple[Choice, ...]]:
    """At each jump of the path, mix the run before and the run after over `reach` frames on either side."""
    n = len(path)
    jumps = [t for t in range(1, n) if not _runs_on(path[t - 1], path[t], follows)]
    out: list[dict[int, float]] = [{int(row): 1.0} for row in path]
    for at in jumps:
        for t in range(max(0, at - reach), min(n, at + reach)):
            share = (t - at + reach + 0.5) / (2 * reach)
            old, new = (int(path[t]), int(path[at])) if t < at else (int(path[at - 1]), int(path[t]))
            mixed: dict[int, float] = {}
            if t < at:
                for row, weight in out[t].items():
                    mixed[row] = mixed.get(row, 0.0) + weight * (1 - share)
                mixed[new] = mixed.get(new, 0.0) + share
            else:
                for row, weight in out[t].items():
                    mixed[row] = mixed.get(row, 0.0) + weight * share
                mixed[old] = mixed.get(old, 0.0) + 1 - share
            out[t] = mixed
    return [_choices(mixed) for mixed in out]


def _runs_on(a: int, b: int, follows: NDArray[np.bool_]) -> bool:
    return a == b or (b == a + 1 and bool(follows[b])) or (a == b + 1 and bool(follows[a]))


def _choices(mixed: dict[int, float]) -> tuple[Choice, ...]:
    """At most the three heaviest, shares summing to 1."""
    heaviest = sorted(mixed.items(), key=lambda item: (-item[1], item[0]))[:3]
    kept = [(row, share) for row, share in heaviest if share > 0.04]
    total = sum(share for _, share in kept)
    return tuple(Choice(row, share / total) for row, share in kept)
