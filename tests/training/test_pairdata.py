"""Which pairs a pair model is taught with: a right tag of a document is never its wrong one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.errors import ConfigError, InputError
from tagwright.training.pairdata import Drawer, PairExamples, PairTraining


def examples(right: list[list[int]], hard: list[list[int]] | None = None, n_tags: int = 12) -> PairExamples:
    rows = [np.array(own, dtype=np.int64) for own in right]
    wrong = [np.array(own, dtype=np.int64) for own in (hard or [[] for _ in right])]
    ids = [str(number) for number in range(len(right))]
    ones = np.ones((len(right), 2), dtype=np.float32)
    return PairExamples(ids, ones, np.ones((n_tags, 2), dtype=np.float32), rows, wrong, "encoder")


def drawn(made: PairExamples, negatives: int, seed: int = 0) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The right and the wrong pairs (document, tag)."""
    found = Drawer(made).draw(np.arange(len(made.ids)), negatives, np.random.default_rng(seed))
    pairs = list(zip(found.documents.tolist(), found.tags.tolist(), strict=True))
    right = [pair for pair, label in zip(pairs, found.labels, strict=True) if label == 1]
    wrong = [pair for pair, label in zip(pairs, found.labels, strict=True) if label == 0]
    assert len(right) + len(wrong) == len(pairs) and found.labels.dtype == np.float32
    return right, wrong


LISTS = st.lists(st.lists(st.integers(0, 11), max_size=8), min_size=1, max_size=8)


@given(right=LISTS, hard=LISTS, negatives=st.integers(1, 6), seed=st.integers(0, 99))
def test_a_right_tag_of_a_document_is_never_its_wrong_one(
    right: list[list[int]], hard: list[list[int]], negatives: int, seed: int
) -> None:
    hard = (hard + [[] for _ in right])[: len(right)]
    own = [set(tags) for tags in right]
    in_use = set().union(*own)
    found, wrong = drawn(examples(right, hard), negatives, seed)
    assert sorted(found) == sorted((document, tag) for document, tags in enumerate(own) for tag in tags)
    assert all(tag not in own[document] and tag in in_use | set(hard[document]) for document, tag in wrong)
    counts = np.bincount([document for document, _ in wrong], minlength=len(right))
    for document, tags in enumerate(own):
        if in_use - tags:
            assert counts[document] == negatives * len(tags)


def test_half_of_the_wrong_tags_are_hard_where_there_are_hard_ones() -> None:
    right, wrong = drawn(examples([[0], [1, 2], [3, 4]], [[10, 11, 0], [], [9]]), 100)
    hard = [[tag for document, tag in wrong if document == row and tag > 4] for row in range(3)]
    assert len(right) == 5 and [len(tags) for tags in hard] == [50, 0, 100]
    assert set(hard[0]) == {10, 11}, "a right tag among the hard ones is left out"


def test_random_wrong_tags_are_all_tags_in_use_and_equally_likely() -> None:
    _, wrong = drawn(examples([[2, 5], [0, 2, 7], [9]]), 2000)
    first = np.bincount([tag for document, tag in wrong if document == 0], minlength=12)
    assert set(np.flatnonzero(first).tolist()) == {0, 7, 9} and first[[0, 7, 9]].min() > 1200


def test_a_document_with_all_tags_has_wrong_ones_only_where_they_are_hard() -> None:
    assert drawn(examples([[0, 1], [1]]), 4)[1] == [(1, 0)] * 4
    assert drawn(examples([[0], [0]], [[7], []]), 4)[1] == [(0, 7)] * 2


def test_the_same_seed_draws_the_same_pairs_and_another_one_others() -> None:
    made = examples([[0], [1], [2, 3]])
    assert drawn(made, 3) == drawn(made, 3) != drawn(made, 3, seed=1)


def test_documents_without_words_or_tags_are_left_out_and_two_must_remain() -> None:
    made = examples([[0], [], [1], [2]])
    made.documents[3] = 0
    assert made.usable.tolist() == [0, 2]
    with pytest.raises(InputError, match="1 documents have words and tags"):
        _ = examples([[0], []]).usable


def test_the_parts_of_a_split_share_no_document_and_are_never_empty() -> None:
    made = examples([[0]] * 10)
    for share in (0.01, 0.3, 0.99):
        learned, held_out = made.split(share, 0)
        assert len(learned) >= 1 <= len(held_out)
        assert sorted([*learned, *held_out]) == list(range(10))
    assert len(made.split(0.3, 0)[1]) == 3


def test_examples_are_named_by_all_they_hold() -> None:
    other = examples([[0], [1]])
    other.tags[0] = 5
    found = [examples([[0], [1]]), examples([[0], [2]]), examples([[0], [1]], [[3], []]), other]
    assert len({one.hash for one in found}) == 4
    assert examples([[0], [1]]).hash == found[0].hash


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"head": "tail"}, "head is 'tail', but must be one of concat, compared"),
        ({"epochs": 0}, "epochs is 0"),
        ({"negatives": 0}, "negatives is 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dev": 0.0}, "dev is 0.0"),
    ],
)
def test_a_setting_out_of_range_is_refused(option: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        PairTraining(**option)
