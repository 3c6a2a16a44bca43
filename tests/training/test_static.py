"""Token vectors learn to stand for an encoder: nearer to it than its tokens alone, on texts they never saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tagwright.encoders.export import export
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.seen import Seen
from tagwright.encoders.static import Static
from tagwright.errors import InputError, OutputError
from tagwright.training.static import distil

pytestmark = pytest.mark.heavy
for library in ("torch", "sentence_transformers", "onnx", "onnxruntime", "safetensors"):
    pytest.importorskip(library)

WORDS = [f"word{n}" for n in range(60)]


@pytest.fixture(scope="module")
def model(make_sentences: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported encoder that was taught with one document."""
    out = tmp_path_factory.mktemp("exported") / "model"
    return export(str(make_sentences(WORDS)), out, precision="float32", seen=Seen.from_ids(["a"])).folder


def texts(n: int, words: int, seed: int) -> list[str]:
    chance = np.random.default_rng(seed)
    return [" ".join(chance.choice(WORDS, words)) for _ in range(n)]


def cosines(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return (found @ found.T - wanted @ wanted.T)[np.triu_indices(len(found), 1)]


def test_unseen_texts_lie_as_with_the_encoder_and_nearer_than_by_tokens_alone(model: Path, tmp_path: Path) -> None:
    done = distil(model, tmp_path / "out", [texts(600, 10, 0), texts(200, 2, 1)], width=99)
    assert (done.width, done.folder, len(done.cosines)) == (32, tmp_path / "out", 2)
    unseen = texts(100, 8, 2)
    wanted = Onnx(str(model)).encode(unseen)
    found = Static(str(done.folder)).encode(unseen)
    alone = dict(zip(WORDS, Onnx(str(model)).encode(WORDS), strict=True))
    plain = np.array([np.mean([alone[word] for word in text.split()], axis=0) for text in unseen])
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    near, before = np.einsum("ij,ij->i", found, wanted).mean(), np.einsum("ij,ij->i", plain, wanted).mean()
    assert 1 - near < 0.5 * (1 - before)
    assert near == pytest.approx(done.cosines[0], abs=0.05)
    assert np.abs(cosines(found, wanted)).mean() < np.abs(cosines(plain, wanted)).mean()


def test_fewer_numbers_keep_most_of_it_and_the_same_texts_make_the_same_bytes(model: Path, tmp_path: Path) -> None:
    groups = [texts(300, 8, 0), [], texts(100, 2, 1)]
    one, other = (distil(model, tmp_path / name, groups, width=12) for name in ("one", "other"))
    wide = distil(model, tmp_path / "wide", groups, width=32)
    assert one.width == 12 and one.size < wide.size
    unseen = texts(50, 8, 3)
    narrow, full = (Static(str(made.folder)).encode(unseen) for made in (one, wide))
    assert np.abs(cosines(narrow, full)).mean() < 0.1
    files = sorted(path.name for path in one.folder.iterdir())
    assert files == ["config.json", "model.safetensors", "seen.npy", "static.json", "tokenizer.json"]
    assert all((one.folder / name).read_bytes() == (other.folder / name).read_bytes() for name in files)


def test_what_the_encoder_was_taught_with_is_known_of_its_token_vectors(model: Path, tmp_path: Path) -> None:
    done = distil(model, tmp_path / "out", [texts(20, 5, 0)])
    assert Static(str(done.folder)).seen.of(["a", "b"]).tolist() == [True, False]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nothing_is_made_where_there_is_no_text_or_no_room(model: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="exists"):
        distil(model, tmp_path, [["word1"]])
    with pytest.raises(InputError, match="no text"):
        distil(model, tmp_path / "out", [[], ["", "elsewhere"]])
    assert list(tmp_path.iterdir()) == []
