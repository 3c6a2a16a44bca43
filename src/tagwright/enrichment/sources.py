"""Texts for tags that somebody has written already: in the vocabulary itself, and in a reference file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tagwright.enrichment.checks import LONGEST_LABEL
from tagwright.store.texts import DESCRIPTION, NAME, REFERENCE, SYNONYM, VOCABULARY, TagText
from tagwright.text.function_words import BY_LANGUAGE
from tagwright.text.language import guess
from tagwright.types import Tag
from tagwright.vocabulary.base import Vocabulary

_BROADER_SHOWN, _OTHERS_SHOWN = 3, 6
_NAMES_READ = 200


def from_vocabulary(vocabulary: Vocabulary, position: int, replaced: Mapping[int, list[int]]) -> Iterator[TagText]:
    """What the vocabulary itself says of a tag in another place: the labels of tags that it has replaced.

    Descriptions, synonyms and names that the tag has are there already, and need not be proposed.
    """
    for old in replaced.get(position, ()):
        tag = vocabulary.tag(old)
        for language, name in (tag.names or {"": tag.name}).items():
            yield TagText(vocabulary.ids[position], SYNONYM, language, name, VOCABULARY, tag.id)
        for language, others in tag.synonyms.items():
            for other in others:
                yield TagText(vocabulary.ids[position], SYNONYM, language, other, VOCABULARY, tag.id)


def replacements(vocabulary: Vocabulary) -> dict[int, list[int]]:
    """{position: the deprecated tags that it has replaced}."""
    found: dict[int, list[int]] = {}
    for old, new in zip(*(column.tolist() for column in vocabulary.links("replaced_by")), strict=True):
        if not vocabulary.active[old] and vocabulary.active[new]:
            found.setdefault(new, []).append(old)
    return found


@dataclass
class Reference:
    """A file of names and texts that an authority has written, for tags of the same id, else of the same name.

    ``name`` of the file stands in what comes from it. A name that several tags of either side bear resolves nothing:
    `ambiguous` counts the tags that were left for it.
    """

    vocabulary: Vocabulary
    name: str
    ambiguous: int = field(default=0, init=False)

    def entry(self, tags: Vocabulary, position: int) -> Tag | None:
        """What the file has of a tag of ``tags``: by its id, its notation as an id, else by an unambiguous name."""
        for id in (tags.ids[position], tags.notations[position]):
            found = self.vocabulary.find(id) if id else -1
            if found >= 0:
                return self.vocabulary.tag(found)
        name = tags.name(position)
        found = self.vocabulary.named(name)
        if found < 0:
            self.ambiguous += name in self._names
            return None
        if tags.named(name) != position:
            self.ambiguous += 1
            return None
        return self.vocabulary.tag(found)

    def texts(self, entry: Tag, tag: Tag, language: str) -> Iterator[TagText]:
        """What the file says beyond what ``tag`` has; texts of no stated language are in ``language``.

        A name in a language in which the tag has another one is a synonym: the tag's own name stays what it is.
        """
        names = entry.names or {"": entry.name}
        for code, name in names.items():
            code = code or language
            kind = SYNONYM if code in tag.names or language in ("", code) else NAME
            if len(name) <= LONGEST_LABEL and name != entry.id:
                yield TagText(tag.id, kind, code, name, REFERENCE, self.name)
        for code, others in entry.synonyms.items():
            for other in others:
                yield TagText(tag.id, SYNONYM, code or language, other, REFERENCE, self.name)
        for code, text in entry.descriptions.items():
            yield TagText(tag.id, DESCRIPTION, code or language, text, REFERENCE, self.name)

    @property
    def _names(self) -> frozenset[str]:
        if not hasattr(self, "_every"):
            self._every = frozenset(self.vocabulary.labels.texts)
        return self._every


def context(vocabulary: Vocabulary, position: int) -> list[tuple[str, str]]:
    """(what, text) of all that the vocabulary says around a tag, for a reader who does not know it."""
    name = vocabulary.name
    above = [name(step) for step in vocabulary.path(position)[:-1]][-_BROADER_SHOWN:]
    tag = vocabulary.tag(position)
    others = [text for texts in tag.synonyms.values() for text in texts]
    others += [text for text in tag.names.values() if text != tag.name]
    said = [
        ("other names", "; ".join(dict.fromkeys(others[:_OTHERS_SHOWN]))),
        ("code", tag.notation),
        ("part of", " › ".join(above)),
        ("narrower headings", "; ".join(map(name, _active(vocabulary, vocabulary.narrower(position))))),
        ("related headings", "; ".join(map(name, _active(vocabulary, vocabulary.related(position))))),
        ("note in another language", tag.description),
    ]
    return [(what, text) for what, text in said if text]


def _active(vocabulary: Vocabulary, positions: Iterable[int]) -> list[int]:
    return [int(tag) for tag in positions if vocabulary.active[tag]][:_OTHERS_SHOWN]


def language_of(vocabulary: Vocabulary) -> str:
    """The language of the shown names: the stated one, else the one whose function words names and notes use most."""
    read = "\n".join([*vocabulary.names[:_NAMES_READ], *vocabulary.descriptions[:_NAMES_READ]])
    return vocabulary.language or guess(read, ["en", *(code for code in BY_LANGUAGE if code != "en")])
