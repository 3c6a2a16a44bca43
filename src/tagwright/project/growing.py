"""The growth log, applied: the vocabulary and the tagger brought up to its last row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

import numpy as np

from tagwright.project.manifest import Manifest
from tagwright.store.base import GrowthRow, Store
from tagwright.tagger import Tagger
from tagwright.vocabulary import Vocabulary


class Growth:
    """What happened since the manifest was written.

    ``base`` is the vocabulary of the manifest; ``vocabulary`` has the tags added since; ``seen`` is the number of the
    last row that was read; ``changed`` the positions of tags added or changed since.
    """

    def __init__(self, base: Vocabulary, store: Store, manifest: Manifest) -> None:
        self.base, self._vocabulary, self._store = base, base, store
        self._manifest = manifest
        self.seen = manifest.folded
        self.changed: set[int] = set()
        self._waiting: list[GrowthRow] = []
        self._brought: Tagger | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The tags as they are now."""
        self.read()
        return self._vocabulary

    def read(self) -> None:
        """Reads the rows since the last time and applies those about tags."""
        rows = self._store.read(self.seen)
        for kind, group in groupby(rows, key=lambda row: row.kind):
            if kind in ("add_tag", "remove_tag"):
                self._change_tags(kind, [row for row in group if row.seq > self._manifest.vocabulary_at])
        self._waiting += rows
        self.seen = rows[-1].seq if rows else self.seen

    def bring(self, tagger: Tagger, changed_before: Iterable[int]) -> None:
        """Brings a freshly loaded or already used tagger up to the last row."""
        self.read()
        if self._brought is not tagger:
            self._brought, self._waiting = tagger, self._store.read(self._manifest.folded)
            first = np.array(sorted({*changed_before, *self.changed}), dtype=np.int32)
            if len(first):
                tagger.use_vocabulary(self._vocabulary, first)
        elif any(row.kind in ("add_tag", "remove_tag") for row in self._waiting):
            tagger.use_vocabulary(self._vocabulary, np.array(sorted(self.changed), dtype=np.int32))
        for kind, group in groupby(self._waiting, key=lambda row: row.kind):
            if kind == "add_document":
                tagger.add([row.document for row in group])
            elif kind == "remove_document":
                tagger.remove([row.subject for row in group])
        self._waiting = []

    def _change_tags(self, kind: str, rows: list[GrowthRow]) -> None:
        if kind == "remove_tag":
            known = [row.subject for row in rows if row.subject in self._vocabulary]
            tags = [replace(self._vocabulary.tag(self._vocabulary.position(id)), deprecated=True) for id in known]
        else:
            tags = [row.tag for row in rows]
        if tags:
            self._vocabulary = self._vocabulary.extended(tags)
            self.changed.update(self._vocabulary.positions([tag.id for tag in tags]).tolist())
