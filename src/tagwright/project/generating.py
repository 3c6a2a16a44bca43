"""Learns what a language model's answers are worth, from training documents that it is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import SEEN, Candidates
from tagwright.errors import ConfigError
from tagwright.evaluation import Gold, Ranked
from tagwright.evaluation.bootstrap import paired_bootstrap
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import PerDocument, micro_f1, ndcg
from tagwright.fusion.base import FUSED
from tagwright.fusion.revision import Revision
from tagwright.generation.asking import Asking, Generation, ask_all, held_out
from tagwright.generation.base import Stage
from tagwright.generation.cascade import Cascade
from tagwright.generation.second import Part, Second, Worth, at_price, restricted
from tagwright.pipeline.assembly import BLOCK, gold_of
from tagwright.pipeline.fitting import Progress
from tagwright.pipeline.table import OutOfFold
from tagwright.tagger import Tagger
from tagwright.types import Document

NDCG, F1 = "nDCG@10", "micro-F1"
_PRICES = (0.0, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
# So much of one metric may be lost, within its noise, where the other one is gained for certain.
_MOST_LOSS = 0.002
# Of fewer documents, failures or a spent budget would be measured, not answers.
_ANSWERED = 0.9


@dataclass(frozen=True, eq=False)
class Sample:
    """Training documents with their out-of-fold candidates, and all of their gold."""

    documents: list[Document]
    table: Candidates
    gold: Gold
    right: NDArray[np.bool_]


def sample(kept: OutOfFold, documents: Iterable[Document], tagger: Tagger, most: int) -> Sample:
    """At most ``most`` documents of the out-of-fold table that are still kept, evenly spaced."""
    rows = np.arange(len(kept.ids))
    if len(rows) > most:
        rows = np.linspace(0, len(rows) - 1, most).astype(np.int64)
    wanted = {kept.ids[row]: int(row) for row in rows}
    by_row = {wanted[document.id]: document for document in documents if document.id in wanted}
    if not by_row:
        raise ConfigError("none of the documents of the last training is kept", hint="tagwright train CORPUS")
    rows = np.array(sorted(by_row))
    found = [by_row[int(row)] for row in rows]
    table = kept.table.take(rows)
    table = Candidates(table.offsets, table.tags, {name: table.column(name) for name in (CONFIDENCE, FUSED, SEEN)})
    positions = {id: position for position, id in enumerate(tagger.vocabulary.ids)}
    gold = Gold.from_ids([document.tags for document in found], positions)
    return Sample(found, table, gold, table.right(gold_of(found, tagger.vocabulary)))


def ask(asking: Asking, wanted: Generation, given: Sample, progress: Progress) -> Candidates:
    """The sample's table with the answers of all stages, block by block."""
    tables = []
    for start in range(0, len(given.documents), BLOCK):
        block = given.documents[start : start + BLOCK]
        progress("questions", start, len(given.documents))
        tables.append(ask_all(asking.stages, block, given.table.slice(start, start + len(block)), wanted.judged))
    return Candidates.concat(tables)


def learn(asking: Asking, table: Candidates, given: Sample, tagger: Tagger, told: Mapping[str, Any]) -> Second:
    """What the answers in the table are worth, and which stages are worth asking."""
    right = table.right(gold_of(given.documents, tagger.vocabulary))
    before = metrics(given.table, given.gold, tagger.cut)
    answered = _answered(asking, table, given)
    sets = [s for n in range(1, len(answered) + 1) for s in combinations(answered, n)]
    tried, parts = {}, {}
    for stages in sets:
        part = restricted(table, right, asking.stages, stages)
        after = metrics(held_out(part.columns, part.table, part.right), given.gold, tagger.cut)
        # The more sets are tried, the surer the best of them must be.
        tried[_name(stages)] = worth(after, before, tests=len(sets))
        parts[_name(stages)] = (stages, part)
    helpful = [name for name, gained in tried.items() if _helps(gained)]
    best = max(helpful or tried, key=lambda name: (name in helpful, tried[name][NDCG].gain + tried[name][F1].gain))
    stages, part = parts[best] if helpful else parts[_name(answered)]
    revision = Revision(part.columns).fit(part.table, part.right)
    heard = revision.told(part.table)
    added = ~np.isin(_keys(part.table), _keys(given.table))
    cascade = Cascade.learn(revision.moves(part.table), part.right, heard, added)
    return Second(
        tuple(stage.name for stage in stages) if helpful else (), tuple(stage.name for stage in answered),
        revision, cascade, len(given.documents), asking.identity, tried,
        _curve(part, stages, cascade, given, tagger.cut), told,
    )  # fmt: skip


def _answered(asking: Asking, table: Candidates, given: Sample) -> list[Stage]:
    """The stages that nearly all documents have an answer of: the worth of others cannot be told.

    Raises `ConfigError` where there is none, with what went wrong.
    """
    shares = {}
    for stage in asking.stages:
        rows = table.documents[~np.isnan(table.column(stage.name))]
        shares[stage.name] = len(np.unique(rows)) / max(len(given.documents), 1)
    found = [stage for stage in asking.stages if shares[stage.name] >= _ANSWERED]
    if not found:
        said = next(filter(None, (asking.notes.of(document.id) for document in given.documents)), "no answer")
        raise ConfigError(
            f"the worth of the language model's answers cannot be learned, most documents have none: {said}",
            hint="tagwright doctor --llm, or a larger budget; answers that came are remembered, so run the same again",
        )
    return found


def _curve(part: Part, stages: Sequence[Stage], cascade: Cascade, given: Sample, cut: float) -> list[dict[str, float]]:
    """Quality against calls: what is left of the gain where calls are spared that promise less than a price."""
    rows = []
    for price in _PRICES:
        spared, calls = at_price(part, stages, Cascade(price, cascade.right, cascade.wrong, cascade.prior))
        found = metrics(held_out(part.columns, spared, part.right), given.gold, cut)
        values = {name: metric.value for name, metric in found.items()}
        rows.append({"least_gain": price, "calls": calls / max(len(given.documents), 1), **values})
    return rows


def metrics(table: Candidates, gold: Gold, cut: float) -> dict[str, PerDocument]:
    """nDCG@10, and micro-F1 of the tags from the confidence ``cut`` on."""
    judged = Judged.judge(Ranked.from_candidates(table), gold)
    return {NDCG: ndcg(judged, 10), F1: micro_f1(judged, cut=cut)}


def worth(after: Mapping[str, PerDocument], before: Mapping[str, PerDocument], tests: int = 1) -> dict[str, Worth]:
    """What each metric gained, with the interval that holds for all of so many ``tests`` together."""
    found = paired_bootstrap(after, before, tests=tests)
    return {name: Worth(one.b, one.a, one.low, one.high) for name, one in found.items()}


def _helps(gained: Mapping[str, Worth]) -> bool:
    """Whether one metric is higher for certain, and none is lower by more than a little."""
    return any(one.low > 0 for one in gained.values()) and all(one.gain >= -_MOST_LOSS for one in gained.values())


def _name(stages: Sequence[Stage]) -> str:
    return " + ".join(stage.name for stage in stages)


def _keys(table: Candidates) -> NDArray[np.int64]:
    return table.documents << 32 | table.tags
