"""Does the wall of faces hold ten thousand? The real studio and a real browser: first paint, long tasks while scrolling, pictures that lag behind.

    python bench/studio.py                        # 10,127 faces: a clip of an actor goes round 41 times
    python bench/studio.py --times 4              # fewer
    python bench/studio.py --project FOLDER       # a project of your own (its source's faces)

Needs Chromium (`CHROMIUM` names another one) and the tests' packages. First paint is counted from the navigation until the first faces are on the
screen, in a browser that has nothing in its cache; the thumbnails are there already. A long task is one that blocks the page for more than
50 ms, as the browser itself reports it (PerformanceObserver, longtask). Beside the clock stands the processor time that the studio and the page have
used until the first paint. Prints a table, and writes the same as JSON into bench/out/studio/.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]
CLIP = ROOT / "assets" / "actors" / "synthetic_actor_A_eval.mp4"
SORTS = ("time", "yaw", "pixels")
WATCH = """() => { window.longTasks = []; new PerformanceObserver(list => {
    for (const one of list.getEntries()) window.longTasks.push(one.duration); }).observe({type: 'longtask'});
    window.frames = []; let last = performance.now();
    const turn = now => { window.frames.push(now - last); last = now; requestAnimationFrame(turn); }; requestAnimationFrame(turn); }"""
PAINTED = "document.querySelectorAll(\".wall-row:not([hidden]) .wall-face[style*='blob:']\").length > 20"
ALL_THERE = (
    "[...document.querySelectorAll('.wall-row:not([hidden]) .wall-face:not([hidden])')].every(one => one.style.backgroundImage.includes('blob:'))"
)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--times", type=int, default=41, help="how often the clip of 247 frames goes round")
    words.add_argument("--project", type=Path, help="a project in which the faces were looked at")
    words.add_argument("--out", type=Path, default=ROOT / "bench" / "out" / "studio")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        home = Path(folder) / "home"
        os.environ["UNDERSTUDY_HOME"], machine = str(home), os.environ.get("UNDERSTUDY_HOME")
        results = _measure(home, asked.project, asked.times, machine)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "studio.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"{results['faces']} faces, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for row in results["rows"]:
        print(
            f"sorted by {row['sort']:7} list {row['list_ms']:6.0f} ms   first paint {row['first_paint_ms']:6.0f} ms "
            f"(processor: studio {row['studio_processor_ms']:.0f}, page {row['page_processor_ms']:.0f})   "
            f"scrolled {row['pixels']:>7} px   long tasks {row['long_tasks']:3}   longest {row['longest_ms']:5.0f} ms   "
            f"frames: median {row['frame_ms']:4.0f} ms, p99 {row['frame_p99_ms']:4.0f} ms   last pictures after {row['settled_ms']:5.0f} ms"
        )


def _measure(home: Path, project: Path | None, times: int, machine: str | None) -> dict[str, Any]:
    from chromiums import chromium  # type: ignore[import-not-found]
    from playwright.sync_api import sync_playwright
    from serving import Studio  # type: ignore[import-not-found]

    from understudy import api
    from understudy.home import home as home_now
    from understudy.provenance.keys import make_keys
    from understudy.studio.memory import Memory

    _link(home, machine)
    make_keys()
    if project is None:
        from looping import looped_project  # type: ignore[import-not-found]

        folder: Path = looped_project(home_now() / "projects" / "many", CLIP, times=times, wall=True)
    else:
        folder = project
    wall = api.faces(folder)
    memory = Memory()
    place = memory.know(folder, name="Many faces").place
    memory.close()
    studio = Studio(home).start().enter()
    rows = []
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            for sort in SORTS:
                rows.append(_one(browser, studio, f"/p/{place}/faces?sort={sort}", sort))
            browser.close()
    finally:
        studio.stop()
    return {"faces": wall.total, "cores": os.cpu_count(), "rows": rows}


def _link(home: Path, machine: str | None) -> None:
    """This machine's networks, in the home that the bench makes for itself."""
    os.environ.pop("UNDERSTUDY_HOME")
    if machine:
        os.environ["UNDERSTUDY_HOME"] = machine
    from understudy.home import home as usual

    home.mkdir(parents=True)
    (home / "weights").symlink_to(usual() / "weights")
    os.environ["UNDERSTUDY_HOME"] = str(home)


def _until(page: Any, condition: str) -> None:
    """Asked from outside: the page's own rules forbid to run text as a script."""
    while not page.evaluate(condition):
        page.wait_for_timeout(5)


def _processor_ms(pid: int) -> float:
    """Processor time that a process has used, in steps of ten milliseconds: unlike the clock it does not count what others do meanwhile."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _one(browser: Any, studio: Any, path: str, sort: str) -> dict[str, Any]:
    """One order: opened in a fresh browser, then scrolled by the wheel from the top to the end, fast and slow."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    name, value = studio.cookie.split("=", 1)
    context.add_cookies([{"name": name, "value": value, "url": studio.origin, "httpOnly": True, "sameSite": "Strict"}])
    page = context.new_page()
    inside = context.new_cdp_session(page)
    inside.send("Performance.enable")
    began, worked = time.perf_counter(), _processor_ms(studio.process.pid)
    page.goto(studio.origin + path, wait_until="commit")
    _until(page, PAINTED)
    first_paint = 1000 * (time.perf_counter() - began)
    worked = _processor_ms(studio.process.pid) - worked
    drawn = next(one["value"] for one in inside.send("Performance.getMetrics")["metrics"] if one["name"] == "ProcessTime")
    listed = page.evaluate("performance.getEntriesByType('resource').filter(one => one.name.includes('/list?')).map(one => one.duration)[0]")
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    height = page.evaluate("document.body.scrollHeight")
    page.mouse.move(700, 600)
    for _ in range(60):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(30)
    for _ in range(60):
        page.mouse.wheel(0, (height - 7200) / 60)
        page.wait_for_timeout(30)
    began = time.perf_counter()
    _until(page, ALL_THERE)
    settled = 1000 * (time.perf_counter() - began)
    tasks, frames = page.evaluate("window.longTasks"), sorted(page.evaluate("window.frames"))
    scrolled = page.evaluate("scrollY")
    context.close()
    return {
        "sort": sort,
        "list_ms": listed,
        "first_paint_ms": first_paint,
        "studio_processor_ms": worked,
        "page_processor_ms": 1000 * drawn,
        "pixels": round(scrolled),
        "long_tasks": len(tasks),
        "longest_ms": max(tasks, default=0.0),
        "frame_ms": statistics.median(frames),
        "frame_p99_ms": frames[int(0.99 * (len(frames) - 1))],
        "settled_ms": settled,
    }


if __name__ == "__main__":
    main()
