"""A piece of knowledge: a rule, a paragraph of a reference text, the description of a tag."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from tagwright.errors import ConfigError
from tagwright.llm.prompts import plain

RULE, REFERENCE, DESCRIPTION = "rule", "reference", "description"
# Characters of a segment: three of them leave room for examples within the usual budget.
LONGEST = 600
LINE = '{"tag": "the id of a tag, or leave it out", "text": "…", "date": "2026-01-31"}'


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of knowledge, one short paragraph.

    ``tag``: the id of the tag that it is about, "" = of none. ``date``: "YYYY-MM-DD", "" = not known, older than all.
    ``kind``: "rule" (the user's own; without a tag it holds for the whole project), "reference" (found by its words,
    or through its tag), "description" (of a tag of the vocabulary). ``source`` says where it stands. Raises
    `ConfigError` where it has no text, too much of it, no such date or kind.
    """

    text: str
    tag: str = ""
    date: str = ""
    kind: str = RULE
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for key in ("text", "tag", "date", "kind"):
            if not _is_text(getattr(self, key)):
                raise ConfigError(f"{key!r} is {getattr(self, key)!r}, which is no text", hint=f"a line is {LINE}")
        if not plain(self.text, 1):
            raise ConfigError("there is no 'text'", hint=f"a line is {LINE}")
        if self.kind not in (RULE, REFERENCE, DESCRIPTION):
            raise ConfigError(f"'kind' is {self.kind!r}", hint=f"it is {RULE!r} or {REFERENCE!r}")
        if self.kind == DESCRIPTION and not self.tag:
            raise ConfigError("a description has no 'tag'", hint=f"a line is {LINE}")
        if self.kind == RULE and len(self.text) > LONGEST:
            raise ConfigError(f"the text has {len(self.text)} characters", hint=f"{LONGEST} at most: make two of it")
        if self.date and not is_date(self.date):
            raise ConfigError(f"'date' is {self.date!r}, which is no date", hint="write it as 2026-01-31")

    @property
    def day(self) -> int:
        """Its date as a number, the newer the higher; 0 = not known."""
        return date.fromisoformat(self.date).toordinal() if self.date else 0


def is_date(text: str) -> bool:
    """Whether this is a day, written as YYYY-MM-DD."""
    try:
        return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_text(value: object) -> bool:
    """Whether this can be written to a file: half of a surrogate pair cannot."""
    if not isinstance(value, str):
        return False
    try:
        return value.encode() is not None
    except UnicodeEncodeError:
        return False
