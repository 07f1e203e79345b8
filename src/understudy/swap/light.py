"""The target's light on the source's face: gains at the mesh points, from colours measured on skin.

A face's colour at a point is its skin times its light. What changes over time at a point is light; what stays is skin and steady light. Skin is
alike on both sides of a face, so of the steady difference between two people all that differs from one side to the other is light. Of the rest
what a broad light can explain is carried over (a smooth function of where the skin looks, fitted without the points that do not fit), and
what is left of shadow and shine; a beard stays whose it is. Changes are carried over in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..faces.masks import clear_of_hair
from ..faces.mesh import N_SKIN, canonical, triangles
from ..types import F32, N_LANDMARKS, U8
from .regions import inner_weight, plain_skin, ramp

LUMA = np.asarray([0.2126, 0.7152, 0.0722], np.float32)
_FLOOR = 12.0
"""Added to colours before the logarithm: black is never exactly black in a picture."""
_NEAR_CM, _RIM_CM = 1.1, 0.8
_PALE = 0.04
"""How much less colour (logarithm) skin may have than is usual on the face, by its nature."""
_BRIGHT_QUANTILE, _BEYOND = 0.97, 1.06
"""Skin is about as bright as this share of its points, and by this factor more, since a point is the mean of a patch."""
_JAW_CM = (1.0, 3.0)
"""Centimetres below the middle of the mean face between which skin beside what is not the face begins to count in full."""
_OUTLIER = 0.16
"""Difference of log colour from the broad fit from which a point is something else than skin."""
_FITS = 8
_NOSE_CM, _LIP_CM = 0.0, 3.0
_TINT_TERMS = 5
"""Of the broad light's terms the first so many may be coloured; the finer ones are brightness alone, or a nose turns grey."""
_OTHER_LAMP = (0.3, 0.5)
"""Difference between the channels' log gains from which two lights begin to be of another colour, and at which they surely are."""
_BEARD_SHARE = 0.12
"""How much points of the lower face count: there may be a beard."""
_FINE_CM, _BROAD_CM, _HARDER = 0.5, 2.5, 1.15
"""Between which sizes light and shade are compared, and by which factor ours may be stronger: faces differ."""
_LEAST, _MOST = np.log(0.2), np.log(5.0)
_DARK, _CLEAR = 18.0, 50.0
"""Code values of skin below which a channel's own detail is noise, and above which it is not."""
_ALL_OWN = 0.98
_DRAINED, _LESS_COLOUR = (0.02, 0.045), 1.5
"""Variety of tints in a face without colour, and from which on a picture has colour; how much less of it than the source's it may have by nature."""
_APART = (1.25, 1.7)
"""A channel that is raised this much more than the least raised one begins to show its noise, and shows nothing else."""


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """Light of N pictures of one person: log colours at the mesh points, as steady part and what changes."""

    steady: F32
    """(478, 3)"""
    changing: F32
    """(N, 478, 3)"""
    seen: F32
    """(N, 478): 1 where the point shows plain skin of this face."""


def measure_light(vertex_rgb: U8, masks: U8, landmarks: F32, *, size: int, steps: NDArray[np.int64]) -> Lit:
    """Take the colours (N, 478, 3) apart.

    `masks` (N, M, M): own skin; `landmarks` (N, 478, 3) in crops of `size` pixels; `steps` (N,): place in time, by which neighbours are known.
    """
    near, sure = _at_points(masks, landmarks, size), _at_points(clear_of_hair(masks, landmarks, size=size), landmarks, size)
    # along the jaw the neck begins, which is lit as the face is
    jaw = _below(*_JAW_CM)
    seen = (sure + jaw * (near - sure)) * plain_skin()
    logs = np.log(vertex_rgb.astype(np.float32) + _FLOOR)
    logs = _steadied(logs, steps)
    weight = seen[..., None] + 1e-3
    steady = (logs * weight).sum(0) / weight.sum(0)
    return Lit(steady=steady.astype(np.float32), changing=(logs - steady).astype(np.float32), seen=seen.astype(np.float32))


