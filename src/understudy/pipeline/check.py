"""The data doctor over a project: both videos are measured, compared, and the report gets its pictures. Nothing is trained, rendered or altered."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ..faces.align import crop_matrices, take_crop
from ..faceset.finding import Finding
from ..faceset.report import Report, compare
from ..types import U8
from ..video.read import read_frames
from .extract import Person, collect, find_person
from .job import Job
from .media import Footage
from .survey import fit_of, material_of, usable

_TILE = 192


def check(job: Job, source: Footage, target: Footage) -> Report:
    """What the target asks for that the source does not show. Faces found before are not looked for again.

    Raises the MediaErrors and FaceErrors of extraction, TooFewFaces where the source gives nothing to judge.
    """
    lender, performer = find_person(job, source), find_person(job, target)
    faceset = collect(job, source, lender)
    left_out = {row.stage: row for row in job.rows}["faceset"].report["left_out"]
    shown, places = usable(material_of(source, lender, left_out=left_out), faceset)
    report = compare(shown, material_of(target, performer), fit_of(performer.own_tracks, faceset, places, settings=job.settings.swap))
    return with_pictures(report, source=(source, lender), target=(target, performer))


def with_pictures(report: Report, *, source: tuple[Footage, Person], target: tuple[Footage, Person]) -> Report:
    """The report with the face at every finding's moment, and the source's nearest, as small JPEG pictures."""
    sources = _tiles(*source, [finding.source_frame for finding in report.findings])
    targets = _tiles(*target, [finding.target_frame for finding in report.findings])

    def filled(finding: Finding) -> Finding:
        return replace(
            finding,
            source_picture=sources.get(finding.source_frame) if finding.source_frame is not None else None,
            target_picture=targets.get(finding.target_frame) if finding.target_frame is not None else None,
        )

    return replace(report, findings=tuple(filled(finding) for finding in report.findings))


def _tiles(footage: Footage, person: Person, frames: list[int | None]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for wanted in sorted({frame for frame in frames if frame is not None}):
        track = next(track for track in person.own_tracks if wanted in track.frame_index)
        mesh = track.landmarks[int(np.searchsorted(track.frame_index, wanted))]
        for frame in read_frames(footage.path, start_index=wanted, end_index=wanted + 1, depth=8, info=footage.info):
            if frame.rgb is not None:
                found[wanted] = _jpeg(take_crop(frame.rgb, crop_matrices(mesh, size=_TILE), size=_TILE).rgb)
    return found


def _jpeg(rgb: U8) -> bytes:
    return cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()
