"""Who may talk to the studio: this machine's own browser that was given the token, and nobody else; safe while a hostile page is in the next tab.

Every request passes here before anything else is done with it. Host and Origin are checked (a foreign page, or a name that was bent to this
address, gets nothing), a session is needed, and whatever changes something must bring the session's CSRF token along. Answers carry the
headers that keep a page from being framed, sniffed, cached, or from running any script that is not the studio's own file.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .memory import Memory, Session

SAFE_METHODS = frozenset({"GET", "HEAD"})
MOST_BODY = 1 << 20
MOST_SCAN = 64 << 20
"""Of a form to which a scan of a signed paper, or a handed-out ledger, may be attached."""
"""Bytes that a form may have. Uploads have a limit of their own (`uploads`)."""
MOST_STREAMS = 24
"""Open event streams. A browser needs one."""
UPLOADS = "/upload/"
"""What the path of every upload has in it: their bodies are counted elsewhere."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " media-src 'self' blob:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is not answered: `reason` is a key of the catalogue (`refused.…`)."""

    status: int
    reason: str


class Tickets:
    """The one-time tokens that let a browser in."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._lock = threading.Lock()

    def new(self) -> str:
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._open.add(ticket)
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Whether it was good; it is not any more."""
        with self._lock:
            good = [known for known in self._open if secrets.compare_digest(known, ticket)]
            self._open.difference_update(good)
        return bool(good)


@dataclass(frozen=True, slots=True)
class Door:
    """What is let through."""

    hosts: frozenset[str]
    """The `Host` headers that mean this server: `127.0.0.1:8787` …"""
    cookie: str
    """Its name holds the port, for browsers send the cookies of one port to all others."""
    tickets: Tickets
    memory: Memory


class Guard:
    """The outermost layer of the app. `refuse` draws a refusal."""

    def __init__(self, app: ASGIApp, *, door: Door, refuse: Callable[[Request, Refusal], Response]) -> None:
        self.app, self.door, self.refuse = app, door, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        send = _with_headers(send, scope["path"].startswith("/static/"))
        answer: ASGIApp | None = None
        found = self._stranger(scope, headers)
        if found is None and not scope["path"].startswith("/static/"):
            answer = self._enter(scope)
            if answer is None:
                found = self._admit(scope, headers)
        if found is not None:
            answer = self.refuse(Request(scope), found)
        if answer is not None:
            await answer(scope, receive, send)
            return
        counted = receive if UPLOADS in scope["path"] else _counted(receive, _most(scope["path"]))
        await self.app(scope, counted, send)

    def _stranger(self, scope: Scope, headers: Headers) -> Refusal | None:
        """Whether the request comes from another page or to another name."""
        host = headers.get("host", "")
        if host not in self.door.hosts:
            return Refusal(421, "host")
        if headers.get("origin") not in (None, f"http://{host}"):
            return Refusal(403, "origin")
        # what another tab loads or sends; following a link to here is all that it may do
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not (
            scope["method"] in SAFE_METHODS and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        ):
            return Refusal(403, "origin")
        if scope["path"] == "/static" or ".." in scope["path"].split("/") or "\\" in scope["path"] or "\0" in scope["path"]:
            return Refusal(404, "path")
        length = headers.get("content-length")
        if length is not None and UPLOADS not in scope["path"] and (not length.isdigit() or int(length) > _most(scope["path"])):
            return Refusal(413, "large")
        return None

    def _enter(self, scope: Scope) -> Response | None:
        """Where a good token is shown: a session, and the first page without the token in its address."""
        if scope["path"] != "/" or scope["method"] != "GET":
            return None
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not token or not self.door.tickets.redeem(token):
            return None
        secret, _ = self.door.memory.let_in()
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(self.door.cookie, secret, httponly=True, samesite="strict", path="/")
        return response

    def _admit(self, scope: Scope, headers: Headers) -> Refusal | None:
        """Whether the request is of a session, and, where it changes something, meant."""
        bearer = headers.get("authorization", "")
        if bearer.startswith("Bearer "):
            session = self.door.memory.session(bearer.removeprefix("Bearer ").strip())
            meant = True
        else:
            session = self.door.memory.session(cookie_parser(headers.get("cookie", "")).get(self.door.cookie, ""))
            meant = session is not None and secrets.compare_digest(headers.get("x-csrf-token", "").encode(), session.csrf.encode())
        if session is None:
            return Refusal(401, "token")
        if scope["method"] not in SAFE_METHODS and not meant:
            return Refusal(403, "csrf")
        scope["session"] = session
        return None


def session_of(request: Request) -> Session:
    return request.scope["session"]


def _with_headers(send: Send, public: bool) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                # a page to print has a policy of its own, stricter but for the pictures inside it
                headers.setdefault(name, value)
            headers["Cache-Control"] = "no-cache" if public else "no-store"
        await send(message)

    return sending


def _most(path: str) -> int:
    """Bytes that the body of a request to this place may have."""
    return MOST_SCAN if re.fullmatch(r"/p/[^/]+/consents/[a-z]+|/ledger/check", path) else MOST_BODY


def _counted(receive: Receive, most: int) -> Callable[[], Awaitable[Message]]:
    """A body that says no length of itself is counted as it comes."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413)
        return message

    return receiving
