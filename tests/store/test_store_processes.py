"""Several processes on one store, and the death of them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagwright.store.base import GrowthRow
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document

# Appends for ever, and says so on standard output when a row is promised to be durable.
WRITER = """
import sys
from tagwright.store.base import GrowthRow
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document
store, name, count = SqliteStore(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    store.append([GrowthRow.add_document(Document(f"{name} {number}", "x" * (number % 7 * 700)))])
    print(number, flush=True)
"""

KEEPER = """
import sys
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document
store, round = SqliteStore(sys.argv[1]), int(sys.argv[2])
for version in range(round * 100, round * 100 + 100):
    store.keep_documents(Document(f"{version} {number}", "word " * 50) for number in range(400))
    print(version, flush=True)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_after(process: subprocess.Popen[str], seconds: float) -> list[int]:
    """The numbers that the process had acknowledged when it was killed, some time after the first one."""
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    rest, errors = process.communicate()
    assert first, errors
    return [int(line) for line in [first, *rest.splitlines(keepends=True)] if line.endswith("\n")]


def acknowledged_and_lost(file: Path, kills: int) -> tuple[int, int]:
    chance, acknowledged = random.Random(1), set()
    for kill in range(kills):
        numbers = kill_after(start(WRITER, file, kill, 10**6), chance.uniform(0, 0.05))
        acknowledged |= {f"{kill} {number}" for number in numbers}
        store = SqliteStore(file)
        assert store.check() == []
        store.close()
    kept = [row.subject for row in SqliteStore(file).read(0)]
    assert len(kept) == len(set(kept))
    return len(acknowledged), len(acknowledged - set(kept))


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    acknowledged, lost = acknowledged_and_lost(tmp_path / "store.sqlite", 20)
    assert acknowledged >= 20
    assert lost == 0


@pytest.mark.soak
def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    acknowledged, lost = acknowledged_and_lost(tmp_path / "store.sqlite", 200)
    assert acknowledged >= 2000
    assert lost == 0


def test_a_kill_while_documents_are_replaced_leaves_the_old_or_the_new_ones(tmp_path: Path) -> None:
    file, chance = tmp_path / "store.sqlite", random.Random(2)
    for turn in range(8):
        numbers = kill_after(start(KEEPER, file, turn), chance.uniform(0, 0.1))
        store = SqliteStore(file)
        versions = {document.id.split()[0] for document in store.documents()}
        assert store.n_documents() == 400
        assert len(versions) == 1
        assert int(versions.pop()) in (numbers[-1], numbers[-1] + 1)
        assert store.check() == []
        store.close()


def test_eight_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    file, count = tmp_path / "store.sqlite", 25
    writers = [start(WRITER, file, name, count) for name in range(8)]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    store = SqliteStore(file)
    rows = store.read(0)
    assert [row.seq for row in rows] == list(range(1, 8 * count + 1))
    assert {row.subject for row in rows} == {f"{name} {number}" for name in range(8) for number in range(count)}
    assert store.check() == []
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_opens_the_store_for_itself(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    store.append([GrowthRow.add_document(Document("parent", ""))])
    child = os.fork()
    if child == 0:
        try:
            store.append([GrowthRow.add_document(Document("child", ""))])
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert [row.subject for row in store.read(0)] == ["parent", "child"]
    assert store.check() == []
    store.close()
