"""One kept measurement as the page shows it: pictures, tags and documents, each with what it was counted from."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from tagwright.evaluation.bootstrap import Difference, paired_bootstrap
from tagwright.evaluation.html.colours import CONFIG
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import Figure
from tagwright.evaluation.html.page import figures
from tagwright.evaluation.html.words import clean
from tagwright.evaluation.kept import MEASURES, Run, Runs
from tagwright.evaluation.labels import tag_scores
from tagwright.evaluation.metrics import share
from tagwright.evaluation.report import Report
from tagwright.project.evaluating import report

# Somebody compares two; one of 2,000 documents takes some ten megabytes.
_KEPT = 4
RIGHT, WRONG, MISSED = "right", "wrong", "missed"
KINDS = (RIGHT, WRONG, MISSED)


@dataclass(frozen=True, slots=True)
class TagRow:
    """How good one tag is. ``seen``: how many documents with it were learned from, -1 = unknown.

    ``gold``: how often people gave it, ``given``: how often the machine did, ``right``: how often both.
    """

    tag: int
    name: str
    seen: int
    gold: int
    given: int
    right: int

    @property
    def precision(self) -> float:
        """The share of the given ones that is right; NaN for none."""
        return share(self.right, self.given)

    @property
    def recall(self) -> float:
        """The share of people's that is given; NaN for none."""
        return share(self.right, self.gold)

    @property
    def f1(self) -> float:
        """The balance of both."""
        return share(2 * self.right, self.given + self.gold)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """How good the tags of one document are; ``row`` is its number in `Facts.judged`."""

    row: int
    id: str
    title: str
    gold: int
    given: int
    right: int

    @property
    def f1(self) -> float:
        """The balance of precision and recall."""
        return share(2 * self.right, self.given + self.gold)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A tag of one document: right, wrong, missed, or "" for a suggestion that was not given, and rightly so.

    ``confidence`` ``None``: not suggested at all. ``reasons``: why a wrong one was given, where that was saved.
    """

    row: int
    tag: int
    kind: str
    confidence: float | None
    reasons: Sequence[str] = ()


@dataclass(frozen=True)
class Measured:
    """A measurement with all that is shown of it; made once, then read by many threads."""

    run: Run
    facts: Facts
    pictures: Sequence[Figure]

    @cached_property
    def drawings(self) -> Markup:
        """What the report's script needs to draw the pictures, as JSON in which nothing can end the element."""
        found = {
            one.name: {
                "panels": [panel.specification for panel in one.panels],
                "slider": {"values": list(one.slider.values), "sentences": list(one.slider.sentences)}
                if one.slider
                else None,
            }
            for one in self.pictures
            if not one.why_not
        }
        return htmlsafe_json_dumps({"framed": True, "config": CONFIG, "pictures": found})

    @cached_property
    def tags(self) -> Mapping[int, TagRow]:
        """{tag: row} of all that people or the machine gave, people's most frequent first."""
        facts = self.facts
        scores = tag_scores(facts.judged, cut=facts.cut)
        seen = facts.seen(scores.tags)
        learned = np.full(len(scores.tags), -1) if seen is None else np.where(scores.tags < 0, 0, seen).astype(np.int64)
        order = np.lexsort((scores.tags, -scores.given, -scores.support))
        numbers = (one[order].tolist() for one in (scores.tags, learned, scores.support, scores.given, scores.right))
        return {tag: TagRow(tag, facts.name(tag), *rest) for tag, *rest in zip(*numbers, strict=True)}

    @cached_property
    def documents(self) -> Sequence[DocumentRow]:
        """All documents with known tags, in their order."""
        facts = self.facts
        numbers = zip(facts.judged.sizes.tolist(), facts.n_given.tolist(), facts.n_right.tolist(), strict=True)
        return [DocumentRow(row, facts.id(row), facts.title(row), *rest) for row, rest in enumerate(numbers)]

    def of_tag(self, tag: int, kind: str) -> list[Judgement]:
        """The documents for which the tag is right, wrong or missed; the surest first."""
        facts, judged = self.facts, self.facts.judged
        pairs = np.flatnonzero(judged.tags == tag)
        sure = dict(zip(judged.rows[pairs].tolist(), judged.confidences[pairs].tolist(), strict=True))
        if kind == MISSED:
            rows = judged.gold_rows[(judged.gold_tags == tag) & facts.missed].tolist()
        else:
            wanted = judged.hits[pairs] if kind == RIGHT else ~judged.hits[pairs]
            rows = judged.rows[pairs[facts.given[pairs] & wanted]].tolist()
        found = [Judgement(row, tag, kind, sure.get(row)) for row in rows]
        return sorted(found, key=lambda one: (one.confidence is None, -(one.confidence or 0.0), one.row))

    def of_document(self, row: int) -> list[Judgement]:
        """All tags of a document: what is given and right, wrong, missed, then what stays below the line."""
        facts, judged = self.facts, self.facts.judged
        pairs = np.flatnonzero(judged.rows == row)
        gold = np.flatnonzero(judged.gold_rows == row)
        missed = {int(judged.gold_tags[one]) for one in gold[facts.missed[gold]]}
        found = []
        for pair in pairs.tolist():
            tag, given = int(judged.tags[pair]), bool(facts.given[pair])
            kind = (RIGHT if judged.hits[pair] else WRONG) if given else MISSED if tag in missed else ""
            reasons = facts.reasons(row, tag) if kind == WRONG else ()
            found.append(Judgement(row, tag, kind, float(judged.confidences[pair]), reasons))
        suggested = {one.tag for one in found}
        found += [Judgement(row, tag, MISSED, None) for tag in sorted(missed - suggested)]
        return sorted(found, key=lambda one: (*KINDS, "").index(one.kind))

    def against(self, other: Measured) -> dict[str, Difference | None]:
        """{measure: how much better than the other, with its interval}; ``None`` each: not on the same documents."""
        if self.run.gold != other.run.gold:
            return dict.fromkeys(MEASURES)
        return dict(paired_bootstrap(*(_main(one.facts.report) for one in (self, other))))


def _main(found: Report) -> dict[str, Any]:
    return {name: found.ratios[name] for name in MEASURES if name in found.ratios}


@dataclass
class Shelf:
    """The measurements that were looked at last, of all projects; for many threads."""

    _found: dict[tuple[Path, str], Measured] = field(default_factory=dict)
    _compared: dict[tuple[Path, str, str], dict[str, Difference | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, runs: Runs, run: Run) -> Measured:
        """The measurement, read once; raises as `Runs.load`."""
        key = (runs.folder, run.id)
        with self._lock:
            found = self._found.pop(key, None)
            if found is None:
                saved = runs.load(run)
                facts = Facts.of(report(saved), saved)
                found = Measured(run, facts, figures(facts))
            self._found[key] = found  # the last that was looked at stands last
            while len(self._found) > _KEPT:
                del self._found[next(iter(self._found))]
            return found

    def compared(self, runs: Runs, run: Run, other: Run) -> dict[str, Difference | None]:
        """`Measured.against`, reckoned once."""
        key = (runs.folder, run.id, other.id)
        known = self._compared.get(key)
        if known is None:
            known = self._compared[key] = self.get(runs, run).against(self.get(runs, other))
        return known


def title_of(run: Run) -> str:
    """What people called the documents."""
    return clean(run.corpus)
