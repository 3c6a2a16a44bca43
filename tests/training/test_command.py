"""The commands that write the sets of a project, and that teach a model with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tagwright.training.device as device
from tagwright import Project
from tagwright.cli.finetune import app
from tagwright.corpus import open_corpus
from tagwright.demo.library import train_path, vocabulary_path
from tagwright.errors import ConfigError, MissingExtraError
from tagwright.project.generating import sample


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project trained on 120 documents of the demonstration library. Do not write into it."""
    folder = tmp_path_factory.mktemp("demo") / "project"
    documents = list(open_corpus([train_path()]))[:120]
    Project.create(folder, vocabulary_path()).close()
    with Project.open(folder, overrides=["fusion.trees=8"]) as opened:
        opened.train(documents)
    return folder


def said(*words: object) -> str:
    done = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_sets_of_a_project_are_the_same_every_time(project: Path, tmp_path: Path) -> None:
    shown = said("instructions", tmp_path / "a", "-p", project, "--set", "fusion.trees=8", "--documents", 50)
    assert "select.jsonl: 50 examples" in shown and "from 50 of 120 documents (60 spared)" in shown
    again = said("instructions", tmp_path / "b", "-p", project, "--set", "fusion.trees=8", "--documents", 50, "--json")
    assert json.loads(again[again.index("{") :])["counts"]["taught"] == 50
    for name in ("select.jsonl", "judge.jsonl", "instructions.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_answers_will_be_weighed_on_is_not_taught(project: Path, tmp_path: Path) -> None:
    options = ["-p", project, "--set", "fusion.trees=8"]
    shown = said("instructions", tmp_path / "a", *options)
    assert "set generation.documents = 60 before 'train --generation'" in shown
    assert "not taught" not in said("instructions", tmp_path / "b", *options, "--set", "generation.documents=20")
    taught = {json.loads(line)["metadata"]["id"] for line in (tmp_path / "b" / "select.jsonl").open(encoding="utf-8")}
    with Project.open(project, overrides=["fusion.trees=8"]) as opened:
        kept = opened.out_of_fold()
        assert kept is not None
        asked = {one.id for one in sample(kept, opened.store.documents(), opened.tagger, 20).documents}
    assert len(taught) == 100 and len(asked) == 20 and not taught & asked


def test_a_projects_own_template_is_used_and_named(project: Path, tmp_path: Path) -> None:
    from tagwright.llm.prompts import load

    mine = project / "prompts" / "judge.txt"
    mine.parent.mkdir()
    built_in = load("judge")
    mine.write_text(f"version: 9\n[user]\n{built_in.user}\n", encoding="utf-8")
    try:
        said("instructions", tmp_path / "a", "-p", project, "--set", "fusion.trees=8")
    finally:
        mine.unlink()
        mine.parent.rmdir()
    first = json.loads((tmp_path / "a" / "judge.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert [message["role"] for message in first["messages"]] == ["user", "assistant"]
    assert first["metadata"]["template"] == replace(built_in, version="9", system="").fingerprint


def test_a_project_without_training_teaches_nothing(tmp_path: Path) -> None:
    Project.create(tmp_path / "new", vocabulary_path()).close()
    with pytest.raises(ConfigError, match="nothing was learned about ranking"):
        said("instructions", tmp_path / "a", "-p", tmp_path / "new")


@pytest.mark.parametrize("library", ["torch", "transformers", "peft"])
def test_a_missing_library_is_named(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "find_spec", lambda name: None if name == library else object())
    with pytest.raises(MissingExtraError, match=library):
        said("run", tmp_path / "data.jsonl", "-o", tmp_path / "a")


@pytest.mark.heavy
def test_a_run_tells_what_it_will_take_and_what_it_did(base: Path, data: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    options = [data, "-o", tmp_path / "adapter", "--base", base, "--device", "cpu", "--steps", 2, "--batch", 4]
    plan = json.loads(said("run", *options, "--estimate", "--json"))
    assert (plan["examples"], plan["steps"]) == (24, 1) and not (tmp_path / "adapter").exists()
    assert "1 steps" in said("run", *options, "--dropout", 0)
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()
