"""What every recall channel promises."""

from __future__ import annotations

import operator
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from tagwright.candidates import Candidates, Ints
from tagwright.errors import NotFittedError
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

MOST_EVIDENCE = 3
Result = TypeVar("Result")


@dataclass
class Channel(ABC):
    """One way from documents to candidate tags.

    A channel writes columns named ``<name>.<what>``; ``<name>.score`` is the one it ranks by (higher = better).
    ``recall`` finds tags; ``complete`` then fills the channel's columns for pairs that other channels found, as far
    as it can say something about them. Both leave NaN where the channel has nothing to say.
    """

    name: str = field(default="", metadata={"given": True})
    parts: ClassVar[tuple[str, ...]] = ("score",)
    # Whether what `add`, `remove` and `add_tags` are told counts at once; else it does so after the next training.
    grows: ClassVar[bool] = True
    # Whether it teaches an encoder that knows nothing of the library's documents what they say.
    adapts: ClassVar[bool] = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns it writes."""
        return tuple(f"{self.name}.{part}" for part in self.parts)

    @abstractmethod
    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Learns from tagged documents (``tags`` None = skipped) and the vocabulary; the corpus is read once."""

    @abstractmethod
    def recall(self, documents: Sequence[Document], k: int) -> Candidates:
        """At most ``k`` tags a document with this channel's columns; raises `NotFittedError` before `fit`."""

    def complete(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The table with this channel's columns filled where it can say something about others' pairs."""
        return candidates

    @abstractmethod
    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """At most three reasons for the tag at this vocabulary position, strongest first; [] where it has none.

        The position may be that of a tag that came after the training.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes what was learned as plain arrays and JSON into ``folder`` (made if absent)."""

    @abstractmethod
    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote; arrays are mapped, not copied, where that pays."""

    def silent(self, documents: Sequence[Document], vocabulary: Vocabulary) -> bool:
        """Whether it had better not be asked at all, with so many documents and tags as these.

        Decided once, on all documents, before parts of them teach a channel: a part may lie beyond a threshold where
        the whole does not, and columns that are empty here and full there mislead the ranking. A channel that is silent
        learns nothing and has no columns.
        """
        return False

    def add(self, documents: Sequence[Document]) -> None:  # noqa: B027 - nothing to do where tags are not learned from
        """Learns these tagged documents at run time; one whose id is known replaces that one."""

    def remove(self, ids: Sequence[str]) -> None:  # noqa: B027
        """Forgets these documents; unknown ids are ignored."""

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:  # noqa: B027
        """Makes new or changed tags suggestable; ``vocabulary`` is the new one, ``positions`` what changed."""

    def need(self, learned: str) -> None:
        """Raises `NotFittedError` unless that attribute has been learned."""
        if not hasattr(self, learned):
            raise NotFittedError(f"channel {self.name!r} has not been fitted", hint="train the project first")

    def place(self, candidates: Candidates, values: dict[str, Any]) -> Candidates:
        """``candidates`` with ``values`` {part: (n_pairs,)} as this channel's columns."""
        return candidates.with_columns({f"{self.name}.{part}": column for part, column in values.items()})


class Last(Generic[Result]):
    """Remembers one result for the batch it was computed from, a thread: `complete` follows `recall` at once.

    A result counts for these very documents, whatever list holds them, and for one ``state`` of the channel: a number
    that changes with everything the result depends on. So what was added, removed or trained since is never missed.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def __reduce__(self) -> tuple[Any, ...]:
        return Last, ()  # another process begins with nothing

    def keep(self, documents: Sequence[Document], state: int, result: Result) -> Result:
        """Remembers and returns the result."""
        self._local.kept = (tuple(documents), state, result)
        return result

    def of(self, documents: Sequence[Document], state: int) -> Result | None:
        """The result for these documents in this state, else None."""
        kept: tuple[tuple[Document, ...], int, Result] | None = getattr(self._local, "kept", None)
        if kept is None or kept[1] != state or len(kept[0]) != len(documents):
            return None
        return kept[2] if all(map(operator.is_, kept[0], documents)) else None
