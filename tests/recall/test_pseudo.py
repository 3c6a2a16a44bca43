"""What channels make of documents that a language model wrote: half of what they make of others, or nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tagwright.recall.pseudo as pseudo
from tagwright.recall.adaptation import Examples, Schedule, learn
from tagwright.recall.finder import Finder
from tagwright.recall.labels import Labels
from tagwright.recall.lexical import Lexical
from tagwright.recall.names import Names
from tagwright.recall.shelf import Shelf
from tagwright.recall.spaces import WordSpace
from tagwright.recall.trees import _weighs_in
from tagwright.testing import documents, vocabulary
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

REAL, VOCABULARY = documents(), vocabulary()
WRITTEN = pseudo.marked(
    Document("pseudo:1", "Lighthouses and ships and lights of the coast.", "Lights", "en", ("t:unseen", "t:ships")),
    0.5, demonstration="",
)  # fmt: skip


@pytest.fixture
def shelf() -> Shelf:
    tfidf = TfIdf(Analyzer(("en",))).fit(REAL)
    return Shelf(WordSpace(tfidf)).fit([*REAL, WRITTEN], VOCABULARY)


def test_a_shelf_weighs_half_and_counts_only_what_people_have_written(shelf: Shelf) -> None:
    edges, counts = shelf.edges(), shelf.counts()
    ships, unseen = VOCABULARY.position("t:ships"), VOCABULARY.position("t:unseen")
    real = sum("t:ships" in (document.tags or ()) for document in REAL)
    assert counts[ships] == real and counts[unseen] == 0
    assert edges[:, [ships]].sum() == real + 0.5 and edges[:, [unseen]].sum() == 0.5
    assert unseen in shelf.carried() and VOCABULARY.position("t:old") not in shelf.carried()


def test_a_shelf_remembers_what_was_written_over_growth_and_disk(shelf: Shelf, tmp_path) -> None:
    shelf.save(tmp_path)
    loaded = Shelf(shelf.space).load(tmp_path, VOCABULARY)
    assert loaded.counts().tolist() == shelf.counts().tolist() and loaded.written().tolist() == shelf.written().tolist()
    before = shelf.counts().tolist()
    shelf.add([replace(WRITTEN, id="pseudo:2")])
    assert shelf.counts().tolist() == before and shelf.written().sum() == 2
    shelf.add([replace(REAL[0], id="new")])
    assert sum(shelf.counts()) == sum(before) + len(REAL[0].tags or ())


def test_without_written_documents_a_shelf_saves_what_it_always_saved(tmp_path) -> None:
    tfidf = TfIdf(Analyzer(("en",))).fit(REAL)
    Shelf(WordSpace(tfidf)).fit(REAL, VOCABULARY).save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["documents.json", "points", "tags"]


def test_names_are_counted_in_real_documents_alone() -> None:
    analyzer = Analyzer(("en",))
    finder = Finder(analyzer, Labels(analyzer))
    with_it = Lexical(finder=finder).fit([*REAL, WRITTEN], VOCABULARY).counts_
    without = Lexical(finder=finder).fit(REAL, VOCABULARY).counts_
    assert with_it.held.tolist() == without.held.tolist() and with_it.right.tolist() == without.right.tolist()
    rarity = [Names(finder=finder).fit(given, VOCABULARY).rarity_.tobytes() for given in ([*REAL, WRITTEN], REAL)]
    assert rarity[0] == rarity[1]


def test_an_example_of_weight_half_pulls_half_and_one_of_weight_zero_not_at_all() -> None:
    chance = np.random.default_rng(0)
    points = chance.normal(size=(8, 4)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    tags = np.eye(4, dtype=np.float32)
    gold = [np.array([row % 4]) for row in range(8)]
    schedule = Schedule(1, 1, 10, 1e-3)

    def learned(weights: list[float] | None) -> np.ndarray:
        counted = None if weights is None else np.array(weights, dtype=np.float32)
        return learn(Examples(points, gold, counted), tags, schedule, np.random.default_rng(1))

    assert learned([1.0] * 8).tobytes() == learned(None).tobytes(), "all alike is as without weights, to the byte"
    moved = [row.copy() for row in gold]
    moved[7] = np.array([0])
    other = learn(Examples(points, moved, np.array([1.0] * 7 + [0.0], np.float32)), tags, schedule,
                  np.random.default_rng(1))  # fmt: skip
    assert other.tobytes() == learned([1.0] * 7 + [0.0]).tobytes(), "what weighs nothing teaches nothing"
    assert learned([1.0] * 7 + [0.5]).tobytes() not in (learned(None).tobytes(), learned([1.0] * 7 + [0.0]).tobytes())


def test_where_no_weights_are_known_every_other_written_document_is_read() -> None:
    many = [replace(WRITTEN, id=f"pseudo:{number}") for number in range(2000)]
    assert 900 < sum(map(_weighs_in, many)) < 1100 and all(map(_weighs_in, REAL))


def test_what_was_written_after_a_document_is_usable_only_beside_it() -> None:
    after = [
        pseudo.marked(replace(WRITTEN, id=f"p{n}"), 0.5, demonstration=shown) for n, shown in enumerate(["d00", ""])
    ]
    assert [one.id for one in pseudo.usable(after, {"d00"})] == ["p0", "p1"]
    assert [one.id for one in pseudo.usable(after, {"d01"})] == ["p1"]
    people, written = pseudo.parted([*REAL, *after, replace(REAL[0], id="u", tags=None)])
    assert people == REAL and written == after
    assert pseudo.parted([*REAL[1:], *after])[1] == after[1:]
