"""The verbs that make a project, and those about its tags."""

from __future__ import annotations

import json


def test_a_project_is_made_and_says_how_many_tags_it_has(tagwright, library, tmp_path):
    done = tagwright("init", tmp_path / "new", "--vocab", library / "tags.jsonl")
    assert (done.code, done.out.split(" tags")[0]) == (0, "12")
    assert "tagwright train" in done.out


def test_making_a_project_tells_the_same_as_json(tagwright, library, tmp_path):
    made = tagwright("init", "--vocab", library / "tags.jsonl", "-p", tmp_path / "new", "--json").json()
    assert (made["tags"], made["encoder"]) == (12, "lsa")


def test_a_project_is_not_made_over_something_else(tagwright, library, tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    done = tagwright("init", tmp_path, "--vocab", library / "tags.jsonl")
    assert (done.code, (tmp_path / "letter.txt").read_text(encoding="utf-8")) == (1, "dear")
    assert done.err.startswith("error: ")


def test_a_tag_added_by_name_is_suggested_at_once(tagwright, project):
    added = tagwright("vocab", "add", "--id", "g:kelp", "--name", "Kelp farming", "--synonym", "seaweed", "-p", project)
    assert added.code == 0, added.err
    found = tagwright("suggest", "A new seaweed farm off the coast: kelp farming", "--json", "-p", project).json()
    assert "g:kelp" in [row["tag"] for row in found[0]["suggestions"]]


def test_a_new_state_of_the_vocabulary_keeps_tags_and_deprecates_missing_ones(tagwright, project, library, tmp_path):
    rows = [json.loads(line) for line in (library / "tags.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [*rows[1:], {"id": "g:new", "name": "Something new"}]
    update = tmp_path / "tags2.jsonl"
    update.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    changes = tagwright("vocab", "load", update, "-p", project, "--json").json()
    assert (changes["kept"], changes["added"], changes["deprecated"]) == (11, ["g:new"], [rows_id(library)])
    shown = tagwright("vocab", "show", "g:bees", "-p", project, "--json").json()
    assert shown["deprecated"] is True


def rows_id(library) -> str:
    return json.loads((library / "tags.jsonl").read_text(encoding="utf-8").splitlines()[0])["id"]


def test_a_tag_is_shown_with_everything_that_is_known_about_it(tagwright, trained):
    done = tagwright("vocab", "show", "g:soil", "-p", trained)
    assert "Soil erosion" in done.out
    assert "Soil loss" in done.out


def test_an_unknown_tag_is_answered_with_the_nearest(tagwright, trained):
    done = tagwright("vocab", "show", "g:soill", "-p", trained)
    assert (done.code, done.out) == (1, "")
    assert "'g:soil'" in done.err


def test_a_search_forgives_a_typing_error_and_finds_synonyms(tagwright, trained):
    for query in ("beekeping", "Apicult", "g:bees"):
        found = tagwright("vocab", "search", query, "-p", trained, "--json").json()
        assert found[0]["tag"] == "g:bees", query


def test_a_search_that_finds_nothing_says_so(tagwright, trained):
    done = tagwright("vocab", "search", "qqqqqqq", "-p", trained)
    assert (done.code, "no tag" in done.out) == (0, True)


def test_a_check_names_what_is_odd(tagwright, tmp_path):
    rows = [{"id": "a", "name": "A", "broader": ["b"]}, {"id": "b", "name": "B", "broader": ["a"]}]
    path = tmp_path / "tags.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = tagwright("vocab", "check", path)
    assert (done.code, "broader" in done.out) == (0, True)
    assert tagwright("vocab", "check", path, "--json").json()


def test_control_characters_in_a_name_do_not_reach_the_terminal(tagwright, tmp_path):
    rows = [{"id": "a", "name": "\x1b[31mEvil\x9b \u202e name [bold]"}]
    path = tmp_path / "tags.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    made = tagwright("init", tmp_path / "p", "--vocab", path)
    shown = tagwright("vocab", "show", "a", "-p", tmp_path / "p")
    assert (made.code, shown.code) == (0, 0)
    assert not set("\x1b\x9b\u202e") & set(shown.out + shown.err)
    assert "[bold]" in shown.out
