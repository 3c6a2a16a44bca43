from __future__ import annotations

import gzip
import resource
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as rdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.errors import VocabularyError
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary, open_vocabulary
from tagwright.vocabulary.clean import clean

Write = Callable[[str, str | bytes], Path]

PREFIXES = """\
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xl: <http://www.w3.org/2008/05/skos-xl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix : <http://x/> .
"""
SKOS, RDF = "http://www.w3.org/2004/02/skos/core#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FORMATS = {
    ".ttl": rdf.RdfFormat.TURTLE,
    ".nt": rdf.RdfFormat.N_TRIPLES,
    ".nq": rdf.RdfFormat.N_QUADS,
    ".trig": rdf.RdfFormat.TRIG,
    ".rdf": rdf.RdfFormat.RDF_XML,
    ".xml": rdf.RdfFormat.RDF_XML,
    ".owl": rdf.RdfFormat.RDF_XML,
    ".jsonld": rdf.RdfFormat.JSON_LD,
}


def problems(vocabulary: Vocabulary) -> dict[str, int]:
    return {problem.code: problem.count for problem in vocabulary.problems}


def test_everything_that_skos_says_of_a_concept_is_read(write: Write) -> None:
    path = write(
        "v.ttl",
        PREFIXES
        + """
        :scheme a skos:ConceptScheme ; skos:prefLabel "A scheme"@en .
        :all a skos:Collection ; skos:prefLabel "All of it"@en .
        :soil a skos:Concept ; skos:inScheme :scheme ; skos:prefLabel "Soil"@en, "Boden"@de ;
            skos:altLabel "earth"@en, "ground"@en ; skos:hiddenLabel "soyl"@en ; skos:notation "R1", "R2" ;
            skos:definition "The upper layer."@en ; skos:scopeNote "Not for floors."@en, "Nicht für Fußböden."@de ;
            skos:broader :nature ; skos:related :water .
        :nature a skos:Concept ; skos:prefLabel "Nature"@en ; skos:narrower :water .
        :water a skos:Concept ; skos:prefLabel "Water"@en ; skos:definition [ rdf:value "Wet."@en ] .
        :old a skos:Concept ; skos:prefLabel "Old"@en ; owl:deprecated true ; dct:isReplacedBy :soil .
        """,
    )
    vocabulary = open_vocabulary(path)
    assert list(vocabulary.ids) == [f"http://x/{name}" for name in ("soil", "nature", "water", "old")]
    assert vocabulary.tag(0) == Tag(
        id="http://x/soil",
        name="Soil",
        names={"en": "Soil", "de": "Boden"},
        synonyms={"en": ("earth", "ground")},
        hidden={"en": ("soyl",), "": ("R2",)},
        descriptions={"en": "The upper layer. Not for floors.", "de": "Nicht für Fußböden."},
        notation="R1",
        broader=("http://x/nature",),
        related=("http://x/water",),
    )
    assert vocabulary.tag(1).narrower == ("http://x/water", "http://x/soil")
    assert (vocabulary.tag(2).broader, vocabulary.description(2)) == (("http://x/nature",), "Wet.")
    assert (vocabulary.tag(3).deprecated, vocabulary.tag(3).replaced_by) == (True, ("http://x/soil",))
    assert (vocabulary.language, vocabulary.n_active, vocabulary.problems) == ("en", 3, [])


def test_skos_xl_labels_are_flattened(write: Write) -> None:
    path = write(
        "v.ttl",
        PREFIXES
        + """
        :a a skos:Concept ; xl:prefLabel :l1 ; xl:altLabel :l2, [ xl:literalForm "dirt"@en ] ; xl:hiddenLabel :l3 .
        :l1 a xl:Label ; xl:literalForm "Soil"@en . :l2 xl:literalForm "Erde"@de . :l3 xl:literalForm "soyl"@en .
        """,
    )
    tag = open_vocabulary(path).tag(0)
    assert (tag.name, tag.synonyms, tag.hidden) == ("Soil", {"de": ("Erde",), "en": ("dirt",)}, {"en": ("soyl",)})


def test_two_names_in_one_language_are_counted_and_the_second_is_a_synonym(write: Write) -> None:
    path = write(
        "v.ttl", PREFIXES + ':a a skos:Concept ; skos:prefLabel "Soil"@en, "Ground"@en ; skos:altLabel "Soil"@en .'
    )
    vocabulary = open_vocabulary(path)
    assert (vocabulary.name(0), vocabulary.tag(0).synonyms) == ("Soil", {"en": ("Ground",)})
    assert problems(vocabulary) == {"S14": 1, "S13": 1}
    assert str(vocabulary.problems[1].examples[0]) == "v.ttl: http://x/a: 'Ground'@en"


