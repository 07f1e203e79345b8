#!/usr/bin/env python3
"""Trains the base: the correcting network that a new person's training starts from. It sees rendered people who do not exist, and nobody else.

    .venv/bin/python tools/make_base.py drafts BASE_FOLDER WORK         # sets and drafts, once (WORK/sets, WORK/drafts)
    .venv/bin/python tools/make_base.py train BASE_FOLDER WORK          # WORK/base.pt; stop it and start it again: it goes on from there
    .venv/bin/python tools/make_base.py write BASE_FOLDER WORK OUT.safetensors

BASE_FOLDER: see base_people.py. Half of the questions are a person's own states (the draft made without that picture), half are swaps: the draft of
one person on another's state, whose answer is the first person's own picture of it, laid on the driven mesh and brought to the draft's broad light.
The groups of `--learn` are learnt from, those of `--ask` are left out and measured at the end.
"""

from __future__ import annotations

import argparse
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from base_people import STATES, Person, load_person, people, seed_of
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as nnf

from understudy.model.compose import compose, look, window
from understudy.model.features import LEAST_SPREAD, N_FEATURES, features
from understudy.model.light import light_gain
from understudy.model.losses import loss_parts, total
from understudy.model.mesh_map import MeshMap, draw
from understudy.model.network import SIDE, Corrector
from understudy.model.textures import MOST, Textures, choose_textures, texture_side
from understudy.train.batches import random_light
from understudy.train.meter import Figures, mean_figures, measure

SIZE = 192
BATCH, OF_ONE = 8, 4
RATE = 0.002
_FAR = 3.0
_EYES, _MOUTH, _HIDDEN = 4.0, 3.0, 0.5
_MORE_GRAIN = 2.0
"""On top of the usual weight: where a truth cannot be known to the pixel, colour and structure alone ask for a soft picture."""


def make_drafts(base: Path, work: Path, *, only: list[str]) -> None:
    """24 drafts of the own states and 24 swaps for every person of these groups; those that are there stay."""
    groups = people(base)
    for group in only:
        mine = {name: Person(load_person(base, group, name, work / "sets"), size=SIZE) for name in groups[group]}
        for name, me in mine.items():
            file = work / "drafts" / f"{group}-{name}.npz"
            if file.is_file():
                continue
            chance = np.random.default_rng(seed_of(group, name))
            others = [other for other in groups[group] if other != name]
            asked = list(me.asked(me, list(range(STATES)), chance))
            for k in range(STATES):
                asked += list(me.asked(mine[others[int(chance.integers(len(others)))]], [k], chance))
            columns = {key: np.stack([getattr(one, key) for one in asked]) for key in ("state", "draft", "cover", "mesh", "truth", "own")}
            half = file.with_suffix(".part.npz")
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(half, allow_pickle=False, **columns)
            half.rename(file)
            print(group, name, flush=True)


class Known:
    """One rendered person with all drafts, ready to be learnt from."""

    def __init__(self, base: Path, work: Path, group: str, name: str) -> None:
        faceset = load_person(base, group, name, work / "sets")
        with np.load(work / "drafts" / f"{group}-{name}.npz", allow_pickle=False) as kept:
            self.state, self.draft, self.cover, self.mesh, self.truth, self.own = (
                kept[key] for key in ("state", "draft", "cover", "mesh", "truth", "own")
            )
        usual = features(faceset.landmarks)
        middle, spread = np.median(usual, 0), np.maximum(usual.std(0), LEAST_SPREAD)
        self.features = ((features(self.mesh) - middle) / spread).clip(-_FAR, _FAR).astype(np.float32)
        rows = choose_textures(faceset, np.arange(STATES), ((usual - middle) / spread).clip(-_FAR, _FAR).astype(np.float32))
        self.textures = Textures(faceset, rows, side=texture_side(SIZE))
        self.allowed = (self.state[:, None] != rows[None]).astype(np.float32)
        self._maps: dict[int, MeshMap] = {}

    def __len__(self) -> int:
        return len(self.state)

    def maps(self, rows: np.ndarray) -> list[MeshMap]:
        for row in rows.tolist():
            if row not in self._maps:
                self._maps[row] = draw(self.mesh[row], size=SIZE)
        return [self._maps[row] for row in rows.tolist()]


