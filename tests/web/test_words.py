"""The texts of the pages: there in every language, with the same things filled in, and none that nobody shows."""

from __future__ import annotations

import re
import string
from importlib.resources import files

import pytest

import tagwright.web.words as words

WEB = files("tagwright.web")
ASKED = re.compile(r"""\bt\(\s*["']([\w.]+)["']\s*([)~,])""")


def filled_in(said: object) -> set[str]:
    """The names of what a text has places for."""
    forms = said.values() if isinstance(said, dict) else [said]
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(str(form)) if name}


@pytest.mark.parametrize("key", words.texts())
def test_a_text_is_there_in_every_language_with_the_same_things_filled_in(key: str) -> None:
    said = words.texts()[key]
    assert set(said) == set(words.LANGUAGES)
    assert len({frozenset(filled_in(one)) for one in said.values()}) == 1
    assert len({isinstance(one, dict) for one in said.values()}) == 1
    for one in said.values():
        assert all(form.strip() == form and form for form in (one.values() if isinstance(one, dict) else [one]))


def test_every_text_that_a_template_asks_for_is_there() -> None:
    known, missing = words.texts(), []
    for file in (WEB / "templates").iterdir():
        for key, end in ASKED.findall(file.read_text(encoding="utf-8")):
            # A key that goes on is put together: something must begin like it.
            there = key in known if end != "~" else any(one.startswith(key) for one in known)
            missing += [] if there else [f"{file.name}: {key}"]
    assert not missing


def test_no_text_is_there_that_nothing_shows() -> None:
    pages = "".join(f.read_text(encoding="utf-8") for f in [*(WEB / "templates").iterdir(), *WEB.glob("*.py")])
    scripts = "".join(f.read_text(encoding="utf-8") for f in (WEB / "static").glob("*.js") if ".min." not in f.name)
    unused = []
    for key in words.texts():
        screen, last = key.split(".")[0], key.rsplit(".", 1)[1]
        if key.startswith(f"{screen}.js."):
            # A script puts some together: the form for one, the words of a reason, what was done.
            said = [last, last.removesuffix("_one"), last.replace("_", " ")]
            shown = any(f'"{one}"' in scripts for one in said) or f"`{last.split('_')[0]}_${{" in scripts
        else:
            shown = key in pages or f"{key.rsplit('.', 1)[0]}." in pages
        unused += [] if shown else [key]
    assert not unused


def test_one_is_one_and_numbers_are_written_as_people_write_them() -> None:
    english, german = words.words("en"), words.words("de")
    assert english("site.tags", n=1) == "1 tag"
    assert english("site.tags", n=78_741) == "78,741 tags"
    assert german("site.tags", n=78_741) == "78.741 Schlagwörter"


def test_a_language_that_is_not_there_is_english() -> None:
    assert words.words("fr").language == "en"


def test_a_key_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(KeyError):
        words.words("en")("site.nonsense")
