"""Proposes terms of its own, which are mapped to the vocabulary: tags that recall has missed."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates, Floats
from tagwright.errors import ConfigError
from tagwright.generation.base import DOCUMENTS, Stage
from tagwright.generation.mapping import LEAST, TermMap
from tagwright.generation.spelled import Spelled, read_spelled, spelling
from tagwright.generation.terms import read_terms
from tagwright.llm.base import LLM, Prompt
from tagwright.recall.finder import Finder
from tagwright.recall.tagpoints import TagPoints
from tagwright.registry import given
from tagwright.text.language import in_words
from tagwright.types import Document, Evidence

_KIND = "proposed by the language model"
# A term of four words takes about eight tokens, in other languages than English twice as many.
_TOKENS_A_TERM, _TOKENS_AROUND = 20, 16
# Terms that reasons are kept for: those of a thousand documents. Older ones are told by the tag's name.
_REMEMBERED = 10_000
# A number below 2**24 is exact in float32.
_NUMBERS = 2**24 - 1


class _Proposed(NamedTuple):
    """A tag's best term, how like it the tag is, how many terms point to it, and the place of the first."""

    similarity: float
    terms: int
    place: int
    term: str


_Found = dict[int, _Proposed]


@dataclass
class Propose(Stage):
    """Infer-Retrieve-Rank (ICXML, TagGPT): the model writes at most ``terms`` free terms, `TermMap` finds their tags.

    Each term stands for at most ``found`` tags: those that are called so, else those with a similarity of ``least`` or
    more (see `tagwright.generation.mapping`). With ``constrained`` a model in this process spells names of tags and
    nothing else (PTEC), and there is nothing to map. Tags that were no candidates become candidates, with NaN in all
    other columns. Columns: the best similarity (of a spelled name its probability) in (0, 1], 0 for the other
    candidates of a document that was asked about; ``<name>.terms`` how many terms point to the tag; ``<name>.place`` 1
    for the first term, 1/2 for the second, …; ``<name>.term`` a number that names the best term, for the reasons.

    ``unmapped(document id, term)`` is told of terms that no tag stands for.
    """

    finder: Finder = given()
    tag_points: TagPoints | None = given()
    unmapped: Callable[[str, str], None] | None = given()
    terms: int = 8
    found: int = 3
    least: float = LEAST
    constrained: bool = False
    unit: ClassVar[str] = DOCUMENTS
    calls: ClassVar[int] = 1
    parts: ClassVar[tuple[str, ...]] = ("terms", "place", "term")
    uses: ClassVar[str] = "propose"
    _said: OrderedDict[tuple[int, int], str] = field(default_factory=OrderedDict, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, most in (("terms", 50), ("found", 50)):
            if not 1 <= getattr(self, key) <= most:
                raise ConfigError(f"'{key}' of stage {self.name!r} is {getattr(self, key)}, but must be 1 to {most}")
        if not 0 < self.least <= 1:
            raise ConfigError(f"'least' of stage {self.name!r} is {self.least}, but must be above 0 and at most 1")
        self._lock = threading.Lock()
        self._map: TermMap | None = None
        self._spelling: tuple[LLM, str, tuple[LLM, Spelled]] | None = None

    def score(self, documents: Sequence[Document], candidates: Candidates, asked: NDArray[np.bool_]) -> Candidates:
        """The table with what was proposed, and with pairs for tags that were not in it."""
        rows = np.unique(candidates.documents[asked]).tolist()
        about = [documents[row] for row in rows]
        answers = self._spelled(about) if self.constrained else self._mapped(about)
        said = {row: answer for row, answer in zip(rows, answers, strict=True) if answer is not None}
        return self._table(candidates, said)

    def explain(self, candidates: Candidates, pair: int) -> tuple[Evidence, ...]:
        """The term that was proposed; the tag's own name where that is not remembered any more."""
        value, tag = float(candidates.column(self.name)[pair]), int(candidates.tags[pair])
        if not value > 0:
            return ()
        number = float(np.nan_to_num(candidates.column(f"{self.name}.term")[pair]))
        with self._lock:
            term = self._said.get((tag, int(number)))
        return (Evidence(self.name, _KIND, self.vocabulary.name(tag) if term is None else term, value=value),)

    def _mapped(self, documents: Sequence[Document]) -> list[_Found | None]:
        """What the terms for each document stand for; ``None`` where there is no answer."""
        prompts = self._prompts(documents)
        answers = self.llm.complete(prompts, schema=_schema(self.terms), most_tokens=self._most_tokens)
        written = [None if answer.error else read_terms(answer.text, self.terms) for answer in answers]
        for document, answer, terms in zip(documents, answers, written, strict=True):
            if terms is None:
                self.note(document, answer.error or "its answer could not be read")
        different = list(dict.fromkeys(term for terms in written for term in terms or ()))
        tags = dict(zip(different, self._terms().tags(different), strict=True))
        self._tell(documents, written, tags)
        return [None if terms is None else _gathered([(term, tags[term]) for term in terms]) for terms in written]

    def _spelled(self, documents: Sequence[Document]) -> list[_Found | None]:
        """The names that the model spelled for each document; ``None`` where there is no answer."""
        llm, spelled = self._speller()
        found: list[_Found | None] = []
        answers = llm.complete(self._prompts(documents), most_tokens=self._most_tokens)
        for document, answer in zip(documents, answers, strict=True):
            tags = None if answer.error else read_spelled(answer.text, spelled)
            if tags is None:
                self.note(document, answer.error or "its answer could not be read")
            names = [(self.vocabulary.name(tag), [(tag, value)]) for tag, value in tags or ()]
            found.append(None if tags is None else _gathered(names))
        return found

    def _prompts(self, documents: Sequence[Document]) -> list[Prompt]:
        """One a document; of what is known only examples: definitions of candidates would say what to propose."""
        known = [""] * len(documents)
        if self.knowledge is not None and documents:
            known = [one.text for one in self.knowledge.retrieve(documents, [[] for _ in documents])]
        # Labels of no stated language are read in the analyzer's first one, so terms are asked for in that one, too.
        code = self.vocabulary.language or self.finder.analyzer.languages[0]
        shared = {"number": str(self.terms), "language": in_words(code)}
        return [
            self.template.prompt(document.id, {**shared, "document": self.shown(document), "knowledge": text})
            for document, text in zip(documents, known, strict=True)
        ]

    def _tell(
        self, documents: Sequence[Document], written: Sequence[list[str] | None], tags: Mapping[str, Sequence[Any]]
    ) -> None:
        """Hands over the terms that no tag stands for."""
        strange = [
            (document.id, term)
            for document, terms in zip(documents, written, strict=True)
            for term in terms or ()
            if not tags[term]
        ]
        if strange:
            self.notes.count("proposed terms that no tag stands for", len(strange))
        if self.unmapped is not None:
            for document, term in strange:
                self.unmapped(document, term)

    def _table(self, candidates: Candidates, said: Mapping[int, _Found]) -> Candidates:
        pairs = [(row, tag, one) for row, found in said.items() for tag, one in found.items()]
        self._remember([(tag, one.term) for _, tag, one in pairs])
        values = np.array(
            [(one.similarity, one.terms, 1 / (1 + one.place), _number(one.term)) for *_, one in pairs], dtype=np.float32
        ).reshape(len(pairs), len(self.columns))
        owners, tags = (np.array([pair[n] for pair in pairs], dtype=np.int64) for n in (0, 1))
        columns = dict(zip(self.columns, values.T, strict=True))
        proposed = Candidates.from_pairs(candidates.n_documents, owners, tags, columns)
        others = {name: column for name, column in candidates.columns.items() if name not in self.columns}
        table = Candidates.merge([Candidates(candidates.offsets, candidates.tags, others), proposed])
        answered = np.zeros(candidates.n_documents, dtype=np.bool_)
        answered[list(said)] = True
        silent = answered[table.documents] & np.isnan(table.column(self.name))
        zeros: dict[str, Floats] = {n: np.where(silent, np.float32(0), table.column(n)) for n in self.columns}
        return table.with_columns(zeros)

    def _remember(self, said: Sequence[tuple[int, str]]) -> None:
        with self._lock:
            for tag, term in said:
                key = (tag, _number(term))
                self._said[key] = term
                self._said.move_to_end(key)
            while len(self._said) > _REMEMBERED:
                self._said.popitem(last=False)

    def _terms(self) -> TermMap:
        """The map to the vocabulary in use, made anew when that changes."""
        with self._lock:
            if self._map is None or self._map.vocabulary is not self.vocabulary:
                self._map = TermMap(self.vocabulary, self.finder.labels, self.tag_points, self.found, self.least)
            return self._map

    def _speller(self) -> tuple[LLM, Spelled]:
        """The model with a trie of the names of active tags, made once a vocabulary."""
        with self._lock:
            key = self.vocabulary.fingerprint
            if self._spelling is None or self._spelling[0] is not self.llm or self._spelling[1] != key:
                self._spelling = (self.llm, key, spelling(self.llm, self.vocabulary, self.terms))
            return self._spelling[2]

    @property
    def _most_tokens(self) -> int:
        return self.terms * _TOKENS_A_TERM + _TOKENS_AROUND


def _gathered(terms: Sequence[tuple[str, Sequence[tuple[int, float]]]]) -> _Found:
    """{tag: what was proposed of it} from each term with its tags; of equally like terms the first one is told."""
    found: _Found = {}
    for place, (term, tags) in enumerate(terms):
        for tag, similarity in tags:
            before = found.get(tag)
            if before is None:
                found[tag] = _Proposed(similarity, 1, place, term)
            else:
                best = (before.similarity, before.term) if before.similarity >= similarity else (similarity, term)
                found[tag] = _Proposed(best[0], before.terms + 1, before.place, best[1])
    return found


def _number(term: str) -> int:
    """1 to 2**24 - 1, the same for the same term."""
    return zlib.crc32(term.encode("utf-8", "replace")) % _NUMBERS + 1


def _schema(most: int) -> dict[str, Any]:
    terms = {"type": "array", "items": {"type": "string"}, "maxItems": most}
    return {"type": "object", "properties": {"terms": terms}, "required": ["terms"], "additionalProperties": False}
