"""The demonstration library as a user has it: files, and the command in processes of its own that can be killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pytest

from tagwright.demo import library

QUESTION = "Beekeeping in the gardens of the old town, and what the neighbours say"


@dataclass(frozen=True)
class Done:
    """What a command left behind: exit code (negative: the signal that killed it), output, seconds."""

    code: int
    out: str
    err: str
    seconds: float


Command = Callable[..., Done]


def run(*words: object, kill_after: float | None = None) -> Done:
    """Runs the command; with ``kill_after`` it gets SIGKILL after so many seconds, unless it ended before."""
    started = time.monotonic()
    command = [sys.executable, "-m", "tagwright", *map(str, words)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    try:
        out, err = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
    assert "Traceback" not in err, err
    assert "fault of tagwright" not in err, err
    return Done(process.returncode, out, err, time.monotonic() - started)


@pytest.fixture(scope="session")
def tagwright() -> Command:
    """`run`."""
    return run


@pytest.fixture(scope="session")
def suggestions() -> Callable[[Path], str]:
    """What a project suggests now, as JSON."""

    def ask(project: Path) -> str:
        done = run("suggest", QUESTION, "-p", project, "-k", 50, "--json")
        assert done.code == 0, done.err
        return done.out

    return ask


@pytest.fixture(scope="session")
def say() -> Callable[[str], None]:
    """Tells a result to the person who runs the soak (``pytest -s``)."""

    def tell(text: str) -> None:
        sys.stdout.write(f"\n{text}\n")

    return tell


@pytest.fixture(scope="session")
def chance() -> random.Random:
    """The same kills at every run, as far as clocks allow."""
    return random.Random(20)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand documents to tag: those of the library over and over, each under an id of its own."""
    path = tmp_path_factory.mktemp("corpus") / "documents.jsonl"
    rows = [json.loads(line) for line in library.train_path().read_text(encoding="utf-8").splitlines()]
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(islice(cycle(rows), 2000)):
            file.write(json.dumps({**row, "id": f"n{number}", "title": f"{row.get('title', '')} {number}"}) + "\n")
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project trained on the library's dev part; not to be written into."""
    folder = tmp_path_factory.mktemp("soak") / "project"
    assert run("init", folder, "--vocab", library.vocabulary_path(), "--language", "en").code == 0
    done = run("train", library.dev_path(), "-p", folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def project(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained project, to be changed."""
    return Path(shutil.copytree(trained, tmp_path / "project"))
