"""Library records: MARC 21 (ISO 2709; extra ``marc``) and MARCXML as documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tagwright.corpus.languages import language_code
from tagwright.corpus.marc21 import read_marc21
from tagwright.corpus.marcfield import MarcField, MarcRecord
from tagwright.corpus.marcxml import read_marcxml
from tagwright.corpus.reader import Broken, Record, TagReference
from tagwright.corpus.source import Source
from tagwright.types import Document

# Field and the subfields that hold text, in the order in which they are read. The statement of responsibility (245 $c)
# belongs to the title as catalogues show it.
_TITLE = {"245": "abc"}
_TEXT = {"520": "ab", "505": "agrt", "653": "a"}
# Who issued an identifier, and the address that it has on the web.
_AUTHORITIES = {
    "(DE-588)": "https://d-nb.info/gnd/",
    "(DLC)": "http://id.loc.gov/authorities/subjects/",
    "(DNLM)": "http://id.nlm.nih.gov/mesh/",
    "(uri)": "",
}
# Around words that do not sort ("\x98Der\x9c Turm"); some systems write the other pair.
_NOT_SORTING = dict.fromkeys(map(ord, "\x98\x9c\x88\x89"))


@dataclass(frozen=True)
class Marc:
    """245 $a $b $c is the title; 520, 505 and 653 are the text; 6XX with ``$0`` are the tags; 041 or 008 the language.

    The id is that of 001. ``(DE-588)4136216-0`` is looked up as it stands, as an address on the web and as the bare
    number; addresses as they stand. A 6XX field with several ``$0`` is one tag. Problems count records, in MARCXML
    lines.
    """

    def read(self, source: Source) -> Iterator[Record | Broken]:
        """A record a record; raises `CorpusError` for XML that is no MARCXML and `MissingExtraError` for ISO 2709."""
        with source.open() as stream:
            is_xml = stream.peek(64)[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<")
            records = read_marcxml(stream, source.shown) if is_xml else read_marc21(stream)
            for found in records:
                yield found if isinstance(found, Broken) else _record(found, source.name)


def _record(found: MarcRecord, file: str) -> Record:
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
        if f"{issuer})" in _AUTHORITIES:
            ids.append(_AUTHORITIES[f"{issuer})"] + number.strip())
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
