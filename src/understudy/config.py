"""Every setting, once. The flag, the `project.toml` key, the help text and docs/settings.md all come from here.

A setting's plain name is its `title`, its explanation the string under its field. Precedence: flag > `project.toml` > quality > default. The one dial
is `quality`; it sets the rest by `QUALITIES`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from .errors import BadSetting, UnknownSetting
from .types import Quality


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class VideoSettings(_Section):
    """How the video is cut into shots."""

    shot_threshold: Annotated[float, Field(title="Change that counts as a cut", ge=1.0, le=20.0)] = 3.0
    """How strongly the picture must change, relative to its surroundings, to count as a cut. Lower finds more cuts."""


class FaceSettings(_Section):
    """How faces are found and followed."""

    detect_every: Annotated[int, Field(title="Frames between two searches", ge=1, le=500)] = 15
    """Look for new faces every this many frames; in between, known faces are followed by their mesh."""
    detect_long_side: Annotated[int, Field(title="Picture size for the search", ge=160, le=2560)] = 640
    """Longest side of the picture in which faces are searched, in pixels. Larger finds smaller faces and takes longer."""
    detect_score: Annotated[float, Field(title="Certainty that it is a face", ge=0.3, le=0.99)] = 0.7
    """How sure the detector must be."""
    parse_every: Annotated[int, Field(title="Frames between two masks", ge=1, le=100)] = 32
    """Tell skin from hair and hands at least every this many frames, sooner where the head turns or something comes before the face; it is
    carried along in between."""


class FacesetSettings(_Section):
    """Which pictures of the source's face are kept."""

    max_faces: Annotated[int, Field(title="Most pictures", ge=16, le=20000)] = 1200
    """At most this many pictures; the most different ones are kept."""
    size: Annotated[int, Field(title="Size of a picture", ge=0, le=1024, multiple_of=64)] = 0
    """Side of a face picture in pixels; 0 takes what the material deserves (never enlarged beyond 1:1)."""
    min_sharpness: Annotated[float, Field(title="Least sharpness", ge=0.0, le=1.0)] = 0.4
    """Leave out pictures less sharp than this share of the person's median."""


class SwapSettings(_Section):
    """How the source's face is put under the target's performance."""

    swapper: Annotated[Literal["draft", "trained"], Field(title="Way of swapping")] = "trained"
    """draft: pictures of the source, warped; no training. trained: the draft, corrected by a network that learns this person."""
    light: Annotated[float, Field(title="Light of the target", ge=0.0, le=1.0)] = 1.0
    """How far the face takes the target's light and colour; 0 keeps the source's own."""


class TrainSettings(_Section):
    """How the network learns the person."""

    minutes: Annotated[float, Field(title="Minutes of training", ge=0.0, le=10080.0)] = 3.0
    """Train for this many minutes in all. Not used where `rounds` is set."""
    rounds: Annotated[int, Field(title="Rounds of training", ge=0, le=100000)] = 0
    """Train for exactly this many rounds in all (0: by `minutes`). The same rounds and seed give the same result on any run of a machine."""
    until: Annotated[Literal["time", "good", "best"], Field(title="When to stop")] = "time"
    """When to stop. time: when `minutes` or `rounds` are full. good: when the result is called good. best: when more will not help.
    With good, too, it stops when more will not help; and with both after eight hours."""
    faces_per_round: Annotated[int, Field(title="Pictures in a round", ge=16, le=100000)] = 384
    """Pictures seen in one round; a round ends with a preview, a measurement and a checkpoint."""
    batch: Annotated[int, Field(title="Pictures in a step", ge=1, le=256)] = 8
    """Pictures in one step."""
    size: Annotated[int, Field(title="Size of the trained picture", ge=128, le=512, multiple_of=64)] = 256
    """Side of the trained picture in pixels."""
    learning_rate: Annotated[float, Field(title="Learning rate", gt=0.0, le=0.1)] = 0.002
    """Step length at the start."""
    seed: Annotated[int, Field(title="Seed of chance")] = 1
    """Start of all random choices."""
    threads: Annotated[int, Field(title="Processor threads", ge=0, le=256)] = 0
    """Processor threads to use; 0 takes all."""
    processes: Annotated[int, Field(title="Processes", ge=1, le=64)] = 1
    """Processes that share each step: each takes a part of its pictures and of the threads, and their gradients are added up. Each needs memory
    of its own. For machines with many cores; the result is the same but for the last bits."""
    keep: Annotated[int, Field(title="Checkpoints kept", ge=2, le=100)] = 3
    """How many of the newest checkpoints are kept (the best one is kept besides)."""


