"""The process dies at any point of publishing: the project is the old one or the new one, never a mixture."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tagwright.errors import ProjectError
from tagwright.project import Project, versions
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

TAGS = [Tag(f"t:{n}", name) for n, name in enumerate(["Beekeeping", "Soil erosion", "Railways", "Tea"])]
DOCUMENTS = [Document(f"d{n}", f"on {TAGS[n % 4].name} number {n}", tags=(f"t:{n % 4}",)) for n in range(8)]
DIED = 9

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")


def dies_at(call: int, work: Callable[[], object]) -> bool:
    """Whether the work, done by a process of its own, was ended by its ``call``-th change to the disk."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == DIED
    try:
        left = [call]
        for module, name in (
            (os, "fsync"),
            (os, "replace"),
            (os, "mkdir"),
            (os, "unlink"),
            (os, "rmdir"),
            (os, "link"),
        ):
            setattr(module, name, _counted(getattr(module, name), left))
        work()
    finally:
        os._exit(0)


def _counted(call: Callable[..., object], left: list[int]) -> Callable[..., object]:
    def counted(*given, **named):
        left[0] -= 1
        if left[0] == 0:
            os._exit(DIED)
        return call(*given, **named)

    return counted


def every_point(work: Callable[[], object], look: Callable[[], None], again: Callable[[], None], step: int) -> int:
    """Dies at every ``step``-th point until the work gets through; how many times it died."""
    died = 0
    for call in range(1, 10_000, step):
        again()
        if not dies_at(call, work):
            return died
        died += 1
        look()
    raise AssertionError("the work never ended")


def answers(folder: Path) -> list[list[tuple[str, float]]]:
    texts = ["bees", "the railways", "moss lawns", "tea and soil"]
    with Project.open(folder) as project:
        return [[(one.tag, one.confidence) for one in found] for found in project.suggest(texts)]


def test_a_killed_training_leaves_the_old_or_the_new_model_and_one_folder_at_most(tmp_path):
    origin, folder = tmp_path / "origin", tmp_path / "project"
    Project.create(origin, Vocabulary.from_tags(TAGS)).train(DOCUMENTS)
    old = answers(origin)
    more = [*DOCUMENTS, Document("new", "steam and rails", tags=("t:2",))]
    target = Path(shutil.copytree(origin, tmp_path / "target"))
    Project.open(target).train(more)
    new = answers(target)
    assert old != new

    def look():
        assert answers(folder) in (old, new)
        assert len(versions.leftovers(folder)) <= 1
        assert {path.name for path in folder.iterdir() if not path.name.startswith("store.")} == {
            "manifest.json", "tagwright.toml", "versions",
        }  # fmt: skip

    def again():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(origin, folder)

    assert every_point(lambda: Project.open(folder).train(more), look, again, step=31) > 3
    assert answers(folder) == new
    assert versions.leftovers(folder) == []


def test_a_training_after_a_killed_one_finishes(tmp_path):
    folder = tmp_path / "project"
    Project.create(folder, Vocabulary.from_tags(TAGS)).train(DOCUMENTS)
    for call in (1, 40, 80, 120):
        assert dies_at(call, lambda: Project.open(folder).train(DOCUMENTS))
    Project.open(folder).train(DOCUMENTS)
    assert versions.leftovers(folder) == []
    assert {one.level for one in Project.open(folder).doctor()} <= {"ok", "warning"}


def test_a_killed_update_of_the_vocabulary_leaves_the_old_or_the_new_one(tmp_path):
    origin, folder = tmp_path / "origin", tmp_path / "project"
    Project.create(origin, Vocabulary.from_tags(TAGS)).train(DOCUMENTS)
    edition = Vocabulary.from_tags([*TAGS[1:], Tag("t:9", "Moss lawns")])
    target = Path(shutil.copytree(origin, tmp_path / "target"))
    Project.open(target).update_vocabulary(edition)
    old, new = answers(origin), answers(target)
    assert old != new

    def look():
        assert answers(folder) in (old, new)
        assert len(versions.leftovers(folder)) <= 1

    def again():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(origin, folder)

    assert every_point(lambda: Project.open(folder).update_vocabulary(edition), look, again, step=9) > 3
    assert answers(folder) == new


def test_a_killed_creation_leaves_no_project_or_a_whole_one_and_can_be_done_again(tmp_path):
    folder = tmp_path / "project"
    tags = Vocabulary.from_tags(TAGS)

    def look():
        try:
            assert answers(folder)
        except ProjectError:
            assert not (folder / "manifest.json").exists()
            Project.create(folder, tags)
        assert answers(folder)

    assert (
        every_point(
            lambda: Project.create(folder, tags), look, lambda: shutil.rmtree(folder, ignore_errors=True), step=15
        )
        > 3
    )
