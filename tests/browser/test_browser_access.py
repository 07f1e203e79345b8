"""For everybody: the keyboard alone will do, axe finds nothing, no screen is wider than a phone, and nothing jumps."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from looks import wider
from serving import RECORD, Studio

PAGES = ("", "/consents", "/check", "/train", "/result", "/publish", "/settings")
HOUSE = ("/", "/verify", "/programs", "/machine")
PAPERS = ("/account", "/consents/face/form")


@pytest.fixture(scope="module")
def made(studio: Studio, clips_of_module: str) -> str:
    """A project with a published video and a check."""
    for kind in ("make", "check"):
        job = studio.post_json(f"/api/projects/{clips_of_module}/jobs", {"kind": kind, "settings": {"quality": "draft"} if kind == "make" else {}})
        assert studio.wait_for(job.json["job"])["state"] == "done"
    return clips_of_module


@pytest.fixture(scope="module")
def clips_of_module(studio: Studio, clips: tuple[Path, Path]) -> str:

    place = studio.new_project("For everybody")
    for role, clip in zip(("source", "target"), clips, strict=True):
        studio.upload(f"/api/projects/{place}/upload/{role}", clip, name=clip.name)
    for role in ("face", "performer"):
        studio.post_json(f"/api/projects/{place}/consents", {**RECORD, "subject": f"Nobody, {role}", "role": role})
    return place


@pytest.mark.parametrize("language", ["en", "nl"])
def test_axe_finds_nothing(open_page, studio: Studio, made: str, clips: tuple[Path, Path], language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    empty = studio.new_project("Empty")
    look = studio.upload("/verify/upload/", clips[1]).json["job"]
    assert studio.wait_for(look)["state"] == "done"
    page = open_page(language=language)
    # what is empty differs by its words alone
    of_projects = (f"/p/{place}{name}" for place in (made, *([empty] if language == "en" else [])) for name in PAGES)
    papers = (*(f"/p/{made}{name}" for name in PAPERS), f"/verify/{look}/page")
    for path in (*HOUSE, f"/verify/{look}", *of_projects, *papers, "/p/nowhere", "shut out"):
        if path == "shut out":
            page.context.clear_cookies()
        page.goto(studio.origin + ("/" if path == "shut out" else path))
        found = Axe().run(
            page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
        )
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_no_page_is_wider_than_the_screen(open_page, studio: Studio, made: str) -> None:
    page = open_page(language="nl")
    for path in (*HOUSE, *(f"/p/{made}{name}" for name in (*PAGES, *PAPERS))):
        page.goto(studio.origin + path)
        assert wider(page) == [], path


def test_nothing_jumps_while_it_works(open_page, agreed_project: str) -> None:
    page = open_page(path=f"/p/{agreed_project}/check")
    page.evaluate(
        """window.moved = 0; new PerformanceObserver(list => {
            for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
        }).observe({type: 'layout-shift', buffered: true})"""
    )
    page.click("button.go")
    page.wait_for_selector(".step[data-state=running]")
    page.evaluate("window.moved = 0")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.moved") < 0.02


def test_the_whole_way_with_the_keyboard_alone(open_page, studio: Studio, clips: tuple[Path, Path]) -> None:
    page = open_page()
    # somebody listens all the time: a listener that has just been set up may come too late for a key that follows at once
    page.on("filechooser", lambda _: None)
    for role, clip in zip(("source", "target"), clips, strict=True):
        tab_to(page, f"#file-{role}")
        with page.expect_file_chooser() as chosen:
            page.keyboard.press("Space")
        chosen.value.set_files(clip)
        page.wait_for_selector(f".drop[data-role={role}] .drop-chosen:not([hidden])")
    tab_to(page, "#begin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/*")
    place = page.url.rpartition("/")[2]
    follow(page, "a.button[href$='/consents']", f"**/p/{place}/consents")
    for role in ("face", "performer"):
        form = f"#consent-{role} form.fields"
        if not page.locator(f"{form} [name=subject]").is_visible():
            tab_to(page, f"#consent-{role} details.form > summary")
            page.keyboard.press("Enter")
        tab_to(page, f"{form} [name=subject]")
        page.keyboard.type(f"Nobody, {role}")
        tab_to(page, f"{form} [name=basis]")
        for _ in range(4):
            page.keyboard.press("ArrowDown")
        for name, text in (("purpose", "a test"), ("production", "Tests"), ("channels", "nowhere"), ("recorded_by", "The tests")):
            tab_to(page, f"{form} [name={name}]")
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.type(text)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.locator(f"#consent-{role} .record[data-holds=yes]").count() == 1
    follow(page, "a.button.go", f"**/p/{place}")
    tab_to(page, "[name=quality]")
    while not page.locator("[value=draft]").is_checked():
        page.keyboard.press("ArrowUp")
    tab_to(page, "form.make button.go")
    page.keyboard.press("Enter")
    page.wait_for_selector("section.done")
    follow(page, "section.done a.button", "**/result")
    tab_to(page, "#play")
    page.keyboard.press("Enter")
    page.wait_for_selector("#play[aria-pressed=true]")
    page.wait_for_selector("#play[aria-pressed=false]")
    page.wait_for_selector("[data-which=result] canvas[data-frame='11'][data-exact=yes]")
    # a setting of the shot, and a painted place
    tab_to(page, "#dial-merge\\.strength")
    page.keyboard.press("Home")
    page.wait_for_selector(".dial[data-name='merge.strength'][data-own=yes]")
    tab_to(page, "#paint")
    page.keyboard.press("Enter")
    page.wait_for_selector("#easel:focus")
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowDown", "Space"):
        page.keyboard.press(key)
    page.wait_for_selector(".stroke-list li[data-kind=exclude][data-frame='11']")
    page.keyboard.press("Escape")
    page.wait_for_selector(".shots li[data-state=stale]")


def test_key_frames_are_dragged_and_moved_with_the_arrow_keys(open_page, studio: Studio, made: str) -> None:
    page = open_page(path=f"/p/{made}/result")
    # one key-frame in the first frame, another in the last: from nothing to all of it
    for key, value in (("Home", 0), ("End", 1)):
        page.locator("#room").press(key)
        page.locator("#dial-merge\\.strength").fill(str(value))
        page.wait_for_selector(".dial[data-name='merge.strength'][data-own=yes]")
        if key == "Home":
            page.click("#key-merge\\.strength")
            page.wait_for_selector(".dial[data-name='merge.strength'] .bend-key")
    keys = page.locator(".dial[data-name='merge.strength'] .bend-key")
    keys.nth(1).wait_for()
    assert strength_of(studio, made) == [[0, 0.0], [11, 1.0]]

    # the first one: to the middle of the field, by the mouse; the picture follows while it is dragged
    with page.expect_response("**/preview/11.jpg**"):
        drag(page, keys.nth(0), page.locator(".dial[data-name='merge.strength'] .bend-field"), across=5.5 / 12, down=0.5)
    assert strength_of(studio, made) == [[0, 0.0], [11, 1.0]], "nothing is kept before it is let go of"
    with page.expect_response(f"**/p/{made}/shot/1"):
        page.mouse.up()
    assert strength_of(studio, made) == [[5, 0.5], [11, 1.0]]

    # and by the keyboard: it does not go past its neighbour, and holds the focus when it was kept
    for i, (press, wanted) in enumerate(
        ((("ArrowLeft", "ArrowUp"), [[4, 0.55], [11, 1.0]]), (("Shift+ArrowRight",), [[10, 0.55], [11, 1.0]]), (("Delete",), [[11, 1.0]]))
    ):
        if i == 0:
            keys.nth(0).focus()
        with page.expect_response(f"**/p/{made}/shot/1"):
            for one in press:
                page.keyboard.press(one)
        assert strength_of(studio, made) == wanted
        page.wait_for_selector(".dial[data-name='merge.strength'] .bend-key:focus")


def test_a_stand_in_that_comes_late_does_not_cover_the_frame_itself(open_page, studio: Studio, made: str) -> None:
    page, late = open_page(), []
    page.route("**/quick/result/*.jpg", lambda route: route.fulfill(status=204))
    page.route("**/quick/target/*.jpg", lambda route: late.append(route))
    page.goto(f"{studio.origin}/p/{made}/result")
    while not late:
        page.wait_for_timeout(50)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('live:turned'))")
    page.wait_for_selector("[data-which=result] canvas[data-exact=yes]")
    page.unroute("**/quick/target/*.jpg")
    with page.expect_response("**/quick/target/*.jpg"):
        for route in late:
            route.continue_()
    page.wait_for_timeout(500)
    assert page.locator("[data-which=result] canvas[data-exact=yes]").count() == 1
    assert page.locator("[data-which=result] .glass-note").is_hidden()


def test_the_curve_of_a_morph_is_dragged_and_moved_with_the_arrow_keys(open_page, studio: Studio, made: str) -> None:
    assert studio.post(f"/p/{made}/cast/morph", person="p1", lender=".", second=".", begin="2", end="8").status == 200
    page = open_page(path=f"/p/{made}/result")
    bend = page.locator(".bend[data-part='1'][data-what=share]")
    keys = bend.locator(".bend-key")
    keys.nth(1).wait_for()
    before = json.loads(bend.get_attribute("data-keys"))
    assert [at for at, _ in before] == [2, 8] and {value for _, value in before} == {0, 1}
    drag(page, keys.nth(1), bend.locator(".bend-field"), across=10.5 / 12, down=0.5)
    with page.expect_response(f"**/p/{made}/cast/1"):
        page.mouse.up()
    assert share_of(studio, made) == [before[0], [10, 0.5]]
    keys.nth(1).focus()
    with page.expect_response(f"**/p/{made}/cast/1"):
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("ArrowUp")
    assert share_of(studio, made) == [before[0], [3, 0.55]]
    page.wait_for_selector(".bend[data-part='1'][data-what=share] .bend-key:focus")


def share_of(studio: Studio, place: str) -> list[list[float]]:
    """The key-frames of the first part's share, as the page would have them when it is opened anew."""
    page = studio.ask("GET", f"/p/{place}/piece/cast").text
    found = re.search(r'data-part="1" data-what="share" data-keys="([^"]+)"', page)
    assert found is not None
    return json.loads(html.unescape(found.group(1)))


