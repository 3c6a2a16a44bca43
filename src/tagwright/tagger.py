"""The main path: documents to candidates, fused, calibrated, and at the door suggestions with reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

import tagwright.recall.pseudo as pseudo
import tagwright.registry as registry
from tagwright.calibration.base import CONFIDENCE, Calibration
from tagwright.calibration.cases import FILE as _CASES
from tagwright.calibration.cases import Cases
from tagwright.calibration.drift import Reference, Watch
from tagwright.calibration.rule import DECISIONS, Rule
from tagwright.calibration.thresholds import Cuts
from tagwright.candidates import SEEN, Candidates, Ints
from tagwright.encoders.base import Encoder
from tagwright.errors import FormatError, IntegrityError, NotFittedError
from tagwright.fusion.base import FUSED
from tagwright.fusion.ranks import ReciprocalRanks
from tagwright.generation.asking import FIRST, Asking
from tagwright.pipeline.assembly import BLOCK, Assembly
from tagwright.pipeline.fitting import CrossFit, Fitted, Progress
from tagwright.pipeline.ranking import Ranking
from tagwright.pipeline.reasons import reasons
from tagwright.pipeline.settings import TaggerSettings
from tagwright.pipeline.table import save_table
from tagwright.pipeline.threads import one_thread
from tagwright.recall.base import MOST_EVIDENCE
from tagwright.types import Document, Evidence, Suggestion
from tagwright.vocabulary.base import Vocabulary
from tagwright.vocabulary.hierarchy import closure_of, redundant

FORMAT = 2
_REFERENCE = "reference.json"


class Tagger:
    """Tags documents with the tags of a vocabulary.

    Without tagged documents, or with fewer than ``settings.fitting.least``, candidates are fused by their ranks and
    ``calibrated`` is false: the confidence orders, but promises nothing.
    """

    def __init__(self, settings: TaggerSettings, encoder: Encoder, vocabulary: Vocabulary) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        languages = tuple(dict.fromkeys([vocabulary.language, *vocabulary.languages]))
        self.assembly = Assembly(settings, encoder, tuple(filter(None, languages)) or ("en",))
        self.calibration: Calibration | None = None
        self.cuts: Cuts | None = None
        self.cut = 0.0
        self.cases: Cases | None = None  # how often suggestions like one were right
        self.reference: Reference | None = None
        self.fitted: Fitted | None = None
        self._closure: tuple[csr_array | None] | None = None  # of the vocabulary, once it is asked for
        self._shown: dict[int, tuple[str, str]] = {}  # decoding a name costs more than finding it again

    @property
    def calibrated(self) -> bool:
        """Whether the confidence is a probability."""
        return self.calibration is not None

    def fit(self, documents: Sequence[Document], progress: Progress = lambda stage, done, total: None) -> Self:
        """Learns from the tagged ones of these documents; none at all is a start. Only channels read written ones."""
        tagged, written = pseudo.parted(documents)
        useful = sum(1 for d in tagged if any(tag in self.vocabulary for tag in d.tags or ()))
        with one_thread():
            progress("words and labels", 0, None)
            self.assembly.informed = useful >= self.settings.fitting.least
            for reranker in self.assembly.rerankers:
                reranker.open()
            self.assembly.prepare(tagged, self.vocabulary)
            self.ranking: Ranking | None = None
            self.calibration, self.cuts, self.cases, self.fitted, self.cut = None, None, None, None, 0.0
            if self.assembly.informed:
                self._learn_ranking(tagged, written, progress)
            progress("all documents", 0, None)
            self.assembly = self.assembly.fresh().fit([*tagged, *written], self.vocabulary)
            self.assembly.forget()
        return self

    def candidates(
        self, documents: Sequence[Document], *, sources: bool = False, asking: Asking | None = None
    ) -> Candidates:
        """The table of a block: the channels' columns, ``fused``, and ``confidence`` in [0, 1].

        With ``sources``, ``<channel>.found`` tells which channels found a tag themselves; ``asking``: a language model
        has its say.
        """
        if not hasattr(self, "ranking"):
            raise NotFittedError(
                "this tagger has learned nothing yet", hint="call fit first, with no documents at least"
            )
        with one_thread():
            candidates = self.assembly.recall(documents, sources=sources)
            candidates = candidates.where(self.vocabulary.active[candidates.tags])
            fused = (
                ReciprocalRanks().fuse(candidates) if self.ranking is None else self.ranking.fuse(documents, candidates)
            )
            candidates = fused.top(self.settings.shortlist, by=FUSED)
            if self.calibration is None:
                candidates = candidates.with_columns({CONFIDENCE: candidates.column(FUSED)})
            else:
                candidates = self.calibration.calibrate(candidates)
        if asking is not None:
            asking.know(self.vocabulary)
            candidates = asking.apply(documents, candidates)
        return self._consistent(candidates) if self.settings.hierarchy.redundant == "drop" else candidates

    def given(self, candidates: Candidates) -> NDArray[np.bool_]:
        """(n_pairs,): which candidates of a table with ``confidence`` the documents are given; uncalibrated: none."""
        return np.zeros(candidates.n_pairs, dtype=np.bool_) if self.cuts is None else self.cuts.given(candidates)

    def suggest(
        self,
        documents: Sequence[Document],
        *,
        k: int = 10,
        why: bool = False,
        rule: Rule | None = None,
        watch: Watch | None = None,
        asking: Asking | None = None,
    ) -> list[list[Suggestion]]:
        """At most ``k`` suggestions a document by falling confidence, ties by ``fused``; with reasons if asked.

        Each with its decision where there is a ``rule``; ``watch`` notes the documents' confidences; ``asking``: a
        language model has its say.
        """
        documents = list(documents)
        found: list[list[Suggestion]] = []
        for start in range(0, len(documents), BLOCK):
            block = documents[start : start + BLOCK]
            table = self.candidates(block, asking=asking)
            order, seen = table.order(CONFIDENCE, then=FUSED), table.column(SEEN)
            decisions, marked = _decisions(rule, table, self.given), self._redundant(table)
            # They are of confidences without a language model.
            counted = self.cases if asking is None or not asking.stages else None
            if watch is not None:
                watch.see(_first(table))
            confidences = np.round(table.column(CONFIDENCE).astype(np.float64), 6)
            for document, low, high in zip(block, table.offsets[:-1].tolist(), table.offsets[1:].tolist(), strict=True):
                best = order[low : min(high, low + k)]
                told = self._reasons(document, table, best, asking) if why else [()] * len(best)
                rows = zip(
                    table.tags[best].tolist(), confidences[best].tolist(), decisions[best].tolist(),
                    marked[best].tolist(), told, seen[best].tolist(), strict=True,
                )  # fmt: skip
                found.append([self._suggestion(*row, cases=counted) for row in rows])
        return found

    def explain(self, document: Document, tag: int) -> tuple[Evidence, ...]:
        """At most three reasons for a tag, of different channels where several have one, the plainest first."""
        return reasons(self.assembly, document, tag, ranked=self.ranking is not None)

    def add(self, documents: Sequence[Document]) -> None:
        """Learns tagged documents at run time; channels that grow know them at once."""
        with one_thread():
            self.assembly.add(documents)

    def remove(self, ids: Sequence[str]) -> None:
        """Forgets documents."""
        self.assembly.remove(ids)

    def use_vocabulary(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Goes on with a vocabulary in which the tags at ``positions`` are new or changed."""
        with one_thread():
            self.vocabulary = vocabulary
            self._shown.clear()
            self._closure = None
            self.assembly.add_tags(vocabulary, positions)

    def save(self, folder: Path) -> None:
        """Writes everything learned as plain files; the out-of-fold table goes into ``table``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.assembly.save(folder)
        if self.ranking is not None:
            self.ranking.save(folder / "fusion")
        if self.calibration is not None:
            self.calibration.save(folder / "calibration")
        if self.cuts is not None:
            self.cuts.save(folder / "cuts")
        if self.cases is not None:
            self.cases.save(folder)
        if self.fitted is not None:
            self.reference = Reference.of(self.fitted.table, out_of_fold=True)
            (folder / _REFERENCE).write_text(json.dumps(self.reference.to_json()), encoding="utf-8")
            save_table(self.fitted, folder / "table")
        learned = {"format": FORMAT, "calibrated": self.calibrated, "cut": self.cut, "rerank": self._reranked()}
        (folder / "tagger.json").write_text(json.dumps(learned), encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote, for a vocabulary that has at least the tags of then, at the same positions."""
        learned = json.loads((folder / "tagger.json").read_text(encoding="utf-8"))
        if learned["format"] != FORMAT:
            raise FormatError(
                f"{folder} has format {learned['format']}, this version reads {FORMAT}", hint="train again"
            )
        if learned.get("rerank", {}) != self._reranked():
            raise IntegrityError(
                f"the rerankers are {self._reranked()}, but the model was trained with {learned.get('rerank', {})}",
                hint="train again (tagwright train), or put the others back",
            )
        self.assembly.informed = bool(learned["calibrated"])
        self.assembly.load(folder, self.vocabulary)
        ranking = Ranking(self.settings.fusion, self.assembly.rerankers)
        self.ranking = ranking.load(folder / "fusion") if learned["calibrated"] else None
        self.calibration = self._part("calibration").load(folder / "calibration") if learned["calibrated"] else None
        self.cuts = self._part("cuts").load(folder / "cuts") if learned["calibrated"] else None
        self.cut = float(learned["cut"])
        self.reference = _reference(folder) if learned["calibrated"] else None
        self.cases = Cases().load(folder) if (folder / _CASES).exists() else None  # models of before have none
        return self

    def _learn_ranking(self, documents: Sequence[Document], written: Sequence[Document], progress: Progress) -> None:
        self.assembly.remember_documents()
        self.fitted = CrossFit(self.assembly, documents, self.vocabulary, progress, written).fit()
        self.ranking, self.calibration = self.fitted.ranking, self.fitted.calibration
        self.cuts, self.cut, table = self.fitted.cuts, self.fitted.cut, self.fitted.table
        self.cases = Cases().fit(table, table.right(self.fitted.gold))

    def _reranked(self) -> dict[str, str]:
        return {one.name: one.fingerprint for one in self.assembly.rerankers}

    def _part(self, kind: str) -> Any:
        options = dict(getattr(self.settings, kind))
        return registry.build(kind, options.pop("kind"), options)

    def _consistent(self, table: Candidates) -> Candidates:
        """Without the tags that a narrower one makes redundant."""
        return table.where(~self._redundant(table))

    def _redundant(self, table: Candidates) -> NDArray[np.bool_]:
        """(n_pairs,): whether a given tag stands beside a given narrower one; none where both are kept unmarked."""
        found = np.zeros(table.n_pairs, dtype=np.bool_)
        if self.settings.hierarchy.redundant == "keep":
            return found
        if self._closure is None:
            self._closure = (closure_of(self.vocabulary),)
        (closure,) = self._closure
        if closure is not None:
            given = self.given(table)
            found[given] = redundant(table.documents[given], table.tags[given], closure)
        return found

    def _reasons(
        self, document: Document, table: Candidates, pairs: NDArray[np.int64], asking: Asking | None
    ) -> list[tuple[Evidence, ...]]:
        """The reasons of each of these pairs; what a language model said is the last one of them."""
        found = []
        for pair in pairs.tolist():
            said = () if asking is None else asking.explain(table, pair)
            own = self.explain(document, int(table.tags[pair]))
            found.append((*own[: MOST_EVIDENCE - len(said)], *said))
        return found

    def _suggestion(
        self, tag: int, confidence: float, decision: int, marked: bool, evidence: tuple[Evidence, ...], seen: float,
        *, cases: Cases | None,
    ) -> Suggestion:  # fmt: skip
        shown = self._shown.get(tag)
        if shown is None:
            shown = self._shown[tag] = (self.vocabulary.ids[tag], self.vocabulary.name(tag))
        said = DECISIONS[decision] if decision >= 0 else ""
        like = None if cases is None else cases.of(confidence, seen)
        times = None if math.isnan(seen) else int(seen)
        return Suggestion(*shown, confidence, self.calibrated, evidence, said, marked, like, times)


def _reference(folder: Path) -> Reference:
    return Reference.from_json(json.loads((folder / _REFERENCE).read_text(encoding="utf-8")))


def _decisions(
    rule: Rule | None, table: Candidates, given: Callable[[Candidates], NDArray[np.bool_]]
) -> NDArray[np.int8]:
    """(n_pairs,) what the rule decides; -1 without a rule.

    Its promises are about confidences without a language model: nothing is applied for what a model said, but what it
    makes likely enough is shown.
    """
    if rule is None:
        return np.full(table.n_pairs, -1, dtype=np.int8)
    first = _first(table)
    decided = rule.decide(first, given(first))
    return decided if first is table else np.maximum(decided, given(table).astype(np.int8))


def _first(table: Candidates) -> Candidates:
    """The table as it was before a language model had its say."""
    if FIRST not in table.columns:
        return table
    return table.with_columns({CONFIDENCE: np.nan_to_num(table.column(FIRST), nan=0.0)})
