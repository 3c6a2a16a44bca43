"""The groups that a cross-encoder is taught with: a right tag is never a wrong one, and chance hangs on the step."""

from __future__ import annotations

from math import log2
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.training.crossgroups import Groups, level, ndcg
from tagwright.training.lessons import Lessons
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

TAGS = 12
VOCABULARY = Vocabulary.from_tags([Tag(f"t:{n}", f"Tag {n}") for n in range(TAGS)])


def lessons(gold: list[Any], wrong: list[Any]) -> Lessons:
    documents = [Document(f"d{n}", "text") for n in range(len(gold))]
    return Lessons(documents, *([np.array(sorted(row), dtype=np.int32) for row in rows] for rows in (gold, wrong)),
                   VOCABULARY)  # fmt: skip


def groups(of: Lessons, **options: Any) -> Groups:
    return Groups(of, **{"batch": 3, "wrong": 2, "most": 8, "seed": 0, **options})


def shown(found: list[Any]) -> list[Any]:
    return [(group.row, group.wrong.tolist(), group.right.tolist()) for group in found]


tags = st.sets(st.integers(0, TAGS - 1), min_size=1, max_size=5)


@given(st.lists(st.tuples(tags, st.sets(st.integers(0, TAGS - 1))), min_size=2, max_size=6), st.integers(0, 20))
def test_a_right_tag_is_never_a_wrong_one_and_no_tag_comes_twice(rows: list[Any], step: int) -> None:
    of = lessons([gold for gold, _ in rows], [wrong for _, wrong in rows])
    made = groups(of, batch=2)
    for group in [*(made.step(step) if len(made.rows) else []), *made.all()]:
        gold = set(of.gold[group.row].tolist())
        assert set(group.right.tolist()) == gold and not set(group.wrong.tolist()) & gold
        assert len(set(group.tags.tolist())) == len(group.tags) and 1 <= len(group.wrong)


def test_every_document_comes_once_an_epoch_and_its_wrong_tags_are_drawn_anew() -> None:
    of = lessons([{n} for n in range(6)], [set(range(TAGS)) - {n} for n in range(6)])
    made, again = groups(of), groups(of)
    epochs = [[group for place in (0, 1) for group in made.step(2 * epoch + place)] for epoch in range(4)]
    assert made.steps == 2 and all(sorted(group.row for group in epoch) == list(range(6)) for epoch in epochs)
    drawn = {tuple(group.wrong.tolist()) for epoch in epochs for group in epoch if group.row == 3}
    assert len(drawn) == 4
    assert shown(again.step(5)) == shown(made.step(5)), "a step depends on its number, not on what came before"
    assert shown(groups(of, seed=1).step(5)) != shown(made.step(5))


def test_wrong_tags_are_the_likely_ones_and_only_where_these_do_not_suffice_others_that_are_used() -> None:
    of = lessons([{0}, {1}, {2, 3}], [{7, 8, 9}, {9}, set()])
    first, second, third = sorted(groups(of).step(0), key=lambda group: group.row)
    assert set(first.wrong.tolist()) < {7, 8, 9} and len(first.wrong) == 2
    assert second.wrong[0] == 9 and second.wrong[1] in {0, 2, 3}
    assert set(third.wrong.tolist()) == {0, 1}
    assert shown(groups(of).all())[:2] == [(0, [7, 8, 9], [0]), (1, [9], [1])]


def test_a_document_that_has_every_tag_is_left_out_and_of_too_many_right_ones_some_are_drawn() -> None:
    of = lessons([set(range(8)), {1}], [set(), set()])
    assert groups(of).rows.tolist() == [1]
    assert groups(lessons([{1}, {1}], [{1}, set()])).rows.tolist() == []
    many = lessons([set(range(8))], [{9, 10, 11}])
    (group,) = groups(many, most=5).step(0)
    assert len(group.right) == 3 and set(group.right.tolist()) < set(range(8)) and len(group.wrong) == 2


def test_the_order_of_a_group_is_scored_by_hand_and_ties_count_against_the_right_tags() -> None:
    assert ndcg(np.array([0.1, 0.2, 0.9]), 2) == 1.0
    assert ndcg(np.array([0.5, 0.1, 0.9, 0.2]), 2) == pytest.approx((1 + 1 / log2(4)) / (1 + 1 / log2(3)))
    assert ndcg(np.zeros(3), 2) == pytest.approx(1 / log2(4))
    assert ndcg(np.arange(20, 0, -1.0), 19) == 0.0


def test_the_level_makes_probabilities_add_up_to_what_is_right() -> None:
    assert level(np.array([3.0, 3.0]), np.array([True, False])) == pytest.approx(-3)
    logits, right = np.random.default_rng(0).normal(40, 3, 50), np.arange(50) < 7
    moved = logits + level(logits, right)
    assert np.sum(1 / (1 + np.exp(-moved))) == pytest.approx(7)
