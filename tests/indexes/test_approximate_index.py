"""The kinds that look at a part of the rows: what they find of the exact ones, and that they keep their word there."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.errors import ConfigError, MissingExtraError, ProjectError
from tagwright.indexes.approximate import Approximate
from tagwright.indexes.auto import Auto
from tagwright.indexes.exact import Exact
from tagwright.indexes.ivf import Ivf
from tagwright.indexes.milvus import Milvus
from tagwright.indexes.usearch import Usearch
from tagwright.testing import check_index

Make = Callable[[], Approximate]
SERVER = os.environ.get("TAGWRIGHT_MILVUS_URI", "")


def made_by(kind: type[Any], library: str, **options: Any) -> Any:
    """Makes indexes that have their structure from the first row on."""
    absent = pytest.mark.skipif(not _there(library), reason=f"{library} is not installed")
    name = kind.__name__ + ("-server" if "uri" in options else "")
    return pytest.param(partial(kind, least=0, **options), id=name, marks=absent)


def _there(library: str) -> bool:
    from importlib.util import find_spec

    return find_spec(library) is not None


KINDS = [
    made_by(Ivf, "faiss"), made_by(Usearch, "usearch"), made_by(Milvus, "milvus_lite"),
    *([made_by(Milvus, "pymilvus", uri=SERVER)] if SERVER else []),
]  # fmt: skip


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Make:
    return request.param


def clustered(n: int, width: int = 32, seed: int = 0) -> np.ndarray:
    """Rows around 60 centres, 0.8 away from them, of length 1."""
    centres = np.random.default_rng(99).standard_normal((60, width))
    random = np.random.default_rng(seed)
    rows = centres[random.integers(0, 60, n)] + 0.8 * random.standard_normal((n, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def spread(n: int, width: int = 32, seed: int = 0) -> np.ndarray:
    """Rows of length 1 in all directions."""
    rows = np.random.default_rng(seed).standard_normal((n, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


ROWS, QUERIES = clustered(6000), clustered(40, seed=1)


def recall(found: np.ndarray, right: np.ndarray) -> float:
    """The share of the right positions that were found."""
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, right, strict=True)]))


def same(one: Any, other: Any) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_it_keeps_the_promise_of_every_index(make: Make) -> None:
    check_index(make)


def test_nearly_all_of_the_twenty_nearest_are_found_with_the_very_similarities_of_exact(make: Make) -> None:
    found, right = (index.build(ROWS).search(QUERIES, 20) for index in (make(), Exact("float16")))
    assert recall(found.positions, right.positions) >= 0.98
    alike = found.positions == right.positions
    assert alike.any() and np.array_equal(found.similarities[alike], right.similarities[alike])


def test_a_part_of_the_rows_is_compared_and_not_all(make: Make) -> None:
    index = make().build(ROWS)
    near, positions = index._choose(QUERIES, 20, index.removed_)
    assert len(positions) <= 100 * len(QUERIES) and set(near.tolist()) == set(range(len(QUERIES)))


def test_an_answer_is_the_same_bit_for_bit_alone_and_in_company(make: Make) -> None:
    index = make().build(ROWS)
    together = index.search(QUERIES, 20)
    for row in (0, 17, 39):
        alone = index.search(QUERIES[[row]], 20)
        assert same(alone, (together.positions[[row]], together.similarities[[row]]))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**16), st.integers(1, 60), st.integers(0, 380), st.integers(0, 300))
def test_whatever_comes_and_goes_k_different_rows_are_found_nearest_first_and_none_that_is_gone(
    seed: int, k: int, gone: int, added: int
) -> None:
    pytest.importorskip("faiss")
    random = np.random.default_rng(seed)
    rows = random.integers(-2, 3, (400 + added, 4)).astype(np.float32)  # whole numbers: many rows are alike
    index = Ivf(least=0, probes=1, compared=1).build(rows[:400])
    index.add(rows[400:])
    index.remove(removed := random.permutation(len(rows))[:gone])
    queries = random.integers(-2, 3, (3, 4)).astype(np.float32)
    found = index.search(queries, k)
    assert found.positions.shape == (3, min(k, len(rows) - gone)) and not np.isin(found.positions, removed).any()
    for query, positions, similarities in zip(queries, *found, strict=True):
        assert np.array_equal(rows[positions] @ query, similarities)
        assert [*positions] == sorted(set(positions), key=lambda row: (-float(rows[row] @ query), row))


def test_building_twice_gives_the_same_answers(make: Make) -> None:
    assert same(*(make().build(ROWS).search(QUERIES, 20) for _ in range(2)))


def test_tuned_by_queries_it_looks_no_further_than_it_takes_to_find_their_neighbours(tmp_path: Path) -> None:
    pytest.importorskip("faiss")
    rows, queries = spread(6000), spread(300, seed=1)
    right = Exact("float16").build(rows).search(queries, 20).positions
    index = Ivf(least=0).build(rows)
    few, all_of_them = (
        recall(Ivf(least=0, probes=n).build(rows).search(queries, 20).positions, right) for n in (4, 128)
    )
    assert few < 0.9 < all_of_them
    index.tune(queries[:200])
    reached = recall(index.search(queries[200:], 20).positions, right[200:])
    assert 0.97 <= reached and 32 <= index.tuned_ < 128
    index.save(tmp_path)
    loaded = Ivf().load(tmp_path)
    assert loaded.tuned_ == index.tuned_ and same(loaded.search(queries, 20), index.search(queries, 20))
    assert Ivf(least=0, probes=7).build(rows).tune(queries)._reach == 7, "what the settings say stays"
    assert Ivf(least=0).build(ROWS).tune(QUERIES).tuned_ < index.tuned_, "rows in groups need fewer cells"


def test_equally_similar_rows_count_as_found_whichever_of_them_it_is() -> None:
    pytest.importorskip("faiss")
    alike = np.repeat(spread(200), 30, axis=0)  # of each row 30, of which any 20 are the nearest of a query
    assert Ivf(least=0).build(alike).tune(alike[::60]).tuned_ == 32


def test_without_a_question_or_a_structure_there_is_nothing_to_tune(make: Make) -> None:
    index = make().build(ROWS[:500])
    assert index.tune(np.zeros((3, 32), dtype=np.float32)).tuned_ == 0
    assert type(index)(**({"uri": SERVER} if getattr(index, "uri", "") else {})).build(ROWS).tune(QUERIES).tuned_ == 0


def test_rows_added_later_are_found_beside_the_built_ones_and_taken_back_leave_nothing(make: Make) -> None:
    index = make().build(ROWS[:5000])
    before = index.search(QUERIES, 20)
    positions = np.concatenate([index.add(part) for part in (ROWS[5000:5400], ROWS[5400:5401], ROWS[5401:])])
    assert positions.tolist() == list(range(5000, 6000))
    assert np.array_equal(index.vectors(positions), ROWS[5000:].astype(np.float16))
    right = Exact("float16").build(ROWS).search(QUERIES, 20)
    assert recall(index.search(QUERIES, 20).positions, right.positions) >= 0.98
    assert index.search(ROWS[5999:], 1).positions.tolist() == [[5999]]
    index.remove(positions)
    assert same(index.search(QUERIES, 20), before)


def test_as_many_as_were_asked_for_are_found_where_most_of_a_neighbourhood_was_removed(make: Make) -> None:
    index, exact = make().build(ROWS), Exact("float16").build(ROWS)
    near = np.argsort(-(QUERIES[:1] @ ROWS.T)[0])[:1500]
    for one in (index, exact):
        one.remove(near)
    found, right = (one.search(QUERIES[:1], 20).positions for one in (index, exact))
    assert found.shape == (1, 20) and not set(found[0]) & set(near)
    index.remove(np.setdiff1d(np.arange(6000), right[0][:5]))
    assert index.search(QUERIES[:1], 20).positions.tolist() == [right[0][:5].tolist()]


def test_what_was_saved_answers_alike_grows_and_is_saved_again_into_the_same_folder(make: Make, tmp_path: Path) -> None:
    index = make().build(ROWS[:5000])
    index.add(ROWS[5000:])
    index.remove([3, 5001])
    index.save(tmp_path / "a")
    expected = index.search(QUERIES, 20)
    (tmp_path / "a").rename(tmp_path / "b")
    loaded = make().load(tmp_path / "b")
    assert len(loaded) == 5998 and same(loaded.search(QUERIES, 20), expected)
    more = clustered(30, seed=5)
    assert loaded.add(more).tolist() == list(range(6000, 6030))
    loaded.save(tmp_path / "b")
    loaded.save(tmp_path / "c")
    for folder in ("b", "c"):
        assert same(make().load(tmp_path / folder).search(QUERIES, 20), loaded.search(QUERIES, 20))
    assert not list(tmp_path.rglob("*.pkl"))


@pytest.mark.parametrize(("kind", "file"), [(Ivf, "cells.faiss"), (Usearch, "base.usearch")])
def test_a_damaged_file_of_a_library_is_refused_by_name(kind: type[Any], file: str, tmp_path: Path) -> None:
    pytest.importorskip({"cells.faiss": "faiss", "base.usearch": "usearch"}[file])
    kind(least=0).build(ROWS[:500]).save(tmp_path)
    kind(least=0).build(ROWS[:400]).save(tmp_path / "other")
    (tmp_path / file).write_bytes((tmp_path / "other" / file).read_bytes())
    with pytest.raises(ProjectError, match="do not belong together"):
        kind().load(tmp_path)
    (tmp_path / file).write_bytes(b"nothing of the kind")
    with pytest.raises(ProjectError, match=str(tmp_path)):
        kind().load(tmp_path)


def test_the_graph_takes_in_what_comes_later_so_that_growing_stays_quick(tmp_path: Path) -> None:
    pytest.importorskip("usearch")
    index = Usearch(least=1000).build(ROWS[:2000])
    index.add(ROWS[2000:2900])
    assert index._graphs[1] is None
    index.add(ROWS[2900:5000])
    index.add(ROWS[5000:])
    assert len(index._graphs[1]) == 4000 and len(index._choose(QUERIES, 20, index.removed_)[1]) == 200 * len(QUERIES)
    assert recall(index.search(QUERIES, 20).positions, Exact().build(ROWS).search(QUERIES, 20).positions) >= 0.98


def test_a_search_sees_all_of_what_another_thread_adds_or_nothing_of_it() -> None:
    pytest.importorskip("faiss")
    index, stop = Ivf(least=0).build(ROWS[:3000]), threading.Event()

    def change() -> None:
        while not stop.is_set():
            index.remove(index.add(ROWS[3000:3050])[:40])

    worker = threading.Thread(target=change)
    worker.start()
    try:
        found = [index.search(QUERIES[:2], 20) for _ in range(60)]
    finally:
        stop.set()
        worker.join()
    assert all(one.positions.shape == (2, 20) and (np.diff(one.similarities) <= 0).all() for one in found)


def test_auto_compares_all_rows_below_its_size_and_makes_cells_above(tmp_path: Path) -> None:
    pytest.importorskip("faiss")
    small, large = Auto(exact_below=2001).build(ROWS[:2000]), Auto(exact_below=2000).build(ROWS[:2000])
    assert isinstance(small.index_, Exact) and isinstance(large.index_, Ivf)
    for name, index in (("small", small), ("large", large)):
        index.save(tmp_path / name)
        loaded = Auto().load(tmp_path / name)
        assert type(loaded.index_) is type(index.index_) and same(loaded.search(QUERIES, 5), index.search(QUERIES, 5))


def test_without_its_library_a_kind_names_the_extra_and_auto_compares_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("faiss", "usearch", "usearch.index", "pymilvus"):
        monkeypatch.setitem(__import__("sys").modules, library, None)
    for kind, extra in ((Ivf, "index"), (Usearch, "index"), (Milvus, "milvus")):
        with pytest.raises(MissingExtraError, match=rf"tagwright\[{extra}\]"):
            kind(least=0).build(ROWS[:500])
    monkeypatch.setattr(Ivf, "installed", staticmethod(lambda: False))
    assert isinstance(Auto(exact_below=10).build(ROWS[:500]).index_, Exact)


def test_a_token_of_milvus_comes_from_the_environment_and_is_never_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="MILVUS_TOKEN_OF_TESTS is not set"):
        Milvus(uri="http://localhost:19530", key="MILVUS_TOKEN_OF_TESTS")
    with pytest.raises(ConfigError, match=r"index\.uri"):
        Milvus(uri="somewhere.db")
    monkeypatch.setenv("MILVUS_TOKEN_OF_TESTS", "secret")
    index = Milvus(uri="http://localhost:19530", key="MILVUS_TOKEN_OF_TESTS").build(ROWS[:100])
    index.save(tmp_path)
    assert "secret" not in (tmp_path / "index.json").read_text() and "secret" not in repr(index)


def test_a_server_that_is_not_there_is_named_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pymilvus")
    monkeypatch.setenv("MILVUS_TOKEN_OF_TESTS", "secret")
    index = Milvus(uri="http://127.0.0.1:9", key="MILVUS_TOKEN_OF_TESTS", least=0, timeout=0.2)
    with pytest.raises(ProjectError, match=r"127\.0\.0\.1:9") as caught:
        index.build(ROWS[:500])
    assert "secret" not in str(caught.value)


def test_what_was_left_half_done_in_milvus_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("milvus_lite")
    index = Milvus(least=0).build(ROWS[:3000])
    expected = index.search(QUERIES, 20)
    with index._asked() as client:
        client.delete(index._collection, ids=list(range(100)))
    assert not index._whole(client, 3000)
    index._send(client, ROWS[:3000])
    assert index._whole(client, 3000) and recall(index.search(QUERIES, 20).positions, expected.positions) > 0.98
    index.save(tmp_path)
    said = json.loads((tmp_path / "index.json").read_text())
    (tmp_path / "index.json").write_text(json.dumps({**said, "collection": "another"}))
    with pytest.raises(ProjectError, match="does not have the rows"):
        Milvus().load(tmp_path)
