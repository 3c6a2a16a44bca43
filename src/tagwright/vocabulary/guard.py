"""RDF files of strangers: parsed in a process of its own, within limits that fit the file's size.

A billion-laughs file of 1 KB made the parser fill 1.2 GB, nested JSON-LD makes it crash; both end here as a
`VocabularyError`. No parser is ever given an address, so nothing is fetched.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import NamedTuple

from tagwright.errors import VocabularyError
from tagwright.vocabulary.rdf_process import BYTES_A_SECOND, END, SECONDS
from tagwright.vocabulary.source import Source

SYNTAXES = {
    ".ttl": "TURTLE", ".turtle": "TURTLE", ".n3": "N3", ".nt": "N_TRIPLES", ".nq": "N_QUADS", ".trig": "TRIG",
    ".jsonld": "JSON_LD", ".rdf": "RDF_XML", ".xml": "RDF_XML", ".owl": "RDF_XML", ".skos": "RDF_XML",
}  # fmt: skip
_XML = re.compile(rb"\s*<(?:\?xml|!--|!doctype|[A-Za-z_][\w.-]*(?::[\w.-]+)?[\s>])", re.IGNORECASE)

# The process watches its own time while it reads; one second more is for what it does between two reads.
_CPU_SECONDS = SECONDS + 1
# The process takes 30 MB, whatever the syntax and size; what stays of a large file is its longest value.
_MEMORY, _MEMORY_A_BYTE = 96 << 20, 8


class Statement(NamedTuple):
    """A statement about ``subject``: ``predicate`` a number into `rdf_terms.PREDICATES`; ``language`` "^" = a node."""

    predicate: int
    subject: str
    language: str
    value: str


def statements(source: Source, syntax: str | None = None) -> Iterator[Statement]:
    """The statements of an RDF file that a vocabulary needs; raises `VocabularyError` where it cannot be trusted.

    ``syntax`` is one of the values of `SYNTAXES`; by default the file's ending and beginning tell it.
    """
    size = source.most_bytes
    cpu_seconds = _CPU_SECONDS + size // BYTES_A_SECOND
    memory = _MEMORY + _MEMORY_A_BYTE * source.path.stat().st_size
    command = [sys.executable, "-P", "-m", "tagwright.vocabulary.rdf_process", str(source.path.resolve())]
    command += [syntax or syntax_of(source), str(cpu_seconds), str(memory)]
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:
        # The limit on CPU time ends a busy process; this one ends a process that waits, however loaded the machine.
        timer = threading.Timer(60 + 20 * cpu_seconds, process.kill)
        timer.start()
        try:
            yield from _read(process, source)
        finally:
            timer.cancel()
            process.kill()


def syntax_of(source: Source) -> str:
    """The syntax by the file's ending; .rdf, .xml and .owl may hold Turtle, which their beginning shows."""
    syntax = SYNTAXES.get(source.suffix, "TURTLE")
    # UTF-16 shows its marks and zeros, which do not matter here.
    if syntax == "RDF_XML" and not _XML.match(source.head(1024).translate(None, b"\0\xff\xfe")):
        return "TURTLE"
    return syntax


def _read(process: subprocess.Popen[bytes], source: Source) -> Iterator[Statement]:
    assert process.stdout is not None and process.stderr is not None
    end = f"{END}\n".encode()
    for line in process.stdout:
        if line == end:
            return
        predicate, subject, language, value = line[:-1].decode().split("\t")
        yield Statement(int(predicate), subject, language, value)
    _raise(process.stderr.read(), process.wait(), source)


def _raise(told: bytes, status: int, source: Source) -> None:
    """What the process told, or how it ended, as an error."""
    try:
        failure = json.loads(told)
    except ValueError:
        how = "takes more time or memory than a file of its size should" if status < 0 else "cannot be parsed"
        failure = {"kind": "refused", "message": f"it {how}", "line": 0, "hint": ""}
    message, hint = failure["message"], failure["hint"]
    if failure["kind"] == "refused":
        message, hint = f"this file is refused: {message}", "get the vocabulary from a source that you trust"
    elif "LoadDocumentCallback" in message:
        message = "this file is refused: its JSON-LD context lies elsewhere, and nothing is fetched"
        hint = "write the context into the file, or convert it to Turtle"
    raise VocabularyError(message, path=str(source.path), line=failure["line"], hint=hint)
