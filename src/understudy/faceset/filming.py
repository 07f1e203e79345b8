"""How the two videos are filmed: light, size and sharpness, how much there is, what hides the face, glasses, other people and cuts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from .finding import Finding
from .material import Material
from .pair import Pair, severity

LIGHT_GAP = 0.18
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


def _light(pair: Pair) -> Iterator[Finding]:
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


def _size(pair: Pair) -> Iterator[Finding]:
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


def _amount(pair: Pair) -> Iterator[Finding]:
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


def _hidden(pair: Pair) -> Iterator[Finding]:
    target = pair.target
    frames = target.hidden > HIDDEN
    if pair.long_enough(frames):
        finding = Finding(
            "target-hidden",
            severity(float(frames.mean()), 1.2),
            "target",
            "Something (a hand, hair, a thing) is in front of the target's face: the new face may lie over it.",
            "Look at these moments in the result, or use a take in which the face is free.",
        )
        yield pair.at(finding, frames, target.hidden)
    frames = target.outside > OUTSIDE
    if pair.long_enough(frames):
        finding = Finding(
            "target-cut-off",
            severity(float(frames.mean()), 0.8),
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


def _glasses(pair: Pair) -> Iterator[Finding]:
    """Only where both are known."""
    source, target = pair.source.clip.glasses, pair.target.clip.glasses
    if source and target is False:
        yield pair.typical(
            Finding(
                "glasses-source",
                "noticeable",
                "source",
                "The source wears glasses and the target does not: traces of the frame may be seen in the new face.",
                "Film the source without glasses.",
            )
        )
    if target and source is False:
        yield pair.typical(
            Finding(
                "glasses-target",
                "noticeable",
                "target",
                "The target wears glasses and the source does not: at the rims and behind the glass the new face may be seen to be laid on.",
                "Look at the eyes in the result, or use a take without glasses; a source with glasses does not help.",
            )
        )


def _part(share: float) -> str:
    return "nearly all" if share > 0.8 else "more than half" if share > 0.5 else "about a third" if share > 0.25 else "some"


def _videos(pair: Pair) -> Iterator[Finding]:
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


RULES = (_light, _size, _amount, _hidden, _glasses, _videos)
