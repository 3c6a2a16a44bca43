"""The process in which RDF is parsed: out come the statements that a vocabulary needs, a line each.

Run by `guard` as a program of its own, with limits on CPU time and memory, because a small file can make a parser
fill gigabytes or crash. A line is ``predicate TAB subject TAB language TAB object``: the predicate as a number into
`rdf_terms.PREDICATES`; ``^`` as the language of an object that is a node; white space in values is one blank. The
last line, ``.``, says that all was read; what went wrong stands on standard error as JSON.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from tagwright.vocabulary.prolog import LONGEST_PROLOG, RefusedError, check_prolog
from tagwright.vocabulary.rdf_terms import PREDICATES, TYPE

NODE = "^"
END = "."

# Real vocabularies are packed 30 times smaller at most (N-Triples repeat the most).
_UNPACKED = 60
# Statements are written out in full, which makes a real file of prefixed names six times longer at most.
_EXPANDED = 20
_FLOOR = 4 << 20
_BATCH = 2_000
_DTD = re.compile(rb"<!doctype", re.IGNORECASE)
_DECLARATION = re.compile(rb"""^\s*<\?xml\s[^>]*?(?:encoding\s*=\s*["']([\w.:-]+)["'][^>]*?)?\?>""")


class Guarded(io.RawIOBase):
    """The bytes of a file, unpacked, XML in UTF-8; raises `RefusedError` for what no parser should see."""

    def __init__(self, path: str, *, xml: bool) -> None:
        super().__init__()
        file = open(path, "rb")
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self._stream: io.BufferedIOBase = gzip.GzipFile(fileobj=file) if packed else file
        self._limit = _FLOOR + _UNPACKED * os.path.getsize(path) if packed else sys.maxsize
        self._xml = xml
        self._tail = b""
        self.size = 0
        self._head = self._begin() if xml else b""

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills ``buffer`` and gives the number of bytes, 0 at the end."""
        data = self._head[: len(buffer)] or self._next(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.size += len(data)
        if self.size > self._limit:
            raise RefusedError(f"it unpacks to more than {_UNPACKED} times its size")
        # The parser would take entities from a DTD anywhere.
        if self._xml and _DTD.search(self._tail + data):
            raise RefusedError("it has a DTD behind its root element's beginning")
        self._tail = data[-16:]
        return data

    def _begin(self) -> bytes:
        """The beginning of an XML file, its prolog checked, without the declaration of its encoding."""
        head = self._stream.read(LONGEST_PROLOG)
        self.size += len(head)
        encoding = _encoding(head)
        if encoding != "utf-8":
            head += self._stream.read()  # the parser knows UTF-8 only; such files are old and small
            head = codecs.decode(head, encoding).lstrip("\ufeff").encode()
        head = _DECLARATION.sub(b"", head.removeprefix(codecs.BOM_UTF8), count=1)
        check_prolog(head[:LONGEST_PROLOG])
        if len(_DTD.findall(head)) > 1:
            raise RefusedError("it has more than one DTD")
        self._tail = head[-16:]
        return head


def statements(path: str, name: str) -> Iterator[str]:
    """The lines that this process writes; ``name`` is the syntax, as `pyoxigraph.RdfFormat` calls it."""
    import pyoxigraph as rdf

    numbers = {address: number for number, group in enumerate(PREDICATES) for address in group}
    source = Guarded(path, xml=name == "RDF_XML")
    written = 0
    for quad in rdf.parse(input=io.BufferedReader(source, 1 << 16), format=getattr(rdf.RdfFormat, name), lenient=True):
        number = numbers.get(quad.predicate.value)
        if number is None or isinstance(quad.subject, rdf.Triple) or isinstance(quad.object, rdf.Triple):
            continue
        language, value = NODE, quad.object.value
        if isinstance(quad.object, rdf.Literal):
            language = quad.object.language or ""
        elif isinstance(quad.object, rdf.BlankNode):
            value = f"_:{value}"
        subject = quad.subject.value if isinstance(quad.subject, rdf.NamedNode) else f"_:{quad.subject.value}"
        line = f"{number}\t{_line(subject)}\t{language}\t{_line(value)}\n"
        written += len(line)
        if written > _FLOOR + _EXPANDED * source.size:
            raise RefusedError(f"its statements written out are more than {_EXPANDED} times as long as itself")
        if number != TYPE or "skos" in value:
            yield line


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Ends this process when it takes more; where the system has no such limits (Windows) nothing happens."""
    try:
        import resource
    except ImportError:
        return
    limits = {"RLIMIT_CPU": cpu_seconds, "RLIMIT_AS": memory_bytes, "RLIMIT_CORE": 0}
    for name, most in limits.items():
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (AttributeError, OSError, ValueError):  # a system may know a limit and not grant it
            continue


def main(path: str, name: str, cpu_seconds: str, memory_bytes: str) -> int:
    """Writes the statements of a file; the exit status is 0 where all were written."""
    limit(int(cpu_seconds), int(memory_bytes))
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="\n", write_through=False)
    try:
        for line in statements(path, name):
            out.write(line)
        out.write(f"{END}\n")
        out.flush()
    except RefusedError as error:
        return _fail("refused", str(error))
    except SyntaxError as error:
        return _fail("syntax", str(error.msg), error.lineno or 0)
    except MemoryError:
        return _fail("refused", "it needs more memory than a file of its size should")
    except (OSError, EOFError, ValueError, LookupError) as error:
        return _fail("broken", str(error))
    return 0


def _fail(kind: str, message: str, line: int = 0) -> int:
    sys.stderr.write(json.dumps({"kind": kind, "message": message, "line": line}))
    return 1


def _line(value: str) -> str:
    return value if value.isprintable() else " ".join(value.split())


def _encoding(head: bytes) -> str:
    """The encoding that an XML file declares by its first bytes."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    match = _DECLARATION.match(head.removeprefix(codecs.BOM_UTF8))
    declared = (match.group(1) or b"utf-8").decode("ascii").lower() if match else "utf-8"
    return "utf-8" if declared in ("utf-8", "utf8", "us-ascii", "ascii") else declared


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
