"""A real browser. Where this machine has no Chromium the tests are skipped, and say how to get one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromiums import chromium
from serving import RECORD, Studio
from studio import A, B
from synthetic import cut_clip

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine (Debian, Ubuntu: sudo apt install chromium; elsewhere set CHROMIUM to one)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        # in a container there is no room for the browser's own sandbox
        running = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
        yield running
        running.close()


@pytest.fixture
def open_page(request: pytest.FixtureRequest, browser, studio: Studio) -> Iterator[Callable[..., object]]:
    """`open_page(language="nl", width=390)` gives a page of a browser that was let in. What goes wrong in its console fails the test; what its pages
    show when a test fails is printed."""
    contexts, wrong = [], []

    def make(*, language: str = "en", width: int = 1440, path: str = "/"):
        context = browser.new_context(viewport={"width": width, "height": 900}, locale={"en": "en-GB", "nl": "nl-NL"}[language])
        name, value = studio.cookie.split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": studio.origin, "httpOnly": True, "sameSite": "Strict"}])
        page = context.new_page()
        page.set_default_timeout(240_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(f"{message.text} {message.location}") if "Content Security Policy" in message.text else None)
        page.goto(studio.origin + path)
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        if request.node.stash.get(FAILED, False):
            for page in context.pages:
                print(f"--- {page.url}\n{page.locator('body').inner_text()}")
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """40 frames of actor A as the source, 12 of actor B as the target."""
    folder = tmp_path_factory.mktemp("clips")
    return cut_clip(A, folder / "her.mp4", n=40, every=6), cut_clip(B, folder / "performance.mp4", n=12, start=40)


@pytest.fixture
def agreed_project(studio: Studio, clips: tuple[Path, Path]) -> str:
    """The place of a project with both videos and both consents."""
    place = studio.new_project("Agreed")
    for role, clip in zip(("source", "target"), clips, strict=True):
        assert studio.upload(f"/api/projects/{place}/upload/{role}", clip, name=clip.name).status == 200
    for role in ("face", "performer"):
        record = {**RECORD, "subject": f"Nobody, {role}", "role": role}
        assert studio.post_json(f"/api/projects/{place}/consents", record).status == 201
    return place
