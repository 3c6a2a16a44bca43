"""``tagwright vocab``: the tags of a project: load a new state of them, add one, check, show, search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tagwright.cli import show
from tagwright.cli.options import HERE, AsJson, HowMany, ProjectFolder

if TYPE_CHECKING:
    from tagwright.types import Tag
    from tagwright.vocabulary import Vocabulary

app = typer.Typer(help="Load, extend, check and search the project's tags.", no_args_is_help=True)


@app.command()
def load(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The new state: SKOS, JSONL, CSV or TSV.")],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Update the tags from a file: kept tags keep what was learned, missing ones become deprecated."""
    from tagwright.project import Project
    from tagwright.vocabulary import open_vocabulary

    opened = Project.open(project)
    update = open_vocabulary(file, language=opened.vocabulary.language or None)
    changes = opened.update_vocabulary(update)
    if as_json:
        show.emit({**show.plain(changes), "problems": _problems(update)})
        return
    show.say(str(changes))
    for problem in update.problems:
        show.say(f"  {problem.count:,} {problem.summary}")


@app.command()
def add(
    id: Annotated[str, typer.Option("--id", help="The tag's id, best an address that lasts.")],
    name: Annotated[str, typer.Option("--name", help="The name that is shown.")],
    synonyms: Annotated[list[str], typer.Option("--synonym", help="Another name (may be repeated).")] = [],
    description: Annotated[str, typer.Option("--description", help="What the tag is meant for.")] = "",
    language: Annotated[
        str | None, typer.Option("--language", help="The language of these texts; by default that of the names.")
    ] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Add one tag, which can be suggested at once, without training anew.

    Example: tagwright vocab add --id x:42 --name "Rain gardens" --synonym bioswales
    """
    from tagwright.project import Project
    from tagwright.types import Tag

    opened = Project.open(project)
    code = opened.vocabulary.language if language is None else language
    there = id in opened.vocabulary
    tag = Tag(
        id=id,
        name=name,
        names={code: name},
        synonyms={code: tuple(synonyms)} if synonyms else {},
        descriptions={code: description} if description else {},
    )
    opened.add_tags([tag])
    if as_json:
        show.emit({"tag": tag, "replaced": there, "tags": len(opened.vocabulary)})
        return
    show.say(f"{'replaced' if there else 'added'} {name} ({id}); {len(opened.vocabulary):,} tags")


@app.command()
def check(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="A file to check; by default the project's tags.")
    ] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List what is odd about the tags: faults against SKOS, and what was mended when they were read."""
    raise NotImplementedError(file, project, as_json)


@app.command(name="show")
def show_tag(
    id: Annotated[str, typer.Argument(metavar="ID", help="The tag's id.")],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show everything that is known about one tag."""
    from tagwright.project import Project

    vocabulary = Project.open(project).vocabulary
    position = vocabulary.position(id)
    tag = vocabulary.tag(position)
    path = [vocabulary.name(step) for step in vocabulary.path(position)]
    if as_json:
        show.emit({**show.plain(tag), "path": path})
        return
    show.table(["", ""], _rows(tag, vocabulary, path))


def _rows(tag: Tag, vocabulary: Vocabulary, path: list[str]) -> list[tuple[str, str]]:
    rows = [
        ("name", tag.name),
        ("id", tag.id),
        ("notation", tag.notation),
        ("path", " › ".join(path[:-1])),
        *_by_language("name", {code: (name,) for code, name in tag.names.items() if name != tag.name}),
        *_by_language("synonyms", tag.synonyms),
        *_by_language("hidden", tag.hidden),
        *_by_language("description", {code: (text,) for code, text in tag.descriptions.items()}),
        *((relation, _named(getattr(tag, relation), vocabulary)) for relation in ("broader", "narrower", "related")),
        ("deprecated", "yes, it is never suggested" if tag.deprecated else ""),
        ("replaced by", _named(tag.replaced_by, vocabulary)),
    ]
    return [(label, value) for label, value in rows if value]


def _by_language(label: str, texts: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(f"{label} ({code})" if code else label, ", ".join(found)) for code, found in texts.items()]


def _named(ids: tuple[str, ...], vocabulary: Vocabulary) -> str:
    positions = [(id, vocabulary.find(id)) for id in ids]
    return "\n".join(f"{vocabulary.name(place)} ({id})" if place >= 0 else id for id, place in positions)


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A name, its beginning, a synonym, a notation, an id.")],
    k: HowMany = 10,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Find tags by what they are called; one typing error is forgiven."""
    raise NotImplementedError(query, k, project, as_json)


def _problems(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    return [
        {**show.plain(problem), "summary": problem.summary, "examples": [str(case) for case in problem.examples[:3]]}
        for problem in vocabulary.problems
    ]
