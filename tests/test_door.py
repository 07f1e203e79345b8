"""One door: every public function, command, page and exporter is listed here with what it may bring out, and is called to see what it really does.

Something new that is not listed fails these tests. Lists: `API`, `COMMANDS`, `PAGES`, `JOBS`, `WRITERS`. What each kind of thing must show:

    made       leaves the project to be looked at: visible label, invisible mark and Content Credentials on every file
    layers     layers for compositing: the result like `made`, face and matte with signed records
    shown      a picture for the person at work: the visible label wherever a face was changed
    worded     small pictures on a page for the person at work: the words AI MODIFIED on each that was altered
    unaltered  pictures of what was filmed; called in a project in which nobody agreed to rendering, so that nothing in them can be changed
    told       stills on a page for the public: of a published video, with its label, or as they were filmed
    nothing    no picture at all
"""

from __future__ import annotations

import inspect
import io
import json
import re
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from typing import Any

import cv2
import numpy as np
import pytest
from networks import link_networks
from reading import read_capitals
from serving import Studio
from studio import A, B, main, record
from synthetic import cut_clip

from understudy import api
from understudy.cli.app import app
from understudy.files import sha256_file
from understudy.provenance import credentials, ledger
from understudy.provenance.keys import make_keys
from understudy.provenance.label import make_label
from understudy.provenance.layer_lists import INDEX
from understudy.reference import _commands
from understudy.studio.routes import routers
from understudy.studio.work import KINDS
from understudy.verify.trace_layers import look_into
from understudy.verify.watermark import look
from understudy.video.probe import probe
from understudy.video.read import read_frames

ROOT = Path(__file__).parents[1]
PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"\x76\x2f\x31\x01", b"\x93NUMPY", b"\x1aE\xdf\xa3", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")
"""How files begin that hold pictures or arrays: JPEG, PNG, OpenEXR, numpy, Matroska, GIF, WebP or AVI, TIFF."""


def is_picture(data: bytes) -> bool:
    if data.startswith(PICTURES) or data[4:8] == b"ftyp":
        return True
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as pack:
            return any(is_picture(pack.read(name)) for name in pack.namelist())
    return b"data:image/jpeg" in data or b"data:image/png" in data


def pictures_in(value: Any) -> list[bytes]:
    """Encoded pictures and arrays that look like one, anywhere in what a function returned."""
    if isinstance(value, bytes):
        return [value] if is_picture(value) else []
    if isinstance(value, str):
        return [value.encode()] if is_picture(value.encode()) else []
    if isinstance(value, np.ndarray):
        return [b"array"] if value.dtype == np.uint8 and value.ndim >= 2 else []
    if isinstance(value, dict):
        return [found for part in value.values() for found in pictures_in(part)]
    if isinstance(value, (list, tuple, set)):
        return [found for part in value for found in pictures_in(part)]
    if hasattr(value, "__dataclass_fields__"):
        return [found for name in value.__dataclass_fields__ for found in pictures_in(getattr(value, name))]
    return []


@dataclass
class World:
    """A folder with two projects: `made` with a result, and `bare`, in which nobody agreed to more than training."""

    folder: Path
    source: Path
    target: Path
    made: Path
    bare: Path
    face: Path
    performer: Path
    studio: Studio
    place: str
    memory: dict[str, Any] = field(default_factory=dict)
    """What one call gives another."""

    def new(self, name: str) -> Path:
        """A name outside of every project at which nothing is yet."""
        number = len(list((self.folder / "out").iterdir()))
        return self.folder / "out" / f"{number}-{name}"

    def outside(self) -> dict[Path, tuple[int, int]]:
        """Every file that is neither in a project nor in home."""
        inside = (self.made, self.bare, self.studio.home)
        files = (path for path in self.folder.rglob("*") if path.is_file() and not any(path.is_relative_to(place) for place in inside))
        return {
            path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files if "project.sqlite" not in {p.name for p in path.parent.iterdir()}
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("door")
    home = folder / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(home))
        link_networks()
        make_keys()
        (folder / "out").mkdir()
        (folder / "films").mkdir()
        running = Studio(home).start().enter()
        place = running.new_project("door")
        made = Path(running.ask("GET", f"/api/projects/{place}").json["folder"])
        source, target = cut_clip(A, folder / "source.mp4", n=24, every=10), cut_clip(B, folder / "target.mp4", n=12, start=40)
        face, performer = record(folder / "face.json", "face"), record(folder / "performer.json", "performer")
        api.swap(source, target, folder / "result.mp4", consents=[face, performer], settings={"quality": "draft"}, project=made)
        copyfile(target, folder / "films" / "one.mp4")
        bare = api.new(folder / "bare", settings={"train.rounds": 1, "train.faces_per_round": 16, "train.size": 128, "train.batch": 4})
        for role, file in (("source", source), ("target", target)):
            api.add(bare, file, role=role)  # type: ignore[arg-type]
        for role in ("face", "performer"):
            api.consent_add(bare, record(folder / f"{role}-train.json", role, actions=["train"]))
        api.extract(bare)
        yield World(folder, source, target, made, bare, face, performer, running, place)
        api.close_previews()
        running.stop()


