"""What notebooks and programs import: one function for each command, over one project folder.

    >>> from pathlib import Path
    >>> import understudy.api as api
    >>> agreed = {
    ...     "purpose": "documentary about the harbour", "production": "Harbour", "channels": ["television"],
    ...     "actions": ["train", "render", "publish"], "expires": "2099-12-31", "basis": "consent", "recorded_by": "Editor One",
    ... }
    >>> hers = api.consent_new(Path("her.consent.json"), subject="Anna de Vries", role="face", **agreed)
    >>> his = api.consent_new(Path("actor.consent.json"), subject="Bob Jansen", role="performer", **agreed)
    >>> done = api.swap(
    ...     Path("her.mp4"), Path("performance.mp4"), Path("out.mp4"),
    ...     consents=[Path("her.consent.json"), Path("actor.consent.json")], settings={"quality": "draft"},
    ... )
    >>> done.video.label, done.video.n_altered
    ('AI MODIFIED', 8)
    >>> film = done.project

`settings` are flat: {"train.minutes": 10}; `context` takes the events (see `events`). Every error is one of `errors`.
"""

from ..doctor import examine as doctor
from ..faceset.report import Report as CheckReport
from ..faceset.report_page import page as check_page
from ..pipeline.faces import FaceWall, WallFace
from ..pipeline.forget import Forgotten
from ..pipeline.packing import Unpacked
from ..pipeline.people import PersonMedia, PersonTrack, ProjectPerson
from ..pipeline.session import Preview
from ..pipeline.shotsettings import ShotSettings
from ..pipeline.stability import ShotStability, WorstFrame
from ..pipeline.stability_page import page as stability_page
from ..pipeline.status import Status
from ..provenance.complaints import Complaint
from ..provenance.complaints import statement_file as complaint_statement
from ..provenance.consent_bundle import ExportedConsents
from ..provenance.consent_record import ConsentRecord
from ..provenance.layers import ExportedLayers
from ..provenance.ledger_store import Row as LedgerRow
from ..provenance.signer import Signer, SigningKey
from ..verify.report import Report
from ..verify.trace import Trace, trace
from .board import Shown
from .casting import CastFace, cast_change, cast_check, cast_morph, cast_remove, cast_set, cast_show
from .checks import check_project, kept_check
from .desk import report_from, verify, verify_all, verify_page, verify_paper
from .faces import (
    FACE_PROPERTIES,
    FACE_SORTS,
    face_picture,
    faces,
    faces_drop,
    faces_made,
    faces_pack,
    faces_restore,
    faces_sheet,
    faces_undo,
    faces_unpack,
)
from .look import check
from .machine import keys_machine, keys_show, keys_use, setup
from .make import make
from .material import (
    KeptConsent,
    PublishedVideo,
    change_settings,
    consents,
    exchange_roles,
    label_picture,
    picture,
    published_videos,
    settings_of,
    video_info,
    video_path,
    videos,
)
from .notebook import Notebook
from .papers import (
    LedgerCheck,
    complaint_close,
    complaint_list,
    complaint_missing,
    complaint_new,
    complaint_show,
    ledger_check,
    ledger_export,
    ledger_list,
)
from .people import people, people_can_undo, people_find, people_merge, people_undo, person_choose, person_name, person_split
from .preview import close_previews, frame, frame_times, has_proxies, make_proxies, preview, quick_frame
from .report import report
from .shots import KEYABLE_SETTINGS, SHOT_SETTINGS, ShotState, list_shots, set_shot_settings, shot_setting
from .steps import add, extract, layers, new, publish, render, status, train
from .strokes import add_stroke, list_strokes, remove_stroke, undo_stroke
from .training import Checkpoint, TrainingState, go_back, training_state
from .trust import (
    account,
    consent_add,
    consent_export,
    consent_file,
    consent_form,
    consent_new,
    consent_read,
    consent_revoke,
    consent_show,
    forget,
    receipts,
)
from .whole import Swapped, swap

__all__ = [
    "FACE_PROPERTIES",
    "FACE_SORTS",
    "KEYABLE_SETTINGS",
    "SHOT_SETTINGS",
    "CastFace",
    "CheckReport",
    "Checkpoint",
    "Complaint",
    "ConsentRecord",
    "ExportedConsents",
    "ExportedLayers",
    "FaceWall",
    "Forgotten",
    "KeptConsent",
    "LedgerCheck",
    "LedgerRow",
    "Notebook",
    "PersonMedia",
    "PersonTrack",
    "Preview",
    "ProjectPerson",
    "PublishedVideo",
    "Report",
    "ShotSettings",
    "ShotStability",
    "ShotState",
    "Shown",
    "Signer",
    "SigningKey",
    "Status",
    "Swapped",
    "Trace",
    "TrainingState",
    "Unpacked",
    "WallFace",
    "WorstFrame",
    "account",
    "add",
    "add_stroke",
    "cast_change",
    "cast_check",
    "cast_morph",
    "cast_remove",
    "cast_set",
    "cast_show",
    "change_settings",
    "check",
    "check_page",
    "check_project",
    "close_previews",
    "complaint_close",
    "complaint_list",
    "complaint_missing",
    "complaint_new",
    "complaint_show",
    "complaint_statement",
    "consent_add",
    "consent_export",
    "consent_file",
    "consent_form",
    "consent_new",
    "consent_read",
    "consent_revoke",
    "consent_show",
    "consents",
    "doctor",
    "exchange_roles",
    "extract",
    "face_picture",
    "faces",
    "faces_drop",
    "faces_made",
    "faces_pack",
    "faces_restore",
    "faces_sheet",
    "faces_undo",
    "faces_unpack",
    "forget",
    "frame",
    "frame_times",
    "go_back",
    "has_proxies",
    "kept_check",
    "keys_machine",
    "keys_show",
    "keys_use",
    "label_picture",
    "layers",
    "ledger_check",
    "ledger_export",
    "ledger_list",
    "list_shots",
    "list_strokes",
    "make",
    "make_proxies",
    "new",
    "people",
    "people_can_undo",
    "people_find",
    "people_merge",
    "people_undo",
    "person_choose",
    "person_name",
    "person_split",
    "picture",
    "preview",
    "publish",
    "published_videos",
    "quick_frame",
    "receipts",
    "remove_stroke",
    "render",
    "report",
    "report_from",
    "set_shot_settings",
    "settings_of",
    "setup",
    "shot_setting",
    "stability_page",
    "status",
    "swap",
    "trace",
    "train",
    "training_state",
    "undo_stroke",
    "verify",
    "verify_all",
    "verify_page",
    "verify_paper",
    "video_info",
    "video_path",
    "videos",
]
