"""Starting the studio: a free port on this machine, a one-time token, and the browser."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from ..errors import UsageError
from ..project import Project
from .app import make_app
from .desk import Desk
from .safety import Door, Tickets

PORT = 8787
HOST = "127.0.0.1"


class Server(uvicorn.Server):
    """Says when it can be reached."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(*, project: Path | None, port: int | None, browser: bool, say: Callable[[str], None]) -> None:
    """Run the studio until it is stopped. `say` tells the person the address; `port` None takes the usual one, or a free one where it is taken.

    Raises UsageError where `port` is taken, ProjectNotFound where `project` is no project.
    """
    desk = Desk.open()
    if project is not None:
        Project(project).close()
        desk.memory.know(project, name=project.stem)
    listener = _listen(port)
    number = listener.getsockname()[1]
    tickets = Tickets()
    hosts = frozenset({f"127.0.0.1:{number}", f"localhost:{number}"})
    app = make_app(desk, Door(hosts, f"understudy_{number}", tickets, desk.memory))
    address = f"http://{HOST}:{number}/?token={tickets.new()}"

    def ready() -> None:
        say(address)
        if browser:
            webbrowser.open(address)

    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2, ws="none")
    try:
        Server(config, ready=ready).run(sockets=[listener])
    finally:
        listener.close()
        desk.close()


def _listen(port: int | None) -> socket.socket:
    """A socket on this machine's own address."""
    for number in (port,) if port is not None else (PORT, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, number))
            return listener
        except (OSError, OverflowError):
            listener.close()
    raise UsageError(f"Port {port} is taken or cannot be used.", remedy="choose another one with --port, or leave it out")
