"""How good it is: the held-out pictures, drawn by the network and by the draft, against the truth."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from torch import Tensor
from torch.nn import functional as nnf

from ..model.losses import edges, luma, mean_over, ssim_map

_SHARP_RANGE = 1.15
"""The detail may be this much more or less than the truth's before it counts against a result."""
_WORTH = 0.01
"""A result must be better than the draft by at least this (mean logarithm of the errors' ratios) to be used in its place."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over pictures. Errors are of 255."""

    l1: float
    mouth_l1: float
    eye_l1: float
    ssim: float
    detail: float
    """Deviation of the gradients' magnitudes at two scales (after Xue et al. 2014), 0 = the same: what the eye misses when a picture goes soft."""
    sharpness: float
    """Mean absolute Laplacian over the truth's."""

    def as_dict(self, prefix: str = "") -> dict[str, float]:
        return {f"{prefix}{name}": value for name, value in asdict(self).items()}


def measure(made_B3HW: Tensor, truth_B3HW: Tensor, *, face_B1HW: Tensor, mouth_B1HW: Tensor, eyes_B1HW: Tensor) -> Figures:
    """Judge a batch; `face` is 1 where it counts, `mouth` and `eyes` (0..1) weigh within it."""
    made, truth = luma(made_B3HW), luma(truth_B3HW)
    error = 255 * (made_B3HW - truth_B3HW).abs()
    return Figures(
        l1=float(mean_over(error, face_B1HW)),
        mouth_l1=float(mean_over(error, face_B1HW * mouth_B1HW)),
        eye_l1=float(mean_over(error, face_B1HW * eyes_B1HW)),
        ssim=float(mean_over(ssim_map(made, truth), face_B1HW)),
        detail=float(_detail(made, truth, face_B1HW)),
        sharpness=float(mean_over(_laplacian(made), face_B1HW) / mean_over(_laplacian(truth), face_B1HW).clamp_min(1e-6)),
    )


def mean_figures(many: list[Figures]) -> Figures:
    """The plain mean of each."""
    rows = [asdict(figures) for figures in many]
    return Figures(**{name: sum(row[name] for row in rows) / len(rows) for name in rows[0]})


def gain_over(trained: Figures, draft: Figures) -> float:
    """How much better than the draft: the mean logarithm of the errors' ratios (0.1: about a tenth less error), less what sharpness was lost."""
    pairs = [
        (draft.l1, trained.l1),
        (draft.mouth_l1, trained.mouth_l1),
        (draft.eye_l1, trained.eye_l1),
        (1 - draft.ssim, 1 - trained.ssim),
        (draft.detail, trained.detail),
    ]
    better = sum(math.log(max(a, 1e-6) / max(b, 1e-6)) for a, b in pairs) / len(pairs)
    return better - max(0.0, _off(trained) - _off(draft))


def parts_that_gain(trained: Figures, draft: Figures) -> tuple[float, float, float]:
    """1 for each of skin, eyes and mouth where the network is nearer to the truth than the draft, 0 where the draft is."""
    return float(trained.l1 <= draft.l1), float(trained.eye_l1 <= draft.eye_l1), float(trained.mouth_l1 <= draft.mouth_l1)


def beats(trained: Figures, draft: Figures) -> bool:
    """Whether it may stand in the draft's place: better in all, no worse in any single one, and not softer than it may be."""
    no_worse = trained.l1 <= draft.l1 and trained.mouth_l1 <= 1.01 * draft.mouth_l1 and trained.eye_l1 <= 1.01 * draft.eye_l1
    return no_worse and trained.ssim >= draft.ssim and gain_over(trained, draft) > _WORTH


def _off(figures: Figures) -> float:
    """How far the sharpness is out of its range, as a logarithm."""
    return max(0.0, abs(math.log(max(figures.sharpness, 1e-3))) - math.log(_SHARP_RANGE))


def _laplacian(x_B1HW: Tensor) -> Tensor:
    kernel = x_B1HW.new_tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]).view(1, 1, 3, 3)
    return nnf.conv2d(nnf.pad(x_B1HW, (1, 1, 1, 1), mode="replicate"), kernel).abs()


def _detail(a_B1HW: Tensor, b_B1HW: Tensor, weight_B1HW: Tensor) -> Tensor:
    out = []
    for _ in range(2):
        size_a, size_b = (edges(x).square().sum(1, keepdim=True).sqrt() for x in (a_B1HW, b_B1HW))
        alike = (2 * size_a * size_b + 0.002) / (size_a**2 + size_b**2 + 0.002)
        out.append(mean_over(1 - alike, weight_B1HW))
        a_B1HW, b_B1HW, weight_B1HW = (nnf.avg_pool2d(x, 2) for x in (a_B1HW, b_B1HW, weight_B1HW))
    return (out[0] + out[1]) / 2