def complaint(w: World) -> Any:
    w.memory["complaint"] = api.complaint_new(about=str(w.folder / "result.mp4"), kind="delete", words="Take it down.", taken_by="Editor")
    return w.memory["complaint"]


API: dict[str, tuple[str, Callable[[World], Any]]] = {
    "swap": ("made", lambda w: api.swap(w.source, w.target, w.new("swap.mp4"), project=w.made, settings={"quality": "draft"})),
    "make": ("made", lambda w: api.make(w.made, w.new("make.mov"), settings={"quality": "draft"})),
    "publish": ("made", lambda w: api.publish(w.made, w.new("publish.mkv"))),
    "layers": ("layers", lambda w: api.layers(w.made, w.new("layers"))),
    "frame": ("shown", lambda w: api.frame(w.made, "result", 3)),
    "preview": ("shown", lambda w: api.preview(w.made, 3).jpeg("result")),
    "report": ("worded", lambda w: w.memory.setdefault("report", api.report(w.made, page_at=w.new("report.html")))),
    "stability_page": ("unaltered", lambda w: api.stability_page("a target", ())),
    "make_proxies": ("nothing", lambda w: api.make_proxies(w.made)),
    "has_proxies": ("nothing", lambda w: api.has_proxies(w.made)),
    "quick_frame": ("shown", lambda w: api.quick_frame(w.made, "result", 3)),
    "frame_times": ("nothing", lambda w: api.frame_times(w.made, "target")),
    "label_picture": ("shown", lambda w: api.label_picture(w.made, language="en")),
    "picture": ("unaltered", lambda w: [api.picture(w.bare, role) for role in ("source", "target")]),  # type: ignore[arg-type]
    "check": ("unaltered", lambda w: api.check(w.source, w.target, project=w.bare)),
    "check_project": ("unaltered", lambda w: api.check_project(w.bare)),
    "check_page": ("unaltered", lambda w: api.check_page(api.check_project(w.bare))),
    "kept_check": ("unaltered", lambda w: api.kept_check(w.bare)),
    "people": ("unaltered", lambda w: api.people(w.bare)),
    "people_find": ("unaltered", lambda w: api.people_find(w.bare)),
    "person_name": ("unaltered", lambda w: api.person_name(w.bare, "person-1", "Ada")),
    "person_choose": ("unaltered", lambda w: api.person_choose(w.bare, "source", "Ada")),
    "faces": ("unaltered", lambda w: api.faces(w.bare)),
    "faces_sheet": ("unaltered", lambda w: api.faces_sheet(w.bare, api.faces(w.bare).wall, [1, 2])),
    "face_picture": ("unaltered", lambda w: api.face_picture(w.bare, 1)),
    "faces_pack": ("unaltered", lambda w: api.faces_pack(w.bare, w.memory.setdefault("pack", w.new("set.faces")))),
    "faces_unpack": ("nothing", lambda w: api.faces_unpack(w.bare, w.memory["pack"])),
    "faces_made": ("nothing", lambda w: api.faces_made(w.bare)),
    "faces_drop": ("nothing", lambda w: api.faces_drop(w.bare, [1])),
    "faces_restore": ("nothing", lambda w: api.faces_restore(w.bare, [1])),
    "faces_undo": ("nothing", lambda w: api.faces_undo(w.bare)),
    "train": ("nothing", lambda w: api.train(w.bare)),
    "training_state": ("refused", lambda w: api.training_state(w.bare)),
    "go_back": ("refused", lambda w: api.go_back(w.bare, "first")),
    "people_merge": ("refused", lambda w: api.people_merge(w.bare, ["person-1"])),
    "person_split": ("refused", lambda w: api.person_split(w.bare, "person-1", [])),
    "people_undo": ("nothing", lambda w: api.people_undo(w.bare)),
    "people_can_undo": ("nothing", lambda w: api.people_can_undo(w.bare)),
    "new": ("nothing", lambda w: api.new(w.new("project"))),
    "add": ("nothing", lambda w: api.add(w.bare, w.source, role="source")),
    "extract": ("nothing", lambda w: api.extract(w.made)),
    "render": ("nothing", lambda w: api.render(w.made)),
    "status": ("nothing", lambda w: api.status(w.made)),
    "videos": ("nothing", lambda w: api.videos(w.made)),
    "video_path": ("nothing", lambda w: api.video_path(w.made, "target")),
    "video_info": ("nothing", lambda w: api.video_info(w.target)),
    "published_videos": ("nothing", lambda w: api.published_videos(w.made)),
    "settings_of": ("nothing", lambda w: api.settings_of(w.made)),
    "change_settings": ("nothing", lambda w: api.change_settings(w.bare, {"merge.feather": 0.1})),
    "exchange_roles": ("nothing", lambda w: [api.exchange_roles(w.bare), api.exchange_roles(w.bare)]),
    "list_shots": ("nothing", lambda w: api.list_shots(w.made)),
    "set_shot_settings": ("nothing", lambda w: api.set_shot_settings(w.bare, 1, settings={"merge.colour": 0.5})),
    "shot_setting": ("nothing", lambda w: api.shot_setting(api.list_shots(w.made)[0].own, "merge.colour", 3)),
    "add_stroke": ("nothing", lambda w: api.add_stroke(w.bare, 2, "exclude", polygons=[[(10, 10), (40, 10), (40, 40)]])),
    "list_strokes": ("nothing", lambda w: api.list_strokes(w.bare)),
    "undo_stroke": ("nothing", lambda w: api.undo_stroke(w.bare)),
    "remove_stroke": ("refused", lambda w: api.remove_stroke(w.bare, 99)),
    "close_previews": ("nothing", lambda w: api.close_previews()),
    "setup": ("nothing", lambda w: api.setup()),
    "doctor": ("nothing", lambda w: api.doctor()),
    "verify": ("nothing", lambda w: api.verify(w.folder / "result.mp4")),
    "trace": ("nothing", lambda w: api.trace(w.folder / "result.mp4")),
    "verify_all": ("nothing", lambda w: api.verify_all(w.folder / "films")),
    "verify_paper": ("nothing", lambda w: w.memory.setdefault("paper", api.verify_paper(api.verify(w.folder / "result.mp4")))),
    "verify_page": ("nothing", lambda w: api.verify_page(api.verify(w.folder / "result.mp4"), w.memory["paper"])),
    "report_from": ("nothing", lambda w: api.report_from(w.memory["paper"])),
    "account": ("told", lambda w: api.account(w.made)),
    "cast_show": ("nothing", lambda w: api.cast_show(w.bare)),
    "cast_set": ("nothing", lambda w: api.cast_set(w.bare, "p1")),
    "cast_morph": ("nothing", lambda w: api.cast_morph(w.bare, "p1", sources=(".", "."), begin=2, end=6)),
    "cast_change": ("nothing", lambda w: api.cast_change(w.bare, 1, span=(None, 8))),
    "cast_remove": ("nothing", lambda w: api.cast_remove(w.bare)),
    "cast_check": ("refused", lambda w: api.cast_check(w.bare)),
    "consent_new": ("nothing", lambda w: record(w.memory.setdefault("record", w.new("voice.json")), "voice")),
    "consent_read": ("nothing", lambda w: api.consent_read(w.face)),
    "consent_show": ("nothing", lambda w: api.consent_show(w.face)),
    "consent_add": ("nothing", lambda w: api.consent_add(w.made, w.face)),
    "consent_file": ("nothing", lambda w: api.consent_file(w.made, api.consent_read(w.face).record_id)),
    "consent_form": ("nothing", lambda w: api.consent_form(role="face", subject="Ada")),
    "consent_export": ("nothing", lambda w: api.consent_export(w.new("consents.json"), project=w.made)),
    "consents": ("nothing", lambda w: api.consents(w.made)),
    "consent_revoke": ("nothing", lambda w: api.consent_revoke(str(w.memory["record"]), reason="a test")),
    "keys_show": ("nothing", lambda w: api.keys_show()),
    "keys_machine": ("nothing", lambda w: api.keys_machine()),
    "keys_use": ("refused", lambda w: api.keys_use(w.face, w.face)),
    "ledger_list": ("nothing", lambda w: api.ledger_list()),
    "ledger_check": ("nothing", lambda w: api.ledger_check()),
    "ledger_export": ("nothing", lambda w: api.ledger_export(w.new("ledger.json"))),
    "complaint_new": ("nothing", complaint),
    "complaint_list": ("nothing", lambda w: api.complaint_list()),
    "complaint_show": ("nothing", lambda w: api.complaint_show(w.memory["complaint"].complaint_id)),
    "complaint_close": (
        "nothing",
        lambda w: api.complaint_close(
            w.memory["complaint"].complaint_id, outcome="upheld", statement="It was taken down, on the same day.", closed_by="Editor"
        ),
    ),
    "complaint_missing": ("nothing", lambda w: api.complaint_missing()),
    "complaint_statement": ("nothing", lambda w: api.complaint_statement(w.memory["complaint"].complaint_id)),
    "forget": ("nothing", lambda w: api.forget(w.bare, "target")),
    "receipts": ("nothing", lambda w: api.receipts()),
}
"""Every public function, in an order in which each can be called. `refused`: what is asked for is not there (nothing was learnt from so
few pictures, for example), and all that is seen here is that it says so."""


