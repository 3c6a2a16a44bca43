"""The promises of an encoder and of an index."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tagwright.encoders.base import Encoder, LearningEncoder, Vectors, unit_rows
from tagwright.errors import NotFittedError, ProjectError
from tagwright.indexes.base import Index, Neighbours
from tagwright.testing.sample import documents, vocabulary
from tagwright.testing.tables import code_in, refuses

_TEXTS = (
    "Beekeeping",
    "Ships and railways of the coast.",
    "the",
    "",
    " \n\t",
    "Honey " * 400,
    "Beekeeping",
    "lone \ud800",
)
_ROWS, _WIDTH = 40, 8


def check_encoder(make: Callable[[], Encoder]) -> None:
    """Fails with the promise of `Encoder` that the encoder breaks; ``make`` gives a new one.

    One that learns is fitted on the sample here, any other must be able to encode at once.
    """
    encoder = make()
    if isinstance(encoder, LearningEncoder):
        assert refuses(lambda: encoder.encode(_TEXTS), NotFittedError), "work before fit raises NotFittedError"
        assert encoder.fit(documents(), vocabulary()) is encoder, "fit returns the encoder itself"
    vectors = encoder.encode(_TEXTS)
    assert vectors.dtype == np.float32 and vectors.shape == (len(_TEXTS), encoder.width), "(n_texts, width) float32"
    lengths = np.linalg.norm(vectors, axis=1)
    assert (np.isclose(lengths, 1, atol=1e-4) | (lengths == 0)).all(), "rows have length 1, or are zeros"
    assert not vectors[3].any() and not vectors[4].any(), "an empty or blank text is a row of zeros"
    assert encoder.encode([]).shape == (0, encoder.width), "no texts make no rows"
    for row, text in zip(vectors, _TEXTS, strict=True):
        assert encoder.encode([text])[0].tobytes() == row.tobytes(), "a vector does not depend on its company"
    with ThreadPoolExecutor(4) as pool:
        found = {rows.tobytes() for rows in pool.map(encoder.encode, [_TEXTS] * 8)}
    assert found == {vectors.tobytes()}, "threads change nothing"
    with tempfile.TemporaryDirectory() as name:
        encoder.save(Path(name) / "a")
        (Path(name) / "a").rename(Path(name) / "b")
        assert not code_in(Path(name)), "saved files hold data, not code"
        moved = make().load(Path(name) / "b")
        assert moved.encode(_TEXTS).tobytes() == vectors.tobytes(), "a loaded encoder answers alike, to the byte"
        assert (moved.width, moved.fingerprint) == (encoder.width, encoder.fingerprint), "and names itself alike"


def check_index(make: Callable[[], Index]) -> None:
    """Fails with the promise of `Index` that the index breaks; ``make`` gives a new one."""
    random = np.random.default_rng(0)
    rows, queries = (_units(random, number) for number in (_ROWS, 5))
    assert refuses(lambda: make().search(queries, 3), NotFittedError), "work before build raises NotFittedError"
    index = make()
    assert index.build(rows) is index and len(index) == _ROWS, "build returns the index itself"
    assert refuses(lambda: make().tune(queries), NotFittedError)
    assert index.tune(queries) is index, "and so does tune"
    found = index.search(queries, 10)
    assert found.positions.dtype == np.int64 and found.similarities.dtype == np.float32
    assert (np.diff(found.similarities, axis=1) <= 0).all(), "similarities, not distances: the nearest comes first"
    exact = np.take_along_axis(queries @ rows.T, found.positions, axis=1)
    assert np.allclose(exact, found.similarities, atol=0.02), "a similarity is the inner product"
    best = (queries @ rows.T).argmax(axis=1)
    assert all(top in near for top, near in zip(best, found.positions, strict=True)), "the nearest row is found"
    assert index.search(queries, 10 * _ROWS).positions.shape[1] == _ROWS, "fewer rows than asked for give fewer answers"
    assert all(_alike(index.search(queries[[n]], 10), _row(found, n)) for n in range(5)), "company changes nothing"
    assert index.add(rows[:2]).tolist() == [_ROWS, _ROWS + 1], "an added row gets the next position"
    kept = index.vectors(np.array([_ROWS + 1, 0]))
    assert kept.dtype == np.float32 and np.allclose(kept, rows[[1, 0]], atol=0.02), "vectors gives rows by position"
    index.remove([_ROWS, _ROWS + 1, 10**6])
    assert _alike(index.search(queries, 10), found), "what was added and removed leaves nothing"
    with tempfile.TemporaryDirectory() as name:
        assert refuses(lambda: make().load(Path(name)), ProjectError), "a folder without an index raises ProjectError"
        index.save(Path(name) / "a")
        assert not code_in(Path(name)), "saved files hold data, not code"
        assert _alike(make().load(Path(name) / "a").search(queries, 10), found), "a loaded index answers alike"


def _units(random: np.random.Generator, n: int) -> Vectors:
    return unit_rows(random.standard_normal((n, _WIDTH)))


def _row(found: Neighbours, row: int) -> Neighbours:
    return Neighbours(found.positions[[row]], found.similarities[[row]])


def _alike(one: Neighbours, other: Neighbours) -> bool:
    return np.array_equal(one.positions, other.positions) and np.array_equal(one.similarities, other.similarities)
