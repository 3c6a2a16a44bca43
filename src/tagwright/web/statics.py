"""Style sheets and scripts: their addresses change with their contents, so that browsers may keep them for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

from fastapi import APIRouter, Response

import tagwright.evaluation.html.colours as colours
import tagwright.evaluation.html.shell as shell
from tagwright.server.problems import Problem

router = APIRouter()
_TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
_FOR_GOOD = "public, max-age=31536000, immutable"


@router.get("/static/{version}/{name}")
def static(version: str, name: str) -> Response:
    """Give a file of the pages."""
    content = contents().get(name)
    if content is None or version != fingerprint():
        raise Problem(404, "there is nothing at this address")
    return Response(content, media_type=_TYPES[PurePosixPath(name).suffix], headers={"cache-control": _FOR_GOOD})


def address(name: str) -> str:
    """Where a page finds the file; raises `KeyError` where there is none."""
    contents()[name]
    return f"/static/{fingerprint()}/{name}"


@cache
def contents() -> Mapping[str, bytes]:
    """{name: content} of all files; the colours and the chart library are those of the reports."""
    folder = files(__package__) / "static"
    found = {file.name: file.read_bytes() for file in folder.iterdir() if PurePosixPath(file.name).suffix in _TYPES}
    dark = colours.variables(colours.DARK)
    found["colours.css"] = (
        f":root{{{colours.variables(colours.LIGHT)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f"@media screen{{:root[data-theme=dark]{{{dark}}}}}"
    ).encode()
    for name in ("vega.min.js", "page.js", "pictures.css"):
        found[f"report-{name}"] = shell.part(name).encode()
    return found


@cache
def fingerprint() -> str:
    """Of all files together."""
    digest = hashlib.sha256()
    for name, content in sorted(contents().items()):
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:12]
