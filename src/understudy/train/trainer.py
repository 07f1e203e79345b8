"""The network, its optimiser and its running mean: one step, one measurement, and the whole of it as a state."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..config import TrainSettings
from ..model.checkpoint import State
from ..model.compose import WHOLE, window
from ..model.losses import mean_over
from ..model.network import Corrector
from ..swap.correct import corrected_face
from ..types import U8, SwappedFace
from .batches import Material
from .gradient import corrected, gradient, new_network
from .meter import Figures, mean_figures, measure, parts_that_gain
from .target import Target
from .team import HelpersLost, Team

_MEAN_DECAY = 0.997
_WARM_STEPS = 20
_LAST_RATE = 0.02
_LONGEST_GRADIENT = 1.0


class Trainer:
    """Everything that changes while training."""

    def __init__(self, material: Material, settings: TrainSettings, team: Team | None = None) -> None:
        self.material, self.settings, self.team = material, settings, team or Team()
        torch.manual_seed(settings.seed)
        self.net = new_network(material)
        self.mean = {name: value.detach().clone() for name, value in self.net.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99), weight_decay=0.01)
        self.step = 0
        self.attempt = 0
        """How often training went back: another attempt draws other batches."""
        self.rate_scale = 1.0
        self.parts = WHOLE
        """On which of skin, eyes and mouth the correction is used (see `measured`)."""
        self.usual_loss: float | None = None
        """Running mean, to recognise a loss that runs away."""

    # ---------------------------------------------------------------------------------------------------- learning

    def learn(self, progress: float) -> dict[str, float]:
        """One step at `progress` (0..1) of the whole training. Returns the loss and its parts; the loss is NaN where the step was not possible."""
        rate = self._rate(progress)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        figures = {**self._gradient(), "rate": rate}
        if not math.isfinite(figures["loss"]):
            return figures
        length = torch.nn.utils.clip_grad_norm_(self.net.parameters(), _LONGEST_GRADIENT)
        if not math.isfinite(length.item()):
            return {**figures, "loss": math.nan}
        self.optimiser.step()
        self.step += 1
        self._follow()
        self.usual_loss = figures["loss"] if self.usual_loss is None else 0.95 * self.usual_loss + 0.05 * figures["loss"]
        return figures

    def _gradient(self) -> dict[str, float]:
        """See `gradient.gradient`. Where a helper is lost this process makes the whole of it, now and from now on."""
        try:
            self.team.tell(self.net, attempt=self.attempt, step=self.step)
            return gradient(self.net, self.material, self.settings, self.team, attempt=self.attempt, step=self.step)
        except HelpersLost:
            self.team.alone()
            return gradient(self.net, self.material, self.settings, self.team, attempt=self.attempt, step=self.step)

    def _rate(self, progress: float) -> float:
        """Short warm-up, then half a cosine."""
        warm = min(1.0, (self.step + 1) / _WARM_STEPS)
        cosine = 0.5 * (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0)))
        return self.settings.learning_rate * self.rate_scale * warm * (_LAST_RATE + (1 - _LAST_RATE) * cosine)

    def _follow(self) -> None:
        """The running mean of the weights, which is what is measured and used; it forgets its beginning quickly."""
        decay = min(_MEAN_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                self.mean[name].lerp_(value, 1 - decay)

    # --------------------------------------------------------------------------------------------------- measuring

    def averaged(self) -> Corrector:
        """The network with the mean weights."""
        net = new_network(self.material)
        net.load_state_dict(self.mean)
        return net.eval()

    def measured(self) -> tuple[Figures, Figures]:
        """(draft, trained) on the held-out pictures. From now on the correction is used on the parts of the face where it is better."""
        draft, trained = self._measured(WHOLE)
        self.parts = parts_that_gain(trained, draft)
        return (draft, trained) if self.parts == WHOLE else self._measured(self.parts)

    @torch.inference_mode()
    def _measured(self, parts: tuple[float, float, float]) -> tuple[Figures, Figures]:
        net, draft, trained = self.averaged(), [], []
        for row in self.material.measured():
            batch = self.material.batch(np.asarray([row]))
            made, regions = corrected(net, batch, self.material.textures, parts=parts)
            truth, face = window(batch.truth_B3HW), batch.face_B1HW
            for out, picture in ((draft, window(batch.draft_B3HW)), (trained, made.clamp(0, 1))):
                out.append(measure(picture, truth, face_B1HW=face, mouth_B1HW=regions[:, 1:], eyes_B1HW=regions[:, :1]))
        return mean_figures(draft), mean_figures(trained)

    @torch.inference_mode()
    def worst_and_typical(self) -> list[int]:
        """Of the held-out pictures the one where the draft is furthest from the truth, and one in the middle."""
        rows, errors = self.material.measured(), []
        for row in rows:
            batch = self.material.batch(np.asarray([row]))
            away = (window(batch.draft_B3HW) - window(batch.truth_B3HW)).abs()
            errors.append(mean_over(away, batch.face_B1HW).item())
        order = np.argsort(errors, kind="stable")
        return [int(rows[order[-1]]), int(rows[order[len(order) // 2]])]

    @torch.inference_mode()
    def shown(self, row: int) -> dict[str, U8]:
        """Truth, draft and trained of a picture, each laid over the truth as a merge would."""
        batch = self.material.batch(np.asarray([row]))
        made, _ = corrected(self.averaged(), batch, self.material.textures, parts=self.parts)
        truth, alpha = window(batch.truth_B3HW), window(batch.alpha_B1HW)
        pictures = {"truth": truth, "draft": window(batch.draft_B3HW), "trained": made.clamp(0, 1)}
        return {name: _bytes(truth + alpha * (picture - truth)) for name, picture in pictures.items()}

    def faces(self, target: Target) -> list[SwappedFace]:
        """The network's faces on all looks of the target."""
        net = self.averaged()
        return [corrected_face(look.draft, look.drive, net=net, textures=self.material.textures, parts=self.parts) for look in target.looks]

    # ------------------------------------------------------------------------------------------------------- state

    def facts(self, facts: dict[str, Any]) -> dict[str, Any]:
        """The counters, with those of the loop."""
        own = {"step": self.step, "attempt": self.attempt, "rate_scale": self.rate_scale, "usual_loss": self.usual_loss}
        return {**facts, **own, "parts": list(self.parts), "textures": self.material.textures.rows.tolist()}

    def state(self, facts: dict[str, Any]) -> State:
        """Everything, as tensors and facts."""
        tensors = {f"net.{name}": value for name, value in self.net.state_dict().items()}
        tensors |= {f"mean.{name}": value for name, value in self.mean.items()}
        for name, parameter in self.net.named_parameters():
            tensors |= {f"optimiser.{name}.{key}": value for key, value in self.optimiser.state.get(parameter, {}).items()}
        return State(tensors, self.facts(facts))

    def restore(self, state: State) -> None:
        """Stand where `state` stood."""
        self.net.load_state_dict(_under("net.", state.tensors))
        self.mean = {name: value.clone() for name, value in _under("mean.", state.tensors).items()}
        self.optimiser.state.clear()
        for name, parameter in self.net.named_parameters():
            mine = _under(f"optimiser.{name}.", state.tensors)
            if mine:
                self.optimiser.state[parameter] = {key: value.clone() for key, value in mine.items()}
        facts = state.facts
        self.step, self.attempt = int(facts["step"]), int(facts["attempt"])
        self.rate_scale, self.usual_loss = float(facts["rate_scale"]), facts["usual_loss"]
        skin, eyes, mouth = facts["parts"]
        self.parts = (float(skin), float(eyes), float(mouth))


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _bytes(picture_13HW: Tensor) -> U8:
    return (255 * picture_13HW[0]).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
