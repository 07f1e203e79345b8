"""People, Faces and Ledger as they are seen and used: by mouse, by keyboard, and in two windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from looks import shown, tasks_of, until, wider
from looping import looped_project
from serving import Studio
from studio import A, B, side_by_side
from synthetic import cut_clip

from understudy import api
from understudy.studio.memory import Memory

LEDGER = ("/ledger", "/ledger/complaints", "/ledger/consents")
ALL_THERE = (
    "[...document.querySelectorAll('.wall-row:not([hidden]) .wall-face:not([hidden])')].every(one => one.style.backgroundImage.includes('blob:'))"
)


@pytest.fixture(scope="module")
def many(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The place and folder of a project with 504 faces, of which 24 are different ones; the target has two people."""
    clips = tmp_path_factory.mktemp("clips")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(studio.home))
        folder = looped_project(studio.home / "projects" / "many", cut_clip(A, clips / "her.mp4", n=24, every=9), times=21, wall=True)
        api.add(folder, side_by_side(clips / "both.mp4", n=6), role="target")
        api.people_find(folder)
        assert api.faces(folder).total == 504
        memory = Memory()
        place = memory.know(folder, name="Many faces").place
        memory.close()
    return place, folder


def test_people_are_named_merged_and_chosen_in_place(open_page, many: tuple[str, Path]) -> None:
    place, folder = many
    page, other = (open_page(path=f"/p/{place}/people") for _ in range(2))
    for picture in page.locator(".portrait img").all():
        picture.evaluate("one => one.decode()")
        assert shown(picture).std() > 20, "a picture is empty"
    assert page.locator("#merge-go").is_disabled() and page.locator(".outlook").count() == 1
    page.locator("#choose-target-person-2").click()
    page.wait_for_selector("#person-2 #meant-target")
    assert [part.meant for part in api.people(folder)[1].media] == [True]
    page.locator("#name-person-2").fill("Clara")
    page.keyboard.press("Enter")
    page.wait_for_selector(".said:has-text('Clara')")
    until(other, "document.querySelector('#name-person-2').value === 'Clara'")
    for number in (1, 2):
        page.check(f"#pick-person-{number}")
    assert page.locator("#merge-go").inner_text() == "These 2 are one person"
    page.locator("#merge-go").focus()
    page.keyboard.press("Enter")
    for window in (page, other):
        until(window, "document.querySelectorAll('.person').length === 1")
    page.click("#people-undo")
    for window in (page, other):
        until(window, "document.querySelectorAll('.person').length === 2")


def test_a_name_that_is_being_typed_is_not_taken_away(open_page, many: tuple[str, Path]) -> None:
    place, _ = many
    page, other = (open_page(path=f"/p/{place}/people") for _ in range(2))
    other.locator("#name-person-1").fill("Ad")
    page.locator("#name-person-2").fill("Cleo")
    page.keyboard.press("Enter")
    page.wait_for_selector(".said:has-text('Cleo')")
    other.wait_for_timeout(900)
    assert other.locator("#name-person-1").input_value() == "Ad" and other.locator("#name-person-1").evaluate("one => one === document.activeElement")
    other.keyboard.type("a")
    other.keyboard.press("Enter")
    for window in (page, other):
        for number, name in ((1, "Ada"), (2, "Cleo")):
            until(window, f"document.querySelector('#name-person-{number}').value === '{name}'")


def test_a_form_that_was_just_put_in_place_is_sent_to_the_studio(open_page, many: tuple[str, Path]) -> None:
    place, folder = many
    page = open_page(path=f"/p/{place}/people")
    # as quick as a hand can be: in the turn of the script that put the form there
    page.evaluate(
        """document.getElementById('people').addEventListener('htmx:afterSwap', () => queueMicrotask(() => {
            const form = document.querySelector('#person-1 form.person-name');
            form.elements.name.value = 'Dora';
            form.requestSubmit();
        }), {once: true})"""
    )
    page.locator("#name-person-2").fill("Cora")
    page.keyboard.press("Enter")
    page.wait_for_selector(".said:has-text('Dora')")
    assert page.url.endswith("/people")
    assert [person.name for person in api.people(folder)] == ["Dora", "Cora"]


