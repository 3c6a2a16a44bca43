"""What reaches a screen is safe, and what reaches a program is JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.cli import show
from tagwright.types import Evidence


@given(st.text())
def test_cleaned_text_holds_no_control_characters(text):
    assert all(character.isprintable() or character == " " for character in show.clean(text) if ord(character) < 0xA0)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs", "Cf", "Z"])))
def test_harmless_text_stays_as_it_is(text):
    assert show.clean(text) == text


def test_a_name_with_lines_becomes_one_line_and_an_escape_is_written_out():
    assert show.clean("a\nb\t\x1b[2J") == "a b \\x1b[2J"
    assert show.clean("a\nb", keep_lines=True) == "a\nb"


def test_markup_in_a_text_is_not_taken_for_markup(capsys):
    show.say("[bold]x[/bold] [/]")
    show.table(["a"], [["[red]y[/red]"]])
    assert capsys.readouterr().out == "[bold]x[/bold] [/]\na\n[red]y[/red]\n"


def test_json_keeps_every_character_and_escapes_what_moves_a_terminal(capsys):
    show.emit({"a": "\x1b\x9b\udc80ä", "b": np.float32(0.5), "c": (1, Evidence("names", "alike", "x"))})
    shown = capsys.readouterr().out
    assert not set("\x1b\x9b") & set(shown)
    read = json.loads(shown)
    assert (read["a"], read["b"], read["c"][1]["channel"]) == ("\x1b\x9b\udc80ä", 0.5, "names")


def test_a_number_that_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        show.emit(float("nan"))


def test_nothing_is_cut_where_nobody_watches(capsys):
    show.table(["name", "id"], [["word " * 60, "x"]])
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_progress_is_silent_without_a_terminal(capsys):
    with show.progress() as progress:
        assert progress is None
    assert capsys.readouterr().err == ""
