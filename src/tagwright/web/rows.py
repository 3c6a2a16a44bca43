"""What is shown of a suggestion: how likely it is in words, where the tag stands, what speaks for it, what to mind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tagwright.server.served import Answer
from tagwright.types import Document, Evidence, Suggestion, Tag
from tagwright.vocabulary import Vocabulary
from tagwright.vocabulary.folded import fold

# The tenth is 0, as on the keyboard.
_KEYS = "1234567890"
# From so much on a confidence is called by its name: very likely, likely, perhaps, doubtful, unlikely.
_LEVELS = ((0.9, "very"), (0.7, "likely"), (0.4, "perhaps"), (0.15, "doubtful"), (0.0, "unlikely"))
# So many of each are shown; what is more is counted.
_PATHS, _NARROWER, _NAMES = 3, 30, 4
# A hierarchy that is deeper has a circle.
_DEEPEST = 64
_MODEL = "language model"
# Rarer than this, "so many of so many" reads as a chance to be weighed, and it is none.
_RARE = 0.05
# What a channel found where that is a number alone. The number tells how alike things are and not how right the tag is:
# of 741 suggestions for tibkat-en dev with a cosine to the tag's documents 5-11 % were right at 0.2 as at 0.7.
_NUMBER = re.compile(r"(?:cosine|score) (-?\d+\.\d\d)")
# What the channels call it: the text that says it.
_WHAT = {
    "shared words": "shared_words", "name words": "name_words", "telling words": "telling_words",
    "meaning": "meaning", "meaning, as this library indexes": "indexed", "like its documents": "its_documents",
    "learned words": "learned", "learned from documents": "learned", "learned from tagged documents": "learned",
    "written description": "description", "pair model": "read_together", "cross-encoder": "read_together",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """Another tag."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks for a tag: ``kind`` quote, similar, words, number or model.

    A quote is an exact part of the document; ``label`` is the synonym of the tag that it says, "" for the name itself.
    ``document``: of a similar one. ``what``: the channel's own word for what it found; ``text`` of a number: digits.
    """

    kind: str
    text: str
    what: str = ""
    label: str = ""
    document: str = ""
    field: str = "text"
    start: int = 0
    end: int = 0

    @property
    def said(self) -> str:
        """The text that says what was found; "other" where only the channel has a word for it."""
        return _WHAT.get(self.what, "other")


@dataclass(frozen=True, slots=True)
class Caution:
    """What to mind: ``kind`` redundant, deprecated, unseen or alike, and the tags that it is about."""

    kind: str
    tags: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One suggestion as the macro ``suggestion.html`` shows it.

    ``key``: the digit that stands for it, "" from the eleventh on. ``level``: `_LEVELS`, "" where the confidence is not
    calibrated; ``right`` of ``cases`` suggestions like it were right (0 of 0: not counted);
    ``likely``: at or above the project's line. ``seen``: how many documents with it were learned from, -1 = unknown.
    """

    key: str
    tag: str
    name: str
    confidence: float
    likely: bool
    level: str
    right: int
    cases: int
    seen: int
    decision: str = ""
    notation: str = ""
    description: str = ""
    names: tuple[tuple[str, str], ...] = ()
    paths: tuple[tuple[Link, ...], ...] = ()
    broader: tuple[Link, ...] = ()
    narrower: tuple[Link, ...] = ()
    n_narrower: int = 0
    reasons: tuple[Reason, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def percent(self) -> int:
        """The confidence in hundredths; what is not certain is not called so."""
        return max(1, min(99, round(100 * self.confidence)))

    @property
    def often(self) -> str:
        """How to say how often suggestions like it were right: often, rarely, never; "" where that was not counted."""
        if not self.cases:
            return ""
        return "often" if self.right >= _RARE * self.cases else "rarely" if self.right else "never"


@dataclass(frozen=True)
class Shown:
    """All rows of a document; ``above`` the project's line and ``below`` it."""

    rows: list[Row]
    calibrated: bool
    cut: float

    def quoted(self, field: str) -> list[tuple[int, int, str]]:
        """(start, end, tag) of every quotation from the document's ``field``, "text" or "title"."""
        reasons = ((row.tag, one) for row in self.rows for one in row.reasons)
        return [(one.start, one.end, tag) for tag, one in reasons if one.kind == "quote" and one.field == field]

    @property
    def likely(self) -> frozenset[str]:
        """The ids of the likely ones."""
        return frozenset(row.tag for row in self.above)

    @property
    def above(self) -> list[Row]:
        """The likely ones; all where the confidence is not calibrated."""
        return [row for row in self.rows if row.likely]

    @property
    def below(self) -> list[Row]:
        """The others."""
        return [row for row in self.rows if not row.likely]


def rows_of(document: Document, answer: Answer) -> Shown:
    """The rows of an answer, its suggestions in their order; reads nothing but the answer's own state."""
    state, suggestions = answer.state, answer.suggestions
    about = _About(state.vocabulary, suggestions, state.cut)
    rows = [
        _row(document, one, about, key=_KEYS[n] if n < len(_KEYS) else "", cut=state.cut)
        for n, one in enumerate(suggestions)
    ]
    return Shown(rows, state.calibrated, state.cut)


def row_of(document: Document, suggestion: Suggestion, vocabulary: Vocabulary, *, cut: float = 0.0) -> Row:
    """The row of one suggestion alone, as where a tag was added by hand."""
    return _row(document, suggestion, _About(vocabulary, [suggestion], cut), key="", cut=cut)


def reason_of(document: Document, evidence: Evidence) -> Reason | None:
    """The reason as it is shown; ``None`` for a quotation that the document does not have."""
    if evidence.start is not None and evidence.end is not None:
        said = document.title if evidence.field == "title" else document.text
        if not evidence.text or said[evidence.start : evidence.end] != evidence.text:
            return None
        label = evidence.label if evidence.kind == "synonym" else ""
        return Reason(
            "quote", evidence.text, evidence.kind, label, field=evidence.field, start=evidence.start, end=evidence.end
        )
    if evidence.document is not None:
        return Reason("similar", evidence.text or evidence.document, evidence.kind, document=evidence.document)
    number = _NUMBER.fullmatch(evidence.text)
    if number:
        return Reason("number", number[1], evidence.kind)
    return Reason("model" if evidence.kind == _MODEL else "words", evidence.text, evidence.kind)


class _About:
    """What the suggestions of a document are to each other."""

    def __init__(self, vocabulary: Vocabulary, suggestions: Sequence[Suggestion], cut: float) -> None:
        self.vocabulary = vocabulary
        self.likely = {vocabulary.find(one.tag): one for one in suggestions if one.confidence >= cut}
        self._above = {place: _ancestors(vocabulary, place) for place in self.likely if place >= 0}
        self._folded: dict[str, list[Suggestion]] = {}
        for one in suggestions:
            self._folded.setdefault(_plain(one.name), []).append(one)

    def narrower_given(self, place: int) -> tuple[Link, ...]:
        """The likely tags that make this one redundant."""
        if place not in self.likely:
            return ()
        circle = self._above.get(place, set())
        found = [other for other, above in self._above.items() if place in above and other not in circle]
        return tuple(Link(self.likely[other].tag, self.likely[other].name) for other in found)

    def alike(self, suggestion: Suggestion) -> tuple[Link, ...]:
        """The other suggested tags that are called nearly the same."""
        return tuple(Link(o.tag, o.name) for o in self._folded[_plain(suggestion.name)] if o.tag != suggestion.tag)


def _row(document: Document, suggestion: Suggestion, about: _About, *, key: str, cut: float) -> Row:
    vocabulary, share = about.vocabulary, suggestion.confidence
    place = vocabulary.find(suggestion.tag)
    cases = suggestion.cases
    level = next(name for least, name in _LEVELS if share >= least) if suggestion.calibrated else ""
    reasons = (reason_of(document, one) for one in suggestion.evidence)
    seen = -1 if suggestion.seen is None else suggestion.seen
    return Row(
        key=key, tag=suggestion.tag, name=suggestion.name, confidence=share, likely=share >= cut, level=level,
        right=0 if cases is None else cases.right, cases=0 if cases is None else cases.n, seen=seen,
        decision=suggestion.decision, reasons=tuple(one for one in reasons if one is not None),
        **(_card(vocabulary, place, suggestion, about) if place >= 0 else {}),
    )  # fmt: skip


def _card(vocabulary: Vocabulary, place: int, suggestion: Suggestion, about: _About) -> dict[str, Any]:
    """What the vocabulary says of the tag."""
    tag, narrower = vocabulary.tag(place), vocabulary.narrower(place).tolist()
    broader = vocabulary.broader(place).tolist()
    return {
        "notation": tag.notation, "description": tag.description, "names": _others(tag),
        "paths": tuple(way_to(vocabulary, step) for step in broader[:_PATHS]),
        "broader": tuple(link_to(vocabulary, step) for step in broader),
        "narrower": tuple(link_to(vocabulary, step) for step in narrower[:_NARROWER]), "n_narrower": len(narrower),
        "cautions": tuple(_cautions(vocabulary, tag, place, suggestion, about)),
    }  # fmt: skip


def _cautions(vocabulary: Vocabulary, tag: Tag, place: int, suggestion: Suggestion, about: _About) -> list[Caution]:
    found = []
    if given := about.narrower_given(place):
        found.append(Caution("redundant", given))
    if tag.deprecated:
        successors = (Link(id, vocabulary.name(vocabulary.find(id))) for id in tag.replaced_by if id in vocabulary)
        found.append(Caution("deprecated", tuple(successors)))
    if suggestion.seen == 0 and suggestion.calibrated:
        found.append(Caution("unseen"))
    if alike := about.alike(suggestion):
        found.append(Caution("alike", alike))
    return found


def _others(tag: Tag) -> tuple[tuple[str, str], ...]:
    """(language, name) where the tag is called otherwise."""
    return tuple((code, name) for code, name in tag.names.items() if code and name != tag.name)[:_NAMES]


def way_to(vocabulary: Vocabulary, place: int) -> tuple[Link, ...]:
    """The way down to a tag, itself last."""
    return tuple(link_to(vocabulary, step) for step in vocabulary.path(place))


def link_to(vocabulary: Vocabulary, place: int) -> Link:
    """The tag at a position."""
    return Link(vocabulary.ids[place], vocabulary.name(place))


def _ancestors(vocabulary: Vocabulary, place: int) -> set[int]:
    """All that is broader, through whatever steps; the tag itself only where it is in a circle."""
    found: set[int] = set()
    waiting = [place]
    for _ in range(_DEEPEST):
        waiting = [up for one in waiting for up in vocabulary.broader(one).tolist() if up not in found]
        found.update(waiting)
        if not waiting:
            break
    return found


def _plain(name: str) -> str:
    """The name without what a qualifier, an ending or a hyphen may add: "Cranes (birds)" and "crane" are alike."""
    words = fold(name.partition("(")[0] or name).split()
    return " ".join(word.removesuffix("s") for word in words) or name
