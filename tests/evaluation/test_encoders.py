"""An encoder is measured: places by hand, what it was taught with left out, a vocabulary sampled."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tagwright.encoders.seen import Seen
from tagwright.evaluation.encoders import bench, pool_of
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

# "east" is nearest to the tags a, b, c in this order; "north" in the other.
PLACES = {"a": (1, 0), "b": (0.8, 0.6), "c": (0, 1), "east.": (1, 0), "north.": (0, 1), "elsewhere": (-1, 0)}
TAGS = Vocabulary.from_tags([Tag(f"t:{name}", name) for name in "abc"])
DOCUMENTS = [Document("1", "east.", tags=("t:a", "t:c")), Document("2", "north.", tags=("t:a", "t:b", "t:none"))]


class Compass:
    """An encoder of a few words."""

    width, fingerprint = 2, "compass"

    def __init__(self, *taught: str) -> None:
        self.seen = Seen.from_ids(taught)

    def encode(self, texts):
        return np.array([PLACES.get(text, (0, 0)) for text in texts], dtype=np.float32).reshape(len(texts), 2)

    def save(self, folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_bytes(b"12345")

    def load(self, folder: Path):
        return self


def gains(*places: int) -> float:
    return sum(1 / math.log2(place + 1) for place in places)


def test_quality_is_that_of_the_cosines_and_a_tag_that_is_not_there_is_missed() -> None:
    found = bench(Compass(), DOCUMENTS, TAGS, np.arange(3))
    assert found.ndcg_10 == pytest.approx((gains(1, 3) / gains(1, 2) + gains(2, 3) / gains(1, 2, 3)) / 2)
    assert found.recall_10 == found.recall_100 == pytest.approx((1 + 2 / 3) / 2)
    assert (found.judged, found.size, found.width, found.fingerprint) == (2, 5, 2, "compass")
    assert min(found.documents_per_second, found.names_per_second) > 0


def test_only_tags_of_the_pool_are_ranked() -> None:
    found = bench(Compass(), DOCUMENTS[1:], TAGS, np.array([0, 2]))
    assert found.ndcg_10 == pytest.approx(gains(2) / gains(1, 2, 3))


def test_documents_that_it_was_taught_with_are_not_judged() -> None:
    found = bench(Compass("1"), DOCUMENTS, TAGS, np.arange(3))
    assert (found.judged, found.recall_10) == (1, pytest.approx(2 / 3))
    found = bench(Compass("1", "2"), DOCUMENTS, TAGS, np.arange(3))
    assert (found.judged, found.ndcg_10, found.recall_10, found.recall_100) == (0, None, None, None)


def test_a_large_vocabulary_is_sampled_and_keeps_the_documents_own_tags() -> None:
    large = Vocabulary.from_tags([Tag(f"t:{n}", f"tag {n}", deprecated=n % 10 == 0) for n in range(1000)])
    documents = [Document("1", "x", tags=("t:999", "t:10", "t:none")), Document("2", "y", tags=("t:5",))]
    pool = pool_of(documents, large, 100)
    assert len(pool) == len(set(pool.tolist())) == 100 and (np.diff(pool) > 0).all()
    assert {5, 999} <= set(pool.tolist()) and not (pool % 10 == 0).any()
    assert pool.tolist() == pool_of(documents, large, 100).tolist() != pool_of(documents, large, 100, seed=1).tolist()
    assert pool_of(documents, large, 900).tolist() == [n for n in range(1000) if n % 10]
    assert pool_of(documents, large, 1).tolist() == [5, 999]
