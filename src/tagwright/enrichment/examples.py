"""Training documents as examples of what a tag is used for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import heappushpop

import tagwright.recall.pseudo as pseudo
from tagwright.generation.orders import without_orders
from tagwright.llm.prompts import plain, visible
from tagwright.types import Document

EXAMPLES = 2
"""So many a tag: LAGAMC, section 3.2."""
_TITLE, _BEGINNING = 120, 280
_READ = 2000  # characters that are looked at for these


def examples(documents: Iterable[Document], tags: Collection[str], n: int = EXAMPLES) -> dict[str, list[Document]]:
    """{tag id: at most ``n`` of these documents that carry it}, for each of ``tags`` that one does.

    Those with the fewest tags, which are most about each of them; ties: those that came first. ``documents`` are
    training documents: what a tag is said to mean must not come from those that it is measured on. Documents that
    a machine has tagged (``auto`` in their metadata) or written are none.
    """
    wanted = frozenset(tags)
    kept: dict[str, list[tuple[int, int, Document]]] = {}
    for place, document in enumerate(documents):
        carried = wanted.intersection(document.tags or ())
        if not carried or document.metadata.get("auto") or pseudo.is_pseudo(document):
            continue
        # The heap's smallest, thrown out first, is the worst: most tags, latest. No two places are equal.
        row = (-len(document.tags or ()), -place, document)
        for tag in carried:
            heap = kept.setdefault(tag, [])
            if len(heap) < n:
                heap.append(row)
                heap.sort()
            else:
                heappushpop(heap, row)
    return {tag: [document for *_, document in sorted(heap, reverse=True)] for tag, heap in kept.items()}


def shown(document: Document) -> str:
    """The beginning of a document as a model may see it: one line in quotation marks, without orders to a model."""
    parts = (without_orders(visible(part[:_READ]))[0] for part in (document.title, document.text))
    title, text = (plain(part, most) for part, most in zip(parts, (_TITLE, _BEGINNING), strict=True))
    said = [title, text] if title and not text.startswith(title) else [text or title]
    # A quotation mark within would end the quotation.
    return " – ".join(filter(None, said)).replace('"', "'")
