"""What the target's face does that the source's never does: directions, mouth, lids, expressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..faces.mesh import BLENDSHAPE_NAMES
from ..types import F32
from .finding import Finding
from .material import Material
from .pair import Pair, severity

POSE_GAP_DEG = 10.0
"""Further than this from the nearest direction of the source, its picture has to be bent visibly."""
FAR_DEG = 18.0
"""From here on it is more than a weak moment."""
STRONG_PROFILE_DEG = 38.0
MOUTH_GAP = 0.07
"""How much wider than the source's widest a mouth must be (in distances of the eyes' corners) before teeth and cavity are made up."""
EYES_CLOSED, EYES_NEVER = 0.45, 0.55
"""Share of the usual opening below which an eye is closed; a source that never gets below the second never closes its eyes."""
EXPRESSION_GAP = 0.35
FROWN_GAP = 0.5
"""Deep-set eyes and heavy brows look like a frown to the landmarker."""
NO_FIT: dict[str, float] = {"skin": 8.0, "mouth": 14.0, "eyes": 12.0}
"""Distance of the best picture (see `Fit`) from which it does not fit."""
_MUCH = 0.4
"""Share of the target's time without a fitting picture that everybody will see: the forecast is weak from there on."""

_EXPRESSIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("smile", "a broad smile", ("mouthSmileLeft", "mouthSmileRight")),
    ("brows-up", "raised brows", ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")),
    ("brows-down", "a frown (brows drawn down)", ("browDownLeft", "browDownRight")),
    ("lips-round", "rounded lips, as in 'oo'", ("mouthPucker", "mouthFunnel")),
    ("teeth", "the upper lip raised, teeth showing", ("mouthUpperUpLeft", "mouthUpperUpRight")),
    ("lips-wide", "lips drawn wide", ("mouthStretchLeft", "mouthStretchRight")),
    ("lips-down", "the corners of the mouth drawn down", ("mouthFrownLeft", "mouthFrownRight")),
    ("eyes-wide", "eyes wide open", ("eyeWideLeft", "eyeWideRight")),
    ("nose", "a wrinkled nose", ("noseSneerLeft", "noseSneerRight")),
)
_SMILE = _EXPRESSIONS[0][2]
_REGION_WORDS = {"skin": "face as a whole (direction, brows and light together)", "mouth": "mouth", "eyes": "eyes (lids and where they look)"}


def _directions(pair: Pair) -> Iterator[Finding]:
    """Directions of the target's head that the source does not show."""
    target, source = pair.target, pair.source
    gap, nearest = nearest_pose(target.pose_deg, source.pose_deg)
    far = gap > POSE_GAP_DEG
    away = target.pose_deg[:, :2] - source.pose_deg[nearest, :2]
    names = np.asarray([_direction(*pose, *missing) for pose, missing in zip(target.pose_deg[:, :2], away, strict=True)])
    groups = sorted({str(name) for name in names[far]}, key=lambda name: -float(gap[far & (names == name)].sum()))
    for name in groups[:3]:
        frames = far & (names == name)
        if not pair.long_enough(frames):
            continue
        doing = _doing(target, frames)
        worst = int(np.flatnonzero(frames)[gap[frames].argmax()])
        reach = float(np.quantile(gap[frames], 0.8))
        finding = Finding(
            "direction",
            severity(float(frames.mean()), reach / (1.5 * POSE_GAP_DEG), most="serious" if reach > FAR_DEG else "noticeable"),
            "source",
            f"The target's head is {_turned(name)}, up to {gap[frames].max():.0f}° from anything that the source shows.",
            f"Film ten seconds of the source with the head {_turned(name)}{doing}.",
        )
        yield pair.at(finding, frames, gap, nearest=int(nearest[worst]))
    profile = np.abs(target.pose_deg[:, 0]) > STRONG_PROFILE_DEG
    if pair.long_enough(profile):
        finding = Finding(
            "profile",
            severity(float(profile.mean()), 1.4),
            "target",
            f"The target turns up to {np.abs(target.pose_deg[:, 0]).max():.0f}° aside, nearly a profile, where faces are put over less well.",
            "Use a target that faces the camera more, or cut these moments.",
        )
        yield pair.at(finding, profile, np.abs(target.pose_deg[:, 0]))


