"""Channels over told vectors and hand-made labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tagwright.candidates import Candidates
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.base import Channel
from tagwright.testing import Told
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

Build = Callable[..., Channel]
Rows = Callable[..., list[dict[str, float]]]


def assembly(
    kind: str, vocabulary: Vocabulary, documents: Sequence[Document], told: Any = None, **options: Any
) -> Assembly:
    """A prepared and fitted assembly with one channel of this kind, called as its kind."""
    settings = TaggerSettings(channels={kind: options}, words={"min_df": 1})
    made = Assembly(settings, Told(told or {"": (1.0, 0.0)}), ("en", "de"))
    return made.prepare(documents, vocabulary).fit(documents, vocabulary)


@pytest.fixture
def build() -> Build:
    """A fitted channel: ``build("graph", vocabulary, documents, told, threshold=0.5)``."""
    return lambda *args, **options: assembly(*args, **options).channels[0]


@pytest.fixture
def rows() -> Rows:
    """{tag id: value of a column} a document: ``rows(table, vocabulary, "graph.score")``."""

    def read(table: Candidates, vocabulary: Vocabulary, column: str) -> list[dict[str, float]]:
        found: list[dict[str, float]] = [{} for _ in range(table.n_documents)]
        for row, tag, value in zip(table.documents, table.tags, table.column(column), strict=True):
            found[row][vocabulary.ids[tag]] = float(value)
        return found

    return read


@pytest.fixture
def named() -> Callable[..., Vocabulary]:
    """A vocabulary of names, each its own id: ``named("Oak", "Elm")``; or of tags."""

    def make(*tags: str | Tag) -> Vocabulary:
        return Vocabulary.from_tags([tag if isinstance(tag, Tag) else Tag(tag, tag) for tag in tags], language="")

    return make
