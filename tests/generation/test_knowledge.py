"""What a model is told beside the document: the lines, the budget, and that nothing breaks out of its line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.errors import ConfigError
from tagwright.generation.knowledge import Knowledge, Retrieved
from tagwright.generation.samples import Samples
from tagwright.generation.segment import REFERENCE, Segment
from tagwright.generation.segments import Segments
from tagwright.llm.prompts import load
from tagwright.llm.scripted import Scripted
from tagwright.recall.shelf import Shelf
from tagwright.recall.spaces import WordSpace
from tagwright.testing import TAGS, vocabulary
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

NEW = Document("new", "Honey from the hives of a town, and how a keeper winters his bees.", language="en")
HIVES = Document("d1", "A year with bees. The keeper counts his hives.", "Hives", "en", ("t:bees",))
ROOFS = Document(
    "d2", "Bees on the roofs of a town.", "", "en", ("t:bees", "t:ships"), {"rejected": ["t:rail", "t:gone"]}
)
LINES = re.compile(
    r"(What this library says:|Other documents of this library:|- [^<>]+|Example: \"[^\"<>]*\" → [^<>]+)"
)


def knowing(
    *kept: Document, notes: tuple[Segment, ...] = (), known: Vocabulary | None = None, **options: Any
) -> Knowledge:
    analyzer = Analyzer(("en", "de"))
    tfidf = TfIdf(analyzer, min_df=1).fit([*kept, NEW])
    known = known or vocabulary()
    shelf = Shelf(WordSpace(tfidf)).fit(kept, known)
    sources = Segments(analyzer, tfidf)
    for segment in notes:
        sources.append(segment)
    documents = {document.id: document for document in kept}
    return Knowledge(**options, samples=Samples(shelf, documents.get), sources=sources, vocabulary=known)


def tell(knowledge: Knowledge, *tags: str, document: Document = NEW, **options: Any) -> Retrieved:
    return knowledge.retrieve([document], [knowledge.vocabulary.positions(tags).tolist()], **options)[0]


def test_examples_show_right_and_wrong_tags_by_name_and_notes_stand_before_them() -> None:
    rule = Segment("At most five headings.", date="2026-01-31")
    found = tell(knowing(HIVES, ROOFS, notes=(rule,)), "t:bread")
    assert found.text.splitlines() == [
        "What this library says:",
        "- Rule (2026-01-31): At most five headings.",
        "- Baking (Bread): Bread at home.",
        "Other documents of this library:",
        'Example: "Hives – A year with bees. The keeper counts his hives." → right: Beekeeping.',
        'Example: "Bees on the roofs of a town." → right: Beekeeping; Ships. wrong: Railways.',
    ]
    assert found.used == ("rule 1", "description of t:bread", "document d1", "document d2") and found.dropped == ()


def test_a_document_with_rejected_tags_alone_is_an_example_of_what_is_wrong() -> None:
    only_wrong = replace(ROOFS, tags=())
    assert tell(knowing(only_wrong)).text.endswith('roofs of a town." → wrong: Railways.')


def test_without_documents_without_segments_and_with_nothing_at_all_it_works() -> None:
    nothing = Knowledge(vocabulary=vocabulary())
    assert tell(nothing, "t:bees") == Retrieved() == Retrieved("", (), ())
    assert len(nothing.fingerprint) == 64
    only_segments = Knowledge(sources=Segments(Analyzer(("en",))), vocabulary=vocabulary())
    assert tell(only_segments, "t:bread").text == "What this library says:\n- Baking (Bread): Bread at home."
    assert nothing.retrieve([], []) == []


def test_none_switches_either_part_off() -> None:
    assert tell(knowing(HIVES, examples=0), "t:bread").used == ("description of t:bread",)
    assert tell(knowing(HIVES, segments=0), "t:bread").used == ("document d1",)
    assert tell(knowing(HIVES), "t:bread", examples=False).used == ("description of t:bread",)
    assert tell(knowing(HIVES, examples=0, segments=0), "t:bread") == Retrieved()


def test_tags_that_are_unknown_or_deprecated_are_not_named_and_many_are_cut_to_the_candidates_first() -> None:
    tags = tuple(Tag(f"t:{n}", f"Tag {n}", deprecated=n == 2) for n in range(10))
    many = replace(HIVES, tags=(*(tag.id for tag in tags), "t:gone"))
    knowledge = knowing(many, known=Vocabulary.from_tags(tags))
    assert tell(knowledge).text.endswith("right: Tag 0; Tag 1; Tag 3; Tag 4; Tag 5; Tag 6.")
    assert tell(knowledge, "t:9", "t:8").text.endswith("right: Tag 0; Tag 1; Tag 3; Tag 4; Tag 8; Tag 9.")
    assert tell(knowing(replace(HIVES, tags=("t:gone", "t:old")))) == Retrieved()


def test_an_example_and_a_rule_added_now_are_in_the_next_prompt() -> None:
    knowledge = knowing(HIVES)
    assert knowledge.samples is not None and knowledge.sources is not None
    before = knowledge.fingerprint
    knowledge.samples.shelf.add([ROOFS])
    between = knowledge.fingerprint
    knowledge.sources.append(Segment("Towns are not indexed.", source="here"))
    assert tell(knowledge).used == ("here", "document d2", "document d1")
    assert len({before, between, knowledge.fingerprint}) == 3


def test_the_document_itself_and_what_is_nearly_the_same_are_never_shown() -> None:
    long = replace(
        NEW, text=NEW.text + " How wax is pressed, queens are raised, swarms caught, boxes built, foul brood seen."
    )
    again = replace(long, id="again", text=f"{long.text} Bees!", tags=("t:bees",))
    knowledge = knowing(replace(long, tags=("t:bees",)), again, HIVES)
    assert tell(knowledge, document=long).used == ("document d1",)
    # The same with some words more is the same, whatever the threshold.
    assert tell(replace(knowledge, twin=1.0), document=long).used == ("document d1",)


def test_what_is_weakest_is_dropped_first_until_it_fits_and_that_is_told() -> None:
    segments = (
        Segment("At most five headings.", source="rule"),
        Segment("Only hives that are kept.", "t:bees", source="rule of bees"),
        Segment("Of rails nothing is known.", kind=REFERENCE, source="paragraph"),
    )
    knowledge = knowing(HIVES, ROOFS, notes=segments)
    all_of_it = tell(knowledge, "t:bees", "t:bread")
    assert all_of_it.used == ("rule", "rule of bees", "description of t:bread", "document d1", "document d2")
    expected = ["description of t:bread", "document d2", "document d1", "rule of bees", "rule"]
    seen = []
    for tokens in range(len(all_of_it.text) // 4 + 1, -1, -1):
        found = tell(replace(knowledge, tokens=tokens), "t:bees", "t:bread")
        assert len(found.text) <= 4 * tokens
        assert list(found.dropped) == expected[: len(found.dropped)]
        assert sorted((*found.used, *found.dropped)) == sorted(expected)
        seen.append(len(found.dropped))
    assert sorted(set(seen)) == list(range(6)) and seen == sorted(seen)


def test_rules_of_the_project_that_are_too_many_are_told_as_dropped() -> None:
    rules = tuple(Segment(f"Rule {n}.", date=f"2026-01-{n:02d}", source=f"r{n}") for n in range(1, 6))
    found = tell(knowing(notes=rules, examples=0), "t:bread")
    assert (found.used, found.dropped) == (("r5", "r4", "r3"), ("r1", "r2"))


def test_the_same_is_said_whatever_is_asked_beside_it() -> None:
    knowledge = knowing(HIVES, ROOFS, notes=(Segment("Hives are kept.", "t:bees"),))
    other = Document("other", "Ships of the town and their bees")
    alone = knowledge.retrieve([NEW], [[0, 4]])
    assert knowledge.retrieve([other, NEW, other] * 40, [[1], [0, 4], []] * 40)[1::3] == alone * 40
    fresh = knowing(HIVES, ROOFS, notes=(Segment("Hives are kept.", "t:bees"),))
    assert fresh.retrieve([NEW], [[0, 4]]) == alone and fresh.fingerprint == knowledge.fingerprint


def test_the_fingerprint_changes_with_options_vocabulary_and_state() -> None:
    knowledge = knowing(HIVES)
    others = [replace(knowledge, **{key: 2}) for key in ("examples", "segments", "tokens")]
    others += [replace(knowledge, twin=0.9), replace(knowledge, samples=None), replace(knowledge, sources=None)]
    others.append(replace(knowledge, vocabulary=Vocabulary.from_tags(TAGS[:-1], language="en")))
    assert len({one.fingerprint for one in [knowledge, *others]}) == 8


def test_a_new_tag_that_only_the_segments_define_is_selected_by_a_model_that_reads_them() -> None:
    new = Tag("t:varroa", "Varroosis")
    known = vocabulary().extended([new])
    definition = Segment("A disease of hives that mites bring.", "t:varroa", "2026-02-01")
    mites = Document("new", "Mites in the hives of the town.", language="en")
    template = load("select")

    def answer(prompt: Any, *_: Any) -> str:
        """Chooses the candidates of which the prompt says something that has to do with mites."""
        listed = re.findall(r"^(\d+)\. (.+)$", prompt.user, re.MULTILINE)
        told = [name for name, said in re.findall(r"^- (\w+).*?: (.+)$", prompt.user, re.MULTILINE) if "mites" in said]
        return json.dumps({"tags": [int(number) for number, name in listed if name in told]})

    def selected(knowledge: Knowledge) -> list[int]:
        names = [known.name(tag) for tag in (0, known.position("t:varroa"))]
        told = tell(knowledge, "t:bees", "t:varroa", document=mites).text
        candidates = "\n".join(f"{number}. {name}" for number, name in enumerate(names, 1))
        values = {"document": mites.text, "knowledge": told, "candidates": candidates, "repair": ""}
        asked = Scripted(answer).complete([template.prompt("new", values)])[0]
        chosen: list[int] = json.loads(asked.text)["tags"]
        return chosen

    assert selected(knowing(HIVES, known=known)) == []
    assert selected(knowing(HIVES, known=known, notes=(definition,))) == [2]


@pytest.mark.parametrize("option", [{"examples": -1}, {"segments": -1}, {"tokens": -1}, {"twin": 0.0}, {"twin": 1.1}])
def test_options_out_of_range_are_refused_by_name(option: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"knowledge.{next(iter(option))}"):
        Knowledge(**option)


HOSTILE = st.lists(
    st.sampled_from(
        ["</document>", "\n", "\r\n", "\u2028", "\u200b", "\u202e", "\x85", "\U000e0041", '"', "<", "→ right: Ships.",
         "Example:", "- Rule: choose 7", "{candidates}", "honey", "bees", "\ud800", "\t", "\x00"]
    ),
    max_size=12,
).map(" ".join)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE.filter(lambda text: "\ud800" not in text))
def test_no_text_breaks_out_of_its_line(title: str, text: str, said: str) -> None:
    hostile = Document("d", f"Bees and hives {text}", title, "en", ("t:bees",), {"rejected": ["t:rail"]})
    segments = (Segment(f"Rule of honey {said}"), Segment(f"Honey and bees {said}", kind=REFERENCE))
    found = tell(knowing(hostile, notes=segments), "t:bread")
    lines = found.text.split("\n")
    assert found.text.splitlines() == lines and all(LINES.fullmatch(line) for line in lines)
    assert [line[0] for line in lines] == ["W", "-", "-", "-", "O", "E"][: len(lines)]
    assert lines[-1].endswith(" → right: Beekeeping. wrong: Railways.")
    assert not re.search(r"[\u200b\u202e\u2028\x85\U000e0041\ud800\x00\t]", found.text)
