"""Tags as points: their rows while they come and go, the nearest by an index, and what is on the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.errors import ConfigError
from tagwright.indexes.exact import Exact
from tagwright.recall import tagpoints
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.testing import Told
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

TOLD = {"Apples": (1, 0, 0), "Bells": (0, 1, 0), "Clocks": (0, 0, 1), "Doors": (0.6, 0.8, 0), "Eggs": (0.8, 0, 0.6)}


def vocabulary(*names: str) -> Vocabulary:
    return Vocabulary.from_tags([Tag(name, name) for name in names])


def points(**options: Any) -> TagPoints:
    return TagPoints(MeaningSpace(Told(TOLD)), **options).fit(vocabulary("Apples", "Bells", "Clocks"))


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int32)


def near(made: TagPoints, *point: float, k: int = 9) -> dict[int, float]:
    found = made.nearest(np.array([point], dtype=np.float32), k)
    return {tag: round(cosine, 3) for tag, cosine in zip(found.tags.tolist(), found.cosines.tolist(), strict=True)}


def test_the_nearest_tags_come_with_their_cosines() -> None:
    assert near(points(), 0.6, 0, 0.8, k=2) == {2: 0.8, 0: 0.6}
    found = points().nearest(np.eye(3, dtype=np.float32), 1)
    assert found.rows.tolist() == [0, 1, 2] and found.tags.tolist() == [0, 1, 2]


def test_a_new_tag_is_found_at_once_and_a_changed_one_where_it_is_now() -> None:
    made = points()
    grown = vocabulary("Apples", "Eggs", "Clocks", "Doors")  # the second one is called otherwise now
    made.add_tags(grown, ints(1, 3))
    assert made.tags.tolist() == [0, 2, 1, 3] and made.rows(ints(3, 1, 2, 9)).tolist() == [3, 2, 1, -1]
    assert near(made, 0, 1, 0) == {0: 0, 1: 0, 2: 0, 3: 0.8}
    assert made.vectors == pytest.approx(
        np.array([TOLD[name] for name in ("Apples", "Clocks", "Eggs", "Doors")]), abs=1e-3
    )
    rows = made.rows(ints(3, 9, 1))
    cosines = made.cosines(np.array([0, 0, 1]), rows, np.array([[1, 0, 0], [0, 0, 0]], np.float32))[0]
    assert cosines[:1] == pytest.approx([0.6], abs=1e-3) and np.isnan(cosines[1:]).all()


def test_what_came_back_as_it_was_leaves_the_same_answers() -> None:
    made, before = points(), near(points(), 0.6, 0.8, 0)
    made.add_tags(vocabulary("Apples", "Doors", "Clocks"), ints(1))
    assert near(made, 0.6, 0.8, 0) != before
    made.add_tags(vocabulary("Apples", "Bells", "Clocks"), ints(1))
    assert near(made, 0.6, 0.8, 0) == before


def test_saved_points_come_back_with_what_was_added_and_taken_out(tmp_path: Path) -> None:
    made = points()
    made.add_tags(vocabulary("Apples", "Eggs", "Clocks"), ints(1))
    made.save(tmp_path)
    for index in ({"kind": "auto"}, {"kind": "exact", "rows": "float16"}):
        loaded = TagPoints(made.meaning, index=index).load(tmp_path)
        assert loaded.tags.tolist() == [0, 2, 1] and np.array_equal(loaded.vectors, made.vectors)
        assert near(loaded, 0, 0, 1) == near(made, 0, 0, 1)
    assert json.loads((tmp_path / "points.json").read_text())["index"] == "auto"


def test_vectors_of_a_version_that_had_no_index_are_read(tmp_path: Path) -> None:
    made = points()
    np.save(tmp_path / "tags.npy", made.tags)
    np.save(tmp_path / "vectors.npy", made.vectors.astype(np.float16))
    loaded = TagPoints(made.meaning).load(tmp_path)
    assert np.array_equal(loaded.vectors, made.vectors) and near(loaded, 0.6, 0, 0.8) == near(made, 0.6, 0, 0.8)


def test_the_kind_of_index_is_one_of_the_settings() -> None:
    made = points(index={"kind": "exact", "rows": "int8"})
    assert isinstance(made._have().found, Exact) and made._have().found.rows == "int8"
    with pytest.raises(ConfigError, match="ivff"):
        points(index={"kind": "ivff"})


def test_documents_tell_an_index_of_many_tags_how_far_it_has_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss")
    made = TagPoints(MeaningSpace(Told({**TOLD, "of apples": (1, 0, 0)})), index={"kind": "ivf", "least": 0})
    made.asking = [Document("1", "of apples")]
    assert made.fit(vocabulary(*TOLD))._have().found.tuned_ == 0, "so few are all compared"
    monkeypatch.setattr(tagpoints, "_TUNED_FROM", 3)
    assert made.fit(vocabulary(*TOLD))._have().found.tuned_ == 32
