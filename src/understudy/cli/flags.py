"""The flags that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from .support import Quality

ProjectFlag = Annotated[Path, Parameter(name="--project", help="The project folder.")]
OutFlag = Annotated[Path, Parameter(name=["--out", "-o"], help="Where the result goes (.mp4, .mov, .m4v or .mkv).")]
SetFlag = Annotated[
    tuple[str, ...], Parameter(name="--set", help="Any setting, as NAME=VALUE; may be repeated. `--NAME VALUE` does the same: --encode.crf 20.")
]
QualityFlag = Annotated[Quality | None, Parameter(help="The one dial: draft (at once, no training), standard (minutes), broadcast (hours).")]
UntilFlag = Annotated[
    Literal["time", "good", "best"] | None,
    Parameter(help="When training stops: time (the minutes asked for), good (called good), best (more will not help). The setting train.until."),
]
MinutesFlag = Annotated[float | None, Parameter(help="Minutes of training in all (the setting train.minutes).")]
ForceFlag = Annotated[bool, Parameter(help="Replace the file that is at the output's place.")]
FaceFlag = Annotated[
    str | None, Parameter(name="--face", help="Whom to give the new face in the target: p1, p2 …, a name from `people`, or a picture of the person.")
]
SourceFaceFlag = Annotated[
    str | None, Parameter(name="--source-face", help="Whose face to take from the source: p1, p2 …, a name from `people`, or a picture.")
]
