"""Which tags are rare, and which documents are to be written for them after which example."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Ints
from tagwright.enrichment.options import Enrichment
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

NOTHING_KNOWN = "rare tags with neither a document nor a description"
OVER_ALL = "samples over the cap of all (enrichment.most)"


@dataclass(frozen=True)
class Slot:
    """The ``number``-th document (from 0) that is to be written for a ``tag`` (its id), after a ``demonstration``.

    ``tags`` are the ids that it will carry: all of the demonstration's, or the tag alone where there is none.
    """

    tag: str
    number: int
    tags: tuple[str, ...]
    demonstration: Document | None = None

    @property
    def id(self) -> str:
        """Names the tag, the number, and every letter of the demonstration: another text, another sample."""
        shown = self.demonstration
        said = ["", "", ""] if shown is None else [shown.id, shown.title, shown.text]
        key = json.dumps([self.tag, self.number, *said, *self.tags]).encode()
        return f"pseudo:{hashlib.blake2b(key, digest_size=8).hexdigest()}"


@dataclass(frozen=True)
class Plan:
    """What is to be written, in this order; ``rare``: positions of the rare tags; ``left_out`` {why: how many}.

    ``lacking`` (n_tags,): how many samples a tag lacks, caps aside; ``documents`` {id: training document}.
    """

    slots: list[Slot]
    rare: Ints
    left_out: Mapping[str, int]
    lacking: NDArray[np.int64]
    documents: Mapping[str, Document]
    vocabulary: Vocabulary

    def slot(self, tag: str, number: int, demonstration: str) -> Slot | None:
        """The slot of a sample that was written before, as the documents stand now; ``None`` = it has no place here."""
        position, shown = self.vocabulary.find(tag), self.documents.get(demonstration)
        if position < 0 or number >= self.lacking[position] or (demonstration and shown is None):
            return None
        if shown is None:
            return Slot(tag, number, (tag,))
        return _after(shown, tag, number, self.vocabulary) if tag in (shown.tags or ()) else None


def plan(
    documents: Sequence[Document], vocabulary: Vocabulary, options: Enrichment, only: Collection[str] = ()
) -> Plan:
    """The samples that are missing, as training ``documents`` stand; ``only``: for these tags (ids).

    Each rare tag gets its first sample before any gets its second one, those with the fewest documents first and those
    without any last, for nobody knows yet whether they will ever be used. SEP-MLDC (section 3.3) writes 50 for each: on
    a long tail they would be ten times the library, so a tag gets what it lacks, up to a cap.
    """
    people = pseudo.real(documents)
    there = counts(people, vocabulary)
    wanted = vocabulary.active & (there < options.tail)
    lacking = np.where(wanted, np.maximum(options.wanted - there, 0), 0)
    if only:
        named = np.zeros(len(vocabulary), dtype=np.bool_)
        named[vocabulary.positions(only)] = True
        wanted &= named
    rare = np.flatnonzero(wanted).astype(np.int32)
    shown = _demonstrations(people, {vocabulary.ids[tag] for tag in rare.tolist()})
    order = rare[np.lexsort((rare, there[rare], there[rare] == 0))]
    known = [tag for tag in order.tolist() if vocabulary.ids[tag] in shown or vocabulary.descriptions[tag].strip()]
    missing = np.minimum(lacking, options.per_tag)
    slots = list(_rounds(known, missing, shown, vocabulary, options.most))
    left_out = Counter({NOTHING_KNOWN: len(rare) - len(known), OVER_ALL: int(missing[known].sum()) - len(slots)})
    return Plan(slots, rare, +left_out, lacking, {document.id: document for document in people}, vocabulary)


def counts(documents: Sequence[Document], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """(n_tags,) how many of the documents carry each tag."""
    found = [np.unique(vocabulary.positions(one.tags or (), known_only=True)) for one in documents]
    return np.bincount(np.concatenate([np.empty(0, dtype=np.int64), *found]), minlength=len(vocabulary))


def _demonstrations(documents: Sequence[Document], tags: Collection[str]) -> dict[str, list[Document]]:
    """{tag: the documents that carry it and say something}, in their order; what a machine tagged is no example."""
    found: dict[str, list[Document]] = {}
    for document in documents:
        if document.metadata.get("auto") or not (document.text.strip() or document.title.strip()):
            continue
        for tag in dict.fromkeys(document.tags or ()):
            if tag in tags:
                found.setdefault(tag, []).append(document)
    return found


def _rounds(
    tags: Sequence[int],
    missing: NDArray[np.int64],
    shown: Mapping[str, list[Document]],
    vocabulary: Vocabulary,
    most: int,
) -> Iterator[Slot]:
    """At most ``most`` slots, round by round; the tag's documents take turns as demonstration."""
    made = number = 0
    while tags and made < most:
        tags = [tag for tag in tags if number < missing[tag]]
        for tag in tags[: most - made]:
            id = vocabulary.ids[tag]
            examples = shown.get(id)
            yield (
                Slot(id, number, (id,))
                if not examples
                else _after(examples[number % len(examples)], id, number, vocabulary)
            )
        made, number = made + len(tags), number + 1


def _after(document: Document, tag: str, number: int, vocabulary: Vocabulary) -> Slot:
    """With all tags of the document that can be suggested, the one that it is for first."""
    positions = np.unique(vocabulary.positions(document.tags or (), known_only=True))
    active = {vocabulary.ids[position] for position in positions.tolist() if vocabulary.active[position]}
    tags = dict.fromkeys([tag, *(other for other in document.tags or () if other in active)])
    return Slot(tag, number, tuple(tags), document)
