"""Channels over told vectors and hand-made labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.llm.writer import SEPARATOR
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.base import Channel
from tagwright.recall.labelweights import MANIFEST, TAGS, Form
from tagwright.recall.spaces import text_of
from tagwright.recall.writing import record
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


@pytest.fixture
def label_weights(tmp_path: Path) -> Callable[..., Path]:
    """The folder of a label-guided classifier of small random weights: ``label_weights(width=16, tags=["t:1"])``."""

    def write(*, width: int, tags: Sequence[str], name: str = "weights", seed: int = 0, **said: Any) -> Path:
        form = {"width": width, "hidden": 2 * width, "guided": True, "head": "labels", "temperature": width**0.5}
        told = {**form, "backbone": "frozen", "encoder": "lsa", "loss": "bce", **said}
        random, folder = np.random.default_rng(seed), tmp_path / name
        folder.mkdir()
        for file, shape in Form(**{key: told[key] for key in form}).shapes(len(tags)).items():
            values = 0.3 * random.standard_normal(shape) if file != "level" else np.array([10.0, -3.0])
            np.save(folder / f"{file}.npy", values.astype(np.float32))
        (folder / TAGS).write_text(json.dumps(list(tags)), encoding="utf-8")
        Seen.from_ids(["d01", "d02"]).write(folder)
        Folder.write(folder, MANIFEST, told)
        return folder

    return write


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """The folder of what was written about documents: ``written({document: ["Beekeeping", "Ships"]}, seen=["d1"])``."""

    class Scribe:
        def __init__(self, lines: dict[str, str]) -> None:
            self.lines = lines

        def write(self, texts: Sequence[str]) -> list[str]:
            return [self.lines[text] for text in texts]

    def make(
        said: Sequence[tuple[Document, Sequence[str]]],
        name: str = "written",
        seen: Sequence[str] = (),
        words: int | None = None,
    ) -> str:
        lines = {text_of(document): SEPARATOR.join(texts) for document, texts in said}
        record(tmp_path / name, list(lines), Scribe(lines), seen, words=words)
        return str(tmp_path / name)

    return make
