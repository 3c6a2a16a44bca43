"""A library record as its fields, whichever syntax it came in, and what of it is title, text, tags and language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tagwright.corpus.languages import language_code
from tagwright.corpus.reader import Record, TagReference
from tagwright.types import Document

# No library record is longer; what is has lost its end.
LONGEST_RECORD = 16 << 20
# Field and the subfields that hold text, in the order in which they are read. The statement of responsibility (245 $c)
# belongs to the title as catalogues show it.
_TITLE = {"245": "abc"}
_TEXT = {"520": "ab", "505": "agrt", "653": "a"}
# Who issued an identifier, and the address that it has on the web.
AUTHORITIES = {
    "(DE-588)": "https://d-nb.info/gnd/",
    "(DLC)": "http://id.loc.gov/authorities/subjects/",
    "(DNLM)": "http://id.nlm.nih.gov/mesh/",
    "(uri)": "",
}
# Around words that do not sort ("\x98Der\x9c Turm"); some systems write the other pair.
_NOT_SORTING = dict.fromkeys(map(ord, "\x98\x9c\x88\x89"))


@dataclass(frozen=True, slots=True)
class MarcField:
    """One field: ``data`` of a control field (001 to 009), or ``subfields`` as (code, value) in order.

    ``indicators`` are known of fields that are to be written; no reader needs them.
    """

    tag: str
    data: str = ""
    subfields: tuple[tuple[str, str], ...] = ()
    indicators: str = "  "

    def values(self, codes: str) -> list[str]:
        """The values of these subfields in the order of the record, without empty ones."""
        return [value for code, value in self.subfields if code in codes and value.strip()]


@dataclass(frozen=True, slots=True)
class MarcRecord:
    """``line`` is the record's number in ISO 2709 and the line on which it begins in MARCXML, from 1."""

    line: int
    fields: tuple[MarcField, ...]


def record_of(found: MarcRecord, file: str) -> Record:
    """The document in a library record; without a number (001) it is called "file:line"."""
    document = Document(
        id=_control(found, "001") or f"{file}:{found.line}",
        title=" ".join(_texts(found, _TITLE)),
        text="\n".join(_texts(found, _TEXT)),
        language=_language(found),
    )
    tags = tuple(_reference(field) for field in found.fields if field.tag.startswith("6") and field.values("0"))
    return Record(found.line, document, tags or None)


def _texts(found: MarcRecord, wanted: dict[str, str]) -> Iterator[str]:
    for tag, codes in wanted.items():
        for field in found.fields:
            if field.tag == tag and (values := field.values(codes)):
                yield " ".join(" ".join(values).translate(_NOT_SORTING).split())


def _reference(field: MarcField) -> TagReference:
    ids: list[str] = []
    bare: list[str] = []
    for value in map(str.strip, field.values("0")):
        issuer, _, number = value.partition(")")
        if f"{issuer})" in AUTHORITIES:
            ids.append(AUTHORITIES[f"{issuer})"] + number.strip())
        ids.append(value)
        if value.startswith("(") and number:
            bare.append(number.strip())
    # An address goes first: it is what a vocabulary most likely has, and what is kept where none is at hand.
    ids.sort(key=lambda tag_id: not tag_id.startswith(("http://", "https://")))
    return TagReference(tuple(ids + bare))


def _language(found: MarcRecord) -> str | None:
    stated = [value for field in found.fields if field.tag == "041" for value in field.values("a")]
    # Old records write several codes in one subfield ("gerengfre"); the first is that of the text.
    return language_code(stated[0][:3] if stated else _control(found, "008")[35:38].strip())


def _control(found: MarcRecord, tag: str) -> str:
    return next((field.data.strip() if tag != "008" else field.data for field in found.fields if field.tag == tag), "")
