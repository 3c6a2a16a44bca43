"""MARCXML as a stream of records, each parsed by itself.

A record is cut out of the bytes before any parser sees it, and a document type is refused: no entity can be declared,
so there is none that could grow or fetch a file, and a record that is not well-formed does not stop the others.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from xml.parsers import expat

from tagwright.corpus.marcrecord import LONGEST_RECORD, MarcField, MarcRecord
from tagwright.corpus.reader import Broken
from tagwright.errors import CorpusError

_BLOCK = 1 << 18
_START = re.compile(rb"<(?:[\w.-]+:)?record[\s>/]")
_END = re.compile(rb"</(?:[\w.-]+:)?record\s*>")
_ENCODING = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([\w.-]+)["']""")
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}


def read_marcxml(stream: io.BufferedReader, path: str) -> Iterator[MarcRecord | Broken]:
    """The records in order with the lines they begin on.

    Raises `CorpusError` for a document type, an unknown or wrong encoding, and XML without any MARC record.
    """
    count = 0
    for line, chunk in _chunks(stream, path):
        count += 1
        try:
            yield MarcRecord(line, _Fields().parse(chunk))
        except (expat.ExpatError, ValueError) as error:
            yield Broken(line, f"not a MARC record ({error})")
    if not count:
        raise CorpusError("no MARC record in this XML file", path=path, hint="MARCXML has <record> elements")


def _chunks(stream: io.BufferedReader, path: str) -> Iterator[tuple[int, bytes]]:
    """(line, bytes) of each innermost <record> element; of the last one also where its end is missing."""
    rest, line, in_prolog = b"", 1, True
    for block in _utf8(stream, path):
        rest += block
        done = 0
        while end := _END.search(rest, done):
            starts = [match.start() for match in _START.finditer(rest, done, end.start())]
            if in_prolog:
                _refuse_document_type(rest[: end.start()], path)
                in_prolog = False
            if starts:
                yield line + rest.count(b"\n", done, starts[-1]), rest[starts[-1] : end.end()]
            line += rest.count(b"\n", done, end.end())
            done = end.end()
        rest = rest[done:]
        if len(rest) > LONGEST_RECORD:
            raise CorpusError(f"a record without an end within {LONGEST_RECORD >> 20} MiB", path=path, line=line)
    if in_prolog:
        _refuse_document_type(rest, path)
    if start := _START.search(rest):
        yield line + rest.count(b"\n", 0, start.start()), rest[start.start() :]


def _utf8(stream: io.BufferedReader, path: str) -> Iterator[bytes]:
    """The file's bytes in blocks, as UTF-8 whatever it declares."""
    start = stream.peek(256)[:256]
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), "")
    declared = _ENCODING.search(start)
    name = marked or (declared.group(1).decode() if declared else "utf-8")
    try:
        if codecs.lookup(name).name == "utf-8":
            yield from iter(lambda: stream.read(_BLOCK), b"")
            return
        decoder = codecs.getincrementaldecoder(name)()
        for block in iter(lambda: stream.read(_BLOCK), b""):
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except (LookupError, UnicodeError) as error:
        raise CorpusError(f"its encoding {name!r} does not fit ({error})", path=path) from error


def _refuse_document_type(prolog: bytes, path: str) -> None:
    if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
        hint = "remove it if you trust the file"
        raise CorpusError("a document type declaration, which MARCXML does not have", path=path, hint=hint)


class _Fields:
    """Collects the fields of one record while expat walks through it; prefixes of names do not matter."""

    def __init__(self) -> None:
        self._fields: list[MarcField] = []
        self._subfields: list[tuple[str, str]] = []
        self._tag = self._code = ""
        self._text: list[str] = []

    def parse(self, chunk: bytes) -> tuple[MarcField, ...]:
        """The fields of one <record>; raises ExpatError where it is not well-formed."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(chunk, True)
        return tuple(self._fields)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        element = name.rpartition(":")[2]
        if element in {"controlfield", "datafield"}:
            self._tag = attributes.get("tag", "")
            self._subfields.clear()
        elif element == "subfield":
            self._code = attributes.get("code", "")

    def _end(self, name: str) -> None:
        element = name.rpartition(":")[2]
        if element == "controlfield":
            self._fields.append(MarcField(self._tag, data="".join(self._text)))
        elif element == "subfield":
            self._subfields.append((self._code, "".join(self._text)))
        elif element == "datafield":
            self._fields.append(MarcField(self._tag, subfields=tuple(self._subfields)))
        self._text.clear()
