"""``tagwright init``: a new project from a vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagwright.cli import show
from tagwright.cli.options import HERE, AsJson, ProjectFolder


def init(
    vocab: Annotated[
        str, typer.Option("--vocab", metavar="FILE", help="The tags: SKOS (any RDF syntax), JSONL, CSV, TSV.")
    ],
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A folder that is absent or empty.", show_default=False)
    ] = None,
    encoder: Annotated[
        str, typer.Option("--encoder", help="lsa (learned here, needs no download), a folder, or a hub name.")
    ] = "lsa",
    language: Annotated[
        str | None, typer.Option("--language", help="Show the tags' names in this language: en.")
    ] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a project from a vocabulary.

    Example: tagwright init shelf --vocab thesaurus.ttl --language en
    """
    from tagwright.project import Project

    made = Project.create(folder or project, vocab, encoder=encoder, language=language)
    vocabulary = made.vocabulary
    counts = [(problem.count, problem.summary) for problem in vocabulary.problems]
    if as_json:
        show.emit(
            {
                "project": made.folder,
                "tags": len(vocabulary),
                "languages": vocabulary.languages,
                "encoder": encoder,
                "problems": [{"count": count, "summary": summary} for count, summary in counts],
            }
        )
        return
    show.say(f"{len(vocabulary):,} tags{_in_languages(vocabulary.languages)} in {made.folder}")
    for count, summary in counts:
        show.say(f"  {count:,} {summary}")
    show.say(_next_steps(made.folder))


def _in_languages(languages: list[str]) -> str:
    return f" ({', '.join(languages[:6])}{', …' if len(languages) > 6 else ''})" if languages else ""


def _next_steps(folder: Path) -> str:
    option = "" if folder.resolve() == Path.cwd() else f" -p {folder}"
    return (
        "next:\n"
        f"  tagwright suggest{option} 'some text'       works at once, from names and descriptions\n"
        f"  tagwright train{option} DOCUMENTS           learns from documents that have tags\n"
        f"  tagwright vocab check{option}               lists what is odd about the vocabulary"
    )
