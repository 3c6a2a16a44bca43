"""``tagwright serve``: projects offered to people as pages, and to other programs over HTTP."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

import tagwright.cli.show as show
from tagwright.cli.options import HERE, Overrides, ProjectFolders

# The libraries that the extra "server" brings.
_EXTRA = {"anyio", "fastapi", "jinja2", "python_multipart", "prometheus_client", "pydantic", "starlette", "uvicorn"}
PORT = 8000


class LogLevel(StrEnum):
    """How much of the log is written."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def serve(
    projects: ProjectFolders = [],
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; off this machine keys are needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = PORT,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser of this machine.")] = False,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="Log lines of this weight and above.")
    ] = LogLevel.INFO,
    overrides: Overrides = [],
) -> None:
    """Offer projects over HTTP: pages for people, the API /api/v1, and Annif's API /v1.

    Example: tagwright serve -p library --port 8000
    """
    offer(projects or [HERE], host=host, port=port, open_page=open_page, log_level=log_level, overrides=overrides)


def offer(
    folders: Sequence[Path], *, host: str = "127.0.0.1", port: int = PORT, open_page: bool = False,
    log_level: LogLevel = LogLevel.INFO, overrides: Sequence[str] = (),
) -> None:  # fmt: skip
    """The server for these projects, until it is told to stop; raises `MissingExtraError` without the extra."""
    from tagwright.errors import MissingExtraError

    try:
        import tagwright.server.running as running
        import tagwright.web.pages as pages
        from tagwright.server.house import House
        from tagwright.server.served import Served
    except ModuleNotFoundError as error:
        if error.name in _EXTRA:
            raise MissingExtraError(str(error.name), "server") from None
        raise
    opened = [Served.open(folder, overrides=overrides) for folder in folders]
    house = House(opened, loopback=running.is_loopback(host))
    listening = running.listen(host, port)

    def began() -> None:
        names = ", ".join(one.id for one in opened)
        show.say(f"serving {names} at {running.address(listening)} (Ctrl-C ends it)")
        if open_page:
            webbrowser.open(running.address(listening))

    running.serve(house, listening, pages=pages.routers(), log_level=log_level, began=began)


def is_there() -> bool:
    """Whether the libraries of the extra are installed."""
    return all(find_spec(name) is not None for name in sorted(_EXTRA))
