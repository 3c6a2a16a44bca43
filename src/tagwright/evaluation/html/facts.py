"""What the report is drawn from: the saved table held against its gold, with the names that people know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tagwright.evaluation.html.words import clean
from tagwright.evaluation.judged import NEVER, Bools, Judged
from tagwright.evaluation.metrics import of_tags
from tagwright.evaluation.ranked import Floats, Ints, Ranked
from tagwright.evaluation.report import Report
from tagwright.evaluation.saved import SavedCandidates


@dataclass(frozen=True, eq=False)
class Facts:
    """A report with the candidates that it was computed from.

    Rows of ``judged`` are the documents that have gold; a tag below 0 is one that the vocabulary does not have.
    """

    report: Report
    saved: SavedCandidates
    judged: Judged

    @staticmethod
    def of(report: Report, saved: SavedCandidates) -> Facts:
        """The facts of a report on these candidates."""
        return Facts(report, saved, Judged.judge(Ranked.from_candidates(saved.candidates), saved.gold))

    @property
    def cut(self) -> float:
        """The confidence from which a suggestion counts as given."""
        return self.report.cut

    @cached_property
    def given(self) -> Bools:
        """(n_pairs,) which suggestions reach the cut."""
        return self.judged.confidences >= self.cut

    @cached_property
    def missed(self) -> Bools:
        """(n_gold,) which gold tags were not given."""
        judged = self.judged
        missed: Bools = judged.places == NEVER
        starts = np.cumsum(judged.lengths) - judged.lengths
        found = np.flatnonzero(~missed)
        pairs = starts[judged.gold_rows[found]] + judged.places[found]
        missed[found[~self.given[pairs]]] = True
        return missed

    @cached_property
    def n_given(self) -> Ints:
        """(n_documents,) suggestions given."""
        return self.judged.count(self.judged.rows[self.given])

    @cached_property
    def n_right(self) -> Ints:
        """(n_documents,) suggestions given that are right."""
        return self.judged.count(self.judged.rows[self.given & self.judged.hits])

    def seen(self, tags: Ints) -> Floats | None:
        """(len(tags),) training documents of each of these tags; None where nobody counted them."""
        counts = self.saved.train_counts
        return None if counts is None else of_tags(tags, counts, 0)

    def name(self, tag: int) -> str:
        """What people call a tag; where that was not saved, its number."""
        name = self._names.get(str(tag))
        if name is not None:
            return clean(name) or "(no name)"
        return f"tag {tag}" if tag >= 0 else "a tag outside the vocabulary"

    def title(self, row: int) -> str:
        """What people know a document by: its title or first words; where these were not saved, its id."""
        titles = self._of_documents("titles")
        number = int(self.judged.documents[row])
        return (clean(titles[number], 160) if titles else "") or self.id(row)

    def id(self, row: int) -> str:
        """The id of a document."""
        return clean(self.saved.ids[int(self.judged.documents[row])]) or "(no id)"

    @cached_property
    def languages(self) -> list[str] | None:
        """(n_documents,) the language of each document, "" where none is stated; None where they were not saved."""
        languages = self._of_documents("languages")
        return None if languages is None else [clean(languages[n], 35) for n in self.judged.documents.tolist()]

    def reasons(self, row: int, tag: int) -> list[str]:
        """Why a tag was suggested for a document, in words; empty where that was not saved."""
        of_document = _mapping(_mapping(self.saved.settings.get("reasons")).get(str(self.judged.documents[row])))
        found = of_document.get(str(tag), [])
        return [clean(reason, 300) for reason in found] if isinstance(found, list) else []

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """What was saved of how this was made: version, date, fingerprints, settings."""
        return _mapping(self.saved.settings.get("about"))

    @cached_property
    def _names(self) -> Mapping[str, Any]:
        return _mapping(self.saved.settings.get("names"))

    def _of_documents(self, what: str) -> list[Any] | None:
        found = self.saved.settings.get(what)
        return found if isinstance(found, list) and len(found) == len(self.saved.ids) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    """The value, or nothing where a file from elsewhere has something else in its place."""
    return value if isinstance(value, Mapping) else {}
