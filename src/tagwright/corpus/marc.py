"""Library records: MARC 21 in ISO 2709, UTF-8 or MARC-8 (pymarc; extra ``marc``), and MARCXML (no extra needed)."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tagwright.corpus.marcrecord import LONGEST_RECORD, MarcField, MarcRecord, record_of
from tagwright.corpus.marcxml import read_marcxml
from tagwright.corpus.reader import Broken, Record
from tagwright.corpus.source import Source
from tagwright.errors import MissingExtraError

_END = b"\x1d"
_BLOCK = 1 << 18


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
                yield found if isinstance(found, Broken) else record_of(found, source.name)


def read_marc21(stream: io.BufferedReader) -> Iterator[MarcRecord | Broken]:
    """The records in order, numbered from 1; a broken one does not stop the rest. Raises `MissingExtraError`."""
    try:
        import pymarc
    except ImportError as error:
        raise MissingExtraError("pymarc", "marc") from error
    # pymarc warns of each untidy field; the record is read all the same.
    logging.getLogger("pymarc").addHandler(logging.NullHandler())
    for number, chunk in enumerate(_chunks(stream), start=1):
        if not chunk.endswith(_END):
            yield Broken(number, "the file ends in the middle of a record")
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                record = pymarc.Record(chunk, force_utf8=_is_utf8(chunk), hide_utf8_warnings=True)
            fields = tuple(_field(field) for field in record.fields)
        except Exception as error:  # what pymarc raises for broken bytes is anything from KeyError to its own errors
            yield Broken(number, f"not a MARC record ({error or type(error).__name__})")
        else:
            yield MarcRecord(number, fields)


def _chunks(stream: io.BufferedReader) -> Iterator[bytes]:
    """The bytes of each record, cut at the record terminator: the stated lengths are wrong too often."""
    rest = b""
    while block := stream.read(_BLOCK):
        *whole, rest = (rest + block).split(_END)
        yield from (chunk.lstrip(b"\r\n \0\x1a") + _END for chunk in whole)
        if len(rest) > LONGEST_RECORD:
            break
    if rest.strip(b"\r\n \0\x1a"):
        yield rest[:_BLOCK]


def _is_utf8(chunk: bytes) -> bool:
    """Whether a record is UTF-8 whatever its leader says; MARC-8 with accents is never valid UTF-8."""
    if b"\x1b" in chunk:
        return False
    try:
        chunk.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _field(field: Any) -> MarcField:
    if field.control_field:
        return MarcField(field.tag, data=field.data or "")
    return MarcField(field.tag, subfields=tuple((part.code, part.value) for part in field.subfields))
