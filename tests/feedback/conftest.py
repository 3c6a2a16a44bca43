"""A small trained project, and decisions about it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest
from tests.conftest import QUICK

from tagwright.corpus import open_corpus
from tagwright.demo import library
from tagwright.feedback import Feedback
from tagwright.project import Project
from tagwright.project.serving import FeedbackOptions
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document, Suggestion
from tagwright.vocabulary import Vocabulary


class Tags:
    """A vocabulary for tests that need nothing but ids."""

    def positions(self, ids: Sequence[str]) -> list[int]:
        return [0 for _ in ids]


@pytest.fixture
def anything() -> Vocabulary:
    """Has every tag."""
    return Tags()  # type: ignore[return-value]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """One with three documents; the clock goes on by a second with every look at it."""
    times = iter(range(1, 10**6))
    opened = SqliteStore(tmp_path / "store.sqlite", clock=lambda: float(next(times)))
    opened.keep_documents(
        [
            Document("a", "Wind carries loess.", "Erosion", "en", ("soil", "wind"), {"year": 1999}),
            Document("b", "Nobody looked at it."),
            Document("c", "Somebody looked, and found nothing.", tags=()),
        ]
    )
    yield opened
    opened.close()


@pytest.fixture
def feedback(store: SqliteStore) -> Feedback:
    return Feedback(store, FeedbackOptions())


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the demonstration library; not to be written into."""
    folder = tmp_path_factory.mktemp("feedback") / "project"
    Project.create(folder, library.vocabulary_path(), language="en").close()
    with (folder / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write(QUICK)
    with Project.open(folder) as project:
        project.train(list(islice(open_corpus([library.train_path()]), 90)))
    return folder


@pytest.fixture
def project(trained_folder: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of it, to be changed."""
    with Project.open(shutil.copytree(trained_folder, tmp_path / "project")) as opened:
        yield opened


@pytest.fixture(scope="session")
def others() -> list[Document]:
    """Forty documents of the same library that it has not learned from."""
    return list(islice(open_corpus([library.dev_path()]), 40))


def plain(found: list[list[Suggestion]]) -> list[list[tuple[str, float]]]:
    return [[(one.tag, one.confidence) for one in row] for row in found]
