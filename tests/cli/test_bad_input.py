"""Whatever is handed to the command: a message and exit code 1, or a counted report; never a traceback."""

from __future__ import annotations

import json
import os

import pytest

JUNK = bytes(range(256)) * 40
BAD_FILES = {
    "absent": None,
    "empty.jsonl": b"",
    "junk.jsonl": JUNK,
    "junk.csv": JUNK,
    "junk.tsv": JUNK,
    "junk.ttl": JUNK,
    "junk.rdf": JUNK,
    "junk.mrc": JUNK,
    "junk.xml": JUNK,
    "junk.parquet": JUNK,
    "junk.jsonl.gz": JUNK,
    "junk": JUNK,
    "cut.jsonl": b'{"id": "a", "na',
    "list.jsonl": b"[1, 2, 3]\n",
    "number.jsonl": b"1\n2\n",
    "deep.jsonl": b"[" * 100_000,
    "null.jsonl": b'{"id": null, "name": null, "text": null}\n',
    "wrong.jsonl": b'{"id": {"a": 1}, "name": ["x"], "text": {"y": 2}}\n',
    "latin1.jsonl": '{"id": "a", "name": "ä", "text": "ä"}\n'.encode("latin-1"),
    "utf16.csv": "id,name\na,b\n".encode("utf-16"),
    "header.csv": b"alpha,beta\n1,2\n",
    "ragged.csv": b"id,text\n1\n2,3,4,5\n",
    "bomb.rdf": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY c "&b;">]><l>&c;</l>',
    "syntax.ttl": b"<a> <b> .\n@prefix",
}


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for name, content in BAD_FILES.items():
        if content is not None:
            (folder / name).write_bytes(content)
    (folder / "folder.jsonl").mkdir()
    return folder


def assert_answered(done) -> None:
    """An error in words, or success; nothing in between."""
    assert "Traceback" not in done.err
    assert "fault of tagwright" not in done.err
    assert done.code in (0, 1)
    assert done.code == 0 or done.err.startswith("error: ")


@pytest.mark.parametrize("name", [*BAD_FILES, "folder.jsonl", ""])
def test_a_bad_vocabulary_is_answered_in_words(tagwright, bad, name, tmp_path):
    done = tagwright("init", tmp_path / "new", "--vocab", bad / name)
    assert_answered(done)
    if done.code:
        assert not (tmp_path / "new").exists() or not list((tmp_path / "new").iterdir())


@pytest.mark.parametrize("name", [*BAD_FILES, "folder.jsonl"])
def test_a_bad_corpus_is_answered_in_words(tagwright, bad, name, trained, tmp_path):
    assert_answered(tagwright("tag", bad / name, "-o", tmp_path / "out.jsonl", "-p", trained))


@pytest.mark.parametrize("name", ["absent", "junk.jsonl", "empty.jsonl", "header.csv", "null.jsonl"])
def test_training_on_a_bad_corpus_leaves_the_old_model(tagwright, bad, name, project):
    done = tagwright("train", bad / name, "-p", project)
    assert done.code == 1
    assert_answered(done)
    assert tagwright("suggest", "bees and honey", "-p", project).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["suggest", "x"],
        ["suggest", "x", "--json"],
        ["config"],
        ["vocab", "search", "x"],
        ["train"],
        ["doctor", "-p", "nowhere"],
        ["suggest", "x", "-p", "nowhere"],
    ],
)
def test_a_folder_that_is_no_project_is_named(tagwright, words, tmp_path):
    done = tagwright(*words, cwd=tmp_path)
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "fault of" not in done.err


@pytest.mark.parametrize(
    "setting",
    [
        "x",
        "x=1",
        "channels.lexical.dept=5",
        "channels.lexical.k=many",
        "channels.nothing.depth=5",
        "=",
        "a.b.c.d=1",
    ],
)
def test_a_bad_setting_is_answered_in_words(tagwright, setting, trained):
    done = tagwright("suggest", "x", "--set", setting, "-p", trained)
    assert done.code in (1, 2)
    assert "Traceback" not in done.err
    assert "fault of" not in done.err


@pytest.mark.parametrize("out", ["", "no/such/folder/out.jsonl", "out.docx", "folder.jsonl"])
def test_a_result_that_cannot_be_written_is_named(tagwright, out, trained, library, tmp_path):
    (tmp_path / "folder.jsonl").mkdir()
    done = tagwright("tag", library / "test.jsonl", "-o", tmp_path / out, "-p", trained)
    assert_answered(done)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_the_right_to_write_is_named(tagwright, library, tmp_path):
    tmp_path.chmod(0o500)
    assert_answered(tagwright("init", tmp_path / "new", "--vocab", library / "tags.jsonl"))


@pytest.mark.parametrize("junk", ["", "= 1", "[channels\n", "x = 5\n", "[channels.lexical]\ndepht = 5\n", "\x00"])
def test_a_broken_settings_file_is_answered_in_words(tagwright, junk, project):
    (project / "tagwright.toml").write_text(junk, encoding="utf-8")
    assert_answered(tagwright("suggest", "bees", "-p", project))


def test_json_errors_leave_standard_output_empty(tagwright, tmp_path):
    done = tagwright("suggest", "x", "--json", "-p", tmp_path)
    assert (done.code, done.out) == (1, "")


def test_an_unknown_tag_in_the_documents_is_counted_and_named(tagwright, project, tmp_path):
    rows = [
        {"id": f"n{n}", "text": "bees and honey in the hive", "subjects": ["g:bees", "g:nothing"]} for n in range(30)
    ]
    corpus = tmp_path / "in.jsonl"
    corpus.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = tagwright("train", corpus, "-p", project)
    assert_answered(done)
    assert "in.jsonl:1" in done.out + done.err
