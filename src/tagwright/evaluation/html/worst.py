"""The documents that went worst: what was missed, what was given in its place, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.report import Report
from tagwright.evaluation.saved import SavedCandidates

MOST = 20
_MOST_WRONG = 5  # wrong suggestions that are shown of a document, each with its reasons


@dataclass(frozen=True)
class Worst:
    """One document: ``row`` in `Facts.judged`, its ``f1`` at the cut, tags by name, wrong ones with confidence."""

    row: int
    f1: float
    right: list[str]
    missed: list[str]
    wrong: list[tuple[int, float]]
    n_wrong: int


def worst(facts: Facts) -> list[Worst]:
    """At most `MOST` documents with the lowest F1 at the cut, ties by the most missed gold tags; none is perfect."""
    judged = facts.judged
    if not judged.n_documents:
        return []
    f1 = 2 * facts.n_right / (facts.n_given + judged.sizes)
    missed = judged.count(judged.gold_rows[facts.missed])
    order = np.lexsort((np.arange(judged.n_documents), -missed, f1))[:MOST]
    return [_worst(facts, row, float(f1[row])) for row in order.tolist() if f1[row] < 1]


def _worst(facts: Facts, row: int, f1: float) -> Worst:
    judged = facts.judged
    of_gold, of_pairs = judged.gold_rows == row, (judged.rows == row) & facts.given
    missed = judged.gold_tags[of_gold & facts.missed].tolist()
    right = judged.tags[of_pairs & judged.hits].tolist()
    wrong = np.flatnonzero(of_pairs & ~judged.hits)
    shown = [(int(judged.tags[pair]), float(judged.confidences[pair])) for pair in wrong[:_MOST_WRONG]]
    names = [facts.name(tag) for tag in right], [facts.name(tag) for tag in missed]
    return Worst(row, f1, *names, shown, len(wrong))


def asked_for(report: Report, saved: SavedCandidates) -> Iterator[tuple[int, list[int]]]:
    """(row in the saved table, tags) of the wrong suggestions that the report shows, whose reasons it wants to know."""
    facts = Facts.of(report, saved)
    for found in worst(facts):
        if found.wrong:
            yield int(facts.judged.documents[found.row]), [tag for tag, _ in found.wrong]
