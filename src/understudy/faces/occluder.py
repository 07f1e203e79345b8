"""What lies before a face: the parsing network's classes, put right by the picture's own edges where a hand or a thing reaches over the skin.

A hand has the colour of the face, so the network is unsure where one ends and the other begins, and takes single fingers for the face. Between
what is surely the one and surely the other the cheapest cut is made that follows the edges and the colours of this very picture (Rother et
al., "GrabCut", SIGGRAPH 2004). A single finger then still stands out as a narrow valley in the lead that the network gives to the face.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..types import F32, U8
from .masks import around_eyes, hull, own_share
from .segment import BODY_SKIN, CLOTHES, FACE_SKIN, OTHER, class_scores, in_crop

_THINGS = (BODY_SKIN, CLOTHES, OTHER)
_LEAST_PX = 60
"""About 1.5 % of a face in a crop of 128 px: less is the neck beside the chin."""
_RIM = 5
"""Width of the brush that draws the mesh's outline in: beside it the neck and the collar begin."""
_REACH = 25
"""Width of the brush that says how far from what was parsed the rest of a hand may lie."""
_SURE_FACE, _SURE_THING = 3.0, -0.5
"""How much higher the face's score must be than the other's for surely the face, and how much for surely the other ..."""
_RATHER_FACE = 2.0
"""... and from which it is rather the face: where the network is sure, it leads by 4."""
_VALLEY, _FINGER_PX, _DOUBT = 1.5, 15, 2.0
"""A finger is a valley of the lead at least so deep and at most so wide, in which the lead is below the last of the three."""
_EVEN = 0.5
"""A lead below which the network itself hardly believes in the face; the cut does not overrule that."""
_SEED = 1


def parsed(head: U8, landmarks: F32) -> U8:
    """Classes (128, 128) uint8 in the standard crop, from what `segment.head_of` cut and its mesh (478, 3) in that crop at 128 px."""
    return refined(class_scores(head), np.asarray(in_crop(head), np.uint8), landmarks)


def refined(scores: F32, rgb: U8, landmarks: F32) -> U8:
    """The class of each pixel, from `scores` (128, 128, 6) and the picture (128, 128, 3), the mesh (478, 3) being there.

    Where nothing lies before the face that is simply the class of the highest score.
    """
    classes = scores.argmax(-1).astype(np.uint8)
    thing = _before(classes, landmarks)
    if cv2.countNonZero(thing) < _LEAST_PX:
        return classes
    lead = scores[..., FACE_SKIN] - scores[..., _THINGS].max(-1)
    face = own_share(classes, landmarks) > 0
    near = cv2.dilate(thing, np.ones((_REACH, _REACH), np.uint8)) > 0
    others = _others(classes, landmarks)
    judged = near & ((classes == FACE_SKIN) | others)
    marks = np.where(face, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
    unsure = judged & (lead < _SURE_FACE) & (lead > _SURE_THING)
    marks[unsure & (lead > _RATHER_FACE)] = cv2.GC_PR_FGD
    marks[unsure & (lead <= _RATHER_FACE)] = cv2.GC_PR_BGD
    if not ((marks == cv2.GC_FGD).any() and (marks == cv2.GC_BGD).any()):
        return classes
    cv2.setRNGSeed(_SEED)  # its clusters start at random
    cv2.grabCut(rgb, marks, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 1, cv2.GC_INIT_WITH_MASK)
    own = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
    out = classes.copy()
    finger = (lead < _DOUBT) & (_filled(lead) - lead > _VALLEY)
    out[judged & (classes == FACE_SKIN) & (~own | finger | (lead < _EVEN))] = BODY_SKIN
    return out


def _filled(lead: F32) -> np.ndarray:
    """The lead with its narrow valleys filled up."""
    return cv2.morphologyEx(lead, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_FINGER_PX, _FINGER_PX)))


def comes_before(classes: U8, landmarks: F32) -> bool:
    """Whether a hand or a thing (glasses apart) lies before the face: classes (128, 128), mesh (478, 3) in the crop at 128 px."""
    return cv2.countNonZero(_before(classes, landmarks)) >= _LEAST_PX


def _before(classes: U8, landmarks: F32) -> U8:
    """1 where something lies well inside the mesh that is neither face nor hair."""
    deep = cv2.erode(hull(landmarks), np.ones((_RIM, _RIM), np.uint8)) > 127
    return (_others(classes, landmarks) & deep).astype(np.uint8)


def _others(classes: U8, landmarks: F32) -> np.ndarray:
    return np.isin(classes, _THINGS) & (around_eyes(landmarks) == 0)