def gains(target: Lit, rows_t: NDArray[np.intp], source: Lit, rows_s: NDArray[np.intp], *, degree: float) -> F32:
    """(K, 478, 3) factors on the source's colours of pictures `rows_s` that give them the light of the target's `rows_t`."""
    seen = np.minimum(target.seen[rows_t], source.seen[rows_s])
    changes = target.changing[rows_t] - source.changing[rows_s]
    steady_seen = np.minimum(target.seen.mean(0), source.seen.mean(0))
    total = _steady_difference(target.steady - source.steady, steady_seen)[None] + _spread(changes, seen, _NEAR_CM)
    lacking, along = _paleness(source, rows_s)
    there, _ = _paleness(target, rows_t)
    total += _spread(np.clip(lacking - there, 0, None)[..., None] * along, seen, _RIM_CM)
    total -= _too_hard(source.steady + source.changing[rows_s] + total, target.steady + target.changing[rows_t], seen)
    return np.exp(np.clip(degree * total, _LEAST, _MOST)).astype(np.float32)


def _too_hard(ours: np.ndarray, theirs: np.ndarray, seen: F32) -> np.ndarray:
    """(K, 478, 3) by how much light and shade within a few centimetres on our skin (log colours, lit) are stronger than on theirs: hard light leaves
    streaks and hollows that soft light does not make, and colours of the one lamp in the shadows of the other."""
    own, other = (_spread(logs, seen, _FINE_CM) - _spread(logs, seen, _BROAD_CM) for logs in (ours, theirs))
    out = np.zeros_like(own)
    for part in (lambda x: x.mean(-1, keepdims=True), lambda x: x - x.mean(-1, keepdims=True)):
        have, want = (float(np.sqrt((part(x) ** 2 * seen[..., None]).sum() / max(float(seen.sum()), 1e-6))) for x in (own, other))
        out += max(0.0, 1 - _HARDER * want / max(have, 1e-6)) * part(own)
    return out


def brightest(lit: Lit) -> F32:
    """(N, 3) code values about which the skin of each picture is brightest: what goes far beyond them does not belong to this light."""
    logs = lit.steady + lit.changing
    unseen = lit.seen < 0.5
    return np.stack([_brightest(rows[~hidden] if (~hidden).any() else rows) for rows, hidden in zip(logs, unseen, strict=True)])


def _brightest(logs: F32) -> F32:
    return (_BEYOND * (np.exp(np.quantile(logs, _BRIGHT_QUANTILE, axis=0)) - _FLOOR)).astype(np.float32)


def skin_colours(lit: Lit, row: int) -> F32:
    """(478, 3) code values of the plain skin of one picture at the mesh points, smooth, and continued over what is not skin."""
    logs = (lit.steady + lit.changing[row])[None]
    return np.exp(_spread(logs, lit.seen[row][None], _NEAR_CM)[0]).astype(np.float32) - np.float32(_FLOOR)


def colour_left(target: Lit, source: Lit) -> float:
    """0..1: how much of the source's differences in colour the target's picture would show. 1 but for pictures that are drained of colour, by age, by
    night or by a grade: there skin, lips and brows are nearly of one tint, whichever that is, and a red mouth would not be of that world."""
    theirs, ours = _variety(target), _variety(source)
    return max(float(ramp(np.asarray(theirs), *_DRAINED)), min(1.0, _LESS_COLOUR * theirs / max(ours, 1e-6)))


def _variety(lit: Lit) -> float:
    """How far the tints (logarithm, without the brightness) of the mesh's points are from the usual one."""
    tint = lit.steady - lit.steady.mean(-1, keepdims=True)
    return float(np.sqrt(((tint - np.median(tint, axis=0)) ** 2).sum(-1).mean()))


def own_detail(skin: F32, gain: F32) -> F32:
    """(478, 3) 0..1: how far each channel's own detail survives the gain; where it does not (blue under a yellow lamp), brightness must tell it."""
    apart = gain / gain.min(-1, keepdims=True)
    return (ramp(skin, _DARK, _CLEAR) * ramp(apart, _APART[1], _APART[0])).astype(np.float32)


def light_of(gain: F32, skin: F32) -> F32:
    """(478, 3 or 6) what `lit` needs at the mesh points, from `gains` and `skin_colours`: factors on the colours; and, where a channel is too dark to
    be raised, factors on the brightness, which then stands for it."""
    own = own_detail(skin, gain)
    if own.min() > _ALL_OWN:
        return gain.copy()
    brightness = np.maximum(skin @ LUMA, 4.0)[:, None]
    smooth = np.maximum((skin + np.float32(_FLOOR)) * gain - np.float32(_FLOOR), 0)
    return np.concatenate([gain * own, (1 - own) * smooth / brightness], 1).astype(np.float32)


