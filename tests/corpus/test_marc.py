from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tagwright.corpus import open_corpus
from tagwright.errors import CorpusError, MissingExtraError
from tagwright.types import Document

NAMESPACE = 'xmlns="http://www.loc.gov/MARC21/slim"'
EXPECTED = Document(
    "990001",
    "Zusammenfassung.\nKapitel 1 X\nBöen Sturm",
    title="Der Wind : über Böden / A. Bé",
    language="de",
    tags=("https://d-nb.info/gnd/4136216-0", "https://d-nb.info/gnd/4030481-4"),
)


def write(folder: Path, content: bytes | str, name: str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def collection(*records: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<collection {NAMESPACE}>\n' + "\n".join(records) + "\n</collection>\n"
    )


def test_a_record_becomes_a_document_from_both_syntaxes(tmp_path: Path, marc: SimpleNamespace) -> None:
    pytest.importorskip("pymarc")
    assert list(open_corpus([write(tmp_path, marc.iso2709(marc.record), "a.mrc")])) == [EXPECTED]
    assert list(open_corpus([write(tmp_path, collection(marc.xml(marc.record)), "a.xml")])) == [EXPECTED]
    assert list(open_corpus([write(tmp_path, gzip.compress(marc.iso2709(marc.record)), "b.mrc.gz")])) == [EXPECTED]
    assert list(open_corpus([write(tmp_path, marc.iso2709(marc.record), "no_ending")])) == [EXPECTED]


def test_utf8_is_seen_whatever_the_leader_says_and_marc8_is_read(tmp_path: Path, marc: SimpleNamespace) -> None:
    pytest.importorskip("pymarc")
    assert list(open_corpus([write(tmp_path, marc.iso2709(marc.record, leader9=" "), "a.mrc")])) == [EXPECTED]
    # MARC-8 writes the accent (0xE2 acute, 0xE8 umlaut) before the letter, here as Latin-1 bytes.
    fields = [("001", "1"), ("245", [("a", "Caf\xe2e M\xe8unchen")])]
    [document] = open_corpus([write(tmp_path, marc.iso2709(fields, encoding="latin-1", leader9=" "), "b.mrc")])
    assert document.title == "Café München"


def test_the_language_comes_from_041_or_008_as_a_two_letter_code(tmp_path: Path, marc: SimpleNamespace) -> None:
    without_041 = [field for field in marc.record if field[0] != "041"]
    joined = [("041", [("a", "gerengfre")]), *without_041]
    none = [field for field in without_041 if field[0] != "008"]
    records = [[("001", str(i)), *fields[1:]] for i, fields in enumerate([without_041, [("001", ""), *joined], none])]
    corpus = open_corpus([write(tmp_path, collection(*map(marc.xml, records)), "a.xml")])
    assert [d.language for d in corpus] == ["en", "de", None]


@pytest.mark.parametrize(
    ("known", "tags"),
    [
        ({"https://d-nb.info/gnd/4136216-0"}, ("https://d-nb.info/gnd/4136216-0",)),
        ({"(DE-588)4136216-0"}, ("(DE-588)4136216-0",)),
        ({"4136216-0"}, ("4136216-0",)),
        ({"104"}, ("104",)),
        ({"gnd:4136216-0", "4136216-0"}, ("gnd:4136216-0",)),
    ],
)
def test_an_identifier_is_looked_up_in_each_of_its_forms(
    tmp_path: Path, marc: SimpleNamespace, known: set[str], tags: tuple[str, ...]
) -> None:
    path = write(tmp_path, collection(marc.xml(marc.record)), "a.xml")
    corpus = open_corpus([path], known_tags=known.__contains__, tag_prefix={"(DE-588)": "gnd:"})
    assert [d.tags for d in corpus] == [tags]
    assert corpus.problems.counts == {"unknown tag": 1}  # the place in 651


def test_a_record_without_a_number_is_named_by_its_place(tmp_path: Path, marc: SimpleNamespace) -> None:
    pytest.importorskip("pymarc")
    path = write(tmp_path, marc.iso2709(marc.record) + b"\n" + marc.iso2709(marc.record[1:]), "a.mrc")
    assert [d.id for d in open_corpus([path])] == ["990001", "a.mrc:2"]
    path = write(tmp_path, collection(marc.xml(marc.record), marc.xml(marc.record[1:])), "a.xml")
    assert [d.id for d in open_corpus([path])][1].startswith("a.xml:")


def test_broken_iso2709_records_are_counted_and_the_rest_is_read(tmp_path: Path, marc: SimpleNamespace) -> None:
    pytest.importorskip("pymarc")
    good = [marc.iso2709(marc.numbered(i)) for i in range(4)]
    wrong_length = b"99999" + good[1][5:]
    torn_directory = good[2][:30] + b"xx" + good[2][32:]
    content = good[0] + wrong_length + torn_directory + b"\r\n" + b"rubbish\x1d" + good[3] + good[1][:60]
    corpus = open_corpus([write(tmp_path, content, "a.mrc")])
    assert [d.id for d in corpus] == ["0", "3"]
    assert corpus.problems.counts == {"broken line": 4}
    assert [p.line for p in corpus.problems.examples["broken line"]] == [2, 3, 4]


def test_broken_xml_records_are_counted_with_their_line_and_the_rest_is_read(
    tmp_path: Path, marc: SimpleNamespace
) -> None:
    good = [marc.xml(marc.numbered(i)) for i in range(4)]
    broken = good[1].replace("</datafield>", "", 1)
    undeclared = good[2].replace("Wind", "&bomb;")
    text = collection(good[0], broken, undeclared, good[3]) + "<record><datafield>"
    corpus = open_corpus([write(tmp_path, text, "a.xml")])
    assert [d.id for d in corpus] == ["0", "3"]
    lines = text.splitlines()
    starts = [
        number for number, line in enumerate(lines, start=1) if line.endswith(("<record>", "<record><datafield>"))
    ]
    assert [p.line for p in corpus.problems.examples["broken line"]] == [starts[1], starts[2], starts[4]]


def test_prefixes_harvests_and_encodings_are_read(tmp_path: Path, marc: SimpleNamespace) -> None:
    prefixed = marc.xml(marc.record, prefix="marc:")
    harvest = f"<OAI-PMH><ListRecords><record><header/><metadata>{prefixed}</metadata></record></ListRecords></OAI-PMH>"
    assert list(open_corpus([write(tmp_path, harvest, "a.xml")])) == [EXPECTED]
    for encoding in ("utf-16", "utf-8-sig"):
        text = collection(marc.xml(marc.record)).replace("UTF-8", encoding)
        assert list(open_corpus([write(tmp_path, text.encode(encoding), "b.xml")])) == [EXPECTED]
    latin = collection(marc.xml(marc.record)).replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert list(open_corpus([write(tmp_path, latin, "c.xml")])) == [EXPECTED]


def test_records_are_found_wherever_the_blocks_of_the_file_end(
    tmp_path: Path, marc: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = collection(*(marc.xml(marc.numbered(i)) for i in range(5)))
    path = write(tmp_path, text, "a.xml")
    expected = list(open_corpus([path]))
    for size in (1, 7, 64, 1000):
        monkeypatch.setattr("tagwright.corpus.marcxml._BLOCK", size)
        assert list(open_corpus([path])) == expected


LOL = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 9))
BOMBS = {
    "billion laughs": f'<?xml version="1.0"?><!DOCTYPE c [<!ENTITY l0 "lol">{LOL}]><c><record>&l8;</record></c>',
    "quadratic": f'<!DOCTYPE c [<!ENTITY a "{"x" * 50_000}">]><collection><record>{"&a;" * 1000}</record></collection>',
    "external": '<!DOCTYPE c [<!ENTITY a SYSTEM "file:///etc/passwd">]><collection><record>&a;</record></collection>',
    "remote": '<!DOCTYPE c SYSTEM "http://example.org/x.dtd"><collection><record>x</record></collection>',
    "hidden": '<!DOCTYPE c [<!ENTITY a "<record></record>">]><collection>&a;</collection>',
    "no record": '<!DOCTYPE c [<!ENTITY a "x">]><collection>&a;</collection>',
    "utf-16": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE c [<!ENTITY a "x">]><c><record>&a;</record></c>',
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_with_entities_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, BOMBS[name].encode("utf-16" if name == "utf-16" else "utf-8"), "a.xml")
    began = time.process_time()
    with pytest.raises(CorpusError, match="document type declaration"):
        list(open_corpus([path]))
    assert time.process_time() - began < 20