def nearest_pose(target_deg: F32, source_deg: F32) -> tuple[F32, NDArray[np.intp]]:
    """(T,) degrees of yaw and pitch from each of the target's poses to the source's nearest, and which one that is."""
    gap = np.empty(len(target_deg), np.float32)
    row = np.empty(len(target_deg), np.intp)
    for start in range(0, len(target_deg), 512):
        part = np.linalg.norm(target_deg[start : start + 512, None, :2] - source_deg[None, :, :2], axis=-1)
        row[start : start + 512] = part.argmin(1)
        gap[start : start + 512] = part.min(1)
    return gap, row


def _direction(yaw: float, pitch: float, more_yaw: float = 0.0, more_pitch: float = 0.0) -> str:
    """`left up`, `ahead`; `more_…` is how much further than the source it goes, which names what is nearly ahead."""
    aside = "right" if yaw > 9 else "left" if yaw < -9 else ""
    high = "up" if pitch > 11 else "down" if pitch < -7 else ""
    if not aside and not high:
        aside = "right" if more_yaw > 6 else "left" if more_yaw < -6 else ""
        high = "up" if more_pitch > 6 else "down" if more_pitch < -6 else ""
    return f"{aside} {high}".strip() or "ahead"


def _turned(name: str) -> str:
    """`left up` in words. Left and right are the picture's, said so, because a mirror and an interviewer see them the other way round."""
    aside = next((f"turned to the {word} of the picture" for word in ("left", "right") if word in name), "")
    high = next((f"tilted {word}" for word in ("up", "down") if word in name), "")
    return " and ".join(part for part in (aside, high) if part) or "straight to the camera"


def _doing(target: Material, frames: NDArray[np.bool_]) -> str:
    """What else the target does in these frames: `, speaking with the mouth open`."""
    smile = _shape(target, _SMILE)[frames]
    parts = []
    if np.quantile(target.mouth[frames], 0.75) > 0.14:
        parts.append("the mouth open")
    elif np.quantile(target.mouth[frames], 0.75) > 0.05:
        parts.append("the mouth talking")
    if np.median(smile) > 0.5:
        parts.append("a smile")
    if np.median(target.eyes[frames]) < EYES_CLOSED:
        parts.append("some slow blinks")
    return f", with {' and '.join(parts)}" if parts else ""


def _mouth(pair: Pair) -> Iterator[Finding]:
    widest = float(np.quantile(pair.source.mouth, 0.99))
    excess = pair.target.mouth - widest
    frames = excess > MOUTH_GAP
    if pair.long_enough(frames):
        finding = Finding(
            "mouth-open",
            severity(float(frames.mean()), 1.2 * float(np.quantile(excess[frames], 0.8)) / MOUTH_GAP / 1.5),
            "source",
            "The target opens the mouth wider than the source ever does"
            + (" (the source hardly opens it at all)." if widest < 0.06 else ", so teeth and the inside of the mouth have to be made up."),
            "Film the source saying a long 'aah' and laughing with the mouth wide open, five seconds each.",
        )
        yield pair.at(finding, frames, excess, nearest=int(pair.source.mouth.argmax()))
    least = float(np.quantile(pair.source.mouth, 0.01))
    lacking = least - pair.target.mouth
    frames = lacking > MOUTH_GAP
    if pair.long_enough(frames):
        finding = Finding(
            "mouth-closed",
            severity(float(frames.mean()), 1.0),
            "source",
            "The target closes the lips; the source never does.",
            "Film the source listening with the lips closed, for ten seconds.",
        )
        yield pair.at(finding, frames, lacking, nearest=int(pair.source.mouth.argmin()))