def lit(rgb: F32, factors: F32, of_brightness: F32 | None) -> None:
    """Put colours (H, W, 3) under new light, in place: the columns of `light_of` at every pixel, (H, W, 3) each."""
    if of_brightness is None:
        rgb *= factors
        return
    brightness = cv2.transform(rgb, np.repeat(LUMA[None], 3, axis=0))
    brightness *= of_brightness
    rgb *= factors
    rgb += brightness


def drain(rgb: F32, brightest: F32, left: float) -> None:
    """Leave, in place, only the share `left` of what differs in colour from the performer's skin, whose colour is that of `brightest` (3,). `rgb`
    (H, W, 3): colours, or differences between colours."""
    if left >= 1:
        return
    skin = brightest / max(float(brightest @ LUMA), 1.0)
    same = (rgb @ LUMA)[..., None] * skin.astype(np.float32)
    rgb -= same
    rgb *= np.float32(left)
    rgb += same


def _paleness(lit: Lit, rows: NDArray[np.intp]) -> tuple[np.ndarray, np.ndarray]:
    """(K, 478) how much less colour (logarithm) the skin has than is usual on this face, and (3,) which colour that is. Shine has the colour of the
    lamp, not of the skin; under another lamp it would stay as a grey spot, on a nose most of all (Shafer, "Using Color to Separate Reflection
    Components", 1985)."""
    logs = lit.steady + lit.changing[rows]
    tint = logs - logs.mean(-1, keepdims=True)
    seen = lit.seen.mean(0)
    usual = np.median((lit.steady - lit.steady.mean(-1, keepdims=True))[seen >= 0.5 * seen.max()], axis=0)
    along = usual / max(float(np.linalg.norm(usual)), 1e-6)
    return np.clip((usual - tint) @ along - _PALE, 0, None), along


def _steady_difference(difference: F32, seen: F32) -> np.ndarray:
    """(478, 3): of a difference of two people's colours what differs between the sides, the broad light's part of the rest, and near the border what
    else is skin-like there."""
    other = mirror()
    both = seen * seen[other]
    sideways = _spread((0.5 * (difference - difference[other])).mean(1, keepdims=True)[None], both[None], _NEAR_CM)[0]
    # where one side is hidden, the other alone tells what both have
    alike = difference - sideways
    basis = _basis()
    weight = seen * np.where(_lower_face(), _BEARD_SHARE, 1.0)
    brightness = alike.mean(1)
    trust = weight.copy()
    scale = 4 * _OUTLIER
    for _ in range(_FITS):
        fit = basis @ _solve(basis, brightness[:, None], trust)
        trust = weight * np.exp(-0.5 * ((brightness - fit[:, 0]) / scale) ** 2)
        scale = max(_OUTLIER, 0.6 * scale)
    bright = basis @ _solve(basis, alike.mean(1, keepdims=True), trust)
    tint = basis[:, :_TINT_TERMS] @ _solve(basis[:, :_TINT_TERMS], alike - alike.mean(1, keepdims=True), trust)
    broad = bright + tint
    lamp = float(ramp(np.asarray(np.ptp(difference, axis=1) @ trust / max(float(trust.sum()), 1e-6)), *_OTHER_LAMP))
    near = _limited(_spread((alike - broad)[None], seen[None], _NEAR_CM)[0], lamp=lamp)
    rim = _spread((alike - broad)[None], trust[None], _RIM_CM)[0]
    return sideways + broad + near + (1 - inner_weight(0.3, 2.0))[:, None] * (rim - near)


def _limited(rest: np.ndarray, *, lamp: float) -> np.ndarray:
    """(478, 3): of what a broad light does not explain. As far as it is slight it is skin, and stays; more is shadow or shine, and is carried over,
    but not below the nose, where it may be a beard, which only one of the two has. As far as the two lights are of quite another colour
    (`lamp` 0..1) nothing of the old one may stay, and all is carried over."""
    brightness = rest.mean(1, keepdims=True)
    excess = np.sign(brightness) * np.maximum(np.abs(brightness) - _OUTLIER, 0)
    some = excess * (1 - _below(_NOSE_CM, _LIP_CM))[:, None]
    return some + lamp * (rest - some)


@cache
def _below(first: float, last: float) -> F32:
    """(478,) 0 above `first` centimetres under the middle of the mean face, 1 below `last`."""
    return np.concatenate([ramp(canonical()[:, 1], first, last), np.zeros(N_LANDMARKS - N_SKIN)]).astype(np.float32)


