"""Work lives longer than a window, a server and a worker; two windows agree."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from serving import Studio

from understudy import api


@pytest.fixture
def quick_project(studio: Studio, agreed_project: str) -> str:
    """A project whose rounds of training are short."""
    folder = Path(studio.ask("GET", f"/api/projects/{agreed_project}").json["folder"])
    api.change_settings(folder, {"train.faces_per_round": 32, "train.batch": 4, "train.size": 128})
    return agreed_project


def test_training_goes_on_through_a_killed_server_and_a_killed_worker(studio: Studio, open_page, quick_project: str) -> None:
    first, second = (open_page(path=f"/p/{quick_project}/train") for _ in range(2))
    first.fill("[name=minutes]", "0.2")
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
    assert job["kind"] == "train" and job["state"] in ("running", "done")

    killed = [pid for pid in studio.workers() if job["state"] == "running"]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert studio.wait_for(job["job"])["state"] == "done"
    for page in (first, second):
        page.wait_for_selector("form.card")
        page.wait_for_selector(".grid img")
    assert first.locator(".verdict").inner_text() == second.locator(".verdict").inner_text()
    assert int(first.locator(".verdict").get_attribute("data-rounds") or 0) >= 1


def test_stop_saves_and_go_on_goes_on(studio: Studio, open_page, quick_project: str) -> None:
    page = open_page(path=f"/p/{quick_project}/train")
    page.fill("[name=minutes]", "0.1")
    page.click("form.card button.go")
    page.wait_for_selector(".step[data-step=learn][data-state=running]")
    page.click("section.work button.quiet")
    page.wait_for_selector("form.card")
    job = studio.ask("GET", f"/api/projects/{quick_project}/jobs").json[0]
    assert job["state"] == "stopped"
    page.reload()
    page.locator("form.card button[hx-post*=resume]").click()
    page.wait_for_selector("section.work")
    assert studio.wait_for(job["job"])["state"] == "done"


def test_a_worker_leaves_when_there_is_nothing_to_do(studio: Studio) -> None:
    end = time.monotonic() + 30
    while studio.workers() and time.monotonic() < end:
        time.sleep(0.5)
    assert studio.workers() == []
