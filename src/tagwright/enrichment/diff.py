"""What proposed texts would change about tags: nothing that a tag has is ever replaced by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tagwright.store.texts import DESCRIPTION, NAME, SYNONYM, TagText
from tagwright.types import Tag
from tagwright.vocabulary.base import Vocabulary


def has(tag: Tag, text: TagText) -> bool:
    """Whether the tag has already what this text would give it: then the text is not wanted.

    A description in the same language or in none that is stated, a label of these letters, a name in that language.
    """
    if text.kind == DESCRIPTION:
        return any(code in ("", text.language) or not text.language for code in tag.descriptions)
    if text.kind == NAME:
        return text.language in tag.names
    return text.text.casefold() in labels(tag)


def says(tag: Tag, text: TagText) -> bool:
    """Whether the tag has this very text."""
    if text.kind == DESCRIPTION:
        return text.text in tag.descriptions.values()
    if text.kind == NAME:
        return tag.names.get(text.language) == text.text
    return text.text.casefold() in labels(tag)


def labels(tag: Tag) -> set[str]:
    """All that a tag is called, without case."""
    groups = [[tag.name, *tag.names.values()], *tag.synonyms.values(), *tag.hidden.values()]
    return {label.casefold() for group in groups for label in group}


def enriched(tag: Tag, texts: Iterable[TagText]) -> tuple[Tag, list[TagText]]:
    """The tag with those of these texts that it lacks, and which these are; the first of two for one place counts."""
    used = []
    for text in texts:
        if has(tag, text):
            continue
        used.append(text)
        if text.kind == DESCRIPTION:
            tag = replace(tag, descriptions={**tag.descriptions, text.language: text.text})
        elif text.kind == NAME:
            tag = replace(tag, names={**_named(tag), text.language: text.text})
        else:
            tag = replace(tag, synonyms=_with(tag.synonyms, text))
    return tag, used


def lost(vocabulary: Vocabulary, texts: Iterable[TagText]) -> list[TagText]:
    """Those of these accepted texts that an active tag has no more, and nothing in their place: by a new edition."""
    found = []
    for text in texts:
        position = vocabulary.find(text.tag)
        if position >= 0 and vocabulary.active[position] and not has(vocabulary.tag(position), text):
            found.append(text)
    return found


def grouped(texts: Iterable[TagText]) -> dict[str, list[TagText]]:
    """{tag id: its texts}: descriptions first, then names, then synonyms, in the order in which they came."""
    found: dict[str, list[TagText]] = {}
    for text in texts:
        found.setdefault(text.tag, []).append(text)
    order = (DESCRIPTION, NAME, SYNONYM)
    return {tag: sorted(own, key=lambda text: order.index(text.kind)) for tag, own in found.items()}


def _named(tag: Tag) -> Mapping[str, str]:
    return tag.names or {"": tag.name}


def _with(synonyms: Mapping[str, tuple[str, ...]], text: TagText) -> dict[str, tuple[str, ...]]:
    return {**synonyms, text.language: (*synonyms.get(text.language, ()), text.text)}