# what each kind must show


def label_reads(picture: np.ndarray, box_xywh: list[int]) -> bool:
    """Whether the label can be read in its place."""
    x, y, w, h = box_xywh
    return "".join(read_capitals(picture[y : y + h, x : x + w])) == "AIMODIFIED"


def box_in_preview(picture: np.ndarray, target: Path) -> list[int]:
    """Where the label stands in a picture of the target for looking, which may be smaller than the target."""
    info = probe(target)
    return [round(side * picture.shape[1] / info.size_wh[0]) for side in make_label(info, "en").box_xywh]


def as_filmed(picture: np.ndarray, target: Path) -> bool:
    """Whether it is a frame of the target as it was filmed, perhaps made smaller."""
    size = picture.shape[1], picture.shape[0]
    frames = (cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA) for frame in read_frames(target) if frame.rgb is not None)
    return min(float(np.abs(frame.astype(np.float32) - picture).mean()) for frame in frames) < 2


def check_made(path: Path) -> None:
    """Label, mark and credentials on a file that left."""
    row = ledger.find_file(sha256_file(path))
    assert row is not None, f"{path} is not in the ledger"
    found = credentials.read(path)
    assert found.ours and found.production["record_id"] == row.body["record_id"], path
    assert path.suffix in credentials.EMBEDDED or credentials.sidecar_of(path).is_file()
    seen = look(path)
    assert seen.state == "ours" and seen.row is not None and seen.row.body["record_id"] == row.body["record_id"], path
    altered = range(row.body["labelled_frames"][0][0], row.body["labelled_frames"][-1][1] + 1)
    assert len(altered) == row.body["n_frames"]
    for frame in read_frames(path):
        assert frame.rgb is not None and label_reads(frame.rgb, row.body["label_set"]["box_xywh"]), (path, frame.index)