def _unit(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(torch.float32) / 255


class Seen:
    """A few questions of one person, the network's answers, and the truth in the draft's light. Pictures are windows."""

    def __init__(self, net: Corrector, person: Known, rows: np.ndarray, light: Tensor | None = None) -> None:
        draft, truth = (_unit(x[rows].transpose(0, 3, 1, 2)) for x in (person.draft, person.truth))
        if light is not None:
            draft, truth = draft * light, truth * light
        cover, own_small = _unit(person.cover[rows]), _unit(person.own[rows][:, None])
        alpha, own = (nnf.interpolate(x, size=SIZE, mode="bilinear", align_corners=False) for x in (cover[:, :1], own_small))
        seen = look(draft, cover, person.maps(rows), person.textures, allowed_BK=torch.from_numpy(person.allowed[rows]))
        told = net(seen.input_BCHW, torch.from_numpy(person.features[rows]))
        self.made = compose(draft, alpha, seen, told, person.textures)
        self.regions = window(nnf.interpolate(seen.mesh_B6HW[:, 4:6], size=SIZE, mode="bilinear", align_corners=False))
        self.draft, self.alpha, self.own = window(draft), window(alpha), window(own)
        skin = window(seen.skin_B1HW) * nnf.avg_pool2d(self.own, SIZE // SIDE)
        truth = window(truth)
        gain = light_gain(nnf.avg_pool2d(self.draft, SIZE // SIDE), nnf.avg_pool2d(truth, SIZE // SIDE), skin)
        self.raw = truth
        self.truth = truth * nnf.interpolate(gain, size=truth.shape[-2:], mode="bilinear", align_corners=False)

    def loss(self) -> Tensor:
        answer = torch.lerp(self.draft, self.truth, self.own)
        weight = self.alpha * torch.lerp(self.own.new_tensor(_HIDDEN), 1 + _EYES * self.regions[:, :1] + _MOUTH * self.regions[:, 1:], self.own)
        parts = loss_parts(self.made, answer, weight)
        return total(parts) + _MORE_GRAIN * parts["grain"]


def measured(net: Corrector, persons: list[Known], *, rows: np.ndarray) -> tuple[Figures, Figures]:
    draft, made = [], []
    with torch.inference_mode():
        for person in persons:
            for row in rows:
                seen = Seen(net, person, np.asarray([row]))
                face = seen.alpha * seen.own
                for out, picture in ((draft, seen.draft), (made, seen.made.clamp(0, 1))):
                    out.append(measure(picture, seen.truth, face_B1HW=face, mouth_B1HW=seen.regions[:, 1:], eyes_B1HW=seen.regions[:, :1]))
    return mean_figures(draft), mean_figures(made)


def new_net() -> Corrector:
    torch.manual_seed(1)
    return Corrector(n_textures=MOST, n_features=N_FEATURES)


def train(base: Path, work: Path, *, learn: list[str], ask: list[str], minutes: float, threads: int) -> None:
    """Train for so many minutes in all, then measure on the people left out."""
    torch.set_num_threads(1)
    groups = people(base)
    learnt, asked = ([p for g in some for n in groups[g] if len((p := Known(base, work, g, n)).textures) == MOST] for some in (learn, ask))
    net = new_net()
    mean = {name: value.clone() for name, value in net.state_dict().items()}
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=0.01)
    step, spent = 0, 0.0
    file = work / "base.pt"
    if file.is_file():
        kept = torch.load(file, weights_only=True)
        net.load_state_dict(kept["net"])
        mean, step, spent = kept["mean"], kept["step"], kept["spent"]
        optimiser.load_state_dict(kept["optimiser"])
    print(len(learnt), "learnt,", len(asked), "asked; step", step, flush=True)

    def gradients(which: tuple[int, int]) -> tuple[float, tuple[Tensor, ...]]:
        chance = np.random.default_rng([7, *which])
        person = learnt[int(chance.integers(len(learnt)))]
        loss = Seen(net, person, chance.choice(len(person), OF_ONE, replace=False), random_light(chance, OF_ONE, SIZE)).loss()
        return loss.item(), torch.autograd.grad(loss, list(net.parameters()))

    pool = ThreadPoolExecutor(threads)
    told = saved = time.monotonic()
    sums: list[float] = []
    while spent < 60 * minutes:
        began = time.monotonic()
        rate = RATE * min(1.0, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, spent / (60 * minutes)))))
        for group in optimiser.param_groups:
            group["lr"] = rate
        parts = list(pool.map(gradients, [(step, turn) for turn in range(BATCH // OF_ONE)]))
        loss = sum(part for part, _ in parts) * OF_ONE / BATCH
        for number, parameter in enumerate(net.parameters()):
            parameter.grad = sum((grads[number] for _, grads in parts), start=torch.zeros(())) * (OF_ONE / BATCH)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        step += 1
        decay = min(0.999, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in net.state_dict().items():
                mean[name].lerp_(value, 1 - decay)
        spent += time.monotonic() - began
        sums.append(loss)
        if time.monotonic() - saved > 120 or spent >= 60 * minutes:
            part = file.with_suffix(".part")
            torch.save({"net": net.state_dict(), "mean": mean, "optimiser": optimiser.state_dict(), "step": step, "spent": spent}, part)
            part.rename(file)
            saved = time.monotonic()
        if time.monotonic() - told > 60:
            print(f"{spent / 60:.1f} min, step {step}, {BATCH * step / spent:.1f} faces/s, loss {np.mean(sums):.5f}", flush=True)
            told, sums = time.monotonic(), []
    if asked:
        net.load_state_dict(mean)
        for words, rows in (("swap", np.arange(STATES, 2 * STATES, 5)), ("own", np.arange(0, STATES, 5))):
            draft, made = measured(net, asked, rows=rows)
            print(words, "draft", draft, "\n", words, "base ", made, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("drafts", "train", "write"))
    parser.add_argument("base", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--learn", nargs="+", default=["g00", "g01", "g02", "g04", "g05", "g06"])
    parser.add_argument("--ask", nargs="+", default=["g03"])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    if asked.what == "drafts":
        make_drafts(asked.base, asked.work, only=[*asked.learn, *asked.ask])
    elif asked.what == "train":
        train(asked.base, asked.work, learn=asked.learn, ask=asked.ask, minutes=asked.minutes, threads=asked.threads)
    else:
        kept = torch.load(asked.work / "base.pt", weights_only=True)["mean"]
        save_file({name: value.to(torch.float16).contiguous() for name, value in kept.items() if not name.startswith("features_")}, asked.out)


if __name__ == "__main__":
    main()
