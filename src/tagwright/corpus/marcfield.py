"""A library record as its fields, whichever syntax it came in."""

from __future__ import annotations

from dataclasses import dataclass

# No library record is longer; what is has lost its end.
LONGEST_RECORD = 16 << 20


@dataclass(frozen=True, slots=True)
class MarcField:
    """One field: ``data`` of a control field (001 to 009), or ``subfields`` as (code, value) in order."""

    tag: str
    data: str = ""
    subfields: tuple[tuple[str, str], ...] = ()

    def values(self, codes: str) -> list[str]:
        """The values of these subfields in the order of the record, without empty ones."""
        return [value for code, value in self.subfields if code in codes and value.strip()]


@dataclass(frozen=True, slots=True)
class MarcRecord:
    """``line`` is the record's number in ISO 2709 and the line on which it begins in MARCXML, from 1."""

    line: int
    fields: tuple[MarcField, ...]
