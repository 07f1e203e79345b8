"""The whole way in a real browser: two videos dropped, the consents filled in, one button, a published file that is proved to be ours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from looks import apart, frame_of, show_moment, shown, until
from serving import Studio

from understudy.studio.i18n import Words

FACE = (0.3, 0.3, 0.7, 0.7)
"""Where the actors' faces are, in shares of the picture."""


@pytest.mark.parametrize("language", ["en", "nl"])
def test_from_two_dropped_videos_to_a_published_one(studio: Studio, open_page, clips: tuple[Path, Path], language: str, tmp_path: Path) -> None:
    words = Words(language)  # type: ignore[arg-type]
    page = open_page(language=language)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").inner_text() == words("start.title")

    # both at once on one field, as a person who drags two files does
    drop_files(page, ".drop[data-role=source]", clips)
    page.wait_for_selector(".drop[data-role=target] .drop-chosen:not([hidden])")
    page.click("#begin")
    page.wait_for_url("**/p/*")
    assert page.locator("form.make button.go").is_disabled()
    for role, clip in zip(("source", "target"), clips, strict=True):
        poster = page.locator(f"img[src*='/picture/{role}']")
        poster.evaluate("one => one.decode()")
        n = 40 if role == "source" else 12
        # the poster is letterboxed: the picture is its middle
        seen = shown(poster)
        height, width = seen.shape[:2]
        seen = seen[:, (width - height) // 2 : (width + height) // 2]
        assert apart(seen, frame_of(clip, round(0.3 * (n - 1)))) < 12

    page.click(f"text={words('make.fill_consents')}")
    for role, who in (("face", "Synthetic actor A"), ("performer", "Synthetic actor B")):
        fill_consent(page, role, who, first=role == "face")
    page.click(f"text={words('consent.go_on')}")
    page.locator(".ticks li[data-good=yes]").nth(1).wait_for()

    page.check("[value=draft]")
    page.click("form.make button.go")
    page.wait_for_selector("[data-live-job]")
    page.wait_for_selector("section.done")
    until(page, "document.querySelectorAll('.step[data-state=done]').length === 2")

    page.click(f"section.done >> text={words('make.look')}")
    pictures = seen_at(page, 6)
    assert apart(pictures["target"], frame_of(clips[1], 6)) < 6
    assert apart(pictures["result"], pictures["target"], box=FACE) > 4, "inside the face it is another"
    assert apart(pictures["result"], pictures["target"], box=(0, 0.2, 0.12, 1)) < 0.5, "outside it is the target"
    # the published label keeps off the heads of the whole video; while one looks it stands still
    assert apart(pictures["result"], frame_of(studio.home / result_of(studio), 6), box=(0, 0.3, 1, 1)) < 6
    page.click("details.published summary")
    video = page.locator("video[data-view=published]")
    show_moment(video, 6 / 25 + 0.01)
    # above the player's buttons, below the label; the browser takes the file's colours for slightly others
    assert apart(shown(video), pictures["result"], box=(0.05, 0.3, 0.95, 0.7)) < 12
    plate = pictures["result"][:, pictures["result"].shape[1] // 2 :][: pictures["result"].shape[0] // 6].astype(float).mean(2)
    assert (plate < 40).mean() > 0.15 and (plate > 215).mean() > 0.05, "the label is not to be seen"

    page.click(f"nav >> text={words('nav.publish')}")
    label = page.locator(".label-choice img").first
    label.evaluate("one => one.decode()")
    assert apart(shown(label), frame_of(clips[1], 6), box=(0, 0.4, 1, 1)) < 12
    with page.expect_download() as download:
        page.click(f"text={words('publish.save')}")
    saved = tmp_path / "saved.mp4"
    download.value.save_as(saved)
    assert apart(frame_of(saved, 6), pictures["result"]) < 12

    page.click(f"nav >> text={words('nav.verify')}")
    page.wait_for_url("**/verify", wait_until="load")
    page.set_input_files("#file-verify", saved)
    page.wait_for_selector(".outlook")
    assert page.locator(".outlook h2").inner_text() == words.paper("conclusion.proved")
    assert page.locator(".outlook").get_attribute("data-outlook") == "good"
    assert not [path for path in studio.files() if "looked-at" in path]


def test_publishing_cannot_be_skipped_and_gives_the_chosen_name(studio: Studio, open_page, agreed_project: str) -> None:
    job = studio.post_json(f"/api/projects/{agreed_project}/jobs", {"kind": "make", "settings": {"quality": "draft"}}).json["job"]
    assert studio.wait_for(job)["state"] == "done"
    assert studio.post(f"/p/{agreed_project}/publish", name="x", suffix=".mp4", language="en").status == 400
    page = open_page(path=f"/p/{agreed_project}/publish")
    page.fill("[name=name]", "Evening news 3")
    page.check("[name=language][value=nl]")
    page.click("form.publish button.go")
    assert page.locator("form.publish [name=seen]").evaluate("one => one.validity.valueMissing")
    page.check("[name=seen]")
    page.click("form.publish button.go")
    page.wait_for_selector(".outs strong:has-text('Evening news 3.mp4')")
    info = studio.ask("GET", f"/api/projects/{agreed_project}").json
    assert Path(info["published"][0]).name == "Evening news 3.mp4" and Path(info["published"][0]).is_file()
    assert "AI MODIFIED GEMANIPULEERD" in page.locator(".outs li").first.inner_text()


def test_the_check_shows_the_moments_that_it_speaks_of(studio: Studio, open_page, agreed_project: str, clips: tuple[Path, Path]) -> None:
    page = open_page(path=f"/p/{agreed_project}/check")
    page.click("button.go")
    page.wait_for_selector(".outlook")
    page.locator(".finding").first.wait_for()
    for picture in page.locator(".finding-pictures img").all():
        picture.evaluate("one => one.decode()")
        assert shown(picture).std() > 20, "a picture is empty"


def test_an_error_is_in_words_with_what_to_do(open_page, tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("this is no video")
    for language in ("en", "nl"):
        words = Words(language)  # type: ignore[arg-type]
        page = open_page(language=language, path="/verify")
        page.set_input_files("#file-verify", text)
        page.wait_for_selector("#trouble .trouble")
        said = page.locator("#trouble").inner_text()
        assert words("error.media.do") in said and "notes.mp4" in said and "Traceback" not in said


def seen_at(page, index: int) -> dict[str, np.ndarray]:
    """Go to a frame with the keyboard; what the monitors show there, when they show it as it is."""
    page.wait_for_selector("#room[data-ready]")
    page.keyboard.press("Home")
    for _ in range(index):
        page.keyboard.press("ArrowRight")
    pictures = {}
    for which in ("target", "result"):
        canvas = page.locator(f"[data-which={which}] canvas[data-frame='{index}'][data-exact=yes]")
        canvas.wait_for()
        pictures[which] = shown(canvas)
    return pictures


def result_of(studio: Studio) -> str:
    """The newest published file, within the home."""
    return max((path for path in studio.files() if path.endswith("film-results/result.mp4")), key=lambda path: (studio.home / path).stat().st_mtime)


def drop_files(page, selector: str, files: tuple[Path, ...]) -> None:
    """Drop real files on an element, by the events that a browser sends."""
    listed = [{"name": file.name, "data": list(file.read_bytes())} for file in files]
    page.evaluate(
        """([selector, files]) => {
            const data = new DataTransfer();
            for (const one of JSON.parse(files)) data.items.add(new File([new Uint8Array(one.data)], one.name, {type: 'video/mp4'}));
            document.querySelector(selector).dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        [selector, json.dumps(listed)],
    )


def fill_consent(page, role: str, who: str, *, first: bool) -> None:
    form = page.locator(f"#consent-{role} form.fields")
    form.locator("[name=subject]").fill(who)
    form.locator("[value='person does not exist']").check()
    if first:
        for name, text in (("purpose", "a test"), ("production", "Tests"), ("channels", "nowhere, elsewhere"), ("recorded_by", "The tests")):
            form.locator(f"[name={name}]").fill(text)
    else:
        # what both agreed to is asked once
        assert form.locator("[name=purpose]").input_value() == "a test"
    with page.expect_navigation():
        form.locator("button.go").click()
    assert who in page.locator(f"#consent-{role} .record").inner_text()
