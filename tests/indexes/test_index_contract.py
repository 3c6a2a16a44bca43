"""What every kind of index promises, parametrised over the registry: a new line there is tested here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.errors import NotFittedError, ProjectError
from tagwright.indexes.base import Index
from tagwright.registry import names, resolve

AXES = np.eye(4, dtype=np.float32)


@pytest.fixture(params=names("index"))
def kind(request: pytest.FixtureRequest) -> type[Index]:
    return resolve("index", request.param)


def units(n: int, width: int = 8, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_nearest_come_first_with_similarities_and_not_distances(kind: type[Index]) -> None:
    query = np.array([[0.6, 0.0, 0.8, 0.0]], dtype=np.float32)
    found = kind().build(AXES).search(query, 3)
    assert found.positions.tolist() == [[2, 0, 1]]
    assert found.similarities[0] == pytest.approx([0.8, 0.6, 0.0], abs=1e-6)
    assert found.positions.dtype == np.int64 and found.similarities.dtype == np.float32


def test_equally_similar_rows_come_by_position(kind: type[Index]) -> None:
    rows = np.concatenate([AXES, AXES, np.zeros((1, 4), np.float32)])
    assert kind().build(rows).search(AXES[:1], 9).positions.tolist() == [[0, 4, 1, 2, 3, 5, 6, 7, 8]]


def test_a_query_of_zeros_is_answered_by_position(kind: type[Index]) -> None:
    found = kind().build(AXES).search(np.zeros((1, 4), np.float32), 2)
    assert found.positions.tolist() == [[0, 1]] and not found.similarities.any()


def test_fewer_rows_than_asked_for_give_fewer_answers(kind: type[Index]) -> None:
    index = kind().build(AXES)
    assert index.search(AXES[:2], 10).positions.shape == (2, 4)
    index.remove([0, 1, 2, 3])
    assert len(index) == 0 and index.search(AXES, 10).positions.shape == (4, 0)
    assert kind().build(np.zeros((0, 4), np.float32)).search(AXES, 3).positions.shape == (4, 0)


def test_no_queries_give_no_answers(kind: type[Index]) -> None:
    assert kind().build(AXES).search(np.zeros((0, 4), np.float32), 2).positions.shape == (0, 2)


def test_added_rows_are_found_under_their_positions(kind: type[Index]) -> None:
    index = kind().build(AXES[:2])
    assert index.add(AXES[2:]).tolist() == [2, 3]
    assert index.add(AXES[:0]).tolist() == []
    assert len(index) == 4 and index.search(AXES, 1).positions.ravel().tolist() == [0, 1, 2, 3]


def test_removed_rows_are_never_found_and_their_positions_not_used_again(kind: type[Index]) -> None:
    index = kind().build(AXES)
    index.remove([1, 1, 99, -1])
    assert len(index) == 3 and 1 not in index.search(AXES, 4).positions
    assert index.add(AXES[1:2]).tolist() == [4]
    assert index.search(AXES[1:2], 1).positions.tolist() == [[4]]


def test_adding_and_then_removing_gives_what_was_there_before(kind: type[Index]) -> None:
    rows, queries = units(50), units(7, seed=1)
    index = kind().build(rows)
    before = index.search(queries, 10)
    index.remove(index.add(units(20, seed=2)))
    after = index.search(queries, 10)
    assert all(one.tobytes() == two.tobytes() for one, two in zip(before, after, strict=True))


def test_adding_gives_what_building_with_all_gives(kind: type[Index]) -> None:
    rows, queries = units(60), units(5, seed=1)
    grown = kind().build(rows[:40])
    grown.add(rows[40:55])
    grown.add(rows[55:])
    one, two = grown.search(queries, 12), kind().build(rows).search(queries, 12)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one, two, strict=True))


def test_the_answer_to_a_query_is_the_same_bit_for_bit_in_any_company(kind: type[Index]) -> None:
    index = kind().build(units(3000, 48))
    queries = units(150, 48, seed=3)
    together = index.search(queries, 20)
    for row in (0, 63, 64, 149):
        alone = index.search(queries[row : row + 1], 20)
        assert alone.positions.tobytes() == together.positions[row].tobytes()
        assert alone.similarities.tobytes() == together.similarities[row].tobytes()


def test_what_was_saved_and_moved_answers_alike_and_can_grow_and_be_saved_again(
    kind: type[Index], tmp_path: Path
) -> None:
    index, queries = kind().build(units(30)), units(4, seed=1)
    index.add(units(5, seed=2))
    index.remove([3, 31])
    index.save(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    loaded = kind().load(tmp_path / "b")
    expected = index.search(queries, 40)
    assert len(loaded) == 33
    assert all(a.tobytes() == b.tobytes() for a, b in zip(expected, loaded.search(queries, 40), strict=True))
    loaded.add(units(2, seed=5))
    index.add(units(2, seed=5))
    loaded.save(tmp_path / "b")
    again, expected = kind().load(tmp_path / "b").search(queries, 40), index.search(queries, 40)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(expected, again, strict=True))


def test_work_before_build_is_refused(kind: type[Index], tmp_path: Path) -> None:
    for work in (lambda i: i.search(AXES, 1), lambda i: i.add(AXES), lambda i: i.remove([0]), len):
        with pytest.raises(NotFittedError):
            work(kind())
    with pytest.raises(ProjectError):
        kind().load(tmp_path)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 50), st.integers(0, 2**16))
def test_it_finds_what_a_plain_sort_finds(n: int, width: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-3, 4, (n, width)).astype(np.float32)  # whole numbers: products are exact, ties are many
    queries = rng.integers(-3, 4, (3, width)).astype(np.float32)
    for name in names("index"):
        found = resolve("index", name)().build(rows).search(queries, k)
        for query, positions in zip(queries, found.positions, strict=True):
            expected = sorted(range(n), key=lambda row: (-float(rows[row] @ query), row))[:k]
            assert positions.tolist() == expected
