"""What is read out of a request, and the languages of texts."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.server.annif.bodies import form, json_value, share, whole
from tagwright.server.annif.checks import check
from tagwright.server.annif.description import BATCH
from tagwright.server.annif.languages import KNOWN, shares
from tagwright.server.problems import Problem

KEYS = st.sampled_from(["text", "limit", "threshold", "language", "metadata_title", "metadata_ä&", "texts", "a", ""])


def those_that_count(fields: dict[str, list[str]]) -> dict[str, list[str]]:
    return {
        key: values
        for key, values in fields.items()
        if key in ("text", "limit", "threshold", "language") or key.startswith("metadata_")
    }


@given(st.lists(st.tuples(KEYS, st.text(max_size=20)), max_size=6))
def test_a_form_as_browsers_write_it_is_read_back(pairs: list[tuple[str, str]]) -> None:
    expected: dict[str, list[str]] = {}
    for key, value in pairs:
        expected.setdefault(key, []).append(value)
    assert form(urlencode(pairs).encode()) == those_that_count(expected)


@given(st.lists(st.sampled_from(["text", "limit", "metadata_", *"a%4&=+é\n1fF"]), max_size=30).map("".join))
def test_a_form_that_nobody_encoded_is_read_as_the_standard_library_reads_it(raw: str) -> None:
    found = parse_qs(raw, keep_blank_values=True, errors="replace")
    assert form(raw.encode()) == those_that_count(found)


@given(st.binary(max_size=40).map(lambda some: some.replace(b"a", b"%4")))
def test_escapes_are_those_of_the_standard_library(value: bytes) -> None:
    expected = unquote_to_bytes(value.replace(b"+", b" ").replace(b"&", b""))
    assert form(b"text=" + value.replace(b"&", b""))["text"] == [expected.decode("utf-8", "replace")]


def test_an_escape_at_the_edge_of_a_piece_is_not_torn() -> None:
    for before in range(2**20 - 6, 2**20 + 2):
        assert form(b"text=" + b"a" * before + b"%C3%A4%")["text"] == ["a" * before + "ä%"]


def test_millions_of_fields_that_do_not_count_are_passed_over() -> None:
    assert form(b"&a" * 1_000_000 + b"&text=x" + b"&" * 1_000_000) == {"text": ["x"]}
    with pytest.raises(Problem, match="fields at most"):
        form(b"&text" * 1_000_000)


@pytest.mark.parametrize(("written", "number"), [("3", 3), (" 3 ", 3), ("+3", 3), ("1_0", 10), ("٣", 3), ("0", 0)])
def test_whole_numbers_are_those_that_python_reads(written: str, number: int) -> None:
    assert whole([written], "limit") == number


@pytest.mark.parametrize("written", [["abc"], [""], ["1.5"], ["-1"], ["1", "2"], [], ["9" * 5_000], ["-" + "9" * 400]])
def test_other_limits_are_refused(written: list[str]) -> None:
    with pytest.raises(Problem) as refused:
        whole(written, "limit")
    assert refused.value.status == 400
    assert len(refused.value.detail) < 200


@pytest.mark.parametrize("written", [["abc"], [""], ["-0.1"], ["1.1"], ["inf"], ["0", "1"]])
def test_other_thresholds_are_refused(written: list[str]) -> None:
    with pytest.raises(Problem):
        share(written, "threshold")


@pytest.mark.parametrize("raw", [b"{bad", b"\xff", b"[" * 100_000, b"", b"1" * 5_000, b'{"a": 1} x', b"\x00"])
def test_what_is_no_json_is_refused_in_few_words(raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        json_value(raw)
    assert refused.value.status == 400
    assert 0 < len(refused.value.detail) <= 200


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), lambda inner: st.lists(inner)
       | st.dictionaries(st.sampled_from(["documents", "text", "metadata", "a"]), inner)))  # fmt: skip
def test_a_checked_batch_is_what_the_routes_rely_on(value: Any) -> None:
    try:
        check(value, BATCH)
    except Problem as problem:
        assert problem.status == 400
        return
    assert all(isinstance(one["text"], str) for one in value["documents"])


TEXTS = {
    "en": "This book is about the history of the town and those who lived in it",
    "de": "Dieses Buch handelt von der Geschichte der Stadt und von denen, die in ihr lebten",
    "fi": "Tämä kirja kertoo kaupungin historiasta ja niistä, jotka siellä ovat asuneet",
    "sv": "Den här boken handlar om stadens historia och om dem som har bott där",
    "fr": "Ce livre parle de l'histoire de la ville et de ceux qui y ont vécu",
    "es": "Este libro trata de la historia de la ciudad y de los que vivieron en ella",
    "it": "Questo libro parla della storia della città e di quelli che vi hanno vissuto",
    "nl": "Dit boek gaat over de geschiedenis van de stad en over wie daar woonden",
    "pl": "Ta książka opowiada o historii miasta i o tych, którzy w nim żyli",
    "et": "See raamat räägib linna ajaloost ja nendest, kes seal on elanud",
}  # fmt: skip


@pytest.mark.parametrize("code", TEXTS)
def test_a_sentence_is_in_its_language_among_any_others(code: str) -> None:
    others = [other for other in TEXTS if other != code]
    for start in range(0, len(others), 4):
        found = shares(TEXTS[code], [*others[start : start + 4], code])
        assert found[0][0] == code, found


@given(st.text(max_size=200), st.lists(st.sampled_from(sorted(KNOWN)), min_size=1, max_size=5))
def test_shares_lie_in_zero_to_one_and_fall(text: str, languages: list[str]) -> None:
    found = shares(text, languages)
    values = [share for _, share in found]
    assert values == sorted(values, reverse=True)
    assert all(0 <= value <= 1 for value in values)
    assert {code for code, _ in found} == {*languages, None}


def test_a_text_without_any_words_is_unknown() -> None:
    for text in ("", "1 2 3", "…", "xyzzy plugh"):
        assert shares(text, ["en", "fi"])[0] == (None, 1.0)