class MergeSettings(_Section):
    """How the face is put back into the frame."""

    feather: Annotated[float, Field(title="Soft seam", ge=0.0, le=0.5)] = 0.08
    """Width of the soft seam, as a share of the face's width."""
    colour: Annotated[float, Field(title="Colour match", ge=0.0, le=1.0)] = 1.0
    """How far the face's overall colour is matched to the target's, steadily over a shot."""
    strength: Annotated[float, Field(title="Strength", ge=0.0, le=1.0)] = 1.0
    """How much of the source's face is shown; 0 is the target untouched."""
    mode: Annotated[Literal["overlay", "seamless", "hist-match", "raw"], Field(title="Way of laying on")] = "overlay"
    """overlay: colour and texture matched, laid on. seamless: besides, what differs along the border is spread over the face (Poisson).
    hist-match: each colour's distribution matched. raw: as the swapper made it, nothing matched."""
    transfer: Annotated[Literal["own", "none", "rct", "lct", "mkl", "idt", "sot"], Field(title="Colour transfer")] = "own"
    """Colour transfer of the modes overlay and seamless. own: Understudy's, by light and border. none: no transfer. The others as in DeepFaceLab,
    but steady over time."""
    erode: Annotated[float, Field(title="Smaller mask", ge=-0.2, le=0.4)] = 0.0
    """Draws the mask in by this share of the face's width; below 0 it grows, as far as the swapped face reaches."""
    face_scale: Annotated[float, Field(title="Size of the face", ge=0.8, le=1.2)] = 1.0
    """Makes the swapped face larger or smaller around its middle."""
    output_scale: Annotated[float, Field(title="Fineness of the face", ge=0.1, le=1.0)] = 1.0
    """Below 1 the face is reduced to this share of its pixels and enlarged again: softer, for targets that were enlarged themselves."""
    sharpen: Annotated[float, Field(title="Sharpness", ge=-1.0, le=1.0)] = 0.0
    """Sharper (above 0) or softer (below 0) than the target's own sharpness, to which the face is matched before."""


class EncodeSettings(_Section):
    """How the result is written."""

    codec: Annotated[Literal["h264", "hevc", "av1", "prores"], Field(title="Picture codec")] = "h264"
    """Picture codec. A 10-bit target gives a 10-bit result in each. av1 goes into mp4 and mkv, prores (for cutting) into mov and mkv."""
    quality: Annotated[Literal["small", "good", "best", "lossless"], Field(title="Quality of the file")] = "good"
    """small: visibly coded on a close look. good: hard to tell from the original. best: for further work. lossless: every sample as it was made
    (not for prores). For prores: 422, 422 HQ, and for best 4444 where the target has full colour."""
    crf: Annotated[int, Field(title="Number of quality", ge=-1, le=63)] = -1
    """The codec's own number of quality in place of the word: lower is better and larger (h264, hevc: up to 51). -1: as `quality` says."""
    bitrate: Annotated[int, Field(title="Bitrate", ge=0, le=2000000)] = 0
    """Kilobits a second to keep to in place of a quality. 0: as `quality` or `crf` says. Not for prores."""
    preset: Annotated[Literal["ultrafast", "veryfast", "fast", "medium", "slow"], Field(title="Speed of writing")] = "fast"
    """Slower makes smaller files of the same quality."""


class LabelSettings(_Section):
    """The visible label. It cannot be turned off."""

    language: Annotated[Literal["en", "nl"], Field(title="Language of the label")] = "en"
    """en: AI MODIFIED. nl: with the second line GEMANIPULEERD."""
    place: Annotated[Literal["top-right", "top-left", "bottom-right", "bottom-left"], Field(title="Corner of the label")] = "top-right"
    """The corner in which it stands. Another one than the top right needs a reason."""
    reason: Annotated[
        Literal["none", "channel-logo", "subtitles", "sign-language", "face-covered"], Field(title="Reason for another corner", validate_default=True)
    ] = "none"
    """Why it does not stand at the top right: a channel's logo, subtitles or a sign-language interpreter are there, or it would cover the face.
    It is kept in the ledger."""

    @field_validator("reason")
    @classmethod
    def _reason_for_place(cls, reason: str, others: ValidationInfo) -> str:
        if reason == "none" and others.data.get("place", "top-right") != "top-right":
            raise PydanticCustomError("reason", "A label that does not stand at the top right needs a reason, which the ledger keeps.")
        return reason


