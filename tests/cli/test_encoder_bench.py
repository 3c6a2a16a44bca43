"""Encoders measured on a project, and token vectors: made from one, used by another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

WORDS = "bees hive honey beekeeping soil wind erosion railways train station tea cup leaf".split()


@pytest.fixture
def static(make_static: Callable[..., Path]) -> Path:
    """Token vectors by chance."""
    return make_static(WORDS, np.random.default_rng(0).standard_normal((len(WORDS) + 3, 8)).astype(np.float32))


def test_the_project_s_own_encoder_is_measured(tagwright, trained):
    done = tagwright("encoder", "bench", "-p", trained, "--documents", 25)
    assert done.code == 0, done.err
    head, row, about = done.out.splitlines()
    assert head.split()[:3] == ["encoder", "documents/s", "names/s"]
    assert row.startswith("the project's own")
    assert about.startswith("25 documents") and "among 12 tags" in about


def test_encoders_are_compared_on_the_same_documents(tagwright, trained, static):
    said = tagwright("encoder", "bench", "lsa", static, "-p", trained, "--documents", 30, "--json").json()
    assert (said["documents"], said["all_tags"]) == (30, 12)
    assert list(said["encoders"]) == ["lsa", str(static)]
    lsa, tokens = said["encoders"].values()
    assert lsa["ndcg_10"] > tokens["ndcg_10"] > 0 and lsa["judged"] == tokens["judged"] == 30
    assert (tokens["width"], tokens["recall_100"]) == (8, 1)
    assert tokens["size"] == sum(path.stat().st_size for path in static.iterdir())


def test_tags_are_looked_for_among_some_of_them_where_there_are_too_many(tagwright, trained):
    done = tagwright("encoder", "bench", "-p", trained, "--documents", 2, "--tags", 6)
    assert "among 6 of 12 tags" in done.out, done.err


def test_what_cannot_be_measured_is_said(tagwright, untrained, trained, tmp_path):
    done = tagwright("encoder", "bench", "-p", untrained)
    assert (done.code, "tagwright train" in done.err) == (1, True)
    done = tagwright("encoder", "bench", "onnx", "-p", trained)
    assert (done.code, "needs a model" in done.err) == (1, True)
    done = tagwright("encoder", "bench", "-p", tmp_path)
    assert done.code == 1 and "fault of tagwright" not in done.err


def test_a_project_with_token_vectors_is_made_moved_and_checked(tagwright, library, static, tmp_path):
    project = tmp_path / "p"
    assert tagwright("init", project, "--vocab", library / "tags.jsonl", "--encoder", static).code == 0
    assert tagwright("train", library / "train.jsonl", "-p", project).code == 0
    moved = project.rename(tmp_path / "moved")
    assert 'kind = "static"' in (moved / "tagwright.toml").read_text(encoding="utf-8")
    done = tagwright("suggest", "an apiary with a hive of bees", "-p", moved, "--json")
    assert done.json()[0]["suggestions"][0]["tag"] == "g:bees", done.err
    assert not (moved / "store.cache.sqlite").exists()  # quicker than any cache
    assert tagwright("doctor", "-p", moved).code == 0
    path = moved / "encoder" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    done = tagwright("suggest", "bees", "-p", moved)
    assert (done.code, "model.safetensors" in done.err) == (1, True)


def test_token_vectors_need_a_project(tagwright, tmp_path):
    done = tagwright("encoder", "export", "minilm", "out", "--static", "-p", tmp_path)
    assert (done.code, "-p DIR" in done.err, list(tmp_path.iterdir())) == (1, True, [])
    done = tagwright("encoder", "export", "minilm", "out", "--static", "--float32", "-p", tmp_path)
    assert done.code == 2


@pytest.mark.heavy
def test_token_vectors_are_made_from_a_project_s_documents_and_names(tagwright, trained, make_sentences, tmp_path):
    for module in ("torch", "onnx", "onnxruntime", "sentence_transformers", "safetensors"):
        pytest.importorskip(module)
    model, out = make_sentences(WORDS), tmp_path / "static"
    done = tagwright("encoder", "export", model, out, "--static", "-p", trained)
    assert done.code == 0, done.err
    assert "32 numbers a text" in done.out and "encoder bench" in done.out and "at most" in done.err
    said = tagwright("encoder", "bench", out, "-p", trained, "--json").json()
    assert said["encoders"][str(out)]["judged"] == 30  # those of 144 that teaching holds out, and this export, too
    again = tagwright("encoder", "export", model, out, "--static", "-p", trained)
    assert (again.code, "exists already" in again.err) == (1, True)
