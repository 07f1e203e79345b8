"""Showing a page to print: as a page of the studio with a print button, or handed out as a file. Nothing of the studio's own is on it."""

from __future__ import annotations

import re

from starlette.responses import HTMLResponse

from ..paper.page import policy


def shown(html: str) -> HTMLResponse:
    """The page, under its own policy: no script but the print button's, no picture but those inside it."""
    return HTMLResponse(html, headers={"Content-Security-Policy": f"{policy(scripts=True)}; frame-ancestors 'none'"})


def saved(html: str, name: str) -> HTMLResponse:
    """The same as a file for the browser to save."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "page"
    return HTMLResponse(html, headers={"Content-Disposition": f'attachment; filename="{plain}.html"'})