def drag(page, key, field, *, across: float, down: float) -> None:
    """Take a key-frame with the mouse and bring it to a place of its field, in shares of it; it is not let go of."""
    key.scroll_into_view_if_needed()
    there, box = key.bounding_box(), field.bounding_box()
    page.mouse.move(there["x"] + there["width"] / 2, there["y"] + there["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down, steps=4)


def strength_of(studio: Studio, place: str) -> list[list[float]]:
    """The key-frames that the shot's strength has, as another program is told."""
    return studio.ask("GET", f"/api/projects/{place}/shots").json[0]["keys"]["merge.strength"]


def tab_to(page, selector: str) -> None:
    """Press Tab until the element is reached; wherever it stops on the way, the focus can be seen."""
    for _ in range(120):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """selector => { const one = document.activeElement; if (!one || one === document.body) return {there: false, seen: true};
                const seen = (e) => e && getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) >= 2;
                const around = one.closest('.drop, .replace, .choice, .label-choice');
                const near = around && (seen(around) || [...around.querySelectorAll('.button')].some(seen));
                return {there: one.matches(selector), seen: seen(one) || near, what: one.outerHTML.slice(0, 120)}; }""",
            selector,
        )
        assert state["seen"], f"the focus cannot be seen on {state['what']}"
        if state["there"]:
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def follow(page, selector: str, address: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_url(address)
