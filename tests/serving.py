"""A studio for tests: the real command in a process of its own, and a plain client that sends exactly what it is told to."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

RECORD = {
    "purpose": "a test of the studio",
    "production": "Tests",
    "channels": ["nowhere"],
    "actions": ["train", "render", "publish"],
    "expires": None,
    "basis": "person does not exist",
    "recorded_by": "the tests",
    "person_exists": False,
}
"""A consent as the studio's form sends it, its subject and role apart."""


@dataclass
class Reply:
    """An answer, read whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Studio:
    """A running studio. `home` is its home; start it again on the same port after `kill`."""

    home: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None
    address: str = ""
    """With the one-time token."""
    cookie: str = ""
    csrf: str = ""
    _headers: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Studio:
        environment = {**os.environ, "UNDERSTUDY_HOME": str(self.home), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "understudy.cli", "studio", "--port", str(self.port), "--no-browser"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=\S+", line)
            if found:
                self.address, self.port = found.group(0), int(found.group(1))
                return self
        raise AssertionError(f"the studio did not start: {said}")

    def enter(self) -> Studio:
        """Show the token once, as the browser does."""
        reply = self.ask("GET", self.address.removeprefix(self.origin), cookie=False)
        assert reply.status == 303, reply.text
        self.cookie = reply.headers["set-cookie"].split(";")[0]
        found = re.search(r'data-csrf="([^"]+)"', self.ask("GET", "/").text)
        assert found is not None
        self.csrf = found.group(1)
        return self

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """The studio and the workers that it started."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)

    def workers(self) -> list[int]:
        """Processes of this home's workers, by the environment they were given."""
        wanted = f"UNDERSTUDY_HOME={self.home}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if b"understudy.studio.worker" in (folder / "cmdline").read_bytes() and wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        cookie: bool = True,
        csrf: bool = True,
    ) -> Reply:
        """One request with just these headers, the session's cookie and the CSRF token where wanted."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        sent = {"Host": f"127.0.0.1:{self.port}", **({"Cookie": self.cookie} if cookie and self.cookie else {})}
        if method not in ("GET", "HEAD") and csrf:
            sent["X-CSRF-Token"] = self.csrf
        sent.update(headers or {})
        try:
            line.request(method, path, body=body, headers=sent)
            answer = line.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            line.close()

    def post(self, path: str, **fields: str | list[str]) -> Reply:
        """A form, as htmx sends it."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true", "Origin": self.origin}
        return self.ask("POST", path, body=urlencode(fields, doseq=True).encode(), headers=headers)

    def post_json(self, path: str, content: Any) -> Reply:
        return self.ask("POST", path, body=json.dumps(content).encode(), headers={"Content-Type": "application/json"})

    def upload(self, path: str, file: Path | bytes, *, name: str = "clip.mp4", boundary: str = "frontier") -> Reply:
        data = file if isinstance(file, bytes) else file.read_bytes()
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: video/mp4\r\n\r\n'
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        return self.ask("POST", path, body=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def new_project(self, name: str = "A test") -> str:
        reply = self.post_json("/api/projects", {"name": name})
        assert reply.status == 201, reply.text
        return reply.json["place"]

    def wait_for(self, job: int, *, seconds: float = 400) -> dict[str, Any]:
        """Until a job has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.ask("GET", f"/api/jobs/{job}").json
            if found["state"] not in ("queued", "running"):
                return found
            time.sleep(0.2)
        raise AssertionError(f"job {job} did not end: {found}")

    def files(self) -> set[str]:
        """Everything in its home, for seeing that nothing was left behind. The databases' own files aside."""
        # os.walk does not mind a folder that goes while it looks
        paths = [Path(folder, name) for folder, _, names in os.walk(self.home) for name in names]
        return {str(path.relative_to(self.home)) for path in paths if ".sqlite" not in path.name and path.suffix not in (".lock", ".log")}
