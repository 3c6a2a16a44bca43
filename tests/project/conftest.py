"""Small projects of the demonstration library: one without training, one trained on ninety documents."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tagwright.project import Project
from tagwright.types import Document, Suggestion

Answers = list[list[tuple[str, float]]]


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