def test_where_nothing_is_called_a_concept_what_has_a_name_is_one(write: Write) -> None:
    path = write(
        "v.ttl",
        PREFIXES
        + ':a skos:prefLabel "A" . :b skos:prefLabel "B" ; skos:broader :a .'
        + ':s a skos:ConceptScheme ; skos:prefLabel "S" .',
    )
    assert list(open_vocabulary(path).names) == ["A", "B"]


def test_a_concept_without_a_preferred_label_has_its_rdfs_label(write: Write) -> None:
    path = write(
        "v.ttl",
        PREFIXES + ':a a skos:Concept ; rdfs:label "A" . :b a skos:Concept ; rdfs:label "b" ; skos:prefLabel "B" .',
    )
    assert list(open_vocabulary(path).names) == ["A", "B"]


def test_the_language_of_most_names_is_shown_or_the_one_asked_for(write: Write) -> None:
    path = write(
        "v.ttl",
        PREFIXES
        + ':a a skos:Concept ; skos:prefLabel "Farbe"@de, "Colour"@en-GB .'
        + ':b a skos:Concept ; skos:prefLabel "Haus"@de .',
    )
    assert list(open_vocabulary(path).names) == ["Farbe", "Haus"]
    assert list(open_vocabulary(path, language="en").names) == ["Colour", "Haus"]


def test_a_file_called_rdf_may_hold_turtle(write: Write) -> None:
    assert len(open_vocabulary(write("v.rdf", PREFIXES + ':a a skos:Concept ; skos:prefLabel "A" .'))) == 1


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "windows-1252"])
def test_an_xml_file_in_an_old_encoding_is_read(write: Write, encoding: str) -> None:
    text = f"""<?xml version="1.0" encoding="{encoding}"?>
    <rdf:RDF xmlns:rdf="{RDF}" xmlns:skos="{SKOS}">
    <skos:Concept rdf:about="http://x/a"><skos:prefLabel xml:lang="de">Größe</skos:prefLabel></skos:Concept>
    </rdf:RDF>"""
    assert open_vocabulary(write("v.rdf", text.encode(encoding))).tag(0).names == {"de": "Größe"}


def test_a_large_file_in_an_old_encoding_is_read_in_pieces(write: Write) -> None:
    concept = '<skos:Concept rdf:about="http://x/{}"><skos:prefLabel>Größe {}</skos:prefLabel></skos:Concept>'
    concepts = "".join(concept.format(number, number) for number in range(10_000))
    head = f'<?xml version="1.0" encoding="latin1"?><rdf:RDF xmlns:rdf="{RDF}" xmlns:skos="{SKOS}">'
    vocabulary = open_vocabulary(write("v.rdf", f"{head}{concepts}</rdf:RDF>".encode("latin-1")))
    assert (len(vocabulary), vocabulary.name(9_999)) == (10_000, "Größe 9999")


def test_relative_addresses_without_a_base_are_ids_as_they_stand(write: Write) -> None:
    assert list(open_vocabulary(write("v.ttl", f'<a> <{SKOS}prefLabel> "A" .')).ids) == ["a"]


def test_a_broken_file_is_named_with_its_line(write: Write) -> None:
    path = write("v.ttl", PREFIXES + ':a a skos:Concept ;\n skos:prefLabel "A .\n')
    with pytest.raises(VocabularyError, match=r"v\.ttl:9: ") as raised:
        open_vocabulary(path)
    assert raised.value.line == 9


label = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(clean)
language = st.sampled_from(["de", "en", "en-GB", "fi", "zh-Hant"])
concept = st.fixed_dictionaries(
    {
        "names": st.dictionaries(language, label, min_size=1, max_size=3),
        "synonyms": st.lists(st.tuples(language, label), max_size=4),
        "notation": st.none() | label,
        "broader": st.sets(st.integers(0, 9), max_size=3),
        "related": st.sets(st.integers(0, 9), max_size=2),
    }
)


def skos(name: str) -> rdf.NamedNode:
    return rdf.NamedNode(f"{SKOS}{name}")


