"""What every kind of encoder promises, parametrised over the registry: a new line there is tested here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.encoders.base import Encoder, readable, unit_rows
from tagwright.encoders.cached import Cached
from tagwright.registry import names, resolve

HEAVY = {"onnx", "transformer"}
KINDS = [pytest.param(kind, marks=[pytest.mark.heavy] if kind in HEAVY else []) for kind in names("encoder")]
TEXTS = [
    "Beekeeping",
    "Wind erosion of soils in the loess belt, and a railway station.",
    "tea",
    "",
    " \n\t ",
    "Honey " * 400,
    "Beekeeping",
    "the hive and the honey of bees",
]


class Memory(dict[str, bytes]):
    """A store's cache, as a dictionary."""

    def get_many(self, keys):
        return {key: self[key] for key in keys if key in self}

    def put_many(self, values):
        self.update(values)


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "cached"])
def encoder(kind: str, encoder_of: Callable[[str], Encoder], request: pytest.FixtureRequest) -> Encoder:
    made = encoder_of(kind)
    return Cached(made, Memory()) if request.param else made


def test_rows_are_float32_of_length_one_and_blank_texts_are_zeros(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32 and vectors.shape == (len(TEXTS), encoder.width)
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths[[0, 1, 5, 7]] == pytest.approx([1, 1, 1, 1], abs=1e-5)
    assert not vectors[3].any() and not vectors[4].any()


def test_no_texts_make_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.width)
    assert encoder.encode([]).dtype == np.float32


def test_a_vector_is_the_same_bit_for_bit_alone_and_in_any_company(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    assert all(encoder.encode([text])[0].tobytes() == row.tobytes() for text, row in zip(TEXTS, together, strict=True))
    assert encoder.encode(TEXTS[::-1])[::-1].tobytes() == together.tobytes()
    assert encoder.encode(TEXTS * 20)[-len(TEXTS) :].tobytes() == together.tobytes()


def test_a_vector_is_the_same_bit_for_bit_from_several_threads_at_once(encoder: Encoder) -> None:
    expected = encoder.encode(TEXTS).tobytes()
    with ThreadPoolExecutor(4) as pool:
        assert {found.tobytes() for found in pool.map(encoder.encode, [TEXTS] * 12)} == {expected}


def test_like_texts_lie_nearer_than_unlike_ones(encoder: Encoder) -> None:
    honey, hive, rail = encoder.encode(["honey bees", "honey and bees", "railways"])
    assert honey @ hive > honey @ rail


def test_what_was_saved_and_moved_gives_the_same_vectors(encoder: Encoder, kind: str, tmp_path: Path) -> None:
    encoder.save(tmp_path / "here" / "deep")
    (tmp_path / "here").rename(tmp_path / "there")
    moved = resolve("encoder", kind)().load(tmp_path / "there" / "deep")
    assert moved.width == encoder.width and moved.fingerprint == encoder.fingerprint
    assert moved.encode(TEXTS).tobytes() == encoder.encode(TEXTS).tobytes()


def test_saving_over_what_was_loaded_changes_nothing(encoder: Encoder, kind: str, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    loaded = resolve("encoder", kind)().load(tmp_path)
    expected = loaded.encode(TEXTS).tobytes()
    loaded.save(tmp_path)
    assert resolve("encoder", kind)().load(tmp_path).encode(TEXTS).tobytes() == expected


def test_any_text_has_a_vector(encoder: Encoder) -> None:
    @settings(max_examples=30, deadline=None)
    @given(st.text(st.characters(exclude_categories=[])))  # lone surrogates too: JSON can bring them
    def holds(text: str) -> None:
        row = encoder.encode([text])[0]
        assert np.isfinite(row).all() and (not row.any() or abs(float(row @ row) - 1) < 1e-4)

    holds()


def test_a_fingerprint_stays(encoder: Encoder) -> None:
    assert encoder.fingerprint == encoder.fingerprint and len(encoder.fingerprint) > 16


@given(st.integers(1, 20), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_rows_are_scaled_one_by_one(n: int, width: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((n, width)).astype(np.float32)
    vectors[0] = 0
    units = unit_rows(vectors)
    assert all(unit_rows(row[None])[0].tobytes() == unit.tobytes() for row, unit in zip(vectors, units, strict=True))
    assert not units[0].any() and np.linalg.norm(units[1:], axis=1) == pytest.approx(np.ones(n - 1), abs=1e-5)


def test_a_model_reads_no_more_of_a_text_than_it_can_hold() -> None:
    assert readable("  a b \ud800", 8) == "a b ?"
    assert len(readable("word " * 100_000, 8)) == 8 * 64
    assert readable(" \n", 8) == ""
