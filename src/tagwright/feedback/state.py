"""What decisions make of a document: its tags, what was rejected, and beside it what only a machine has said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import tagwright.recall.pseudo as pseudo
from tagwright.errors import DecisionError
from tagwright.generation.samples import REJECTED
from tagwright.store.base import GrowthRow
from tagwright.store.decided import Decision
from tagwright.types import Document

_TWIN = "#machine"


@dataclass(frozen=True)
class Grower:
    """From a document before anybody decided, and the decisions that stand, to the rows that make of it what they say.

    Of a tag the last decision counts, and that of a person before that of a machine. The document has the tags of
    people: those it had, without the rejected ones, then the accepted and added ones in the order in which they came.
    One that nobody has tagged stays so until it gets its first tag. What only machines accepted is the tags of a twin,
    a document of the same text that weighs ``machine_weight`` and is left out wherever quality is learned or measured.
    """

    machine_weight: float

    def __call__(self, base: Document, standing: Sequence[Decision]) -> tuple[GrowthRow, GrowthRow]:
        """The row with the document, and the one with its twin or without."""
        if pseudo.is_pseudo(base):
            raise DecisionError(f"{base.id!r} is what a machine has said; decide about {_original(base)!r}")
        people = {one.tag: one for one in standing if not one.machine}
        document = _decided(base, people) if people else base
        machine = {one.tag: one for one in standing if one.machine and one.tag not in people}
        left = tuple(tag for tag, one in machine.items() if one.wants and tag not in (document.tags or ()))
        return GrowthRow.add_document(document), self._twin(base, left)

    def _twin(self, base: Document, tags: tuple[str, ...]) -> GrowthRow:
        id = f"{base.id}{_TWIN}"
        if not tags:
            return GrowthRow.remove_document(id)
        twin = Document(id, base.text, base.title, base.language, tags)
        said = {"source": "decisions", pseudo.OF: base.id, "demonstration": ""}
        return GrowthRow.add_document(pseudo.marked(twin, self.machine_weight, **said))


def _decided(base: Document, people: dict[str, Decision]) -> Document:
    had = base.tags or ()
    kept = [tag for tag in had if tag not in people or people[tag].wants]
    tags = (*kept, *(tag for tag, one in people.items() if one.wants and tag not in had))
    said = base.metadata.get(REJECTED)
    before = [tag for tag in said if tag not in people] if isinstance(said, list | tuple) else []
    rejected = [*before, *(tag for tag, one in people.items() if not one.wants)]
    metadata: dict[str, Any] = {key: value for key, value in base.metadata.items() if key != REJECTED}
    metadata |= {REJECTED: rejected} if rejected else {}
    return replace(base, tags=None if base.tags is None and not tags else tags, metadata=metadata)


def _original(twin: Document) -> str:
    return pseudo.of(twin) or twin.id.removesuffix(_TWIN)
