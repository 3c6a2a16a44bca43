"""Segments of knowledge: which are found, in which order, and the folder that they stand in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tagwright.errors import ConfigError, OutputError
from tagwright.generation.segment import DESCRIPTION, LONGEST, REFERENCE, Segment
from tagwright.generation.segments import Segments
from tagwright.testing import documents, vocabulary
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

TAGS = vocabulary()
HONEY = Document("new", "Honey from the hives of a town, and how a keeper winters his bees.", language="en")
BEES, BREAD, UNSEEN = (TAGS.position(id) for id in ("t:bees", "t:bread", "t:unseen"))


def held(*segments: Segment, folder: Path | None = None) -> Segments:
    made = Segments(Analyzer(("en", "de")), folder=folder)
    for segment in segments:
        made.append(segment)
    return made


def texts(segments: Segments, document: Document = HONEY, tags: Sequence[int] = (BEES,), n: int = 3) -> list[str]:
    return [found.segment.text for found in segments.find([document], [tags], TAGS, n)[0]]


def reference(text: str, date: str = "") -> Segment:
    return Segment(text, date=date, kind=REFERENCE)


def write(folder: Path, name: str, content: str | bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def test_rules_of_the_project_come_first_then_those_of_candidates_then_what_is_like_the_text() -> None:
    segments = held(
        reference("Bees in a town: honey from hives."),
        Segment("Only for hives that are kept.", "t:bees"),
        Segment("Not for wild bees.", "t:ships"),
        Segment("At most five headings."),
    )
    expected = ["At most five headings.", "Only for hives that are kept.", "Bees in a town: honey from hives."]
    assert texts(segments) == expected
    assert [int(one.score) for one in segments.find([HONEY], [[BEES]], TAGS, 3)[0]] == [3, 2, 0]
    assert texts(segments, n=1) == expected[:1]
    assert texts(segments, tags=()) == [expected[0], expected[2]]


def test_the_newest_of_equally_good_ones_comes_first() -> None:
    dates = ["2024-05-01", "", "2026-01-31", "2025-12-31"]
    segments = held(*(Segment(f"Hives, version of {date or 'old'}.", "t:bees", date) for date in dates))
    order = [f"Hives, version of {date}." for date in ("2026-01-31", "2025-12-31", "2024-05-01", "old")]
    assert texts(segments, n=4) == order
    segments = held(*(reference(f"Honey of the bees {n}", date) for n, date in enumerate(dates)))
    assert texts(segments, n=4) == [f"Honey of the bees {n}" for n in (2, 3, 0, 1)]


def test_a_better_one_goes_before_a_newer_one() -> None:
    segments = held(
        reference("Honey, hives, bees.", "2001-01-01"), reference("A town has harbours, ships.", "2026-01-01")
    )
    assert texts(segments) == ["Honey, hives, bees.", "A town has harbours, ships."]


def test_rules_of_the_project_are_all_there_even_where_they_are_too_many() -> None:
    segments = held(Segment("One.", date="2025-01-01"), Segment("Two.", date="2026-01-01"), Segment("Bees.", "t:bees"))
    assert texts(segments, n=1) == ["Two.", "One."]


def test_descriptions_of_candidates_are_found_through_the_candidate_whatever_the_text_says() -> None:
    found = held().find([HONEY], [[BREAD, BEES, UNSEEN]], TAGS, 3)[0]
    assert [(one.segment.text, one.segment.kind) for one in found] == [
        ("Bread at home.", DESCRIPTION),
        ("Lights at sea.", DESCRIPTION),
    ]
    like = Document("new", "The lights at sea are out.", language="en")
    assert texts(held(), like, (BREAD, UNSEEN)) == ["Lights at sea.", "Bread at home."]
    assert texts(held(), like, ()) == []


def test_a_reference_that_shares_no_word_is_not_found_unless_it_is_about_a_candidate() -> None:
    segments = held(reference("Railway timetables."), Segment("Wax and its trade.", "t:bees", kind=REFERENCE))
    assert texts(segments) == ["Wax and its trade."]


def test_no_text_is_given_twice() -> None:
    segments = held(Segment("Lights  at sea.", "t:unseen"), reference("Honey of bees."), reference("honey of BEES."))
    assert len(texts(segments, tags=(UNSEEN,), n=5)) == 2


def test_words_that_the_documents_never_had_count_as_the_rarest() -> None:
    analyzer = Analyzer(("en", "de"))
    segments = Segments(analyzer, TfIdf(analyzer, min_df=1).fit(documents()))
    segments.append(reference("The coast and the spring of winter."))
    segments.append(reference("Varroosis is a mite disease of the winter."))
    assert texts(segments, Document("new", "Varroosis in winter"), ())[0].startswith("Varroosis")
    assert texts(Segments(analyzer, TfIdf(analyzer).fit([])), HONEY, (UNSEEN,)) == ["Lights at sea."]


def test_what_is_appended_is_found_by_the_next_call_and_by_the_next_process(tmp_path: Path) -> None:
    segments = held(folder=tmp_path / "knowledge")
    assert texts(segments) == []
    said = segments.append(Segment("Quote: “Imkerei”\nand wax", "t:bees", "2026-01-31"))
    segments.append(Segment("Web: honey", kind=REFERENCE))
    assert said.source == "rules.jsonl:1"
    assert texts(segments) == [said.text, "Web: honey"]
    again = held(folder=tmp_path / "knowledge")
    assert list(again) == list(segments) and again.fingerprint == segments.fingerprint
    assert texts(again) == texts(segments)


def test_appending_mends_a_last_line_without_an_end_and_keeps_what_others_wrote(tmp_path: Path) -> None:
    write(tmp_path, "rules.jsonl", '\ufeff{"text": "One."}')
    one, other = held(folder=tmp_path), held(folder=tmp_path)
    assert one.append(Segment("Two.")).source == "rules.jsonl:2"
    assert other.append(Segment("Three.")).source == "rules.jsonl:3"
    assert [s.text for s in held(folder=tmp_path)] == ["One.", "Two.", "Three."]


def test_a_rule_that_cannot_be_written_is_not_found_either(tmp_path: Path) -> None:
    (tmp_path / "rules.jsonl").mkdir()
    segments = held(folder=tmp_path)
    with pytest.raises(OutputError, match=r"rules\.jsonl: cannot be written"):
        segments.append(Segment("Bees.", "t:bees"))
    assert texts(segments) == [] and len(segments) == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no json", "not JSON"),
        ('["a"]', "not an object"),
        ('{"tag": "t:bees"}', "no 'text'"),
        ('{"text": " \\u200b "}', "no 'text'"),
        ('{"text": "a", "date": "31.1.2026"}', "no date"),
        ('{"text": "a", "date": "2026-02-30"}', "no date"),
        ('{"text": "a", "tag": 3}', "'tag' is 3"),
        ('{"text": "a", "tags": "t:bees"}', "no key 'tags' (did you mean 'tag'?)"),
        ('{"text": "a", "kind": "law"}', "'kind' is 'law'"),
        ('{"text": "a", "kind": "description"}', "no 'tag'"),
        (f'{{"text": "{"a" * (LONGEST + 1)}"}}', f"{LONGEST + 1} characters"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_file_and_a_next_step(
    line: str, said: str, tmp_path: Path
) -> None:
    write(tmp_path, "rules.jsonl", f'{{"text": "fine", "tag": null}}\n\n{line}\n')
    with pytest.raises(ConfigError) as caught:
        held(folder=tmp_path)
    assert f"{tmp_path / 'rules.jsonl'}:3: " in str(caught.value) and said in str(caught.value)
    assert caught.value.hint


def test_reference_texts_are_cut_into_paragraphs_below_their_headings(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "date: 2025-06-30\n\nFirst\nparagraph.\n\n\nSecond.\r\n")
    write(tmp_path, "a.md", "# Bees\n## Wild ones\nNot kept.\n\nHives.\n# Empty")
    write(tmp_path, "notes.csv", "no,reference")
    write(tmp_path, ".hidden.md", "no reference")
    os.utime(tmp_path / "a.md", (1_700_000_000, 1_700_000_000))
    assert [(s.text, s.date, s.source) for s in held(folder=tmp_path)] == [
        ("Bees: Wild ones: Not kept.", "2023-11-14", "a.md:3"),
        ("Hives.", "2023-11-14", "a.md:5"),
        ("First paragraph.", "2025-06-30", "b.txt:3"),
        ("Second.", "2025-06-30", "b.txt:7"),
    ]


def test_a_long_paragraph_becomes_several_and_none_of_its_words_is_lost(tmp_path: Path) -> None:
    words = [f"word{n}" for n in range(400)]
    write(tmp_path, "long.txt", " ".join(words))
    found = list(held(folder=tmp_path))
    assert max(len(segment.text) for segment in found) <= LONGEST
    assert " ".join(segment.text for segment in found).split() == words


@pytest.mark.parametrize(
    ("content", "place"),
    [("date: yesterday\n\nText.", "a.txt:1: 'yesterday' is no date"), (b"fine\n\xff\xfe", "a.txt:2: not UTF-8")],
)
def test_a_reference_text_that_cannot_be_read_is_named_with_the_line(
    content: str | bytes, place: str, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt", content)
    with pytest.raises(ConfigError) as caught:
        held(folder=tmp_path)
    assert place in str(caught.value) and caught.value.hint


def test_rules_of_tags_that_the_vocabulary_lacks_are_told() -> None:
    segments = held(Segment("Fine.", "t:bees"), Segment("Everywhere."), Segment("Lost.", "t:bee"))
    assert [segment.text for segment in segments.unknown(TAGS)] == ["Lost."]
    assert texts(segments, n=9) == ["Everywhere.", "Fine."]


def test_the_fingerprint_changes_with_every_segment_and_with_the_rarity_of_words() -> None:
    analyzer = Analyzer(("en", "de"))
    plain, rated = Segments(analyzer), Segments(analyzer, TfIdf(analyzer, min_df=1).fit(documents()))
    seen = [plain.fingerprint, rated.fingerprint]
    plain.append(Segment("A rule."))
    seen.append(plain.fingerprint)
    assert rated.tfidf is not None
    rated.tfidf.fit(documents()[:5])
    seen.append(rated.fingerprint)
    assert len(set(seen)) == 4 and plain.fingerprint == held(Segment("A rule.")).fingerprint


def test_a_new_training_weighs_the_words_anew() -> None:
    analyzer = Analyzer(("en", "de"))
    segments = Segments(analyzer, TfIdf(analyzer, min_df=1).fit(documents()))
    segments.append(reference("Bees and honey of the coast."))
    before = segments.find([HONEY], [[]], TAGS, 3)
    assert segments.tfidf is not None
    segments.tfidf.fit([Document(f"d{n}", "bees and honey") for n in range(200)])
    fresh = Segments(analyzer, segments.tfidf)
    fresh.append(reference("Bees and honey of the coast."))
    assert segments.find([HONEY], [[]], TAGS, 3) == fresh.find([HONEY], [[]], TAGS, 3) != before
