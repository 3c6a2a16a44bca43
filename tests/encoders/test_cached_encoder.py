"""Each text is encoded once, and the cache changes no bit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from tagwright.encoders.cached import Cached
from tagwright.store.sqlite import SqliteStore


class Counting:
    """Vectors from the length of a text; remembers what it was asked."""

    width = 3

    def __init__(self, fingerprint: str = "one") -> None:
        self.fingerprint = fingerprint
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[len(text), 0.1, 1 / 3] for text in texts], dtype=np.float32).reshape(-1, 3)


class Memory(dict[str, bytes]):
    def get_many(self, keys):
        return {key: self[key] for key in keys if key in self}

    def put_many(self, values):
        self.update(values)


def test_each_text_is_encoded_once_even_within_a_call() -> None:
    encoder = Counting()
    cached = Cached(encoder, Memory())
    vectors = cached.encode(["a", "bb", "a"])
    assert encoder.asked == ["a", "bb"]
    assert cached.encode(["bb", "ccc"]).tobytes() == encoder.encode(["bb", "ccc"]).tobytes()
    assert encoder.asked == ["a", "bb", "ccc", "bb", "ccc"]
    assert vectors.tobytes() == Counting().encode(["a", "bb", "a"]).tobytes()


def test_another_model_finds_nothing_of_this_one() -> None:
    memory = Memory()
    Cached(Counting("one"), memory).encode(["a"])
    other = Counting("two")
    Cached(other, memory).encode(["a"])
    assert other.asked == ["a"] and len(memory) == 2


def test_a_value_of_the_wrong_size_is_computed_again() -> None:
    memory, encoder = Memory(), Counting()
    cached = Cached(encoder, memory)
    expected = cached.encode(["a"]).tobytes()
    memory.update({key: b"short" for key in memory})
    assert cached.encode(["a"]).tobytes() == expected
    assert encoder.asked == ["a", "a"]


def test_many_texts_are_kept_block_by_block_so_that_a_kill_loses_little() -> None:
    memory = Memory()

    class Failing(Counting):
        def encode(self, texts):
            if "900" in texts:
                raise KeyboardInterrupt
            return super().encode(texts)

    try:
        Cached(Failing(), memory).encode([str(number) for number in range(1000)])
    except KeyboardInterrupt:
        pass
    assert len(memory) == 512


def test_the_store_of_a_project_serves_as_the_cache(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(30)]
    first, second = Counting(), Counting()
    with closing(SqliteStore(tmp_path / "store.sqlite")) as store:
        vectors = Cached(first, store).encode(texts)
    with closing(SqliteStore(tmp_path / "store.sqlite")) as store:
        assert Cached(second, store).encode(texts).tobytes() == vectors.tobytes()
    assert first.asked == texts and second.asked == []
