"""A new project is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagwright.demo import library
from tagwright.errors import ConfigError, OutputError, ProjectError, TagwrightError, VocabularyError
from tagwright.project import Project
from tagwright.project.creating import MARK, unfinished
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary

TAGS = Vocabulary.from_tags([Tag("t:1", "Beekeeping"), Tag("t:2", "Soil erosion")])


def test_a_new_project_suggests_by_names_at_once_and_has_no_database_yet(tmp_path):
    project = Project.create(tmp_path / "new", TAGS)
    assert project.suggest("beekeeping in towns")[0][0].tag == "t:1"
    assert not (project.trained or project.calibrated)
    assert sorted(path.name for path in project.folder.iterdir()) == ["manifest.json", "tagwright.toml", "versions"]


def test_an_empty_folder_is_taken_even_if_it_is_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Project.create(".", TAGS).suggest("soil erosion")[0][0].tag == "t:2"
    assert Path.cwd() == tmp_path
    assert Project.open("").vocabulary.ids[0] == "t:1"


@pytest.mark.parametrize("name", ["with blanks", "Bücherei · 図書館", "a'b\"c$d;e", "-p"])
def test_a_folder_may_have_any_name(tmp_path, name, documents):
    folder = tmp_path / name / "below"
    project = Project.create(folder, library.vocabulary_path())
    assert project.suggest("bees")[0]
    assert Project.open(folder).doctor()


@pytest.mark.parametrize("there", ["file", "folder", "project"])
def test_what_is_there_is_left_as_it_is(tmp_path, there):
    folder = tmp_path / "there"
    if there == "file":
        folder.write_text("mine", encoding="utf-8")
    elif there == "folder":
        folder.mkdir()
        (folder / "mine").write_text("mine", encoding="utf-8")
    else:
        Project.create(folder, TAGS)
    before = {path: path.read_bytes() for path in [folder, *folder.rglob("*")] if path.is_file()}
    with pytest.raises(ProjectError, match="there") as caught:
        Project.create(folder, TAGS)
    assert caught.value.hint
    assert {path: path.read_bytes() for path in [folder, *folder.rglob("*")] if path.is_file()} == before


@pytest.mark.parametrize(
    ("vocabulary", "encoder", "error", "named"),
    [
        ("nowhere.ttl", "lsa", VocabularyError, "nowhere.ttl"),
        ("tags.jsonl", "lsb", ConfigError, "lsb"),
        ("tags.jsonl", "onnx", ConfigError, "onnx"),
        ("tags.jsonl", "folder", ConfigError, "folder"),
        ("tags.jsonl", "broken", TagwrightError, "encoder.json"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_left(tmp_path, monkeypatch, vocabulary, encoder, error, named):
    monkeypatch.chdir(tmp_path)
    Path("tags.jsonl").write_text('{"id": "t:1", "name": "Bees"}\n', encoding="utf-8")
    Path("folder").mkdir()
    Path("broken").mkdir()
    Path("broken/encoder.json").write_text("{}", encoding="utf-8")
    with pytest.raises(error, match=named):
        Project.create("new", vocabulary, encoder=encoder)
    assert not Path("new").exists()


def test_an_empty_folder_stays_empty_where_making_fails(tmp_path):
    with pytest.raises(ConfigError):
        Project.create(tmp_path, TAGS, encoder="no such encoder")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ProjectError, match="file"):
        Project.create(tmp_path / "file" / "below", TAGS)


def test_what_a_killed_run_left_is_no_project_and_makes_room_for_the_next(tmp_path):
    folder = tmp_path / "new"
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom tagwright.project.creating import unfinished\n"
        "with unfinished(Path(sys.argv[1])):\n"
        "    Path(sys.argv[1], 'versions', '0001').mkdir(parents=True)\n    print(flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, folder], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(OutputError, match="another process"):
            Project.create(folder, TAGS)
        process.send_signal(signal.SIGKILL)
    assert (folder / "versions" / "0001").is_dir()
    with pytest.raises(ProjectError, match="no tagwright project"):
        Project.open(folder)
    assert Project.create(folder, TAGS).suggest("beekeeping")[0]
    assert not (folder / MARK).exists()


def test_a_foreign_file_among_what_a_killed_run_left_is_not_removed(tmp_path):
    (tmp_path / MARK).write_text("", encoding="utf-8")
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    with pytest.raises(ProjectError, match="not an empty folder"):
        Project.create(tmp_path, TAGS)
    assert (tmp_path / "mine").exists()


def test_an_interruption_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), unfinished(tmp_path / "new"):
        (tmp_path / "new" / "tagwright.toml").write_text("", encoding="utf-8")
        raise KeyboardInterrupt
    assert not (tmp_path / "new").exists()


def test_a_file_that_is_no_project_is_named(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere", Path(__file__)):
        with pytest.raises(ProjectError, match="no tagwright project"):
            Project.open(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_parent_without_the_right_to_write_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ProjectError, match="new"):
        Project.create(tmp_path / "new", TAGS)


def test_a_project_can_be_moved_and_copied(trained, tmp_path, answers):
    before = answers(trained)
    copy = Path(shutil.copytree(trained, tmp_path / "a copy"))
    moved = Path(shutil.move(trained, tmp_path / "elsewhere" / "moved"))
    assert answers(copy) == answers(moved) == before
    assert Project.open(copy).fingerprint == Project.open(moved).fingerprint


def test_a_tagger_is_loaded_quickly(trained):
    started = time.process_time()
    Project.open(trained).suggest("bees")
    assert time.process_time() - started < 20
