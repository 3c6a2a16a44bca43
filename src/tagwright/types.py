"""The nouns that travel between the rooms: documents, tags, suggestions, evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Document:
    """One text to be tagged, with its gold tags where somebody has tagged it.

    ``tags`` are tag ids without repeats in the order of the source; ``None`` means "nobody looked", an empty tuple
    "somebody looked and gave none". Title and text stay separate everywhere. ``language`` is a BCP 47 code or ``None``.
    """

    id: str
    text: str
    title: str = ""
    language: str | None = None
    tags: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry of a vocabulary.

    ``name`` is what is shown; ``names`` holds the preferred name of each language ("" = no language stated).
    ``synonyms`` and ``hidden`` (search-only labels) and ``descriptions`` are keyed by language likewise.
    ``broader``, ``narrower`` and ``related`` are tag ids. A deprecated tag is never suggested; ``replaced_by``
    names its successors.
    """

    id: str
    name: str
    names: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOTHING)
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOTHING)
    descriptions: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    notation: str = ""
    broader: tuple[str, ...] = ()
    narrower: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    deprecated: bool = False
    replaced_by: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """The description of the shown name's language, else the first one, else ""."""
        for language, name in self.names.items():
            if name == self.name and language in self.descriptions:
                return self.descriptions[language]
        return next(iter(self.descriptions.values()), "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a suggestion, as the channel that found it tells it.

    ``start`` and ``end`` are character offsets into the document's ``field`` ("text" or "title"), which ``text``
    equals exactly; both are ``None`` for evidence that is no quotation (a neighbour, a cosine). ``document`` is the
    id of a similar document, ``value`` the strength in the channel's own unit (higher = stronger), ``label`` the name
    or synonym of the tag that a quotation says.
    """

    channel: str
    kind: str
    text: str
    start: int | None = None
    end: int | None = None
    document: str | None = None
    value: float = 0.0
    field: str = "text"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """How often suggestions like one were right: ``right`` times of ``n``, on documents that were not learned from."""

    n: int
    right: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a person sees: a tag, how likely it is right, and at most three reasons, strongest first.

    ``confidence`` lies in [0, 1]; it is a probability only where ``calibrated`` is true. ``decision`` is what the
    project's rule does with it: "apply", "review" or "drop"; "" where there is no rule.
    ``redundant``: a narrower tag of it is given as well, and the project marks that. ``cases``: how often suggestions
    like it were right; ``seen``: how many documents with the tag were learned from; ``None`` where that is not known.
    """

    tag: str
    name: str
    confidence: float
    calibrated: bool = True
    evidence: tuple[Evidence, ...] = ()
    decision: str = ""
    redundant: bool = False
    cases: Case | None = None
    seen: int | None = None