def check_layers(folder: Path) -> None:
    row = ledger.find_file(sha256_file(folder / INDEX))
    assert row is not None
    for path in sorted((folder / "result").iterdir()):
        picture = np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1]
        assert label_reads(np.ascontiguousarray(picture), row.body["label_set"]["box_xywh"]), path
    assert credentials.read(folder / "result.files.json").ours
    index = (folder / INDEX).read_bytes()
    (folder / INDEX).rename(folder / "set aside")
    assert look_into(folder, check=lambda: None).row == row, "the mark of the result leads to the record"
    (folder / "set aside").rename(folder / INDEX)
    for layer in ("plate", "face", "matte"):
        path = folder / f"{layer}.record.json"
        said = json.loads(path.read_bytes())
        assert json.loads(index)["record"]["records"][path.name] == sha256_file(path) and said["record"]["intermediate"]
        assert said["record"]["files"] == {f"{layer}/{file.name}": sha256_file(file) for file in sorted((folder / layer).iterdir())}


def check(kind: str, written: list[Path], returned: Any, name: str, *, target: Path) -> None:
    """What was written outside and what was returned is what the kind may bring out."""
    pictures, given = [path for path in written if is_picture(path.read_bytes())], pictures_in(returned)
    if kind == "made":
        assert pictures and not given, name
        for path in pictures:
            check_made(path)
    elif kind == "layers":
        (folder,) = {path.parent for path in written if path.name == INDEX}
        assert not given and all(path.is_relative_to(folder) for path in pictures), name
        check_layers(folder)
    elif kind == "shown":
        assert not pictures and given, name
        for data in given:
            shown = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
            shown = np.ascontiguousarray(shown)
            assert label_reads(shown, box_in_preview(shown, target)), name
    elif kind == "told":
        assert pictures or given, name
        pages = [*(path.read_bytes() for path in pictures), *given]
        stills = [b64decode(data) for page in pages for data in re.findall(rb"data:image/jpeg;base64,([^\"')]+)", page)]
        assert stills, name
        for data in stills:
            still = np.ascontiguousarray(np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)[..., ::-1])
            boxes = [row.body["label_set"]["box_xywh"] for row in ledger.rows() if "label_set" in row.body]
            factor = still.shape[1] / probe(target).size_wh[0]
            labelled = any(label_reads(still, [round(side * factor) for side in box]) for box in boxes)
            assert labelled or as_filmed(still, target), name
    elif kind == "worded":
        assert given or pictures, name
        found = [*given, *(b64decode(data) for path in pictures for data in re.findall(rb"data:image/jpeg;base64,([^\"']+)", path.read_bytes()))]
        for data in found:
            pair = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
            # the plate stands at the top right of the right half, which is the altered one
            assert (pair[7:22, -90:-8].max(axis=2) < 60).mean() > 0.4, name
    elif kind != "unaltered":
        assert not pictures and not given, f"{name} brings pictures out: {pictures}"


