"""The web application: routers put together, every failure in its one shape, and the built pages for all other paths.

It is to be put behind `doors`, which make sure of who asks. Called by `app`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match

from jett.core.errors import GuardError, JettError
from jett.server.openai_refusal import openai_refused
from jett.server.page_files import Pages
from jett.server.refusal import Refusal, refused, wait_for
from jett.server.rest.failures import failures

DOCUMENT = "/api/openapi.json"
HEALTH = "/healthz"
_TOLD_FIELDS = 3
_PAGE_METHODS = ["GET", "HEAD"]


def application(
    routers: Sequence[APIRouter],
    routes: Sequence[BaseRoute],
    pages: Pages,
    *,
    version: str,
    trouble: Callable[[str], None],
) -> FastAPI:
    """`trouble` is told of what is Jett's own fault."""
    app = FastAPI(
        title="Jett",
        version=version,
        summary="What the dashboard reads and changes, and the OpenAI-compatible paths.",
        openapi_url=DOCUMENT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=failures(),
    )
    for router in routers:
        app.include_router(router)
    app.router.routes.extend(routes)
    _health(app)
    add_failures(app, trouble)
    _rest_of_it(app, pages)
    return app


def public_paths(pages: Pages, *others: str) -> frozenset[str]:
    """What gives nothing of the owner's."""
    return pages.paths | {HEALTH, *others}


def _health(app: FastAPI) -> None:
    @app.get(HEALTH, include_in_schema=False)
    async def health() -> PlainTextResponse:
        return PlainTextResponse("ok\n")


def _rest_of_it(app: FastAPI, pages: Pages) -> None:
    @app.api_route("/{path:path}", methods=_PAGE_METHODS, include_in_schema=False)
    async def page(request: Request) -> Response:
        found = pages.answer(request)
        if found is None and _methods(app, request):
            raise HTTPException(405)  # a route has this path, for other methods
        if found is None:
            raise Refusal(404, "there is nothing of that name", "begin at /")
        return found


def add_failures(app: FastAPI, trouble: Callable[[str], None]) -> None:
    """Whatever a route raises is told in the one shape of its path; `trouble` is told of what is Jett's own fault."""

    async def told(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return await _shaped(request, error)

    async def unguarded(request: Request, error: Exception) -> Response:
        assert isinstance(error, GuardError)
        trouble(str(error))
        return await _shaped(request, wait_for(503, error.spoken.rstrip("."), "look at Jett's terminal", 60))

    async def failed(request: Request, error: Exception) -> Response:
        assert isinstance(error, JettError)
        what, _, fix = str(error).partition("; ")
        return await _shaped(request, Refusal(503, what, fix or "look at Jett's terminal"))

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return await _shaped(request, Refusal(422, _wrong_fields(error), f"see {DOCUMENT}"))

    async def unrouted(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, Refusal):  # the body's limit, met while FastAPI read it
            return await _shaped(request, error.__cause__)
        if error.status_code == 405:
            allowed = {"Allow": ", ".join(_methods(app, request) or _PAGE_METHODS)}
            return await _shaped(request, Refusal(405, "this is not done with it", f"see {DOCUMENT}", allowed))
        return await _shaped(
            request, Refusal(error.status_code, "there is nothing of that kind", f"see {DOCUMENT}", error.headers)
        )

    async def crashed(request: Request, error: Exception) -> Response:
        """The boundary of a request: a fault costs one answer, and its text stays out of what is told."""
        trouble(f"server: Jett made a mistake ({type(error).__name__}); see: jett doctor")
        return await _shaped(request, Refusal(500, "Jett made a mistake", "look at Jett's terminal"))

    handlers: dict[Any, Any] = {
        Refusal: told,
        GuardError: unguarded,
        JettError: failed,
        RequestValidationError: malformed,
        HTTPException: unrouted,
        Exception: crashed,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _methods(app: FastAPI, request: Request) -> list[str]:
    """What routes do with a path: the framework names only the first one's. Empty where none has it."""
    routes = [route for route in app.router.routes if getattr(route, "include_in_schema", True)]
    asked = {method: {**request.scope, "method": method} for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    return [name for name, scope in asked.items() if any(route.matches(scope)[0] is Match.FULL for route in routes)]


async def _shaped(request: Request, refusal: Refusal) -> Response:
    of_openai = request.url.path.startswith("/v1/") and request.url.path != "/v1/announcements"
    return await (openai_refused if of_openai else refused)(request, refusal)


def _wrong_fields(error: RequestValidationError) -> str:
    """Where and what kind of thing was wanted; never what was sent."""
    told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:_TOLD_FIELDS]]
    return "; ".join(told)
