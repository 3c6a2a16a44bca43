"""What was changed behind the project's back is refused by name; what is broken beside it is named or dropped."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tagwright.errors import ConfigError, FormatError, IntegrityError, ProjectError, StoreError
from tagwright.project import Project, manifest
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document, Tag

CAP_DAC_OVERRIDE = 1
PR_CAPBSET_DROP = 24


def flip(path: Path, chance: random.Random) -> None:
    """One bit of the file is another."""
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def first_reader(project: Project, name: str) -> None:
    """The first thing that a user does that reads this file."""
    if "/vocabulary/" in name:
        assert len(project.vocabulary)
    elif "/table/" in name:
        project.suggest("bees")  # does not read it
        project.out_of_fold()
    else:
        project.suggest("bees")


def files_of(folder: Path) -> list[str]:
    """The files of the manifest that hold anything; fifty draws meet each part of the project."""
    return [name for name in Project.open(folder).manifest.files if (folder / name).stat().st_size]


@pytest.mark.parametrize("seed", range(50))
def test_one_flipped_bit_is_refused_by_name_by_the_first_who_reads_it_and_by_the_doctor(trained_folder, seed):
    chance = random.Random(seed)
    names = files_of(trained_folder)
    name = names[seed % len(names)] if seed < 25 else chance.choice(names)
    path = trained_folder / name
    whole = path.read_bytes()
    try:
        flip(path, chance)
        with pytest.raises(IntegrityError) as caught:
            first_reader(Project.open(trained_folder), name)
        assert str(path) in caught.value.message
        assert caught.value.hint
        errors = [one for one in Project.open(trained_folder).doctor() if one.level == "error"]
        assert str(path) in errors[0].what
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("seed", range(50))
def test_one_flipped_bit_of_the_manifest_is_refused(trained_folder, seed):
    path = trained_folder / manifest.FILE
    whole = path.read_bytes()
    try:
        flip(path, random.Random(seed))
        with pytest.raises(ProjectError, match=manifest.FILE):
            Project.open(trained_folder)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("part", ["vocabulary", "model"])
def test_a_missing_or_emptied_file_is_named(trained, part):
    name = next(name for name in files_of(trained) if f"/{part}/" in name)
    for harm in (lambda path: path.write_bytes(b""), lambda path: path.unlink()):
        harm(trained / name)
        with pytest.raises(IntegrityError, match=name):
            Project.open(trained).suggest("bees")


def test_a_vocabulary_of_another_project_is_refused(trained, untrained, tmp_path):
    other = Project.create(tmp_path / "other", Project.open(untrained).vocabulary.extended([]))
    names = [name for name in other.manifest.files if "/vocabulary/" in name]
    place = Project.open(trained).manifest.vocabulary
    (trained / place / "deprecated.npy").write_bytes((other.folder / names[0]).read_bytes())
    with pytest.raises(IntegrityError, match=r"deprecated\.npy"):
        Project.open(trained).suggest("bees")


def test_a_damaged_model_is_mended_by_training_again(trained, answers):
    before = answers(trained)
    name = next(name for name in files_of(trained) if "/model/" in name)
    flip(trained / name, random.Random(0))
    project = Project.open(trained)
    with pytest.raises(IntegrityError, match="tagwright train"):
        project.suggest("bees")
    project.train()
    assert answers(project) == answers(trained) == before


LSA = 'kind = "lsa"\n'


@pytest.mark.parametrize(
    ("old", "new", "named", "hint"),
    [
        ("", "[channels.graph]\npower = 2.0\n", "'channels.graph.power' is 2.0", "channels.graph.power = 3.0"),
        ("", "[words]\ntitle_weight = 9.0\n", "'words.title_weight' is 9.0", "train again"),
        ("", "[channels]\nnames = false\n", "channel 'names' is off, but", "train again"),
        ("", "[channels.more]\nkind = 'graph'\n", "channel 'more' is on, but", "train again"),
        (LSA, f"{LSA}width = 64\n", "'encoder.width' is 64", "train again"),
        ("trees = 15", "trees = 16", "'fusion.trees' is 16", "fusion.trees = 15"),
    ],
)
def test_a_setting_that_differs_from_the_one_trained_with_is_named(trained, old, new, named, hint):
    edit(trained, old, new)
    project = Project.open(trained)
    with pytest.raises(ConfigError, match=named) as caught:
        project.suggest("bees")
    assert hint in caught.value.hint
    assert any(named in one.what for one in project.doctor() if one.level == "error")


def edit(folder: Path, old: str, new: str) -> None:
    """Puts ``new`` in the place of ``old`` in the settings, or at the end."""
    path = folder / "tagwright.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new) if old else f"{text}\n{new}", encoding="utf-8")


def test_settings_of_the_asking_may_change(trained):
    before = Project.open(trained).fingerprint
    edit(trained, "few_folds = 3", "few_folds = 4")
    edit(trained, "", "[store]\nbusy_seconds = 5.0\n")
    assert Project.open(trained).fingerprint == before
    edit(trained, "", "[channels.graph]\nk = 20\n")
    project = Project.open(trained)
    assert project.suggest("bees")[0]
    assert project.fingerprint != before


def test_a_model_of_another_format_says_what_to_run(trained, answers):
    before = answers(trained)
    project = Project.open(trained)
    path = trained / project.manifest.model / "tagger.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"format": ', '"format": 9'), encoding="utf-8")
    rewrite(trained, {"files": {**project.manifest.files, f"{project.manifest.model}/tagger.json": sum_of(path)}})
    with pytest.raises(FormatError, match="format 9") as caught:
        Project.open(trained).suggest("bees")
    assert "train" in caught.value.hint
    Project.open(trained).train()
    assert answers(trained) == before


@pytest.mark.parametrize(("format", "hint"), [(0, "tagwright init"), (99, "newer tagwright")])
def test_a_project_of_another_format_says_what_to_do(trained, format, hint):
    rewrite(trained, {"format": format})
    with pytest.raises(FormatError, match=f"format {format}") as caught:
        Project.open(trained)
    assert hint in caught.value.hint


def rewrite(folder: Path, changes: dict[str, object]) -> None:
    """The manifest with other values and a checksum that fits them."""
    path = folder / manifest.FILE
    said = json.loads(path.read_text(encoding="utf-8")) | changes
    said.pop("checksum")
    said["checksum"] = manifest._checksum(said)
    path.write_text(json.dumps(said), encoding="utf-8")


def sum_of(path: Path) -> str:
    return manifest.checksum(path)


def test_a_damaged_database_is_named_and_suggesting_from_it_too(trained):
    Project.open(trained).close()
    (trained / "store.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"store\.sqlite"):
        Project.open(trained).suggest("bees")
    assert any("store.sqlite" in one.what for one in Project.open(trained).doctor() if one.level == "error")


def test_a_changed_document_in_the_database_is_found_by_training_and_by_the_doctor(trained):
    Project.open(trained).close()
    with sqlite3.connect(trained / "store.sqlite") as connection:
        connection.execute("UPDATE documents SET text = 'another text' WHERE position = 7")
    connection.close()
    with pytest.raises(StoreError, match="damaged"):
        Project.open(trained).train()
    assert any("damaged" in one.what for one in Project.open(trained).doctor() if one.level == "error")
    assert Project.open(trained).suggest("bees")[0]


def test_a_database_that_is_not_the_model_s_own_is_named(trained):
    project = Project.open(trained)
    project.add_documents([Document("new", "bees", tags=(project.vocabulary.ids[3],))])
    project.train()
    project.close()
    for path in trained.glob("store.*"):
        path.unlink()
    assert Project.open(trained).suggest("bees")[0]
    for work in (lambda one: one.add_tags([Tag("x", "X")]), lambda one: one.train()):
        with pytest.raises(StoreError, match="another database") as caught:
            work(Project.open(trained))
        assert "restore" in caught.value.hint
    assert Project.open(trained).suggest("bees")[0]
    SqliteStore(trained / "store.sqlite").keep_documents([])
    with pytest.raises(StoreError, match="another database"):
        Project.open(trained).suggest("bees")


def test_a_healthy_project_is_called_so(trained, untrained):
    assert {one.level for one in Project.open(trained).doctor()} == {"ok"}
    found = Project.open(untrained).doctor()
    assert [one.hint for one in found if one.level == "warning"] == ["tagwright train CORPUS"]
    assert not (untrained / "store.sqlite").exists()


def test_the_doctor_tells_what_waits_for_a_training_and_what_a_killed_run_left(trained):
    project = Project.open(trained)
    project.add_documents([Document("new", "bees", tags=("x",))])
    (trained / "versions" / "0009" / "model").mkdir(parents=True)
    said = [one.what for one in project.doctor()]
    assert any("1 documents and 0 tags changed" in what for what in said)
    assert any("0009" in what for what in said)


def without_the_right_to_write_everywhere() -> None:
    """The superuser gives up the right that makes a folder's mode mean nothing."""
    if os.geteuid() == 0:
        import ctypes

        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="modes and capabilities of Linux")
@pytest.mark.parametrize("kind", ["untrained", "trained"])
def test_in_a_folder_that_cannot_be_written_suggest_works_or_says_why_not(request, kind):
    folder = request.getfixturevalue(kind)
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = subprocess.run(
        [sys.executable, "-m", "tagwright", "suggest", "bees in the garden", "-p", folder],
        capture_output=True, text=True, check=False, preexec_fn=without_the_right_to_write_everywhere,
    )  # fmt: skip
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert "Traceback" not in done.stderr
    if kind == "untrained":
        assert done.returncode == 0, done.stderr
    elif done.returncode:
        assert "store.sqlite cannot be opened for writing" in done.stderr
