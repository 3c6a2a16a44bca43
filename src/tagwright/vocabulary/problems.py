"""What was wrong with the entries of a vocabulary and was mended or left out: counts and first examples."""

from __future__ import annotations

from dataclasses import dataclass, field

# Enough to see the pattern and to mend a small file in one go; a broken export of millions stays readable.
EXAMPLES = 100

SUMMARIES = {
    "broken-line": "lines that cannot be read, left out",
    "bad-field": "fields of another type than expected, left out",
    "no-id": "entries without an id, left out",
    "duplicate-id": "entries whose id was there before, left out (the first one counts)",
    "no-name": "tags without any preferred name; a synonym or the id is shown",
    "untranslated": "tags without a name in the shown language; another language's is shown",
    "S13": "labels that are both name and synonym, or synonym and hidden; the stronger one counts (SKOS S13)",
    "S14": "second preferred names in one language, kept as synonyms (SKOS S14)",
    "self-link": "tags that name themselves as broader, narrower, related or successor; left out",
    "cleaned": "labels with control characters, stray white space or not in NFC; cleaned",
}


@dataclass(frozen=True, slots=True)
class Example:
    """One case: ``place`` is "file:line" ("file" where a format has no lines), ``tag`` its id ("" where unknown)."""

    place: str
    tag: str
    detail: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.tag, self.detail) if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: ``code``, how often it occurred (``count``), the first cases (at most 100)."""

    code: str
    count: int
    examples: tuple[Example, ...]

    @property
    def summary(self) -> str:
        """What the code means and what was done about it."""
        return SUMMARIES[self.code]

    def __str__(self) -> str:
        first = f"; first: {self.examples[0]}" if self.examples else ""
        return f"{self.summary}: {self.count:,}{first}"


@dataclass
class Problems:
    """Collects problems while a file is read."""

    _counts: dict[str, int] = field(default_factory=dict)
    _examples: dict[str, list[Example]] = field(default_factory=dict)

    def add(self, code: str, place: str = "", tag: str = "", detail: str = "") -> None:
        """Counts one case of ``code`` (a key of `SUMMARIES`)."""
        self._counts[code] = self._counts.get(code, 0) + 1
        examples = self._examples.setdefault(code, [])
        if len(examples) < EXAMPLES:
            examples.append(Example(place, tag, detail[:200]))

    def found(self) -> tuple[Problem, ...]:
        """The problems so far, in the order of `SUMMARIES`."""
        return tuple(
            Problem(code, self._counts[code], tuple(self._examples[code])) for code in SUMMARIES if code in self._counts
        )
