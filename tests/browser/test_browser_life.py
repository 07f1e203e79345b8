"""Work lives longer than a window, a server and a worker; two windows agree."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from looks import until
from serving import Studio

from understudy import api

ROUNDS = "Number(document.querySelector('.verdict')?.dataset.rounds ?? 0)"


@pytest.fixture
def quick_project(studio: Studio, agreed_project: str) -> str:
    """A project whose rounds of training are short."""
    folder = Path(studio.ask("GET", f"/api/projects/{agreed_project}").json["folder"])
    api.change_settings(folder, {"train.faces_per_round": 32, "train.batch": 4, "train.size": 128})
    return agreed_project


def test_training_goes_on_through_a_killed_server_and_a_killed_worker(studio: Studio, open_page, quick_project: str) -> None:
    first, second = (open_page(path=f"/p/{quick_project}/train") for _ in range(2))
    # it does not end by itself, however slow the machine is
    first.fill("[name=minutes]", "60")
    first.click("form.card button.go")
    # the second window was not touched, and knows
    for page in (first, second):
        page.wait_for_selector(".step[data-step=learn][data-state=running]")
    first.wait_for_selector(".grid img")

    studio.kill()
    (worker,) = studio.workers()
    first.wait_for_selector("#line:not([hidden])")
    os.kill(worker, 0)  # still there
    studio.start()
    # the windows find the way back by themselves
    first.wait_for_selector("#line[hidden]", state="attached")
    job = studio.ask("GET", f"/api/projects/{quick_project}/jobs").json[0]
    assert job["kind"] == "train" and job["state"] == "running"

    before = rounds_of(first)
    os.kill(worker, signal.SIGKILL)
    for page in (first, second):
        until(page, f"{ROUNDS} > {before + 1}")
    first.click("section.work button.quiet")
    assert studio.wait_for(job["job"])["state"] == "stopped"
    for page in (first, second):
        page.wait_for_selector("form.card")
        page.wait_for_selector(".grid img")
    assert first.locator(".verdict").inner_text() == second.locator(".verdict").inner_text()


def test_stop_saves_and_go_on_goes_on(studio: Studio, open_page, quick_project: str) -> None:
    page = open_page(path=f"/p/{quick_project}/train")
    page.fill("[name=minutes]", "60")
    page.click("form.card button.go")
    before = 0
    for again in (False, True):
        if again:
            page.click("form.card button[hx-post*=resume]")
        page.wait_for_selector(".step[data-step=learn][data-state=running]")
        until(page, f"{ROUNDS} > {before}")
        page.click("section.work button.quiet")
        page.wait_for_selector("form.card")
        (job,) = studio.ask("GET", f"/api/projects/{quick_project}/jobs").json
        assert job["state"] == "stopped"
        page.reload()
        rounds = rounds_of(page)
        assert rounds > before
        before = rounds


def rounds_of(page) -> int:
    return int(page.locator(".verdict").get_attribute("data-rounds"))


def test_a_worker_leaves_when_there_is_nothing_to_do(studio: Studio) -> None:
    end = time.monotonic() + 120
    while studio.workers() and time.monotonic() < end:
        time.sleep(0.5)
    assert studio.workers() == []


def test_what_is_half_filled_in_stays_when_the_page_learns_of_something_else(open_page, studio: Studio, agreed_project: str) -> None:
    page = open_page(path=f"/p/{agreed_project}")
    page.check("[value=broadcast]")
    come_anew(page, "/piece/make")
    assert page.locator("[value=broadcast]").is_checked()

    page.goto(f"{studio.origin}/ledger/complaints")
    page.click("details:has([name=words]) > summary")
    page.fill("[name=words]", "He says that he was never asked.")
    page.check("[name=kind] >> nth=1")
    page.locator("[name=name]").press_sequentially("Bob J")
    come_anew(page, "/ledger/piece/complaints")
    page.keyboard.type("ansen")
    assert page.locator("[name=words]").input_value() == "He says that he was never asked."
    assert page.locator("[name=kind] >> nth=1").is_checked()
    assert page.locator("[name=name]").input_value() == "Bob Jansen", "the cursor has left the field"


def test_a_button_that_is_held_down_is_not_taken_away(open_page, studio: Studio, agreed_project: str) -> None:
    page = open_page(path=f"/p/{agreed_project}")
    page.check("[value=draft]")
    page.hover("form.make button.go")
    page.mouse.down()
    come_anew(page, "/piece/make")
    page.mouse.up()
    page.wait_for_selector("[data-live-job]")
    (job,) = studio.ask("GET", f"/api/projects/{agreed_project}/jobs").json
    assert job["kind"] == "make"
    studio.post(f"/p/{agreed_project}/jobs/{job['job']}/stop")


def come_anew(page, piece: str) -> None:
    """A piece of the page is fetched as when something happened elsewhere, and has been put in place."""
    with page.expect_response(f"**{piece}"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('live:turned'))")
    page.wait_for_timeout(100)
