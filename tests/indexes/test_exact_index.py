"""The index that compares all: rows kept as int8, files that do not belong together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tagwright.errors import ConfigError, FormatError, ProjectError
from tagwright.indexes.exact import Exact


def units(n: int, width: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_int8_rows_are_steps_of_a_127th_of_their_largest_number() -> None:
    index = Exact("int8").build(np.array([[1.0, -0.5, 0.0], [0, 0, 0]], dtype=np.float32))
    assert index.base_.values.tolist() == [[127, -64, 0], [0, 0, 0]]
    found = index.search(np.array([[0, 1, 0]], dtype=np.float32), 2)
    assert found.positions.tolist() == [[1, 0]]
    assert found.similarities[0] == pytest.approx([0, -64 / 127])


def test_int8_keeps_nearly_all_neighbours() -> None:
    rows, queries = units(2000, 64), units(20, 64, seed=1)
    full, small = (Exact(kind).build(rows).search(queries, 50).positions for kind in ("float32", "int8"))
    shared = np.mean([len(set(a) & set(b)) for a, b in zip(full, small, strict=True)])
    assert shared > 48


def test_int8_rows_answer_alike_in_any_company_grow_and_come_back(tmp_path: Path) -> None:
    rows, queries = units(500, 24), units(70, 24, seed=1)
    index = Exact("int8").build(rows[:400])
    index.add(rows[400:])
    index.save(tmp_path)
    together = Exact().load(tmp_path).search(queries, 9)
    for row in (0, 69):
        alone = index.search(queries[row : row + 1], 9)
        assert alone.similarities.tobytes() == together.similarities[row].tobytes()
    assert (tmp_path / "rows.npy").stat().st_size < rows.nbytes / 3


def test_the_number_of_threads_changes_no_bit() -> None:
    rows, queries = units(5000, 96), units(40, 96, seed=1)
    answers = set()
    for threads in (1, 2, 4):
        with threadpool_limits(threads):
            found = Exact().build(rows).search(queries, 30)
        answers.add((found.positions.tobytes(), found.similarities.tobytes()))
    assert len(answers) == 1


def test_rows_much_longer_than_one_are_compared_as_exactly() -> None:
    rows = units(300, 16) * np.float32(1000)
    queries = units(5, 16, seed=1)
    found = Exact().build(rows).search(queries, 7).positions
    assert found.tolist() == np.argsort(-(queries.astype(float) @ rows.T.astype(float)), axis=1)[:, :7].tolist()


def test_what_is_mapped_is_not_copied_and_the_caller_s_array_not_written() -> None:
    rows = units(10, 4)
    before = rows.copy()
    index = Exact().build(rows)
    index.add(rows[:2])
    index.remove([0])
    index.search(rows, 3)
    assert np.array_equal(rows, before)


def test_an_unknown_form_of_rows_is_refused() -> None:
    with pytest.raises(ConfigError, match="int4"):
        Exact("int4").build(units(2, 2))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "damage", ["removed.npy", "scales.npy", "rows.npy", "steps.npy", "rows", "built", "format", "kind"]
)
def test_files_that_do_not_belong_together_are_refused(damage: str, tmp_path: Path) -> None:
    Exact("float16").build(units(5, 4)).save(tmp_path)
    settings = tmp_path / "index.json"
    said = json.loads(settings.read_text())
    if damage.endswith("npy"):
        np.save(tmp_path / damage, np.zeros((3, 4), np.float32))
    else:
        wrong = {"rows": "int8", "built": 9, "format": 9, "kind": "ivf"}
        settings.write_text(json.dumps({**said, damage: wrong[damage]}))
    with pytest.raises(FormatError if damage in ("format", "kind") else ProjectError, match=str(tmp_path)):
        Exact().load(tmp_path)


def test_float16_rows_are_chosen_by_their_steps_and_none_that_is_near_is_missed(tmp_path: Path) -> None:
    rows, queries = units(3000, 32), units(30, 32, seed=1)
    exact = queries.astype(float) @ rows.astype(np.float16).astype(float).T
    index = Exact("float16").build(rows[:2500])
    index.add(rows[2500:])
    assert index.base_.steps is not None and index.base_.off > 0
    index.save(tmp_path)
    for one in (index, Exact().load(tmp_path)):
        assert one.search(queries, 40).positions.tolist() == np.argsort(-exact, axis=1)[:, :40].tolist()


def test_rows_of_very_different_lengths_are_all_found_by_their_steps() -> None:
    rows = units(400, 8) * np.logspace(-3, 3, 400, dtype=np.float32)[:, None]
    exact = rows[:9].astype(float) @ rows.astype(np.float16).astype(float).T
    found = Exact("float16").build(rows).search(rows[:9], 20).positions
    assert found.tolist() == np.argsort(-exact, axis=1)[:, :20].tolist()


def test_what_was_found_in_a_tail_stays_as_it_is_while_it_grows() -> None:
    index = Exact("float16").build(units(3, 4))
    held = []
    for number in range(200):
        index.add(units(1, 4, seed=number))
        held.append((index.tail_.rows, index.tail_.rows.values.copy()))
    assert all(np.array_equal(rows.values, before) for rows, before in held)
    assert np.array_equal(
        index.vectors(np.array([202, 0])), np.concatenate([units(1, 4, seed=199), units(3, 4)[:1]]).astype(np.float16)
    )
