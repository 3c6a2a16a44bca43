"""``tagwright demo``: from nothing to suggestions with the demonstration library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagwright.cli import show
from tagwright.cli.options import AsJson

FOLDER = Path("demo-project")


def demo(
    folder: Annotated[
        Path, typer.Option("-o", "--project", "-p", metavar="DIR", help="Where the project goes.")
    ] = FOLDER,
    as_json: AsJson = False,
) -> None:
    """Make a project from the demonstration library, train it, measure it, and tag three new texts."""
    raise NotImplementedError(folder, as_json)