def changed(before: dict[Path, Any], after: dict[Path, Any]) -> list[Path]:
    return [path for path, state in after.items() if before.get(path) != state]


# the walks


def functions() -> set[str]:
    return {name for name in api.__all__ if inspect.isfunction(getattr(api, name))}


def test_every_public_function_is_listed() -> None:
    assert set(API) == functions(), "list new functions of api in API, with what they may bring out"


def test_no_public_value_writes_a_file() -> None:
    """What functions return holds no door of its own: a method that gives pictures is one of those that are listed."""
    givers = set()
    for name in sorted(set(api.__all__) - functions()):
        kind = getattr(api, name)
        if inspect.isclass(kind):
            for method, _ in inspect.getmembers(kind, inspect.isfunction):
                if not method.startswith("_") and re.search(r"write|save|export|jpeg|png|video", method):
                    givers.add(f"{name}.{method}")
    assert givers == {"Preview.jpeg"}


def test_what_every_public_function_brings_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(world.studio.home))
    for name, (kind, call) in API.items():
        before = world.outside()
        if kind == "refused":
            with pytest.raises(Exception, match=r"\S") as caught:
                call(world)
            assert type(caught.value).__module__.endswith("errors"), name
            returned = None
        else:
            returned = call(world)
        check("nothing" if kind == "refused" else kind, changed(before, world.outside()), returned, name, target=world.target)


def test_what_the_notebook_brings_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(world.studio.home))
    book, out, before = api.Notebook(world.made), world.new("notebook.mp4"), world.outside()
    for data in re.findall(r'data:image/jpeg;base64,([^"]+)', book.result().html):
        seen = np.ascontiguousarray(np.asarray(cv2.imdecode(np.frombuffer(b64decode(data), np.uint8), cv2.IMREAD_COLOR), np.uint8)[..., ::-1])
        assert label_reads(seen, box_in_preview(seen, world.target)) or as_filmed(seen, world.target)
    assert changed(before, world.outside()) == []
    played = book.publish(out).html
    check("made", changed(before, world.outside()), None, "Notebook.publish", target=world.target)
    assert [b64decode(data) for data in re.findall(r'data:video/mp4;base64,([^"]+)', played)] == [out.read_bytes()]


