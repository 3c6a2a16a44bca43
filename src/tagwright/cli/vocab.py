"""``tagwright vocab``: the tags of a project: load a new state of them, add one, check, show, search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.show as show
from tagwright.cli.documents import pairs
from tagwright.cli.options import HERE, AsJson, HowMany, ProjectFolder, TagsColumns, TagsKind, TagsSeparator

if TYPE_CHECKING:
    from tagwright.types import Tag
    from tagwright.vocabulary import Finding, Hit, Vocabulary

LEVELS = ("error", "warning", "note")
_SHOWN_OF_HIT = ("name", "label", "kind", "way", "score")
# A screen holds the first cases of every kind; a broken export has thousands of one.
FIRST = 10

app = typer.Typer(help="Load, extend, check and search the project's tags.", no_args_is_help=True)


@app.command()
def load(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The new state: SKOS, JSONL, CSV or TSV.")],
    kind: TagsKind = None,
    columns: TagsColumns = [],
    separator: TagsSeparator = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Update the tags from a file: kept tags keep what was learned, missing ones become deprecated."""
    from tagwright.project import Project
    from tagwright.vocabulary import open_vocabulary

    opened = Project.open(project)
    language = opened.vocabulary.language or None
    names = pairs(columns, "--column")
    update = open_vocabulary(file, kind=kind, language=language, columns=names, separator=separator)
    changes = opened.update_vocabulary(update)
    if as_json:
        show.emit({**show.plain(changes), "problems": vocabulary_problems(update)})
        return
    show.say(str(changes))
    for problem in update.problems:
        show.say(f"  {problem}")


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
        show.emit({"tag": tag, "replaced": there, "tags": opened.vocabulary.n_active})
        return
    show.say(f"{'replaced' if there else 'added'} {name} ({id}); {tags_in_words(opened.vocabulary)}")


@app.command()
def check(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="A file to check; by default the project's tags.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List every case, not the first ten of a kind.")] = False,
    kind: TagsKind = None,
    columns: TagsColumns = [],
    separator: TagsSeparator = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List what is odd about the tags: faults against SKOS, and what was mended when they were read."""
    from tagwright.project import Project
    from tagwright.vocabulary import check as check_vocabulary
    from tagwright.vocabulary import open_vocabulary

    if file is None:
        vocabulary = Project.open(project).vocabulary
    else:
        vocabulary = open_vocabulary(file, kind=kind, columns=pairs(columns, "--column"), separator=separator)
    findings = check_vocabulary(vocabulary)
    if as_json:
        show.emit({"tags": vocabulary.n_active, "findings": findings})
        return
    counts = Counter[str](finding.level for finding in findings)
    told = ", ".join(f"{counts[level]:,} {level}{'s' * (counts[level] != 1)}" for level in LEVELS if counts[level])
    show.say(f"{tags_in_words(vocabulary)}: {told or 'nothing odd'}")
    if findings:
        show.table(["", "kind", "tag", ""], _listed(findings, limit=None if everything else FIRST))


def _listed(findings: Sequence[Finding], *, limit: int | None) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table: of each kind the first ``limit`` cases, and how many more there are."""
    for (level, code), group in groupby(findings, key=lambda finding: (finding.level, finding.code)):
        cases = list(group)
        for case in cases[:limit]:
            yield level, code, case.tag, case.message
        if limit is not None and len(cases) > limit:
            yield level, code, "", f"… and {len(cases) - limit:,} more (--all lists them)"


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
    from tagwright.project import Project
    from tagwright.vocabulary import Search

    found = Search(Project.open(project).vocabulary).find(query, limit=k)
    if as_json:
        show.emit([{"tag": hit.id, **{key: getattr(hit, key) for key in _SHOWN_OF_HIT}} for hit in found])
        return
    if not found:
        show.say(f"no tag is called anything like {query!r}")
        return
    show.table(["tag", "id", "through"], [(hit.name, hit.id, _through(hit)) for hit in found])


def _through(hit: Hit) -> str:
    """By which label a tag was found, where that is not its shown name."""
    return "" if hit.label == hit.name else f"{hit.kind} “{hit.label}”"


def tags_in_words(vocabulary: Vocabulary) -> str:
    """How many tags can be suggested, and how many are kept only for documents that carry them still."""
    deprecated = len(vocabulary) - vocabulary.n_active
    return f"{vocabulary.n_active:,} tags" + (f" and {deprecated:,} deprecated" if deprecated else "")


def vocabulary_problems(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """What was wrong with the tags when they were read, with the first cases of each kind, for JSON."""
    return [
        {
            "code": problem.code,
            "count": problem.count,
            "summary": problem.summary,
            "examples": [str(case) for case in problem.examples[:3]],
        }
        for problem in vocabulary.problems
    ]
