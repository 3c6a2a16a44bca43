"""The promise of a store, and the plain rows that it keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from tagwright.store.codec import document_from_plain, document_to_plain, tag_from_plain, tag_to_plain
from tagwright.types import Document, Tag

KINDS = ("add_document", "remove_document", "add_tag", "remove_tag")


@dataclass(frozen=True, slots=True)
class GrowthRow:
    """One step by which a project grew at run time.

    ``kind`` is one of `KINDS`; ``payload`` the document or tag in plain form (for a removal its ``id`` alone).
    An ``add_document`` whose id exists replaces that document. The store fills in the rest when the row is appended:
    ``seq`` its number (from 1, never used twice), ``time`` in seconds since 1970, and ``before``, what stood there
    until then (``None``: nothing). ``reverts`` is the number of the row that this one takes back. ``remove_tag``
    is only ever the reversal of an ``add_tag``: a tag that is not wanted any more is deprecated in the vocabulary.
    """

    kind: str
    payload: Mapping[str, Any]
    before: Mapping[str, Any] | None = None
    reverts: int | None = None
    seq: int = 0
    time: float = 0.0

    @staticmethod
    def add_document(document: Document) -> GrowthRow:
        """The row that adds a document, or replaces the one with its id."""
        return GrowthRow("add_document", document_to_plain(document))

    @staticmethod
    def remove_document(document_id: str) -> GrowthRow:
        """The row that removes a document, be it of the base or of the log."""
        return GrowthRow("remove_document", {"id": document_id})

    @staticmethod
    def add_tag(tag: Tag) -> GrowthRow:
        """The row that adds a tag, or replaces the one with its id."""
        return GrowthRow("add_tag", tag_to_plain(tag))

    @property
    def subject(self) -> str:
        """The id of the document or tag that the row is about."""
        return str(self.payload["id"])

    @property
    def document(self) -> Document:
        """The added document (``add_document`` only)."""
        return document_from_plain(self.payload)

    @property
    def tag(self) -> Tag:
        """The added tag (``add_tag`` only)."""
        return tag_from_plain(self.payload)


class Lease(Protocol):
    """The right to do one named work alone, for a time; as a context manager it renews itself and is given back."""

    def renew(self) -> None:
        """The lease runs its full time again; raises `StoreError` where another owner has it by now."""
        ...

    def release(self) -> None:
        """The lease is free for the next one; quiet where it was lost."""
        ...

    def __enter__(self) -> Self:
        """The lease, renewed from now on in the background."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The lease is given back."""
        ...


class Store(Protocol):
    """What a project remembers beside its arrays. What returned is durable; several processes may use one store.

    Everything raises `StoreError` where the database cannot be used, naming the file and the next step, and
    `FormatError` where a newer version of tagwright has written it.
    """

    def keep_documents(self, documents: Iterable[Document]) -> int:
        """The number of documents that are kept from now on, instead of all others; all of them or no change."""
        ...

    def documents(self) -> Iterator[Document]:
        """The kept documents in their order, streamed, as they stood when the first one was read."""
        ...

    def n_documents(self) -> int:
        """How many documents are kept."""
        ...

    def document(self, document_id: str) -> Document | None:
        """The kept document of that id, or ``None``."""
        ...

    def append(self, rows: Sequence[GrowthRow]) -> int:
        """The number of the log's last row, after these were added together or not at all."""
        ...

    def revert(self, seqs: Sequence[int]) -> int:
        """The number of the log's last row, after the opposites of these rows were added, newest first."""
        ...

    def read(self, after: int) -> list[GrowthRow]:
        """All rows with a number above ``after``, in order."""
        ...

    def last(self) -> int:
        """The number of the last row ever appended; 0 where there is none."""
        ...

    def fold(self, up_to: int) -> int:
        """The row number at which the kept documents stand, after the rows up to there were applied to them."""
        ...

    def folded(self) -> int:
        """The row number at which the kept documents stand: what was added since has a higher one."""
        ...

    def get(self, key: str) -> bytes | None:
        """The cached value of a key made by `cache_key`, or ``None``."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """The value can be had from the cache from now on, until it is the oldest and the cache is full."""
        ...

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The cached values of those keys that have one."""
        ...

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Like `put` for each, together."""
        ...

    def claim(self, name: str, owner: str, seconds: float) -> Lease:
        """A lease on the work ``name``; raises `StoreError` naming the other owner where it is taken."""
        ...

    def check(self) -> list[str]:
        """What is wrong, a sentence each; an empty list where all is well. Raises nothing."""
        ...

    def close(self) -> None:
        """All files are closed; the store may be used again and opens them anew."""
        ...


def cache_key(namespace: str, *inputs: str | bytes) -> str:
    """The SHA-256, in hex, of a namespace and its inputs; ("ab", "c") and ("a", "bc") differ.

    The namespace names whatever else the value depends on: the model's fingerprint, the prompt's version.
    """
    digest = hashlib.sha256()
    for part in (namespace, *inputs):
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(b"%d:" % len(raw))
        digest.update(raw)
    return digest.hexdigest()