def _solve(basis: np.ndarray, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted least squares with a mild pull of everything but the constant towards zero."""
    pull = np.diag([1e-6, *([0.003 * max(float(weight.sum()), 1.0)] * (basis.shape[1] - 1))])
    return np.linalg.solve(basis.T @ (weight[:, None] * basis) + pull, basis.T @ (weight[:, None] * values))


@cache
def _basis() -> np.ndarray:
    """(478, 8): constant, which way the skin looks (x, y, z; the second-order terms that are the same on both sides), and how far aside it
    lies, on the mean face; irises as the nose. (Ramamoorthi and Hanrahan, "An Efficient Representation for Irradiance Environment Maps", 2001:
    nine such terms are nearly all that light on skin can do.)"""
    points = canonical()
    normals = np.zeros_like(points)
    for corners in triangles():
        a, b, c = points[corners]
        normals[corners] += np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    # smooth, as the light is: the wings of a nose turn so quickly that a slight error of place would show
    normals = _kernel(_RIM_CM)[:N_SKIN, :N_SKIN] @ normals
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    x, y, z = normals.T
    full = np.column_stack([np.ones(len(points)), normals, points[:, 0] / 7, x * x, y * y, y * z])
    return np.concatenate([full, np.repeat(full[1:2], N_LANDMARKS - N_SKIN, axis=0)]).astype(np.float64)


@cache
def mirror() -> NDArray[np.intp]:
    """(478,) the point that lies at the same place on the other side of the face."""
    points = canonical()
    there = np.abs(points[:, None] - points[None] * np.asarray([-1, 1, 1], np.float32)).sum(-1).argmin(1)
    right, left = np.arange(N_SKIN, N_SKIN + 5), np.arange(N_SKIN + 5, N_LANDMARKS)
    return np.concatenate([there, left, right]).astype(np.intp)


@cache
def _lower_face() -> NDArray[np.bool_]:
    """(478,) below the nose: where beards grow."""
    low = canonical()[:, 1] > canonical()[2, 1]
    return np.concatenate([low, np.zeros(N_LANDMARKS - N_SKIN, bool)])


def _spread(values: np.ndarray, weight: np.ndarray, reach: float) -> np.ndarray:
    """Smooth values (K, 478, 3) over the face, each point counting by its weight (K, 478); where nothing is near, the mean counts."""
    kernel = _kernel(reach)
    mean = (values * weight[..., None]).sum(1, keepdims=True) / np.maximum(weight.sum(1)[:, None, None], 1e-6)
    total = np.einsum("vw,kwc->kvc", kernel, values * weight[..., None], optimize=True) + 0.02 * mean
    return total / (np.einsum("vw,kw->kv", kernel, weight, optimize=True)[..., None] + 0.02)


@cache
def _kernel(reach: float) -> F32:
    """(478, 478) Gaussian over the distance on the mean face, in centimetres; rows sum to 1."""
    points = canonical()
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    kernel = np.exp(-0.5 * squared / reach**2)
    out = np.zeros((N_LANDMARKS, N_LANDMARKS))
    out[:N_SKIN, :N_SKIN] = kernel / kernel.sum(1, keepdims=True)
    return out.astype(np.float32)


def _steadied(logs: np.ndarray, steps: NDArray[np.int64]) -> np.ndarray:
    """Weighted mean with the neighbours in time: light does not flicker from frame to frame, measurements do."""
    out, total = np.zeros_like(logs), np.zeros((len(logs), 1, 1), np.float32)
    for offset, share in ((-3, 0.35), (-2, 0.6), (-1, 0.9), (0, 1.0), (1, 0.9), (2, 0.6), (3, 0.35)):
        rows = np.arange(len(logs)) + offset
        inside = (rows >= 0) & (rows < len(logs))
        rows = np.clip(rows, 0, len(logs) - 1)
        near = inside & (np.abs(steps[rows] - steps) <= 4)
        weight = np.where(near, share, 0.0).astype(np.float32)[:, None, None]
        out += weight * logs[rows]
        total += weight
    return (out / total).astype(np.float32)


def _at_points(masks: U8, landmarks: F32, size: int) -> F32:
    """(N, 478) the masks' values, 0..1, at the mesh points."""
    side = masks.shape[-1]
    xy = np.clip(np.rint((landmarks[..., :2] + 0.5) * (side / size) - 0.5), 0, side - 1).astype(np.intp)
    rows = np.arange(len(masks))[:, None]
    return (np.asarray(masks)[rows, xy[..., 1], xy[..., 0]] / np.float32(255)).astype(np.float32)
