"""What is wrong with a vocabulary: SKOS's integrity conditions, and what makes tags hard to find or to tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from tagwright.vocabulary.base import Vocabulary
from tagwright.vocabulary.links import RELATIONS
from tagwright.vocabulary.problems import Problem
from tagwright.vocabulary.texts import HIDDEN, NAME

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")

_PROBLEM_LEVELS: dict[str, Level] = {
    "broken-line": "error",
    "bad-field": "error",
    "no-id": "error",
    "duplicate-id": "error",
    "no-name": "error",
    "S13": "error",
    "S14": "error",
    "self-link": "warning",
    "untranslated": "note",
    "cleaned": "note",
}
# Longer names do not fit a line of any list; they are sentences that slipped into the wrong column.
_LONG_NAME = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: ``level`` error (against SKOS, or lost), warning or note; ``tag`` an id, "" = several."""

    level: Level
    code: str
    tag: str
    message: str


def check(vocabulary: Vocabulary) -> list[Finding]:
    """All findings, errors first, then by code, then by tag's position."""
    findings = [finding for problem in vocabulary.problems for finding in _of_problem(problem)]
    for part in (_relations, _cycles, _dangling, _deprecated, _duplicate_names, _ambiguous, _long_names, _unstated):
        findings.extend(part(vocabulary))
    return sorted(findings, key=lambda finding: (LEVELS.index(finding.level), finding.code))


def _of_problem(problem: Problem) -> Iterator[Finding]:
    level = _PROBLEM_LEVELS[problem.code]
    if level == "note":
        yield Finding(level, problem.code, "", str(problem))
        return
    for example in problem.examples:
        detail = ": ".join(part for part in (example.place, example.detail) if part)
        yield Finding(level, problem.code, example.tag, f"{problem.summary}: {detail}" if detail else problem.summary)
    if more := problem.count - len(problem.examples):
        yield Finding(level, problem.code, "", f"{more} more: {problem.summary}")


def _relations(vocabulary: Vocabulary) -> Iterator[Finding]:
    """S27: related tags of which one is, through whatever steps, broader than the other."""
    above: dict[int, set[int]] = {}
    for one, other in zip(*vocabulary.links("related"), strict=True):
        for low, high in ((int(one), int(other)), (int(other), int(one))):
            if one < other and high in (above.get(low) or above.setdefault(low, _ancestors(vocabulary, low))):
                message = f"is related to {_named(vocabulary, high)}, which is also broader than it"
                yield Finding("error", "S27", vocabulary.ids[low], message)


def _ancestors(vocabulary: Vocabulary, tag: int) -> set[int]:
    found: set[int] = set()
    waiting = [tag]
    while waiting:
        broader = set(vocabulary.broader(waiting.pop()).tolist()) - found
        found |= broader
        waiting.extend(broader)
    return found


def _cycles(vocabulary: Vocabulary) -> Iterator[Finding]:
    """One finding a knot of tags that are each broader than themselves; SKOS allows it, trees do not."""
    tags, targets = vocabulary.links("broader")
    graph = csr_array((np.ones(len(tags), dtype=np.bool_), (tags, targets)), shape=(len(vocabulary),) * 2)
    count, component = connected_components(graph, connection="strong")
    knots = np.flatnonzero(np.bincount(component, minlength=count) > 1)
    _, first = np.unique(component, return_index=True)
    for tag in sorted(first[knots].tolist()):
        way = [tag]
        while way[-1] not in way[:-1]:
            inside = [step for step in vocabulary.broader(way[-1]).tolist() if component[step] == component[tag]]
            way.append(inside[0])
        loop = way[way.index(way[-1]) :]
        names = " › ".join(vocabulary.name(step) for step in loop)
        yield Finding("warning", "cycle", vocabulary.ids[loop[0]], f"is broader than itself: {names}")


def _dangling(vocabulary: Vocabulary) -> Iterator[Finding]:
    for relation in RELATIONS:
        for tag, target in vocabulary.missing(relation):
            message = f"{relation.replace('_', ' ')} names {target!r}, which the vocabulary lacks"
            yield Finding("warning", "dangling", vocabulary.ids[tag], message)


def _deprecated(vocabulary: Vocabulary) -> Iterator[Finding]:
    active = vocabulary.active
    tags, targets = vocabulary.links("replaced_by")
    replaced = {*tags.tolist(), *(tag for tag, _ in vocabulary.missing("replaced_by"))}
    for tag in np.flatnonzero(~active).tolist():
        if tag not in replaced:
            yield Finding("note", "no-successor", vocabulary.ids[tag], "is deprecated and not replaced by another tag")
    for tag, target in zip(tags.tolist(), targets.tolist(), strict=True):
        if not active[target]:
            message = f"is replaced by {_named(vocabulary, target)}, which is deprecated, too"
            yield Finding("warning", "deprecated-successor", vocabulary.ids[tag], message)
    for tag, target in zip(*(side.tolist() for side in vocabulary.links("broader")), strict=True):
        if active[tag] and not active[target]:
            message = f"lies under {_named(vocabulary, target)}, which is deprecated"
            yield Finding("warning", "deprecated-broader", vocabulary.ids[tag], message)


def _duplicate_names(vocabulary: Vocabulary) -> Iterator[Finding]:
    """One finding a name that several active tags have."""
    for name, (first, *others) in _bearers(vocabulary, _active(vocabulary)).items():
        if others:
            ids = ", ".join(repr(vocabulary.ids[other]) for other in others)
            yield Finding("warning", "duplicate-name", vocabulary.ids[first], f"has the name {name!r}, as has {ids}")


def _ambiguous(vocabulary: Vocabulary) -> Iterator[Finding]:
    """One finding a synonym that is the shown name of another active tag."""
    labels = vocabulary.labels
    bearers = _bearers(vocabulary, _active(vocabulary))
    others = (labels.kinds > NAME) & (labels.kinds < HIDDEN) & vocabulary.active[labels.tags]
    for row in np.flatnonzero(others).tolist():
        text, tag = labels.texts[row], int(labels.tags[row])
        named = [bearer for bearer in bearers.get(text, ()) if bearer != tag]
        if named and vocabulary.name(tag) != text:
            message = f"is also called {text!r}, which is the name of {vocabulary.ids[named[0]]!r}"
            yield Finding("note", "ambiguous", vocabulary.ids[tag], message)


def _long_names(vocabulary: Vocabulary) -> Iterator[Finding]:
    for tag, name in enumerate(vocabulary.names):
        if len(name) > _LONG_NAME:
            yield Finding("note", "long-name", vocabulary.ids[tag], f"has a name of {len(name)} characters")


def _unstated(vocabulary: Vocabulary) -> Iterator[Finding]:
    """One finding where some labels state a language and others do not."""
    labels = vocabulary.labels
    without = np.flatnonzero((labels.language_codes == 0) & (labels.kinds < HIDDEN))
    if vocabulary.languages and len(without):
        first = _named(vocabulary, int(labels.tags[without[0]]))
        yield Finding("note", "no-language", "", f"{len(without)} labels state no language, others do; first: {first}")


def _active(vocabulary: Vocabulary) -> Iterable[int]:
    return np.flatnonzero(vocabulary.active).tolist()


def _bearers(vocabulary: Vocabulary, tags: Iterable[int]) -> dict[str, list[int]]:
    names = list(vocabulary.names)
    bearers: dict[str, list[int]] = {}
    for tag in tags:
        bearers.setdefault(names[tag], []).append(tag)
    return bearers


def _named(vocabulary: Vocabulary, tag: int) -> str:
    return f"{vocabulary.ids[tag]!r} ({vocabulary.name(tag)})"
