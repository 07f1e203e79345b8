"""A person is quicker than the page: what is pressed before its scripts have come is done when they are there."""

from __future__ import annotations

import pytest
from serving import Studio


@pytest.fixture
def slow_page(open_page):
    """Opens a page whose scripts keep away until `come()` is called."""

    def make(path: str):
        page = open_page(path="/verify")
        kept, come = [], []
        page.route("**/static/vendor/htmx.min.js", lambda route: route.continue_() if come else kept.append(route))
        page.goto(page.url.removesuffix("/verify") + path, wait_until="commit")

        def let_come() -> None:
            while not kept:
                page.wait_for_timeout(20)
            come.append(True)
            kept[0].continue_()

        return page, let_come

    return make


def test_a_button_that_is_pressed_early_does_its_work(studio: Studio, slow_page, agreed_project: str) -> None:
    page, come = slow_page(f"/p/{agreed_project}")
    page.check("[value=draft]")
    page.click("form.make button.go", no_wait_after=True)
    page.wait_for_timeout(300)
    assert page.url.endswith(f"/p/{agreed_project}"), "the browser has sent the form by itself"
    come()
    page.wait_for_selector("[data-live-job]")
    (job,) = studio.ask("GET", f"/api/projects/{agreed_project}/jobs").json
    assert job["kind"] == "make"
    studio.post(f"/p/{agreed_project}/jobs/{job['job']}/stop")


def test_a_choice_that_is_made_early_counts(slow_page) -> None:
    page, come = slow_page("/")
    page.select_option("#language", "nl")
    come()
    page.wait_for_selector("html[lang=nl]")
    page.select_option("#language", "en")
    page.wait_for_selector("html[lang=en]")
