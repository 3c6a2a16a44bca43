"""From a file to a vocabulary, whatever the file's kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tagwright.errors import ConfigError, VocabularyError
from tagwright.types import Tag
from tagwright.vocabulary.base import Vocabulary
from tagwright.vocabulary.build import build, shown_language
from tagwright.vocabulary.guard import SYNTAXES
from tagwright.vocabulary.jsonl import read_jsonl
from tagwright.vocabulary.problems import Problems
from tagwright.vocabulary.skos import read_skos
from tagwright.vocabulary.source import Source
from tagwright.vocabulary.table import read_table

KINDS = ("skos", "jsonl", "table")
_ENDINGS = {
    **dict.fromkeys(SYNTAXES, "skos"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    **dict.fromkeys((".csv", ".tsv", ".tab"), "table"),
}
_HEAD = 4096


def open_vocabulary(
    path: Path | str,
    *,
    kind: str | None = None,
    language: str | None = None,
    columns: Mapping[str, str] | None = None,
    separator: str | None = None,
) -> Vocabulary:
    """The vocabulary in a file: SKOS in any RDF syntax, JSON lines, CSV or TSV (Annif's too), gzipped or not.

    ``kind`` ("skos", "jsonl", "table") is told by the file's ending. ``language``: whose preferred names are shown
    (default: that of most preferred names); labels of a tag that states no language at all are taken to be in it.
    ``columns`` maps parts of a tag ("id", "name", "synonyms"…) to the keys or headings of the file, ``separator`` cuts
    cells with several values. What had to be mended or left out stands in `Vocabulary.problems`.
    Raises `VocabularyError` where the file cannot be read as tags or is not to be trusted.
    """
    source = Source(Path(path))
    problems = Problems()
    kind = kind or _kind(source)
    if kind not in KINDS:
        raise ConfigError(f"there is no kind of vocabulary file {kind!r}", hint=f"kinds are: {', '.join(KINDS)}")
    placed: Iterable[tuple[str, Tag]]
    shown = ""
    if kind == "skos":
        tags = read_skos(source, problems)
        shown = shown_language(tags)
        placed = ((source.name, tag) for tag in tags)
    elif kind == "jsonl":
        placed = read_jsonl(source, problems, columns or {})
    else:
        placed = read_table(source, problems, columns or {}, separator)
    vocabulary = Vocabulary(build(placed, language=language, shown=shown, problems=problems))
    if not len(vocabulary):
        raise _empty(source, kind, vocabulary)
    return vocabulary


def _kind(source: Source) -> str:
    if source.suffix == ".json":
        return "skos" if b'"@' in source.head(_HEAD) else "jsonl"
    if kind := _ENDINGS.get(source.suffix):
        return kind
    raise VocabularyError(
        f"the ending {source.suffix!r} does not tell what kind of file this is",
        path=str(source.path),
        hint=f"say it with kind: {', '.join(KINDS)}",
    )


def _empty(source: Source, kind: str, vocabulary: Vocabulary) -> VocabularyError:
    expected = {
        "skos": "no skos:Concept and nothing with a skos:prefLabel is in it",
        "jsonl": 'a line is {"id": …, "name": …}',
        "table": "the first row names the columns, the others are tags",
    }
    first = f"; {vocabulary.problems[0]}" if vocabulary.problems else ""
    return VocabularyError(f"there are no tags in this file{first}", path=str(source.path), hint=expected[kind])