COMMANDS: dict[str, tuple[str, Callable[[World], list[str]]]] = {
    "swap": ("made", lambda w: ["swap", str(w.source), str(w.target), "-o", str(w.new("a.mp4")), "--project", str(w.made), "--quality", "draft"]),
    "publish": ("made", lambda w: ["publish", "-o", str(w.new("b.m4v")), "--project", str(w.made)]),
    "layers": ("layers", lambda w: ["layers", str(w.made), "-o", str(w.new("layers"))]),
    "check": (
        "unaltered",
        lambda w: ["check", str(w.source), str(w.target), "--project", str(w.bare), "--source-face", "p1", "--html", str(w.new("check.html"))],
    ),
    "people": ("unaltered", lambda w: ["people", str(w.bare), "--sheets", str(w.new("sheets"))]),
    "faces": ("unaltered", lambda w: ["faces", str(w.bare), "pack", str(w.new("set.faces"))]),
    "new": ("nothing", lambda w: ["new", str(w.new("p"))]),
    "add": ("nothing", lambda w: ["add", str(w.source), "--role", "source", "--project", str(w.made)]),
    "extract": ("nothing", lambda w: ["extract", "--project", str(w.made)]),
    "train": ("nothing", lambda w: ["train", "--project", str(w.made)]),
    "render": ("nothing", lambda w: ["render", "--project", str(w.made)]),
    "status": ("nothing", lambda w: ["status", str(w.made)]),
    "report": ("worded", lambda w: ["report", str(w.made), "--html", str(w.new("report.html"))]),
    "account": ("told", lambda w: ["account", str(w.made), "-o", str(w.new("account.html"))]),
    "cast": ("nothing", lambda w: ["cast", str(w.made)]),
    "shots": ("nothing", lambda w: ["shots", str(w.made)]),
    "strokes": ("nothing", lambda w: ["strokes", str(w.made)]),
    "consent new": (
        "nothing",
        lambda w: [
            "consent",
            "new",
            str(w.new("c.json")),
            "--role",
            "face",
            "--subject",
            "Ada",
            "--purpose",
            "a test",
            "--production",
            "Tests",
            "--channel",
            "web",
            "--does-not-exist",
            "--recorded-by",
            "me",
        ],
    ),
    "consent show": ("nothing", lambda w: ["consent", "show", str(w.face)]),
    "consent form": ("nothing", lambda w: ["consent", "form", "--role", "face", "--subject", "Ada", "-o", str(w.new("form.html"))]),
    "consent export": ("nothing", lambda w: ["consent", "export", "--project", str(w.made), "-o", str(w.new("consents.json"))]),
    "consent add": ("nothing", lambda w: ["consent", "add", str(w.face), "--project", str(w.made)]),
    "consent revoke": ("nothing", lambda w: ["consent", "revoke", "consent-0123456789abcdef", "--reason", "a test"]),
    "ledger list": ("nothing", lambda w: ["ledger", "list"]),
    "ledger check": ("nothing", lambda w: ["ledger", "check"]),
    "ledger export": ("nothing", lambda w: ["ledger", "export", "-o", str(w.new("ledger.json"))]),
    "complaint new": ("nothing", lambda w: ["complaint", "new", "--about", "a film", "--kind", "delete", "--words", "no", "--taken-by", "me"]),
    "complaint list": ("nothing", lambda w: ["complaint", "list"]),
    "complaint show": ("nothing", lambda w: ["complaint", "show", api.complaint_list()[-1].complaint_id]),
    "complaint close": (
        "nothing",
        lambda w: [
            "complaint",
            "close",
            api.complaint_list(open_only=True)[0].complaint_id,
            "--outcome",
            "upheld",
            "--statement",
            "It was taken down, on the same day.",
            "--closed-by",
            "me",
        ],
    ),
    "keys show": ("nothing", lambda w: ["keys", "show"]),
    "keys use": ("refused", lambda w: ["keys", "use", str(w.face), str(w.face)]),
    "keys machine": ("nothing", lambda w: ["keys", "machine"]),
    "verify": ("nothing", lambda w: ["verify", str(w.folder / "result.mp4")]),
    "trace": ("nothing", lambda w: ["trace", str(w.folder / "result.mp4")]),
    "settings": ("nothing", lambda w: ["settings"]),
    "doctor": ("nothing", lambda w: ["doctor"]),
    "setup": ("nothing", lambda w: ["setup"]),
    "studio": ("pages", lambda w: []),
    "forget": ("nothing", lambda w: ["forget", "source", "--project", str(w.made)]),
}
"""Every command, in an order in which each can be called. The studio brings out what its pages do: see `PAGES`."""


