from __future__ import annotations

from unicodedata import is_normalized

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.vocabulary.clean import clean, language_code, nearest_language


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("soil erosion", "soil erosion"),
        ("  soil\t\n erosion\u00a0\u2028", "soil erosion"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("Go\u0308ttingen", "G\u00f6ttingen"),
        ("\ufeffname", "name"),
        ("half \ud800", "half"),
        ("\u05e9\u05dc\u05d5\u05dd \u200fRTL", "\u05e9\u05dc\u05d5\u05dd \u200fRTL"),
        ("mi\u200cnist", "mi\u200cnist"),
        ("\x07", ""),
    ],
)
def test_what_looks_the_same_becomes_the_same(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@given(st.text())
def test_cleaning_twice_changes_nothing_more_and_leaves_one_line_of_valid_text(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert is_normalized("NFC", once)
    assert len(once.splitlines()) <= 1
    once.encode()


def test_language_tags_have_one_case() -> None:
    assert [language_code(code) for code in ("EN_gb", "de", "zh-hant-TW", "", "sl-rozaj")] == [
        "en-GB", "de", "zh-Hant-TW", "", "sl-rozaj",
    ]  # fmt: skip


def test_a_language_is_served_by_itself_its_plain_form_or_a_region_of_it() -> None:
    assert nearest_language("en-GB", ["de", "en-GB", "en"]) == "en-GB"
    assert nearest_language("en-GB", ["de", "en"]) == "en"
    assert nearest_language("en", ["de", "en-US"]) == "en-US"
    assert nearest_language("fi", ["de", "en"]) is None
    assert nearest_language("", ["de"]) is None
