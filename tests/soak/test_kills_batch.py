"""``kill -9`` at random points of a job in shards, of its driver and of its workers, by the command that users run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagwright.scale.ledger import Ledger
from tagwright.scale.order import LEDGER_FILE

pytestmark = pytest.mark.soak
KILLS = 10


@pytest.fixture
def tag(trained, corpus):
    """The command without its result: forty shards of fifty documents."""
    return ("tag", corpus, "-p", trained, "--executor", "local", "--workers", 2, "--shard", 50)


def test_a_killed_driver_costs_a_shard_a_worker_and_no_byte(tag, tagwright, chance, say, tmp_path):
    whole = tagwright(*tag, "-o", tmp_path / "whole.jsonl")
    assert whole.code == 0, whole.err
    expected, out = (tmp_path / "whole.jsonl").read_bytes(), tmp_path / "out.jsonl"
    killed, again, finished = 0, 0, 0
    while killed < KILLS:
        done = tagwright(*tag, "-o", out, kill_after=chance.uniform(0.3, 1.0) * whole.seconds)
        if done.code != 0:
            killed += 1
            again += running_in(tmp_path / "out.jsonl.job")
            assert not out.exists() or out.read_bytes() == expected
            continue
        assert out.read_bytes() == expected
        finished += 1
        out.unlink()
        shutil.rmtree(tmp_path / "out.jsonl.job")
    assert tagwright(*tag, "-o", out).code == 0
    assert out.read_bytes() == expected
    assert again <= 2 * killed
    say(f"a job of 40 shards: {killed} killed drivers, {again} shards done again, {finished + 1} equal files")


def running_in(folder: Path) -> int:
    """The shards that nobody finished; they are done again by the next run."""
    ledger = Ledger(folder / LEDGER_FILE)
    found = 0 if ledger.job() is None else int(ledger.totals()["running"])
    ledger.close()
    return found


def test_killed_workers_cost_a_shard_each_and_no_byte(tag, tagwright, chance, say, tmp_path):
    assert tagwright(*tag, "-o", tmp_path / "whole").code == 0
    command = [sys.executable, "-m", "tagwright", *map(str, tag), "-o", str(tmp_path / "out"), "--json"]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    killed = 0
    while driver.poll() is None and killed < KILLS:
        time.sleep(chance.uniform(1.0, 3.0))
        workers = Path(f"/proc/{driver.pid}/task/{driver.pid}/children")
        pids = [int(word) for word in workers.read_text().split()] if workers.exists() else []
        if pids:
            os.kill(chance.choice(pids), signal.SIGKILL)
            killed += 1
    said = json.loads(driver.communicate()[0])
    assert driver.returncode == 0 and said["set_aside"] == [] and said["again"] <= killed
    parts = [sorted((tmp_path / name / "parts").iterdir()) for name in ("whole", "out")]
    assert [part.name for part in parts[0]] == [part.name for part in parts[1]]
    assert [part.read_bytes() for part in parts[0]] == [part.read_bytes() for part in parts[1]]
    say(f"a job of 40 shards: {killed} killed workers, {said['again']} shards done again, the same parts")
