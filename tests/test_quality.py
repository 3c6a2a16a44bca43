"""A small quality test on the demonstration library: it fails when suggestions get worse or a channel is disconnected.

The floors lie a little below what was measured (in brackets: nDCG@10 of the fusion 0.585, R@10 of each channel alone).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.corpus import open_corpus
from tagwright.demo import library
from tagwright.encoders.lsa import Lsa
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import ndcg, recall
from tagwright.evaluation.ranked import Ranked
from tagwright.pipeline.settings import DEFAULT_CHANNELS, TaggerSettings
from tagwright.recall.base import Channel
from tagwright.tagger import Tagger
from tagwright.types import Document
from tagwright.vocabulary import open_vocabulary

FUSED = 0.54
# channel: (R@10 of what it finds itself, share of the gold candidates about which it can say something)
FLOORS = {
    "lexical": (0.28, 0.28),  # (0.32)
    "names": (0.48, 0.95),  # (0.54)
    "centroids": (0.37, 0.88),  # (0.43)
    "graph": (0.36, 0.95),  # (0.41)
    "dense": (0.39, 0.95),  # (0.45)
    "meaning_centroids": (0.34, 0.88),  # (0.40)
    "meaning_graph": (0.30, 0.95),  # (0.35)
}


@pytest.fixture(scope="module")
def trained() -> Tagger:
    vocabulary = open_vocabulary(library.vocabulary_path())
    return Tagger(TaggerSettings(), Lsa(), vocabulary).fit(list(open_corpus([library.train_path()])))


@pytest.fixture(scope="module")
def unseen() -> list[Document]:
    return list(open_corpus([library.dev_path(), library.test_path()]))


@pytest.fixture(scope="module")
def table(trained: Tagger, unseen: list[Document]) -> Candidates:
    return trained.candidates(unseen, sources=True)


def judged(tagger: Tagger, documents: list[Document], candidates: Candidates, by: str) -> Judged:
    positions = {id: place for place, id in enumerate(tagger.vocabulary.ids)}
    gold = Gold.from_ids([document.tags for document in documents], positions)
    return Judged.judge(Ranked.from_candidates(candidates, by=by, then=None), gold)


def own(tagger: Tagger, documents: list[Document], candidates: Candidates, channel: str) -> tuple[float, float]:
    """(R@10 of what the channel found itself, share of right candidates with a score of it)."""
    found = candidates.where(candidates.column(f"{channel}.found") == 1)
    right = judged(tagger, documents, candidates, "fused").hits
    said = np.isfinite(candidates.column(f"{channel}.score"))[candidates.order("fused")]
    share = float(said[right].mean())
    return recall(judged(tagger, documents, found, f"{channel}.score"), 10).value, share


def test_every_channel_of_the_default_settings_has_a_floor_and_speaks(trained: Tagger) -> None:
    silent = ("adapter", "linear")  # beside `Lsa`; where tags have few documents: test_adapter.py, test_linear.py
    spoken = [channel for channel in DEFAULT_CHANNELS if channel not in silent]
    assert list(FLOORS) == spoken == [channel.name for channel in trained.assembly.speaking]


def test_suggestions_are_as_good_as_they_were(trained: Tagger, unseen: list[Document], table: Candidates) -> None:
    assert ndcg(judged(trained, unseen, table, "fused"), 10).value >= FUSED
    assert ndcg(judged(trained, unseen, table, "confidence"), 10).value >= FUSED - 0.01, "steps of the curve make ties"


def test_the_fusion_is_better_than_any_channel(trained: Tagger, unseen: list[Document], table: Candidates) -> None:
    fused = ndcg(judged(trained, unseen, table, "fused"), 10).value
    alone = [ndcg(judged(trained, unseen, table, f"{channel}.score"), 10).value for channel in FLOORS]
    assert fused > max(alone) + 0.02


@pytest.mark.parametrize("channel", FLOORS)
def test_a_channel_finds_what_it_found_and_says_what_it_said(
    trained: Tagger, unseen: list[Document], table: Candidates, channel: str
) -> None:
    found, said = own(trained, unseen, table, channel)
    assert found >= FLOORS[channel][0] and said >= FLOORS[channel][1]


@pytest.mark.parametrize("channel", FLOORS)
def test_the_fusion_listens_to_a_channel(trained: Tagger, table: Candidates, channel: str) -> None:
    silent = {name: np.full(table.n_pairs, np.nan) for name in table.columns if name.startswith(f"{channel}.")}
    without = trained.ranking.fuse([], table.with_columns(silent)).column("fused")
    assert (np.abs(without - table.column("fused")) > 1e-4).mean() > 0.05


@pytest.fixture
def disconnected(trained: Tagger, request: pytest.FixtureRequest) -> Iterator[str]:
    """A channel that finds nothing and says nothing."""
    channel = next(channel for channel in trained.assembly.channels if channel.name == request.param)

    class Dead(type(channel)):  # type: ignore[misc]
        def recall(self, documents, k):
            return Candidates.empty(len(documents), self.columns)

        def complete(self, documents, candidates):
            return Channel.complete(self, documents, candidates)

    alive = channel.__class__
    channel.__class__ = Dead
    yield channel.name
    channel.__class__ = alive


@pytest.mark.parametrize("disconnected", FLOORS, indirect=True)
def test_this_test_notices_a_channel_that_is_disconnected(
    trained: Tagger, unseen: list[Document], disconnected: str
) -> None:
    found, said = own(trained, unseen, trained.candidates(unseen, sources=True), disconnected)
    assert found < FLOORS[disconnected][0] and said < FLOORS[disconnected][1]
