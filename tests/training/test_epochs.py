"""What people have written comes in every epoch, what a language model wrote as often as its weight says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.recall.pseudo import marked
from tagwright.training.epochs import Epochs
from tagwright.training.lessons import Lessons, Teacher
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary


@given(st.integers(0, 30), st.integers(0, 9), st.integers(0, 50))
def test_without_light_documents_the_order_is_the_plain_one(n: int, seed: int, epoch: int) -> None:
    epochs = Epochs(np.arange(n), np.ones(n), seed)
    plain = np.random.default_rng([seed, epoch]).permutation(n)
    assert epochs.size == n and epochs.order(epoch).tolist() == plain.tolist()


@given(st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]), min_size=1, max_size=30), st.integers(0, 99))
def test_every_epoch_has_all_real_documents_once_and_no_more_light_ones_than_they_weigh(
    weights: list[float], epoch: int
) -> None:
    given, rows = np.array(weights), np.arange(len(weights)) + 100
    epochs = Epochs(rows, given)
    order = epochs.order(epoch)
    assert len(order) == len(set(order.tolist())) == epochs.size
    assert set(rows[given == 1]) <= set(order.tolist()) <= set(rows[given > 0])
    assert epochs.size - (given == 1).sum() <= given[given < 1].sum() + 1e-9


def test_a_light_document_comes_as_often_as_its_weight_says() -> None:
    weights = np.array([1.0] * 4 + [0.5] * 6 + [0.25] * 4)
    epochs = Epochs(np.arange(14), weights, seed=3)
    assert epochs.size == 4 + 3 + 1
    came = np.mean([np.isin(np.arange(14), epochs.order(epoch)) for epoch in range(2000)], axis=0)
    assert came[:4].tolist() == [1.0] * 4
    assert came[4:10] == pytest.approx(0.5, abs=0.06) and came[10:] == pytest.approx(0.25, abs=0.06)


def test_a_teacher_shows_what_was_written_for_a_tag_half_as_often() -> None:
    vocabulary = Vocabulary.from_tags([Tag("a", "Apples"), Tag("b", "Bells")])
    real = [Document(f"d{n}", f"real {n}", tags=("a",)) for n in range(4)]
    written = [marked(Document(f"w{n}", f"written {n}", tags=("b",)), 0.9) for n in range(4)]
    gold = [np.array([n // 4], dtype=np.int32) for n in range(8)]
    lessons = Lessons([*real, *written], gold, [np.empty(0, dtype=np.int32)] * 8, vocabulary)
    assert lessons.weights.tolist() == [1.0] * 4 + [0.5] * 4 and set(lessons.light) == {"w0", "w1", "w2", "w3"}
    teacher = Teacher(lessons, batch=2, wrong=1, titles=0.0)
    assert teacher.steps == 3
    for epoch in range(5):
        texts = [text for step in range(3) for text in teacher.lesson(epoch * 3 + step).documents]
        assert sum(text.startswith("real") for text in texts) == 4
        assert sum(text.startswith("written") for text in texts) == 2
