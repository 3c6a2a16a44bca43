from __future__ import annotations

import pytest

from tagwright.corpus.languages import language_code


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("ger", "de"),
        ("deu", "de"),
        ("ENG", "en"),
        (" fre ", "fr"),
        ("de", "de"),
        ("EN_gb", "en-GB"),
        ("de-at", "de-AT"),
        ("sr-Latn", "sr-Latn"),
        ("grc", "grc"),
        ("und", None),
        ("mul", None),
        ("|||", None),
        ("", None),
        (None, None),
        ("Deutsch", None),
        ("1", None),
    ],
)
def test_a_language_becomes_its_bcp_47_code_or_none(stated: str | None, code: str | None) -> None:
    assert language_code(stated) == code
