"""What belongs to no screen: the language."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from ..i18n import Language
from ..pages import LANGUAGE_COOKIE

router = APIRouter(include_in_schema=False)


@router.post("/language")
def language(request: Request, language: Annotated[Language, Form()]) -> Response:
    response = Response(status_code=204, headers={"HX-Refresh": "true"})
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 24 * 3600, httponly=True, samesite="strict", path="/")
    return response
