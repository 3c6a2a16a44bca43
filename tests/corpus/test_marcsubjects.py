"""Suggestions as MARC fields: headings with their thesaurus, where each comes from, and nothing that breaks a field."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.corpus.marcrecord import MarcRecord, record_of
from tagwright.corpus.marcsubjects import marcxml, mnemonic, subject_fields
from tagwright.corpus.marcxml import read_marcxml
from tagwright.types import Suggestion

DAY = date(2026, 3, 9)
ANY = Suggestion("http://example.org/t/1", "Soil erosion", 0.834)


def test_a_heading_and_where_it_comes_from_are_linked() -> None:
    assert mnemonic(subject_fields([ANY], DAY)) == (
        "=650  \\4$81\\p$aSoil erosion$0http://example.org/t/1\n=883  0\\$81\\p$atagwright$c0.83$d20260309\n"
    )


@pytest.mark.parametrize(
    ("tag", "indicator", "rest"),
    [
        ("https://d-nb.info/gnd/4136216-0", "7", (("0", "(DE-588)4136216-0"), ("2", "gnd"))),
        ("(DE-588)4136216-0", "7", (("0", "(DE-588)4136216-0"), ("2", "gnd"))),
        ("http://id.loc.gov/authorities/subjects/sh1", "0", (("0", "http://id.loc.gov/authorities/subjects/sh1"),)),
        ("http://id.nlm.nih.gov/mesh/D1", "2", (("0", "http://id.nlm.nih.gov/mesh/D1"),)),
        ("x:1", "4", (("0", "x:1"),)),
    ],
)
def test_the_thesaurus_of_a_heading_is_told_where_it_is_known(
    tag: str, indicator: str, rest: tuple[tuple[str, str], ...]
) -> None:
    (subject, _) = subject_fields([Suggestion(tag, "Name", 0.5)], DAY)
    assert subject.indicators == f" {indicator}"
    assert subject.subfields[2:] == rest


def test_signs_that_mean_something_in_a_field_are_spelled_out() -> None:
    text = mnemonic(subject_fields([Suggestion("x:1", "US$ {a}\n=999  evil", 0.5)], DAY))
    assert "$aUS{dollar} {lcub}a{rcub} =999  evil$0x:1" in text
    assert len(text.splitlines()) == 2


@given(st.lists(st.tuples(st.text(max_size=20), st.floats(0, 1)), max_size=4))
def test_what_is_written_as_marcxml_is_read_with_the_same_tags(given: list[tuple[str, float]]) -> None:
    plain = [(name.encode("utf-8", "ignore").decode(), c) for name, c in given if name.isprintable()]
    headings = [Suggestion(f"https://d-nb.info/gnd/{n}", name, c) for n, (name, c) in enumerate(plain)]
    text = marcxml(subject_fields(headings, DAY))
    stream = io.BufferedReader(io.BytesIO(text.encode()))
    (found,) = read_marcxml(stream, "copied")
    assert isinstance(found, MarcRecord)
    assert [field.values("a") for field in found.fields if field.tag == "650"] == [
        [one.name] if one.name.strip() else [] for one in headings
    ]
    tags = record_of(found, "copied").tags or ()
    assert [str(tag) for tag in tags] == [one.tag for one in headings]


def test_other_programs_read_both_forms() -> None:
    pymarc = pytest.importorskip("pymarc", reason="the extra marc is not installed")
    fields = subject_fields([ANY, Suggestion("https://d-nb.info/gnd/4-0", "Löß & <Wind>", 0.2)], DAY)
    (record,) = pymarc.parse_xml_to_array(io.BytesIO(marcxml(fields).encode()))
    (maker,) = pymarc.MARCMakerReader(mnemonic(fields))
    for read in (record, maker):
        assert [field["a"] for field in read.get_fields("650")] == ["Soil erosion", "Löß & <Wind>"]
        assert [field["c"] for field in read.get_fields("883")] == ["0.83", "0.20"]
        assert read.get_fields("650")[1].indicator2 == "7"