def triples_of(concepts: list[dict]) -> list[rdf.Triple]:
    """The concepts as statements; their links are numbers of concepts, counted round and round."""
    nodes = [rdf.NamedNode(f"http://x/{number}") for number in range(len(concepts))]
    triples = []
    for me, stated in zip(nodes, concepts, strict=True):
        said = [(rdf.NamedNode(f"{RDF}type"), skos("Concept"))]
        said += [(skos("prefLabel"), rdf.Literal(text, language=code)) for code, text in stated["names"].items()]
        said += [(skos("altLabel"), rdf.Literal(text, language=code)) for code, text in stated["synonyms"]]
        said += [(skos(link), nodes[to % len(nodes)]) for link in ("broader", "related") for to in stated[link]]
        if stated["notation"]:
            said.append((skos("notation"), rdf.Literal(stated["notation"])))
        triples += [rdf.Triple(me, predicate, value) for predicate, value in said]
    return triples


def linked(concepts: list[dict], link: str) -> set[tuple[str, str]]:
    count = len(concepts)
    pairs = {(number, to % count) for number, stated in enumerate(concepts) for to in stated[link]}
    return {(f"http://x/{a}", f"http://x/{b}") for a, b in pairs if a != b}


# XML cannot hold control characters; it has its own test below.
@given(st.lists(concept, min_size=1, max_size=10), st.sampled_from([".ttl", ".nt", ".nq", ".trig", ".jsonld"]))
@settings(max_examples=40)
def test_labels_languages_notations_and_hierarchy_survive_every_syntax(
    tmp_path_factory: pytest.TempPathFactory, concepts: list[dict], ending: str
) -> None:
    path = tmp_path_factory.mktemp("skos") / f"v{ending}"
    path.write_bytes(rdf.serialize(triples_of(concepts), format=FORMATS[ending]))
    vocabulary = open_vocabulary(path)

    assert sorted(vocabulary.ids) == sorted(f"http://x/{number}" for number in range(len(concepts)))
    broader, related = linked(concepts, "broader"), linked(concepts, "related")
    related |= {(b, a) for a, b in related}
    for number, stated in enumerate(concepts):
        tag = vocabulary.tag(vocabulary.position(f"http://x/{number}"))
        assert tag.names == {code: clean(text) for code, text in stated["names"].items()}
        expected = {(code, clean(text)) for code, text in stated["synonyms"]} - set(tag.names.items())
        assert {(code, text) for code, texts in tag.synonyms.items() for text in texts} == expected
        assert tag.notation == clean(stated["notation"] or "")
        assert {(tag.id, other) for other in tag.broader} == {pair for pair in broader if pair[0] == tag.id}
        assert {(other, tag.id) for other in tag.narrower} == {pair for pair in broader if pair[1] == tag.id}
        assert {(tag.id, other) for other in tag.related} == {pair for pair in related if pair[0] == tag.id}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ending", FORMATS)
def test_one_vocabulary_in_every_syntax_is_the_same(tmp_path: Path, ending: str, packed: bool) -> None:
    turtle = (
        PREFIXES
        + ':a a skos:Concept ; skos:prefLabel "Größe & <Maß>"@de ; skos:altLabel "x", "y"@en ; skos:broader :b .'
    )
    data = rdf.serialize([quad.triple for quad in rdf.parse(turtle, rdf.RdfFormat.TURTLE)], format=FORMATS[ending])
    path = tmp_path / f"v{ending}{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(data) if packed else data)
    vocabulary = open_vocabulary(path)
    assert (vocabulary.tag(0).names, vocabulary.tag(0).synonyms) == (
        {"de": "Größe & <Maß>"},
        {"": ("x",), "en": ("y",)},
    )
    assert vocabulary.missing("broader") == [(0, "http://x/b")]


def test_the_thesaurus_for_economics_is_read_whole_and_quickly(shared: Path) -> None:
    before = sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    vocabulary = open_vocabulary(shared / "data/stw/stw-skos.ttl.gz")
    after = sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    assert (vocabulary.n_active, len(vocabulary), sorted(vocabulary.languages)) == (6_243, 6_244, ["de", "en"])
    assert (len(vocabulary.links("broader")[0]), len(vocabulary.links("related")[0])) == (13_252, 13_228)
    assert after - before <= 5
    position = vocabulary.position("http://zbw.eu/stw/descriptor/11974-1")
    assert vocabulary.tag(position).names == {"de": "Stadtverkehr", "en": "Urban transport"}
    assert [vocabulary.name(step) for step in vocabulary.path(position)] == [
        "W Wirtschaftssektoren", "W.12 Verkehr", "Verkehr", "Stadtverkehr",
    ]  # fmt: skip
