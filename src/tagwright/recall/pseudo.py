"""Documents that a language model wrote, or tagged by itself: how they are told apart, and how little they weigh."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tagwright.types import Document

KEY = "tagwright.pseudo"
"""The key of the metadata that marks such a document; its value says where it comes from."""
OF = "of"
"""The key beside it of a twin: the id of the document whose text it has, with the tags that only a machine gave it."""
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


def of(document: Document) -> str:
    """The id of the document whose twin this is, "" where it is none."""
    return str(document.metadata[KEY].get(OF, "")) if is_pseudo(document) else ""


def demonstration(document: Document) -> str:
    """The id of the document after which a model wrote this one, "" where there is none."""
    return str(document.metadata[KEY].get("demonstration", "")) if is_pseudo(document) else ""


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
    return [one for one in written if (shown := demonstration(one)) == "" or shown in ids]


def twins(documents: Iterable[Document], ids: Container[str]) -> list[Document]:
    """The tagged twins among the documents, each to be left out together with its document, where ``ids`` has that."""
    return [_demonstrated(one, of(one), ids) for one in documents if one.tags and of(one)]


def parted(documents: Iterable[Document]) -> tuple[list[Document], list[Document]]:
    """(the tagged ones that people have written, those that a model wrote which are `usable` beside them)."""
    given = list(documents)
    people = real(given)
    written = [document for document in given if document.tags and is_pseudo(document)]
    return people, usable(written, {document.id for document in people}) if written else []


def _demonstrated(document: Document, id: str, ids: Container[str]) -> Document:
    said = {**document.metadata[KEY], "demonstration": id if id in ids else ""}
    return replace(document, metadata={**document.metadata, KEY: said})