class HouseSettings(_Section):
    """Who answers for the production: stands on forms and pages about it."""

    name: Annotated[str, Field(title="Name", max_length=200)] = ""
    """Name of the newsroom, broadcaster or maker."""
    contact: Annotated[str, Field(title="Contact", max_length=200)] = ""
    """Where questions, withdrawals and complaints go: a mail address, a telephone number or a place. It stands in the Content Credentials, too."""


class CredentialsSettings(_Section):
    """The signed statement that goes along with a video."""

    time_server: Annotated[str, Field(title="Time server", pattern=r"^(https?://\S+)?$")] = ""
    """Address of a time server (RFC 3161), which vouches for the time of signing. It is the one thing asked over the network, and only where it
    is set; it gets a hash. Without one there is no trusted time."""
    origins: Annotated[Literal["keep", "leave-out"], Field(title="What the two videos carry")] = "keep"
    """keep: Content Credentials that the two videos carry go along, without their thumbnails and without what names a person or the original file.
    leave-out: they do not, for a protected source; that there were some, and whether they held, is said."""


class Settings(_Section):
    """All settings of a project."""

    quality: Annotated[Quality, Field(title="Quality")] = "standard"
    """The one dial. draft: at once, no training. standard: a few minutes of training. broadcast: hours, larger and finer."""
    video: VideoSettings = VideoSettings()
    faces: FaceSettings = FaceSettings()
    faceset: FacesetSettings = FacesetSettings()
    swap: SwapSettings = SwapSettings()
    train: TrainSettings = TrainSettings()
    merge: MergeSettings = MergeSettings()
    encode: EncodeSettings = EncodeSettings()
    label: LabelSettings = LabelSettings()
    house: HouseSettings = HouseSettings()
    credentials: CredentialsSettings = CredentialsSettings()


def wants_training(settings: Settings) -> bool:
    """Whether a network is to be trained."""
    return settings.swap.swapper == "trained" and (settings.train.minutes > 0 or settings.train.rounds > 0 or settings.train.until != "time")


QUALITIES: dict[str, dict[str, Any]] = {
    "draft": {"swap.swapper": "draft", "train.minutes": 0.0},
    "standard": {},
    "broadcast": {"train.minutes": 480.0, "train.size": 384, "encode.quality": "best", "encode.preset": "slow", "faceset.max_faces": 4000},
}


def walk(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (`section.name`, pydantic FieldInfo) for every single setting, in order."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from walk(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", info


NAMES: tuple[str, ...] = tuple(name for name, _ in walk())


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested tree as `section.name` and values."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *sections, name = key.split(".")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
        node[name] = value
    return tree


def check_name(name: str) -> str:
    """Return `name` if a setting is called so, else raise UnknownSetting with the nearest real name."""
    if name in NAMES:
        return name
    by_tail = {full.rsplit(".", 1)[-1]: full for full in NAMES}
    # the right name in the wrong section is nearer than anything spelled alike
    tail = name.rsplit(".", 1)[-1]
    near = [tail] if tail in by_tail else difflib.get_close_matches(name, [*NAMES, *by_tail], n=1, cutoff=0.5)
    suggestion = by_tail.get(near[0], near[0]) if near else None
    raise UnknownSetting(
        f"There is no setting called '{name}'.",
        remedy=f"did you mean '{suggestion}'?" if suggestion else "docs/settings.md lists all settings",
    )


def settings_from(file: Mapping[str, Any] | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Combine the quality's presets, a file's tree and flat `section.name` flags into Settings.

    Raises UnknownSetting or BadSetting, each with the remedy.
    """
    from_file, from_flags = flatten(file or {}), dict(flags or {})
    for name in (*from_file, *from_flags):
        check_name(name)
    quality = from_flags.get("quality", from_file.get("quality", "standard"))
    preset = QUALITIES.get(quality, {}) if isinstance(quality, str) else {}
    try:
        return Settings.model_validate(_nested({**preset, **from_file, **from_flags}))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadSetting(
            f"The setting '{name}' cannot be {first['input']!r}.",
            why=first["msg"],
            remedy=f"see '{name}' in docs/settings.md",
        ) from None


def differences(settings: Settings) -> dict[str, Any]:
    """The settings that differ from what their quality gives, as a nested tree: what belongs into `project.toml`."""
    base = flatten(settings_from(flags={"quality": settings.quality}).model_dump())
    mine = flatten(settings.model_dump())
    changed = {name: value for name, value in mine.items() if value != base[name]}
    return _nested({"quality": settings.quality, **changed} if settings.quality != "standard" else changed)


def read_toml(path: Path) -> dict[str, Any]:
    """The tree in a TOML file; BadSetting with the line where it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path.name} cannot be read.", why=str(error), remedy=f"correct that line in {path}") from None
