"""MARC 21 in ISO 2709, UTF-8 or MARC-8, as a stream of records (pymarc)."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

from tagwright.corpus.marcfield import LONGEST_RECORD, MarcField, MarcRecord
from tagwright.corpus.reader import Broken
from tagwright.errors import MissingExtraError

_END = b"\x1d"
_BLOCK = 1 << 18


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
