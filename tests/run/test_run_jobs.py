"""The queue: what is asked for is done once, in order, and is not lost in a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.errors import DatabaseBroken, ProjectBusy
from understudy.events import Event
from understudy.run.jobs import MOST_TRIES, Jobs


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path / "jobs.sqlite")


def test_jobs_of_a_lane_come_one_after_the_other(jobs: Jobs, tmp_path: Path) -> None:
    first = jobs.add("make", project=tmp_path / "a", args={"out": "x"})
    second = jobs.add("make", project=tmp_path / "b", args={})
    look = jobs.add("verify", project=None, args={"file": "f"}, lane="desk")
    claimed = jobs.claim("work")
    assert claimed is not None and claimed.job == first.job and claimed.args == {"out": "x"} and claimed.state == "running"
    desk = jobs.claim("desk")
    assert desk is not None and desk.job == look.job
    jobs.end(first.job, "done", result={"n": 1})
    following = jobs.claim("work")
    assert following is not None and following.job == second.job
    assert jobs.claim("work") is None and jobs.get(first.job).result == {"n": 1}


def test_a_project_is_worked_on_once_at_a_time(jobs: Jobs, tmp_path: Path) -> None:
    first = jobs.add("make", project=tmp_path, args={})
    with pytest.raises(ProjectBusy):
        jobs.add("check", project=tmp_path, args={})
    jobs.stop(first.job)
    second = jobs.add("check", project=tmp_path, args={})
    with pytest.raises(ProjectBusy):
        jobs.resume(first.job)
    assert [job.job for job in jobs.of(tmp_path)] == [second.job, first.job]


def test_what_a_dead_worker_had_in_hand_is_done_again_but_not_for_ever(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.add("train", project=tmp_path, args={})
    for _ in range(MOST_TRIES - 1):
        assert jobs.claim("work") is not None
        jobs.recover("work")
        assert jobs.get(job.job).state == "queued"
    jobs.claim("work")
    jobs.recover("work")
    found = jobs.get(job.job)
    assert found.state == "failed" and found.error is not None and found.error["code"] == "worker-died"
    assert jobs.resume(job.job).tries == 0


def test_a_worker_that_is_asked_to_leave_gives_the_job_back(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.add("train", project=tmp_path, args={})
    jobs.claim("work")
    jobs.back(job.job)
    assert (jobs.get(job.job).state, jobs.get(job.job).tries) == ("queued", 0)


def test_stopping(jobs: Jobs, tmp_path: Path) -> None:
    waiting = jobs.add("train", project=tmp_path / "a", args={})
    assert jobs.stop(waiting.job).state == "stopped"
    running = jobs.add("train", project=tmp_path / "b", args={})
    jobs.claim("work")
    assert jobs.stop(running.job).stopping and jobs.wants_stop(running.job)
    # the worker dies before it got there: it had been asked, so it is not begun again
    jobs.recover("work")
    assert jobs.get(running.job).state == "stopped"
    assert jobs.resume(running.job).state == "queued" and not jobs.wants_stop(running.job)
    assert jobs.stop(running.job).state == "stopped"
    assert jobs.stop(running.job).state == "stopped"


def test_events_can_be_read_on_from_anywhere_and_stay_few(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.add("train", project=tmp_path, args={})
    jobs.claim("work")
    for done in range(500):
        jobs.report(job.job, Event("train", "progress", "round", done, 500))
    jobs.report(job.job, Event("train", "preview", "round 1", 1, 2, preview=tmp_path / "a.jpg", figures={"l1": 3.5}))
    events = jobs.events(project=tmp_path)
    assert [event.kind for event in events] == ["queued", "running", "progress", "preview"]
    assert events[2].body["done"] == 499 and events[3].body["figures"] == {"l1": 3.5}
    assert [event.kind for event in jobs.events(after=events[2].seq)] == ["preview"]
    assert jobs.events(after=jobs.last_seq()) == [] and jobs.events(project=tmp_path / "other") == []


def test_two_processes_see_the_same(jobs: Jobs, tmp_path: Path) -> None:
    other = Jobs(jobs._db.path)
    job = jobs.add("make", project=tmp_path, args={})
    assert other.get(job.job) == job and other.waiting("work") and not other.waiting("desk")
    other.claim("work")
    other.end(job.job, "failed", error={"code": "media", "what": "w", "why": "", "remedy": "r"})
    assert jobs.get(job.job).error == {"code": "media", "what": "w", "why": "", "remedy": "r"}
    jobs.forget(tmp_path)
    assert other.of(tmp_path) == [] and other.events(project=tmp_path) == []


def test_a_damaged_queue_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"this is no database" * 400)
    with pytest.raises(DatabaseBroken) as caught:
        Jobs(path)
    assert caught.value.remedy
