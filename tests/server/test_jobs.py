"""Long work: done beside the answers, one at a time, cancelled, resumed, and gone on with after a process died."""

from __future__ import annotations

import json
import time

import pytest

import tagwright.server.jobs as jobs
from tagwright.project import Project
from tagwright.server.jobs import Files, JobRunner
from tagwright.server.served import Served

AT = "/api/v1/projects/library"
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture
def lines(others):
    rows = [{"id": one.id, "title": one.title, "text": one.text, "subjects": list(one.tags)} for one in others]
    return "\n".join(map(json.dumps, rows)).encode()


def begin(client, lines, **how):
    return client.post(f"{AT}/jobs", params=how, content=lines, headers=LINES)


def ended(client, job):
    end = time.monotonic() + 60
    while (found := client.get(f"{AT}/jobs/{job}").json())["ended"] is None:
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def test_a_job_tags_documents_as_the_command_does(client, lines, others, trained, tmp_path):
    began = begin(client, lines, k=4, min_confidence=0.01)
    assert began.status_code == 202
    done = ended(client, began.json()["id"])
    assert (done["state"], done["done"], done["total"], done["result"]["failed"]) == ("done", 40, 40, 0)
    rows = client.get(f"{AT}/jobs/{done['id']}/result")
    assert rows.headers["content-type"] == "application/x-ndjson"
    with Project.open(trained) as project:
        project.tag(others, tmp_path / "out.jsonl", k=4, min_confidence=0.01)
    assert rows.content == (tmp_path / "out.jsonl").read_bytes()
    assert client.get(f"{AT}/jobs").json()["jobs"][0]["id"] == done["id"]


def test_a_job_measures_and_its_report_can_be_had(client, lines):
    job = begin(client, lines, kind="evaluate", k=20).json()["id"]
    assert ended(client, job)["state"] == "done"
    (found,) = client.get(f"{AT}/evaluations").json()["evaluations"]
    assert found["job"] == job and found["documents"] == 40 and 0 < found["measures"]["nDCG@10"] <= 1
    report = client.get(f"{AT}/evaluations/{job}").json()
    assert report["metrics"]["nDCG@10"] == found["measures"]["nDCG@10"] and report["per_document"]
    assert client.get(f"{AT}/jobs/{job}/result").status_code == 409


def test_a_job_that_is_sent_again_is_not_begun_again(client, lines):
    first = begin(client, lines, id="mine").json()
    assert begin(client, lines, id="mine").json()["asked"] == first["asked"]
    assert begin(client, lines, id="mine", k=3).status_code == 409
    ended(client, "mine")
    assert len(client.get(f"{AT}/jobs").json()["jobs"]) == 1


@pytest.mark.parametrize(
    ("sent", "how", "status"),
    [(b"", {}, 422), (b"\n \n", {}, 422), (b"{}", {"kind": "sing"}, 422), (b"{}", {"id": "../x"}, 422)],
)
def test_what_is_no_job_is_refused(client, sent, how, status):
    assert begin(client, sent, **how).status_code == status
    for path in ("none", "..%2Fmanifest", "../manifest.json"):
        assert client.get(f"{AT}/jobs/{path}").status_code == 404


def test_a_job_without_any_document_fails_and_says_so(client):
    done = ended(client, begin(client, b"no json at all").json()["id"])
    assert done["state"] in ("done", "failed")
    assert "broken" in json.dumps(done["result"]) or done["said"]


@pytest.fixture
def runner(trained, monkeypatch):
    """A runner whose blocks have 16 documents, so that forty are three blocks."""
    monkeypatch.setattr("tagwright.project.tagging._ROWS", 16)
    with_one = Served.open(trained)
    yield JobRunner(with_one)
    with_one.close()


def asked(served, lines):
    Files(served.folder, "mine").keep(lines)
    return served.store.jobs.add(jobs.TAG, {"k": 3, "min_confidence": 0.0}, id="mine")


def test_a_job_of_a_process_that_died_is_gone_on_with_by_the_next(
    runner, lines, trained, others, tmp_path, monkeypatch
):
    store, done = runner._served.store, []
    asked(runner._served, lines)
    original = store.jobs.progress

    def killed(id, rows, *rest):
        if rows > 16:
            raise KeyboardInterrupt
        return original(id, rows, *rest)

    monkeypatch.setattr(store.jobs, "progress", killed)
    with pytest.raises(KeyboardInterrupt):
        runner.work()
    monkeypatch.setattr(store.jobs, "progress", lambda id, *given: done.append(given[0]) or original(id, *given))
    assert store.jobs.find("mine").state == "running" and store.jobs.find("mine").done == 16
    assert runner.work() is True
    assert store.jobs.find("mine").state == "done" and done == [40]
    Project.open(trained).tag(others, tmp_path / "out.jsonl", k=3)
    assert Files(trained, "mine").result.read_bytes() == (tmp_path / "out.jsonl").read_bytes()


def test_a_cancelled_job_ends_at_its_next_block_and_is_resumed_from_there(runner, lines, trained, monkeypatch):
    store = runner._served.store
    asked(runner._served, lines)
    seen = []
    original = store.jobs.progress

    def progress(id, done, total=0, said=""):
        seen.append(done)
        if len(seen) == 1:
            store.jobs.cancel(id)
        return original(id, done, total, said)

    monkeypatch.setattr(store.jobs, "progress", progress)
    runner.work()
    assert store.jobs.find("mine").state == "cancelled" and seen == [16]
    assert runner.work() is False
    store.jobs.resume("mine")
    runner.work()
    assert store.jobs.find("mine").state == "done" and seen == [16, 32, 40]
    assert len(Files(trained, "mine").result.read_text().splitlines()) == 40


def test_a_job_whose_project_has_changed_meanwhile_begins_anew(runner, lines, trained, others, monkeypatch):
    store = runner._served.store
    asked(runner._served, lines)
    original = store.jobs.progress
    monkeypatch.setattr(store.jobs, "progress", lambda *given: store.jobs.cancel("mine") and original(*given))
    runner.work()
    assert store.jobs.find("mine").state == "cancelled"
    monkeypatch.setattr(store.jobs, "progress", original)
    with Project.open(trained) as project:
        project.add_documents(others[:1])
    store.jobs.resume("mine")
    runner.work()
    assert store.jobs.find("mine").state == "done" and store.jobs.find("mine").result["documents"] == 40


def test_only_one_process_works_at_the_jobs_of_a_project(runner, lines):
    asked(runner._served, lines)
    with runner._served.store.claim("jobs", "another", 60):
        assert runner.work() is False
    assert runner.work() is True
