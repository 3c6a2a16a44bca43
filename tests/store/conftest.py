"""What the store's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.sqlite", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def three() -> list[Document]:
    return [
        Document("a", "Wind carries loess.", "Erosion", "en", ("soil", "wind"), {"year": 1999, "lists": [1, None]}),
        Document("b", "Niemand hat es angesehen.", language="de"),
        Document("c", "Angesehen, aber nichts gefunden: NUL \x00, Umlaut ü, \U0001f33e", tags=()),
    ]
