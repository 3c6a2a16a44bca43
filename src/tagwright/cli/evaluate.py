"""``tagwright eval``: how good the suggestions are, on documents whose tags are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tagwright.cli import documents, show
from tagwright.cli.options import (
    HERE,
    AsJson,
    Columns,
    Kind,
    Language,
    Overrides,
    ProjectFolder,
    Separator,
    TagPrefixes,
)

if TYPE_CHECKING:
    from tagwright.evaluation import Report


def evaluate(
    corpus: Annotated[
        list[str],
        typer.Argument(metavar="CORPUS...", help="Documents with their tags, not used in training.", show_default=False),
    ] = [],
    candidates: Annotated[
        Path | None, typer.Option("--candidates", metavar="FILE", help="Measure saved candidates instead of a corpus.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Write all measures as JSON.")] = None,
    save: Annotated[
        Path | None, typer.Option("--save-candidates", metavar="FILE", help="Keep the candidates with their gold tags.")
    ] = None,
    definitions: Annotated[
        bool, typer.Option("--definitions", help="Say how each measure is defined; alone: all definitions.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all measures, not the main ones.")] = False,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many candidates a document are looked at.")] = 100,
    kind: Kind = None,
    columns: Columns = [],
    separator: Separator = None,
    tag_prefixes: TagPrefixes = [],
    language: Language = None,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare the suggestions for documents with the tags that they have."""
