"""Token vectors: the mean by hand, the folders of model2vec, and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tagwright.encoders.choose import choose
from tagwright.encoders.folder import TOKENIZER
from tagwright.encoders.onnx import open_tokenizer
from tagwright.encoders.seen import Seen
from tagwright.encoders.static import CONFIG, MANIFEST, TENSORS, Static, Tokens, write
from tagwright.errors import ConfigError, FormatError, IntegrityError, MissingExtraError, ProjectError

pytest.importorskip("tokenizers", reason="the extra 'encoder' is not installed")
pytest.importorskip("safetensors", reason="the extra 'encoder' is not installed")

# Unknown, two of the frame, "bees", "soil".
VECTORS = np.array([[9, 9], [7, 7], [8, 8], [3, 0], [0, 4]], dtype=np.float32)
Maker = Callable[..., Path]


@pytest.fixture
def make(make_static: Maker) -> Maker:
    """Writes token vectors for the words "bees" and "soil"."""
    return lambda vectors=VECTORS, config=None, **more: make_static(["bees", "soil"], vectors, config, **more)


@pytest.fixture
def exported(make: Maker, tmp_path: Path) -> Path:
    """A folder of ours, with checksums, taught with the documents "a" and "b"."""
    content = (make() / TOKENIZER).read_bytes()
    folder = tmp_path / "ours"
    folder.mkdir()
    tokens = Tokens(open_tokenizer(folder / TOKENIZER, content), 16)
    write(folder, VECTORS, tokens, source="x", seen=Seen.from_ids(["a", "b"]))
    return folder


def test_a_text_is_the_mean_of_its_known_tokens_at_length_one(make: Maker) -> None:
    found = Static(str(make())).encode(["bees soil", "Bees, bees; soil", "bees of honey", "honey", " "])
    assert found == pytest.approx(np.array([[0.6, 0.8], [6 / 52**0.5, 4 / 52**0.5], [1, 0], [0, 0], [0, 0]]))


def test_weights_and_rows_that_several_tokens_share_count_as_model2vec_counts_them(make: Maker) -> None:
    # "bees" has row 1 twice as heavy, "soil" row 0: 2 * (0, 4) and (3, 0).
    weights, mapping = np.array([1, 1, 1, 2, 1], dtype=np.float32), np.array([0, 0, 0, 1, 0], dtype=np.int64)
    folder = make(VECTORS[3:], weights=weights, mapping=mapping)
    assert Static(str(folder)).encode(["bees soil"])[0] == pytest.approx(np.array([3, 8]) / 73**0.5)


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.int8, np.float64])
def test_numbers_of_any_kind_are_read(make: Maker, kind: type) -> None:
    assert Static(str(make(VECTORS.astype(kind)))).encode(["bees soil"])[0] == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize(("most", "expected"), [(2, [1, 0]), (4, [0.6, 0.8]), (None, [0.6, 0.8])])
def test_a_text_is_read_up_to_the_model_s_length(make: Maker, most: int | None, expected: list[float]) -> None:
    found = Static(str(make(config={"max_length": most}))).encode(["bees bees soil soil"])[0]
    assert found == pytest.approx(np.array(expected) / np.linalg.norm(expected) if most == 2 else expected)


def test_the_unknown_token_of_a_unigram_model_is_left_out(make: Maker) -> None:
    from tokenizers import Tokenizer, models

    folder = make()
    pieces = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("b", -1.0), ("s", -1.0)]
    Tokenizer(models.Unigram(pieces, unk_id=0)).save(str(folder / TOKENIZER))
    assert Static(str(folder)).encode(["bxs"])[0] == pytest.approx([0.6, 0.8])


def test_the_number_of_threads_changes_no_bit(static_folder: Path) -> None:
    texts = [" ".join(["bees"] * (number % 7) + ["soil"]) for number in range(600)]
    one, four = (Static(str(static_folder), threads=threads).encode(texts).tobytes() for threads in (1, 4))
    assert one == four


def test_what_was_written_here_is_read_again_and_travels_whole(exported: Path, tmp_path: Path) -> None:
    encoder = Static(str(exported))
    assert encoder.encode(["bees soil"])[0] == pytest.approx([0.6, 0.8])
    assert encoder.seen.of(["a", "b", "c"]).tolist() == [True, True, False]
    encoder.save(tmp_path / "moved")
    moved = Static().load(tmp_path / "moved")
    assert moved.seen.of(["a", "c"]).tolist() == [True, False]
    assert sorted(path.name for path in (tmp_path / "moved").iterdir()) == [
        "config.json", "model.safetensors", "seen.npy", "static.json", "tokenizer.json",
    ]  # fmt: skip


def test_the_fingerprint_is_that_of_the_contents_with_checksums_or_without(exported: Path) -> None:
    fingerprint = Static(str(exported)).fingerprint
    (exported / MANIFEST).unlink()
    assert Static(str(exported)).fingerprint == fingerprint
    (exported / CONFIG).write_text('{"model_type": "model2vec", "max_length": 3}')
    assert Static(str(exported)).fingerprint != fingerprint


@pytest.mark.parametrize("name", [CONFIG, TENSORS, TOKENIZER])
def test_a_flipped_bit_of_a_folder_with_checksums_is_refused_by_name(exported: Path, name: str) -> None:
    content = bytearray((exported / name).read_bytes())
    content[-2] ^= 1
    (exported / name).write_bytes(content)
    with pytest.raises((IntegrityError, ConfigError), match=name):
        Static(str(exported)).encode(["bees"])


def test_other_documents_than_it_was_taught_with_are_refused(exported: Path) -> None:
    Seen.from_ids(["c"]).write(exported)
    with pytest.raises(IntegrityError, match=r"seen\.npy"):
        _ = Static(str(exported)).seen


@pytest.mark.parametrize("name", [TENSORS, TOKENIZER])
def test_a_missing_or_broken_file_is_named(make: Maker, name: str) -> None:
    folder = make()
    (folder / name).write_bytes(b"abc")
    with pytest.raises(IntegrityError, match=name):
        Static(str(folder)).encode(["bees"])
    (folder / name).unlink()
    for ask in (lambda: Static(str(folder)).encode(["bees"]), lambda: Static(str(folder)).fingerprint):
        with pytest.raises(IntegrityError, match=name):
            ask()


@pytest.mark.parametrize(
    "vectors",
    [VECTORS[:4], VECTORS[0], VECTORS[:, :0], np.full_like(VECTORS, np.nan), np.full_like(VECTORS, np.inf)],
    ids=["a row short", "one row", "no numbers", "nan", "inf"],
)
def test_vectors_that_cannot_be_those_of_the_tokens_are_refused(make: Maker, vectors: np.ndarray) -> None:
    with pytest.raises(IntegrityError, match=TENSORS):
        Static(str(make(vectors))).encode(["bees"])


@pytest.mark.parametrize(
    "more",
    [
        {"mapping": np.array([0, 1, 2, 3, 5], dtype=np.int64)},
        {"mapping": np.array([0, 1, 2, 3, -1], dtype=np.int64)},
        {"mapping": np.array([0, 1], dtype=np.int64)},
        {"weights": np.array([1, 2], dtype=np.float32)},
    ],
    ids=["beyond", "below", "few rows", "few weights"],
)
def test_rows_and_weights_that_do_not_fit_are_refused(make: Maker, more: dict[str, np.ndarray]) -> None:
    with pytest.raises(IntegrityError, match=TENSORS):
        Static(str(make(**more))).encode(["bees"])


@pytest.mark.parametrize("most", [0, -1, "512", [1]])
def test_a_length_that_is_none_is_refused(make: Maker, most: object) -> None:
    with pytest.raises(ProjectError, match="max_length"):
        Static(str(make(config={"max_length": most}))).encode(["bees"])


@pytest.mark.parametrize("said", ["[]", "{", '{"format": 2}', '{"format": 1, "files": {}}'])
def test_checksums_that_are_none_are_refused(exported: Path, said: str) -> None:
    (exported / MANIFEST).write_text(said)
    with pytest.raises((FormatError, ProjectError), match=MANIFEST) as caught:
        Static(str(exported)).encode(["bees"])
    assert "--static" in caught.value.hint


def test_a_folder_of_something_else_says_how_to_make_one(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('{"model_type": "bert"}')
    with pytest.raises(ConfigError, match=CONFIG) as caught:
        Static(str(tmp_path)).encode(["a"])
    assert "--static" in caught.value.hint
    with pytest.raises(ProjectError, match=CONFIG):
        Static().load(tmp_path)


def test_a_folder_of_model2vec_is_known_although_it_looks_like_one_of_sentence_transformers(make: Maker) -> None:
    folder = make()
    (folder / "modules.json").write_text("[]")
    assert choose(str(folder)) == ("static", {"model": str(folder)})
    with pytest.raises(ConfigError, match="needs a model"):
        choose("static")


def test_a_hub_name_is_known_by_what_the_hub_holds(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make()
    asked = []

    def download(name: str, allow_patterns: list[str]) -> str:
        asked.append(allow_patterns)
        return str(folder)

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(snapshot_download=download))
    assert choose("someone/model") == ("static", {"model": "someone/model"})
    assert TENSORS not in asked[0]
    assert Static("someone/model").encode(["bees"])[0] == pytest.approx([1, 0])


@pytest.mark.parametrize("library", ["tokenizers", "safetensors"])
def test_a_missing_library_names_the_extra(make: Maker, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make()
    for name in [library, f"{library}.numpy"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=library) as caught:
        Static(str(folder)).encode(["bees"])
    assert caught.value.extra == "encoder"


def test_saving_over_itself_changes_nothing(exported: Path) -> None:
    before = {path.name: path.read_bytes() for path in exported.iterdir()}
    Static(str(exported)).save(exported)
    assert {path.name: path.read_bytes() for path in exported.iterdir()} == before
