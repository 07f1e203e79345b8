"""What notebooks and programs import: one function for each command, over one project folder.

    from pathlib import Path
    from understudy import api
    result = api.swap(Path("her.mp4"), Path("performance.mp4"), Path("out.mp4"), consents=[Path("her.consent.json"), Path("actor.consent.json")])

`settings` are flat: {"train.minutes": 10}; `context` takes the events (see `events`). Every error is one of `errors`.
"""

from ..doctor import examine as doctor
from ..faceset.report import Report as CheckReport
from ..faceset.report_page import page as check_page
from ..pipeline.forget import Forgotten
from ..pipeline.session import Preview
from ..pipeline.shotsettings import ShotSettings
from ..pipeline.status import Status
from ..provenance.consent import ConsentRecord
from ..provenance.layers import ExportedLayers
from ..verify.report import Report, verify
from ..verify.trace import Trace, trace
from .look import check
from .machine import setup
from .preview import close_previews, frame, preview
from .shots import ShotState, list_shots, set_shot_settings
from .steps import add, extract, layers, new, publish, render, status, train
from .trust import consent_add, consent_new, consent_revoke, consent_show, forget
from .whole import Swapped, swap

__all__ = [
    "CheckReport",
    "ConsentRecord",
    "ExportedLayers",
    "Forgotten",
    "Preview",
    "Report",
    "ShotSettings",
    "ShotState",
    "Status",
    "Swapped",
    "Trace",
    "add",
    "check",
    "check_page",
    "close_previews",
    "consent_add",
    "consent_new",
    "consent_revoke",
    "consent_show",
    "doctor",
    "extract",
    "forget",
    "frame",
    "layers",
    "list_shots",
    "new",
    "preview",
    "publish",
    "render",
    "set_shot_settings",
    "setup",
    "status",
    "swap",
    "trace",
    "train",
    "verify",
]
