"""The only door out: rendered faces and the target become one labelled, signed, logged video.

The video is written beside its final place under a hidden name, signed, flushed, announced in the ledger, renamed, entered in the
ledger. A kill at any moment leaves either no result or a complete, signed one; running again then goes on or finds it done.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config import EncodeSettings, Settings
from ..errors import OutputExists, OutputNotWritable, StepMissing
from ..events import Context, Meter
from ..files import part_of, sha256_file, sync_folder, translate
from ..types import LabelledVideo, Permit, Planes, VideoInfo
from ..video.ahead import ahead
from ..video.codecs import check_encoding
from ..video.color import paint
from ..video.read import frame_pts, read_frames
from ..video.write import write_video
from . import credentials, gate, keys, ledger
from .credentials import EMBEDDED, SOURCE_TYPE, Statement, Terms, sidecar_of
from .label import Label, label_for, label_spans
from .mark.embed import Marker
from .mark.fingerprint import Sampler, pack
from .production import NO_TIME, AlteredFrames, about, admitted, agreements, inputs_of, new_number, statement_of, terms_of
from .signer import Signer
from .xmp import matroska_tags


def check_output(out: Path, *, inputs: Sequence[Path], overwrite: bool, encode: EncodeSettings | None = None, run_key: str = "") -> None:
    """Raise what would stop `publish` from writing `out`: OutputFormat, BadSetting, OutputExists, OutputNotWritable. Quick: ask it before long work.

    What an earlier run of the same work (`run_key`) published there is not in the way.
    """
    check_encoding(out, encode or EncodeSettings())
    if out.is_dir():
        raise OutputExists(f"{out} is a folder.", remedy="give the name of a file, ending in .mp4 for example")
    for path in inputs:
        if out.exists() and path.exists() and out.samefile(path):
            raise OutputExists(f"{out} is one of the videos that the result is made from.", remedy="choose another name with -o")
    if out.exists() and not overwrite and not (run_key and published(out, run_key=run_key)):
        raise OutputExists(f"{out} is already there.", why="Nothing is overwritten unasked.", remedy="choose another name with -o, or add --force")
    sidecar = None if out.suffix.lower() in EMBEDDED else sidecar_of(out)
    if sidecar is not None and sidecar.exists() and not overwrite and not out.exists() and not credentials.is_our_sidecar(sidecar):
        raise OutputExists(f"{sidecar} is already there.", why="The result's credentials would take its place.", remedy="choose another name with -o")
    _check_folder(out)


def _check_folder(out: Path) -> None:
    """Whether a file can be made beside `out`. Its folder may still be absent; then it can be made."""
    folder = out.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise OutputNotWritable(f"{out} cannot be written.", why=f"{folder} is a file, not a folder.", remedy="choose another folder with -o")
    # as long as the longest name that the work will use
    probe = folder / f"..{out.stem}.{secrets.token_hex(4)}.part{out.suffix}"
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        probe.unlink()
    except OSError as error:
        meant = translate(error, out)
        if meant is not error:
            raise meant from error
        # the system's own folders say "no such file" to anything new; names can be too long
        raise OutputNotWritable(f"{out} cannot be written.", why=error.strerror or "", remedy="choose another folder or name with -o") from error


def published(out: Path, *, run_key: str = "") -> LabelledVideo | None:
    """What the ledger knows of the file at `out`, if it is, byte for byte, one that was published here (by the work `run_key`, if given)."""
    if not out.is_file():
        return None
    row = ledger.find_file(sha256_file(out))
    if row is None or (run_key and row.body.get("run_key") != run_key):
        return None
    sidecar = None if out.suffix.lower() in EMBEDDED else sidecar_of(out)
    return _labelled(out, sidecar, row) if sidecar is None or sidecar.is_file() else None


def publish(
    target: Path,
    info: VideoInfo,
    out: Path,
    *,
    patches: AlteredFrames,
    permits: Sequence[Permit],
    settings: Settings,
    sources: Sequence[Path],
    model_id: str,
    context: Context,
    overwrite: bool = False,
    run_key: str = "",
    cuts: Collection[int] = (),
    signer: Signer | None = None,
) -> LabelledVideo:
    """Write `target` with `patches` and the visible label to `out`, sign it, and enter it in the ledger.

    `permits`: of everybody whose face is shown (`sources`), and of everybody whose performance is changed; all must cover publishing today.
    Outside patches and label the colours that go to the encoder are the target's own; the luma of every frame carries the invisible mark.
    `run_key` names the work, so that a repeated run finds its own result. Frames whose pts are in `cuts` become key frames.
    `signer`: who signs in place of this machine's key (or the newsroom's).

    Sources, target and the pictures that are written pass the refusal check (`gate`) here, whatever was looked at before.

    Raises ConsentMissing, ConsentScope, ConsentExpired, ConsentRevoked; RefusedMaterial, WeightsMissing, WeightsAltered; OutputExists,
    OutputFormat, BadSetting, OutputNotWritable, DiskFull, OutputError; StepMissing where nothing was rendered; CredentialsError; LedgerBroken;
    Interrupted; and what reading raises.
    """
    agreed = agreements(permits)
    keys.make_keys()
    ledger.recover()
    ledger.check_end()
    check_output(out, inputs=(target, *sources), overwrite=overwrite, encode=settings.encode, run_key=run_key)
    _clear(out)
    done = published(out, run_key=run_key) if run_key else None
    if done is not None:
        return done
    altered = patches.frames()
    if not altered:
        raise StepMissing("There are no rendered faces to publish.", remedy="run first: understudy render")
    label = label_for(info, settings.label, patches)
    looked = admitted(sources, target, info, context)
    watcher = gate.Watcher(f"the result {out.name}", duration=float(info.duration))
    with Meter(context, "publish", "Writing the video", info.n_frames) as meter:
        _warn(meter, label, target)
        unsigned = _unsigned(out)
        try:
            spans = label_spans([pts * info.time_base for pts in frame_pts(target)], altered)
            number, sampler = new_number(run_key), Sampler(info.duration)
            written = write_video(
                unsigned,
                _counted(_pictures(target, info, patches, label, spans, watcher, marker=Marker(number), sampler=sampler), meter),
                info=info,
                encode=settings.encode,
                audio_from=target,
                context_check=context.check,
                note=lambda message: meter.note(message, warning=True),
                cuts=cuts,
                # where no box can be added after writing
                tags=None if out.suffix.lower() in EMBEDDED else matroska_tags(SOURCE_TYPE),
            )
            looked["result"] = gate.refuse_unless_passed(watcher.verdict(), watcher.what)
            _tell_of_holes(meter, target, written)
            meter.note("Signing")
            body: dict[str, Any] = {
                **about(agreed, label, model_id),
                **inputs_of(target, sources),
                "refusal_check": {"rules": gate.RULES, **{name: verdict.as_dict() for name, verdict in looked.items()}},
                "n_frames": written,
                "n_altered": len(altered),
                "labelled_frames": spans,
                "watermark": f"{number:08x}",
                "fingerprint": pack(sampler.samples),
                "run_key": run_key,
                "out": str(out.resolve()),
            }
            context.check()
            # writing may have taken hours
            agreements(permits)
            terms = terms_of(agreed, settings, signer)
            row, sidecar = _sign_and_place(unsigned, out, body, statement_of(body, agreed, settings), terms, target=target, sources=sources)
            if settings.credentials.time_server and not row.body["trusted_time"]:
                meter.note(NO_TIME, warning=True)
        finally:
            _clear(out)
        return _labelled(out, sidecar, row)


def _unsigned(out: Path) -> Path:
    return out.with_name(f".{out.stem}.unsigned{out.suffix}")


def _clear(out: Path) -> None:
    """Remove what this run, or one that was killed, left unfinished beside `out`."""
    if out.parent.is_dir():
        for begun in (_unsigned(out), part_of(_unsigned(out)), part_of(out), part_of(sidecar_of(out)), part_of(part_of(sidecar_of(out)))):
            begun.unlink(missing_ok=True)


def _pictures(
    target: Path,
    info: VideoInfo,
    patches: AlteredFrames,
    label: Label,
    spans: Sequence[tuple[int, int]],
    watcher: gate.Watcher,
    *,
    marker: Marker,
    sampler: Sampler,
) -> Iterator[tuple[Planes, int]]:
    """Every frame with its patches, then the invisible mark, then, in the labelled stretches, the label on top, whose contrast stays whole.

    The refusal check sees each as it is written.
    """
    stretches = iter(spans)
    stretch = next(stretches, None)
    for frame in read_frames(target, want="planes", info=info):
        assert frame.planes is not None
        while stretch is not None and frame.index > stretch[1]:
            stretch = next(stretches, None)
        layers = patches.at(frame.index)
        picture = paint(frame.planes, layers) if layers else frame.planes
        picture = replace(picture, y=marker.mark(picture.y, info.color.bit_depth))
        if stretch is not None and frame.index >= stretch[0]:
            picture = paint(picture, [label.patch])
        sampler.see(picture.y, frame.time)
        watcher.see(picture, float(frame.time))
        if watcher.settled:
            gate.refuse_unless_passed(watcher.verdict(), watcher.what)
        yield picture, frame.pts


def _counted(pictures: Iterator[tuple[Planes, int]], meter: Meter) -> Iterator[tuple[Planes, int]]:
    """The pictures, made ahead while the encoder works on those before."""
    for picture in ahead(pictures):
        yield picture
        meter.step()


def _tell_of_holes(meter: Meter, target: Path, written: int) -> None:
    lost = len(frame_pts(target)) - written
    if lost > 0:
        what = "One frame" if lost == 1 else f"{lost} frames"
        meter.note(
            f"{what} of {target.name} could not be decoded and {'is' if lost == 1 else 'are'} missing; all others keep their time.", warning=True
        )


def _warn(meter: Meter, label: Label, target: Path) -> None:
    if label.lost_in:
        meter.note(
            f"If the result is later cropped to {', '.join(label.lost_in)}, the label is no longer whole in it; crop the target first instead.",
            warning=True,
        )
    origin = credentials.read(target)
    if origin.state == "invalid" or origin.broken_origins:
        meter.note(
            "The target's own Content Credentials do not hold: it was altered after it was signed. The result's credentials will say so.",
            warning=True,
        )


def _sign_and_place(
    unsigned: Path, out: Path, body: dict[str, Any], statement: Statement, terms: Terms, *, target: Path, sources: Sequence[Path]
) -> tuple[ledger.Row, Path | None]:
    """Sign, and give the file its final name between announcing and entering it in the ledger."""
    sidecar = None if out.suffix.lower() in EMBEDDED else sidecar_of(out)
    part = part_of(out)
    sidecar_part = part_of(sidecar) if sidecar else None
    try:
        if sidecar_part is None:
            done = credentials.sign(unsigned, part, sidecar=None, target=target, sources=sources, statement=statement, terms=terms)
            _flush(part)
        else:
            done = credentials.sign(unsigned, unsigned, sidecar=sidecar_part, target=target, sources=sources, statement=statement, terms=terms)
            unsigned.replace(part)
        body |= {"file_sha256": sha256_file(part), "bytes": part.stat().st_size, "manifest_id": done.manifest_id, "trusted_time": done.trusted_time}
        with ledger.announced(body, out):
            if sidecar is not None and sidecar_part is not None:
                # an older result and the new one's credentials must never stand side by side
                out.unlink(missing_ok=True)
                sidecar_part.replace(sidecar)
            part.replace(out)
            sync_folder(out.parent)
    except OSError as error:
        raise translate(error, out) from error
    row = ledger.find_file(body["file_sha256"])
    assert row is not None
    return row, sidecar


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _labelled(out: Path, sidecar: Path | None, row: ledger.Row) -> LabelledVideo:
    body = row.body
    return LabelledVideo(
        path=out,
        sha256=body["file_sha256"],
        label=body["label"],
        manifest_id=body["manifest_id"],
        sidecar=sidecar,
        consent_ids=tuple(body["consent_ids"]),
        ledger_row=row.hash,
        n_frames=body["n_frames"],
        n_altered=body["n_altered"],
    )
