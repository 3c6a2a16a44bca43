"""What the benchmarks share: run the installed command, count its cost, score with the outside scorer."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tagwright.corpus import open_corpus
from tagwright.evaluation import Gold, Ranked
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import PerDocument, ndcg
from tagwright.project import Project
from tagwright.types import Document, Suggestion

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
WORK = ROOT / ".cache" / "benchmarks"


@dataclass(frozen=True)
class Run:
    """One finished command: CPU seconds of the process and its children, wall seconds, peak memory in MB, output."""

    cpu: float
    wall: float
    memory: float
    output: str


def tagwright(*arguments: str | Path, threads: int = 1) -> Run:
    """Runs the installed ``tagwright`` with numeric libraries held to ``threads``; raises where it fails."""
    program = Path(sys.executable).with_name("tagwright")
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([program, *map(str, arguments)], stdout=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        text = output.read()
    if status != 0:
        raise SystemExit(f"tagwright {' '.join(map(str, arguments))} failed: {text}")
    wall = time.perf_counter() - started
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, text)


@contextmanager
def served(project: Path, *, threads: int = 1) -> Iterator[tuple[str, int]]:
    """The address and the process of ``tagwright serve`` for a project, once it is ready; it is stopped at the end."""
    import httpx

    command = [str(Path(sys.executable).with_name("tagwright")), "serve", "-p", str(project), "--port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with (project.parent / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--log-level", "error"], stdout=subprocess.PIPE, stderr=log, env=environment
        )
        try:
            assert process.stdout is not None
            address = process.stdout.readline().decode().split(" at ")[1].split()[0].rstrip("/")
            while httpx.get(f"{address}/ready").status_code != 200:
                time.sleep(0.2)
            yield address, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def score(predictions: Path, gold: Path, train: Path | None = None) -> dict[str, float]:
    """Every number that the independent scorer prints."""
    command = [sys.executable, SHARED / "tools" / "score.py", predictions, gold, "--json"]
    command += ["--train", train] if train else []
    found: dict[str, float] = json.loads(subprocess.check_output(list(map(str, command))))
    return found


def own_cut(predictions: Path, gold: Path, cut: float) -> dict[str, float]:
    """Micro-F1 and the calibration above one half, of a file of results."""
    import gzip

    def rows(path: Path) -> Sequence[dict[str, object]]:
        opened = gzip.open(path, "rt") if path.suffix == ".gz" else path.open()
        with opened as file:
            return [json.loads(line) for line in file]

    wanted = {row["id"]: set(row["subjects"]) for row in rows(gold) if row["subjects"]}  # type: ignore[call-overload]
    given = right = above = 0
    total, confidence = sum(map(len, wanted.values())), 0.0
    hits = 0
    for row in rows(predictions):
        for suggestion in row["suggestions"] if row["id"] in wanted else ():  # type: ignore[attr-defined]
            hit = suggestion["tag"] in wanted[row["id"]]
            if suggestion["confidence"] >= cut:
                given, right = given + 1, right + hit
            if suggestion["confidence"] >= 0.5:
                above, confidence, hits = above + 1, confidence + suggestion["confidence"], hits + hit
    f1 = 2 * right / (given + total)
    gap = (confidence - hits) / above if above else float("nan")
    return {"micro-F1 at own cut": f1, "n >= 0.5": above, "confidence - right, >= 0.5": gap}


def trained(folder: Path, vocabulary: Path, documents: Sequence[Document]) -> Project:
    """A project, made anew, that has learned from these."""
    shutil.rmtree(folder, ignore_errors=True)
    project = Project.create(folder, vocabulary, language="en")
    project.train(list(documents))
    return project


def read(path: Path, n: int) -> list[Document]:
    """The first tagged documents of a file."""
    return list(islice((one for one in open_corpus([path]) if one.tags), n))


def measured(project: Project, found: Sequence[Sequence[Suggestion]], documents: Sequence[Document]) -> PerDocument:
    """The nDCG@10 of each document."""
    positions = {id: place for place, id in enumerate(project.vocabulary.ids)}
    ranked = Ranked.from_results([[(one.tag, one.confidence) for one in row] for row in found], positions)
    return ndcg(Judged.judge(ranked, Gold.from_ids([one.tags for one in documents], positions)), 10)


def machine() -> str:
    """The line that stands above every table of RESULTS.md."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = f"{time.strftime('%Y-%m-%d')}, {model}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{said}, commit {commit.stdout.strip() or 'unknown'}"


def table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> None:
    """A Markdown table."""
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row) + " |")


def arguments(description: str, **options: dict[str, object]) -> argparse.Namespace:
    """Options of a benchmark; every one has ``--work``, the folder for projects and outputs."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, default=WORK, help="where projects and outputs go (ignored by git)")
    for name, settings in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **settings)  # type: ignore[arg-type]
    found = parser.parse_args()
    found.work.mkdir(parents=True, exist_ok=True)
    return found


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
