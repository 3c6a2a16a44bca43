"""The growth log, applied: the vocabulary and the tagger brought up to its last row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tagwright.project.manifest import Manifest
from tagwright.store.base import GrowthRow
from tagwright.tagger import Tagger
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

_ABOUT_TAGS = ("add_tag", "remove_tag")


class Growth:
    """What happened since the manifest was written.

    ``base`` is the vocabulary of the manifest, ``vocabulary`` has the tags added since; ``seen`` is the number of the
    last row that was read; ``changed`` the positions of tags added or changed since. ``rows_after`` reads the log.

    However the rows came, one by one or all at once, the same state comes out: tags in the order in which they first
    came, each as its last row has it; documents likewise, with the tags that the vocabulary has now. Rows about
    documents with a number above ``held`` are passed over.
    """

    def __init__(
        self,
        base: Vocabulary,
        manifest: Manifest,
        rows_after: Callable[[int], list[GrowthRow]],
        held: int | None = None,
    ) -> None:
        self.base, self.vocabulary, self.held = base, base, held
        self.seen = min(manifest.folded, manifest.vocabulary_at)
        self.changed: set[int] = set()
        self._manifest, self._rows_after = manifest, rows_after
        self._documents: dict[str, Document | None] = {}  # None = removed
        self._digest = hashlib.sha256()
        self._brought: Tagger | None = None
        self._waiting: list[GrowthRow] = []
        self._fresh: set[int] = set()

    @property
    def fingerprint(self) -> str:
        """Names the rows that count: those whose documents the model and whose tags the vocabulary do not have."""
        return self._digest.hexdigest()

    @property
    def waiting_for_training(self) -> tuple[int, int]:
        """(documents, tags) that were added, changed or removed since the last training."""
        return len(self._documents), len(self.changed.union(self._manifest.changed))

    def document(self, id: str, kept: Callable[[str], Document | None]) -> Document | None:
        """The document as it stands now: the log's where a row is about it, else the ``kept`` one."""
        return self._documents[id] if id in self._documents else kept(id)

    def read(self) -> None:
        """Reads the rows since the last time; the vocabulary is up to date when this returns."""
        rows = self._rows_after(self.seen)
        new = [row for row in rows if self._counts(row)]
        for row in new:
            self._digest.update(json.dumps([row.kind, row.payload], sort_keys=True).encode())
        self._change_tags([row for row in new if row.kind in _ABOUT_TAGS])
        for row in new:
            if row.kind not in _ABOUT_TAGS:
                self._waiting.append(row)
                self._remember(row)
        self.seen = rows[-1].seq if rows else self.seen

    def bring(self, tagger: Tagger) -> None:
        """Reads, and brings a freshly loaded or already used tagger up to the last row."""
        self.read()
        if self._brought is not tagger:
            self._bring_fresh(tagger)
        elif self._fresh or self._waiting:
            self._bring_on(tagger)
        self._brought, self._waiting, self._fresh = tagger, [], set()

    def _counts(self, row: GrowthRow) -> bool:
        if row.kind in _ABOUT_TAGS:
            return row.seq > self._manifest.vocabulary_at
        return row.seq > self._manifest.folded and (self.held is None or row.seq <= self.held)

    def _bring_fresh(self, tagger: Tagger) -> None:
        if positions := self.changed.union(self._manifest.changed):
            tagger.use_vocabulary(self.vocabulary, _array(positions))
        if removed := [id for id, document in self._documents.items() if document is None]:
            tagger.remove(removed)
        self._add_all(tagger)

    def _bring_on(self, tagger: Tagger) -> None:
        if self._fresh:
            tagger.use_vocabulary(self.vocabulary, _array(self._fresh))
        for row in self._waiting:
            if _tagged(row) is None:
                tagger.remove([row.subject])
            else:
                tagger.add([row.document])
        if self._fresh:
            # Documents that came before a tag may carry it: they are read again with the tags of now.
            self._add_all(tagger)

    def _add_all(self, tagger: Tagger) -> None:
        if added := [document for document in self._documents.values() if document is not None]:
            tagger.add(added)

    def _remember(self, row: GrowthRow) -> None:
        document = _tagged(row)
        if document is None or self._documents.get(row.subject) != document:
            self._documents.pop(row.subject, None)  # a document that changes is the last one, as on the shelf
        self._documents[row.subject] = document

    def _change_tags(self, rows: Sequence[GrowthRow]) -> None:
        tags: dict[str, Tag] = {}
        for row in rows:
            if row.kind == "add_tag":
                tags[row.subject] = row.tag
            elif row.subject in tags:
                tags[row.subject] = replace(tags[row.subject], deprecated=True)
            elif row.subject in self.vocabulary:
                there = self.vocabulary.tag(self.vocabulary.position(row.subject))
                tags[row.subject] = replace(there, deprecated=True)
        if tags:
            self.vocabulary = self.vocabulary.extended(tags.values())
            positions = self.vocabulary.positions(tags).tolist()
            self.changed.update(positions)
            self._fresh.update(positions)


def rows_for(tags: Sequence[Tag], vocabulary: Vocabulary) -> list[GrowthRow]:
    """The rows that add tags, as the vocabulary mends them; raises what it raises for a tag that it does not take.

    A tag that is there already becomes a row first: the store knows nothing of the vocabulary, and must be able to
    put back what stood there.
    """
    extended = vocabulary.extended(tags)
    rows = []
    for position in extended.positions(tag.id for tag in tags).tolist():
        if position < len(vocabulary):
            rows.append(GrowthRow.add_tag(vocabulary.tag(position)))
        rows.append(GrowthRow.add_tag(extended.tag(position)))
    return rows


def changed_positions(old: Vocabulary, new: Vocabulary) -> set[int]:
    """Positions at which a tag is added, or is named, described or deprecated otherwise than in ``old``."""
    before, after = _said(old), _said(new)
    moved = {place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other}
    return moved.union(range(len(before), len(after)))


def _said(vocabulary: Vocabulary) -> list[tuple[object, ...]]:
    """Of each tag what channels read: labels with kind and language, description, whether it is active."""
    labels = vocabulary.labels
    said: list[list[object]] = [list(pair) for pair in zip(vocabulary.descriptions, vocabulary.active, strict=True)]
    codes = labels.language_codes.tolist()
    for text, tag, kind, code in zip(labels.texts, labels.tags.tolist(), labels.kinds.tolist(), codes, strict=True):
        said[tag] += (text, kind, labels.languages[code])
    return [tuple(parts) for parts in said]


def _tagged(row: GrowthRow) -> Document | None:
    """The tagged document that the row adds; one without tags teaches nothing and only takes the old one's place."""
    document = row.document if row.kind == "add_document" else None
    return document if document is not None and document.tags is not None else None


def _array(positions: set[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(sorted(positions), dtype=np.int32)


def numbers_of(rows: Sequence[GrowthRow], last: int) -> list[int]:
    """The numbers of these rows, the last of which is ``last``, without those that only say what stood there."""
    followers = [*(row.subject for row in rows[1:]), None]
    pairs = zip(rows, followers, strict=True)
    return [last - len(rows) + 1 + n for n, (row, follower) in enumerate(pairs) if row.subject != follower]