def test_every_command_is_listed() -> None:
    assert set(COMMANDS) == {" ".join(words) for words, _ in _commands(app)}, "list new commands in COMMANDS, with what they may bring out"


PAGES: dict[str, str] = {
    "/p/{place}/picture/{role}.jpg": "unaltered",
    "/p/{place}/people/{number}/{picture}.jpg": "unaltered",
    "/p/{place}/people/{number}/pieces/{piece}.jpg": "unaltered",
    "/p/{place}/check/{number}/{side}.jpg": "unaltered",
    "/p/{place}/faces/sheet.jpg": "unaltered",
    "/p/{place}/faces/{number}.jpg": "unaltered",
    "/p/{place}/strokes/{number}.jpg": "unaltered",
    "/p/{place}/video/{role}": "unaltered",
    "/p/{place}/label/{language}.jpg": "shown",
    "/p/{place}/preview/{name}.jpg": "shown",
    "/p/{place}/preview/{index}.jpg": "shown",
    "/p/{place}/frame/{which}/{index}.jpg": "shown",
    "/p/{place}/quick/{which}/{index}.jpg": "shown",
    "/api/projects/{place}/frames/{which}/{index}.jpg": "shown",
    "/p/{place}/published/{number}": "made",
    "/p/{place}/account": "told",
}
"""Addresses that give pictures. `preview/{name}` gives the sheets of training, which `train.preview` writes, with the words on each that was made."""
ADDRESS = {
    "role": "target",
    "number": "0",
    "picture": "0",
    "piece": "0",
    "side": "target",
    "language": "en",
    "name": "x",
    "job": "1",
    "which": "result",
    "index": "3",
    "tab": "exports",
}


