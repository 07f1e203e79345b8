"""Choosing pictures of the source: cheapest path, few jumps, faded jumps."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.config import SwapSettings
from understudy.faces.mesh import BLENDSHAPE_NAMES, EYE_LEFT, eye_opening
from understudy.swap.drive import performance_of_faceset
from understudy.swap.planner import DraftPlanner
from understudy.swap.retrieve import cheapest_path, cross_faded
from understudy.types import Faceset


def price(cost: np.ndarray, path: np.ndarray, jump: float, follows: np.ndarray) -> float:
    total = float(cost[np.arange(len(path)), path].sum())
    for a, b in itertools.pairwise(path):
        free = a == b or (b == a + 1 and follows[b]) or (a == b + 1 and follows[a])
        total += 0 if free else jump
    return total


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), frames=st.integers(1, 5), n=st.integers(1, 4), jump=st.floats(0, 3))
def test_no_path_is_cheaper(seed: int, frames: int, n: int, jump: float) -> None:
    rng = np.random.default_rng(seed)
    cost, follows = rng.random((frames, n)), np.r_[False, rng.random(n - 1) < 0.7].astype(bool)
    path = cheapest_path(cost, jump=jump, follows=follows)
    every = np.stack(np.meshgrid(*[np.arange(n)] * frames, indexing="ij"), -1).reshape(-1, frames)
    best = min(price(cost, np.asarray(p), jump, follows) for p in every)
    assert price(cost, path, jump, follows) <= best + 1e-9


def test_running_on_with_the_film_is_free() -> None:
    cost = 1 - np.eye(6)
    follows = np.r_[False, np.ones(5, bool)]
    assert cheapest_path(cost, jump=10, follows=follows).tolist() == [0, 1, 2, 3, 4, 5]
    assert len(set(cheapest_path(cost, jump=10, follows=np.zeros(6, bool)).tolist())) == 1


@settings(max_examples=60, deadline=None)
@given(path=st.lists(st.integers(0, 9), min_size=1, max_size=30), reach=st.integers(1, 4))
def test_shares_sum_to_one_and_runs_are_left_alone(path: list[int], reach: int) -> None:
    rows = np.asarray(path, np.intp)
    follows = np.r_[False, np.ones(9, bool)]
    faded = cross_faded(rows, reach=reach, follows=follows)
    assert len(faded) == len(path)
    jumps = [t for t in range(1, len(path)) if abs(path[t] - path[t - 1]) > 1]
    for t, choices in enumerate(faded):
        assert 1 <= len(choices) <= 3
        assert abs(sum(c.share for c in choices) - 1) < 1e-9
        if all(abs(t - at + 0.5) > reach for at in jumps):
            assert [c.row for c in choices] == [path[t]]


def test_a_jump_is_faded_evenly() -> None:
    faded = cross_faded(np.asarray([0] * 6 + [5] * 6, np.intp), reach=2, follows=np.zeros(9, bool))
    share = [sum(c.share for c in choices if c.row == 5) for choices in faded]
    np.testing.assert_allclose(share, [0, 0, 0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1, 1, 1])


def test_in_a_wink_each_eye_has_a_picture_of_its_own(source: Faceset) -> None:
    opened = eye_opening(source.landmarks).mean(1)
    wide, shut = int(np.argsort(opened)[-10]), int(opened.argmin())
    whole = performance_of_faceset(source)
    names = ("frame_index", "landmarks", "pose_deg", "blendshapes", "vertex_rgb", "masks", "crop_from_frame")
    still = replace(whole, **{name: np.repeat(np.asarray(getattr(whole, name))[[wide]], 9, 0) for name in names})
    still = replace(still, frame_index=np.arange(9, dtype=np.int32))
    lids, blink = [*EYE_LEFT], BLENDSHAPE_NAMES.index("eyeBlinkLeft")
    winking = still.landmarks.copy()
    closed = whole.landmarks[shut, lids] - whole.landmarks[shut, lids].mean(0) + winking[4, lids].mean(0)
    winking[4, lids] = closed
    shown = still.blendshapes.copy()
    shown[4, blink] = 0.7
    draft = DraftPlanner(source, settings=SwapSettings())
    layers = draft.plan(replace(still, landmarks=winking, blendshapes=shown))[4].layers
    right, left_eye = (
        sum(layer.share * eye_opening(source.landmarks[layer.row])[side] for layer in layers if layer.region == region)
        for side, region in enumerate(("right eye", "left eye"))
    )
    assert right > left_eye + 0.05, "one eye stays open"
