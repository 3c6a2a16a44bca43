"""Files of strangers: refused where they would fill the memory, take for ever, crash the parser or fetch something."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tagwright.errors import VocabularyError
from tagwright.vocabulary import open_vocabulary
from tagwright.vocabulary.prolog import RefusedError, plain_prolog

Write = Callable[[str, str | bytes], Path]

NAMESPACES = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#"'
SKOS = "http://www.w3.org/2004/02/skos/core#"


def xml(text: str, dtd: str = "", inside: str = "") -> bytes:
    concept = f'<skos:Concept rdf:about="http://x/1"><skos:prefLabel>{text}</skos:prefLabel></skos:Concept>'
    return f"{dtd}<rdf:RDF {NAMESPACES}>{inside}{concept}</rdf:RDF>".encode()


def dtd(*entities: str) -> str:
    return f"<!DOCTYPE rdf:RDF [{''.join(entities)}]>"


LAUGHS = dtd('<!ENTITY l0 "lol">', *(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9)))
SIXTEEN = '<?xml version="1.0" encoding="UTF-16"?>'
LONG_PREFIX = f"@prefix a: <http://x/{'y' * 58_000}> . @prefix skos: <{SKOS}> .\n"
BOMBS: dict[str, tuple[str, bytes]] = {
    "a billion laughs": (".rdf", xml("&l8;", LAUGHS)),
    "a billion laughs within the elements": (".rdf", xml("&l8;", inside=LAUGHS)),
    "a billion laughs far within the elements": (".rdf", xml("&l8;", inside=f"<!--{'x' * 300_000}-->{LAUGHS}")),
    "a billion laughs in small letters": (".rdf", xml("&l8;", LAUGHS.replace("DOCTYPE", "doctype"))),
    "a billion laughs in UTF-16": (".rdf", xml("&l8;", SIXTEEN + LAUGHS).decode().encode("utf-16")),
    "a billion laughs in UTF-7": (".rdf", xml("&l8;", '<?xml version="1.0" encoding="utf-7"?>' + LAUGHS)),
    "a billion laughs, packed": (".rdf.gz", gzip.compress(xml("&l8;", LAUGHS))),
    "one long entity many times": (".rdf", xml("&a;" * 2_000, dtd(f'<!ENTITY a "{"A" * 50_000}">'))),
    "an entity of allowed length many times": (".rdf", xml("&a;" * 200_000, dtd(f'<!ENTITY a "{"A" * 1_000}">'))),
    "more than 64 entities": (".rdf", xml("x", dtd(*(f'<!ENTITY a{n} "x">' for n in range(65))))),
    "an entity in an entity by number": (".rdf", xml("&a;", dtd('<!ENTITY b "x"><!ENTITY a "&#38;b;">'))),
    "an entity that is a file": (".rdf", xml("&a;", dtd('<!ENTITY a SYSTEM "file:///etc/passwd">'))),
    "an entity that is a page": (".rdf", xml("&a;", dtd('<!ENTITY a SYSTEM "http://127.0.0.1:9/">'))),
    "a parameter entity": (".rdf", xml("x", dtd('<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;'))),
    "a DTD elsewhere": (".rdf", xml("x", '<!DOCTYPE rdf:RDF SYSTEM "http://127.0.0.1:9/x.dtd">')),
    "an endless prolog": (".rdf", xml("x", f"<!--{'x' * 300_000}-->")),
    "elements in elements": (".rdf", xml("x", inside="<skos:Concept><skos:broader>" * 100_000)),
    "a context elsewhere": (".jsonld", b'{"@context": "http://127.0.0.1:9/c", "@id": "http://x/1"}'),
    "a context elsewhere, in disguise": (".jsonld", b'{"\\u0040context": ["http://127.0.0.1:9/c"], "@id": "http://x/1"}'),
    "an import of a context": (".jsonld", b'{"@context": {"@version": 1.1, "@import": "http://127.0.0.1:9/c"}}'),
    "a context elsewhere for one key": (
        ".jsonld",
        b'{"@context": {"p": {"@id": "http://x/p", "@context": "http://127.0.0.1:9/c"}}, "p": {"http://q/": 1}}',
    ),
    "objects in objects": (".jsonld", b'{"http://x/p":' * 20_000 + b"1" + b"}" * 20_000),
    "a long prefix many times": (
        ".ttl",
        (LONG_PREFIX + "".join(f'a:{n} skos:prefLabel "x" .\n' for n in range(20_000))).encode(),
    ),
    "far more bytes than the packed file": (
        ".nt.gz",
        gzip.compress(f'<http://x/1> <{SKOS}note> "x" .\n'.encode() * 500_000),
    ),
    "one endless line, packed": (".jsonl.gz", gzip.compress(b" " * (1 << 27))),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_would_grow_is_refused_in_two_seconds_and_200_mb(write: Write, name: str) -> None:
    ending, content = BOMBS[name]
    path = write(f"bomb{ending}", content)
    before = time.monotonic()
    with pytest.raises(VocabularyError, match="refused") as raised:
        open_vocabulary(path)
    # The clock of a loaded machine runs while this test waits; the process's own limits are on its CPU time.
    assert time.monotonic() - before < 10
    assert raised.value.hint
    assert str(path) in raised.value.message


# A process of its own: a child counts as its memory what its parent has, and tests before this one may have taken much.
REFUSING = """
import resource, sys
from tagwright.errors import VocabularyError
from tagwright.vocabulary import open_vocabulary
for path in sys.argv[1:]:
    start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    try:
        open_vocabulary(path)
    except VocabularyError:
        pass
    else:
        sys.exit(f"{path} was not refused")
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - start)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_the_processes_that_refused_took_neither_time_nor_memory(write: Write) -> None:
    names = ("a billion laughs", "an entity of allowed length many times", "elements in elements", "objects in objects")
    paths = [write(f"bomb{number}{BOMBS[name][0]}", BOMBS[name][1]) for number, name in enumerate(names)]
    done = subprocess.run([sys.executable, "-c", REFUSING, *paths], capture_output=True, text=True, check=True)
    *seconds, most = map(float, done.stdout.split())
    assert len(seconds) == len(paths) and max(seconds) <= 2
    assert most <= 200 << 10


