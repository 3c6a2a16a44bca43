"""What every stage promises that asks a language model, and what all of them are given."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.errors import ConfigError
from tagwright.generation.orders import without_orders
from tagwright.llm.base import LLM
from tagwright.llm.budget import OVER
from tagwright.llm.prompts import Template, hides, plain, visible
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

# So many times the characters that are shown are looked at: some of them are invisible, or orders.
_READ = 4
PAIRS, DOCUMENTS = "pairs", "documents"


class Notes:
    """What is to be said of single documents, for those who read the result; used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, list[str]] = {}
        self._lacking: set[str] = set()
        self._counted: Counter[str] = Counter()

    def add(self, document: str, what: str, *, lacking: bool = True) -> None:
        """Notes it once a document; ``lacking``: its suggestions had to do without something."""
        with self._lock:
            said = self._said.setdefault(document, [])
            if what not in said:
                said.append(what)
            if lacking:
                self._lacking.add(document)

    def count(self, what: str, number: int = 1) -> None:
        """Counts what is worth knowing of a run, but of no single document."""
        with self._lock:
            self._counted[what] += number

    def summary(self) -> list[str]:
        """What was counted, a line each."""
        with self._lock:
            return [f"{number:,} {what}" for what, number in self._counted.most_common() if number]

    def of(self, document: str) -> str:
        """All that was noted of it, "" = nothing."""
        with self._lock:
            return "; ".join(self._said.get(document, ()))

    def take(self, document: str) -> tuple[str, bool]:
        """All that was noted of it, and whether it lacks something; then it is forgotten."""
        said = self.of(document)
        with self._lock:
            lacking = document in self._lacking
            self._said.pop(document, None)
            self._lacking.discard(document)
        return said, lacking


@dataclass
class Stage(ABC):
    """Asks a model about documents and their candidates, and adds columns; NaN = not asked, or no answer.

    ``unit``: whether it asks once a document or once a pair; ``calls`` it makes for one. ``depth``: at most so many
    candidates of a document, by falling confidence. Columns are named ``<name>`` and ``<name>.<what>``.
    """

    name: str = field(default="", metadata={"given": True})
    llm: LLM = given()
    vocabulary: Vocabulary = given()
    template: Template = given()
    knowledge: Any = given()
    notes: Notes = given()
    depth: int = 10
    characters: int = 1500
    unit: ClassVar[str] = PAIRS
    calls: ClassVar[int] = 1
    parts: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for key in ("depth", "characters"):
            if getattr(self, key) < 1:
                raise ConfigError(f"'stages.{self.name or type(self).__name__.lower()}.{key}' must be 1 at least")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns it writes, the one that says most first."""
        return (self.name, *(f"{self.name}.{part}" for part in self.parts))

    @abstractmethod
    def score(self, documents: Sequence[Document], candidates: Candidates, asked: NDArray[np.bool_]) -> Candidates:
        """The table with this stage's columns.

        ``asked`` (n_pairs,): the pairs that may be asked about; of a stage that asks once a document, those that are
        shown to the model. A document without one is not asked about. What fails is noted, and stays NaN.
        """

    def drops(self, candidates: Candidates) -> NDArray[np.bool_]:
        """(n_pairs,) the pairs that are to leave a table whose answers count, whatever else speaks for them."""
        return np.zeros(candidates.n_pairs, dtype=np.bool_)

    @abstractmethod
    def explain(self, candidates: Candidates, pair: int) -> tuple[Evidence, ...]:
        """What the model said of a pair of the table, marked as its word; () where it was not asked."""

    def shown(self, document: Document) -> str:
        """Title and text as the model gets to see them, at most ``characters`` of them, without orders to a model.

        Orders and hidden text are noted.
        """
        parts = []
        for part in (document.title, document.text):
            read = part[: _READ * self.characters]
            # Characters that no reader sees could stand between the letters of an order.
            seen, orders = without_orders(visible(read))
            if self.notes is not None and hides(read):
                self.notes.add(document.id, "holds hidden text, which the model was not shown", lacking=False)
            if self.notes is not None and orders:
                self.notes.add(document.id, "gives orders to a model, which was not shown them", lacking=False)
            parts.append(plain(seen, self.characters))
        title, text = parts
        return f"{title}\n{text}".strip()[: self.characters] if title != text else text

    def note(self, document: Document, error: str) -> None:
        """Says at the document that there was no answer; over the budget it says so once for all stages."""
        what = "the budget is spent" if error == OVER else error
        self.notes.add(document.id, f"without the language model ({what})")


def furnish(stage: Stage, shared: Mapping[str, Any]) -> Stage:
    """The stage with the shared parts that its given fields ask for by name."""
    for one in fields(stage):
        if one.metadata.get("given") and one.name in shared:
            setattr(stage, one.name, shared[one.name])
    return stage


def blank(candidates: Candidates, names: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """{name: (n_pairs,) all NaN}."""
    return {name: np.full(candidates.n_pairs, np.nan, dtype=np.float32) for name in names}
