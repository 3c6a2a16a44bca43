"""A crash at every point at which results touch the disk, and real kills: the final bytes never tell."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.corpus import Memory, disk
from tagwright.corpus.result import Result
from tagwright.corpus.results import Results
from tagwright.errors import OutputError
from tagwright.types import Document, Suggestion

ROWS = {f"d{i}": Result(f"d{i}", (Suggestion(f"t{i}", "name", i / 100),)) for i in range(11)}
CORPUS = Memory([Document(name, "x") for name in ROWS])
CALLS = ("write", "sync", "truncate", "replace", "remove")
ENDINGS = [".jsonl", ".jsonl.gz", ".parquet"]


class Crash(BaseException):
    """The machine stops: nothing after this happens."""


def run(path: Path, *, overwrite: bool = False, identity: str = "a") -> Results:
    with Results.open(path, {"model": identity}, block=3, overwrite=overwrite) as results:
        if results.state != "finished":
            for batch in results.remaining(CORPUS):
                results.write([ROWS[document.id] for document in batch])
            results.finish()
    return results


def crashing(monkeypatch: pytest.MonkeyPatch, at: int, how: str) -> list[int]:
    """The disk stops at its ``at``-th call: before it, after it, or (a write) in the middle of it."""
    count = [0]

    def stops(name: str, real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            count[0] += 1
            if count[0] < at:
                return real(*arguments)
            if how == "after" and count[0] == at:
                real(*arguments)
            elif how == "middle" and count[0] == at and name == "write":
                file, data = arguments
                real(file, data[: len(data) // 2])
            raise Crash

        return call

    for name in CALLS:
        monkeypatch.setattr(disk, name, stops(name, getattr(disk, name)))
    return count


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The bytes of an uninterrupted run by ending."""
    pytest.importorskip("pyarrow")
    found = {}
    for ending in ENDINGS:
        path = tmp_path_factory.mktemp("whole") / f"out{ending}"
        run(path)
        found[ending] = path.read_bytes()
    return found


@pytest.mark.parametrize("how", ["before", "middle", "after"])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("old", ["nothing", "another run's", "a stranger's"])
def test_after_a_crash_at_any_call_the_same_command_ends_with_the_same_bytes(
    tmp_path: Path, whole: dict[str, bytes], old: str, ending: str, how: str
) -> None:
    crashes = 0
    for at in range(1, 60):
        (tmp_path / str(at)).mkdir()
        path = tmp_path / str(at) / f"out{ending}"
        if old == "another run's":
            run(path, identity="b")
        elif old == "a stranger's":
            path.write_bytes(b"old")
        before = path.read_bytes() if old != "nothing" else None
        with pytest.MonkeyPatch.context() as monkeypatch:
            count = crashing(monkeypatch, at, how)
            try:
                run(path, overwrite=old != "nothing")
            except Crash:
                crashes += 1
        if count[0] < at:
            break
        assert path.exists() == (before is not None) or path.read_bytes() == whole[ending]
        assert before is None or path.read_bytes() in (before, whole[ending]), "the old file or the new one"
        assert run(path, overwrite=old != "nothing").state == "finished"
        assert path.read_bytes() == whole[ending]
        left = sorted(file.name for file in path.parent.iterdir())
        assert left == [path.name, f"{path.name}.manifest.json"]
    assert crashes >= 10
    assert count[0] < at, "every call was a crash once"


def test_a_run_that_crashes_again_and_again_still_arrives(tmp_path: Path, whole: dict[str, bytes]) -> None:
    chance = random.Random(7)
    for ending in ENDINGS:
        for trial in range(8):
            path = tmp_path / f"{trial}{ending}"
            for _ in range(200):
                try:
                    with pytest.MonkeyPatch.context() as monkeypatch:
                        crashing(monkeypatch, chance.randrange(1, 14), chance.choice(["before", "middle", "after"]))
                        run(path)
                    break
                except Crash:
                    continue
            assert run(path).state == "finished"
            assert path.read_bytes() == whole[ending]


@given(cut=st.integers(0, 2_000), tail=st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_whatever_a_power_cut_leaves_at_the_end_of_the_rows_is_made_good(
    tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    path, clean = folder / "out.jsonl", folder / "clean.jsonl"
    run(clean)
    with Results.open(path, {"model": "a"}, block=3) as results:
        for batch in results.remaining(CORPUS):
            results.write([ROWS[document.id] for document in batch])
    partial = folder / "out.jsonl.partial"
    partial.write_bytes(partial.read_bytes()[:cut] + tail)
    run(path)
    assert path.read_bytes() == clean.read_bytes()


def test_a_full_disk_is_a_clear_error_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    for ending in ENDINGS:
        for at in range(1, 7):
            path = tmp_path / f"{at}{ending}"
            with pytest.MonkeyPatch.context() as monkeypatch:
                real, count = disk.write, [0]

                def full(
                    file: FileIO, data: bytes, *, real: Any = real, count: list[int] = count, at: int = at
                ) -> None:
                    count[0] += 1
                    if count[0] >= at:
                        real(file, data[:5])
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    real(file, data)

                monkeypatch.setattr(disk, "write", full)
                with pytest.raises(OutputError, match=r"No space left on device\) \(make room"):
                    run(path)
            assert run(path).state == "finished"
            assert path.read_bytes() == whole[ending]


SCRIPT = """
import sys, time
from tagwright.corpus import Memory
from tagwright.corpus.result import Result
from tagwright.corpus.results import Results
from tagwright.types import Document, Suggestion
corpus = Memory([Document(f"d{i}", "x") for i in range(400)])
with Results.open(sys.argv[1], {"model": "a"}, block=4) as results:
    print("begun", flush=True)
    if results.state != "finished":
        for batch in results.remaining(corpus):
            time.sleep(0.0005)
            results.write([Result(d.id, (Suggestion("t", "n" * 50, 0.5),) * 20) for d in batch])
        results.finish()
"""


def test_a_real_kill_at_random_moments_leaves_what_the_next_run_finishes(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    chance = random.Random(3)
    clean = tmp_path / "clean.jsonl.gz"
    subprocess.run([sys.executable, "-c", SCRIPT, clean], check=True, stdout=subprocess.DEVNULL)
    path = tmp_path / "out.jsonl.gz"
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, path], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.random() * 0.08)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    subprocess.run([sys.executable, "-c", SCRIPT, path], check=True, stdout=subprocess.DEVNULL)
    assert path.read_bytes() == clean.read_bytes()
