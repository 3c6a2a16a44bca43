"""Fits fusion, calibration and the cut on tables that no document's own gold has touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tagwright.recall.pseudo as pseudo
import tagwright.registry as registry
from tagwright.calibration.base import CONFIDENCE, Calibration
from tagwright.calibration.thresholds import Cuts, best_cut
from tagwright.candidates import Candidates, Ints
from tagwright.cluster import crew
from tagwright.corpus.split import fold_of
from tagwright.encoders.seen import seen_by
from tagwright.errors import ConfigError
from tagwright.executor import Serial
from tagwright.fusion.base import FUSED
from tagwright.pipeline.assembly import BLOCK, Assembly, gold_of
from tagwright.pipeline.ranking import Memory, Ranking
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

Progress = Callable[[str, int, int | None], None]
# The second look of a ranking learns what the first says of the other half of the documents.
_FEWEST_FOUND = 2
# So many documents a process is asked for at once; a multiple of a block, so that blocks are cut as they were.
_ASKED = 16 * BLOCK


def quiet(stage: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""


@dataclass
class Fitted:
    """What was learned about ranking, and the out-of-fold table that shows it.

    ``table`` has the columns of the channels, ``fused`` and ``confidence``, the best ``kept`` pairs a document;
    ``gold`` the positions of each of its documents' tags, ``gold_sizes`` with the unknown ones, ``ids`` their ids.
    """

    ranking: Ranking
    calibration: Calibration
    cuts: Cuts
    cut: float
    table: Candidates
    gold: list[Ints]
    gold_sizes: NDArray[np.int64]
    ids: list[str]


class CrossFit:
    """Cross-fitting, twice (architecture.md section 1).

    Channels that have seen a document rate its tags too well, so a document's row comes from channels fitted on the
    other folds. A ranker that has seen it does so too, and so do the rows of *other* documents, because their channels
    have seen it. The out-of-fold ``fused`` of fold k therefore comes from the whole procedure carried out anew
    without fold k: inner folds, their out-of-fold rows, a fusion fitted on those. Changing the gold of one document
    leaves its row and its ``fused`` byte-identical.

    Because the inner procedure is the outer one on fewer documents, its fusion meets fold k as the final fusion meets
    a new text: with channels that know a little more than those it was fitted on. How little matters: confidences above
    one half were 0.11 too low where inner channels lacked two of four folds, 0.04 with four folds carried out like
    this, 0.02 with six; so folds are many, and only some of them pay for an inner procedure.

    What an encoder, the weights of a channel or a reranker were taught with has no row at all: it is read by every
    channel, as it will be for new texts, but nothing is learned about ranking from it. So it is with what a language
    model wrote (``written``); such a document is read only by channels that read the one it was written after, too.
    """

    def __init__(
        self,
        assembly: Assembly,
        documents: Sequence[Document],
        vocabulary: Vocabulary,
        progress: Progress,
        written: Sequence[Document] = (),
    ) -> None:
        self._assembly, self._vocabulary, self._progress = assembly, vocabulary, progress
        self._documents, self._written = list(documents), list(written)
        self._settings = assembly.settings
        self._gold = gold_of(self._documents, vocabulary)
        taught = [assembly.encoder, *assembly.channels, *assembly.rerankers]
        self._is_fair = ~seen_by(taught, [document.id for document in self._documents])
        self._fair, self._memory = np.flatnonzero(self._is_fair), Memory()
        fitting = self._settings.fitting
        self._executor = crew(fitting.executor, fitting.workers, fitting.address)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_progress": quiet, "_executor": Serial()}  # those of the process that leads

    def fit(self) -> Fitted:
        """Runs all folds; the assembly itself stays unfitted.

        Raises `ConfigError` where encoder, channels or rerankers were taught with nearly all documents.
        """
        fitting = self._settings.fitting
        if len(self._fair) < min(fitting.least, len(self._documents)):
            known = f"all but {len(self._fair):,} of {len(self._documents):,} documents"
            hint = f"hold more out when you teach (teaching.held_out = 0.2), or add documents: {fitting.least} at least"
            what = f"{known} taught the encoder, a channel or a reranker: nothing tells how good these are on new ones"
            raise ConfigError(what, hint=hint)
        if not isinstance(self._executor, Serial):
            self._assembly.share(self._documents, self._vocabulary)
        if len(self._documents) > fitting.hold_out_above:
            rows, table, fused = self._held_out()
            learned_from = np.arange(len(rows))
        else:
            rows, table, fused = self._folds()
            # As many documents as the inner fusions had: scores keep their scale, and the calibration holds.
            learned_from = _spaced(np.arange(len(rows)), fitting.nested)
        gold = [self._gold[row] for row in rows]
        self._progress("fusion", 0, None)
        ranking = self._ranked(rows[learned_from], table.take(learned_from)).forget()
        n = fused.n_documents
        # The first n documents of the table are those whose out-of-fold ``fused`` is known.
        table, gold, rows = fused, gold[:n], rows[:n]
        calibration = self._new("calibration").fit(table, table.right(gold))
        kept = calibration.calibrate(table.top(fitting.kept, by=FUSED))
        sizes = np.array([len(self._documents[row].tags or ()) for row in rows], dtype=np.int64)
        right = kept.right(gold)
        cut = best_cut(kept.column(CONFIDENCE), right, int(sizes.sum()))
        cuts = self._new("cuts").fit(kept, right, sizes)
        return Fitted(ranking, calibration, cuts, cut, kept, gold, sizes, [self._documents[row].id for row in rows])

    def _folds(self) -> tuple[NDArray[np.int64], Candidates, Candidates]:
        """(rows of the documents, out-of-fold table, the table of the first n documents with ``fused``)."""
        fitting = self._settings.fitting
        k = fitting.folds_for(len(self._fair))
        fold = self._fold_of(self._fair, k, fitting.seed)
        members = [self._fair[fold == number] for number in range(k)]
        tables = []
        self._progress("folds", 0, k)
        for table in self._executor.map(lambda rows: self._recall(self._without(rows), rows), members):
            tables.append(table)
            self._progress("folds", len(tables), k)
        enough = int(np.searchsorted(np.cumsum([len(rows) for rows in members]), fitting.calibrated_on)) + 1
        fused = []
        for number in range(min(enough, k)):
            self._progress("inner folds", number, min(enough, k))
            ranking = self._ranked(*self._inner(self._without(members[number]), k))
            fused.append(ranking.fuse(self._read(members[number]), tables[number]))
        return np.concatenate(members), Candidates.concat(tables), Candidates.concat(fused)

    def _fold_of(self, rows: NDArray[np.int64], k: int, seed: int) -> NDArray[np.int64]:
        return np.array([fold_of(self._documents[row].id, k, seed=seed) for row in rows], dtype=np.int64)

    def _inner(self, rows: NDArray[np.int64], k: int) -> tuple[NDArray[np.int64], Candidates]:
        """(rows, out-of-fold table) of a sample of these documents, as if there were no others."""
        fitting = self._settings.fitting
        fair = rows[self._is_fair[rows]]
        fold = self._fold_of(fair, k, fitting.seed + 1)
        left_out = [fair[fold == number] for number in range(k)]
        scored = [_spaced(part, fitting.nested // k) for part in left_out]
        pairs = zip(left_out, scored, strict=True)
        tables = self._executor.map(lambda pair: self._recall(np.setdiff1d(rows, pair[0]), pair[1]), pairs)
        return np.concatenate(scored), Candidates.concat(list(tables))

    def _held_out(self) -> tuple[NDArray[np.int64], Candidates, Candidates]:
        """The same from one held-out part: its rows come from channels that saw none of it, so halves suffice."""
        fitting = self._settings.fitting
        place = self._fold_of(self._fair, 1 << 30, fitting.seed)
        held = np.sort(self._fair[np.argsort(place, kind="stable")[: fitting.hold_out]])
        parts = fitting.few_folds
        rest = self._without(held)
        self._progress("hold-out", 0, 1)
        channels = self._fitted(rest)
        blocks = [held[start : start + _ASKED] for start in range(0, len(held), _ASKED)]
        table = Candidates.concat(list(self._executor.map(lambda rows: self._ask(channels, rows), blocks)))
        fold = np.arange(len(held)) % parts
        order, fused = [], []
        for number in range(parts):
            self._progress("inner fusion", number, parts)
            seen, scored = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            ranking = self._ranked(held[seen], table.take(seen))
            fused.append(ranking.fuse(self._read(held[scored]), table.take(scored)))
            order.append(scored)
        back = np.argsort(np.concatenate(order))
        return held, table, Candidates.concat(fused).take(back)

    def _ranked(self, rows: NDArray[np.int64], table: Candidates) -> Ranking:
        """A ranking that was fitted on these documents and their table."""
        if np.count_nonzero(np.diff(table.offsets)) < _FEWEST_FOUND:
            what = f"for {len(rows):,} documents the channels find no tag at all: there is no ranking to learn"
            raise ConfigError(what, hint="switch more channels on, or look whether texts and tags are of one language")
        ranking = Ranking(self._settings.fusion, self._assembly.rerankers, self._memory)
        return ranking.fit(self._read(rows), table, table.right([self._gold[row] for row in rows]))

    def _read(self, rows: NDArray[np.int64]) -> list[Document]:
        return [self._documents[row] for row in rows]

    def _without(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """All rows but these."""
        return np.setdiff1d(np.arange(len(self._documents)), rows)

    def _recall(self, fitted_on: NDArray[np.int64], rows: NDArray[np.int64]) -> Candidates:
        return self._ask(self._fitted(fitted_on), rows)

    def _fitted(self, rows: NDArray[np.int64]) -> Assembly:
        read = self._read(rows)
        written = pseudo.usable(self._written, {document.id for document in read}) if self._written else []
        return self._assembly.fresh().fit([*read, *written], self._vocabulary)

    def _ask(self, channels: Assembly, rows: NDArray[np.int64]) -> Candidates:
        return channels.recall_all(self._read(rows))

    def _new(self, kind: str) -> Any:
        options = dict(getattr(self._settings, kind))
        return registry.build(kind, options.pop("kind"), options)


def _spaced(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most ``most`` of these rows, evenly spaced."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
