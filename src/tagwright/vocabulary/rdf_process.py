"""The process in which RDF is parsed: out come the statements that a vocabulary needs, a line each.

Run by `guard` as a program of its own, with limits on CPU time and memory, because a small file can make a parser
fill gigabytes or crash. A line is ``predicate TAB subject TAB language TAB object``: the predicate as a number into
`rdf_terms.PREDICATES`; ``^`` as the language of an object that is a node; white space in values is one blank. The
last line, ``.``, says that all was read; what went wrong stands on standard error as JSON.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagwright.errors import VocabularyError
from tagwright.vocabulary.prolog import LONGEST_PROLOG, RefusedError, plain_prolog
from tagwright.vocabulary.rdf_terms import PREDICATES, TYPE
from tagwright.vocabulary.source import Source

NODE = "^"
END = "."

# Statements are written out in full, which makes a real file of prefixed names six times longer at most.
_EXPANDED, _FLOOR = 20, 4 << 20
# All syntaxes are parsed at 20 MB a second or more; a tenth of that is left for slow machines.
SECONDS, BYTES_A_SECOND = 1, 2_000_000
_DTD = re.compile(rb"<!doctype", re.IGNORECASE)
_DECLARATION = re.compile(rb"""^\s*<\?xml\s[^>]*?(?:encoding\s*=\s*["']([\w.:-]+)["'][^>]*?)?\?>""")


class Guarded(io.RawIOBase):
    """The bytes of a file, XML in UTF-8 and with a plain prolog; raises `RefusedError` for what no parser should see.

    ``size`` is how many bytes of the file were read.
    """

    def __init__(self, stream: io.BufferedIOBase, *, xml: bool) -> None:
        super().__init__()
        self._stream = stream
        self._xml = xml
        self._tail = b""
        self.size = 0
        self._head = memoryview(self._begin() if xml else b"")

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills ``buffer`` and gives the number of bytes, 0 at the end."""
        data = bytes(self._head[: len(buffer)]) or self._next(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        if time.process_time() > SECONDS + self.size / BYTES_A_SECOND:
            raise RefusedError("it takes more time than a file of its size should")
        return len(data)

    def _next(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.size += len(data)
        if self._xml:
            # The parser would take entities from a DTD anywhere.
            if _DTD.search(self._tail + data):
                raise RefusedError("it has a DTD within its elements")
            self._tail = (self._tail + data)[-16:]
        return data

    def _begin(self) -> bytes:
        """The beginning of an XML file: a plain prolog and the first elements."""
        head = self._stream.read(LONGEST_PROLOG)
        encoding = _encoding(head)
        if encoding != "utf-8":
            head += self._stream.read()  # the parser knows UTF-8 only; files in other encodings are old and small
        self.size += len(head)
        head = head if encoding == "utf-8" else head.decode(encoding).encode()
        head = _DECLARATION.sub(b"", head.removeprefix(codecs.BOM_UTF8), count=1)
        prolog, end = plain_prolog(head)
        if _DTD.search(head, end):
            raise RefusedError("it has a DTD within its elements")
        self._tail = head[end:][-16:]
        return prolog + head[end:]


def statements(source: Source, syntax: str) -> Iterator[str]:
    """The lines that this process writes; ``syntax`` as `pyoxigraph.RdfFormat` calls it."""
    import pyoxigraph as rdf

    numbers = {address: number for number, group in enumerate(PREDICATES) for address in group}
    written = 0
    with source.open() as stream:
        guarded = Guarded(stream, xml=syntax == "RDF_XML")
        data = io.BufferedReader(guarded, 1 << 16)
        for quad in rdf.parse(input=data, format=getattr(rdf.RdfFormat, syntax), lenient=True):
            number = numbers.get(quad.predicate.value)
            if number is None or isinstance(quad.object, rdf.Triple):
                continue
            value = _name(quad.object)
            if number == TYPE and "skos" not in value:
                continue
            language = quad.object.language or "" if isinstance(quad.object, rdf.Literal) else NODE
            line = f"{number}\t{_name(quad.subject)}\t{language}\t{value}\n"
            written += len(line)
            if written > _FLOOR + _EXPANDED * guarded.size:
                raise RefusedError(f"its statements written out are more than {_EXPANDED} times as long as itself")
            yield line


def _name(term: Any) -> str:
    """The address, blank node's name or text, on one line."""
    value: str = str(term) if type(term).__name__ == "BlankNode" else term.value
    return value if value.isprintable() else " ".join(value.split())


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Ends this process when it takes more; where the system has no such limits (Windows) nothing happens."""
    try:
        import resource
    except ImportError:
        return
    for name, most in {"RLIMIT_CPU": cpu_seconds, "RLIMIT_DATA": memory_bytes, "RLIMIT_CORE": 0}.items():
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (AttributeError, OSError, ValueError):  # a system may know a limit and not grant it
            continue


def main(path: str, syntax: str, cpu_seconds: str, memory_bytes: str) -> int:
    """Writes the statements of a file; the exit status is 0 where all were written."""
    limit(int(cpu_seconds), int(memory_bytes))
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="\n")
    try:
        out.writelines(statements(Source(Path(path)), syntax))
        out.write(f"{END}\n")
        out.flush()
    except RefusedError as error:
        return _fail("refused", str(error))
    except MemoryError:
        return _fail("refused", "it needs more memory than a file of its size should")
    except SyntaxError as error:
        return _fail("broken", str(error.msg), line=error.lineno or 0)
    except VocabularyError as error:
        return _fail("broken", error.message.removeprefix(f"{path}: "), hint=error.hint)
    except (OSError, ValueError, LookupError) as error:
        return _fail("broken", str(error))
    return 0


def _fail(kind: str, message: str, *, line: int = 0, hint: str = "") -> int:
    sys.stderr.write(json.dumps({"kind": kind, "message": message, "line": line, "hint": hint}))
    return 1


def _encoding(head: bytes) -> str:
    """The encoding that an XML file shows by its first bytes."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    match = _DECLARATION.match(head.removeprefix(codecs.BOM_UTF8))
    declared = (match.group(1) or b"utf-8").decode("ascii").lower() if match else "utf-8"
    return "utf-8" if declared in ("utf-8", "utf8", "us-ascii", "ascii") else declared


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
