"""What training minimises and measuring reports: colour, structure and edges, where the face is."""

from __future__ import annotations

from torch import Tensor, cat
from torch.nn import functional as nnf

_SSIM_WINDOW = 7
_C1, _C2 = 0.01**2, 0.03**2


def luma(x_B3HW: Tensor) -> Tensor:
    """(B, 1, H, W) BT.709 luma."""
    return (x_B3HW * x_B3HW.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)).sum(1, keepdim=True)


def mean_over(x_BCHW: Tensor, weight_B1HW: Tensor) -> Tensor:
    """Weighted mean of all; the weight need not be normalised."""
    return (x_BCHW * weight_B1HW).sum() / (weight_B1HW.sum() * x_BCHW.shape[1]).clamp_min(1e-6)


def ssim_map(a_B1HW: Tensor, b_B1HW: Tensor) -> Tensor:
    """(B, 1, H, W) structural similarity (Wang et al. 2004) over 7 x 7 windows."""

    def mean(x: Tensor) -> Tensor:
        return nnf.avg_pool2d(x, _SSIM_WINDOW, 1, _SSIM_WINDOW // 2, count_include_pad=False)

    mean_a, mean_b = mean(a_B1HW), mean(b_B1HW)
    var_a, var_b = mean(a_B1HW**2) - mean_a**2, mean(b_B1HW**2) - mean_b**2
    both = mean(a_B1HW * b_B1HW) - mean_a * mean_b
    return ((2 * mean_a * mean_b + _C1) * (2 * both + _C2)) / ((mean_a**2 + mean_b**2 + _C1) * (var_a + var_b + _C2))


def edges(x_B1HW: Tensor) -> Tensor:
    """(B, 2, H, W) differences to the right and downwards."""
    right = nnf.pad(x_B1HW[..., :, 1:] - x_B1HW[..., :, :-1], (0, 1))
    down = nnf.pad(x_B1HW[..., 1:, :] - x_B1HW[..., :-1, :], (0, 0, 0, 1))
    return cat([right, down], 1)


def grain(x_B1HW: Tensor) -> Tensor:
    """(B, 1, H, W) how much fine detail there is around each pixel, wherever exactly it lies: mean absolute Laplacian over 9 x 9 pixels."""
    kernel = x_B1HW.new_tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]).view(1, 1, 3, 3)
    return nnf.avg_pool2d(nnf.conv2d(nnf.pad(x_B1HW, (1, 1, 1, 1), mode="replicate"), kernel).abs(), 9, 1, 4, count_include_pad=False)


def loss_parts(made_B3HW: Tensor, truth_B3HW: Tensor, weight_B1HW: Tensor) -> dict[str, Tensor]:
    """Weighted means of `colour` (L1), `structure` ((1 - SSIM) / 2), `edges` (L1 of differences) and `grain` (L1 of `grain`)."""
    made, truth = luma(made_B3HW), luma(truth_B3HW)
    return {
        "colour": mean_over((made_B3HW - truth_B3HW).abs(), weight_B1HW),
        "structure": mean_over((1 - ssim_map(made, truth)) / 2, weight_B1HW),
        "edges": mean_over((edges(made) - edges(truth)).abs(), weight_B1HW),
        "grain": mean_over((grain(made) - grain(truth)).abs(), weight_B1HW),
    }


WEIGHTS = {"colour": 1.0, "structure": 0.5, "edges": 1.0, "grain": 2.0}


def total(parts: dict[str, Tensor]) -> Tensor:
    """The loss."""
    return sum((WEIGHTS[name] * part for name, part in parts.items()), start=next(iter(parts.values())) * 0)
