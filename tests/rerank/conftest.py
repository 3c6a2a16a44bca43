"""Pair models made by hand, in a plane: two numbers a vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.rerank.pairs import ARRAYS, MANIFEST, Pairs, sizes
from tagwright.testing import Told
from tagwright.types import Tag
from tagwright.vocabulary.base import Vocabulary

Arrays = dict[str, np.ndarray[Any, Any]]

TOLD = Told({"east": (1.0, 0.0), "north": (0.0, 1.0), "both": (0.6, 0.8), "Oak": (1.0, 0.0), "Elm": (0.0, 1.0),
             "Ash": (0.8, 0.6), "Fir": (0.6, 0.8)})  # fmt: skip


@pytest.fixture
def arrays() -> Callable[..., Arrays]:
    """Whole numbers as weights, so that every sum is exact: ``arrays("concat", width=4, seed=1)``."""

    def make(head: str, *, width: int, seed: int = 0) -> Arrays:
        random, lengths, made = np.random.default_rng(seed), sizes(head, width), {}
        for place in range(3):
            shape = (lengths[place + 1], lengths[place])
            made[ARRAYS[2 * place]] = random.integers(-1, 2, shape).astype(np.float32)
            made[ARRAYS[2 * place + 1]] = random.integers(-1, 2, shape[:1]).astype(np.float32)
        return made

    return make


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """The folder of a pair model: ``written(arrays, encoder=…, head=…)``."""

    def write(weights: Mapping[str, Any], *, name: str = "model", **said: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file, values in weights.items():
            np.save(folder / f"{file}.npy", values)
        Seen.from_ids(["d1", "d2"]).write(folder)
        Folder.write(folder, MANIFEST, {"head": "concat", "width": 2, "encoder": TOLD.fingerprint, **said})
        return folder

    return write


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.from_tags([Tag(name, name) for name in ("Oak", "Elm", "Ash", "Fir")], language="")


@pytest.fixture
def model(arrays: Callable[..., Arrays], written: Callable[..., Path]) -> Path:
    return written(arrays("concat", width=2))


@pytest.fixture
def reranker(vocabulary: Vocabulary) -> Callable[..., Pairs]:
    """A pair model beside its encoder: ``reranker(folder, k=2)``."""

    def make(folder: Path, encoder: Any = TOLD, **options: Any) -> Pairs:
        meaning = MeaningSpace(encoder)
        points = TagPoints(meaning).fit(vocabulary)
        return Pairs(name="pairs", meaning=meaning, tag_points=points, model=str(folder), **options)

    return make
