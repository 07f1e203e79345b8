"""The data doctor's judgement: what a target performance asks for that the source's material does not show, and what to do about it.

Pure: numbers in (`Material`, `Fit`), findings out. The thresholds were read off real clips and off rendered actors whose results had been looked
at: they separate what is seen in a result from what is not, and promise nothing more exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..faces.mesh import BLENDSHAPE_NAMES
from ..types import F32
from .material import Clip, Fit, Material

Severity = Literal["serious", "noticeable", "minor"]
Outlook = Literal["good", "usable", "weak"]
SEVERITIES: tuple[Severity, ...] = ("serious", "noticeable", "minor")

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
LIGHT_GAP = 0.22
"""Difference of `Material.side` from which a face is seen to be lit from another side."""
LIGHT_MOVES = 0.25
DARK, BRIGHT = 45.0, 235.0
SIZE_SOFT, SIZE_BLURRED = 0.75, 0.45
"""Height of the source's face over the target's from which the result is softer, and plainly blurred."""
LARGEST_PX = 317.0
"""Height of a face in the largest crop: more than this is not used."""
SMALL_PX = 60.0
SHARP_GAP = 0.5
FEW_PICTURES, TOO_FEW_PICTURES = 120, 40
SHORT_S = 8.0
HIDDEN, OUTSIDE = 0.12, 0.12
BITS_LOW = 0.008
NO_FIT: dict[str, float] = {"skin": 8.0, "mouth": 14.0, "eyes": 12.0}
"""Distance of the best picture (see `Fit`) from which it does not fit."""
SHORTEST_S = 0.2
"""What lasts shorter altogether is not worth a remark."""

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


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is lacking, or that will be seen in the result."""

    code: str
    """Stable name: `direction`, `mouth-open`, `eyes-closed` …"""
    severity: Severity
    about: Literal["source", "target"]
    """Which of the two videos must change for it to go away."""
    lacking: str
    """One sentence: what is lacking."""
    todo: str
    """One sentence: what to do."""
    lasts_s: float | None = None
    """For how much of the target's time it counts; None: for all of it, or not a matter of time."""
    seconds: float | None = None
    """The moment of the target that shows it best."""
    target_frame: int | None = None
    source_frame: int | None = None
    """The source's picture that comes nearest to that moment."""
    target_picture: bytes | None = None
    """JPEG of the face at that moment, unaltered."""
    source_picture: bytes | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: everything but the pictures."""
        return {
            "code": self.code,
            "severity": self.severity,
            "about": self.about,
            "lacking": self.lacking,
            "todo": self.todo,
            "lasts_s": self.lasts_s,
            "seconds": self.seconds,
            "target_frame": self.target_frame,
            "source_frame": self.source_frame,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about a pair, the gravest first, and what to expect of it."""

    source: Clip
    target: Clip
    outlook: Outlook
    reason: str
    findings: tuple[Finding, ...]
    coverage: dict[str, float]
    """For each region of the face: share of the target's frames for which the source has a fitting picture, 0..1."""

    def headline(self) -> str:
        return {
            "good": "Good: expect a convincing result.",
            "usable": "Usable: expect a result that holds, with weak moments.",
            "weak": "Weak: expect faults that everybody sees.",
        }[self.outlook]

    def as_dict(self) -> dict[str, Any]:
        return {
            "version": 1,
            "outlook": self.outlook,
            "headline": self.headline(),
            "reason": self.reason,
            "source": _clip_dict(self.source),
            "target": _clip_dict(self.target),
            "coverage": {name: round(share, 3) for name, share in self.coverage.items()},
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def json(self) -> str:
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=False)

    def text(self) -> str:
        """For the terminal."""
        lines = [self.headline(), self.reason]
        for severity in SEVERITIES:
            some = [finding for finding in self.findings if finding.severity == severity]
            if some:
                lines += ["", f"{severity.capitalize()}:"]
            for finding in some:
                when = f"  [{when_words(finding)}]" if when_words(finding) else ""
                lines += [f"- {finding.lacking}{when}", f"  What to do: {finding.todo}"]
        return "\n".join(lines)