def test_entities_of_an_old_owl_file_are_let_through(write: Write) -> None:
    entities = ('<!ENTITY owl "http://www.w3.org/2002/07/owl#" >', "<!-- ours -->", "<!ENTITY x 'http://x/'>")
    head = '<?xml version="1.0"?>\n<!-- a licence -->\n' + dtd(*entities)
    body = '<skos:Concept rdf:about="&x;2"><skos:prefLabel>two</skos:prefLabel></skos:Concept>'
    vocabulary = open_vocabulary(write("old.owl", xml("one", head, body)))
    assert sorted(vocabulary.ids) == ["http://x/1", "http://x/2"]


def test_the_parser_sees_a_prolog_of_the_declared_entities_and_nothing_else() -> None:
    head = b"""<?xml version="1.0"?> <!-- x --> <!DOCTYPE r [ <!ENTITY a "1"> <!-- y --> <!ENTITY b '2'> ] > <r>"""
    prolog, end = plain_prolog(head)
    assert (prolog, head[end:]) == (b'<!DOCTYPE root [<!ENTITY a "1"><!ENTITY b "2">]>', b"<r>")
    assert plain_prolog(b"<r>") == (b"", 0)
    with pytest.raises(RefusedError):
        plain_prolog(b"<!DOCTYPE r [<!ENTITY a \"1\">]><!DOCTYPE r [<!ENTITY b '2'>]><r>")


NOTHING = {
    "empty": b"",
    "zeros": b"\x00" * 1_000,
    "noise": bytes(range(256)) * 40,
    "packed, cut early": b"\x1f\x8b\x08",
    "packed, cut late": gzip.compress(b"<http://x/1>" * 99)[:-9],
    "one bracket": b"<",
    "one brace": b"{",
    "a list": b"[1]",
}


@pytest.mark.parametrize("ending", [".ttl", ".rdf", ".jsonld", ".nt", ".jsonl", ".csv", ".tsv", ".ttl.gz", ".jsonl.gz"])
@pytest.mark.parametrize("content", NOTHING.values(), ids=NOTHING)
def test_a_file_that_is_nothing_is_named_and_no_traceback(write: Write, ending: str, content: bytes) -> None:
    path = write(f"odd{ending}", content)
    with pytest.raises(VocabularyError, match=path.name):
        open_vocabulary(path)


def test_a_missing_file_a_folder_and_an_unknown_ending_are_named(write: Write, tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"none\.ttl: there is no such file"):
        open_vocabulary(tmp_path / "none.ttl")
    with pytest.raises(VocabularyError, match="there is no such file"):
        open_vocabulary(tmp_path)
    with pytest.raises(VocabularyError, match="kind: skos, jsonl, table"):
        open_vocabulary(write("tags.docx", "x"))
