"""Real processes of this machine, killed while they work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tagwright.scale.job as job
from tagwright.errors import JobError
from tagwright.project import Project
from tagwright.scale.ledger import Ledger
from tagwright.scale.local import Local
from tagwright.scale.order import LEDGER_FILE, READY, Order

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the system has no signals")


@pytest.fixture
def project(trained_folder):
    return Project.open(trained_folder)


@pytest.fixture
def expected(project, corpus, tmp_path):
    """What the same documents become without shards."""
    out = tmp_path / "expected.jsonl"
    project.tag(corpus, out)
    return out.read_bytes()


def test_a_killed_worker_costs_one_shard_and_no_byte(project, corpus, expected, wanted, tmp_path, monkeypatch):
    crew, killed = Local(2), []
    monkeypatch.setattr(job.Executor, "crew", lambda self: crew)

    def kill(standing):
        if standing.shards_done >= 1 and not killed:
            killed.append(max(crew.pids.values()))
            os.kill(killed[0], signal.SIGKILL)

    report = job.begin(project, corpus, tmp_path / "out.jsonl", wanted, kill)
    assert killed and report.again <= 1 and report.set_aside == ()
    assert (tmp_path / "out.jsonl").read_bytes() == expected
    assert crew.pids == {}


def test_the_same_command_after_a_killed_driver_does_one_shard_a_worker_again(
    trained_folder, corpus, expected, tmp_path
):
    rows = [{"id": d.id, "title": d.title, "text": d.text, "language": d.language} for d in corpus]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = ["tag", tmp_path / "in.jsonl", "-o", tmp_path / "out", "-p", trained_folder, "--shard", 32]
    command = [sys.executable, "-m", "tagwright", *map(str, words), "--executor", "local", "--workers", "2", "--json"]
    driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    ledger = Ledger(tmp_path / "out" / LEDGER_FILE)
    end = time.monotonic() + 120
    while (done := done_in(ledger)) < 1 and driver.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    workers = children(driver.pid)
    driver.kill()
    assert driver.wait() == -signal.SIGKILL, driver.stderr.read()
    finished = subprocess.run(command, capture_output=True, check=False, timeout=240)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["resumed"] >= 32 * done
    parts = sorted((tmp_path / "out" / "parts").iterdir())
    assert b"".join(part.read_bytes() for part in parts) == expected
    assert [pid for pid in workers if Path(f"/proc/{pid}").exists()] == []


def done_in(ledger):
    return ledger.totals()["done"] if ledger.job() is not None else 0


def children(pid):
    """The processes that this one began, where the system tells."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def test_workers_hold_their_libraries_to_one_thread_and_leave_the_environment_as_it_was(trained_folder, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    crew = Local(1)
    crew.begin(Order("", str(trained_folder), Project.open(trained_folder).fingerprint))
    try:
        assert (os.environ["OMP_NUM_THREADS"], "MKL_NUM_THREADS" in os.environ) == ("7", False)
        assert [event.kind for event in crew.wait(120)] == [READY]
        (pid,) = crew.pids.values()
        if Path(f"/proc/{pid}/environ").exists():
            assert b"OMP_NUM_THREADS=1\0" in Path(f"/proc/{pid}/environ").read_bytes()
    finally:
        crew.end()


def test_a_worker_that_cannot_open_the_project_ends_the_job_in_words(project, corpus, wanted, tmp_path, monkeypatch):
    monkeypatch.setattr(job.Executor, "crew", lambda self: Local(1))
    monkeypatch.setattr(Project, "fingerprint", "another")
    with pytest.raises(JobError, match=r"a worker cannot go on: .* has changed"):
        job.begin(project, corpus, tmp_path / "out", wanted)
    assert job.found(tmp_path / "out")[1].state == "failed"