def test_xml_that_is_no_marcxml_is_refused_by_name(tmp_path: Path) -> None:
    wrong = [b"<html><body/></html>", b"<", b'<?xml version="1.0" encoding="klingon"?><record></record>']
    wrong.append('<?xml version="1.0" encoding="ascii"?><record>\xe4</record>'.encode("latin-1"))
    wrong.append(b"<record>" + b"x" * (17 << 20))
    for content in wrong:
        with pytest.raises(CorpusError, match=r"a\.xml"):
            list(open_corpus([write(tmp_path, content, "a.xml")]))


def test_a_file_of_rubbish_is_refused_and_does_not_fill_the_memory(tmp_path: Path) -> None:
    pytest.importorskip("pymarc")
    for content in (b"x" * (17 << 20), b"\x1d" * 1000, b"not marc"):
        with pytest.raises(CorpusError, match=r"a\.mrc"):
            list(open_corpus([write(tmp_path, content, "a.mrc")]))


def test_without_pymarc_the_extra_is_named_and_marcxml_is_still_read(
    tmp_path: Path, marc: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymarc", None)
    with pytest.raises(MissingExtraError, match=r"tagwright\[marc\]"):
        list(open_corpus([write(tmp_path, marc.iso2709(marc.record), "a.mrc")]))
    assert list(open_corpus([write(tmp_path, collection(marc.xml(marc.record)), "a.xml")])) == [EXPECTED]
