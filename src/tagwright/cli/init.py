"""``tagwright init``: a new project from a vocabulary."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

import tagwright.cli.show as show
from tagwright.cli.documents import pairs
from tagwright.cli.options import HERE, AsJson, ProjectFolder, TagsColumns, TagsKind, TagsLanguage, TagsSeparator
from tagwright.cli.vocab import tags_in_words, vocabulary_problems

Tags = Annotated[str, typer.Option("--vocab", metavar="FILE", help="The tags: SKOS (any RDF syntax), JSONL, CSV, TSV.")]
Folder = Annotated[
    Path | None, typer.Argument(metavar="DIR", help="A folder that is absent or empty.", show_default=False)
]
Encoder = Annotated[
    str, typer.Option("--encoder", help="lsa (learned here, needs no download), a folder, or a hub name.")
]


def init(
    vocab: Tags,
    folder: Folder = None,
    encoder: Encoder = "lsa",
    language: TagsLanguage = None,
    kind: TagsKind = None,
    columns: TagsColumns = [],
    separator: TagsSeparator = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a project from a vocabulary.

    Example: tagwright init shelf --vocab thesaurus.ttl --language en
    """
    from tagwright.project import Project
    from tagwright.vocabulary import open_vocabulary

    names = pairs(columns, "--column")
    vocabulary = open_vocabulary(vocab, kind=kind, language=language, columns=names, separator=separator)
    made = Project.create(folder or project, vocabulary, encoder=encoder, language=language)
    if as_json:
        show.emit(
            {
                "project": made.folder,
                "tags": vocabulary.n_active,
                "languages": vocabulary.languages,
                "encoder": encoder,
                "problems": vocabulary_problems(vocabulary),
            }
        )
        return
    show.say(f"{tags_in_words(vocabulary)}{_in_languages(vocabulary.languages)} in {made.folder}")
    for problem in vocabulary.problems:
        show.say(f"  {problem}")
    show.say(_next_steps(made.folder))


def _in_languages(languages: list[str]) -> str:
    return f" ({', '.join(languages[:6])}{', …' if len(languages) > 6 else ''})" if languages else ""


def _next_steps(folder: Path) -> str:
    option = "" if folder.resolve() == Path.cwd() else f" -p {shlex.quote(str(folder))}"
    return (
        "next:\n"
        f"  {show.command()} suggest{option} 'some text'    # works at once, from names and descriptions\n"
        f"  {show.command()} train{option} DOCUMENTS        # learns from documents that have tags\n"
        f"  {show.command()} vocab check{option}            # lists what is odd about the vocabulary"
    )
