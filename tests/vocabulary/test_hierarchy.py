"""What stands above what, and which tags another one makes redundant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary
from tagwright.vocabulary.hierarchy import ancestors, closure_from, closure_of, links_of, redundant, roots

#      0
#     1  2       6 is linked with nothing
#   3   4   5    (4 is below 2 as well)
TREE = [[], [0], [0], [1], [1, 2], [2], []]


def vocabulary(broader: list[list[int]]) -> Vocabulary:
    return Vocabulary.from_tags(
        Tag(f"t{n}", f"Tag {n}", broader=tuple(f"t{p}" for p in parents)) for n, parents in enumerate(broader)
    )


def mask(rows: list[list[int]], broader: list[list[int]]) -> list[list[bool]]:
    documents = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    found = redundant(documents, np.array([tag for row in rows for tag in row], dtype=np.int64), ancestors(broader))
    return [part.tolist() for part in np.split(found, np.cumsum([len(row) for row in rows])[:-1])]


def test_a_broader_tag_beside_its_narrower_one_is_redundant_by_any_number_of_steps() -> None:
    assert mask([[3, 0], [4, 2, 5], [3, 4], [0], [1, 3, 0], []], TREE) == [
        [False, True], [False, True, False], [False, False], [False], [True, False, True], [],
    ]  # fmt: skip


def test_what_stands_in_another_document_makes_nothing_redundant() -> None:
    assert mask([[0], [3], [1]], TREE) == [[False], [False], [False]]


def test_tags_that_are_broader_than_each_other_keep_each_other() -> None:
    assert mask([[0, 1], [0, 1, 2]], [[1], [0], [0]]) == [[False, False], [True, True, False]]


def test_tags_outside_the_closure_are_never_redundant() -> None:
    documents, tags = np.array([0, 0, 0]), np.array([-1, 99, 0])
    assert redundant(documents, tags, ancestors(TREE)).tolist() == [False, False, False]
    assert redundant(documents[:0], tags[:0], ancestors(TREE)).tolist() == []


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_the_mask_is_that_of_a_walk_upwards(seed: int, n: int) -> None:
    chance = np.random.default_rng(seed)
    broader = [chance.choice(n, size=chance.integers(0, 3) % (n + 1), replace=False).tolist() for _ in range(n)]
    rows = [chance.choice(n, size=chance.integers(0, n + 1), replace=False).tolist() for _ in range(4)]

    def above(tag: int) -> set[int]:
        found: set[int] = set()
        waiting = [tag]
        while waiting:
            fresh = set(broader[waiting.pop()]) - found
            found |= fresh
            waiting += fresh
        return found

    def expected(row: list[int], tag: int) -> bool:
        return any(tag in above(other) and other not in above(tag) for other in row if other != tag)

    assert mask(rows, broader) == [[expected(row, tag) for tag in row] for row in rows]


def test_the_root_of_everything_is_left_out_where_it_would_always_be_right() -> None:
    with_root = TREE[:6]
    assert roots(ancestors(with_root)) == [0]
    assert roots(ancestors(TREE)) == []  # one tag does not descend from it
    assert roots(ancestors([[]])) == []
    assert roots(ancestors([[1], [0]])) == []
    closure = closure_of(vocabulary(with_root), with_roots=False)
    assert closure is not None
    assert closure.toarray()[:, 0].tolist() == [False] * 6
    assert closure.toarray()[4].tolist() == [False, True, True, False, True, False]


def test_a_vocabulary_and_what_is_kept_of_it_have_the_same_closure() -> None:
    tags = vocabulary(TREE)
    kept = closure_from(links_of(tags))
    assert kept is not None
    assert (kept.toarray() == ancestors(TREE).toarray()).all()
    assert closure_of(tags).toarray().tolist() == kept.toarray().tolist()


@pytest.mark.parametrize("broader", [[], [[]], [[], []]])
def test_without_links_there_is_no_hierarchy(broader: list[list[int]]) -> None:
    assert closure_from({}) is None
    if broader:
        assert closure_of(vocabulary(broader)) is None