def test_what_every_page_brings_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address that answers a look; those that are not listed give no picture, those that are give what they may."""
    monkeypatch.setenv("UNDERSTUDY_HOME", str(world.studio.home))
    routes = [(route.path, route.methods) for router in routers() for route in router.routes]
    assert set(PAGES) <= {path for path, _ in routes}, "a listed page is gone"
    api.make_proxies(world.made)
    for path, methods in routes:
        asks = "GET" if "GET" in methods else "POST"
        # of the addresses that change something only those that are listed are asked: they answer with a picture
        if path == "/api/events" or (asks == "POST" and path not in PAGES):
            assert not path.endswith((".jpg", ".png", ".mp4")), f"{path} brings pictures out: list it in PAGES"
            continue
        address = path.replace("{place}", world.place)
        if "/people/" in path:
            address = address.replace("{number}", "1")
        reply = world.studio.ask(asks, re.sub(r"{(\w+)}", lambda found: ADDRESS[found[1]], address))
        kind, data = PAGES.get(path), reply.body
        if kind == "told" and reply.status < 400:
            check(kind, [], data.decode(), path, target=world.target)
            continue
        if not reply.headers.get("content-type", "").startswith(("image/", "video/", "application/octet")):
            assert not is_picture(data), f"{path} brings pictures out: list it in PAGES"
            assert kind is None or reply.status >= 400, (path, reply.status)
            continue
        assert kind is not None, f"{path} brings pictures out: list it in PAGES"
        if kind == "made":
            row = next(row for row in ledger.rows() if row.body.get("file_sha256") == _sha256(data))
            copy = world.new(Path(row.body["out"]).name)
            copy.write_bytes(data)
            if copy.suffix not in credentials.EMBEDDED:
                credentials.sidecar_of(copy).write_bytes(credentials.sidecar_of(Path(row.body["out"])).read_bytes())
            check_made(copy)
        elif kind == "shown":
            check(kind, [], data, path, target=world.target)
        elif path == "/p/{place}/video/{role}":
            assert data == world.target.read_bytes()


def _sha256(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


def test_what_every_command_brings_out(world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """After the pages, for it ends by forgetting."""
    monkeypatch.setenv("UNDERSTUDY_HOME", str(world.studio.home))
    for name, (kind, words) in COMMANDS.items():
        if kind == "pages":
            continue
        before = world.outside()
        code = main(words(world))
        said = capfd.readouterr()
        # the doctor says by its code what this machine lacks
        assert name == "doctor" or (code in (0, 3)) == (kind != "refused"), (name, said)
        check("nothing" if kind == "refused" else kind, changed(before, world.outside()), None, name, target=world.target)


JOBS = {
    "make": "make",
    "check": "check_project",
    "extract": "extract",
    "train": "train",
    "render": "render",
    "publish": "publish",
    "verify": "verify",
    "people": "people_find",
    "faces": "faces",
    "proxies": "make_proxies",
    "pack": "faces_pack",
    "unpack": "faces_unpack",
    "layers": "layers",
}
"""What the studio does in the background, and the public function that does it."""


def test_every_job_is_a_public_function() -> None:
    assert set(JOBS) == set(KINDS), "list new jobs of the studio in JOBS"
    for kind, name in JOBS.items():
        assert name in API and f"api.{name}(" in inspect.getsource(KINDS[kind]), kind


WRITERS = {
    "api/material.py": "frames of the two videos; the label drawn on one to show it",
    "faces/follow.py": "portraits inside the tracks",
    "faces/sheet.py": "contact sheets of people as they were filmed",
    "faces/trackfile.py": "numbers of faces, and their portraits, inside the tracks",
    "faceset/extract.py": "the source's pictures, inside the project",
    "faceset/pack.py": "the same as one signed file, bound to the consent record",
    "faceset/thumbs.py": "their thumbnails, for looking",
    "faceset/wall.py": "their thumbnails, inside the project",
    "merge/sheet.py": "before and after, inside the project, with the words on every result",
    "pipeline/binding.py": "numbers of a face, inside the project",
    "pipeline/check.py": "pictures of findings, as they were filmed",
    "pipeline/proxies.py": "small frames for looking, labelled where a face was changed",
    "pipeline/session.py": "frames for looking, labelled where a face was changed",
    "pipeline/stability.py": "the worst frames of a report, with the words on each that was altered",
    "pipeline/account.py": "stills of a published video, with its label, and of its target where the records allow it",
    "provenance/layers.py": "layers: the door",
    "provenance/publish.py": "published videos: the door",
    "provenance/signer.py": "a black square of eight pixels, to try a certificate on",
    "studio/routes/strokes.py": "a frame of the target with what was painted on it",
    "train/drafts.py": "drafts to learn from, inside the project",
    "train/preview.py": "pictures of rounds, inside the project, with the words on everything made",
    "video/proxy.py": "small copies of the two videos, inside the project",
    "video/stills.py": "called by the door alone",
    "video/write.py": "called by the door alone",
}
"""Every file of the source that turns pictures into bytes, and where these go."""
_WRITES = re.compile(
    r"imencode|imwrite|av\.open\([^)]*[\"']w[\"']|OpenEXR\.File\(header|np\.savez?\(|open_memmap\([^)]*w\+|VideoWriter|"
    r"ZipFile\([^)]*[\"']w[\"']|\b(write_video|ProresWriter|write_png16|write_exr)\("
)


def test_every_writer_of_pictures_is_listed() -> None:
    source = ROOT / "src" / "understudy"
    found = {str(path.relative_to(source)) for path in source.rglob("*.py") if _WRITES.search(path.read_text(encoding="utf-8"))}
    assert found - set(WRITERS) == set(), "a new writer of pictures: let it go through the door, then list it in WRITERS"
    assert set(WRITERS) - found == set(), "listed, but writes no more"


def test_only_the_door_calls_the_writers_of_videos() -> None:
    source = ROOT / "src" / "understudy"
    calls = re.compile(r"(?<!def )\b(write_video|ProresWriter|write_png16|write_exr)\b")
    users = {str(path.relative_to(source)) for path in source.rglob("*.py") if calls.search(path.read_text(encoding="utf-8"))}
    assert users == {"provenance/publish.py", "provenance/layers.py", "video/prores.py"}
