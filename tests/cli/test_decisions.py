"""``tagwright decisions`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagwright.store.checks import Check
from tagwright.store.sqlite import SqliteStore


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """Three decisions by two people, one of them about a document that the project does not have yet."""
    rows: list[dict[str, Any]] = [
        {"document": "d0", "tag": "g:tea", "verdict": "accept", "person": "anna", "id": "one"},
        {"document": "d0", "tag": "g:tea", "verdict": "reject", "person": "ben", "reason": "no tea in it"},
        {"document": "n1", "tag": "g:chess", "verdict": "add", "person": "ben", "text": "The knight's endgame."},
    ]
    path = tmp_path / "decisions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_decisions_are_recorded_listed_and_taken_back(tagwright, project, given):
    before = tagwright("suggest", "The knight's endgame", "-p", project, "--json").out
    done = tagwright("decisions", "add", given, "-p", project)
    assert done.code == 0, done.err
    assert "3 decisions on 2 documents" in done.out
    assert "2 contradicts 1: reject g:tea on d0" in done.out
    assert tagwright("suggest", "The knight's endgame", "-p", project, "--json").out != before
    listed = tagwright("decisions", "list", "-p", project)
    assert "contradicts 1 · no tea in it" in listed.out
    found = tagwright("decisions", "list", "--conflicts", "--json", "-p", project).json()
    assert [one["number"] for one in found] == [2]
    back = tagwright("decisions", "revert", "--person", "ben", "--by", "anna", "-p", project)
    assert "took back 2 decisions on 2 documents" in back.out
    assert "taken back by 4" in tagwright("decisions", "list", "--person", "ben", "-p", project).out
    assert "nothing to take back" in tagwright("decisions", "revert", "3", "-p", project).out
    assert len(tagwright("decisions", "revert", "--all", "--json", "-p", project).json()) == 1
    assert tagwright("suggest", "The knight's endgame", "-p", project, "--json").out == before


def test_decisions_are_chosen_by_time(tagwright, project, given):
    tagwright("decisions", "add", given, "-p", project)
    count = lambda *words: len(tagwright("decisions", "list", *words, "--json", "-p", project).json())  # noqa: E731
    assert count("--since", "2026-01-01") == count("--until", "2999-01-01T12:00") == 3
    assert count("--since", "2999-01-01") == count("--until", "2000-01-01T00:00:00+02:00") == 0
    assert count("--document", "d0", "--limit", "1") == count("--tag", "g:chess") == 1
    wrong = tagwright("decisions", "list", "--since", "yesterday", "-p", project)
    assert (wrong.code, "a date or time such as" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no json", "no decision"),
        ('{"tag": "g:tea"}', "no decision"),
        ("[1]", "no decision"),
        ('{"document": "d0", "tag": "g:nowhere", "verdict": "accept"}', "g:nowhere"),
        ('{"document": "zz", "tag": "g:tea", "verdict": "accept"}', "no document 'zz'"),
        ('{"document": "d0", "tag": "g:tea", "verdict": "perhaps"}', "known are: accept, reject, add"),
    ],
)
def test_a_file_with_a_wrong_line_records_nothing_and_names_it(tagwright, project, tmp_path, line, said):
    path = tmp_path / "wrong.jsonl"
    path.write_text('{"document": "d0", "tag": "g:tea", "verdict": "accept"}\n\n' + line + "\n", encoding="utf-8")
    done = tagwright("decisions", "add", path, "-p", project)
    assert done.code == 1
    assert said in done.err
    assert tagwright("decisions", "list", "-p", project).out.strip() == "no decisions"


def test_what_is_held_back_is_said_and_goes_back_or_is_trusted_by_one_command(tagwright, project, given):
    assert "nothing to compare" in tagwright("decisions", "check", "-p", project).out
    tagwright("decisions", "add", given, "-p", project)
    SqliteStore(project / "store.sqlite").checks.record(Check(0, 3, 40, 0.5, 0.4, -0.05, held=True))
    said = tagwright("decisions", "check", "-p", project)
    assert "documents since row 0 of the growth log are held back" in said.out
    assert "decisions back" in said.err
    train = tagwright("train", "-p", project)
    assert (train.code, "decisions check" in train.err) == (1, True)
    assert tagwright("decisions", "trust", "-p", project).code == 0
    assert tagwright("decisions", "check", "--json", "-p", project).json() == {"check": None, "held": None}
    SqliteStore(project / "store.sqlite").checks.record(Check(0, 3, 40, 0.5, 0.4, -0.05, held=True))
    assert "took back 3 decisions" in tagwright("decisions", "back", "--by", "anna", "-p", project).out
    refused = tagwright("decisions", "back", "-p", project)
    assert (refused.code, "no decisions are held back" in refused.err) == (1, True)
    nothing = tagwright("decisions", "revert", "-p", project)
    assert (nothing.code, "not said which" in nothing.err) == (1, True)