def test_the_wall_is_used_with_the_keyboard_alone(open_page, many: tuple[str, Path]) -> None:
    place, folder = many
    page, other = (open_page(path=f"/p/{place}/faces?sort=yaw") for _ in range(2))
    for window in (page, other):
        window.wait_for_selector(".wall-face[style*='blob:']")
    order = [face.number for face in api.faces(folder, sort="yaw").faces]
    page.focus("#wall")
    for key in ("ArrowRight", "ArrowRight", "Space", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert page.locator(".wall-face[aria-selected=true]").count() == 4
    assert page.locator("#wall").get_attribute("aria-activedescendant") == f"face-{order[5]}"
    page.keyboard.press("Delete")
    for window in (page, other):
        until(window, "document.querySelector('[data-count=trash]').textContent === '4'")
    assert sorted(face.number for face in api.faces(folder, shown="trash").faces) == sorted(order[2:6])
    assert other.locator(f"#face-{order[3]}").get_attribute("data-why") == "1"
    page.keyboard.press("Control+z")
    until(other, "document.querySelector('[data-count=trash]').textContent === '0'")
    page.keyboard.press("Enter")
    page.wait_for_selector("#face-large[open] .face-facts")
    page.locator("#face-large img").evaluate("one => one.decode()")
    assert shown(page.locator("#face-large img")).std() > 20
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(f".face-large[data-number='{order[6]}']")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "wall"


def test_the_pictures_are_those_of_their_faces(open_page, many: tuple[str, Path]) -> None:
    place, folder = many
    page = open_page(path=f"/p/{place}/faces?sort=brightness")
    page.wait_for_selector(".wall-face[style*='blob:']")
    page.keyboard.press("End")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    faces = {face.number: face for face in api.faces(folder, sort="brightness").faces}
    until(page, ALL_THERE)
    light = [shown(page.locator(f"#face-{number}"))[20:50, 20:60].mean() for number in list(faces)[-2:]]
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_selector(f"#face-{next(iter(faces))}")
    dark = [shown(page.locator(f"#face-{number}"))[20:50, 20:60].mean() for number in list(faces)[:2]]
    assert np.mean(light) > np.mean(dark) + 5


def test_scrolling_five_hundred_faces_does_not_stutter(open_page, many: tuple[str, Path]) -> None:
    place, _ = many
    page = open_page(path=f"/p/{place}/faces?sort=yaw")
    page.wait_for_selector(".wall-face[style*='blob:']")
    with tasks_of(page) as tasks:
        for _ in range(12):
            page.mouse.wheel(0, 400)
            page.wait_for_timeout(60)
    assert page.locator(".wall-face:not([hidden])").count() < 504, "rows out of sight are drawn"
    assert 0 < max(tasks) < 0.1


@pytest.mark.parametrize("language", ["en", "nl"])
def test_axe_finds_nothing_on_these_screens(open_page, studio: Studio, many: tuple[str, Path], language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(language=language, width=1024)
    empty = studio.new_project("Empty")
    for path in (
        *(f"/p/{place}/{name}" for place in (many[0], empty) for name in ("people", "faces")),
        *LEDGER,
    ):
        page.goto(studio.origin + path)
        if path == f"/p/{many[0]}/faces":
            page.wait_for_selector(".wall-face[style*='blob:']")
        found = Axe().run(
            page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
        )
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_these_screens_are_no_wider_than_the_window(open_page, studio: Studio, many: tuple[str, Path]) -> None:
    page = open_page(language="nl")
    for path in (*(f"/p/{many[0]}/{name}" for name in ("people", "faces")), *LEDGER):
        page.goto(studio.origin + path)
        assert wider(page) == [], path


def test_a_person_is_forgotten_with_a_typed_word_and_a_receipt(open_page, studio: Studio, tmp_path: Path) -> None:
    place = studio.new_project("To be forgotten")
    clip = cut_clip(B, tmp_path / "her.mp4", n=4)
    assert studio.upload(f"/api/projects/{place}/upload/source", clip, name="her.mp4").status == 200
    page, other = (open_page(path="/ledger/consents") for _ in range(2))
    card = page.locator("details:has(form.forget)", has_text="To be forgotten")
    card.locator("summary").click()
    card.locator("[value=source]").check()
    card.locator("[name=typed]").fill("something else")
    card.locator("button.danger").click()
    page.wait_for_selector("#trouble .trouble")
    card.locator("[name=typed]").fill("to be forgotten")
    card.locator("button.danger").click()
    page.wait_for_selector("#forgotten")
    with page.expect_download() as download:
        page.click("#forgotten a.button")
    assert "forgotten-" in download.value.suggested_filename
    other.wait_for_selector("a[href*='/ledger/receipts/forgotten-']", state="attached")
