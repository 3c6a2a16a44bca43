"""A second look: rerankers see the best candidates, and a second fusion weighs what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tagwright.registry as registry
from tagwright.candidates import Candidates, Floats
from tagwright.encoders.seen import Seen
from tagwright.pipeline.ranking import Memory, Ranking
from tagwright.rerank.base import Reranker
from tagwright.types import Document, Evidence

OPTIONS = {"kind": "ranker", "trees": 20, "least_rows": 20}


@dataclass
class Knows(Reranker):
    """Says what ``said`` (document id, tag) holds."""

    said: Any = None
    asked: Any = None

    @property
    def seen(self) -> Seen:
        return Seen.from_ids(["seen"])

    @property
    def fingerprint(self) -> str:
        return "knows"

    def open(self) -> Knows:
        return self

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        return [Evidence(self.name, "test", "because", value=1.0)]

    def _scores(self, documents: Sequence[Document], picked: Candidates) -> Floats:
        keys = [(documents[row].id, int(tag)) for row, tag in zip(picked.documents, picked.tags, strict=True)]
        if self.asked is not None:
            self.asked += keys
        return np.array([self.said(*key) for key in keys], dtype=np.float32)


def reranker(said: Any, k: int = 10, asked: Any = None) -> Knows:
    made = Knows(k=k, said=said, asked=asked)
    made.name = "knows"
    return made


@pytest.fixture(scope="module")
def table() -> tuple[list[Document], Candidates, np.ndarray[Any, Any]]:
    """120 documents with 30 candidates, of which two are right; the one channel knows a little."""
    random = np.random.default_rng(0)
    right = np.zeros((120, 30), dtype=np.bool_)
    for row in right:
        row[random.choice(30, 2, replace=False)] = True
    score = random.normal(size=right.shape) + 1.0 * right
    rows, tags = np.divmod(np.arange(right.size), 30)
    documents = [Document(f"d{n}", "text") for n in range(120)]
    return documents, Candidates.from_pairs(120, rows, tags, {"one.score": score.ravel()}), right.ravel()


def first_right(candidates: Candidates, right: np.ndarray[Any, Any]) -> float:
    best = candidates.rank("fused") < 2
    return float(right[best].mean())


def halves(table: Any) -> Any:
    documents, candidates, right = table
    learned = candidates.documents < 60
    return (documents[:60], candidates.slice(0, 60), right[learned]), (
        documents[60:], candidates.slice(60, 120), right[~learned],
    )  # fmt: skip


def test_a_reranker_that_knows_lifts_the_order_and_one_that_guesses_is_learned_away(table: Any) -> None:
    learned, new = halves(table)
    truth = dict(zip(zip([d.id for d in table[0] for _ in range(30)], list(range(30)) * 120, strict=True), table[2],
                     strict=True))  # fmt: skip
    plain = first_right(Ranking(OPTIONS, []).fit(*learned).fuse(*new[:2]), new[2])
    random = np.random.default_rng(1)
    knows = Ranking(OPTIONS, [reranker(lambda id, tag: float(truth[id, tag]))]).fit(*learned)
    guesses = Ranking(OPTIONS, [reranker(lambda id, tag: random.random())]).fit(*learned)
    assert first_right(knows.fuse(*new[:2]), new[2]) > plain + 0.2
    assert first_right(guesses.fuse(*new[:2]), new[2]) > plain - 0.05


def test_only_the_best_are_looked_at_and_the_others_keep_their_place(table: Any) -> None:
    learned, new = halves(table)
    asked: list[Any] = []
    ranking = Ranking(OPTIONS, [reranker(lambda id, tag: 0.5, k=4, asked=asked)]).fit(*learned)
    first = Ranking(OPTIONS, []).fit(*learned).fuse(*new[:2])
    asked.clear()
    found = ranking.fuse(*new[:2])
    best = first.rank("fused") < 4
    assert len(asked) == len(set(asked)) == 4 * 60
    assert np.isnan(found.column("knows.score")[~best]).all() and (found.column("knows.score")[best] == 0.5).all()
    assert np.array_equal(found.column("fused")[~best], first.column("fused")[~best])
    assert not np.array_equal(found.column("fused")[best], first.column("fused")[best])


def test_without_rerankers_it_is_the_one_fusion_to_the_bit(table: Any) -> None:
    learned, new = halves(table)
    fusion = registry.build("fusion", "ranker", {"trees": 20, "least_rows": 20}).fit(*learned[1:])
    alone = fusion.fuse(new[1]).column("fused")
    assert Ranking(OPTIONS, []).fit(*learned).fuse(*new[:2]).column("fused").tobytes() == alone.tobytes()


def test_what_is_saved_answers_alike(table: Any, tmp_path: Path) -> None:
    learned, new = halves(table)
    rerankers = [reranker(lambda id, tag: tag / 30)]
    ranking = Ranking(OPTIONS, rerankers).fit(*learned)
    ranking.save(tmp_path / "fusion")
    again = Ranking(OPTIONS, rerankers).load(tmp_path / "fusion")
    assert again.fuse(*new[:2]).column("fused").tobytes() == ranking.fuse(*new[:2]).column("fused").tobytes()


def test_while_fitting_no_pair_is_asked_twice_and_the_outcome_is_the_same(table: Any) -> None:
    learned, new = halves(table)
    asked: list[Any] = []
    memory, one = Memory(), reranker(lambda id, tag: (hash_of(id) + tag) % 7 / 7, asked=asked)
    for _ in range(2):
        remembering = Ranking(OPTIONS, [one], memory).fit(*learned)
        found = remembering.fuse(*new[:2])
    assert len(asked) == len(set(asked))
    plain = Ranking(OPTIONS, [one]).fit(*learned).fuse(*new[:2])
    for name in ("fused", "knows.score"):
        assert found.column(name).tobytes() == plain.column(name).tobytes()
    asked.clear()
    remembering.forget().fuse(*new[:2])
    assert len(asked) == 600


def hash_of(id: str) -> int:
    return int(id.removeprefix("d"))