def _lids(pair: Pair) -> Iterator[Finding]:
    frames = pair.target.eyes < EYES_CLOSED
    if not frames.any() or float(pair.source.eyes.min()) < EYES_NEVER:
        return
    finding = Finding(
        "eyes-closed",
        "serious" if frames.mean() > 0.15 else "noticeable",
        "source",
        "The target closes the eyes; the source is never seen with closed eyes, so the lids have to be made up.",
        "Film the source blinking slowly a few times, and once with the eyes closed for three seconds.",
    )
    yield pair.at(finding, frames, -pair.target.eyes, nearest=int(pair.source.eyes.argmin()))


def _expressions(pair: Pair) -> Iterator[Finding]:
    for code, words, names in _EXPRESSIONS:
        own, seen = _shape(pair.target, names), _shape(pair.source, names)
        # both above the own resting face and in itself: who smiles all the time does show a smile
        rest = own - _resting(own) - float(np.quantile(seen - _resting(seen), 0.98))
        excess = np.minimum(rest, own - float(np.quantile(seen, 0.98)))
        limit = FROWN_GAP if code == "brows-down" else EXPRESSION_GAP
        frames = excess > limit
        if pair.long_enough(frames):
            finding = Finding(
                code,
                # one expression less is a pity, it never spoils the whole
                severity(float(frames.mean()), 0.7 * float(np.quantile(excess[frames], 0.8)) / limit, most="noticeable"),
                "source",
                f"The target shows {words}; the source hardly does.",
                f"Film the source with {words}, coming and going, for ten seconds.",
            )
            yield pair.at(finding, frames, excess, nearest=int(seen.argmax()))


def _shape(material: Material, names: Sequence[str]) -> F32:
    """(T,) mean of some blendshapes, 0..1."""
    return material.blendshapes[:, [BLENDSHAPE_NAMES.index(name) for name in names]].mean(1).astype(np.float32)


def _resting(values: F32) -> float:
    """What a person shows without meaning it: some always look as if they frown."""
    return float(np.quantile(values, 0.2))


def _at_rest(pair: Pair) -> Iterator[Finding]:
    """A source that smiles all the time: the rest of its face is not known, and everything is measured from it."""
    own, seen = _shape(pair.target, _SMILE), _shape(pair.source, _SMILE)
    least = float(np.quantile(seen, 0.05))
    excess = least - own
    frames = excess > EXPRESSION_GAP
    if pair.long_enough(frames):
        finding = Finding(
            "at-rest",
            severity(float(frames.mean()), 1.2),
            "source",
            "The source smiles all the time; the target does not, and the source's face at rest is not known.",
            "Film the source with a relaxed face and closed lips, looking around, for ten seconds.",
        )
        yield pair.at(finding, frames, excess, nearest=int(seen.argmin()))


def unexplained(pair: Pair) -> Iterator[Finding]:
    """Moments for which the draft finds no fitting picture although none of the single things is lacking: they never come together."""
    for region, limit in NO_FIT.items():
        cost = getattr(pair.fit, region)
        frames = (cost > limit) & ~pair.explained
        if pair.long_enough(frames) and frames.mean() > 0.03:
            worst = int(np.flatnonzero(frames)[cost[frames].argmax()])
            share = float(frames.mean())
            near = np.abs(pair.target.seconds - pair.target.seconds[worst]) < 0.3
            doing = _doing(pair.target, near & frames)
            name = _direction(*np.median(pair.target.pose_deg[near & frames, :2], 0))
            finding = Finding(
                f"no-picture-{region}",
                severity(share, 1.0 if share > _MUCH else 0.6),
                "source",
                f"No picture of the source really fits the target's {_REGION_WORDS[region]} here, though it shows each single thing.",
                f"Let the source do what the target does here: the head {_turned(name)}{doing}.",
            )
            yield pair.at(finding, frames, cost)


RULES = (_directions, _mouth, _lids, _at_rest, _expressions)
