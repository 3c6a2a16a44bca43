"""Tags as CSV or TSV: a row a tag, columns by their headings; Annif's CSV and TSV among them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tagwright.errors import ConfigError, VocabularyError
from tagwright.types import Tag
from tagwright.vocabulary.clean import language_code
from tagwright.vocabulary.problems import Problems
from tagwright.vocabulary.source import Source

# Headings as they are met (letters and digits only), by what they hold.
_HEADINGS = {
    "id": ("id", "uri", "identifier", "concepturi", "iri"),
    "name": ("name", "label", "preflabel", "preferredlabel", "title", "term", "heading", "tag"),
    "synonyms": ("synonyms", "synonym", "altlabel", "altlabels", "alternativelabels", "usedfor"),
    "hidden": ("hidden", "hiddenlabel", "hiddenlabels"),
    "description": ("description", "definition", "scopenote", "note"),
    "notation": ("notation", "classmark", "notations", "code"),
    "broader": ("broader", "parent", "broaderconcept", "parentid"),
    "narrower": ("narrower",),
    "related": ("related",),
    "deprecated": ("deprecated", "obsolete"),
    "replaced_by": ("replacedby", "isreplacedby"),
}
_PARTS = {heading: part for part, headings in _HEADINGS.items() for heading in headings}
# "label_en", "name (de)", "altLabel@en-GB"
_WITH_LANGUAGE = re.compile(r"(.+?)[ _@:.(/-]+([a-z]{2,3}(?:[-_][a-z0-9]{2,8})*)\)?", re.IGNORECASE)
_ADDRESS = re.compile(r"<[^<>\s]+>|[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+")
_TRUE = frozenset(("1", "true", "yes", "y", "x", "deprecated", "obsolete"))
_SEPARATORS = re.compile(r"[|;\n]")
# Longer cells are no tags; csv has one limit for the whole process, so ours is checked here.
_LONGEST = 1 << 20


@dataclass
class Row:
    """The cells of one row, by part and language."""

    texts: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def one(self, part: str) -> str:
        """The first cell of a part; "" = none."""
        return next((text for texts in self.texts.get(part, {}).values() for text in texts), "")

    def all(self, part: str) -> tuple[str, ...]:
        """All cells of a part."""
        return tuple(text for texts in self.texts.get(part, {}).values() for text in texts)

    def by_language(self, part: str) -> dict[str, str]:
        """The first cell of a part in each language."""
        return {language: texts[0] for language, texts in self.texts.get(part, {}).items()}

    def lists_by_language(self, part: str) -> dict[str, tuple[str, ...]]:
        """All cells of a part in each language."""
        return {language: tuple(texts) for language, texts in self.texts.get(part, {}).items()}


def read_table(
    source: Source, problems: Problems, columns: Mapping[str, str], separator: str | None = None
) -> Iterator[tuple[str, Tag]]:
    """("file:line", tag) of each row.

    The first row names the columns; ``columns`` maps parts of a tag ("id", "name", "synonyms"…) to other headings.
    Cells with several values are cut at ``separator``, by default at ``|``, ``;`` and line ends. Without a column for
    the id the name is the id. Annif's TSV (``<uri> TAB label [TAB notation]``) has no such row; in its forms a
    row without any label is a deprecated tag.
    """
    rows = _rows(source, problems)
    place, first = next(rows, ("", []))
    if _is_annif_tsv(first):
        parts, annif = [("id", ""), ("name", ""), ("notation", "")], True
        yield place, _tag(_row(first, parts, separator), annif=annif)
    else:
        parts = _parts(first, columns, source)
        annif = _is_annif_csv(first, parts)
    for place, cells in rows:
        if len(cells) > len(parts):
            problems.add("broken-line", place, detail=f"{len(cells)} cells under {len(parts)} headings")
        else:
            yield place, _tag(_row(cells, parts, separator), annif=annif)


def _rows(source: Source, problems: Problems) -> Iterator[tuple[str, list[str]]]:
    """(place, cells) of each row that is not empty."""
    lines = _lines(source, problems)
    line = next(lines, "")
    delimiter = "\t" if source.suffix in (".tsv", ".tab") else max(",;\t", key=line.count)
    # In TSV a quotation mark is a character like any other.
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    reader = csv.reader(_with(line, lines), delimiter=delimiter, quoting=quoting)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add("broken-line", f"{source.name}:{reader.line_num}", detail=str(error))
            continue
        place = f"{source.name}:{reader.line_num}"
        if any(len(cell) > _LONGEST for cell in cells):
            problems.add("broken-line", place, detail=f"a cell of more than {_LONGEST:,} characters")
        elif any(cell.strip() for cell in cells):
            yield place, cells


def _lines(source: Source, problems: Problems) -> Iterator[str]:
    for number, raw in source.lines():
        try:
            yield raw.decode()
        except UnicodeDecodeError as error:
            problems.add("broken-line", f"{source.name}:{number}", detail=f"not UTF-8 ({error.reason})")
            yield "\n"  # keeps the numbers of the lines


def _with(line: str, lines: Iterator[str]) -> Iterator[str]:
    yield line
    yield from lines


def _is_annif_tsv(cells: Sequence[str]) -> bool:
    return 0 < len(cells) <= 3 and _ADDRESS.fullmatch(cells[0].strip()) is not None


def _is_annif_csv(headings: Sequence[str], parts: Sequence[tuple[str, str]]) -> bool:
    """Whether the columns are "uri", a label a language, and perhaps a notation."""
    labels = [language for part, language in parts if part == "name"]
    others = {heading for heading, (part, _) in zip(headings, parts, strict=True) if part != "name"}
    return bool(labels) and all(labels) and others <= {"uri", "notation"}


def _parts(headings: Sequence[str], columns: Mapping[str, str], source: Source) -> list[tuple[str, str]]:
    """(part, language) of each column, ("", "") for one that says nothing about a tag."""
    mapped = {heading: part for part, heading in columns.items()}
    for part, heading in columns.items():
        if part not in _HEADINGS:
            raise ConfigError(f"a tag has no part {part!r}", hint=f"parts are: {', '.join(_HEADINGS)}")
        if heading not in headings:
            raise ConfigError(
                f"{source.path}: there is no column {heading!r} for {part!r}",
                hint=f"its columns are: {', '.join(headings)}",
            )
    parts = [(mapped[heading], "") if heading in mapped else _part(heading) for heading in headings]
    if not any(part in ("id", "name") for part, _ in parts):
        raise VocabularyError(
            f"none of the columns {', '.join(map(repr, headings))} holds ids or names",
            path=str(source.path),
            line=1,
            hint="name the columns: columns={'id': …, 'name': …}",
        )
    return parts


def _part(heading: str) -> tuple[str, str]:
    if part := _PARTS.get(_plain(heading)):
        return part, ""
    match = _WITH_LANGUAGE.fullmatch(heading.strip())
    if match and (part := _PARTS.get(_plain(match.group(1)))):
        return part, language_code(match.group(2))
    return "", ""


def _plain(heading: str) -> str:
    return "".join(letter for letter in heading.casefold() if letter.isalnum())


def _row(cells: Sequence[str], parts: Sequence[tuple[str, str]], separator: str | None) -> Row:
    row = Row()
    for cell, (part, language) in zip(cells, parts, strict=False):
        many = part in ("synonyms", "hidden", "broader", "narrower", "related", "replaced_by")
        pieces = [cell] if not many else cell.split(separator) if separator else _SEPARATORS.split(cell)
        texts = [piece.strip() for piece in pieces if part and piece.strip()]
        if texts:
            row.texts.setdefault(part, {}).setdefault(language, []).extend(texts)
    return row


def _tag(row: Row, *, annif: bool) -> Tag:
    names = row.by_language("name")
    return Tag(
        id=_bare(row.one("id")) or row.one("name"),
        name=names.pop("", ""),
        names=names,
        synonyms=row.lists_by_language("synonyms"),
        hidden=row.lists_by_language("hidden"),
        descriptions=row.by_language("description"),
        notation=row.one("notation"),
        broader=tuple(map(_bare, row.all("broader"))),
        narrower=tuple(map(_bare, row.all("narrower"))),
        related=tuple(map(_bare, row.all("related"))),
        deprecated=row.one("deprecated").casefold() in _TRUE or (annif and "name" not in row.texts),
        replaced_by=tuple(map(_bare, row.all("replaced_by"))),
    )


def _bare(address: str) -> str:
    return address[1:-1] if address.startswith("<") and address.endswith(">") else address
