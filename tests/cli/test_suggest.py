"""Suggestions for single texts."""

from __future__ import annotations

import pytest

from tagwright.cli.suggest import often
from tagwright.types import Case

TEXT = "Wind erosion of loess: topsoil and sediment on a slope"


def test_the_right_tag_comes_first_with_its_name_and_id(tagwright, trained):
    done = tagwright("suggest", TEXT, "-p", trained)
    assert done.code == 0, done.err
    assert "Soil erosion" in done.out.splitlines()[1]
    assert "g:soil" in done.out.splitlines()[1]


def test_words_without_quotation_marks_are_one_text(tagwright, trained):
    assert tagwright("suggest", *TEXT.split(), "-p", trained).out == tagwright("suggest", TEXT, "-p", trained).out


def test_reasons_quote_the_text(tagwright, trained):
    done = tagwright("suggest", "Soil erosion is a matter of wind", "--why", "-p", trained)
    assert "“Soil erosion” in the text" in done.out
    found = tagwright("suggest", "Soil erosion is a matter of wind", "--why", "--json", "-p", trained).json()
    for suggestion in found[0]["suggestions"]:
        for evidence in suggestion["evidence"]:
            if evidence["start"] is not None:
                assert "Soil erosion is a matter of wind"[evidence["start"] : evidence["end"]] == evidence["text"]


@pytest.mark.parametrize(
    ("right", "n", "said"),
    [
        (330, 412, "330 of 412 suggestions like this were right"),
        (2, 100, "2 of 100 suggestions like this were right"),
        (0, 1000, "0 of 1,000 suggestions"),
    ],
)
def test_reasons_begin_with_how_often_suggestions_like_it_were_right(right, n, said):
    assert said in often(Case(n, right))


def test_the_json_of_a_text_has_the_shape_of_a_tagged_line(tagwright, trained):
    found = tagwright("suggest", TEXT, "-k", "3", "--json", "-p", trained).json()
    assert [row["id"] for row in found] == ["text"]
    assert found[0]["calibrated"] is True
    confidences = [row["confidence"] for row in found[0]["suggestions"]]
    assert len(confidences) == 3
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)


def test_a_text_may_come_from_standard_input_or_from_files(tagwright, trained, library, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(TEXT, encoding="utf-8")
    first = [tagwright("suggest", "--json", "-p", trained, stdin=TEXT).json()[0]["suggestions"]]
    first += [tagwright("suggest", "-f", text, "--json", "-p", trained).json()[0]["suggestions"]]
    assert first[0] == first[1]
    several = tagwright("suggest", "-f", text, library / "test.jsonl", "--json", "-p", trained).json()
    assert [row["id"] for row in several][1:] == [f"d{number}" for number in range(144, 156)]


def test_without_tagged_documents_the_confidence_is_said_not_to_be_calibrated(tagwright, untrained):
    done = tagwright("suggest", "Notes on beekeeping", "-p", untrained)
    assert (done.code, "Beekeeping" in done.out, "not calibrated" in done.err) == (0, True, True)
    found = tagwright("suggest", "Notes on beekeeping", "--json", "-p", untrained).json()
    assert found[0]["calibrated"] is False


@pytest.mark.parametrize("text", ["", "   \n\t "])
def test_an_empty_standard_input_is_an_error_with_a_hint(tagwright, trained, text):
    done = tagwright("suggest", "-p", trained, stdin=text)
    assert (done.code, done.out) == (1, "")
    assert "hint: " in done.err


def test_a_text_that_no_tag_fits_is_answered(tagwright, untrained):
    done = tagwright("suggest", "qqq zzz", "-p", untrained)
    assert (done.code, done.out) == (0, "no tag of the vocabulary is likely enough\n")


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "\x1b[2J soil", "\ud83d soil", "a" * 100_000, "–𝔘ñï", "0", "-- -k"])
def test_no_text_can_break_it(tagwright, trained, text):
    given = text.encode("utf-8", "replace")
    done = tagwright("suggest", "-p", trained, stdin=given)
    assert (done.code, "Traceback" in done.err, "fault" in done.err) == (0, False, False)


def test_a_setting_can_be_overridden_once(tagwright, trained):
    done = tagwright("suggest", TEXT, "--set", "channels.lexical.k=3", "-p", trained)
    assert done.code == 0, done.err
