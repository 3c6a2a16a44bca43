"""The map from documents to tags that a library's own documents teach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tagwright.encoders.lsa import Lsa
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.adaptation import Examples, Schedule, _slopes, learn
from tagwright.recall.products import unit
from tagwright.testing import Told, documents, vocabulary
from tagwright.types import Document, Tag

WIDTH, KINDS, UNSEEN = 32, 400, 100
SCHEDULE = Schedule(epochs=20, steps=60, negatives=200, learning_rate=5e-3)


@pytest.fixture(scope="module")
def turned() -> dict[str, Any]:
    """Documents lie where a rotation unknown to the encoder puts their tags; a quarter of the tags has no document."""
    random = np.random.default_rng(3)
    tags = unit(random.normal(size=(KINDS, WIDTH)))
    turn = np.linalg.svd(random.normal(size=(WIDTH, WIDTH)) + 2 * np.eye(WIDTH))
    turn = turn.U @ turn.Vh  # the nearest rotation
    gold = random.integers(0, KINDS - UNSEEN, 1500)
    points = unit(tags[gold] @ turn.T + 0.1 * random.normal(size=(1500, WIDTH)))
    unseen = np.arange(KINDS - UNSEEN, KINDS)
    asked = unit(tags[unseen] @ turn.T)
    return {"tags": tags, "points": points, "gold": [np.array([g]) for g in gold], "unseen": unseen, "asked": asked}


def asked(turned: dict[str, Any], change: Any) -> Any:
    """Documents that were learned from, and those of tags that had none, as the map moves them, with their tags."""
    for points, tags in ((turned["points"], np.concatenate(turned["gold"])), (turned["asked"], turned["unseen"])):
        yield points + points @ change, tags


def found(points: Any, tags: Any, gold: Any) -> float:
    """The share of the points that have their tag among the ten nearest."""
    nearest = np.argsort(-(points @ tags.T), axis=1)[:, :10]
    return float(np.mean((nearest == gold[:, None]).any(axis=1)))


def test_documents_come_to_lie_near_their_own_tags_and_near_tags_that_no_document_has(turned: dict[str, Any]) -> None:
    examples = Examples(turned["points"], turned["gold"])
    change = learn(examples, turned["tags"], SCHEDULE, np.random.default_rng(0))
    before = [found(points, turned["tags"], tags) for points, tags in asked(turned, 0 * change)]
    after = [found(points, turned["tags"], tags) for points, tags in asked(turned, change)]
    assert max(before) <= 0.65 and min(after) >= 0.95


def test_the_same_seed_learns_the_same_bytes(turned: dict[str, Any]) -> None:
    examples = Examples(turned["points"], turned["gold"])
    one, two = (learn(examples, turned["tags"], SCHEDULE, np.random.default_rng(7)) for _ in range(2))
    assert one.tobytes() == two.tobytes()


def test_without_examples_nothing_is_moved(turned: dict[str, Any]) -> None:
    nothing = Examples(np.empty((0, WIDTH), np.float32), [])
    assert not learn(nothing, turned["tags"], SCHEDULE, np.random.default_rng(0)).any()


def test_the_slopes_are_those_of_the_cross_entropy() -> None:
    random = np.random.default_rng(1)
    points, tags = unit(random.normal(size=(5, 4))), unit(random.normal(size=(6, 4)))
    targets = np.zeros((5, 6), dtype=np.float32)
    targets[np.arange(5), [0, 1, 2, 3, 0]] = 0.5
    targets[np.arange(5), [5, 4, 3, 2, 1]] = 0.5
    change = random.normal(size=(4, 4)).astype(np.float64) * 0.3

    def loss(change: Any, log_scale: float) -> float:
        moved = points.astype(np.float64) + points @ change
        cosines = moved / np.linalg.norm(moved, axis=1, keepdims=True) @ tags.T
        logits = np.exp(log_scale) * cosines
        return float(-(targets * (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))).sum() / 5)

    at_change, at_scale = _slopes(points, tags, targets, change, np.exp(1.2))
    tiny = 1e-5
    for place in np.ndindex(4, 4):
        step = np.zeros((4, 4))
        step[place] = tiny
        expected = (loss(change + step, 1.2) - loss(change - step, 1.2)) / (2 * tiny)
        assert at_change[place] == pytest.approx(expected, abs=1e-4)
    assert at_scale[0] == pytest.approx((loss(change, 1.2 + tiny) - loss(change, 1.2 - tiny)) / (2 * tiny), abs=1e-4)


TOLD = {
    "query": (1.0, 0.0), "Title": (0.0, 1.0), "Title. query": (0.6, 0.8),
    "Apples": (0.6, 0.8), "Bells": (0.0, 1.0), "Clocks": (-1.0, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["dense", "adapter"])
def test_the_title_has_a_column_of_its_own_silent_without_a_title(build: Any, named: Any, rows: Any, kind: str) -> None:
    vocabulary = named("Apples", "Bells", "Clocks")
    channel = build(kind, vocabulary, [], TOLD, threshold=0.0)
    table = channel.recall([Document("q", "query", "Title"), Document("r", "query")], 3)
    cosines, titles = (rows(table, vocabulary, f"{kind}.{part}") for part in ("score", "title_score"))
    assert cosines[0] == pytest.approx({"Apples": 1.0, "Bells": 0.8}, abs=1e-3)
    assert titles[0] == pytest.approx({"Apples": 0.8, "Bells": 1.0}, abs=1e-3)
    assert cosines[1] == pytest.approx({"Apples": 0.6}, abs=1e-3)
    assert np.isnan(titles[1]["Apples"])


def test_documents_without_tags_or_with_unknown_ones_teach_nothing(build: Any) -> None:
    useless = [replace(documents()[0], tags=tags) for tags in (None, (), ("t:unknown",))]
    channel = build("adapter", vocabulary(), useless, {"": (1.0, 0.0)})
    assert not channel.map_.any()


@pytest.mark.parametrize("kind", ["dense", "adapter"])
def test_a_tag_that_comes_at_run_time_is_found_at_once_and_a_deprecated_one_no_more(
    build: Any, named: Any, kind: str
) -> None:
    before = named("Apples", "Clocks")
    channel = build(kind, before, [Document("1", "query", tags=("Clocks",))], TOLD, threshold=-2.0)
    later = before.extended([Tag("Bells", "Bells"), Tag("Apples", "Apples", deprecated=True)])
    channel.add_tags(later, later.positions(["Bells", "Apples"]))
    assert sorted(later.ids[tag] for tag in channel.recall([Document("q", "query")], 3).tags) == ["Bells", "Clocks"]


def test_it_speaks_only_for_an_encoder_that_learned_nothing_from_the_documents() -> None:
    told = Assembly(TaggerSettings(), Told({"": (1.0, 0.0)}), ("en",))
    learned = Assembly(TaggerSettings(), Lsa(width=4), ("en",))
    assert ["adapter" in [channel.name for channel in made.speaking] for made in (told, learned)] == [True, False]
    told.informed = False
    assert "adapter" not in [channel.name for channel in told.speaking]
    assert "dense" in [channel.name for channel in told.speaking]