def _clip_dict(clip: Clip) -> dict[str, Any]:
    return {
        "name": clip.name,
        "seconds": round(clip.seconds, 3),
        "frames": clip.n_frames,
        "size_wh": list(clip.size_wh),
        "shots": clip.n_shots,
        "person": clip.person,
        "people_s": {who: round(seconds, 2) for who, seconds in clip.people_s.items()},
        "left_out": dict(clip.left_out),
    }


def when_words(finding: Finding) -> str:
    """`at 3.2 s, 1.4 s in all`; empty where it is no matter of time."""
    if finding.seconds is None:
        return ""
    if finding.lasts_s is None:
        return f"all the time, for example at {finding.seconds:.1f} s"
    return f"at {finding.seconds:.1f} s, {finding.lasts_s:.1f} s in all"


def compare(source: Material, target: Material, fit: Fit) -> Report:
    """Judge `source` (only the pictures that serve) by what `target` asks for; `fit` belongs to the target's frames."""
    pair = _Pair(source, target, fit)
    rules: tuple[Callable[[_Pair], Iterator[Finding]], ...] = (
        *(_directions, _mouth, _lids, _at_rest, _expressions, _light, _size, _amount, _hidden, _videos),
        _unexplained,  # last: it speaks of what the others did not
    )
    found = [finding for rule in rules for finding in rule(pair)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    coverage = {region: float((getattr(fit, region) <= limit).mean()) for region, limit in NO_FIT.items()}
    outlook, reason = _forecast(found, coverage)
    return Report(source.clip, target.clip, outlook, reason, tuple(found), coverage)


class _Pair:
    """Both materials, and how a finding about some of the target's frames is made."""

    def __init__(self, source: Material, target: Material, fit: Fit) -> None:
        self.source, self.target, self.fit = source, target, fit
        self.frame_s = target.clip.seconds / max(target.clip.n_frames, 1)
        self.explained = np.zeros(len(target), bool)
        """Frames of the target about which something was said."""

    def long_enough(self, frames: NDArray[np.bool_]) -> bool:
        return int(frames.sum()) >= max(2, min(SHORTEST_S / max(self.frame_s, 1e-6), 0.1 * len(self.target)))

    def at(self, finding: Finding, frames: NDArray[np.bool_], badness: np.ndarray, *, nearest: int | None = None) -> Finding:
        """The finding, dated at the worst of `frames` by `badness` (T,), with the source's nearest picture (None: the one that would be used)."""
        worst = int(np.flatnonzero(frames)[badness[frames].argmax()])
        row = int(self.fit.row[worst]) if nearest is None else nearest
        self.explained |= frames
        return replace(
            finding,
            lasts_s=round(float(frames.sum() * self.frame_s), 2),
            seconds=round(float(self.target.seconds[worst]), 2),
            target_frame=int(self.target.frame_index[worst]),
            source_frame=int(self.source.frame_index[row]),
        )

    def typical(self, finding: Finding) -> Finding:
        """The finding with a typical moment of the target and its picture, where all of the target is meant."""
        score = -np.abs(self.target.pose_deg[:, :2] - np.median(self.target.pose_deg[:, :2], 0)).sum(1) - 20 * self.target.mouth
        explained = self.explained.copy()
        made = self.at(finding, np.ones(len(self.target), bool), score)
        self.explained = explained
        return replace(made, lasts_s=None)


def _severity(share: float, strength: float, *, most: Severity = "serious") -> Severity:
    """`share` of the target's time that is concerned, and how strongly (1: just seen, 2: plainly); never graver than `most`."""
    weight = strength * np.sqrt(max(share, 0.0))
    found: Severity = "serious" if weight > 0.62 else "noticeable" if weight > 0.18 else "minor"
    return SEVERITIES[max(SEVERITIES.index(found), SEVERITIES.index(most))]


# ---------------------------------------------------------------------------------------------- what the face does


def _directions(pair: _Pair) -> Iterator[Finding]:
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
            _severity(float(frames.mean()), reach / (1.5 * POSE_GAP_DEG), most="serious" if reach > FAR_DEG else "noticeable"),
            "source",
            f"The target's head is {_turned(name)}, up to {gap[frames].max():.0f}° from anything that the source shows.",
            f"Film ten seconds of the source with the head {_turned(name)}{doing}.",
        )
        yield pair.at(finding, frames, gap, nearest=int(nearest[worst]))
    profile = np.abs(target.pose_deg[:, 0]) > STRONG_PROFILE_DEG
    if pair.long_enough(profile):
        finding = Finding(
            "profile",
            _severity(float(profile.mean()), 1.4),
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


def _mouth(pair: _Pair) -> Iterator[Finding]:
    widest = float(np.quantile(pair.source.mouth, 0.99))
    excess = pair.target.mouth - widest
    frames = excess > MOUTH_GAP
    if pair.long_enough(frames):
        finding = Finding(
            "mouth-open",
            _severity(float(frames.mean()), 1.2 * float(np.quantile(excess[frames], 0.8)) / MOUTH_GAP / 1.5),
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
            _severity(float(frames.mean()), 1.0),
            "source",
            "The target closes the lips; the source never does.",
            "Film the source listening with the lips closed, for ten seconds.",
        )
        yield pair.at(finding, frames, lacking, nearest=int(pair.source.mouth.argmin()))


def _lids(pair: _Pair) -> Iterator[Finding]:
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


def _expressions(pair: _Pair) -> Iterator[Finding]:
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
                _severity(float(frames.mean()), 0.7 * float(np.quantile(excess[frames], 0.8)) / limit, most="noticeable"),
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


def _at_rest(pair: _Pair) -> Iterator[Finding]:
    """A source that smiles all the time: the rest of its face is not known, and everything is measured from it."""
    own, seen = _shape(pair.target, _SMILE), _shape(pair.source, _SMILE)
    least = float(np.quantile(seen, 0.05))
    excess = least - own
    frames = excess > EXPRESSION_GAP
    if pair.long_enough(frames):
        finding = Finding(
            "at-rest",
            _severity(float(frames.mean()), 1.2),
            "source",
            "The source smiles all the time; the target does not, and the source's face at rest is not known.",
            "Film the source with a relaxed face and closed lips, looking around, for ten seconds.",
        )
        yield pair.at(finding, frames, excess, nearest=int(seen.argmin()))


def _unexplained(pair: _Pair) -> Iterator[Finding]:
    """Moments for which the draft finds no fitting picture although none of the single things is lacking: they never come together."""
    for region, limit in NO_FIT.items():
        cost = getattr(pair.fit, region)
        frames = (cost > limit) & ~pair.explained
        if pair.long_enough(frames) and frames.mean() > 0.03:
            worst = int(np.flatnonzero(frames)[cost[frames].argmax()])
            near = np.abs(pair.target.seconds - pair.target.seconds[worst]) < 0.3
            doing = _doing(pair.target, near & frames)
            name = _direction(*np.median(pair.target.pose_deg[near & frames, :2], 0))
            finding = Finding(
                f"no-picture-{region}",
                _severity(float(frames.mean()), 0.6),
                "source",
                f"No picture of the source really fits the target's {_REGION_WORDS[region]} here, though it shows each single thing.",
                f"Let the source do what the target does here: the head {_turned(name)}{doing}.",
            )
            yield pair.at(finding, frames, cost)


# ------------------------------------------------------------------------------------------------ light and picture


def _light(pair: _Pair) -> Iterator[Finding]:
    source, target = pair.source, pair.target
    # a source that is lit from several sides has pictures for each
    usual = float(np.median(target.side))
    difference = usual - float(np.clip(usual, *np.quantile(source.side, (0.2, 0.8))))
    if abs(difference) > LIGHT_GAP:
        yield pair.typical(
            Finding(
                "light-side",
                "serious" if abs(difference) > 3 * LIGHT_GAP else "noticeable",
                "source",
                f"The light comes from another side: the target is lit {_lit(target)}, the source {_lit(source)}.",
                f"Light the source {_lit(target)}, or film it in light that is even on both sides.",
            )
        )
    moves = float(np.ptp(np.quantile(target.side, (0.05, 0.95)))) - float(np.ptp(np.quantile(source.side, (0.05, 0.95))))
    if moves > LIGHT_MOVES:
        badness = np.abs(target.side - np.median(target.side))
        yield pair.at(
            Finding(
                "light-moves",
                "noticeable" if moves > 2 * LIGHT_MOVES else "minor",
                "source",
                "The light on the target's face moves more than on the source's.",
                "Film the source turning slowly on a chair in one fixed light, so that it is seen lit from either side.",
            ),
            badness > np.quantile(badness, 0.9),
            badness,
        )
    for material, about in ((source, "source"), (target, "target")):
        level = float(np.median(material.level))
        if level < DARK or level > BRIGHT:
            wrong, remedy = ("too dark", "more light") if level < DARK else ("overexposed", "less light or a shorter exposure")
            yield pair.typical(
                Finding(
                    "too-dark" if level < DARK else "too-bright",
                    "serious" if about == "source" else "noticeable",
                    "source" if about == "source" else "target",
                    f"The {about}'s face is {wrong}: skin has a brightness of {level:.0f} of 255.",
                    f"Film the {about} with {remedy} on the face.",
                )
            )


def _lit(material: Material) -> str:
    side = float(np.median(material.side))
    strength = "strongly " if abs(side) > 0.5 else ""
    return "evenly" if abs(side) < 0.12 else f"{strength}from the {'right' if side > 0 else 'left'} of the picture"


def _size(pair: _Pair) -> Iterator[Finding]:
    source, target = pair.source, pair.target
    own, wanted = float(np.median(source.height_px)), float(np.quantile(target.height_px, 0.75))
    ratio = own / max(min(wanted, LARGEST_PX), 1.0)
    if ratio < SIZE_SOFT:
        yield pair.typical(
            Finding(
                "source-small",
                "serious" if ratio < SIZE_BLURRED else "noticeable",
                "source",
                f"The source's face is {own:.0f} pixels high, the target's {wanted:.0f}: the result will be "
                + ("blurred." if ratio < SIZE_BLURRED else "softer."),
                f"Film the source closer, so that the face is at least {min(wanted, LARGEST_PX):.0f} pixels high.",
            )
        )
    if wanted < SMALL_PX:
        yield pair.typical(
            Finding(
                "target-small",
                "minor",
                "target",
                f"The target's face is only {wanted:.0f} pixels high: little of the new face will be seen.",
                "Use a version of the target with a higher resolution, if there is one.",
            )
        )
    sharp, needed = float(np.median(source.sharpness)), float(np.median(target.sharpness))
    if sharp < SHARP_GAP * needed and ratio >= SIZE_BLURRED:
        yield pair.typical(
            Finding(
                "source-soft",
                "noticeable",
                "source",
                "The source is much less sharp than the target (out of focus, moving, smoothed or strongly compressed).",
                "Film the source in focus, with more light and less movement, and use the camera's own file.",
            )
        )
    for clip, about in ((source.clip, "source"), (target.clip, "target")):
        if clip.bits_per_pixel < BITS_LOW:
            yield pair.typical(
                Finding(
                    "compressed",
                    "minor",
                    "source" if about == "source" else "target",
                    f"The {about} is strongly compressed ({clip.bits_per_pixel:.3f} bits a pixel).",
                    f"Use the camera's own file of the {about}, not one from a messenger or a web page.",
                )
            )


def _amount(pair: _Pair) -> Iterator[Finding]:
    n, seconds = len(pair.source), pair.source.clip.people_s.get(pair.source.clip.person, 0.0)
    if n < FEW_PICTURES or seconds < SHORT_S:
        yield Finding(
            "few-pictures",
            "serious" if n < TOO_FEW_PICTURES else "noticeable",
            "source",
            f"The source gives only {n} different pictures of the face, in {seconds:.1f} seconds.",
            "Film a minute of the source: talking, laughing, blinking, looking slowly in all directions.",
        )
    unfit = {reason: count for reason, count in pair.source.clip.left_out.items() if reason in ("unsure", "too small", "cut off", "blurred")}
    if sum(unfit.values()) > 0.2 * (sum(unfit.values()) + n):
        yield Finding(
            "left-out",
            "noticeable" if sum(unfit.values()) > n else "minor",
            "source",
            f"Many of the source's pictures are of no use: {', '.join(f'{count} {reason}' for reason, count in unfit.items())}.",
            "Film the source with the face larger, sharp, and wholly in the picture.",
        )


def _hidden(pair: _Pair) -> Iterator[Finding]:
    target = pair.target
    frames = target.hidden > HIDDEN
    if pair.long_enough(frames):
        finding = Finding(
            "target-hidden",
            _severity(float(frames.mean()), 1.2),
            "target",
            "Something (a hand, hair, a thing) is in front of the target's face: the new face may lie over it.",
            "Look at these moments in the result, or use a take in which the face is free.",
        )
        yield pair.at(finding, frames, target.hidden)
    frames = target.outside > OUTSIDE
    if pair.long_enough(frames):
        finding = Finding(
            "target-cut-off",
            _severity(float(frames.mean()), 0.8),
            "target",
            "The target's face leaves the picture in part, where it is followed less surely.",
            "Look at these moments in the result.",
        )
        yield pair.at(finding, frames, target.outside)
    share = float((pair.source.hidden > HIDDEN).mean())
    if share > 0.1:
        row = int(pair.source.hidden.argmax())
        yield Finding(
            "source-hidden",
            "noticeable" if share > 0.35 else "minor",
            "source",
            f"In {_part(share)} of the source's pictures something is in front of the face.",
            "Film the source with hands down and hair out of the face.",
            source_frame=int(pair.source.frame_index[row]),
        )


def _part(share: float) -> str:
    return "nearly all" if share > 0.8 else "more than half" if share > 0.5 else "about a third" if share > 0.25 else "some"


def _videos(pair: _Pair) -> Iterator[Finding]:
    """Other people, and cuts."""
    for clip, about, flag in ((pair.source.clip, "source", "--source-face"), (pair.target.clip, "target", "--face")):
        side: Literal["source", "target"] = "source" if about == "source" else "target"
        if len(clip.people_s) > 1:
            others = ", ".join(f"{who} {seconds:.1f} s" for who, seconds in clip.people_s.items() if who != clip.person)
            yield Finding(
                "several-people",
                "minor",
                side,
                f"Several people are seen in the {about}: {clip.person} is meant ({clip.people_s[clip.person]:.1f} s),"
                f" the others are left out ({others}).",
                f"Make sure that {clip.person} is the right one; if not, name the other with {flag}.",
            )
        if clip.n_shots > 1:
            yield Finding(
                "cuts",
                "minor",
                side,
                f"The {about} has {clip.n_shots - 1} cut{'s' if clip.n_shots > 2 else ''}"
                + (": light and camera may differ from shot to shot." if about == "source" else ": every shot is judged and swapped for itself."),
                "Use one take in one light." if about == "source" else "Look at the first pictures after each cut.",
            )


# -------------------------------------------------------------------------------------------------------- forecast


def _forecast(findings: Sequence[Finding], coverage: dict[str, float]) -> tuple[Outlook, str]:
    """Good, usable or weak; and why."""
    serious = [finding for finding in findings if finding.severity == "serious"]
    noticeable = [finding for finding in findings if finding.severity == "noticeable"]
    least = min(coverage.values())
    if serious or least < 0.6:
        said = serious or noticeable
        return "weak", " ".join(finding.lacking for finding in said[:2]) or "For much of the target the source has no fitting picture."
    if noticeable or least < 0.85:
        return "usable", " ".join(
            finding.lacking for finding in noticeable[:2]
        ) or "For some moments of the target the source has no fitting picture."
    return "good", "The source shows nearly everything that the target does, in similar light and large enough."
