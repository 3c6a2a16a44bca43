"""Training, measuring, and looking at a project."""

from __future__ import annotations

import json


def test_training_reads_a_table_whose_columns_are_named_and_whose_tags_are_names(tagwright, library, tmp_path):
    rows = [json.loads(line) for line in (library / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    names = {tag["id"]: tag["name"] for tag in map(json.loads, (library / "tags.jsonl").open(encoding="utf-8"))}
    table = ["no;about;subjects"] + [f"{r['id']};{r['text']};{names[r['subjects'][0]].upper()}" for r in rows]
    corpus = tmp_path / "table.csv"
    corpus.write_text("\n".join(table), encoding="utf-8")
    assert tagwright("init", tmp_path / "p", "--vocab", library / "tags.jsonl").code == 0
    words = ["train", corpus, "--column", "id=no", "--column", "text=about", "-p", tmp_path / "p", "--json"]
    report = tagwright(*words).json()
    assert (report["documents"], report["tags_used"], report["problems"]["counts"]) == (144, 12, {})


def test_training_again_uses_the_kept_documents(tagwright, project):
    done = tagwright("train", "-p", project, "--json")
    assert done.json()["documents"] == 144


def test_training_a_project_without_documents_says_what_is_missing(tagwright, untrained):
    done = tagwright("train", "-p", untrained)
    assert (done.code, "hint: " in done.err) == (1, True)


def test_the_measures_are_shown_saved_and_had_again_from_saved_candidates(tagwright, trained, library, tmp_path):
    saved, again = tmp_path / "report.json", tmp_path / "again.json"
    table = tmp_path / "candidates.npz"
    done = tagwright("eval", library / "test.jsonl", "-o", saved, "--save-candidates", table, "-p", trained)
    assert done.code == 0, done.err
    assert "nDCG@10" in done.out
    assert tagwright("eval", "--candidates", table, "-o", again, "-p", trained).code == 0
    assert json.loads(saved.read_text(encoding="utf-8")) == json.loads(again.read_text(encoding="utf-8"))


def test_the_definitions_of_the_measures_can_be_asked_for(tagwright, trained, library):
    done = tagwright("eval", library / "test.jsonl", "--definitions", "-p", trained)
    assert (done.code, "share of" in done.out) == (0, True)


def test_documents_without_tags_cannot_be_measured_on(tagwright, trained, tmp_path):
    corpus = tmp_path / "new.jsonl"
    corpus.write_text('{"id": "a", "text": "bees"}\n', encoding="utf-8")
    done = tagwright("eval", corpus, "-p", trained)
    assert (done.code, done.out) == (1, "")


def test_every_setting_is_listed_with_its_origin(tagwright, trained):
    rows = tagwright("config", "--set", "channels.lexical.k=7", "-p", trained, "--json").json()
    values = {row["key"]: (row["value"], row["origin"]) for row in rows}
    assert values["channels.lexical.k"][0] == 7
    assert len({origin for _, origin in values.values()}) > 1
    assert tagwright("config", "-p", trained).code == 0


def test_all_components_can_be_listed_without_a_project(tagwright, tmp_path):
    found = tagwright("config", "--available", "--json", cwd=tmp_path).json()
    assert {"kind": "channel", "name": "lexical"}.items() <= next(o for o in found if o["name"] == "lexical").items()


def test_the_doctor_finds_a_sound_project_sound(tagwright, trained):
    report = tagwright("doctor", "-p", trained, "--json").json()
    assert report["healthy"] is True


def test_the_doctor_works_without_a_project(tagwright, tmp_path):
    done = tagwright("doctor", cwd=tmp_path)
    assert (done.code, "python" in done.out) == (0, True)


def test_the_doctor_names_a_file_that_was_changed(tagwright, project):
    victim = max((path for path in project.rglob("*.npy")), key=lambda path: path.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(content)
    done = tagwright("doctor", "-p", project)
    assert (done.code, victim.name in done.out) == (1, True)
