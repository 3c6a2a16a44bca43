"""The demonstration library, cut small, and taggers that are quick to train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tagwright.corpus import open_corpus
from tagwright.demo.library import train_path, vocabulary_path
from tagwright.encoders.lsa import Lsa
from tagwright.pipeline.settings import Fitting, TaggerSettings
from tagwright.tagger import Tagger
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary, open_vocabulary


@pytest.fixture(scope="session")
def library() -> tuple[list[Document], Vocabulary]:
    """120 documents of the demonstration library and its vocabulary."""
    vocabulary = open_vocabulary(vocabulary_path())
    return list(open_corpus([train_path()]))[:120], vocabulary


@pytest.fixture(scope="session")
def quick(library: tuple[list[Document], Vocabulary]) -> Callable[..., Tagger]:
    """A new tagger with few trees and small vectors: ``quick(folds=3)``; options are those of `Fitting`.

    Parts ``by`` which the confidence may differ have curves of their own where that is better.
    """

    def make(by: Sequence[str] = ("seen", "language"), **fitting: Any) -> Tagger:
        settings = TaggerSettings(
            fusion={"kind": "ranker", "trees": 8}, fitting=Fitting(**{"least": 20, **fitting}),
            calibration={"kind": "best", "by": list(by)},
        )  # fmt: skip
        return Tagger(settings, Lsa(width=16), library[1])

    return make
