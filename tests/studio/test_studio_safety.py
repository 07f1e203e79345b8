"""A hostile page in the next tab, a hostile program on the network, a clumsy upload: all are refused and leave no trace."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from serving import Studio

from understudy.studio.safety import MOST_BODY, MOST_STREAMS


def until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for what the studio does after its answer; an error where it does not come."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "this did not come to hold"
        time.sleep(0.1)


@pytest.fixture
def nothing_left(studio: Studio):
    """What the test does must leave files and projects as they were."""
    before = studio.files(), studio.ask("GET", "/api/projects").json
    yield
    until(lambda: (studio.files(), studio.ask("GET", "/api/projects").json) == before)


CHANGES = [("POST", "/api/projects"), ("POST", "/language"), ("POST", "/verify/upload/"), ("POST", "/programs/token")]
READS = ["/", "/verify", "/programs", "/api/projects", "/api/openapi.json", "/api/events", "/p/0/picture/source.jpg"]


@pytest.mark.parametrize("path", READS)
def test_without_the_token_nothing_is_shown(studio: Studio, path: str) -> None:
    reply = studio.ask("GET", path, cookie=False)
    assert reply.status == 401
    assert b"data-csrf" not in reply.body and b"place" not in reply.body


def test_the_token_works_once(studio: Studio) -> None:
    again = studio.ask("GET", studio.address.removeprefix(studio.origin), cookie=False)
    assert again.status == 401 and "set-cookie" not in again.headers
    assert studio.ask("GET", "/?token=guess", cookie=False).status == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path) -> None:
    home = tmp_path / "home"
    other = Studio(home).start()
    try:
        given = other.ask("GET", other.address.removeprefix(other.origin), cookie=False).headers["set-cookie"]
        assert "HttpOnly" in given and "SameSite=strict" in given and "Path=/" in given
        assert given.startswith(f"understudy_{other.port}=")
    finally:
        other.stop()


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.usefixtures("nothing_left")
def test_a_foreign_origin_changes_nothing(studio: Studio, method: str, path: str) -> None:
    for origin in ("https://evil.example", f"http://localhost:{studio.port}", "http://127.0.0.1:1", "null"):
        reply = studio.ask(method, path, body=b'{"name": "x"}', headers={"Origin": origin, "Content-Type": "application/json"})
        assert reply.status == 403, origin


@pytest.mark.usefixtures("nothing_left")
def test_a_page_of_another_port_or_site_gets_nothing_even_with_the_cookie(studio: Studio) -> None:
    for site in ("cross-site", "same-site"):
        for mode, dest in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "video")):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
            assert studio.ask("GET", "/api/projects", headers=headers).status == 403
        navigated = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert studio.ask("GET", "/", headers=navigated).status == 200
        assert studio.ask("POST", "/api/projects", body=b'{"name":"x"}', headers={**navigated, "Content-Type": "application/json"}).status == 403


def test_a_foreign_name_is_refused(studio: Studio) -> None:
    for host in ("evil.example", f"evil.example:{studio.port}", "127.0.0.1", f"127.0.0.1.evil.example:{studio.port}", ""):
        for path in ("/", "/static/studio.js", "/api/projects"):
            assert studio.ask("GET", path, headers={"Host": host}).status in (400, 421), (host, path)
    assert studio.ask("GET", "/", headers={"Host": f"localhost:{studio.port}"}).status == 200


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.usefixtures("nothing_left")
def test_without_the_pages_own_token_nothing_changes(studio: Studio, method: str, path: str) -> None:
    assert studio.ask(method, path, body=b'{"name": "x"}', csrf=False).status == 403
    assert studio.ask(method, path, body=b'{"name": "x"}', csrf=False, headers={"X-CSRF-Token": "x" * 32}).status == 403


def test_it_listens_on_this_machine_alone(studio: Studio) -> None:
    own = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in own:
        if not str(address).startswith("127."):
            with pytest.raises(OSError), socket.create_connection((str(address), studio.port), timeout=2):
                pass


@pytest.mark.usefixtures("nothing_left")
def test_no_address_leads_out_of_a_project(studio: Studio) -> None:
    place = studio.ask("GET", "/api/projects").json
    here = place[0]["place"] if place else "0"
    for path in (
        "/static/../serve.py",
        "/static/..%2fserve.py",
        "/static/%2e%2e/serve.py",
        "/static//etc/passwd",
        f"/p/{here}/preview/..%2f..%2fproject.jpg",
        f"/p/{here}/preview/000001%00.jpg",
        "/p/..%2f..%2fetc/picture/source.jpg",
        f"/p/{here}/video/..%2fsource",
        "/p/%2e%2e/result",
    ):
        reply = studio.ask("GET", path)
        assert reply.status in (400, 404, 405, 422), (path, reply.status)
        assert b"root:" not in reply.body and b"def serve" not in reply.body


def test_a_result_is_never_put_elsewhere(studio: Studio) -> None:
    place = studio.new_project("Traversal")
    for out in ("../../out.mp4", "/tmp/out.mp4", "a/b.mp4", "x.mp4\n", ".mp4/../x.mp4", "x.sh"):
        assert studio.post_json(f"/api/projects/{place}/jobs", {"kind": "publish", "out": out}).status == 422, out


@pytest.fixture(scope="module")
def place(studio: Studio) -> str:
    return studio.new_project("Uploads")


def test_what_is_no_video_is_refused(studio: Studio, place: str, nothing_left: None) -> None:
    for data in (b"", b"\0" * 4096, b"#!/bin/sh\necho hello\n", b"<html><script>1</script></html>"):
        reply = studio.upload(f"/api/projects/{place}/upload/source", data, name="notes.mp4")
        assert reply.status in (400, 413) and ".part" not in reply.text, reply.text
        assert reply.json["code"].startswith("media") and reply.json["shown"]["remedy"]


def test_a_name_cannot_place_a_file(studio: Studio, make_clip: Callable[..., Path]) -> None:
    place = studio.new_project("Names")
    for name in ("../../evil.mp4", "/etc/evil.mp4", "..\\\\evil.mp4", ".bashrc", "a\0b.mp4", "x" * 400 + ".mp4", "evil.html"):
        reply = studio.upload(f"/api/projects/{place}/upload/source", make_clip(), name=name)
        assert reply.status == 200, reply.text
        kept = reply.json["videos"]["source"]
        folder = Path(reply.json["folder"]).parent / "film-videos"
        assert (folder / kept).is_file() and kept.endswith(".mp4") and not kept.startswith(".") and len(kept) < 120
    assert all(path.startswith("projects/names/film") for path in studio.files() if "evil" in path)


def test_a_malformed_multipart_leaves_nothing(studio: Studio, place: str, make_clip: Callable[..., Path], nothing_left: None) -> None:
    path, clip = f"/api/projects/{place}/upload/source", make_clip().read_bytes()
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.mp4"\r\n\r\n'
    form = "multipart/form-data; boundary=b"
    for kind, body in (
        (form, part + clip),  # never ends
        (form, part + clip + b"\r\n--b--"[:-2]),
        (form, b"--wrong\r\n\r\n" + clip),
        (form, b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n'),  # no file
        (form, part + clip + b"\r\n" + part + clip + b"\r\n--b--\r\n"),  # two
        (form, b"--b\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n" + clip + b"\r\n--b--\r\n"),
        ("multipart/form-data", part + clip),
        ("text/plain", clip),
        ("", clip),
    ):
        reply = studio.ask("POST", path, body=body, headers={"Content-Type": kind})
        assert reply.status in (400, 413), (kind, body[:40], reply.status)


def test_an_upload_that_breaks_off_leaves_nothing(studio: Studio, place: str, nothing_left: None) -> None:
    line = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)
    line.putrequest("POST", f"/api/projects/{place}/upload/source", skip_host=True)
    for name, value in {
        "Host": f"127.0.0.1:{studio.port}",
        "Cookie": studio.cookie,
        "X-CSRF-Token": studio.csrf,
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": "1000000",
    }.items():
        line.putheader(name, value)
    line.endheaders()
    line.send(b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.mp4"\r\n\r\n' + b"x" * 50_000)
    until(lambda: any(".part" in path for path in studio.files()))
    line.close()
    until(lambda: not any(".part" in path for path in studio.files()))


def test_what_is_too_large_is_refused_before_it_is_read(studio: Studio, place: str, nothing_left: None) -> None:
    for path, length in ((f"/api/projects/{place}/upload/source", 10**15), ("/api/projects", MOST_BODY + 1), ("/language", 10**12)):
        line = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)
        line.putrequest("POST", path, skip_host=True)
        for name, value in {
            "Host": f"127.0.0.1:{studio.port}",
            "Cookie": studio.cookie,
            "X-CSRF-Token": studio.csrf,
            "Content-Type": "multipart/form-data; boundary=b",
            "Content-Length": str(length),
        }.items():
            line.putheader(name, value)
        line.endheaders()
        assert line.getresponse().status == 413, path
        line.close()


def test_a_long_body_that_does_not_say_so_is_cut(studio: Studio, nothing_left: None) -> None:
    def pieces():
        for _ in range(40):
            yield b"x" * 65536

    line = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)
    headers = {"Host": f"127.0.0.1:{studio.port}", "Cookie": studio.cookie, "X-CSRF-Token": studio.csrf, "Content-Type": "application/json"}
    try:
        line.request("POST", "/api/projects", body=pieces(), headers=headers, encode_chunked=True)
        assert line.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # cut off while it was still sending
    finally:
        line.close()


def test_a_flood_of_event_streams_does_not_take_the_studio_down(studio: Studio, nothing_left: None) -> None:
    lines = []
    try:
        answers = []
        for _ in range(MOST_STREAMS + 20):
            line = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)
            line.request("GET", "/api/events", headers={"Host": f"127.0.0.1:{studio.port}", "Cookie": studio.cookie})
            answers.append(line.getresponse().status)
            lines.append(line)
        assert answers.count(200) == MOST_STREAMS and answers.count(503) == 20
        assert studio.ask("GET", "/").status == 200
    finally:
        for line in lines:
            line.close()
    # the streams that were closed are no longer counted
    until(lambda: stream_status(studio) == 200)


def stream_status(studio: Studio) -> int:
    """What a new stream of events is answered; it is closed at once."""
    line = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)
    line.request("GET", "/api/events", headers={"Host": f"127.0.0.1:{studio.port}", "Cookie": studio.cookie})
    status = line.getresponse().status
    line.close()
    return status


def test_pages_say_what_a_browser_may_do_with_them(studio: Studio) -> None:
    for path in ("/", "/api/projects", "/nowhere"):
        headers = studio.ask("GET", path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert headers["cross-origin-resource-policy"] == "same-origin" and headers["referrer-policy"] == "no-referrer"


def test_pages_hold_no_script_or_style_of_their_own(studio: Studio) -> None:
    for path in ("/", "/verify", "/programs"):
        assert studio.ask("GET", path).status == 200
        page = studio.ask("GET", path).text
        assert "<script>" not in page and "style=" not in page and "<style" not in page and " onclick" not in page
        assert "https://" not in page.replace("https://c2pa.org", "")


def test_programs_come_in_with_a_key_and_without_a_cookie(studio: Studio) -> None:
    import re

    key = re.search(r'class="secret">([^<]+)<', studio.post("/programs/token").text)
    assert key is not None
    headers = {"Authorization": f"Bearer {key.group(1)}"}
    assert studio.ask("GET", "/api/projects", headers=headers, cookie=False).status == 200
    made = studio.ask(
        "POST", "/api/projects", body=b'{"name": "By a program"}', headers={**headers, "Content-Type": "application/json"}, cookie=False, csrf=False
    )
    assert made.status == 201
    assert studio.ask("GET", "/api/projects", headers={"Authorization": "Bearer wrong"}).status == 401
