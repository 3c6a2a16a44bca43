"""Tagging in shards, and long work that is listed, shown, stopped and gone on with."""

from __future__ import annotations

import json

from tagwright.project import Project


def rows_of(folder):
    parts = sorted((folder / "parts").iterdir())
    return [json.loads(line) for part in parts for line in part.read_text("utf-8").splitlines()]


def test_a_folder_gets_parts_and_a_manifest_and_a_file_what_they_become(tagwright, trained, library, tmp_path):
    words = ["tag", library / "train.jsonl", "-p", trained, "--workers", "2", "--shard", "50"]
    done = tagwright(*words, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert "144 documents tagged" in done.out and "documents a second" in done.out
    assert "finished already" in tagwright(*words, "-o", tmp_path / "out").out
    whole, plain = tmp_path / "whole.jsonl", tmp_path / "plain.jsonl"
    report = tagwright(*words, "-o", whole, "--executor", "local", "--json").json()
    assert (report["standing"]["documents"], report["standing"]["shards"], report["set_aside"]) == (144, 3, [])
    assert tagwright("tag", library / "train.jsonl", "-p", trained, "-o", plain).code == 0
    assert whole.read_bytes() == plain.read_bytes()
    assert rows_of(tmp_path / "out") == [json.loads(line) for line in plain.read_text("utf-8").splitlines()]
    listed = tagwright("jobs", "list", tmp_path, "-p", trained, "--json").json()
    assert [(job["job"].rpartition("/")[2], job["state"]) for job in listed] == [
        ("out", "done"), ("whole.jsonl.job", "done"),
    ]  # fmt: skip
    assert "3 of 3 shards done" in tagwright("jobs", "show", whole, "-p", trained).out
    assert "is done" in tagwright("jobs", "cancel", tmp_path / "out", "-p", trained).out
    assert "finished already" in tagwright("jobs", "resume", whole, "-p", trained).out


def test_the_settings_name_the_executor_and_a_wrong_one_is_refused(tagwright, trained, library, tmp_path):
    words = ["tag", library / "test.jsonl", "-p", trained, "-o", tmp_path / "out"]
    wrong = tagwright(*words, "--set", "scale.executor=locl")
    assert (wrong.code, "did you mean 'local'" in wrong.err) == (1, True)
    assert tagwright(*words, "--set", "scale.shard=0").code == 1
    address = tagwright(*words, "--executor", "local", "--address", "auto")
    assert (address.code, "no option 'address'" in address.err) == (1, True)
    assert "Traceback" not in wrong.err + address.err
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_server_that_fails_at_times_and_a_common_cap_leave_every_document_an_answer_or_a_reason(
    tagwright, asking, model, tmp_path, others
):
    model.fails = 10
    out, cap = tmp_path / "out.jsonl", 60
    words = ["tag", others(24), "-p", asking, "-o", out, "--llm", "--max-calls", cap, "--shard", "4"]
    done = tagwright(*words, "--executor", "local", "--workers", "2", "--json")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == [f"d{n}" for n in range(200, 224)]
    assert all(row["suggestions"] for row in rows)
    assert cap - 2 <= model.asked <= cap
    standing = done.json()["standing"]
    assert standing["calls"] == model.asked and standing["refused"] > 0
    assert standing["degraded"] == sum("note" in row for row in rows) > 0
    assert all("budget" in row["note"] or "500" in row["note"] for row in rows if "note" in row)


def test_a_job_of_the_server_is_shown_cancelled_and_resumed_by_its_id(tagwright, project):
    with Project.open(project) as opened:
        opened.store.jobs.add("tag", {"k": 5}, person="anna", id="night")
    listed = tagwright("jobs", "list", "-p", project, "--json").json()
    assert [(job["job"], job["state"], job["person"]) for job in listed] == [("night", "waiting", "anna")]
    assert tagwright("jobs", "cancel", "night", "-p", project, "--json").json()["state"] == "cancelled"
    assert "night is waiting" in tagwright("jobs", "resume", "night", "-p", project).out
    assert "anna" in tagwright("jobs", "show", "night", "-p", project).out
    missing = tagwright("jobs", "show", "day", "-p", project)
    assert (missing.code, "no job in day" in missing.err) == (1, True)
