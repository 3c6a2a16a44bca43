"""Documents that a language model wrote for rare tags: how they are told apart, and how little they weigh."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tagwright.types import Document

KEY = "tagwright.pseudo"
"""The key of the metadata that marks such a document; its value says where it comes from."""
MOST = 0.5
"""No document that a model wrote weighs more: on a long tail they would outnumber the real ones ten to one."""


def marked(document: Document, weight: float, **said: Any) -> Document:
    """The document as one that a model wrote; ``said``: where it comes from, with ``demonstration`` the id that it was
    written after ("" = none).
    """  # noqa: D205
    return replace(document, metadata={**document.metadata, KEY: {**said, "weight": weight}})


def is_pseudo(document: Document) -> bool:
    """Whether a model wrote it."""
    return isinstance(document.metadata.get(KEY), Mapping)


def weight(document: Document) -> float:
    """What it counts beside other documents: 1, or in [0, `MOST`] where a model wrote it."""
    if not is_pseudo(document):
        return 1.0
    said = document.metadata[KEY].get("weight", MOST)
    return min(max(float(said), 0.0), MOST) if isinstance(said, int | float) else MOST


def real(documents: Iterable[Document]) -> list[Document]:
    """The tagged documents that people have written: what is counted and measured, is so on these."""
    return [document for document in documents if document.tags is not None and not is_pseudo(document)]


def usable(written: Sequence[Document], ids: Container[str]) -> list[Document]:
    """Those of the ``written`` ones whose demonstration is among these documents, and those that have none.

    Where a document is left out, what was written after it must be left out, too: it says what that document says,
    with that document's tags.
    """
    return [one for one in written if (shown := one.metadata[KEY].get("demonstration", "")) == "" or shown in ids]


def parted(documents: Iterable[Document]) -> tuple[list[Document], list[Document]]:
    """(the tagged ones that people have written, those that a model wrote which are `usable` beside them)."""
    given = list(documents)
    people = real(given)
    written = [document for document in given if document.tags and is_pseudo(document)]
    return people, usable(written, {document.id for document in people}) if written else []
