"""Small projects of the demonstration library: one without training, one trained on ninety documents."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import pytest

from tagwright.corpus import open_corpus
from tagwright.demo import library
from tagwright.project import Project
from tagwright.types import Document, Suggestion

# Few trees and folds: what is tested here is that the same comes out again, not how good it is.
QUICK = "[fusion]\ntrees = 15\n\n[fitting]\nfew_folds = 3\n"
Answers = list[list[tuple[str, float]]]


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    """Ninety tagged documents to learn from."""
    return list(islice(open_corpus([library.train_path()]), 90))


@pytest.fixture(scope="session")
def others() -> list[Document]:
    """Other documents of the same library, with their tags."""
    return list(islice(open_corpus([library.dev_path()]), 40))


@pytest.fixture(scope="session")
def untrained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a vocabulary and nothing else; not to be written into."""
    folder = tmp_path_factory.mktemp("untrained") / "project"
    Project.create(folder, library.vocabulary_path(), language="en").close()
    with (folder / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write(QUICK)
    return folder


@pytest.fixture(scope="session")
def trained_folder(untrained_folder: Path, documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, trained; not to be written into."""
    folder = Path(shutil.copytree(untrained_folder, tmp_path_factory.mktemp("trained") / "project"))
    with Project.open(folder) as project:
        assert project.train(documents).calibrated
    return folder


@pytest.fixture
def untrained(untrained_folder: Path, tmp_path: Path) -> Path:
    """A copy of the untrained project, to be changed."""
    return Path(shutil.copytree(untrained_folder, tmp_path / "untrained"))


@pytest.fixture
def trained(trained_folder: Path, tmp_path: Path) -> Path:
    """A copy of the trained project, to be changed."""
    return Path(shutil.copytree(trained_folder, tmp_path / "trained"))


@pytest.fixture
def answers(others: list[Document]) -> Callable[[Path | Project], Answers]:
    """(tag, confidence) of all that a project, opened anew if it is a folder, suggests for the other documents."""

    def ask(given: Path | Project, documents: Sequence[Document] = others) -> Answers:
        project = Project.open(given) if isinstance(given, Path) else given
        return plain(project.suggest(documents, k=30))

    return ask


def plain(found: list[list[Suggestion]]) -> Answers:
    return [[(one.tag, one.confidence) for one in suggestions] for suggestions in found]
