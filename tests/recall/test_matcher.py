"""Written descriptions become tags: the nearest one by one product, a threshold, each tag once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.llm.writer import SEPARATOR
from tagwright.recall.matcher import Cosines, descriptions
from tagwright.recall.products import unit

# Two labels at right angles and one between them.
LABELS = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)


def found(sentences: list[list[float]], counts: list[int], threshold: float = 0.4) -> list[tuple[int, int, float]]:
    """(document, label, score) in the order of the matches."""
    vectors = np.array(sentences, dtype=np.float32).reshape(-1, 2)
    matched = Cosines.of(vectors, LABELS, counts).match(threshold)
    rows = zip(matched.documents, matched.labels, matched.scores, strict=True)
    return [(int(document), int(label), round(float(score), 4)) for document, label, score in rows]


def by_loop(
    vectors: np.ndarray, labels: np.ndarray, counts: list[int], threshold: float
) -> list[tuple[int, int, float]]:
    """What the paper does, one sentence after the other."""
    rows, start = [], 0
    for document, count in enumerate(counts):
        own = vectors[start : start + count].astype(np.float64)
        start += count
        seen: dict[int, float] = {}
        for sentence in own:
            cosines = [float(sentence @ label) for label in labels.astype(np.float64)]
            best = int(np.argmax(cosines))
            if cosines[best] >= threshold and best not in seen:
                seen[best] = max(float(other @ labels[best]) for other in own)
        rows += [(document, label, score) for label, score in seen.items()]
    return rows


def test_each_description_gives_its_nearest_label() -> None:
    assert found([[1, 0], [0.6, 0.8]], [2]) == [(0, 0, 1.0), (0, 2, 1.0)]


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_one_product_finds_what_a_loop_finds(threshold: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = unit(random.standard_normal((30, 16)))
    vectors = unit(labels[random.integers(0, 30, 50)] + 0.4 * random.standard_normal((50, 16)).astype(np.float32))
    counts = np.diff([0, *np.sort(random.integers(0, 51, 11)), 50]).tolist()
    matched = Cosines.of(vectors, labels, counts).match(threshold)
    loop = by_loop(vectors, labels, counts, threshold)
    assert [(d, t) for d, t, _ in loop] == list(zip(matched.documents, matched.labels, strict=True))
    assert np.abs(matched.scores - np.array([score for *_, score in loop])).max(initial=0) <= 1e-6


def test_a_hallucinated_description_is_dropped_at_the_threshold_and_kept_at_0() -> None:
    # Its nearest label is at cosine 0.28.
    astray = [-0.96, 0.28]
    assert found([[1, 0], astray], [2]) == [(0, 0, 1.0)]
    assert found([[1, 0], astray], [2], threshold=0.0) == [(0, 0, 1.0), (0, 1, 0.28)]


def test_a_cosine_that_equals_the_threshold_is_kept() -> None:
    assert found([[-0.6, 0.8]], [1], threshold=0.8) == [(0, 1, 0.8)]


def test_two_descriptions_of_one_label_give_it_once_with_the_higher_score() -> None:
    assert found([[0.8, -0.6], [1, 0]], [2]) == [(0, 0, 1.0)]


def test_labels_stand_in_the_order_in_which_they_were_written() -> None:
    assert [label for _, label, _ in found([[0, 1], [1, 0], [0, 1], [0.6, 0.8]], [4])] == [1, 0, 2]


def test_documents_are_told_apart_and_one_without_a_description_has_no_label() -> None:
    assert found([[1, 0], [1, 0], [0, 1]], [1, 0, 2]) == [(0, 0, 1.0), (2, 0, 1.0), (2, 1, 1.0)]
    assert found([], [0, 0]) == []


def test_a_description_of_no_known_word_matches_nothing_even_at_0() -> None:
    assert found([[0, 0]], [1], threshold=0.0) == []
    assert found([[0, 0]], [1], threshold=-1.0) == []


def test_without_labels_nothing_is_matched() -> None:
    matched = Cosines.of(np.ones((2, 2), np.float32), np.empty((0, 2), np.float32), [2]).match(0.0)
    assert len(matched.documents) == 0


def test_the_cosine_with_any_label_is_the_best_of_the_documents_descriptions() -> None:
    cosines = Cosines.of(np.array([[1, 0], [0, 1]], dtype=np.float32), LABELS, [2, 0])
    assert cosines.at(np.array([0, 0, 0, 1]), np.array([2, 1, -1, 0])) == pytest.approx(
        [0.8, 1.0, np.nan, np.nan], nan_ok=True
    )


@given(st.lists(st.text(alphabet="ab.;! \n", max_size=6), max_size=5))
def test_descriptions_are_cut_at_the_separator_alone(texts: list[str]) -> None:
    assert descriptions(SEPARATOR.join(texts)) == list(dict.fromkeys(text.strip() for text in texts if text.strip()))


def test_a_description_with_a_full_stop_within_is_one_description() -> None:
    said = "Soils. Wind and water take them away. See erosion."
    assert descriptions(f"{said} {SEPARATOR} Ships.") == [said, "Ships."]


def test_nothing_written_is_no_description() -> None:
    assert descriptions("") == descriptions(f" {SEPARATOR} {SEPARATOR}") == []
