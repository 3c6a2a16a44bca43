"""Plain taggers on the same documents, and whether the product beats them."""

from __future__ import annotations

import numpy as np
import pytest

from tagwright.evaluation import baselines
from tagwright.evaluation.evaluate import evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.saved import SavedCandidates
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

WORDS = {"bees": "hive honey swarm", "soil": "wind loess slope", "tea": "leaf cup kettle", "gone": "ash dust smoke"}


def quiet(stage: str, done: int, total: int | None) -> None:
    pass


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.from_tags([Tag(id, f"All about {id}", deprecated=id == "gone") for id in WORDS], language="en")


@pytest.fixture(scope="module")
def kept() -> list[Document]:
    chance = np.random.default_rng(0)
    return [
        Document(f"{tag}{n}", " ".join(chance.permutation([*words.split(), "book", "page"])), tags=(tag,))
        for tag, words in WORDS.items()
        for n in range(6)
    ]


ASKED = [Document("x", "a kettle and a cup", tags=("tea",)), Document("y", "swarm of bees", tags=("bees",))]


def test_each_baseline_finds_what_it_can_and_never_a_deprecated_tag(vocabulary, kept) -> None:
    found, left_out = baselines.rankings(kept, ASKED, vocabulary, k=3, progress=quiet)
    assert left_out == {}
    assert list(found) == [*baselines.CHANNELS, baselines.LINEAR]
    gold = vocabulary.position("gone")
    first = {name: vocabulary.ids[ranked.tags[ranked.offsets[1]]] for name, ranked in found.items()}
    assert set(first.values()) == {"bees"}
    assert not any(gold in ranked.tags for ranked in found.values())
    assert found["names only"].offsets.tolist()[1] == 0  # nothing in the first document is a name
    assert vocabulary.ids[found[baselines.LINEAR].tags[0]] == "tea"
    again, _ = baselines.rankings(kept, ASKED, vocabulary, k=3, progress=quiet)
    for name, ranked in found.items():
        assert np.array_equal(ranked.tags, again[name].tags)


def test_the_linear_one_is_scikit_learns_classifier_a_tag(vocabulary, kept) -> None:
    found, _ = baselines.rankings(kept, ASKED, vocabulary, k=2, progress=quiet)
    assert np.diff(found[baselines.LINEAR].offsets).tolist() == [2, 2]
    assert (np.diff(found[baselines.LINEAR].confidences.reshape(2, 2), axis=1) <= 0).all()


def test_too_many_tags_leave_the_linear_one_out_and_say_so(vocabulary, kept, monkeypatch) -> None:
    monkeypatch.setattr(baselines, "MOST_TAGS", 2)
    found, left_out = baselines.rankings(kept, ASKED, vocabulary, k=3, progress=quiet)
    assert baselines.LINEAR not in found
    assert "3 tags are in use" in left_out[baselines.LINEAR]


def test_without_any_document_the_baselines_still_answer(vocabulary) -> None:
    found, _ = baselines.rankings([], ASKED, vocabulary, k=3, progress=quiet)
    assert vocabulary.ids[found["names only"].tags[0]] == "bees"
    assert found["TF-IDF neighbours"].offsets.tolist() == [0, 0, 0]


def test_the_gate_says_whether_the_product_beats_a_baseline(case) -> None:
    right = [[(tag, 0.9) for tag in wanted if tag in case.positions] for wanted in case.wanted]
    gold = Gold.from_ids(case.wanted, case.positions)
    product = Ranked.from_results(right, case.positions)
    counts = np.ones(case.n_tags, dtype=np.int64)
    saved = SavedCandidates(None, gold, tuple(map(str, range(len(right)))), "", counts, {"k": 100})
    report = evaluate(product, gold, cut=0.5, ids=saved.ids)
    beside = baselines.beside(report, saved, {"worse": case.ranked, "same": product}, n_train=50)
    assert beside["baseline_gate"]["metric"] == "nDCG@10"
    assert beside["baseline_gate"]["worse"]["beaten"]
    assert not beside["baseline_gate"]["same"]["beaten"]
    assert beside["baselines"]["same"]["nDCG@10"] == report.metrics["nDCG@10"]
    assert set(beside["baselines"]["worse"]) == set(baselines.SHOWN)
