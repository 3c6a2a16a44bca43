"""SKOS in any RDF syntax: concepts into tags, SKOS-XL labels flattened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import tagwright.vocabulary.rdf_terms as rdf
from tagwright.types import Tag
from tagwright.vocabulary.clean import language_code
from tagwright.vocabulary.guard import Statement, statements
from tagwright.vocabulary.problems import Problems
from tagwright.vocabulary.rdf_process import NODE
from tagwright.vocabulary.source import Source

_XL = ((rdf.XL_PREF, rdf.PREF), (rdf.XL_ALT, rdf.ALT), (rdf.XL_HIDDEN, rdf.HIDDEN))
# (language, text) of a literal, (NODE, address) of a node.
_Value = tuple[str, str]


def read_skos(source: Source, problems: Problems, syntax: str | None = None) -> list[Tag]:
    """The tags of a SKOS file, in the order in which it first calls them concepts.

    Every skos:Concept is a tag; where nothing is called one, everything with a preferred label that is no scheme or
    collection. ``name`` is left empty: which language is shown is the vocabulary's choice.
    """
    graph = Graph(statements(source, syntax))
    return [graph.tag(concept, source.name, problems) for concept in graph.concepts()]


class Graph:
    """What the statements say, by predicate and subject."""

    def __init__(self, stated: Iterable[Statement]) -> None:
        self._values: list[dict[str, list[_Value]]] = [{} for _ in rdf.PREDICATES]
        for predicate, subject, language, value in stated:
            self._values[predicate].setdefault(subject, []).append((language, value))

    def concepts(self) -> list[str]:
        """The addresses of the concepts."""
        types = self._values[rdf.TYPE]
        named = [subject for subject, values in types.items() if (NODE, rdf.CONCEPT) in values]
        if named:
            return named
        others = {subject for subject, values in types.items() if any(value in rdf.NO_CONCEPTS for _, value in values)}
        labelled = dict.fromkeys([*self._values[rdf.PREF], *self._values[rdf.XL_PREF]])
        return [subject for subject in labelled if subject not in others]

    def tag(self, concept: str, place: str, problems: Problems) -> Tag:
        """The tag that a concept is; a second preferred label in one language is counted and becomes a synonym."""
        labels = {kind: list(self._literals(concept, kind)) for kind in (rdf.PREF, rdf.ALT, rdf.HIDDEN)}
        for extended, kind in _XL:
            for node in self._nodes(concept, extended):
                labels[kind].extend(self._literals(node, rdf.LITERAL_FORM))
        names: dict[str, str] = {}
        for language, text in labels[rdf.PREF] or self._literals(concept, rdf.LABEL):
            if names.setdefault(language, text) != text:
                problems.add("S14", place, concept, f"{text!r}{f'@{language}' if language else ''}")
                labels[rdf.ALT].append((language, text))
        first, *others = [text for _, text in self._literals(concept, rdf.NOTATION)] or [""]
        labels[rdf.HIDDEN].extend(("", notation) for notation in others)
        return Tag(
            id=concept,
            name="",
            names=names,
            synonyms=_grouped(labels[rdf.ALT]),
            hidden=_grouped(labels[rdf.HIDDEN]),
            descriptions=self._descriptions(concept),
            notation=first,
            broader=tuple(self._nodes(concept, rdf.BROADER)),
            narrower=tuple(self._nodes(concept, rdf.NARROWER)),
            related=tuple(self._nodes(concept, rdf.RELATED)),
            deprecated=any(text in ("true", "1") for _, text in self._literals(concept, rdf.DEPRECATED)),
            replaced_by=tuple(self._nodes(concept, rdf.REPLACED_BY)),
        )

    def _descriptions(self, concept: str) -> dict[str, str]:
        """By language: the definitions, then the scope notes; a note may be a node with its text as rdf:value."""
        texts: dict[str, list[str]] = {}
        for kind in (rdf.DEFINITION, rdf.SCOPE_NOTE):
            notes = list(self._literals(concept, kind))
            for node in self._nodes(concept, kind):
                notes.extend(self._literals(node, rdf.VALUE))
            for language, text in notes:
                texts.setdefault(language, []).append(text)
        return {language: " ".join(parts) for language, parts in texts.items()}

    def _literals(self, subject: str, predicate: int) -> Iterator[_Value]:
        values = self._values[predicate].get(subject, ())
        return ((language_code(language), text) for language, text in values if language != NODE)

    def _nodes(self, subject: str, predicate: int) -> Iterator[str]:
        return (value for language, value in self._values[predicate].get(subject, ()) if language == NODE)


def _grouped(labels: Iterable[_Value]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for language, text in labels:
        groups.setdefault(language, []).append(text)
    return {language: tuple(texts) for language, texts in groups.items()}
