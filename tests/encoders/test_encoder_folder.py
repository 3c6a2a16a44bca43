"""The folder of an exported encoder is opened whole or refused by name."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tagwright.encoders.choose import choose
from tagwright.encoders.folder import MANIFEST, Manifest, checked_bytes, find
from tagwright.encoders.onnx import Onnx
from tagwright.errors import ConfigError, FormatError, IntegrityError, MissingExtraError, ProjectError

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # the SHA-256 of "abc"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files with the right checksums that are neither a model nor a tokenizer."""
    made = tmp_path / "model"
    made.mkdir()
    files = {"model.onnx": ABC, "tokenizer.json": ABC}
    for name in files:
        (made / name).write_bytes(b"abc")
    Manifest(source="x", width=4, max_length=8, pooling="mean", precision="float32", files=files).write(made)
    return made


def test_the_manifest_comes_back_as_it_was_written(folder: Path) -> None:
    manifest = Manifest.read(folder)
    assert (manifest.width, manifest.max_length, manifest.files["model.onnx"]) == (4, 8, ABC)
    assert Onnx(str(folder)).width == 4


def test_the_fingerprint_is_that_of_the_contents_and_not_of_the_place(folder: Path) -> None:
    fingerprint = Onnx(str(folder)).fingerprint
    moved = folder.rename(folder.with_name("moved"))
    assert Onnx(str(moved)).fingerprint == fingerprint
    said = json.loads((moved / MANIFEST).read_text())
    (moved / MANIFEST).write_text(json.dumps({**said, "max_length": 9}))
    assert Onnx(str(moved)).fingerprint != fingerprint


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_flipped_bit_is_refused_with_the_name_of_its_file(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"abb")
    with pytest.raises(IntegrityError, match=name):
        checked_bytes(folder, name, Manifest.read(folder))


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(IntegrityError, match=r"model\.onnx"):
        checked_bytes(folder, "model.onnx", Manifest.read(folder))


@pytest.mark.parametrize("said", ["", "[]", "{", "3", '{"format": 2}', "\xff"])
def test_a_manifest_that_is_none_is_refused(folder: Path, said: str) -> None:
    (folder / MANIFEST).write_bytes(said.encode("latin-1"))
    with pytest.raises(ProjectError, match=MANIFEST) as caught:
        Manifest.read(folder)
    assert "export" in caught.value.hint


@pytest.mark.parametrize("change", [{"width": "4"}, {"width": 0}, {"max_length": None}, {"files": {}}, {"files": []}])
def test_a_manifest_that_lacks_what_is_needed_is_refused(folder: Path, change: dict[str, object]) -> None:
    said = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**said, **change}))
    with pytest.raises(ProjectError):
        Manifest.read(folder)


def test_another_format_says_how_to_make_the_folder_again(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format": 99}')
    with pytest.raises(FormatError, match="99"):
        Onnx(str(folder)).encode(["a"])


def test_a_folder_without_a_manifest_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find(str(tmp_path))
    assert "encoder export" in caught.value.hint


@pytest.mark.parametrize("model", ["", "nowhere", "./a/b", "/a/b", "a/b/c"])
def test_what_is_neither_a_folder_nor_a_hub_name_is_refused(model: str) -> None:
    with pytest.raises(ConfigError, match="neither a folder nor"):
        find(model)


def hub(download: Callable[..., str]) -> SimpleNamespace:
    return SimpleNamespace(snapshot_download=download)


def test_a_hub_name_is_fetched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub(lambda name, allow_patterns: str(folder)))
    assert find("someone/model") == folder


def test_a_hub_that_cannot_be_reached_is_an_error_with_a_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str, allow_patterns: list[str]) -> str:
        raise OSError("no route\nto host")

    monkeypatch.setitem(sys.modules, "huggingface_hub", hub(fails))
    with pytest.raises(ConfigError, match="no route") as caught:
        find("someone/model")
    assert "folder" in caught.value.hint


def test_a_hub_model_that_was_not_exported_says_how_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub(lambda name, allow_patterns: str(tmp_path)))
    with pytest.raises(ConfigError) as caught:
        find("someone/model")
    assert "tagwright encoder export someone/model OUT" in caught.value.hint


def test_without_the_hub_library_a_hub_name_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ConfigError, match="huggingface_hub"):
        find("someone/model")


@pytest.mark.parametrize("library", ["tokenizers", "onnxruntime"])
def test_a_missing_library_names_the_extra(folder: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tokenizers", "onnxruntime"):
        tokenizer = SimpleNamespace(no_padding=int, no_truncation=int, enable_truncation=bool)
        reader = SimpleNamespace(from_str=lambda text, tokenizer=tokenizer: tokenizer)
        monkeypatch.setitem(sys.modules, name, None if name == library else SimpleNamespace(Tokenizer=reader))
    with pytest.raises(MissingExtraError, match=library) as caught:
        Onnx(str(folder)).encode(["a"])
    assert "encoder" in caught.value.hint


def test_files_with_the_right_checksums_that_are_no_model_are_refused_by_name(folder: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra 'encoder' is not installed")
    pytest.importorskip("tokenizers", reason="the extra 'encoder' is not installed")
    with pytest.raises(IntegrityError, match=r"tokenizer\.json"):
        Onnx(str(folder)).encode(["a"])


@pytest.mark.heavy
def test_the_number_of_threads_changes_no_bit(onnx_folder: Path) -> None:
    texts = [" ".join(["bees"] * (number % 7) + ["soil"]) for number in range(200)]
    one, four = (Onnx(str(onnx_folder), threads=threads).encode(texts).tobytes() for threads in (1, 4))
    assert one == four


@pytest.mark.heavy
def test_a_text_is_read_up_to_the_model_s_length_and_no_further(onnx_folder: Path) -> None:
    # 16 tokens, of which two are the frame.
    same, other = "bees " * 14, "bees " * 13
    found = Onnx(str(onnx_folder)).encode([same + "soil", same + "rail", other + "soil"])
    assert found[0].tobytes() == found[1].tobytes() != found[2].tobytes()


def test_a_user_s_words_become_a_kind_and_its_settings(folder: Path, tmp_path: Path) -> None:
    sentences = tmp_path / "sentences"
    sentences.mkdir()
    (sentences / "modules.json").write_text("[]")
    assert choose("lsa") == ("lsa", {})
    assert choose(str(folder)) == ("onnx", {"model": str(folder)})
    assert choose(str(sentences)) == ("transformer", {"model": str(sentences)})


@pytest.mark.parametrize("said", ["onnx", "lsaa", ""])
def test_words_that_name_no_encoder_are_refused(said: str) -> None:
    with pytest.raises(ConfigError):
        choose(said)


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no encoder"):
        choose(str(tmp_path))
