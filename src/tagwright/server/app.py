"""The application: all addresses, and the layers that every request passes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRouter

import tagwright.server.annif.routes as annif
import tagwright.server.api.decisions as decisions
import tagwright.server.api.documents as documents
import tagwright.server.api.health as health
import tagwright.server.api.jobs as jobs
import tagwright.server.api.projects as projects
import tagwright.server.api.queue as queue
import tagwright.server.api.sessions as sessions
import tagwright.server.api.suggesting as suggesting
import tagwright.server.api.vocabulary as vocabulary
import tagwright.server.problems as problems
from tagwright.server.api.about import KEY, PROBLEM_SCHEMA, PROBLEMS
from tagwright.server.doors import Doors
from tagwright.server.frame import Frame
from tagwright.server.house import House
from tagwright.server.limits import Limits
from tagwright.version import VERSION

API = "/api/v1"
_ROOMS = (projects, suggesting, vocabulary, documents, decisions, queue, jobs, sessions, health)
# Threads beside those that requests may take: for reading keys, and for streams.
_SPARE_THREADS = 8
_ABOUT = """Tags for texts, with reasons and a confidence that is a probability; documents and what people decide about
their tags; long work. Every problem is `application/problem+json`."""


def create(house: House, pages: Sequence[APIRouter] = ()) -> FastAPI:
    """The application for these projects; it starts and stops what works in the background.

    ``pages``: what is there for people beside the APIs.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = house.at_once + _SPARE_THREADS
        house.start()
        yield
        await anyio.to_thread.run_sync(house.stop)

    app = FastAPI(
        title="tagwright", version=VERSION, description=_ABOUT, lifespan=lifespan,
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.house = house
    problems.handle(app)
    api = APIRouter(prefix=API, responses=PROBLEMS, dependencies=[KEY])
    for room in _ROOMS:
        api.include_router(room.router)
    app.include_router(api)
    app.include_router(health.router, include_in_schema=False)
    app.include_router(health.counts)
    app.router.routes.extend(annif.routes())
    for one in pages:
        app.include_router(one, include_in_schema=False)
    _describe(app)
    seconds = max((one.options.most_seconds for one in house.served), default=60.0)
    app.add_middleware(
        Limits, metrics=house.metrics, at_once=house.at_once, most_bytes=house.most_bytes, seconds=seconds
    )
    app.add_middleware(Doors, metrics=house.metrics, hosts=house.hosts)
    app.add_middleware(Frame, metrics=house.metrics)
    return app


def _describe(app: FastAPI) -> None:
    """Adds the address that describes the API, in OpenAPI 3.1."""

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            made["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]

    @app.get(f"{API}/openapi.json", include_in_schema=False)
    def openapi(request: Request) -> dict[str, Any]:
        """Describe the API."""
        return app.openapi()
