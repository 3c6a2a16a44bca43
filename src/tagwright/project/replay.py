"""A project as it was at any row of its growth log, without some of its documents."""

from __future__ import annotations

from collections.abc import Collection

import tagwright.project.versions as versions
import tagwright.recall.pseudo as pseudo
from tagwright.project.growing import Growth
from tagwright.project.opened import Opened
from tagwright.store.base import GrowthRow
from tagwright.tagger import Tagger


class Replay:
    """A tagger of its own that has forgotten the documents ``without``, and what machines said about them.

    Rows about these documents are passed over. Rows that are held back are not.
    """

    def __init__(self, opened: Opened, without: Collection[str]) -> None:
        self._opened, self._without, self._row = opened, frozenset(without), 0
        base = versions.load_vocabulary(opened.folder, opened.manifest)
        self._growth = Growth(base, opened.manifest, self._rows_after)
        self._tagger = opened.loaded(base)
        self._tagger.remove([*self._without])

    def at(self, row: int) -> Tagger:
        """The tagger as it was at this row, no earlier one than the last that was asked for."""
        assert row >= self._row, "a log is read forward"
        self._row = row
        self._growth.bring(self._tagger)
        return self._tagger

    def _rows_after(self, number: int) -> list[GrowthRow]:
        rows = self._opened.rows_after(number)
        return [row for row in rows if row.seq <= self._row and not self._is_about(row)]

    def _is_about(self, row: GrowthRow) -> bool:
        """Whether it is about one of the documents left out, or is the twin of one."""
        if row.kind != "add_document":
            return False  # to remove what is not there changes nothing
        document = row.document
        return document.id in self._without or pseudo.of(document) in self._without
