"""Tags into columns: cleaned, named, without repeats; whatever had to be mended is counted."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

import numpy as np

from tagwright.types import Tag
from tagwright.vocabulary.clean import clean, language_code, nearest_language
from tagwright.vocabulary.columns import Columns
from tagwright.vocabulary.links import RELATIONS, resolve
from tagwright.vocabulary.problems import Problems
from tagwright.vocabulary.strings import Strings
from tagwright.vocabulary.texts import DESCRIPTION, HIDDEN, NAME, NOTATION, PREFERRED, SYNONYM, Texts

# So many tags show which language the names of a stream are in.
_HEAD = 10_000
# There are 8,000 languages; a file that states more states something else, which is then "not stated".
_LANGUAGES = 10_000


def build(
    placed: Iterable[tuple[str, Tag]], *, language: str | None = None, shown: str = "", problems: Problems | None = None
) -> Columns:
    """The columns of these tags, in their order; of tags with the same id the first one counts.

    Each comes with its place ("file:line", "" where it has none). With a ``language`` its preferred names are shown;
    without one the tags' own ``name``, and where a tag has none, the name in the language ``shown`` (default: that of
    most names).
    """
    stream = iter(placed)
    head = list(islice(stream, _HEAD))
    builder = Builder(language, shown or shown_language(tag for _, tag in head), problems or Problems())
    for place, tag in chain(head, stream):
        builder.add(tag, place)
    return builder.columns()


def shown_language(tags: Iterable[Tag]) -> str:
    """The language of most shown names (of most preferred ones where none is shown); ties: most labels, then a-z."""
    names: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    for tag in tags:
        names.update(key for key, name in tag.names.items() if not tag.name or name == tag.name)
        labels.update({key: len(synonyms) for key, synonyms in tag.synonyms.items()})
    best = min(names, key=lambda key: (-names[key], -labels[key], key), default="")
    return language_code(best)


class Builder:
    """Collects tags and gives their `Columns`."""

    def __init__(self, wanted: str | None, default: str, problems: Problems) -> None:
        self._wanted = language_code(wanted) if wanted is not None else None
        self._language = default if self._wanted is None else self._wanted
        self._problems = problems
        self._place = self._unstated = ""
        self._positions: dict[str, int] = {}
        self._deprecated = bytearray()
        self._codes = {"": 0}
        self._labels = _Table()
        self._notes = _Table()
        self._links = _Table()

    def add(self, tag: Tag, place: str) -> None:
        """Takes a tag; ``place`` ("file:line") is for the problems."""
        self._place = place
        # Who asks for a language and loads tags that state none says what language they are in.
        self._unstated = "" if any(tag.names) else self._wanted or ""
        key = self._clean(tag.id, tag.id)
        if not key:
            return self._problems.add("no-id", place, "", tag.name)
        if key in self._positions:
            return self._problems.add("duplicate-id", place, key, tag.name)
        self._positions[key] = len(self._positions)
        self._deprecated.append(tag.deprecated)
        self._add_labels(key, tag)
        for code, text in self._texts(key, tag.descriptions):
            self._notes.add(text, DESCRIPTION, self._code(code))
        if notation := self._clean(key, tag.notation):
            self._notes.add(notation, NOTATION, 0)
        for kind, targets in enumerate((tag.broader, tag.narrower, tag.related, tag.replaced_by)):
            for target in targets:
                self._add_link(key, kind, clean(target))
        for table in (self._labels, self._notes, self._links):
            table.end_tag()

    def columns(self) -> Columns:
        """What was collected; links whose target is not among the tags are kept as ``dangling``."""
        links, dangling = resolve(self._links.texts(), lambda key: self._positions.get(key, -1))
        return Columns(
            ids=Strings.of(self._positions),
            labels=self._labels.texts(),
            notes=self._notes.texts(),
            dangling=dangling,
            links=links,
            deprecated=np.frombuffer(bytes(self._deprecated), dtype=np.bool_),
            languages=tuple(self._codes),
            language=self._language,
            problems=self._problems.found(),
        )

    def _add_labels(self, key: str, tag: Tag) -> None:
        names: dict[str, str] = {}
        synonyms = list(self._each(key, tag.synonyms))
        for code, text in self._texts(key, tag.names):
            if names.setdefault(code, text) != text:
                self._problems.add("S14", self._place, key, f"{text!r}@{code}")
                synonyms.append((code, text))
        language, name = self._shown(key, self._clean(key, tag.name), names, synonyms)
        if names.get(language, name) != name:
            synonyms.append((language, names[language]))
        self._labels.add(name, NAME, self._code(language))
        seen = {(language, name)}
        for code, text in names.items():
            if code != language:
                seen.add((code, text))
                self._labels.add(text, PREFERRED, self._code(code))
        if synonyms:
            self._add_others(key, seen, synonyms, SYNONYM)
        if tag.hidden:
            self._add_others(key, seen, self._each(key, tag.hidden), HIDDEN)

    def _add_others(self, key: str, seen: set[tuple[str, str]], others: Iterable[tuple[str, str]], kind: int) -> None:
        fresh = dict.fromkeys(others)
        for code, text in fresh:
            if (code, text) in seen:
                self._problems.add("S13", self._place, key, f"{text!r}{f'@{code}' if code else ''}")
            else:
                self._labels.add(text, kind, self._code(code))
        seen.update(fresh)

    def _shown(
        self, key: str, given: str, names: Mapping[str, str], synonyms: list[tuple[str, str]]
    ) -> tuple[str, str]:
        """The shown name and its language: the wanted one, the given one, or what comes nearest."""
        nearest = nearest_language(self._language, names) if names else None
        if given and (self._wanted is None or nearest is None):
            if self._wanted and names:
                self._problems.add("untranslated", self._place, key, given)
            bearers = [code for code, name in names.items() if name == given]
            return (nearest if nearest in bearers else bearers[0]) if bearers else self._unstated, given
        if nearest is not None:
            return nearest, names[nearest]
        if names:
            code, name = next(iter(names.items()))
            self._problems.add("untranslated", self._place, key, name)
            return code, name
        if not self._deprecated[-1]:
            self._problems.add("no-name", self._place, key)
        return synonyms.pop(0) if synonyms else (self._unstated, key)

    def _add_link(self, key: str, kind: int, target: str) -> None:
        if target == key:
            self._problems.add("self-link", self._place, key, RELATIONS[kind])
        elif target:
            self._links.add(target, kind, 0)

    def _texts(self, key: str, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for code, raw in texts.items():
            if text := self._clean(key, raw):
                yield language_code(code) or self._unstated, text

    def _each(self, key: str, texts: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
        for code, group in texts.items():
            for raw in group:
                if text := self._clean(key, raw):
                    yield language_code(code) or self._unstated, text

    def _clean(self, key: str, raw: str) -> str:
        text = clean(raw)
        if text != raw:
            self._problems.add("cleaned", self._place, clean(key), repr(raw))
        return text

    def _code(self, language: str) -> int:
        if len(self._codes) > _LANGUAGES:
            return self._codes.get(language, 0)
        return self._codes.setdefault(language, len(self._codes))


class _Table:
    """A growing `Texts`; arrays of numbers and a list, because a million rows pass through."""

    def __init__(self) -> None:
        self._rows = array("i", [0])
        self._texts: list[str] = []
        self._kinds = array("b")
        self._languages = array("h")

    def add(self, text: str, kind: int, language: int) -> None:
        self._texts.append(text)
        self._kinds.append(kind)
        self._languages.append(language)

    def end_tag(self) -> None:
        self._rows.append(len(self._texts))

    def texts(self) -> Texts:
        return Texts(
            np.array(self._rows, dtype=np.int32),
            Strings.of(self._texts),
            np.array(self._kinds, dtype=np.int8),
            np.array(self._languages, dtype=np.int16),
        )
