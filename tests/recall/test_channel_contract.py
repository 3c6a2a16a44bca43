"""What every channel promises, parametrised over the registry: a new line there is tested here."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright import registry
from tagwright.candidates import Candidates
from tagwright.recall.base import Channel
from tagwright.recall.dense import Dense
from tagwright.recall.graph import Graph
from tagwright.recall.names import Names
from tagwright.testing import TAGS, check_channel, documents
from tagwright.testing.channels import _ASKED
from tagwright.types import Document

HEAVY = {"trees": "omikuji"}  # channels of an extra, and its library


def ways() -> list[Any]:
    """Every registered channel, in every space that it can work in."""
    found = []
    for name in registry.BUILT_IN["channel"]:
        spaces = ["words", "meaning"] if "space" in registry.options(registry.resolve("channel", name)) else [""]
        marks = [pytest.mark.heavy] if name in HEAVY else []
        found += [pytest.param(name, {"space": space} if space else {}, marks=marks) for space in spaces]
    found += [pytest.param("linear", {"space": space, "most": 0, "nearest": 3}) for space in ("words", "meaning")]
    return found


@pytest.mark.parametrize(("name", "options"), ways(), ids=str)
def test_a_registered_channel_keeps_every_promise(
    name: str, options: dict[str, Any], label_weights: Callable[..., Path], written: Callable[..., str]
) -> None:
    if name in HEAVY and importlib.util.find_spec(HEAVY[name]) is None:
        pytest.skip(f"{HEAVY[name]} is not installed")
    if name == "labelguided":
        # 16 numbers, as the encoder of the sample has; one tag came after the teaching.
        options = {"model": str(label_weights(width=16, tags=[tag.id for tag in TAGS[1:]]))}
    if name == "described":
        options = {"model": written([(document, [tag.name for tag in TAGS[n % 5 :: 5]]) for n, document in asked()])}
    check_channel(partial(registry.build, "channel", name, options))


def asked() -> Iterator[tuple[int, Document]]:
    """The documents of the checks, but for one: about that nothing was written."""
    return enumerate([*_ASKED[1:], *documents()])


# Channels that break one promise each: the checks must see it.


@dataclass
class TooMany(Graph):
    def recall(self, documents: Any, k: int) -> Candidates:
        return super().recall(documents, 10 * k)


@dataclass
class WritesElsewhere(Graph):
    def complete(self, documents: Any, candidates: Candidates) -> Candidates:
        others = {name: np.zeros(candidates.n_pairs) for name in candidates.columns if name not in self.columns}
        return super().complete(documents, candidates).with_columns(others)


@dataclass
class DependsOnCompany(Dense):
    def recall(self, documents: Any, k: int) -> Candidates:
        found = super().recall(documents, k)
        return found.with_columns({"it.score": found.column("it.score") + len(documents)})


@dataclass
class Misquotes(Names):
    def explain(self, document: Any, tag: int) -> Any:
        from tagwright.types import Evidence

        self.need("rarity_")
        return [Evidence(self.name, "words", "never said", 0, 10)]


@dataclass
class Pickles(Graph):
    def save(self, folder: Path) -> None:
        super().save(folder)
        np.save(folder / "code.npy", np.array([{"a": 1}], dtype=object))


@dataclass
class KeepsWhatWasRemoved(Graph):
    def remove(self, ids: Any) -> None:
        """Nothing."""


@dataclass
class WritesItsOptions(Graph):
    def fit(self, corpus: Any, vocabulary: Any) -> Any:
        self.threshold = 0.3
        return super().fit(corpus, vocabulary)


@dataclass
class Unready(Names):
    def recall(self, documents: Any, k: int) -> Candidates:
        if not hasattr(self, "rarity_"):
            return Candidates.empty(len(documents), self.columns)
        return super().recall(documents, k)


@dataclass
class ForgetsToLoad(Names):
    def load(self, folder: Path, vocabulary: Any) -> Any:
        super().load(folder, vocabulary)
        self._use(self.rarity_ + np.float32(0.1) * np.arange(len(self.rarity_), dtype=np.float32))
        return self


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (TooMany, "at most k"),
        (WritesElsewhere, "others' columns"),
        (DependsOnCompany, "complete agrees|blocks of"),
        (Misquotes, "exact substring"),
        (Pickles, r"data, not code: code\.npy"),
        (KeepsWhatWasRemoved, "leaves nothing"),
        (WritesItsOptions, "writes no option"),
        (Unready, "before fit"),
        (ForgetsToLoad, "loaded channel answers"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_check_names_the_promise_that_a_channel_breaks(broken: type[Channel], promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_channel(broken)


def test_a_strangers_channel_may_have_its_own_columns_and_options() -> None:
    @dataclass
    class Louder(Names):
        """Names, shouted."""

        volume: int = 2

    check_channel(partial(Louder, volume=3))
