"""What a model is told beside the document: similar documents with right and wrong tags, rules, definitions.

SRKI, short-term retrieved knowledge injection: R(c) of LLM4Tag, Eq. 9.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tagwright.errors import ConfigError
from tagwright.generation.orders import without_orders
from tagwright.generation.samples import TWIN, Sample, Samples
from tagwright.generation.segment import DESCRIPTION, LONGEST, RULE, Segment
from tagwright.generation.segments import Found, Segments
from tagwright.llm.prompts import plain, visible
from tagwright.registry import given
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

# Bring this up to date with every change of the words below: what was learned with others does not fit.
_WORDING = 1
_NOTES = "What this library says:"
_EXAMPLES = "Other documents of this library:"
_CHARACTERS_A_TOKEN = 4
_TITLE, _BEGINNING, _NAME = 120, 200, 100
_TAGS_SHOWN = 6
_READ = 2000  # characters that are looked at for these


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The lines for a prompt ("" = nothing is known), and where they come from.

    ``used``: the sources in the order of the lines; ``dropped``: what was found and left out, the first one first.
    """

    text: str = ""
    dropped: tuple[str, ...] = ()
    used: tuple[str, ...] = ()


class _Line(NamedTuple):
    heading: str
    text: str
    source: str
    score: float


@dataclass
class Knowledge:
    """At most ``examples`` similar documents and ``segments`` pieces of knowledge a document, in ``tokens`` tokens.

    0 switches either off. A token is taken as four characters; where there is too much, the weakest is dropped first.
    ``twin``: documents that are more similar are taken for the same one and never shown. ``samples`` and ``sources``
    may be ``None``. Raises `ConfigError` for options out of range.
    """

    examples: int = 3
    segments: int = 3
    tokens: int = 600
    twin: float = TWIN
    samples: Samples | None = given()
    sources: Segments | None = given()
    vocabulary: Vocabulary = given()

    def __post_init__(self) -> None:
        for key in ("examples", "segments", "tokens"):
            if getattr(self, key) < 0:
                raise ConfigError(f"'knowledge.{key}' is {getattr(self, key)!r}, but must be 0 at least")
        if not 0 < self.twin <= 1:
            raise ConfigError(f"'knowledge.twin' is {self.twin!r}, but must lie above 0 and be 1 at most")

    @property
    def fingerprint(self) -> str:
        """Names everything that the lines depend on beside the documents and their candidates."""
        said = [_WORDING, self.examples, self.segments, self.tokens, self.twin, self.vocabulary.fingerprint]
        said += ["" if part is None else part.fingerprint for part in (self.samples, self.sources)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def retrieve(
        self, documents: Sequence[Document], tags: Sequence[Sequence[int]], *, examples: bool = True
    ) -> list[Retrieved]:
        """What is known of each document with these candidates (positions, the likeliest first).

        With ``examples`` false only rules, definitions and reference texts.
        """
        similar: list[list[Sample]] = [[] for _ in documents]
        if self.samples is not None and examples:
            similar = self.samples.similar(documents, self.examples, twin=self.twin, among=_Active(self.vocabulary))
        found: list[list[Found]] = [[] for _ in documents]
        if self.sources is not None and self.segments:
            found = self.sources.find(documents, tags, self.vocabulary, self.segments)
        return [self._retrieved(*row) for row in zip(found, similar, tags, strict=True)]

    def _retrieved(self, found: Sequence[Found], similar: Sequence[Sample], tags: Sequence[int]) -> Retrieved:
        notes = [_Line(_NOTES, self._note(one.segment), one.segment.source, one.score) for one in found]
        lines = notes[: self.segments]
        lines += [_Line(_EXAMPLES, self._example(s, tags), f"document {s.document.id}", s.similarity) for s in similar]
        dropped = [line.source for line in reversed(notes[self.segments :])]
        while len(text := _text(lines)) > self.tokens * _CHARACTERS_A_TOKEN:
            weakest = min(range(len(lines)), key=lambda place: (lines[place].score, -place))
            dropped.append(lines.pop(weakest).source)
        return Retrieved(text, tuple(dropped), tuple(line.source for line in lines))

    def _note(self, segment: Segment) -> str:
        position = self.vocabulary.find(segment.tag) if segment.tag else -1
        about = _shown(self.vocabulary.name(position), _NAME) if position >= 0 else ""
        about = about or ("Rule" if segment.kind == RULE else "Note")
        when = f" ({segment.date})" if segment.date and segment.kind != DESCRIPTION else ""
        return f"- {about}{when}: {_shown(segment.text, LONGEST)}"

    def _example(self, sample: Sample, tags: Sequence[int]) -> str:
        document = sample.document
        # An order in one document must not reach a model that is asked about another.
        texts = (without_orders(visible(part[:_READ]))[0] for part in (document.title, document.text))
        said = [_shown(text, most) for text, most in zip(texts, (_TITLE, _BEGINNING), strict=True)]
        # A quotation mark within would end the quotation.
        quoted = " – ".join(filter(None, said)).replace('"', "'")
        right, wrong = self._names(sample.right, tags), self._names(sample.wrong, tags)
        parts = [f"{what}: {'; '.join(names)}." for what, names in (("right", right), ("wrong", wrong)) if names]
        return f'Example: "{quoted}" → {" ".join(parts)}'

    def _names(self, ids: Iterable[str], tags: Sequence[int]) -> list[str]:
        """The names of those that the vocabulary has; where they are many, candidates go before the others."""
        active = _Active(self.vocabulary)
        positions = [self.vocabulary.find(id) for id in ids if id in active]
        kept = sorted(positions, key=lambda position: position not in tags)[:_TAGS_SHOWN]
        return [_shown(self.vocabulary.name(position), _NAME) for position in positions if position in kept]


class _Active:
    """The ids of the tags that can be suggested."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def __contains__(self, id: object) -> bool:
        position = self._vocabulary.find(id) if isinstance(id, str) else -1
        return position >= 0 and bool(self._vocabulary.active[position])


def _text(lines: Sequence[_Line]) -> str:
    """The lines below their headings."""
    headings = dict.fromkeys(line.heading for line in lines)
    return "\n".join("\n".join([heading, *(x.text for x in lines if x.heading == heading)]) for heading in headings)


def _shown(text: str, most: int) -> str:
    """At most ``most`` characters on one line; what was cut off is marked."""
    shown = plain(text, most + 1)
    return shown if len(shown) <= most else f"{shown[: most - 1].rstrip()}…"
